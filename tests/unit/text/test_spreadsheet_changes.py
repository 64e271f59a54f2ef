"""What only a spreadsheet program does to a cell is told from what a person does."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from dialler_sync.text.spreadsheet_changes import could_be_changed, is_changed, shows_change

from ...helpers.libreoffice import needs_libreoffice, opened_and_saved

LOST = [
    ("00012019", "12019"),
    ("01099", "1099"),
    ("0", "0.0"),
    ("01713920013", "1713920013"),
    ("+491713920013", "491713920013"),
    ("+491713920013", "4,91714E+11"),
    ("491713920013", "4.91714E+11"),
    ("491713920013", "4,9E+11"),
    ("491713920013", "5E+11"),
    ("12019", "12019.0"),
    ("12019", "12019,00"),
    ("00012", "12.0"),
    ("12345678901234567890", "12345678901234600000"),
    ("12345678901234567890", "12345678901234500000"),
    ("12345678901234567890", "1.23457E+19"),
    ("1000005", "1.00001E+06"),
    ("12E5", "1200000"),
    ("1E5", "1E+05"),
    ("12e5", "1,20E+06"),
    ("Łukasz", "?ukasz"),
    ("=Berg", "#NAME?"),
    ("-Tal", "#NAME?"),
    ("0171392", "#######"),
]
WRITTEN_DIFFERENTLY = [
    ("1.0", "1"),
    ("12.50", "12.5"),
    ("12,50", "12,5"),
    ("1.234", "1234"),
    ("1.234,50", "1234,5"),
    ("1'234.50", "1234.5"),
    ("5 %", "5%"),
    ("5%", "0.05"),
    ("12,00 €", "12 €"),
    ("1234", "1,234"),
    ("2026-03-04", "04.03.2026"),
    ("2026-03-04", "3/4/2026"),
    ("2026-03-04", "03/04/26"),
    ("03/04/2026", "2026-04-03"),
    ("03/04/2026", "2026-03-04"),
    ("04.03.2026", "2026-03-04"),
    ("04.03.26", "04.03.2026"),
    ("2026-03-04 14:30", "04.03.2026 14:30:00"),
    ("2026-03-04", "46085"),
    ("3/4", "03. Apr"),
    ("3/4", "04-Mar"),
    ("3-4", "2026-03-04"),
    ("MAR1", "01. Mrz"),
    ("SEP-2", "2-Sep"),
    ("DEC25", "Dec-25"),
    ("3/2025", "Mrz 25"),
    ("3-4", "03.04."),
    ("8:30", "08:30:00"),
    ("10:30", "10:30:00 AM"),
    ("22:15", "10:15:00 PM"),
    ("0:05", "12:05:00 AM"),
    ("22:15", "10:15:00 nachm."),
    ("10:30 PM", "22:30:00"),
    ("12:00 AM", "00:00:00"),
    ("8 a.m.", "08:00:00"),
    ("16:9", "16:09:00"),
    ("16:9", "04:09:00 PM"),
    ("100:00", "100:00:00"),
    ("10:30:15,5", "10:30:15,50"),
    ("10:30:15.5", "10:30:16"),
    ("10:30:15", "10:30"),
    ("05.01.2027 8:30", "01/05/27 08:30 AM"),
    ("5.1.2027 20:30:10", "05.01.2027 20:30"),
    ("2027-01-05", "05.01.2027 00:00:00"),
    ("Friday, January 5, 2027", "01/05/27"),
    ("Di., 5. Januar 2027", "05.01.27"),
    ("vendredi 5 janvier 2027", "05/01/27"),
    ("27-1-5", "2027-01-05"),
    ("2027-Jan-05", "05/01/27"),
    ("1827-01-05", "-26657"),
    ("(5)", "-5"),
    ("(0815)", "-815"),
    ("5-", "-5"),
    ("- 5", "-5"),
    ("5+", "5"),
    ("(5,50)", "-5,5"),
    ("($5)", "-$5.00"),
    ("5 €-", "-5"),
    ("$5", "5,00 DM"),
    ("5,678 €", "5,68 €"),
    ("5.555%", "5.56%"),
    ("0171 392", "171392"),
    ("0.1234567890123456789", "0.123456789012346"),
    ("1234567890.12", "1234567890"),
    ("1234567890123456,5", "1,23456789012346E+015"),
    ("1E400", "1.79769313486232E+308"),
    ("0 1/2", "1/2"),
    ("1 5/16", "1 1/3"),
    ("1 1/3", "1.33333333333333"),
    ("true", "TRUE"),
    ("true", "WAHR"),
    ("false", "YANLIŞ"),
]
ANOTHER = [
    ("00012019", "12018"),
    ("1234567890123456", "1234567890123459"),
    ("12345678901234567890", "1" + "0" * 60),
    ("00012019", "0012019"),
    ("0171 3920013", "0171 3920014"),
    ("491713920013", "4,93E+11"),
    ("K2", "K3"),
    ("12", "Anna"),
    ("", "12"),
    ("12", ""),
    ("Müller", "Mueller"),
    ("What?", "Why?"),
    ("2026-03-04", "2026-03-05"),
    ("2026-03-04", "46086"),
    ("3/4", "03. Mai"),
    ("3/4", "4/3"),
    ("door 12", "#12"),
    ("door 12", "#hot!"),
    ("8:30", "08:31"),
    ("8:30", "08:30 PM"),
    ("2027-01-05 14:30", "2027-01-05 15:00"),
    ("2027-01-05", "2027-01-05 15:00"),
    ("5. Januar 2027", "6. Januar 2027"),
    ("am 5. Januar 2027", "05.01.2027"),
    ("(5)", "5"),
    ("(5)", "-6"),
    ("5 km", "5"),
    ("5,678", "5,68"),
    ("1/2", "0.5"),
    ("1 1/2", "1 1/3"),
    ("4,91701E+11", "491701234567"),
    ("#N/A", "#NAME?"),
    ("true", "FALSE"),
    ("12", "12"),
    (" 12 ", "12"),
]


@pytest.mark.parametrize("mended", [False, True])
@pytest.mark.parametrize(("before", "after"), LOST)
def test_what_was_lost_was_lost_in_a_spreadsheet_program(before: str, after: str, mended: bool) -> None:
    """Nobody mends a cell so."""
    assert is_changed(before, after, mended=mended)


@pytest.mark.parametrize(("before", "after"), WRITTEN_DIFFERENTLY)
def test_the_same_written_differently_is_the_program_s_unless_the_cell_was_to_be_mended(
    before: str, after: str
) -> None:
    """``31/12/2026`` may be mended to ``12/31/2026``, and ``1.234`` to ``1234``."""
    assert is_changed(before, after)
    assert not is_changed(before, after, mended=True)


@pytest.mark.parametrize("mended", [False, True])
@pytest.mark.parametrize(("before", "after"), ANOTHER)
def test_what_a_person_types_stays(before: str, after: str, mended: bool) -> None:
    """Another number is another number."""
    assert not is_changed(before, after, mended=mended)


TIMES = "10:30|10:30:15|22:15|0:05|100:00|16:9|8:3|10:30 PM|8am|12 AM|10:30:15.5|10:30:15,5|1:2:3|5:"
DATES = (
    "5.1.2027|05.01.27|1/5|01/05/2027|13/1/2027|1-5-27|27-1-5|1827-01-05|5 Jan|Jan-5|MAR1|Mrz 26|5. Januar 2027"
    "|Friday, January 5, 2027|Freitag, 5. Januar 2027|vendredi 5 janvier 2027|Januar 2027|2027-Jan-05|Dez 24|3/2025"
    "|5.1.2027 8:30|1/5/2027 8:30|2027-01-05T08:30|2027-01-05 08:30:15|5 Jan 2027 8:30"
)
NUMBERS = (
    "(5)|5-|- 5|+ 5|5+|-007|(0815)|(5.50)|(5,50)|(1,234)|($5)|-$5|5 €-|5%|5,5%|5.555%|€ 5|1.234,50 €|$1,234.50|$5.678"
    "|1 1/2|0 1/2|1 5/16|1 1/3|5 10/4|1.234|1,234|1 234|0171 392|1'234|12.50|1,|,5|00.5|01099|+491713920013|1E5|1e-5"
    "|1,5E5|12E-5|1E400|12345678901234567890|0.1234567890123456789|1234567890.1234567|1234567890123456,5|true|wahr|VRAI"
)


@needs_libreoffice
@pytest.mark.parametrize(
    ("locale", "language"), [("en-US", 1033), ("en-GB", 2057), ("de-DE", 1031), ("fr-FR", 1036), ("de-DE", 1033)]
)
def test_all_that_libreoffice_does_is_known(locale: str, language: int, tmp_path: Path) -> None:
    """In the notation of any country, also of another one than that of the file."""
    cells = f"{TIMES}|{DATES}|{NUMBERS}".split("|")
    form = "Text - txt - csv (StarCalc)"
    options = f"34,76,1,,{language},false,true"
    path = tmp_path / "list.csv"
    path.write_text("".join(f'"x";"{cell}"\n' for cell in cells), encoding="utf-8")

    (opened,) = opened_and_saved(
        [path], f"csv:{form}:59,{options}", tmp_path / "out", locale=locale, open_as=f"{form}:59,{options}"
    )

    with opened.open(encoding="utf-8-sig", newline="") as file:
        after = [row[1] for row in csv.reader(file, delimiter=";")]
    changed = [(cell, now) for cell, now in zip(cells, after, strict=True) if cell != now]
    assert len(changed) > len(cells) / 3
    assert [(cell, now) for cell, now in changed if not is_changed(cell, now)] == []
    assert [(cell, now) for cell, now in changed if not could_be_changed(now)] == []


@pytest.mark.parametrize(
    ("text", "could", "shows"),
    [
        ("12019", True, False),
        ("491713920013", True, False),
        ("4,91714E+11", True, True),
        ("4.9E11", True, True),
        ("12.0", True, True),
        ("12.5", True, False),
        ("01. Mrz", True, True),
        ("1-Mar", True, True),
        ("2026-03-04", True, False),
        ("#NAME?", True, True),
        ("00012019", False, False),
        ("K2", False, False),
        ("12E5", False, False),
        ("KD-4711-A", False, False),
        ("4 Main", False, False),
        ("10:30:00 AM", True, False),
        ("-815", True, False),
        ("-$5.00", True, False),
        ("1 1/3", True, False),
        ("TRUE", True, False),
        ("+491713920013", False, False),
    ],
)
def test_a_text_alone_may_tell(text: str, could: bool, shows: bool) -> None:
    """Where nobody knows what it was: whether it may be changed, and whether it must be."""
    assert (could_be_changed(text), shows_change(text)) == (could, shows)
