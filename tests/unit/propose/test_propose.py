"""The configuration that ``init`` proposes: it loads, it binds, and it says the right thing about each column."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from dialler_sync.config import Settings, SourceSettings, load_config
from dialler_sync.fields import VENDOR_COLUMNS
from dialler_sync.mapping.validate import Checker
from dialler_sync.model import Contact, Layout, Rejection
from dialler_sync.propose import propose_config

from ...helpers.rows import Rows, layout_of

GERMAN = Rows(
    layout_of(
        *("Kundennr.", "Anrede", "Vorname", "Nachname", "Straße", "PLZ", "Ort", "Telefon (privat)", "Mobil", "Fax"),
        *("E-Mail", "IBAN", "Betrag", "Wiedervorlage", "Vertrag"),
    ),
    (
        *(
            ("1", "Herr", "Max", "Meier", "Weg 1", "01099", "Dresden", "089/12345-0", "0171 1234567", "089 12346"),
            ("2", "Frau", "Eva", "Kunz", "Weg 2", "80331", "München", "", "+49 171 1234568", ""),
        ),
    ),
)
GERMAN = Rows(
    GERMAN.layout,
    (
        (*GERMAN.rows[0], "a@b.de", "DE89 3704 0044 0532 0130 00", "1.234,56 €", "31.12.2024", "x"),
        (*GERMAN.rows[1], "c@d.de", "", "5,00 €", "01.02.2025", "y"),
    ),
)


def proposed(table: Rows, folder: Path) -> tuple[str, Settings]:
    text = propose_config(table)
    path = folder / "proposed.yaml"
    path.write_text(text, encoding="utf-8")
    return text, load_config(path, {"DIALLER_SYNC_TOKEN": "t"})


def checked(table: Rows, settings: Settings) -> tuple[list[Contact], list[Rejection]]:
    checker = Checker(settings, table.layout)
    (chunk,) = table.chunks()
    return checker.check(chunk)


def test_a_german_export(tmp_path: Path) -> None:
    """Every column finds its field, with how its numbers and dates are written, and every row passes."""
    text, settings = proposed(GERMAN, tmp_path)
    contacts, rejections = checked(GERMAN, settings)

    assert not rejections
    assert contacts[0].fields == {
        "DiallerCampaignsName": "CHANGE ME",
        "UserData": "1",
        "Name": "Meier",
        "FirstName": "Max",
        "Salutation": "Herr",
        "Address": "Weg 1",
        "PostalCode": "01099",
        "City": "Dresden",
        "AccountIBAN": "DE89370400440532013000",
        "Amount": 1234.56,
        "PhoneNumber1": "+491711234567",
        "PhoneNumber2": "+4989123450",
        "FaxNumber": "+498912346",
        "Email": "a@b.de",
        "FollowUpDateTime": "2024-12-31 00:00:00",
    }
    assert "  # not used: Vertrag" in text
    assert "2 of 2 cells are phone numbers" in text
    assert "${DIALLER_SYNC_TOKEN}" in text


def test_an_english_list_without_telling_headers(tmp_path: Path) -> None:
    """What a column holds says what it is."""
    table = Rows(
        layout_of("Customer ID", "Last Name", "Contact 1", "Contact 2", "Account", "Balance", "Due"),
        (
            ("1", "Smith", "(650) 253-0000", "x@y.com", "GB82 WEST 1234 5698 7654 32", "1,234.50", "x"),
            ("2", "Jones", "+1 202 456 1111", "z@y.com", "", "12.00", "y"),
        ),
    )
    _, settings = proposed(table, tmp_path)
    contacts, rejections = checked(table, settings)

    assert not rejections
    assert contacts[0].fields == {
        "DiallerCampaignsName": "CHANGE ME",
        "UserData": "1",
        "Name": "Smith",
        "AccountIBAN": "GB82WEST12345698765432",
        "Amount": 1234.5,
        "PhoneNumber1": "+16502530000",
        "Email": "x@y.com",
    }


@pytest.mark.parametrize(
    ("numbers", "other", "region"),
    [
        (("0171 1234567", "089 12345"), ("", ""), "DE"),
        (("0664 1234567", "0664 7654321"), ("a@b.at", "c@d.at"), "AT"),
        (("079 123 45 67", "044 668 18 00"), ("a@b.ch", ""), "CH"),
        (("020 7946 0958", "0121 234 5678"), ("", ""), "GB"),
        (("+49 171 1234567", "+43 664 1234567"), ("", ""), None),
    ],
)
def test_the_country_of_the_numbers(
    tmp_path: Path, numbers: tuple[str, str], other: tuple[str, str], region: str | None
) -> None:
    """The numbers tell, or what stands beside them; international ones need none."""
    table = Rows(layout_of("Name", "Tel.", "Mail"), tuple(zip(("A", "B"), numbers, other, strict=True)))

    assert proposed(table, tmp_path)[1].columns["PhoneNumber1"].region == region


def test_a_country_column_is_used(tmp_path: Path) -> None:
    """Where the rows are of several countries; of one, it is the region."""
    layout = layout_of("Name", "Telefon", "Land")
    mixed = Rows(layout, (("A", "0171 1234567", "Deutschland"), ("B", "079 123 45 67", "Schweiz")))
    plain = Rows(layout, (("A", "079 123 45 68", "CH"), ("B", "079 123 45 67", "CH")))

    assert proposed(mixed, tmp_path)[1].columns["PhoneNumber1"].region_column == "Land"
    assert not checked(mixed, proposed(mixed, tmp_path)[1])[1]
    assert proposed(plain, tmp_path)[1].columns["PhoneNumber1"].region == "CH"


@pytest.mark.parametrize(
    "header",
    [
        "null",
        "~",
        "Yes",
        "12",
        "Tel: privat",
        "# Telefon",
        "{Telefon}",
        "Tel 'x' \"y\"",
        "${Telefon}",
        "Tel $$",
        "Telefon\n(privat)",
        "- Tel",
        "Tel\ufeff, Ö",
    ],
)
def test_headers_that_yaml_would_read_otherwise(tmp_path: Path, header: str) -> None:
    """Whatever a column is called, the proposal binds to it."""
    table = Rows(layout_of("Name", header, f"{header} 2", "Kampagne: $$"), (("A", "0171 1234567", "x", "5"),))
    text, settings = proposed(table, tmp_path)

    assert settings.columns["PhoneNumber1"].column == header
    assert len(checked(table, settings)[0]) == 1
    assert "not used" in text


def test_compound_headers(tmp_path: Path) -> None:
    """German makes one word of two; a telephone contact is no contact's name."""
    layout = layout_of("Kundenname", "Kundennachname", "Telefonkontakt", "Jahresbetrag", "Buchtitel-Nr")
    table = Rows(layout, (("x", "Meier", "+491711234567", "5", "7"),))
    _, settings = proposed(table, tmp_path)

    assert {name: rule.column for name, rule in settings.columns.items()} == {
        "Name": "Kundennachname",
        "PhoneNumber1": "Telefonkontakt",
        "Amount": "Jahresbetrag",
    }


