"""The sample files are what the examples, the demo and other tests say they are, byte by byte."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import openpyxl
import phonenumbers
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from dialler_sync.config import Settings, load_config
from dialler_sync.fields import FIELDS, PHONE_FIELDS, VENDOR_COLUMNS, VENDOR_MARK

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "sample_data"
CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))

Row = dict[str, str]

CRM_BAD: dict[int, Callable[[Row], bool]] = {
    26: lambda row: not row["Telefon"] and not row["Mobil"],
    58: lambda row: not row["Nachname"],
    87: lambda row: row["Mobil"] == "4,91701E+11",
    112: lambda row: len(row["Firma"]) > 64,
    149: lambda row: row["Telefon"] == "siehe Notiz" and not row["Mobil"],
    184: lambda row: "@" not in row["E-Mail"] != "",
}
"""Row number that Excel shows, and what is wrong there."""
CRM_MOVED = (17, 158)
"""The rows of the one customer who is in the export twice."""
CRM_SUPPRESSED = [13, 40, 74, 128, 193]
"""The rows whose number is in do_not_call.csv."""

BAD_GOOD = [2, 14, 32]
"""The good rows of bad_rows.csv."""
BAD_RAGGED = {24: 16, 25: 18}
"""Its ragged rows, and how many cells they have in place of 17."""

NOBODY = re.compile(
    r"\+49(171 39200\d\d|176 040690\d\d|152 (28817386|28895456|54599371)"
    r"|172 (9925904|9968532|9973185|9973186|9980752)|174 (9464308|9091317)"
    r"|30 23125\d{3}|69 90009\d{3}|40 66969\d{3}|221 4710\d{3}|89 99998\d{3})"
    r"|\+44 20 79460\d{3}".replace(" ", "")
)
"""Numbers for films and books, which are never given to anybody.

