"""Phone cells as people type them."""

from __future__ import annotations

import re

import pytest

from dialler_sync.mapping.countries import region_of
from dialler_sync.mapping.numbering_plans import plan_of_code, plan_of_region
from dialler_sync.mapping.phones import Country, RestoredNumber, country, of_type, quick_phone, read_phone, read_phones
from dialler_sync.mapping.spread import spread
from dialler_sync.model import Fault

DE = country(None, "DE")
NOWHERE = Country()
MOBILE, MUNICH = "+491711234567", "+498912345"


def code_of(cell: str, where: Country = DE) -> str:
    found = read_phone(cell, where)
    assert isinstance(found, Fault), found
    return found.code


@pytest.mark.parametrize(
    "cell",
    [
        *("0171/123 45 67", "0171-1234567", "0171.123.45.67", "(0171) 1234567", "[0171] 1234567", "0171\t1234567"),
        *("+49 171 1234567", "+49 (0) 171 1234567", "+49(0)171/1234567", "+490171 1234567", "(+49) 171 1234567"),
        *("0049 171 1234567", "0049 (0)171 1234567", "00 49 171 1234567"),
        *("０１７１　１２３４５６７", "＋49 171 1234567", "٠١٧١١٢٣٤٥٦٧"),
        *("'01711234567", "’0171 1234567", '="01711234567"'),
        *("\u200b0171\u00a0123\u202f4567", "0171\u00ad1234567", "\u202a+49 171 1234567\u202c", "\ufeff0171 1234567"),
        *("0171–1234567", "0171 — 1234567", "0171\u22121234567"),
        *("Tel. 0171 1234567", "Mobil: 0171/1234567", "0171 1234567 (privat)", "tel:+49-171-1234567", "T 0171 1234567"),
        *("491711234567", "49 171 1234567", "491711234567.0", "491711234567,00"),
        *("+491711234567.0", "+49 171 1234567.0", "0171 1234567.0", "(0171) 123-4567.0"),
        *(
            "Tél. 0171 1234567",
            "Móvil: 0171 1234567",
            "(c) 0171 1234567",
            "Natel 0171 1234567",
            "0171 1234567 - int. 5",
        ),
        *("0171 1234567;", "0171 1234567 / +49 171 1234567"),
    ],
)
def test_ways_to_write_one_number(cell: str) -> None:
    """People and spreadsheet programs write 0171 1234567 in many ways: all are one number."""
    assert read_phone(cell, DE) == MOBILE


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("(089) 12345-0", "+4989123450"),
        *(
            (cell, "+4989123450")
            for cell in (
                "089 12345 (0)",
                "089 12345 (-0)",
                "089/12345 - 0",
                "089 12345 -0",
                "089 12345 Kl. 0",
                "089 12345 - 0, DW 0",
            )
        ),
        ("089 12345-67", "+49891234567"),
        ("089 12345 Durchwahl 67", "+49891234567"),
        ("089 12345-0, DW: 67", "+49891234567"),
        ("089 12345 ext. 5", MUNICH),
        ("089 12345, Ext 5", MUNICH),
        ("089 12345x5", MUNICH),
        ("089 12345 #5", MUNICH),
        ("089 12345 App. 5", MUNICH),
        ("tel:+49-89-12345;ext=5", MUNICH),
    ],
)
def test_a_dial_in_is_part_of_the_number_and_an_extension_is_not(cell: str, number: str) -> None:
    """12345-67 can be dialled from outside; ext. 5 is for the person who picks up."""
    assert read_phone(cell, DE) == number


