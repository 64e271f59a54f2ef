"""Texts of a configuration: how names are compared, lists that may be one text, patterns, forms of dates."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from ..text.normal import normalized
from ..text.phrase import phrase

SHOWS_NOTHING = re.compile(r"[\s\u00ad\u200b-\u200f\u2060\ufeff]+")
"""White space and invisible signs: soft hyphens, marks of width and direction."""

_SAMPLE_DATE = datetime(2031, 12, 28)  # noqa: DTZ001 (dates in spreadsheets have no zone)


def fold(text: str) -> str:
    """Fold a text for comparing names: without case, Unicode form, white space and invisible signs."""
    return SHOWS_NOTHING.sub("", normalized("NFKC", text).casefold())


def positions(names: Iterable[str]) -> dict[str, list[int]]:
    """Return the positions of each name; names may repeat."""
    found: dict[str, list[int]] = {}
    for position, name in enumerate(names):
        found.setdefault(name, []).append(position)
    return found


def listed(given: object) -> object:
    """Make a list of one text."""
    return (given,) if isinstance(given, str) else given


def known_encoding(name: str) -> str:
    """Return the name of a text encoding.

    Raises:
        ValueError: it is not one.
    """
    try:
        codecs.lookup(name)
        "".encode(name)
    except (LookupError, TypeError, ValueError):
        raise ValueError(
            phrase("'{name}' is not a text encoding; common ones are utf-8, utf-16, cp1252, cp1250", name=name)
        ) from None
    return name


def _whole_dates(formats: tuple[str, ...]) -> tuple[str, ...]:
    for pattern in formats:
        try:
            read = datetime.strptime(_SAMPLE_DATE.strftime(pattern), pattern)  # noqa: DTZ007
        except ValueError:
            read = None
        except re.error:  # what strptime makes of it
            raise ValueError(phrase("'{pattern}' has one of its parts twice", pattern=pattern)) from None
        if read != _SAMPLE_DATE:
            raise ValueError(
                phrase("'{pattern}' does not give a day, a month and a year, as %d.%m.%Y does", pattern=pattern)
            )
    return formats


def or_short(core: CoreSchema, handler: GetJsonSchemaHandler, *short: JsonSchemaValue) -> JsonSchemaValue:
    """Return the JSON Schema of a rule that also has short forms."""
    given = handler(core)
    rule = handler.resolve_ref_schema(given)
    long_form = {**rule}
    rule.clear()
    rule["anyOf"] = [*short, long_form]
    return given


Names = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(listed), Field(min_length=1)]
Formats = Annotated[Names, AfterValidator(_whole_dates)]


def _readable_pattern(pattern: str) -> str:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(phrase("'{pattern}' is not a regular expression: {why}", pattern=pattern, why=error)) from None
    return pattern


Pattern = Annotated[str, Field(min_length=1), AfterValidator(_readable_pattern)]
"""A regular expression, as text."""
