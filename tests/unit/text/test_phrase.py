"""Sentences, numbers and plurals in another language; English is tested where it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from gettext import NullTranslations

import pytest

from dialler_sync.text.forms import duration, listed, moment, percent, rows
from dialler_sync.text.phrase import counted, figure, language, phrase, speak

GERMAN = {
    "1,234.5": "1.234,5",
    "%d %b %Y, %H:%M %Z": "%d.%m.%Y, %H:%M %Z",
    "{file} has no rows": "In {file} stehen keine Zeilen",
    "{first} and {last}": "{first} und {last}",
    "{count} row": "{count} Zeile",
    "{count} rows": "{count} Zeilen",
}


class German(NullTranslations):
    """A catalogue of a few sentences."""

    def gettext(self, message: str) -> str:
        return GERMAN.get(message, message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return GERMAN[super().ngettext(msgid1, msgid2, n)]

    def info(self) -> dict[str, str]:
        return {"language": "de"}


@pytest.fixture(autouse=True)
def german() -> Iterator[None]:
    before = speak(German())
    yield
    speak(before)


def test_a_sentence_puts_its_values_where_its_language_has_them() -> None:
    assert phrase("{file} has no rows", file="a {b}.csv") == "In a {b}.csv stehen keine Zeilen"
    assert phrase("not translated yet") == "not translated yet"
    assert language() == "de"


def test_numbers_times_and_lists_are_written_as_the_language_does(in_zone: Callable[[str], None]) -> None:
    assert (figure(1_234_567), figure(1234.56, 1)) == ("1.234.567", "1.234,6")
    assert (percent(1, 3), percent(1, 2_000), duration(0.4)) == ("33,3 %", "< 0,1 %", "0,4 s")
    in_zone("UTC")
    assert moment("2026-11-29T04:00:00Z") == "29.11.2026, 04:00 UTC"
    assert listed(["A", "B", "C"]) == "A, B und C"


def test_a_count_chooses_its_sentence() -> None:
    assert (rows(1), rows(2_000)) == ("1 Zeile", "2.000 Zeilen")
    assert counted(0, "{count} row", "{count} rows") == "0 Zeilen"