def test_a_campaign_column_is_used(tmp_path: Path) -> None:
    """Each row names its own."""
    table = Rows(layout_of("Name", "Phone", "Campaign"), (("A", "+491711234567", "Nightly"),))
    _, settings = proposed(table, tmp_path)

    assert settings.campaign.column == "Campaign"


@pytest.mark.parametrize(
    ("cells", "amounts"),
    [
        (("1.234,56", "0,5"), [1234.56, 0.5]),
        (("1,234.56", "0.5"), [1234.56, 0.5]),
        (("1234.56", "12"), [1234.56, 12]),
        (("1234,56", "12"), [1234.56, 12]),
        (("1'234.50", "7"), [1234.5, 7]),
        (("EUR 1 234,50", "EUR 7"), [1234.5, 7]),
    ],
)
def test_how_amounts_are_written(tmp_path: Path, cells: tuple[str, str], amounts: list[float]) -> None:
    """Found from the cells."""
    table = Rows(layout_of("Name", "Phone", "Saldo"), tuple(("A", "+491711234567", cell) for cell in cells))
    contacts, _ = checked(table, proposed(table, tmp_path)[1])

    assert [contact.fields["Amount"] for contact in contacts] == amounts


@pytest.mark.parametrize(
    ("header", "cells", "certain"),
    [
        ("Betrag", ("1.234", "12"), False),
        ("Betrag", ("1.234,5", "12"), True),
        ("Rückruf", ("01/02/2025", "03/04/2025"), False),
        ("Rückruf", ("01/02/2025", "31/12/2025"), True),
        ("Rückruf", ("01.02.2025", "31.12.2025 14:30"), True),
    ],
)
def test_what_can_be_read_in_two_ways_is_marked(
    tmp_path: Path, header: str, cells: tuple[str, str], certain: bool
) -> None:
    """The user decides, before anything is sent."""
    table = Rows(layout_of("Name", "Phone", header), tuple(("A", "+491711234567", cell) for cell in cells))
    text, settings = proposed(table, tmp_path)

    assert ("they can also be read in other ways" not in text) == certain
    assert not checked(table, settings)[1]