@pytest.mark.parametrize(
    ("cell", "region"),
    [
        *(
            ("030 - 123 - 45 - 67", "DE"),
            ("030-1234 - 56 - 78", "DE"),
            ("0800 3301000-1", "DE"),
            ("0664/123456-0", "AT"),
        ),
        *(("+352 26 12 34-1", "LU"), ("+39 0471 9767-0", "IT"), ("+358 9 1234-0", "FI"), ("0211/1234-567", "DE")),
    ],
)
def test_dashes_that_only_group(cell: str, region: str) -> None:
    """-0 is a switchboard everywhere; Luxembourg has direct dial-ins, too."""
    found = quick_phone(cell, country(None, region).plan) or read_phone(cell, country(None, region))

    assert isinstance(found, str), found
    assert re.sub("[^0-9]", "", cell).removeprefix("0") in found


@pytest.mark.parametrize("cell", ["0471 123456-7", "02 1234567 - 8"])
def test_a_second_line_is_no_dial_in(cell: str) -> None:
    """In Italy, as in most countries, -7 means the line of that last digit."""
    assert code_of(cell, country(None, "IT")) == "phone_invalid"


def test_an_extension_can_be_refused() -> None:
    """Callers who must not reach the switchboard set extension: reject."""
    found = read_phone("089 12345 ext. 5", DE, extension="reject")

    assert isinstance(found, Fault)
    assert found.code == "phone_extension"
    assert read_phone("089 12345", DE, extension="reject") == MUNICH


@pytest.mark.parametrize(
    "cell",
    [
        *("0171 1234567 / 089 12345", "0171 1234567/089 12345", "0171 1234567; 089 12345", "0171 1234567, 089 12345"),
        *("0171 1234567 oder 089 12345", "0171 1234567 or 089 12345", "0171 1234567 bzw. 089 12345"),
        *(
            "0171 1234567 u. 089 12345",
            "0171 1234567 & 089 12345",
            "0171 1234567\n089 12345",
            "0171 1234567 - 089 12345",
        ),
        *("+491711234567+498912345", "0171 1234567 (+49 89 12345)", "Mobil 0171 1234567 (privat), Büro: 089/12345"),
        "0171 1234567 | 089 12345 ext. 5",
        *("0171 1234567 ::: 089 12345", "0171 1234567:::089 12345"),
        *(
            "0171 1234567 ou 089 12345",
            "0171 1234567 o 089 12345",
            "0171 1234567 - 089 12345",
            "0171 1234567 od. 089 12345",
        ),
        *("0171 1234567 Büro 089 12345", "Handy 0171 1234567 (priv.) Tel. 089/12345 h."),
    ],
)
def test_several_numbers_in_a_cell(cell: str) -> None:
    """Two numbers are never dialled as one."""
    assert read_phone(cell, DE) == (MOBILE, MUNICH)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("4,91701E+11", "precision_lost"),
        ("4.91701e+11 ", "precision_lost"),
        ("4.91711234567E11", "precision_lost"),
        ("491E+9", "precision_lost"),
        ("1711234567", "phone_leading_zero_lost"),
        ("1711234567.0", "phone_leading_zero_lost"),
        ("8912345678", "phone_leading_zero_lost"),
        ("49204112345", "phone_leading_zero_lost"),
        ("436641234567", "phone_leading_zero_lost"),  # of Austria, but nothing says so
        ("0171 123", "phone_too_short"),
        ("110", "phone_too_short"),
        ("+1 202 555", "phone_too_short"),
        ("0171 12345678901", "phone_too_long"),
        ("0171 39200123920012", "phone_too_long"),
        ("0171 1234567 0172 1234567", "phone_too_long"),
        ("0900 1234567", "phone_premium_rate"),
        ("+49 900 1 234567", "phone_premium_rate"),
        ("0190 123456", "phone_premium_rate"),
        ("+44 909 879 0000", "phone_premium_rate"),
        ("+49692530886650525", "phone_too_long"),  # libphonenumber takes it
        ("+7 000 000 0000", "phone_invalid"),
        ("0123 4567890", "phone_invalid"),
        ("+999 1234567", "phone_invalid"),
        ("+0171 1234567", "phone_invalid"),
        ("++49 171 1234567", "phone_invalid"),
        ("0491711234567", "phone_invalid"),
        ("0171 1234567²", "phone_invalid"),
        ("0171_1234567", "phone_invalid"),
        ("0800 FLOWERS", "phone_invalid"),
        ("O171 1234567", "phone_invalid"),
        ("ab 18 Uhr 0171 1234567", "phone_invalid"),
        ("Fax 089 12345", "phone_invalid"),
        ("keine", "phone_invalid"),
        ("n/a", "phone_invalid"),
        ("-", "phone_invalid"),
        ("#####", "error_cell"),
        ("#1 0171 1234567", "phone_invalid"),
        *((f"0171 1234567 {what}", "phone_too_short") for what in ("privat 2", "(Handy 2)", "Nr 2", "w 5", "M. (2)")),
        *((f"0171 1234567 {what}", "phone_invalid") for what in ("(2)", "[2]", "nur 2")),
        *((cell, "phone_invalid") for cell in ("089 12345 (67)", "089 12345 (8-17)", "(0171 1234567) 5")),
        *(
            (cell, "phone_invalid")
            for cell in ("089 (123456) 12", "(089 123456) 12", "0171 1234567 - 8", "0171 1234567-8")
        ),
        *(
            (f"089/12345{more}", "phone_invalid")
            for more in ("-56 - 58", " DW 12-15", " DW 12 DW 15", "-11 DW 12", "-0 - 9")
        ),
        ("05.06.1985", "phone_invalid"),
        ("1985-06-05", "phone_invalid"),
        ("0171\ufffd1234567", "phone_invalid"),
        ('="01711234567', "phone_invalid"),
        ('01711234567"', "phone_invalid"),
        ("0" * 10_000, "phone_invalid"),
        ("0171 1234567," * 30, "phone_invalid"),
        ("(1" * 240, "phone_too_long"),
    ],
)
def test_what_is_not_certain_is_refused(cell: str, code: str) -> None:
    """A damaged number is rejected with its own code, never dialled."""
    assert code_of(cell) == code


