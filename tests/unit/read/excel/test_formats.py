"""Number formats made of digit places and literals."""

from __future__ import annotations

import datetime as dt

import pytest

from dialler_sync.model import CellNote
from dialler_sync.read.excel.formats import digit_format, usable_code


@pytest.mark.parametrize(
    ("code", "number", "shown"),
    [
        ("00000", 123, "00123"),
        ("00000", -5, "-00005"),
        ("00000", 99999.5, "100000"),
        ('"+"0', 491711234567, "+491711234567"),
        ("+0", 491711234567, "+491711234567"),
        (r"\+0", 491711234567, "+491711234567"),
        ("0000-000", 1234567, "1234-567"),
        ("0000-000", 123456789, "123456-789"),
        ('"D-"00000', 1067, "D-01067"),
        ('00" "000000" "0" "000', 12345678901, "01 234567 8 901"),
        (r"[<=9999999]###\-####;\(###\)\ ###\-####", 5551234, "555-1234"),
        (r"[<=9999999]###\-####;\(###\)\ ###\-####", 2125551234, "(212) 555-1234"),
        ("[>10]00000", 5, "5"),
        ("00000;-00000;;@", 0, ""),
        ("00000;(00000)", -7, "(00007)"),
        ("00000;@", 7, "00007"),
        ("[$-407]00000", 99, "00099"),
        ("[Red]00000", 99, "00099"),
        ("+General", 5.5, "+5.5"),
        ('0 "km"', 5, "5 km"),
        ('"ab;c"0', 5, "ab;c5"),
        ('"Yes";;"No"', 0, "No"),
        ("_-00000_-", 5, "00005"),
        ("0%", 0.05, "5%"),
        ("0%", 0.075, "8%"),
        ("0.0%", 0.075, "7.5%"),
        ("0.00%", 0.075, "7.50%"),
        ("0.0 %", 0.075, "7.5 %"),
        ('0.0" %"%', 0.075, "7.5 %%"),
        ("0.##%", 0.075, "7.5%"),
        ("0.##%", 0.07, "7%"),
        ("#,##0.0%", 12.345, "1234.5%"),
        ("0.0%;[Red]-0.0%", -0.075, "-7.5%"),
        ("0.0%;(0.0%)", -0.075, "(7.5%)"),
        ("%0", 0.5, "%50"),
        ("0.00%", 0.1 + 0.2, "30.00%"),
        ("0%", 1e300, "1" + "0" * 302 + "%"),
    ],
)
def test_a_number_shows_as_the_format_shows_it(code: str, number: float, shown: str) -> None:
    """Text fields take the text that a person sees in the cell."""
    known = digit_format(code)

    assert known is not None
    assert known.show(number) == shown


@pytest.mark.parametrize(
    "code",
    ["", "General", "0", "0;-0", "General;[Red]-General", "@", ";;;", "_-* 0_-"],
)
def test_a_format_that_shows_plain_digits_needs_no_care(code: str) -> None:
    """Such a sheet is read the fast way."""
    assert digit_format(code) is None


@pytest.mark.parametrize(
    "code",
    [
        "0.00",
        "#,##0",
        "%",
        "# ?/?",
        "0/0",
        "0.00E+00",
        "[$€-407] 0",
        "$0",
        "[h]:mm",
        "dd.mm.yyyy",
        "[DBNum1]0",
        '"open',
    ],
)
def test_in_formats_of_other_kinds_the_number_counts(code: str) -> None:
    """Amounts, percentages and dates are neither rounded nor decorated."""
    assert digit_format(code) is None


def test_a_shown_number_keeps_its_number_in_the_note() -> None:
    """A number field takes the number, not its formatted text."""
    known = digit_format("00000")

    assert known is not None
    assert known.read(123.0) == ("00123", CellNote(number="123"))
    assert known.read(12345.0) == ("12345", None)
    assert known.read(4917112345678901.0) == ("4917112345678900", CellNote("precision_lost"))


def test_only_numbers_are_shown_by_a_number_format() -> None:
    """Text, booleans and dates in such a cell are unchanged."""
    known = digit_format("00000")

    assert known is not None
    assert known.read("abc") == ("abc", None)
    assert known.read(value=True) == ("TRUE", None)
    assert known.read(dt.date(2026, 11, 23)) == ("2026-11-23", None)
    assert known.read(float("inf"))[0] == "inf"


@pytest.mark.parametrize(("code", "kept"), [("[" * 30_000, "General"), ("0" * 255, "0" * 255)])
def test_a_crafted_format_is_that_of_a_plain_number(code: str, kept: str) -> None:
    """A workbook with 236 of the first took more than a minute."""
    assert usable_code(code) == kept