Sources: Bundesnetzagentur, Mitteilung 148/2021 ("Drama Numbers"); Ofcom, "Telephone numbers for drama use".
"""


def e164(text: str, region: str | None = "DE") -> str:
    """The number in E.164, after making sure that it is valid and that nobody has it."""
    number = phonenumbers.parse(text, region)
    plain = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    assert phonenumbers.is_valid_number(number), text
    assert NOBODY.fullmatch(plain), f"{text} might ring somebody"
    return plain


def iban_is_right(iban: str) -> bool:
    digits = "".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])
    return int(digits) % 97 == 1


def records(name: str, encoding: str, delimiter: str) -> list[list[str]]:
    text = (SAMPLES / name).read_bytes().decode(encoding)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


def numbered(table: list[list[str]]) -> dict[int, Row]:
    header, *rows = table
    return {
        number: dict(zip(header, row, strict=True)) for number, row in enumerate(rows, 2) if len(row) == len(header)
    }


def settings_of(name: str) -> Settings:
    return load_config(ROOT / "configs" / name, {"DIALLER_SYNC_TOKEN": "secret"})


def row_ends_are_crlf(name: str, rows: int) -> bool:
    """Line feeds that stand alone are line breaks inside cells."""
    return (SAMPLES / name).read_bytes().count(b"\r\n") == rows


@pytest.fixture(scope="module")
def crm() -> dict[int, Row]:
    return numbered(records("crm_export.csv", "cp1252", ";"))


@pytest.fixture(scope="module")
def crm_good(crm: dict[int, Row]) -> dict[int, Row]:
    return {number: row for number, row in crm.items() if number not in CRM_BAD}


@pytest.fixture(scope="module")
def team_list() -> Worksheet:
    return openpyxl.load_workbook(SAMPLES / "team_list.xlsx")["Rückrufe"]


@pytest.fixture(scope="module")
def bad() -> dict[int, Row]:
    return numbered(records("bad_rows.csv", "utf-8-sig", ","))


def test_the_files_stay_small() -> None:
    """A checkout carries the sample files everywhere, so they must weigh next to nothing."""
    assert sum(path.stat().st_size for path in SAMPLES.iterdir()) < 200_000


class TestCrmExport:
    def test_is_cp1252_and_not_utf8(self) -> None:
        """Umlauts and € in the code page of a German Windows: read as UTF-8 or latin-1, the file is damaged."""
        content = (SAMPLES / "crm_export.csv").read_bytes()

        with pytest.raises(UnicodeDecodeError):
            content.decode("utf-8")
        text = content.decode("cp1252")
        assert set("äöüßÄÖÜé€–„“’") <= set(text)

    def test_rows_end_in_crlf_and_cells_hold_line_breaks(self, crm: dict[int, Row]) -> None:
        """Row numbers differ from line numbers, as they do in real exports."""
        assert row_ends_are_crlf("crm_export.csv", rows=201)
        assert sum(any("\n" in cell for cell in row.values()) for row in crm.values()) >= 5
        assert any(";" in row["Notiz"] for row in crm.values())
        assert any('"' in row["Firma"] for row in crm.values())

    def test_has_200_whole_rows(self, crm: dict[int, Row]) -> None:
        """No row is ragged: what is rejected here is rejected for its cells."""
        assert list(crm) == list(range(2, 202))

    def test_leading_zeros_are_there(self, crm: dict[int, Row]) -> None:
        """Customer numbers and postal codes lose data when a tool takes them for numbers."""
        german = [row["PLZ"] for row in crm.values() if row["Land"] == "Deutschland"]

        assert all(re.fullmatch(r"000\d{5}", row["Kundennummer"]) for row in crm.values())
        assert "00012345" in {row["Kundennummer"] for row in crm.values()}
        assert all(re.fullmatch(r"\d{5}", code) for code in german)
        assert "01099" in german

    def test_amounts_have_a_decimal_comma(self, crm: dict[int, Row]) -> None:
        """The decimal sign has to be named in the configuration."""
        amounts = [amount for row in crm.values() if (amount := row["Offener Betrag (€)"])]

        assert all(re.fullmatch(r"-?\d+,\d\d", amount) for amount in amounts)
        assert any(amount.startswith("-") for amount in amounts)

    def test_one_customer_is_there_twice_with_different_data(self, crm: dict[int, Row]) -> None:
        """``duplicate_keys`` has exactly one decision to make."""
        count = Counter(row["Kundennummer"] for row in crm.values())
        first, last = (crm[number] for number in CRM_MOVED)

        assert [key for key, n in count.items() if n > 1] == [first["Kundennummer"]] == [last["Kundennummer"]]
        assert first["Ort"] != last["Ort"]
        assert first["Mobil"] != last["Mobil"]

    @pytest.mark.parametrize("number", CRM_BAD)
    def test_bad_rows_are_bad(self, crm: dict[int, Row], number: int) -> None:
        """The few rows that must be rejected are wrong in the way that is promised."""
        assert CRM_BAD[number](crm[number])

    def test_every_other_row_can_be_imported(self, crm_good: dict[int, Row]) -> None:
        """A rejection of any other row is a mistake of the program."""
        limits = {rule.column: FIELDS[field].limit((3, 19)) for field, rule in settings_of("demo.yaml").columns.items()}

        for row in crm_good.values():
            assert row["Nachname"]
            assert row["Telefon"] or row["Mobil"]
            assert row["E-Mail"].count("@") == bool(row["E-Mail"])
            assert not row["IBAN"] or iban_is_right(row["IBAN"])
            assert not row["Wiedervorlage"] or datetime.strptime(row["Wiedervorlage"], "%d.%m.%Y")  # noqa: DTZ007
            for column, cell in row.items():
                assert len(cell) <= (limits.get(column) or len(cell)), (column, cell)

    def test_every_phone_number_is_valid_and_nobodys(self, crm_good: dict[int, Row]) -> None:
        """Whoever points the demo at a real dialler by mistake calls nobody."""
        for row in crm_good.values():
            for column in ("Telefon", "Mobil", "Fax"):
                assert not row[column] or e164(row[column])

    @pytest.mark.parametrize(
        "spelling",
        [
            r"01\d\d/\d{3} \d\d \d\d",
            r"01\d\d \d+",
            r"01\d\d-\d+",
            r"01\d\d\.\d+",
            r"01\d\d – \d+",
            r"01\d\d\u00a0\d+",
            r"01\d+",
            r"\(01\d\d\) \d+",
            r"\+49 \(0\) 1\d\d \d+",
            r"\+49 \(0\)1\d\d .+",
            r"\+491\d+",
            r"\+49-1\d\d-\d+",
            r"0049 1\d\d \d+",
            r"00491\d+",
            r"\(0[2-9]\d+\) \d+-\d{3}",
            r"0[2-9]\d/\d+-\d{3}",
            r"\+49 \(0\)[2-9]\d/\d+-\d{3}",
            r"0049[2-9]\d+",
            r"\+44 .*",
        ],
    )
    def test_phone_numbers_are_spelled_in_many_ways(self, crm_good: dict[int, Row], spelling: str) -> None:
        """Every way in which Germans write a phone number is there."""
        assert any(re.fullmatch(spelling, row[column]) for row in crm_good.values() for column in ("Telefon", "Mobil"))


class TestDoNotCall:
    def test_names_five_customers_in_other_spellings(self, crm_good: dict[int, Row]) -> None:
        """Suppression works only if numbers are compared in E.164, not as text."""
        table = numbered(records("do_not_call.csv", "utf-8", ";"))
        listed = {e164(row["Rufnummer"]): row["Rufnummer"] for row in table.values()}
        phones = {n: [row[c] for c in ("Telefon", "Mobil") if row[c]] for n, row in crm_good.items()}

        assert len(listed) == 7
        assert [n for n, texts in phones.items() if any(e164(t) in listed for t in texts)] == CRM_SUPPRESSED
        assert not set(listed.values()) & {text for texts in phones.values() for text in texts}


class TestTeamList:
    def test_header_is_in_the_third_row(self, team_list: Worksheet) -> None:
        """A title and an empty row stand above it."""
        top = [[cell.value for cell in row] for row in team_list["A1:M3"]]

        assert str(top[0][0]).startswith("Rückrufliste")
        assert not any(top[0][1:] + top[1])
        assert top[2][:5] == ["Kundennr.", "Name", "Vorname", "Firma", "PLZ"]
        assert all(top[2])

    def test_has_40_rows_and_an_empty_second_sheet(self, team_list: Worksheet) -> None:
        """Only one sheet holds data, so there is nothing to choose."""
        book = openpyxl.load_workbook(SAMPLES / "team_list.xlsx")

        assert book.sheetnames == ["Rückrufe", "Tabelle2"]
        assert list(book["Tabelle2"].values) == []
        assert team_list.max_row == 43
        assert all(row[1] for row in team_list.iter_rows(min_row=4, values_only=True))

    @pytest.mark.parametrize(("column", "shown_as"), [("A", "00000000"), ("E", "00000")])
    def test_zeros_exist_only_in_the_number_format(self, team_list: Worksheet, column: str, shown_as: str) -> None:
        """The file holds 1099, Excel shows 01099: Excel's own format for postal codes."""
        cells = team_list[f"{column}4:{column}43"]

        assert all(cell.data_type == "n" and cell.number_format == shown_as for (cell,) in cells)
        assert any(len(str(cell.value)) < len(shown_as) for (cell,) in cells)

    def test_mobile_numbers_are_numbers(self, team_list: Worksheet) -> None:
        """491713920012 without a plus, but for three that somebody typed as text."""
        values = [cell.value for (cell,) in team_list["G4:G43"]]
        typed = [value for value in values if isinstance(value, str)]
        numbers = [value for value in values if isinstance(value, int)]

        assert (len(typed), len(numbers)) == (3, 37)
        assert all(e164(text) for text in typed)
        assert all(e164(f"+{number}", None) for number in numbers)

    def test_landlines_are_numbers(self, team_list: Worksheet) -> None:
        """A second phone column, mostly empty."""
        values = [cell.value for (cell,) in team_list["H4:H43"] if cell.value is not None]

        assert values
        assert all(isinstance(value, int) and e164(f"+{value}", None) for value in values)

    def test_dates_and_amounts_are_typed_and_one_column_is_hidden(self, team_list: Worksheet) -> None:
        """Cells whose display is not their value."""
        amounts = [cell.value for (cell,) in team_list["J4:J43"] if cell.value is not None]
        dates = [cell for (cell,) in team_list["K4:K43"] if cell.value is not None]

        assert all(isinstance(value, float) for value in amounts)
        assert all(cell.is_date and cell.number_format == "DD.MM.YYYY" for cell in dates)
        assert [name for name, column in team_list.column_dimensions.items() if column.hidden] == ["L"]


