"""Phone numbers in reports that are passed on."""

from __future__ import annotations

import time

import pytest

from dialler_sync.mapping.phones import country, read_phone
from dialler_sync.report.masking import Mask, mask_cell, mask_key, mask_phone_cell, mask_phones
from dialler_sync.text.outward import line

from ...helpers.report_samples import rejected


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("+491713920012", "+491•••••••12"),
        ("0171 3920012", "017• •••••12"),
        ("(0171) 39 200-12", "(017•) •• •••-12"),
        ("0049/171/3920012", "004•/•••/•••••12"),
        ("0171 – 3920012", "017• – •••••12"),
        ("4917139200", "491•••••00"),
        ("4,91713920012E+11", "4,917••••••12E+11"),
        ("call 0171 3920012 or +49 30 23125310.", "call 017• •••••12 or +49 3• ••••••10."),
        ("0300123", "0••••23"),
        ("0171\ufe0f3920012", "017•\ufe0f•••••12"),
        ("0171\u115f3920012", "017•\u115f•••••12"),
    ],
)
def test_what_looks_like_a_phone_number_is_hidden(text: str, masked: str) -> None:
    assert mask_phones(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23",
        "2026-11-23 14:30:00",
        "2026-11-23T14:30:00.123",
        "30.12.2021",
        "1.2.2021 08:15",
        "01099",
        "00010266",
        "129.90",
        "Row 1234567",
        "Company takes 64 characters; the text has 81.",
        "",
    ],
)
def test_what_is_no_phone_number_stays(text: str) -> None:
    assert mask_phones(text) == text


def test_of_a_cell_that_is_a_phone_number_even_a_short_one_is_hidden() -> None:
    assert mask_phone_cell("39200") == "3••00"
    assert mask_phone_cell("3920012 Apparat 5") == "3••••12 Apparat 5"


@pytest.mark.parametrize("key", ["00010266", "KD-4711000815", "B-0002", "10266", ""])
def test_a_key_that_is_no_phone_number_as_a_whole_stays(key: str) -> None:
    assert mask_key(key) == key


def test_a_key_that_is_a_phone_number_is_hidden() -> None:
    assert mask_key(" +49 171 3920012") == "+49 1•• •••••12"


@pytest.mark.parametrize(
    "text", ["1" * 50_000, "0 " * 25_000, "(" * 50_000, "+" * 50_000, "\\x41" * 12_500, ("1_1_1_1" + "_" * 93) * 500]
)
def test_masking_takes_no_longer_than_the_text_is_long(text: str) -> None:
    """A text made to slow down the search must not delay the report."""
    begun = time.process_time()
    assert len(mask_phones(text)) == len(mask_phone_cell(text)) == len(text)
    assert time.process_time() - begun < 2


def test_a_time_after_a_word_is_left_alone() -> None:
    """With the space before it, day and hour would be as long as a number."""
    text = "no list came since 2026-11-28 04:00; the last one was due at 2026-11-29 04:00"

    assert mask_phones(text) == text


@pytest.mark.parametrize(
    "between",
    ["\xad", "\u200b", "\u2060", "−", "﹣", "－", "[", " " * 9, " ---- "],
)
def test_what_a_number_is_read_without_hides_no_digit(between: str) -> None:
    """Each is the same number for the dialler; a message shows invisible signs as escapes."""
    number = between.join(("0171", "39", "20", "012"))
    home = country(None, "DE")
    message = line(f"'{number}x'")

    assert read_phone(number, home) == "+491713920012"
    for mask in (mask_phones, mask_phone_cell):
        assert mask(number) == between.join(("017•", "••", "••", "•12"))
        assert "39" not in mask(message)


@pytest.mark.parametrize(
    "cell", ["0171_39_20_012", "0171,39,20,012", "0171:39:20:012", "0171-10-39 20012", "0301-12-31"]
)
def test_in_a_column_of_phone_numbers_neither_a_date_nor_a_sign_shows_one(cell: str) -> None:
    shown = [sign for sign in mask_phone_cell(cell) if sign.isdigit()]

    assert len(shown) <= 5


@pytest.mark.parametrize(
    "cell",
    [
        "0171 39a20b012",
        "0171 392OO12",
        "0171 ³⁹²⁰⁰12",
        "0171 ③⑨②⓪⓪12",
        "0171x3x9x2x0x0x1x2",
        "①②③④⑤⑥⑦",
        "0171a39'20b0'12c",
    ],
)
def test_in_a_cell_of_phone_numbers_nothing_between_shows_one(cell: str) -> None:
    """Nor in the message that names the cell."""
    result = rejected(2, "phone_invalid", "PhoneNumber1", error=f"{cell!r} is no number")
    hidden, (shown, blank) = Mask([["Phone", "Mobile"]], ["Phone", "Mobile"]).hide(result, 0, [cell, " "])

    assert shown == mask_cell(cell)
    assert blank == " "
    for text in (shown, hidden.error):
        assert sum(map(str.isnumeric, text)) <= 5