@pytest.mark.parametrize("cell", ["089 1234567/68", "089/1234567/68", "089 12345 / 67890", "089 1234567, 68"])
def test_the_end_of_another_number_is_not_glued_to_the_first(cell: str) -> None:
    """089 1234567/68 means ...67 and ...68; 089123456768 would reach a stranger."""
    assert isinstance(read_phone(cell, DE), Fault)


def test_a_slash_behind_an_area_code_parts_only_digits() -> None:
    """German area codes have up to five digits, with or without country code before them."""
    assert read_phone("033201/12345", DE) == read_phone("+49 (0)33201/12345", NOWHERE) == "+493320112345"
    assert read_phone("1-650/253-0000", country(None, "US")) == "+16502530000"


def test_the_faulty_one_of_several_numbers_is_named() -> None:
    """The user sees which of them to correct."""
    found = read_phone("0171 1234567; 089 1", DE)

    assert isinstance(found, Fault)
    assert found.message.startswith("'089 1': ")
    single = read_phone("089 1", DE)
    assert isinstance(single, Fault)
    assert "089 1" not in single.message


def test_numbers_of_another_type_are_refused() -> None:
    """A number whose type cannot be told is kept; so are empty and faulty cells."""
    bad, american = Fault("phone_invalid", "", ""), "+12025550123"

    kept, unknown = of_type([MOBILE, MUNICH, None, bad, american], "mobile")

    assert [cell.code if isinstance(cell, Fault) else cell for cell in kept] == [
        *(MOBILE, "phone_wrong_type", None, "phone_invalid", american)
    ]
    assert unknown == [False, False, False, False, True]


def test_without_a_country_only_international_numbers_are_read() -> None:
    """0171… could be Germany or Italy."""
    assert code_of("0171 1234567", NOWHERE) == "phone_no_region"
    assert read_phone("0049 171 1234567", NOWHERE) == read_phone("+49 171 1234567", NOWHERE) == MOBILE


