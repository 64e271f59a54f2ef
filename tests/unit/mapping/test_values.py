"""Numbers, dates, addresses and accounts, as people write them."""

from __future__ import annotations

from typing import Any

import pytest

from dialler_sync.config import ColumnRule
from dialler_sync.fields import FIELDS
from dialler_sync.mapping.cells import PlainNumber
from dialler_sync.mapping.values import amount, bic, boolean, converter, email, iban, integer, moment
from dialler_sync.model import Fault


def rule_of(**signs: str) -> ColumnRule:
    return ColumnRule(column="A", **signs)  # type: ignore[arg-type]


def code_of(found: Any) -> str:
    assert isinstance(found, Fault), found
    return found.code


GERMAN = {"decimal": ",", "thousands": "."}


@pytest.mark.parametrize(
    ("text", "signs", "number"),
    [
        ("1234.56", {}, 1234.56),
        (" 12 ", {}, 12),
        ("-0.5", {}, -0.5),
        ("+3", {}, 3),
        ("0.125", {}, 0.125),
        ("1234.567", {}, 1234.567),
        ("00012", {}, 12),
        ("1.234,56", GERMAN, 1234.56),
        ("1.234.567", GERMAN, 1234567),
        ("1234,56", GERMAN, 1234.56),
        ("1234,5", {"decimal": ","}, 1234.5),
        ("1.234", {"decimal": "."}, 1.234),
        ("1.234", GERMAN, 1234),
        ("1,234.5", {"decimal": ".", "thousands": ","}, 1234.5),
        ("1,234", {"thousands": ","}, 1234),
        ("1 234,5", {"decimal": ",", "thousands": " "}, 1234.5),
        ("1\u00a0234\u202f567", {"thousands": " "}, 1234567),
        ("1'234.50", {"thousands": "'"}, 1234.5),
        ("1’234", {"thousands": "'"}, 1234),
        ("123,45-", GERMAN, -123.45),
        ("\u2212 5", {}, -5),
        ("1.234,56 €", {**GERMAN, "currency": "€"}, 1234.56),
        ("EUR 12", {"currency": "EUR"}, 12),
        ("1.234,56", {"decimal": ","}, 1234.56),
        ("1.234,56", {}, 1234.56),
        ("-1.234.567,8", {"decimal": ","}, -1234567.8),
        ("1.234,567", {"decimal": ","}, 1234.567),
        ("1,234.56", {"decimal": "."}, 1234.56),
        ("1,234.56-", {}, -1234.56),
        ("1.234.567", {"decimal": ","}, 1234567),
        ("1.234.567", {}, 1234567),
        ("1,234,567", {"decimal": "."}, 1234567),
        ("1'234.50", {}, 1234.5),
        ("1'234,50", {}, 1234.5),
        ("1’234", {}, 1234),
        ("1 234,50", {"decimal": ","}, 1234.5),
        ("1\u00a0234,50", {"decimal": ","}, 1234.5),
        ("12\u202f345\u202f678", {}, 12345678),
        ("1.234,5 €", {"decimal": ",", "currency": "€"}, 1234.5),
        (PlainNumber("1234.5"), GERMAN, 1234.5),
        (PlainNumber("1.234"), {}, 1.234),
    ],
)
def test_amounts_by_the_rule(text: str, signs: dict[str, str], number: float) -> None:
    """Whole numbers are int, others the float with the same digits."""
    found = amount(text, rule_of(**signs))

    assert (found, type(found)) == (number, type(number))


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        *[("1,234", {}), ("1.234", {}), ("-12.345", {}), ("1,5", {}), ("1.234", {"decimal": ","})],
        *[("1,234", {"decimal": "."}), ("1.234,56", {"decimal": "."}), ("1,234.56", {"decimal": ","})],
        *[("1.234.567", {"decimal": "."}), ("1.234.56", {}), ("1.23,456.7", {}), ("1.234'567", {}), ("1,234,56", {})],
        *[("1.234,56", {"decimal": ",", "thousands": " "}), ("1,234.5,6", {}), ("0.123.456", {"decimal": "."})],
        *[
            ("1234.5", GERMAN),
            ("1'234,56", {"decimal": "."}),
            ("1.23,4", GERMAN),
            ("12.34", GERMAN),
            ("1.2345", GERMAN),
            ("1..234", GERMAN),
        ],
        *[("1e5", {}), ("4,91701E+11", GERMAN), ("nan", {}), ("inf", {}), ("0x10", {}), ("1_000", {}), ("٣", {})],
        *[("12 €", {}), ("--5", {}), ("-5-", {}), ("(5)", {}), (".5", {}), ("5.", {}), ("", {}), ("about 5", {})],
        *[("12345678901234567.89", {}), ("0.1234567890123456789", {}), ("9" * 5000, {}), ("0.000000001", {})],
    ],
)
def test_amounts_that_are_not_certain(text: str, signs: dict[str, str]) -> None:
    """A number that can be read in two ways, or not kept exactly, is refused."""
    assert code_of(amount(text, rule_of(**signs))) == "amount_invalid"


