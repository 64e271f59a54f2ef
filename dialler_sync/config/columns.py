"""``columns:``: a rule for each field, checked against what the field can hold."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from ..fields import FIELDS, PHONE_FIELDS, Kind
from ..text.nearest import nearest
from .column_rule import ColumnRule
from .steps import template_parts
from .texts import SHOWS_NOTHING, fold

__all__ = ["SHOWS_NOTHING", "ColumnRule", "ColumnRules", "field_name", "fold", "template_parts"]

_NUMBERS = frozenset({Kind.AMOUNT, Kind.INTEGER})
_TEXTS = frozenset(Kind) - {*_NUMBERS, Kind.DATETIME, Kind.BOOLEAN}
_ONLY_FOR: dict[str, tuple[frozenset[Kind], str]] = {
    **dict.fromkeys(
        ("region", "region_column", "several", "extension", "type", "lost_zero"),
        (frozenset({Kind.PHONE}), "phone numbers"),
    ),
    **dict.fromkeys(("decimal", "thousands", "currency"), (frozenset({Kind.AMOUNT}), "Amount")),
    **dict.fromkeys(("formats", "before", "after"), (frozenset({Kind.DATETIME}), "dates")),
    **dict.fromkeys(("min", "max"), (_NUMBERS, "numbers")),
    **dict.fromkeys(("pattern", "max_length", "one_of"), (_TEXTS, "text")),
    "case": (frozenset({Kind.TEXT, Kind.EMAIL}), "text"),
}


def field_name(name: str) -> str:
    """Check a key of ``columns:``.

    Raises:
        ValueError: the dialler has no such field, or it is not mapped here.
    """
    if name in {"DiallerCampaignsID", "DiallerCampaignsName"}:
        raise ValueError("the campaign is set under campaign:, as id, name or column")
    if name not in FIELDS:
        raise ValueError(f"the dialler has no field '{name}'{nearest(name, FIELDS)}")
    return name


def _fitting(rules: dict[str, ColumnRule]) -> dict[str, ColumnRule]:
    """Refuse settings that make no sense for the field of a rule."""
    faults: list[InitErrorDetails] = []
    for name, rule in rules.items():
        faults += [
            InitErrorDetails(
                type=PydanticCustomError("rule", "{only}", {"only": f"is only for {for_what}"}),
                loc=(name, key),
                input=rule,
            )
            for key, (kinds, for_what) in _ONLY_FOR.items()
            if key in rule.model_fields_set and FIELDS[name].kind not in kinds
        ]
        if rule.several == "spread" and name not in PHONE_FIELDS:
            problem = PydanticCustomError("rule", "other numbers can only go from one PhoneNumber field to another")
            faults.append(InitErrorDetails(type=problem, loc=(name, "several"), input=rule))
        for key in ("invalid", "default", "lookup", "overwrite"):
            if why := _refused(name, rule, key):
                faults.append(
                    InitErrorDetails(
                        type=PydanticCustomError("rule", "{why}", {"why": why}), loc=(name, key), input=rule
                    )
                )
    if faults:
        raise ValidationError.from_exception_data("columns", faults)
    return rules


_NOT_KEPT = {"UserData": "names the contact", "ResetContact": "is a command that the dialler does not store"}


def _refused(name: str, rule: ColumnRule, key: str) -> str:
    """Return the reason why a field cannot have a key that others can; ``""`` if it can."""
    if key == "invalid" and rule.invalid == "empty" and name in ("Name", "UserData"):
        what = "is required by the dialler" if name == "Name" else "without it, each import creates a new contact"
        return f"{name} cannot be left out: {what}"
    if key == "overwrite" and rule.overwrite != "always" and name in ("UserData", "ResetContact"):
        return f"there is nothing to keep of {name}, which {_NOT_KEPT[name]}"
    if key == "lookup" and rule.lookup is not None and name == "UserData":
        return "UserData identifies the contact and cannot be looked up: several keys could become one"
    if key == "default" and rule.default is not None and (name == "UserData" or FIELDS[name].kind is Kind.PHONE):
        return f"the same {name} in every row would make all of them one contact"
    return ""


FieldName = Annotated[str, AfterValidator(field_name)]
ColumnRules = Annotated[dict[FieldName, ColumnRule], AfterValidator(_fitting)]
"""``columns:``: dialler field → rule, where every rule fits its field."""
