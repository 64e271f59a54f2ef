"""The text of a cell's value."""

from __future__ import annotations

import datetime as dt

import pytest

from dialler_sync.model import CellNote
from dialler_sync.read.excel.numbers import Value, cell_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (491711234567.0, "491711234567"),
        (123, "123"),
        (0.0, "0"),
        (-0.0, "0"),
        (-5.0, "-5"),
        (1234.5, "1234.5"),
        (0.1, "0.1"),
        (0.1 + 0.2, "0.3"),
        (1234567890.1234567, "1234567890.12346"),
        (1e-10, "0.0000000001"),
        (999_999_999_999_999.0, "999999999999999"),
        (True, "TRUE"),
        (False, "FALSE"),
        (dt.date(2026, 11, 23), "2026-11-23"),
        (dt.datetime.fromisoformat("2026-11-23T08:15"), "2026-11-23 08:15:00"),
        (dt.datetime.fromisoformat("2026-11-23T08:14:59.999"), "2026-11-23 08:15:00"),
        (dt.datetime.fromisoformat("2026-11-23T23:59:59.991"), "2026-11-24"),
        (dt.datetime.fromisoformat("9999-12-31T23:59:59.999"), "9999-12-31 23:59:59"),
        (dt.time(8, 15), "08:15:00"),
        (dt.time(0, 0), "00:00:00"),
        (dt.time(23, 59, 59, 999_000), "00:00:00"),
        (dt.timedelta(hours=36, minutes=30), "36:30:00"),
        (dt.timedelta(hours=-1, minutes=-30), "-01:30:00"),
        ("  two  blanks ", "  two  blanks "),
        ("00123", "00123"),
        ("'=1+1", "'=1+1"),
        ("'quoted'", "'quoted'"),
        ("+49 171 1234567", "+49 171 1234567"),
        ("1E5", "1E5"),
    ],
)
def test_a_value_reads_as_a_person_would_read_it(value: Value, text: str) -> None:
    """Numbers are plain and shortest, dates ISO, text unchanged; a note has the number, as text may use other signs."""
    note = CellNote(number=text) if isinstance(value, float) and "." in text else None

    assert cell_text(value) == (text, note)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e15, "1000000000000000"),
        (491711234567890123.0, "491711234567890000"),
        (-4917112345678901.0, "-4917112345678900"),
        (1e300, "1" + "0" * 300),
        (float("inf"), "inf"),
    ],
)
def test_lost_digits_are_noted(value: Value, text: str) -> None:
    """A number of 16 digits or more has lost digits."""
    shown, note = cell_text(value)

    assert shown == text
    assert note is not None
    assert note.code == "precision_lost"