def test_what_is_missing_is_marked(tmp_path: Path) -> None:
    """The user sees what to fill in; the file still loads."""
    text, settings = proposed(Rows(layout_of("Firma", "Ort"), (("ACME", "Ulm"),)), tmp_path)

    assert settings.columns["Name"].column == "Firma"
    assert "# CHANGE: PhoneNumber1" in text
    assert "# CHANGE: UserData" in text
    assert "no column of surnames was found" in text


@pytest.mark.parametrize("rows", [(), (("", ""),), (("1", "2"),)])
def test_a_table_that_says_nothing(tmp_path: Path, rows: tuple[tuple[str, str], ...]) -> None:
    """An empty list is no reason to fail."""
    _, settings = proposed(Rows(layout_of("x", "x"), rows), tmp_path)

    assert settings.columns["Name"].value == "unknown"


def test_the_vendors_own_format_needs_no_columns(tmp_path: Path) -> None:
    """It maps itself, and names its campaigns."""
    row = dict.fromkeys(VENDOR_COLUMNS, "") | {
        "DiallerCampaignsName": "Nightly",
        "Name": "A",
        "PhoneNumber1": "+491711234567",
    }
    table = Rows(layout_of(*VENDOR_COLUMNS, vendor=True), (tuple(row.values()),))
    _, settings = proposed(table, tmp_path)

    assert not settings.columns
    assert checked(table, settings)[0][0].fields["DiallerCampaignsName"] == "Nightly"


def test_the_sheet_is_mentioned(tmp_path: Path) -> None:
    """A workbook may gain a sheet."""
    layout = Layout(path=Path("list.xlsx"), format="xlsx", columns=("Name", "Phone"), sheet="Tabelle: 1")
    text, _ = proposed(Rows(layout, (("A", "+491711234567"),)), tmp_path)

    assert "# source: {sheet: 'Tabelle: 1'}" in text