@pytest.mark.parametrize(
    ("signs", "said"), [({}, "'.' as decimal sign and no thousands"), (GERMAN, "',' as decimal sign and '.' as thou")]
)
def test_a_fault_names_the_signs_that_were_expected(signs: dict[str, str], said: str) -> None:
    found = amount("1 2", rule_of(**signs))

    assert isinstance(found, Fault)
    assert said in found.message


@pytest.mark.parametrize("text", ["0" * 5000, f"{'0' * 5000}7", f"+{'0' * 5000}.0"])
def test_thousands_of_digits_that_say_little(text: str) -> None:
    """Python makes no integer of so many digits."""
    assert amount(text, rule_of()) == float(text[-1])


@pytest.mark.parametrize(("text", "number"), [("5", 5), (" -12 ", -12), ("+007", 7), (PlainNumber("5"), 5)])
def test_integers(text: str, number: int) -> None:
    """White space and leading zeros do not matter."""
    assert integer(text) == number


@pytest.mark.parametrize("text", ["5.0", "first", "1 000", "٣", "1" * 19, "--1"])
def test_not_integers(text: str) -> None:
    """Only digits make a whole number."""
    assert code_of(integer(text)) == "integer_invalid"


@pytest.mark.parametrize(
    ("text", "formats", "written"),
    [
        ("2025-01-31", (), "2025-01-31 00:00:00"),
        (" 2025-01-31 14:30 ", (), "2025-01-31 14:30:00"),
        ("2025-01-31T14:30:05.000", (), "2025-01-31 14:30:05"),
        ("31.1.2025", ("%d.%m.%Y",), "2025-01-31 00:00:00"),
        ("31.01.2025 9:05", ("%d.%m.%Y", "%d.%m.%Y %H:%M"), "2025-01-31 09:05:00"),
        ("2025-01-31", ("%d.%m.%Y",), "2025-01-31 00:00:00"),
        ("02/02/2025", ("%d/%m/%Y", "%m/%d/%Y"), "2025-02-02 00:00:00"),
    ],
)
def test_dates(text: str, formats: tuple[str, ...], written: str) -> None:
    """ISO is always understood, other notations if configured."""
    assert moment(text, formats) == written


@pytest.mark.parametrize(
    ("text", "formats"),
    [
        *[("2025-02-30", ()), ("31.01.2025", ()), ("20250131", ()), ("2025-W05-5", ()), ("45678", ())],
        *[("2025-01-31T14:30:00+01:00", ()), ("2025-01-31 14:30:00.5", ()), ("31.02.2025", ("%d.%m.%Y",))],
        ("01/02/2025", ("%d/%m/%Y", "%m/%d/%Y")),
    ],
)
def test_dates_that_are_not_certain(text: str, formats: tuple[str, ...]) -> None:
    """Days that do not exist, zones that would shift the time, and days that two formats read differently."""
    found = moment(text, formats)

    assert isinstance(found, Fault)
    assert (found.code, "different dates" in found.message) == ("datetime_invalid", len(formats) > 1)


@pytest.mark.parametrize("text", ["true", "YES", " ja ", "1", "x", "J", "wahr"])
def test_yes(text: str) -> None:
    """English, German, digits and a cross."""
    assert boolean(text) is True