def test_00_is_a_plus_only_where_it_is_dialled_so() -> None:
    american = country(None, "US")

    assert code_of("0049 171 1234567", american) == "phone_too_long"
    assert quick_phone("0049 171 1234567", american.plan) is None


def test_a_country_that_nobody_knows_is_named() -> None:
    """The mistake is in the country column, so the message quotes its cell."""
    found = read_phone("0171 1234567", country("Absurdistan", "DE"))
    others = read_phone("0171 1234567", NOWHERE), read_phone("0171 123", country("DE"))

    assert isinstance(found, Fault)
    assert (found.code, "'Absurdistan'" in found.message) == ("phone_no_region", True)
    assert not any("known country" in str(other) for other in others)


@pytest.mark.parametrize(
    ("region", "national", "number"),
    [
        ("US", "(650) 253-0000", "+16502530000"),
        ("US", "1 650 253 0000", "+16502530000"),
        ("ES", "612 34 56 78", "+34612345678"),
        ("IT", "06 1234567", "+39061234567"),
        ("AT", "0664/1234567", "+436641234567"),
        ("AT", "43 664 1234567", "+436641234567"),
        ("CH", "079 123 45 67", "+41791234567"),
        ("CH", "41791234567", "+41791234567"),
        ("FR", "06.12.34.56.78", "+33612345678"),
        ("GB", "07911 123456", "+447911123456"),
        ("IN", "98765 43210", "+919876543210"),
        ("BR", "(11) 91234-5678", "+5511912345678"),
        ("BR", "0 15 11 91234-5678", "+5511912345678"),
        ("BR", "0xx11 91234-5678", "+5511912345678"),
        ("BR", "(0XX11) 91234-5678", "+5511912345678"),
        ("AR", "011 15 1234-5678", "+5491112345678"),
        ("HU", "06 30 123 4567", "+36301234567"),
        ("RU", "8 (916) 123-45-67", "+79161234567"),
        ("MX", "55 1234 5678", "+525512345678"),
        ("MX", "044 55 1234 5678", "+525512345678"),
        ("MX", "01 55 1234 5678", "+525512345678"),
    ],
)
def test_each_country_has_its_own_way(region: str, national: str, number: str) -> None:
    """Only a country that writes a leading 0 can lose it."""
    assert read_phone(national, country(None, region)) == number


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("+52 1 55 1234 5678", "+525512345678"),
        ("0052 (1) 55 1234 5678", "+525512345678"),
        ("+52 55 1234 5678", "+525512345678"),
        ("+48 (0) 601 234 567", "+48601234567"),
        ("0048 (0)22 123 45 67", "+48221234567"),
        ("(+48) (0) 601 234 567", "+48601234567"),
        ("+34 (0)91 123 45 67", "+34911234567"),
        ("+36 (0)1 123 4567", "+3611234567"),
        ("+49 (0) 171 1234567", MOBILE),
        ("0049(0)171 1234567", MOBILE),
        ("+44 (0)20 7946 0958", "+442079460958"),
        ("+39 06 1234567", "+39061234567"),
        ("+39 (0)6 1234567", "+39061234567"),
        ("+39 (0) 06 1234567", "+39061234567"),
        ("+39 (0)310 2345678", "+3903102345678"),  # +39 310 2345678 is a mobile number
        ("+54 9 11 1234 5678", "+5491112345678"),
        ("+54 11 15 1234 5678", "+5491112345678"),
        ("+55 (0xx11) 91234-5678", "+5511912345678"),
        ("+36 06 30 123 4567", "+36301234567"),
        ("+7 (8) 916 123-45-67", "+79161234567"),
    ],
)
def test_what_is_dialled_only_inside_a_country_is_left_out(cell: str, number: str) -> None:
    """A 0 in brackets or a former prefix is left out; but the 0 of Italian numbers is part of them."""
    assert read_phone(cell, DE) == number


