"""``columns:``: a rule for each field, checked against what the field can hold."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from ..fields import FIELDS, PHONE_FIELDS, Kind
from ..text.nearest import nearest
from ..text.phrase import mark, phrase
from .column_rule import ColumnRule
from .steps import template_parts
from .texts import SHOWS_NOTHING, fold

__all__ = ["SHOWS_NOTHING", "ColumnRule", "ColumnRules", "field_name", "fold", "template_parts"]

_NUMBERS = frozenset({Kind.AMOUNT, Kind.INTEGER})
_TEXTS = frozenset(Kind) - {*_NUMBERS, Kind.DATETIME, Kind.BOOLEAN}
_ONLY_FOR: dict[str, tuple[frozenset[Kind], str]] = {
    **dict.fromkeys(
        ("region", "region_column", "several", "extension", "type", "lost_zero"),
        (frozenset({Kind.PHONE}), mark("is only for phone numbers")),
    ),
    **dict.fromkeys(("decimal", "thousands", "currency"), (frozenset({Kind.AMOUNT}), mark("is only for Amount"))),
    **dict.fromkeys(("formats", "before", "after"), (frozenset({Kind.DATETIME}), mark("is only for dates"))),
    **dict.fromkeys(("min", "max"), (_NUMBERS, mark("is only for numbers"))),
    **dict.fromkeys(("pattern", "max_length", "one_of"), (_TEXTS, mark("is only for text"))),
    "case": (frozenset({Kind.TEXT, Kind.EMAIL}), mark("is only for text")),
}


def field_name(name: str) -> str:
    """Check a key of ``columns:``.

    Raises:
        ValueError: the dialler has no such field, or it is not mapped here.
    """
    if name in {"DiallerCampaignsID", "DiallerCampaignsName"}:
        raise ValueError(phrase("the campaign is set under campaign:, as id, name or column"))
    if name not in FIELDS:
        raise ValueError(phrase("the dialler has no field '{name}'", name=name) + nearest(name, FIELDS))
    return name


def _fitting(rules: dict[str, ColumnRule]) -> dict[str, ColumnRule]:
    """Refuse settings that make no sense for the field of a rule."""
    faults: list[InitErrorDetails] = []
    for name, rule in rules.items():
        faults += [
            InitErrorDetails(
                type=PydanticCustomError("rule", "{only}", {"only": phrase(only_for)}),
                loc=(name, key),
                input=rule,
            )
            for key, (kinds, only_for) in _ONLY_FOR.items()
            if key in rule.model_fields_set and FIELDS[name].kind not in kinds
        ]
        if rule.several == "spread" and name not in PHONE_FIELDS:
            problem = PydanticCustomError(
                "rule", phrase("other numbers can only go from one PhoneNumber field to another")
            )
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


_NOT_KEPT = {
    "UserData": mark("there is nothing to keep of UserData, which names the contact"),
    "ResetContact": mark("there is nothing to keep of ResetContact, which the dialler does not store: it is a command"),
}


def _refused(name: str, rule: ColumnRule, key: str) -> str:
    """Return the reason why a field cannot have a key that others can; ``""`` if it can."""
    if key == "invalid" and rule.invalid == "empty" and name in ("Name", "UserData"):
        return (
            phrase("Name cannot be left out: the dialler requires it")
            if name == "Name"
            else phrase("UserData cannot be left out: without it, each import creates a new contact")
        )
    if key == "overwrite" and rule.overwrite != "always" and name in ("UserData", "ResetContact"):
        return phrase(_NOT_KEPT[name])
    if key == "lookup" and rule.lookup is not None and name == "UserData":
        return phrase("UserData identifies the contact and cannot be looked up: several keys could become one")
    if key == "default" and rule.default is not None and (name == "UserData" or FIELDS[name].kind is Kind.PHONE):
        return phrase("the same {name} in every row would make all of them one contact", name=name)
    return ""


FieldName = Annotated[str, AfterValidator(field_name)]
ColumnRules = Annotated[dict[FieldName, ColumnRule], AfterValidator(_fitting)]
"""``columns:``: dialler field → rule, where every rule fits its field."""