@pytest.mark.parametrize("text", ["false", "No", "nein", "0", "n", "FALSCH"])
def test_no(text: str) -> None:
    """English, German and digits."""
    assert boolean(text) is False


def test_neither_yes_nor_no() -> None:
    """Perhaps is not yes."""
    assert code_of(boolean("perhaps")) == "boolean_invalid"


@pytest.mark.parametrize(
    "text", ["a@b.de", "max.muster+x@mail.example.co.uk", "info@müller.de", "a_b@xn--mller-kva.de", "o'neil@x.ie"]
)
def test_email_addresses(text: str) -> None:
    """Letters of all scripts, sub-domains and punycode; surrounding white space does not matter."""
    assert email(f" {text}\u00a0") == text


@pytest.mark.parametrize(
    "text",
    [
        *("a", "a@b", "@x.de", "a@", "a@@x.de", "a.@x.de", ".a@x.de", "a..b@x.de", "a@x..de", "a@-x.de", "a@x-.de"),
        *("a b@x.de", "a@x.de;b@x.de", "a@x.de, b@x.de", "<a@x.de>", "mailto:a@x.de", "a(at)x.de", "a@1.2.3.4"),
        *("a@x.de.", "a@x.c", "a" * 400 + "@x.de", "a@x.de\ufffd", "\ud800@x.de"),
    ],
)
def test_not_email_addresses(text: str) -> None:
    """One address, whole, and nothing beside it."""
    assert code_of(email(text)) == "email_invalid"


@pytest.mark.parametrize(
    "text",
    ["DE89 3704 0044 0532 0130 00", "gb82west12345698765432", "NO9386011117947", "FR1420041010050500013M02606"],
)
def test_ibans(text: str) -> None:
    """Spaces and case do not matter; countries differ in length."""
    assert iban(text) == text.replace(" ", "").upper()


@pytest.mark.parametrize(
    "text",
    [
        "DE89370400440532013001",
        "DE8937040044053201300",
        "XX89370400440532013000",
        "DE893704004405320130AB",
        "DE89",
        "ÄÖ89",
    ],
)
def test_not_ibans(text: str) -> None:
    """Check digits, length and country."""
    assert code_of(iban(text)) == "iban_invalid"


@pytest.mark.parametrize(
    ("text", "said"),
    [("ÄÖ89", "This is not an IBAN"), ("DE8937040044053201300", "check digits"), ("DE893704", "not an I")],
)
def test_what_is_wrong_with_an_iban(text: str, said: str) -> None:
    found = iban(text)

    assert isinstance(found, Fault)
    assert said in found.message


def test_an_iban_with_right_check_digits_and_wrong_length() -> None:
    """Check digits alone are right once in 97 times."""
    short = "37040044053201300"  # a German account has 18 digits
    check = 98 - int(f"{short}131400") % 97

    assert code_of(iban(f"DE{check:02}{short}")) == "iban_invalid"


@pytest.mark.parametrize(("text", "written"), [("deutdeff", "DEUTDEFF"), (" MUSTDEFFXXX ", "MUSTDEFFXXX")])
def test_bics(text: str, written: str) -> None:
    """Eight or eleven signs."""
    assert bic(text) == written


@pytest.mark.parametrize("text", ["MUSTBANK1", "DEUT1EFF", "DEUTDEFFXX", "DEUT DEFF"])
def test_not_bics(text: str) -> None:
    """Neither nine nor ten signs, and letters for the country."""
    assert code_of(bic(text)) == "bic_invalid"


def test_an_identifier_that_excel_has_rounded_is_refused() -> None:
    """A key in scientific notation is another customer's."""
    convert = converter(FIELDS["UserData"], rule_of())

    assert convert is not None
    assert code_of(convert("4,91701E+11")) == "precision_lost"
    assert [convert("12E4"), convert("A+B"), convert(" 00 ")] == ["12E4", "A+B", " 00 "]


def test_plain_text_is_not_converted() -> None:
    """It reaches the dialler unchanged, or cut if that is allowed."""
    assert converter(FIELDS["Comment"], rule_of()) is None
    cut = converter(FIELDS["City"], rule_of(), cut_at=3)
    assert cut is not None
    assert cut("München") == "Mün"