class TestVendorExport:
    def test_every_row_is_the_vendors(self) -> None:
        """No header; each row begins with the mark and has every field of the format."""
        table = records("vendor_export.csv", "utf-8", ";")

        assert len(table) == 25
        assert all(row[0] == VENDOR_MARK and len(row) == len(VENDOR_COLUMNS) for row in table)

    def test_every_field_is_quoted(self) -> None:
        """Written again with every field quoted, the file is the same."""
        again = io.StringIO(newline="")
        table = records("vendor_export.csv", "utf-8", ";")
        csv.writer(again, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(table)

        assert again.getvalue().encode() == (SAMPLES / "vendor_export.csv").read_bytes()

    def test_every_row_can_be_imported(self) -> None:
        """Phones are E.164 already, numbers have a point, keys are unique."""
        rows = [dict(zip(VENDOR_COLUMNS, row, strict=True)) for row in records("vendor_export.csv", "utf-8", ";")]

        assert len({row["UserData"] for row in rows}) == len(rows)
        assert {row["DiallerCampaignsName"] for row in rows} == {"Nightly", "Trade fair callbacks"}
        for row in rows:
            assert row["Name"]
            assert row["PhoneNumber1"]
            assert all(row[f] == e164(row[f], None) for f in (*PHONE_FIELDS, "FaxNumber") if row[f])
            assert re.fullmatch(r"(\d+\.\d\d)?", row["Amount"])
            assert not row["AccountIBAN"] or iban_is_right(row["AccountIBAN"])
            assert not row["FollowUpDateTime"] or datetime.fromisoformat(row["FollowUpDateTime"])
            assert all(len(cell) <= (FIELDS[f].longest or len(cell)) for f, cell in row.items() if f in FIELDS)


class TestBadRows:
    def test_is_utf8_with_bom_and_crlf(self) -> None:
        """What Excel saves as "CSV UTF-8"."""
        assert (SAMPLES / "bad_rows.csv").read_bytes().startswith(b"\xef\xbb\xbfCustomer No,")
        assert row_ends_are_crlf("bad_rows.csv", rows=32)

    def test_two_rows_are_ragged(self) -> None:
        """One cell too few, one too many; the last cell says so all the same."""
        header, *rows = records("bad_rows.csv", "utf-8-sig", ",")

        assert {n: len(row) for n, row in enumerate(rows, 2) if len(row) != len(header)} == BAD_RAGGED
        assert header[-1] == "Why"
        assert all(row[-1] for row in rows)

    def test_good_rows_are_good(self, bad: dict[int, Row]) -> None:
        """A program that rejects everything fails on these."""
        assert [number for number, row in bad.items() if row["Why"] == "good"] == BAD_GOOD
        assert all(e164(bad[number]["Phone"]) for number in BAD_GOOD)
        assert iban_is_right(bad[2]["IBAN"])

    @pytest.mark.parametrize(
        ("number", "column", "wrong"),
        [
            (3, "Last name", r""),
            (4, "Phone", r""),
            (5, "Phone", r"[a-z ]+"),
            (6, "Phone", r"0171 \d{3}"),
            (7, "Phone", r"\+1 202 555"),
            (8, "Phone", r"0171 \d{14}"),
            (9, "Phone", r"0123 \d+"),
            (10, "Phone", r"0900 1 \d{6}"),
            (11, "Phone", r"4\.91714E\+11"),
            (12, "Phone", r"1713920012"),
            (13, "Other phone", r"0171 \d{7}"),
            (15, "Last name", r".{65,}"),
            (16, "Postal code", r".{11,}"),
            (17, "Email", r"[^@]+"),
            (18, "IBAN", r"DE00\d{18}"),
            (19, "BIC", r"[A-Z]{8}1"),
            (20, "Amount", r"about 130"),
            (21, "Follow-up", r"31\.02\.2027"),
            (22, "Sort order", r"first"),
            (23, "Reset", r"perhaps"),
            (26, "Customer No", r"B-0101"),
            (27, "Customer No", r"B-0101"),
            (28, "Last name", r"#REF!"),
            (29, "Phone", r"#N/A"),
            (30, "Last name", r"Wei\ufffdenborn"),
            (31, "Last name", r""),
            (31, "Phone", r""),
            (31, "Email", r"none"),
        ],
    )
    def test_each_bad_row_is_wrong_as_its_why_says(
        self, bad: dict[int, Row], number: int, column: str, wrong: str
    ) -> None:
        """One fault a row, so that a test can ask for exactly that one (row 31 has three)."""
        row = bad[number]
        usual = {"Last name": "Weißenborn", "Phone": "0171 3920012", "Email": "karin.weissenborn@example.com"}

        assert re.fullmatch(wrong, row[column])
        if number not in {26, 27, 31}:
            assert all(row[name] == cell for name, cell in usual.items() if name != column)

    def test_nothing_else_is_there(self, bad: dict[int, Row]) -> None:
        """Every row is good, bad in a known way, or ragged; only one key is there twice."""
        assert sorted([*bad, *BAD_RAGGED]) == list(range(2, 33))
        assert [k for k, n in Counter(r["Customer No"] for r in bad.values()).items() if n > 1] == ["B-0101"]


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
class TestConfigs:
    def test_loads_and_says_what_it_is_for(self, path: Path) -> None:
        """The first thing in each file is a comment with the command that uses it."""
        comment = path.read_text(encoding="utf-8").split("\n\n")[0]

        assert settings_of(path.name)
        assert all(line.startswith("#") for line in comment.splitlines())
        assert f"dialler-sync -c configs/{path.name} " in comment

    def test_names_only_columns_and_files_that_exist(self, path: Path) -> None:
        """An example that stops at its first missing column teaches nothing."""
        settings = settings_of(path.name)
        source = re.findall(r"sample_data/(\w+\.\w+)", path.read_text(encoding="utf-8"))[0]
        names = [name for rule in settings.columns.values() for name in columns_of(rule.column, rule.template)]

        assert set(names) <= set(header_of(source))
        assert all(listed.file.is_file() for listed in settings.suppress)


def columns_of(column: str | None, template: str | None) -> list[str]:
    return [column] if column else re.findall(r"\{([^}]+)\}", template or "")


def header_of(name: str) -> list[str]:
    if name == "team_list.xlsx":
        sheet = openpyxl.load_workbook(SAMPLES / name).worksheets[0]
        return [str(cell.value) for cell in sheet[3]]
    encoding, delimiter = {"crm_export.csv": ("cp1252", ";"), "bad_rows.csv": ("utf-8-sig", ",")}.get(
        name, ("utf-8", ";")
    )
    return records(name, encoding, delimiter)[0]
