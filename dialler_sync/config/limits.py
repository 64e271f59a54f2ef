"""A limit in rows or percent, as ``max_errors`` and ``max_missing`` take it."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
)

from ..text.phrase import phrase


class Limit(BaseModel):
    """A limit in rows, in percent of them, or both: ``100``, ``5%``, ``100, 5%``."""

    model_config = ConfigDict(frozen=True)
    rows: int | None = None
    percent: float | None = None

    def allows(self, count: int, total: int) -> bool:
        """Whether ``count`` out of ``total`` is within the limit."""
        few = self.rows is None or count <= self.rows
        return few and (self.percent is None or count <= total * self.percent / 100)

    def both(self, other: Limit) -> Limit:
        """Return the limit that allows what both allow."""
        rows = [each.rows for each in (self, other) if each.rows is not None]
        percent = [each.percent for each in (self, other) if each.percent is not None]
        return Limit(rows=min(rows, default=None), percent=min(percent, default=None))

    def __str__(self) -> str:
        rows = [] if self.rows is None else [str(self.rows)]
        return ", ".join(rows + ([] if self.percent is None else [f"{self.percent:g}%"]))


def row_limit(text: str | None) -> Limit | None:
    """Parse ``"5%"``, ``"100"`` or ``"100, 5%"``.

    Raises:
        ValueError: neither a number nor a percentage from 0 to 100, nor both.
    """
    if text is None:
        return None
    found: dict[str, float] = {}
    for part in text.split(","):
        match = _LIMIT.fullmatch(part.strip())
        kind = "percent" if match and match["percent"] else "rows"
        if not match or kind in found or (kind == "percent" and float(match["percent"]) > 100):
            raise ValueError(
                phrase("'{text}' is not a limit: write a number of rows (100), a percentage (5%), or both", text=text)
            )
        found[kind] = float(match[kind])
    return Limit.model_validate(found)


_LIMIT = re.compile(r"(?P<rows>\d{1,15})|(?P<percent>\d+(?:\.\d+)?)\s*%")


RowLimit = Annotated[Limit, BeforeValidator(lambda text: row_limit(text) if isinstance(text, str) else text)]
