"""``campaign:``, where contacts go to: one campaign, one that each row names, or one of several by route or share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from ..text.phrase import phrase
from .section import Section
from .texts import Pattern

_ID = re.compile("[0-9]{1,18}")
_SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)\s*%")
_ALL = 100


def is_id(campaign: str) -> bool:
    """Whether a campaign's text is its ID; any other is its name."""
    return bool(_ID.fullmatch(campaign))


def _share(given: object) -> object:
    match = _SHARE.fullmatch(given.strip()) if isinstance(given, str) else None
    if match and 0 < Decimal(match[1]) <= _ALL:
        return Decimal(match[1])
    if isinstance(given, Decimal):
        return given
    raise ValueError(phrase("'{given}' is not a share: write a percentage such as 50% or 33.4%", given=given))


Target = Annotated[
    str,
    BeforeValidator(lambda given: str(given) if type(given) is int else given),
    Field(min_length=1, max_length=64),
    WithJsonSchema({"anyOf": [{"type": "string", "minLength": 1, "maxLength": 64}, {"type": "integer", "minimum": 0}]}),
]
"""A campaign: digits are its ID, any other text is its name."""

Share = Annotated[
    Decimal, BeforeValidator(_share), WithJsonSchema({"type": "string", "pattern": f"^{_SHARE.pattern}$"})
]


class Route(Section):
    """Where rows go whose cell has a pattern."""

    pattern: Pattern = Field(
        description="Regular expression, found anywhere in the cell, in upper or lower case. An empty cell is "
        "matched by ^$."
    )
    to: Target = Field(description="Campaign ID (digits) or name.")


class CampaignSettings(Section):
    """The campaign that contacts go to: exactly one of ``id``, ``name``, ``column``, ``split``."""

    id: int | None = Field(None, description="DiallerCampaignsID.")
    name: str | None = Field(None, min_length=1, max_length=64, description="DiallerCampaignsName.")
    column: str | None = Field(
        None, min_length=1, description="Source column with each row's campaign, or the column that routes look at."
    )
    routes: Annotated[tuple[Route, ...], Field(min_length=1)] | None = Field(
        None,
        description='Patterns and their campaigns; the first match wins: [{pattern: "^0", to: Ost}, '
        '{pattern: "^8", to: 541}]. See docs/rows.md.',
    )
    otherwise: Target = Field(
        "reject", description="Campaign for rows that no route matches. reject: reject them (campaign_not_routed)."
    )
    split: Annotated[dict[Target, Share], Field(min_length=1)] | None = Field(
        None,
        description="Campaigns and their shares of the rows: {A: 50%, B: 50%}. The same key always goes to the same "
        "campaign.",
    )
    by: Literal["UserData"] = Field("UserData", description="Field that split goes by.")

    @model_validator(mode="after")
    def _consistent(self) -> CampaignSettings:
        if sum(value is not None for value in (self.id, self.name, self.column, self.split)) != 1:
            raise ValueError(phrase("set exactly one of id, name, column, split"))
        for name, of in (("routes", self.column), ("otherwise", self.routes), ("by", self.split)):
            if name in self.model_fields_set and of is None:
                needs = {"routes": "column", "otherwise": "routes", "by": "split"}[name]
                raise ValueError(phrase("{name} has no effect without {needs}", name=name, needs=needs))
        patterns = [route.pattern for route in self.routes or ()]
        if doubled := next((pattern for pattern in patterns if patterns.count(pattern) > 1), None):
            raise ValueError(
                phrase(
                    "routes has the pattern '{doubled}' twice, and only the first can match: remove one",
                    doubled=doubled,
                )
            )
        if self.split and (total := sum(self.split.values(), Decimal(0))) != _ALL:
            raise ValueError(
                phrase(
                    "the shares of split add up to {total}%; they must add up to 100%", total=f"{total.normalize():f}"
                )
            )
        return self

    @property
    def common(self) -> str | None:
        """The one campaign of all rows, by ID or name; None if each row has its own."""
        return self.name if self.id is None else str(self.id)

    @property
    def several(self) -> bool:
        """Whether rows go to several campaigns."""
        return self.column is not None or self.split is not None

    @property
    def named(self) -> tuple[str, ...]:
        """The campaigns that routes and split name, each once."""
        return tuple(dict.fromkeys(self._named()))

    def _named(self) -> Iterator[str]:
        yield from (route.to for route in self.routes or ())
        if self.routes and self.otherwise != "reject":
            yield self.otherwise
        yield from self.split or ()

    def __str__(self) -> str:
        return self.common or (f"column {self.column}" if self.column else f"split among {', '.join(self.named)}")
