"""Days as a configuration writes them: ``2026-01-31``, ``today``, ``today-30d``."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from ..text.phrase import phrase

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}|today *(?:[+-] *[0-9]{1,5} *d)?"
_SHAPE = re.compile(rf"\s*(?:{_DAY})\s*")


def day_of(text: str, today: date) -> date:
    """The day that a text means.

    Raises:
        ValueError: it is none.
    """
    compact = "".join(text.split())
    if not _SHAPE.fullmatch(text):
        raise ValueError(phrase("'{text}' is not a day: write 2026-01-31, today, today-30d or today+7d", text=text))
    if compact[0] != "t":
        try:
            return date.fromisoformat(compact)
        except ValueError:
            raise ValueError(phrase("'{text}' is a day that does not exist", text=text)) from None
    return today + timedelta(days=int(compact.removeprefix("today").removesuffix("d") or 0))


def is_relative(text: str) -> bool:
    """Whether a day depends on today."""
    return "today" in text


def no_day_between(after: str | None, before: str | None) -> bool:
    """Whether no day is later than one and earlier than the other; those of different kinds are not compared."""
    if after is None or before is None or is_relative(after) != is_relative(before):
        return False
    any_day = date(2000, 1, 1)
    return (day_of(before, any_day) - day_of(after, any_day)).days < 2


def _readable(text: str) -> str:
    day_of(text, date(2000, 1, 1))
    return text


Day = Annotated[str, AfterValidator(_readable), Field(json_schema_extra={"pattern": f"^({_DAY})$"})]
"""A day as text, as ``today`` is resolved when the file is read."""