@pytest.mark.parametrize(
    "cell",
    [
        "+52 1 55 1234 567",
        "+52 2 55 1234 5678",
        "+48 (0) 123",
        "+39 (0)999999999999",
        "0xx11 91234-5678",
        "0xx171 1234567",
    ],
)
def test_nothing_else_is_left_out(cell: str) -> None:
    """A number that is also invalid without the prefix stays refused; so do carriers of other countries."""
    assert isinstance(read_phone(cell, DE), Fault)


@pytest.mark.parametrize(
    ("region", "cell"), [("FR", "612345678"), ("GB", "7911123456"), ("CH", "791234567"), ("AT", "6641234567")]
)
def test_a_lost_zero_is_seen_wherever_one_is_written(region: str, cell: str) -> None:
    """Excel reads 0612345678 as a number."""
    assert code_of(cell, country(None, region)) == "phone_leading_zero_lost"


@pytest.mark.parametrize(
    ("named", "region"),
    [
        *[
            ("DE", "DE"),
            ("de", "DE"),
            ("Deutschland", "DE"),
            ("GERMANY", "DE"),
            ("D", "DE"),
            ("+49", "DE"),
            ("0049", "DE"),
        ],
        *[("Österreich", "AT"), ("Austria", "AT"), ("Schweiz", "CH"), ("Switzerland", "CH"), ("USA", "US")],
        *[
            ("Großbritannien", "GB"),
            ("UK", "GB"),
            ("Türkei", "TR"),
            ("TÜRKİYE", "TR"),
            ("Türkiye", "TR"),
            ("Россия", "RU"),
            ("日本", "JP"),
            ("Sverige", "SE"),
            ("Czechia", "CZ"),
            ("Vereinigte  Staaten", "US"),
            ("NGA", None),  # Nigeria's code; Russia is "Nga" in Vietnamese
            ("Absurdistan", None),
            ("XX", None),
            ("+999", None),
        ],
    ],
)
def test_countries_by_code_and_by_name(named: str, region: str | None) -> None:
    """A country column holds codes, or names in any language."""
    assert region_of(named) == region


def test_only_a_lost_zero_is_put_back() -> None:
    """0491711234567 stays in doubt: +49 171 1234567 with a zero too much, or 0491 711234567."""
    restored = read_phone("1711234567", DE, lost_zero="restore")

    assert (restored, type(restored)) == (MOBILE, RestoredNumber)
    assert type(read_phone("0171 1234567", DE, lost_zero="restore")) is str
    assert isinstance(read_phone("0491711234567", DE, lost_zero="restore"), Fault)


@pytest.mark.parametrize(
    ("cell", "region", "numbers"),
    [
        ("5511234/5517654", "IS", ("+3545511234", "+3545517654")),  # 55 is no country code here
        ("+49 355 12345/0355 67890", "DE", ("+4935512345", "+4935567890")),  # nor is 355
        ("089 1234/089 12345", "DE", ("+49891234", MUNICH)),
        ("+49 / 089 12345", "DE", MUNICH),
    ],
)
def test_where_a_number_ends(cell: str, region: str, numbers: object) -> None:
    assert read_phone(cell, country(None, region)) == numbers


@pytest.mark.parametrize(
    ("cell", "said"), [("keine", "This is text, not"), ("ab 18 Uhr 0171 1234567", "'ab' does not belong")]
)
def test_what_is_said_of_words(cell: str, said: str) -> None:
    found = read_phone(cell, DE)

    assert isinstance(found, Fault)
    assert found.message.startswith(said)


def test_an_empty_country_cell_falls_back() -> None:
    """The configured region applies if the row names no country."""
    assert country(None, "DE").region == "DE"
    assert country("AT", "DE").region == "AT"


def test_each_row_has_its_own_country() -> None:
    """A column of numbers is read together with its country column."""
    read = read_phones(["0171 1234567", "079 123 45 67", None], [country("DE"), country("CH"), DE])

    assert read == [MOBILE, "+41791234567", None]