def columns_of(header: tuple[str, ...], *rows: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
    """The text of a proposal, and its ``columns:``."""
    text = propose_config(Rows(layout_of(*header), rows))
    return text, yaml.safe_load(text)["columns"]


@pytest.mark.parametrize("cell", ["4,91711E+11", "4.91711e+11", "########"])
def test_a_phone_column_that_a_spreadsheet_program_has_damaged_is_taken_and_said(cell: str) -> None:
    """It is the column of the phone numbers all the same."""
    text, columns = columns_of(("Nachname", "Telefon"), ("Meier", cell), ("Kunz", cell))

    assert columns["PhoneNumber1"] == "Telefon"
    assert "0 of 2 cells are phone numbers; 2: shortened by a spreadsheet program" in text
    assert "  PhoneNumber1: Telefon   # CHANGE: most cells" in text


@pytest.mark.parametrize(("cell", "shortened"), [("12E5", False), ("4,9E11", True), ("5E-05", True)])
def test_keys_that_the_import_would_refuse_as_shortened_are_counted(cell: str, shortened: bool) -> None:
    """An article code such as 12E5 is imported as it is."""
    text, columns = columns_of(("Kundennummer", "Nachname", "Telefon"), (cell, "Meier", "030 1234567"))

    assert columns["UserData"] == "Kundennummer"
    assert ("1 key has been shortened" in text) is shortened


@pytest.mark.parametrize(
    ("codes", "asks"),
    [
        (("50667", "10115", "1099"), True),
        (("50667", "10115", "01099"), False),
        (("8001", "3000", "1010"), False),
        (("8001", "3000", "50667"), False),
        (("50667", "10115", "W1A 1AA"), False),
    ],
)
def test_a_lost_zero_of_postal_codes_is_a_question(codes: tuple[str, ...], asks: bool, tmp_path: Path) -> None:
    """What the mark proposes puts it back."""
    rows = [(f"K{code}", "Miller", code, f"0171 39200{place:02}") for place, code in enumerate(codes)]
    table = Rows(layout_of("Kundennr.", "Name", "PLZ", "Telefon"), tuple(rows))
    text, _ = proposed(table, tmp_path)
    marked = re.search(r"PostalCode: PLZ +# CHANGE: 1 of 3 cells has 4 digits.*(replace: \[.*\]) puts", text)
    assert (marked is not None) is asks
    assert ("digits, most" in text) is asks
    if marked:
        (tmp_path / "mended.yaml").write_text(
            text.replace("PostalCode: PLZ", f"PostalCode: {{column: PLZ, {marked[1]}}}")
        )
        contacts, _ = checked(table, load_config(tmp_path / "mended.yaml", {"DIALLER_SYNC_TOKEN": "t"}))
        assert [contact.fields["PostalCode"] for contact in contacts] == ["50667", "10115", "01099"]


def test_keys_padded_with_zeros_are_no_phone_numbers() -> None:
    """SAP pads the number of a customer to ten digits, under a header that may also mean the person."""
    _, columns = columns_of(
        ("Debitor", "Name 1", "Telefon 1"),
        ("0000100017", "Müller Bau GmbH", "0221/1234567"),
        ("0000100018", "Weiß & Söhne", "0351 7654321"),
    )

    assert columns["UserData"] == "Debitor"
    assert columns["PhoneNumber1"] == {"column": "Telefon 1", "region": "DE"}


def test_lost_zeros_do_not_make_numbers_of_another_country() -> None:
    """``3012345678`` is valid in the United States, and is from Berlin here."""
    _, columns = columns_of(
        ("Nachname", "Telefon", "PLZ", "Ort"),
        ("Meier", "1711234567", "1099", "Dresden"),
        ("Kunz", "3012345678", "10115", "Berlin"),
    )

    assert columns["PhoneNumber1"] == {"column": "Telefon", "region": "DE"}


@pytest.mark.parametrize(
    ("header", "cells", "region", "others"),
    [
        (("Nachname", "Telefon"), ("079 123 45 67", "044 668 18 00"), "CH", "SE"),
        (("Nachname", "Telefon"), ("01711234567", "03012345678"), "DE", "IT"),
        (("Nom", "Téléphone"), ("0612345678", "0145678901"), "FR", "ZA"),
        (("Cognome", "Cellulare"), ("3471234567", "3387654321"), "IT", "LU"),
        (("Achternaam", "Telefoon"), ("0612345678", "0201234567"), "NL", "DE"),
    ],
)
def test_a_country_that_reads_as_many_numbers_is_named(
    header: tuple[str, str], cells: tuple[str, str], region: str, others: str
) -> None:
    """Nothing but the numbers and the language of the list says which it is: a person decides."""
    text, columns = columns_of(header, *(("Name", cell) for cell in cells))

    assert columns["PhoneNumber1"]["region"] == region
    assert re.search(rf"# CHANGE: are the numbers of {region}\? As many can be read as numbers of .*{others}", text)


def test_addresses_of_another_country_are_a_question() -> None:
    """One wrong number of three must not make a British list one of India without a word."""
    text, columns = columns_of(
        ("Name", "Phone", "Postcode"),
        ("Ann Miller", "020 7946 0018", "SW1A 1AA"),
        ("Bob Hall", "020 7946 0019", "SW1A 2AA"),
        ("Cid Lang", "07700 900123", "SW1A 1AB"),
    )

    assert columns["PhoneNumber1"]["region"] == "IN"
    assert "# CHANGE: are the numbers of IN? The addresses look like those of GB, but fewer numbers do" in text


def test_countries_with_the_same_country_code_are_no_question() -> None:
    """A number of Canada is sent as one of the United States would be."""
    text, columns = columns_of(("Name", "Phone", "Zip"), ("Ann Miller", "(212) 736-5000", "10001-1234"))

    assert columns["PhoneNumber1"]["region"] == "US"
    assert "are the numbers" not in text


def test_a_name_with_a_comma_is_cut() -> None:
    """``Meier, Anna`` in one column is two fields; a company with a comma is not."""
    _, people = columns_of(("Kontakt", "Tel"), ("Meier, Anna", "+491711234567"), ("Kunz, Eva", "+491711234568"))
    _, firms = columns_of(("Name", "Tel"), ("Acme, Inc.", "+491711234567"), ("Beta, Ltd", "+491711234568"))

    assert people["Name"] == {"column": "Kontakt", "split": {"separator": ",", "part": 1}, "trim": True}
    assert people["FirstName"] == {"column": "Kontakt", "split": {"separator": ",", "part": 2}, "trim": True}
    assert firms["Company"] == firms["Name"] == "Name"


@pytest.mark.parametrize(
    ("header", "cells", "rule", "rows"),
    [
        ("Werbesperre", ("ja", "", "JA"), {"Werbesperre": ["ja"]}, 2),
        ("Do Not Call", ("true", "false", "false"), {"Do Not Call": ["true"]}, 1),
        ("Robinson", ("x", "", ""), {"Robinson": ["x"]}, 1),
        ("DNC", ("Y", "N", "N"), {"DNC": ["Y"]}, 1),
        ("No llamar", ("sí", "no", "sí"), {"No llamar": ["sí"]}, 2),
        ("Ne pas appeler", ("oui", "", "non"), {"Ne pas appeler": ["oui"]}, 1),
        ("Niet bellen", ("", "", ""), {"Niet bellen": ["yes"]}, 0),
        ("Opt-In", ("ja", "nein", ""), {"Opt-In": ["nein", ""]}, 2),
        (
            "Do not allow Phone Calls",
            ("Allow", "Do Not Allow", "Allow"),
            {"Do not allow Phone Calls": ["Do Not Allow"]},
            1,
        ),
        (
            "Telefonanrufe nicht zulassen",
            ("Zulassen", "", "Nicht zulassen"),
            {"Telefonanrufe nicht zulassen": ["Nicht zulassen"]},
            1,
        ),
        ("Sperre", ("gesperrt", "nicht gesperrt", ""), {"Sperre": ["gesperrt"]}, 1),
        ("Telefonwerbung", ("erlaubt", "nicht erlaubt", "erlaubt"), {"Telefonwerbung": ["nicht erlaubt"]}, 1),
        (
            "DNC",
            ("", "consent withdrawn", "sin consentimiento"),
            {"DNC": ["consent withdrawn", "sin consentimiento"]},
            2,
        ),
        (
            "Opt-In",
            ("erlaubt", "erlaubt: nein", "consent revoked"),
            {"Opt-In": ["erlaubt: nein", "consent revoked"]},
            2,
        ),
    ],
)
def test_a_column_of_people_who_must_not_be_called_is_pointed_out(
    header: str, cells: tuple[str, ...], rule: dict[str, list[str]], rows: int
) -> None:
    """As a comment, with the cells that forbid the call."""
    people = ((f"K{place}", "Ann Miller", "+491711234567", cell) for place, cell in enumerate(cells))
    text, _ = columns_of(("Customer No", "Name", "Phone", header), *people)
    lines = text.splitlines()
    at = next(number for number, line in enumerate(lines) if f"{header} says who must not be called" in line)

    assert lines[at].startswith("# CHANGE: ")
    assert f"({rows} of 3 rows" in lines[at]
    assert yaml.safe_load(lines[at + 1].removeprefix("# ")) == {"rows": {"skip": rule, "skipped_contacts": "lock"}}


def proposed_rows(text: str) -> list[Any]:
    """The examples for ``rows:``, which stand in comments."""
    return [yaml.safe_load(line.removeprefix("# "))["rows"] for line in text.splitlines() if line.startswith("# rows:")]


def test_contacts_without_a_key_cannot_be_locked() -> None:
    """Then the example only leaves the rows out; several such columns are in one example."""
    people = (("Ann Miller", "+491711234567", "x", "no"), ("Bob Miller", "+491711234568", "", "yes"))

    text, _ = columns_of(("Name", "Phone", "DNC", "Opt-In"), *people)

    assert proposed_rows(text) == [{"skip": {"DNC": ["x"], "Opt-In": ["no"]}}]


def test_an_opt_out_column_of_dates_forbids_by_whatever_stands_in_it() -> None:
    """The days are different in each list."""
    people = ((f"K{day}", "Ann Miller", "+491711234567", f"2026-01-{day:02}") for day in range(1, 9))

    text, _ = columns_of(("Customer No", "Name", "Phone", "Opt-Out"), *people)

    assert proposed_rows(text)[0]["skip"] == {"Opt-Out": {"empty": False}}


def test_examples_fit_the_list(tmp_path: Path) -> None:
    """A column of a few words, an address and a second number that may be bad, zeros that are lost: each example is a
    valid configuration when its # is taken away."""
    header = ("Kundennr", "Nachname", "Telefon", "Mobil", "E-Mail", "Notiz", "Status")
    people = [
        (f"K{n}", "Meier", f"030 39200{n}", f"1713920{n}", "a@example.com", f"Rückruf {n}", ("offen", "zu")[n % 2])
        for n in range(100, 112)
    ]

    text, _ = columns_of(header, *people)

    assert proposed_rows(text) == [{"only": {"Status": ["offen", "zu"]}}]
    rules = {match[1]: yaml.safe_load(match[2]) for match in re.finditer(r"^#   (\w+): (\{.*\})$", text, re.MULTILINE)}
    assert {name: rule.get("lost_zero") for name, rule in rules.items()} == {
        "Email": None,
        "PhoneNumber2": "restore",
        "Comment": None,
    }
    assert {rule.get("invalid") or rule["overwrite"] for rule in rules.values()} == {"empty", "if_empty"}
    path = tmp_path / "proposed.yaml"
    taken = re.sub(r"^# (rows: .*)$", r"\1", text, flags=re.MULTILINE)
    for name, rule in rules.items():
        taken = re.sub(rf"^  {name}: .*$", f"  {name}: {json.dumps(rule)}", taken, flags=re.MULTILINE)
    path.write_text(taken, encoding="utf-8")
    settings = load_config(path, {"DIALLER_SYNC_TOKEN": "t"})
    assert settings.rows.only["Status"].values == ("offen", "zu")
    assert settings.columns["PhoneNumber2"].lost_zero == "restore"


@pytest.mark.parametrize(("key", "examples"), [("Kundennr", 2), ("Ort", 1)])
def test_examples_for_several_campaigns_go_by_postal_code_and_key(tmp_path: Path, key: str, examples: int) -> None:
    """Each is a valid configuration in place of the one above; shares need a key."""
    people = [(f"{n}" if examples == 2 else "Berlin", "Meier", "030 39200121", zip_) for n, zip_ in enumerate(ZIPS)]

    text, _ = columns_of((key, "Nachname", "Telefon", "PLZ"), *people)

    proposed = re.findall(r"^# (campaign: .*)$", text, re.MULTILINE)
    assert len(proposed) == examples
    path = tmp_path / "proposed.yaml"
    for line in proposed:
        path.write_text(re.sub(r"^campaign: .*$", line, text, flags=re.MULTILINE), encoding="utf-8")
        campaign = load_config(path, {"DIALLER_SYNC_TOKEN": "t"}).campaign
        assert campaign.split or [route.pattern for route in campaign.routes or ()] == ["^8", "^0"]


ZIPS = ("01099", "80331", "80335", "10115", "80337", "01067")


@pytest.mark.parametrize(
    ("header", "cells", "field"),
    [
        ("Title", ("Head of Procurement", "CEO"), None),
        ("Title", ("Dr.", "Prof. Dr."), "Title"),
        ("Titel", ("Dr.", ""), "Title"),
        ("Title", ("Mr.", "Mrs."), "Salutation"),
        ("Titre", ("M.", "Mme"), "Salutation"),
        ("Job Title", ("CEO", "CTO"), None),
    ],
)
def test_a_title_is_told_by_its_cells(header: str, cells: tuple[str, str], field: str | None) -> None:
    """Academic, a salutation, or a position, which no field holds."""
    _, columns = columns_of(("Last Name", "Phone", header), *(("Miller", "+491711234567", cell) for cell in cells))

    assert {name for name, column in columns.items() if column == header} == ({field} if field else set())


@pytest.mark.parametrize("column", ["Letzter Kontakt", "Kontakt", "Nummer", "Name", "Wer", "Nom", "Kunde"])
@pytest.mark.parametrize("cells", [("17.03.2024", "18.03.2024"), ("1001", "1002"), ("2024-03-17 10:00", "")])
def test_a_column_of_dates_or_numbers_is_never_the_name(column: str, cells: tuple[str, str]) -> None:
    """Whatever it is called."""
    _, columns = columns_of((column, "Telefon"), *((cell, "+491711234567") for cell in cells))

    assert columns["Name"] == {"value": "unknown"}


def test_the_key_is_unique_and_filled() -> None:
    """The better name does not help a column that is empty or says the same of several rows."""
    rows = [("", "7", "1", "A", "Miller", "+491711234567"), ("", "7", "2", "B", "Smith", "+491711234568")]
    text, columns = columns_of(("Customer No", "Owner ID", "ID", "Row Checksum", "Last Name", "Phone"), *rows)
    marked, _ = columns_of(
        ("Kundennr", "Nachname", "Telefon"), *(("1", "A", "+491711234567"),) * 3, ("2", "B", "+4917")
    )

    assert columns["UserData"] == "ID"
    assert "  UserData: ID\n" in text
    assert "UserData: Kundennr   # CHANGE: 2 of 4 rows have the key of another row" in marked


def test_a_sheet_that_was_chosen_is_part_of_the_proposal() -> None:
    """So that the next command reads the same; and so is what else was said of how the file is read."""
    layout = Layout(path=Path("list.xlsx"), format="xlsx", columns=("Name", "Phone"), sheet="Kunden: 2")
    table = Rows(layout, (("Ann Miller", "+491711234567"),))
    text = propose_config(table, SourceSettings(sheet="2", header=[3]))

    assert yaml.safe_load(text)["source"] == {"sheet": "Kunden: 2", "header": [3]}


def test_a_mark_begins_its_comment_and_is_never_in_the_first_line() -> None:
    """A configuration with such a comment is unfinished."""
    text, _ = columns_of(("x", "y"), ("1", "2"))

    assert not text.splitlines()[0].startswith("# CHANGE")
    assert all("# CHANGE" in line for line in text.splitlines()[1:] if "CHANGE:" in line)


def test_cells_that_do_not_fit_their_header_are_said() -> None:
    """Several e-mail addresses in a cell are a question; a column of other things is not used, with the reason."""
    rows = (("Miller", "+491711234567", "a@b.de; c@d.de", "see contract"), ("Smith", "+491711234568", "e@f.de", "none"))
    text, columns = columns_of(("Last Name", "Phone", "Email", "IBAN"), *rows)

    assert columns["Email"] == "Email"
    assert "  Email: Email   # CHANGE: 1 of 2 cells is an e-mail address" in text
    assert "  # not used: IBAN   (its cells do not look like AccountIBAN)" in text
