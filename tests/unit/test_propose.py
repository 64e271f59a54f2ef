"""The configuration that ``init`` proposes: it loads, it binds, and it says the right thing about each column."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialler_sync.config import Settings, load_config
from dialler_sync.fields import VENDOR_COLUMNS
from dialler_sync.model import Contact, Layout, Rejection
from dialler_sync.propose import propose_config
from dialler_sync.validate import Checker

from ..rows import Rows, layout_of

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
    check = Checker(settings, table.layout)
    (chunk,) = table.chunks()
    return check(chunk)


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

    assert ("they can be read in other ways too" not in text) == certain
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