@pytest.mark.parametrize("region", ["DE", "AT", "CH", "FR", "GB", "NL", "ES", "IT", "US", "PL"])
def test_plain_numbers_take_the_quick_way(region: str) -> None:
    """Speed depends on it: the library's own example numbers must not need the library."""
    import phonenumbers

    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.FIXED_LINE)
    assert example is not None
    plan = plan_of_region(region)

    for form in (phonenumbers.PhoneNumberFormat.E164, phonenumbers.PhoneNumberFormat.NATIONAL):
        assert quick_phone(phonenumbers.format_number(example, form), plan) is not None


@pytest.mark.parametrize(
    ("cell", "region"),
    [
        *[("089 1234567/68", "DE"), ("089 12345 -012", "DE"), ("01711234567.0", "DE")],
        *[("20.12.2001", "DK"), ("20-12-2001", "DK")],
    ],
)
def test_the_quick_way_leaves_alone_what_is_more_than_one_number(cell: str, region: str) -> None:
    """Their digits together are the number of a stranger."""
    plan = plan_of_region(region)

    assert quick_phone("".join(filter(str.isdigit, cell)), plan)
    assert quick_phone(cell, plan) is None


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("+49 (0) 171 1234567", MOBILE),
        ("+49 0 110 12", None),  # 110 12 is no number
        ("+55 (0) 15 11 91234-5678", None),  # 15 is a carrier
        ("+999 1234567", None),
        ("+49 171 1", None),
    ],
)
def test_the_quick_way_leaves_out_only_a_zero(cell: str, number: str | None) -> None:
    assert quick_phone(cell, None) == number


@pytest.mark.parametrize("region", ["RU", "GG", "ZZ"])
def test_countries_without_a_plain_plan_are_left_to_the_library(region: str) -> None:
    """Patterns alone would guess if several countries share a code, or digits decide between them."""
    assert plan_of_region(region) is None


def test_only_country_codes_have_plans() -> None:
    """Any text may follow a plus."""
    assert [plan_of_code(code) for code in ("", "0", "999", "ab", "٤٩")] == [None] * 5


A, B, C = "+491711234567", "+498912345", "+493012345"


def test_numbers_spread_to_free_fields_behind_first() -> None:
    """The first stays; the others go to free fields behind it, then before it."""
    result = spread({"PhoneNumber1": [None], "PhoneNumber5": [(A, B, C)], "PhoneNumber6": [None]}, {"PhoneNumber5"})

    assert result == {"PhoneNumber1": [C], "PhoneNumber5": [A], "PhoneNumber6": [B]}


def test_a_number_that_the_row_has_is_not_repeated() -> None:
    """One number in two columns needs one field."""
    result = spread({"PhoneNumber1": [(A, B)], "PhoneNumber2": [B]}, {"PhoneNumber1"})

    assert result == {"PhoneNumber1": [A], "PhoneNumber2": [B]}


def test_rows_are_spread_on_their_own() -> None:
    """A field that one row needs stays empty in the others."""
    result = spread({"PhoneNumber1": [A, (A, B), None]}, {"PhoneNumber1"})

    assert result == {"PhoneNumber1": [A, A, None], "PhoneNumber2": [None, B, None]}


@pytest.mark.parametrize("may_spread", [set(), {"PhoneNumber1"}])
def test_too_many_numbers_are_a_fault(may_spread: set[str]) -> None:
    """Numbers are never dropped in silence."""
    full = {f"PhoneNumber{n}": [f"+4989123{n}"] for n in range(2, 7)}
    result = spread({"PhoneNumber1": [(A, B)], **full}, may_spread)

    (cell,) = result["PhoneNumber1"]
    assert isinstance(cell, Fault)
    assert cell.code == "phone_several"
    assert ("free phone fields" if may_spread else "one is expected") in cell.message


def test_a_field_of_one_type_takes_no_numbers_of_other_cells() -> None:
    result = spread({"PhoneNumber1": [(A, B)]}, {"PhoneNumber1"}, {"PhoneNumber2"})

    assert result == {"PhoneNumber1": [A], "PhoneNumber3": [B]}
