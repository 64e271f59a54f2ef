"""Do-not-call lists: who is on one, however the number is written, and lists that cannot be relied on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from dialler_sync import read
from dialler_sync.config import SourceSettings
from dialler_sync.errors import CannotResume, ListUnreadable, MachineAtFault
from dialler_sync.model import Contact, RowWarning
from dialler_sync.plan.suppress import SuppressionList, SuppressionLists
from dialler_sync.plan.suppress_files import read_suppression_lists
from dialler_sync.prepare.lookups import read_lookups

from ...helpers.rows import BASIC, settings_of

Lists = Callable[..., SuppressionLists]


@pytest.fixture
def lists(tmp_path: Path) -> Lists:
    """Read a list of these entries."""

    def lists(*entries: str, **rules: Any) -> SuppressionLists:
        path = tmp_path / "dnc.csv"
        path.write_text("\n".join(["Entry;Since", *(f"{entry};2026" for entry in entries)]) + "\n", encoding="utf-8")
        return read_suppression_lists(settings_of(BASIC, suppress={"file": path, "column": "Entry", **rules}))

    return lists


@pytest.mark.parametrize(
    ("by", "entry", "fields", "found"),
    [
        ("phone", "0171 3920012", {"PhoneNumber1": "+491713920012"}, True),
        ("phone", "+49 171 3920012", {"PhoneNumber5": "491713920012"}, True),
        ("phone", "0171 3920012", {"PhoneNumber2": "0171/3920012"}, True),  # as another program wrote it
        ("phone", "0171 3920012", {"PhoneNumber1": "+491713920013", "PhoneNumber2": "+491713920012"}, True),
        ("phone", "0171 3920012", {"PhoneNumber1": "none", "PhoneNumber2": None}, False),
        ("phone", "0171 3920012", {"UserData": "491713920012", "Comment": "+491713920012"}, False),
        ("user_data", "K1", {"UserData": "K1"}, True),
        ("user_data", "K1", {"UserData": "k1", "Name": "K1"}, False),
        ("user_data", "None", {}, False),
        ("email", "None", {}, False),
        ("email", " Ann@Example.COM ", {"Email": "ann@example.com"}, True),
        ("email", "ann@example.com", {"Email": " ANN@example.com"}, True),
        ("email", "ann@example.com", {"UserData": "ann@example.com"}, False),
    ],
)
def test_who_is_on_a_list(by: str, entry: str, fields: dict[str, Any], found: bool, lists: Lists) -> None:
    reason = lists(entry, by=by, region="DE").reason(fields)

    assert bool(reason) is found
    assert not found or reason.endswith("is in dnc.csv")


@pytest.mark.parametrize(
    ("region", "entry", "held"),
    [
        ("MX", "+5215512345678", "+5215512345678"),  # the list's own spelling, in the old way
        ("MX", "55 1234 5678", "5215512345678"),
        ("HU", "06 20 123 4567", "+3606201234567"),
        ("LT", "+370 612 34567", "861234567"),
        ("US", "212 555 1234", "0012125551234"),
        ("DE", "0171 3920012", "1 713 920 012"),
        ("DE", "0171 3920012", "0171/3920012 Frau Meier"),
        ("DE", "0171 3920012", "030 39200121 Büro; 0171 3920012 nach 18 Uhr"),
        ("DE", "0171 3920012", "030 39200121 0171 3920012"),
        ("DE", "0171 3920012", "0171_3920012"),
        ("DE", "0171 3920012", "0171 3920012 2"),
        ("DE", "030 39200121", "030 39200121-123"),
        ("DE", "0171 3920012", "sip:+491713920012@pbx.example.com"),
    ],
)
def test_a_number_of_the_dialler_is_found_however_it_is_written(
    region: str, entry: str, held: str, lists: Lists
) -> None:
    found = lists(entry, region=region, lock=True)

    assert found.reason_to_lock({"PhoneNumber2": held})
    assert not found.reason_to_lock({"PhoneNumber2": held.replace("4", "3").replace("9", "8")})


def test_every_address_of_a_contact_counts(lists: Lists) -> None:
    assert lists("ann@example.com", by="email").reason({"Email": "bob@example.com; Ann <Ann@example.com>"})


def test_a_footnote_with_words_may_hold_an_entry(tmp_path: Path) -> None:
    path = tmp_path / "dnc.csv"
    path.write_text("Phone;Note\n0171 3920012;a\n0171 3920013;b\n\nAs of 01.01.2026 030 39200121;\n", encoding="utf-8")
    suppress = {"file": path, "column": "Phone", "region": "DE"}

    assert read_suppression_lists(settings_of(BASIC, suppress=suppress)).reason({"PhoneNumber1": "+493039200121"})


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_of_entries_is_not_left_out_unseen(state: str, tmp_path: Path) -> None:
    book = Workbook()
    hidden = book.create_sheet("2026")
    hidden.sheet_state = state
    for sheet, entry in ((book.worksheets[0], "K1"), (hidden, "K2")):
        sheet.append(["Entry"])
        sheet.append([entry])
    book.save(tmp_path / "dnc.xlsx")
    suppress = {"file": tmp_path / "dnc.xlsx", "column": "Entry", "by": "user_data"}

    with pytest.raises(ListUnreadable, match="several sheets have data"):
        read_suppression_lists(settings_of(BASIC, suppress=suppress))

    named = {**suppress, "source": {"sheet": "2026"}}
    assert read_suppression_lists(settings_of(BASIC, suppress=named)).reason({"UserData": "K2"})


def test_a_number_that_the_dialler_holds_as_digits_needs_no_region(lists: Lists) -> None:
    assert lists("+49 171 3920012").reason({"PhoneNumber1": "491713920012"})


def test_every_number_of_a_cell_counts(lists: Lists) -> None:
    both = lists("0171 3920012 / 0172 3920013", region="DE")

    assert both.reason({"PhoneNumber1": "+491713920012"})
    assert both.reason({"PhoneNumber1": "+491723920013"})


def test_blank_cells_are_no_entries(lists: Lists) -> None:
    """A contact without an e-mail address is on no list."""
    for by in ("email", "user_data"):
        assert not lists("x", " ", "", by=by).reason({"Email": " ", "UserData": ""})


def test_a_list_that_is_not_understood_is_refused(lists: Lists) -> None:
    """Each row is told; without a region nobody knows whose number it is."""
    with pytest.raises(ListUnreadable, match=r"row 3 \('0171'\), row 4 \('n/v 12'\)\. Correct"):
        lists("+49 171 3920012", "0171", "n/v 12", region="DE")
    with pytest.raises(ListUnreadable, match=r"row 2"):
        lists("0171 3920012")
    with pytest.raises(ListUnreadable, match="and 1 more"):
        lists(*["12"] * 6)


@pytest.mark.parametrize("entries", [[" ", " "], []])
def test_a_list_without_entries_must_be_meant(entries: list[str], lists: Lists) -> None:
    with pytest.raises(ListUnreadable, match="may_be_empty"):
        lists(*entries, by="user_data")
    assert not lists(*entries, by="user_data", may_be_empty=True).reason({"UserData": ""})


def test_a_list_without_its_column_is_refused(lists: Lists) -> None:
    with pytest.raises(ListUnreadable, match=r"no column 'Entri'.*'Entry'"):
        lists("x", column="Entri")


ONE = SuppressionList("user_data", frozenset({"K1"}), "one.csv", "aa")
TWO = SuppressionList("user_data", frozenset({"K2"}), "two.csv", "bb", lock=True)


def test_every_list_counts_and_only_some_lock() -> None:
    both = SuppressionLists((ONE, TWO))

    reasons = [both.reason({"UserData": key}) for key in ("K1", "K2", "K3")]
    assert reasons == [
        "K1 is in one.csv",
        "K2 is in two.csv",
        "",
    ]
    assert [both.reason_to_lock({"UserData": key}) for key in ("K1", "K2")] == ["", "K2 is in two.csv"]
    assert (both.lock, SuppressionLists((ONE,)).lock) == (True, False)
    assert (bool(both), bool(SuppressionLists())) == (True, False)


@pytest.mark.parametrize("before", [{"one.csv": "aa", "two.csv": "cc"}, {"one.csv": "aa"}, {}])
def test_a_run_goes_on_only_with_its_own_lists(before: dict[str, str]) -> None:
    """One that has changed, and one that is new."""
    with pytest.raises(CannotResume, match=r"two\.csv|one\.csv"):
        SuppressionLists((ONE, TWO)).check(before, "{file} is not the one that run {run} has read", run="R")
    SuppressionLists((ONE, TWO)).check(
        {"one.csv": "aa", "two.csv": "bb"}, "{file} is not the one that run {run} has read", run="R"
    )


@pytest.mark.parametrize(
    ("last_day", "counts"),
    [
        ("2026-03-09", False),
        ("2026-03-10", True),  # the day itself still counts
        ("2026-03-10 08:00", True),
        ("09.03.2026", False),
        ("", True),
        ("09/03/2026", True),  # not a day as configured: the safe side
    ],
)
def test_an_entry_counts_up_to_its_last_day(last_day: str, counts: bool, tmp_path: Path) -> None:
    path = tmp_path / "dnc.csv"
    path.write_text(f"Entry;Until\n+491713920012;{last_day}\n+491713920013;\n", encoding="utf-8")
    rules = {"file": path, "column": "Entry", "expires": "Until", "formats": ["%d.%m.%Y"]}

    found = read_suppression_lists(settings_of(BASIC, suppress=rules), date(2026, 3, 10))

    assert bool(found.reason({"PhoneNumber1": "+491713920012"})) is counts
    assert found.reason({"PhoneNumber1": "+491713920013"})


def test_a_list_of_numbers_leaves_out_only_these(lists: Lists) -> None:
    """But for a contact that has no other number, or that another list names."""
    numbers = lists("0171 3920012", "0171 3920013", region="DE", action="number")
    contact = Contact(2, {"UserData": "K1", "PhoneNumber1": "+491713920012", "PhoneNumber2": "+493039200121"})
    both = SuppressionLists((*numbers.lists, ONE))
    all_of_it = {"PhoneNumber1": "+491713920012", "PhoneNumber2": "+491713920013", "PhoneNumber3": None}

    assert numbers.without_numbers(contact) == Contact(
        2,
        {"UserData": "K1", "PhoneNumber1": None, "PhoneNumber2": "+493039200121"},
        (RowWarning("field_left_out", "PhoneNumber1"),),
    )
    assert both.without_numbers(contact) is contact
    rules = {"PhoneNumber1": "never", "Name": "never"}
    assert numbers.may_be_kept(contact.fields, rules) == {"Name": "never"}
    assert numbers.may_be_kept({"PhoneNumber1": "+491713920099"}, rules) == rules
    assert SuppressionLists((ONE,)).may_be_kept(contact.fields, rules) == rules
    assert not numbers.reason(contact.fields)
    assert both.reason(contact.fields)
    assert numbers.reason(all_of_it).startswith("no number is left: ")


def _read_list(tmp_path: Path, text: str, **rules: Any) -> SuppressionLists:
    path = tmp_path / "dnc.csv"
    path.write_text(text, encoding="utf-8")
    return read_suppression_lists(settings_of(BASIC, suppress={"file": path, **rules}), date(2026, 3, 10))


@pytest.mark.parametrize("row", ["Bob,,K2", "Miller,Ann,K2", "Bob"])
def test_a_row_whose_entry_may_be_in_another_column_is_refused(row: str, tmp_path: Path) -> None:
    """The cells of one row have moved: nobody knows where its entry is, and it would be called."""
    with pytest.raises(ListUnreadable, match=r"surplus or missing cells in row 3,"):
        _read_list(tmp_path, f"Name,Key\nAnn,K1\n{row}\n", column="Key", by="user_data")


@pytest.mark.parametrize(
    "text",
    [
        "Key,Note,Since\nK1,x,2026\nK2\n",
        "No,Key,Note\n1,K1,x\n2,K2\n",
        "No,Key,Note\n1,anna,x\n2,K2\n3,otto\n",
        "Since,Key,Note\n01.02.2026,K1,x\n2026-01-01,K2\n",
    ],
)
def test_a_short_row_that_has_its_entry_counts(text: str, tmp_path: Path) -> None:
    found = _read_list(tmp_path, text, column="Key", by="user_data")

    assert found.reason({"UserData": "K2"})


def test_all_columns_of_one_name_count(tmp_path: Path) -> None:
    text = "Phone,Phone,Until,Until\n01713920011,01713920012,,\nn/a,01713920013,,\n"
    found = _read_list(tmp_path, text, column="Phone", region="DE")

    assert all(found.reason({"PhoneNumber1": f"+4917139200{end}"}) for end in (11, 12, 13))
    with pytest.raises(ListUnreadable, match=r"several columns are named 'Until' \(suppress\.expires\)"):
        _read_list(tmp_path, text, column="Phone", region="DE", expires="Until")


SURPLUS = [
    ("phone", "Entry,Since,Why\n{0},2026-01-01,x,\n{1},01.02.2026,y,,\n{2},,it, is\n"),
    ("email", "Entry,Why\n{0},will not, really\n{1},y,\n{2}\n"),
    ("user_data", "Entry,Why\n{0},x,\n{1},y\n{2},z,,\n"),
    ("user_data", "Why,Entry,Note\nx,{0},,,\nx,{1},y\nx,{2}\n"),
]
"""Lists with surplus cells that can be no entry, as spreadsheet programs write them."""

ENTRIES = {"phone": "0171392001{}", "email": "a{}@x.org", "user_data": "K{}"}
FIELDS = {
    "phone": ("PhoneNumber1", "+49171392001{}"),
    "email": ("Email", "a{}@x.org"),
    "user_data": ("UserData", "K{}"),
}


@pytest.mark.parametrize(("by", "text"), SURPLUS)
def test_surplus_cells_that_can_be_no_entry_are_harmless(by: str, text: str, tmp_path: Path) -> None:
    found = _read_list(tmp_path, text.format(*map(ENTRIES[by].format, range(3))), column="Entry", by=by, region="DE")
    name, value = FIELDS[by]

    assert all(found.reason({name: value.format(number)}) for number in range(3))


@pytest.mark.parametrize(
    ("by", "row"),
    [
        ("phone", "Miller, Ann,01713920012,"),
        ("phone", "Ann,01713920012,01713920013,"),
        ("phone", "Miller,,1713920012,"),  # a number, though it lacks its zero
        ("phone", "Miller, Ann,01713920012"),
        ("email", "Miller, Ann,ann@x.org,"),
        ("user_data", "Miller, Ann,K2,"),
        ("phone", "Miller,,0171-39-2001,"),
        ("phone", "01713920012,n/a,x"),
        ("email", "bob@x.org,unknown,x"),
        ("email", "bob@x.org,unknown"),
        ("user_data", "K2,lawyer"),
        ("user_data", "K2,01.02.2026"),
        ("phone", "Miller, Ann,n/a,,01713920012"),
    ],
)
def test_an_entry_beside_its_column_is_refused(by: str, row: str, tmp_path: Path) -> None:
    with pytest.raises(ListUnreadable, match=r"row 3"):
        first = ENTRIES[by].format(1)
        _read_list(tmp_path, f"Name,Entry,Why\nBob,{first},x\n{row}\n", column="Entry", by=by, region="DE")


@pytest.mark.parametrize("row", ["Miller, Ann,x", ",K2,"])
def test_a_first_cell_that_may_have_been_cut_or_moved_is_refused(row: str, tmp_path: Path) -> None:
    with pytest.raises(ListUnreadable, match="surplus or missing cells in row 3,"):
        _read_list(tmp_path, f"Entry,Why\nK1,x\n{row}\n", column="Entry", by="user_data")


@pytest.mark.parametrize("header", ["Mail,Why,,", "Mail,Why,,,,"])
@pytest.mark.parametrize("by", ["email", "user_data"])
def test_a_second_table_to_the_right_that_begins_lower_is_refused(header: str, by: str, tmp_path: Path) -> None:
    beside = "," * (header.count(",") - 3)
    text = f"{header}\na@x.org,x,,mail{beside}\nb@x.org,y,,c@x.org{beside}\n"

    with pytest.raises(ListUnreadable, match="in row 2, a second table with a column 'Mail' seems to begin"):
        _read_list(tmp_path, text, column="Mail", by=by)


@pytest.mark.parametrize("between", ["", ";;\n", ";;\nMore of them;;\n"])
@pytest.mark.parametrize("header", ["Key;Since;", ";;Key", "Key;;"])
def test_a_second_table_below_in_other_columns_is_refused(header: str, between: str, tmp_path: Path) -> None:
    text = f"Name;Key;Why\nAnn;K1;x\nBob;K2;y\n{between}{header}\nK3;2026;K3\n"

    with pytest.raises(ListUnreadable, match=r"row [0-9]+(, a second table with| has the names| begins)"):
        _read_list(tmp_path, text, column="Key", by="user_data")


def test_a_word_that_names_the_column_beside_an_entry_is_none(tmp_path: Path) -> None:
    rules = {"column": "Phone", "by": "phone", "region": "DE"}

    _read_list(tmp_path, "Name,Phone,Kind\nAnn,01713920012,Phone\nBob,01713920013,Mobile\n", **rules)


@pytest.mark.parametrize("row", ["C Moser,K3,does not want to be called", "C Moser\tK3\tdoes not want it", '"C;K3;no"'])
def test_an_entry_in_a_row_that_is_delimited_otherwise_is_refused(row: str, tmp_path: Path) -> None:
    with pytest.raises(ListUnreadable, match="surplus or missing cells in row 4"):
        _read_list(tmp_path, f"Name;Key;Why\nA;K1;x\nB;K2;y\n{row}\n", column="Key", by="user_data")


@pytest.mark.parametrize(("by", "column"), [("user_data", "Key"), ("email", "Mail")])
@pytest.mark.parametrize("number", [1, 500])
def test_columns_in_another_order_below_are_refused(by: str, column: str, number: int, tmp_path: Path) -> None:
    rows = "".join(f"K{at},a{at}@x.org,x\n" for at in range(number))

    with pytest.raises(ListUnreadable, match=rf"row {number + 2} has the names of the header in another order"):
        _read_list(tmp_path, f"Key,Mail,Why\n{rows}Mail,Key,Why\nb@x.org,K9,y\n", column=column, by=by)


def test_words_for_no_number_suppress_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """But a list of nothing else is none, even if it may be empty."""
    caplog.set_level("INFO")
    rules = {"column": "Phone", "region": "DE", "may_be_empty": True}
    _read_list(tmp_path, "Phone,Why\nn/a,x\n-,y\n01713920012,z\nSumme,1\n", **rules)
    assert "dnc.csv: rows without a number suppress nobody: row 2 ('n/a'), row 3 ('-'), row 5 ('Summe')." in caplog.text

    for words in ("n/a", "****", "#N/A"):
        with pytest.raises(ListUnreadable, match="not a phone number: row 2"):
            _read_list(tmp_path, f"Phone,Why\n{words},x\n", **rules)
    for words in ("****", "####", "ask Bernd"):
        with pytest.raises(ListUnreadable, match="not a phone number: row 2"):
            _read_list(tmp_path, f"Phone,Why\n{words},x\n01713920012,y\n", **rules)


@pytest.mark.parametrize(
    ("by", "text"),
    [
        ("phone", "Entry,Why,No\n{0},x,1\n{1},y,2\nTel {2},,\n"),
        ("email", "Entry,Why,No\n{0},x,1\n{1},y,2\n\nAnn <{2}>,,\n"),
        ("user_data", "Entry,Why,No,Who\nK7,x,1,A\nK8,z,2,B\n\nMiller,y,,\n"),
    ],
)
def test_the_last_entry_counts_though_it_looks_like_a_footnote(by: str, text: str, tmp_path: Path) -> None:
    found = _read_list(tmp_path, text.format(*map(ENTRIES[by].format, range(3))), column="Entry", by=by, region="DE")
    name, value = FIELDS[by]

    assert found.reason({name: "Miller" if by == "user_data" else value.format(2)})
    assert not found.reason({name: "y"})


@pytest.mark.parametrize(
    "cell",
    [
        *("anna;bob", "anna; bob", "anna, bob", "anna,bob", "anna|bob", "anna\nbob", "bob"),
        *("anna\u2028bob", "anna\vbob", "'anna','bob'", "„anna“, „bob“", "'bob'"),
    ],
)
def test_each_key_of_a_cell_counts(cell: str, tmp_path: Path) -> None:
    found = _read_list(
        tmp_path, f'Entry;Why\n"{cell}";x\nK1;y\nK2,K3;z\n"1,5";w\n"123,456";v\n', column="Entry", by="user_data"
    )

    for key in ("bob", "K1", "K2", "K3", "1,5", "123", "456"):
        assert found.reason({"UserData": key})
    assert not found.reason({"UserData": "5"})


@pytest.mark.parametrize("second", ["Phone,Since", "Number,Date"])
def test_entries_above_another_header_count(second: str, tmp_path: Path) -> None:
    """A list is continued with a header of its own; what is above looks like a title then."""
    text = f"Phone,Since\n0171 3920012,01.11.2026\n\nNew in May:\n\n{second}\n0173 3920014,02.11.2026\n"
    column = "Phone" if second.startswith("Phone") else "Number"
    found = _read_list(tmp_path, text, column=column, region="DE")

    for number in ("+491713920012", "+491733920014"):
        assert found.reason({"PhoneNumber1": number})


@pytest.mark.parametrize(
    ("by", "text"),
    [
        ("user_data", "Phone;Why\n1001;moved\n1002;asked\nNo;Phone;Since\n1;1003;2024-01-01\n2;1004;2024-01-02\n"),
        ("phone", "Name;Phone\nAnn;4,91714E+11\nNo;Phone;Since\n1;01713920012;2024-01-01\n2;01713920013;2024-01-02\n"),
    ],
)
def test_a_table_above_the_header_is_refused(by: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(ListUnreadable, match="table"):
        _read_list(tmp_path, text, column="Phone", by=by, region="DE")


def test_a_title_with_another_number_is_no_entry(tmp_path: Path) -> None:
    text = "List 4711-0815-2222 of May\n\nPhone,Since\n0173 3920014,02.11.2026\n0173 3920015,02.11.2026\n"

    assert _read_list(tmp_path, text, column="Phone", region="DE").reason({"PhoneNumber1": "+491733920014"})


@pytest.mark.parametrize(
    "last",
    [
        "{} - nicht anrufen,,",
        "Neu: {},,",
        "{} ruft Frau Meier an wegen Werbung,,",
        "\nNachtrag {},,",
        "Ende {}",
        "Neu {} (2),,",
        "Neu: {}X,,",
        "Nachtrag 2026: 173 3920014,,",
        "Summe 1733920014,,",
    ],
)
def test_an_entry_that_looks_like_a_footnote_counts_or_is_refused(last: str, tmp_path: Path) -> None:
    """People append new entries at the end."""
    text = "Phone,Since,By\n0171 3920012,2026,x\n0172 3920013,2026,y\n" + last.format("0173 3920014") + "\n"
    try:
        found = _read_list(tmp_path, text, column="Phone", region="DE")
    except ListUnreadable as error:
        assert "not a phone number: the row below the table that has" in str(error)
    else:
        assert found.reason({"PhoneNumber1": "+491733920014"})


@pytest.mark.parametrize(
    "note",
    [
        "Stand 01.02.2026 10:15:00",
        "Erstellt am 2026-02-01 10:00 von 0815",
        "Export 20260301-4711",
        "Export 20260301T101500",
        "Anzahl: 1.234.567",
        "Seite 1 von 12 (1234 Zeilen)",
    ],
)
def test_a_footnote_without_a_number_is_none(note: str, tmp_path: Path) -> None:
    text = f"Phone,Since,By\n0171 3920012,2026,x\n0172 3920013,2026,y\n{note},,\n"

    assert _read_list(tmp_path, text, column="Phone", region="DE").reason({"PhoneNumber1": "+491713920012"})


def test_an_address_below_the_table_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ListUnreadable, match="not an e-mail address: the row below the table that has 'Neu: ann@ x'"):
        _read_list(tmp_path, "Mail,Why,No\na@x.org,x,1\nb@x.org,y,2\n\nNeu: ann@ x,,\n", column="Mail", by="email")


@pytest.mark.parametrize(
    ("text", "column", "told"),
    [
        ("Phone,Mobile\n0171 3920011,\n,0171 3920012\n", "Phone", "row 3 ('0171 3920012')."),
        ("0171 3920011,0171 3920012\n0171 3920013,x\n", "column_1", "row 1 ('0171 3920012')."),
        ("Phone,Fax,No\n0171 3920011,0171 3920012,1\n,01.02.2026,12345678\n", "Phone", ""),
        ("Phone,Until,Fax\n0171 3920011,,\n,2026-01-01,0171 3920012\n", "Phone", ""),
    ],
    ids=["blank", "no header", "filled", "expired"],
)
def test_entries_beside_their_column_are_told(
    text: str, column: str, told: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Of a row that has none, as merged cells do; a second list of the file may have them."""
    rules = {"column": column, "region": "DE", **({"expires": "Until"} if "Until" in text else {})}
    _read_list(tmp_path, text, **rules)
    assert (
        f"dnc.csv: cells beside column '{column}' may be entries, but suppress nobody: {told}" in caplog.text
    ) is bool(told)

    if told and column == "Phone":
        caplog.clear()
        lists = [{"file": tmp_path / "dnc.csv", **rules, "column": name} for name in ("Phone", "Mobile")]
        found = read_suppression_lists(settings_of(BASIC, suppress=lists))
        assert not caplog.text
        assert found.reason({"PhoneNumber1": "+491713920012"})


@pytest.mark.parametrize("entry", ["bob@bücher.de", "Bob@XN--BCHER-KVA.de", "bob@bu\u0308cher.DE"])
@pytest.mark.parametrize("held", ["bob@xn--bcher-kva.de", "bob@BÜCHER.de", "a@x.org; Bob <bob@Xn--Bcher-Kva.de>"])
def test_a_domain_has_one_form(entry: str, held: str, lists: Lists) -> None:
    found = lists(entry, by="email")

    assert found.reason({"Email": held})
    assert not found.reason({"Email": held.replace("her", "hen").replace("HER", "HEN")})
    assert not lists("bob@xn--\u00fc.de", by="email").reason({"Email": held})


def test_a_second_table_is_refused_and_what_is_left_out_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    first = "Phone,Reason\n01713920011,x\n01713920022,z\n\n"
    _read_list(tmp_path, f"{first}Total 2\n", column="Phone", region="DE")
    assert "dnc.csv: Row 5 is below the table and not part of it" in caplog.text

    with pytest.raises(ListUnreadable, match="row 5 begins a second table"):
        second = "Name,Number,Note\nBob,01713920012,y\nCid,01713920013,q\nDee,01713920014,q\n"
        _read_list(tmp_path, first + second, column="Phone", region="DE")


def test_damaged_entries_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ListUnreadable, match=r"damaged cells: row 3 \('#N/A'\), row 4 \('4,91701E\+11'\)\. Correct"):
        _read_list(tmp_path, 'Key\nK1\n#N/A\n"4,91701E+11"\n', column="Key", by="user_data")


def test_a_formula_that_was_never_calculated_is_no_empty_entry(tmp_path: Path) -> None:
    import openpyxl

    book, path = openpyxl.Workbook(), tmp_path / "dnc.xlsx"
    for value in ("Phone", "=A9", "0171 3920012"):
        book.active.append([value])
    book.save(path)

    with pytest.raises(ListUnreadable, match=r"row 2 \(a formula that was never calculated\)"):
        read_suppression_lists(settings_of(BASIC, suppress={"file": path, "column": "Phone", "region": "DE"}))


def test_addresses_are_found_as_people_write_them(tmp_path: Path) -> None:
    text = 'Mail\n"ann@x.org; Bob Miller <BOB@x.org>"\nmailto:cid@x.org\n\u200bdee@x.org\n'
    text += "'eve@x.org'\nFay Miller fay@x.org\n(guy@x.org) hal@x.org\n"
    found = _read_list(tmp_path, text, column="Mail", by="email")

    assert all(found.reason({"Email": f"{name}@x.org"}) for name in ("ann", "Bob", "cid", "dee"))
    assert all(found.reason({"Email": f"{name}@x.org"}) for name in ("eve", "fay", "guy", "hal"))


@pytest.mark.parametrize(
    "cell", ["@x.org", "*@x.org", "ann@x.org; b@b@x.org", "#N/A", "x.org", "ann(at)x.org", "to:ann@x.org"]
)
def test_what_is_no_address_is_refused(cell: str, tmp_path: Path) -> None:
    with pytest.raises(ListUnreadable, match=r"not an e-mail address: row 2"):
        _read_list(tmp_path, f'Mail\n"{cell}"\n', column="Mail", by="email")


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        *((" K1", "K1"), ("K1", "K1 "), ("\u200bK1", "K1"), ("Mu\u0308", "Mü"), ("К1", "K1")),
        *(("K\u20111", "K-1"), ("K-1", "K\u20131")),
    ],
)
def test_a_key_counts_as_people_see_it(entry: str, key: str, tmp_path: Path) -> None:
    assert _read_list(tmp_path, f'Key\n"{entry}"\n', column="Key", by="user_data").reason({"UserData": key})


@pytest.mark.parametrize("day", ["1970-01-01", "1900-01-01", "1899-12-30", "0001-01-01"])
def test_a_day_that_programs_write_for_none_ends_no_entry(
    day: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rules = {"column": "Phone", "region": "DE", "expires": "Until"}

    assert _read_list(tmp_path, f"Phone,Until\n01713920012,{day}\n", **rules).reason({"PhoneNumber1": "+491713920012"})
    assert not caplog.text


@pytest.mark.parametrize(
    ("region", "entry", "stored"),
    [
        ("ES", "+34612345678", "612345678"),
        ("ES", "612 34 56 78", "34612345678"),
        ("US", "(212) 555-1234", "2125551234"),
        ("US", "+12125551234", "12125551234"),
        ("DE", "0171 3920012", "+4901713920012"),
        ("DE", "0171 3920012", "4901713920012"),
        ("DE", "0171 3920012", "1713920012"),
        ("DE", "030 901820", "+4930901820"),
        ("RU", "+79123456789", "89123456789"),
        ("HU", "+36201234567", "06201234567"),
    ],
)
def test_a_number_of_the_dialler_is_listed_however_it_was_written(
    region: str, entry: str, stored: str, tmp_path: Path
) -> None:
    """Also as digits without a country code, and with a 0 behind it."""
    found = _read_list(tmp_path, f'Phone\n"{entry}"\n', column="Phone", region=region)

    assert found.reason({"PhoneNumber1": stored})


def test_one_of_several_sheets_is_named_in_the_settings_of_its_list(tmp_path: Path) -> None:
    import openpyxl

    book, path = openpyxl.Workbook(), tmp_path / "dnc.xlsx"
    for number, sheet in enumerate((book.active, book.create_sheet("2025"))):
        sheet.append(["Phone", "Why"])
        sheet.append([f"0171 392001{number}", f"x{number}"])
    book.save(path)
    entries = {"file": path, "column": "Phone", "region": "DE"}
    lookup = {"file": path, "key": "Phone", "value": "Why"}

    with pytest.raises(ListUnreadable, match=r"\('Sheet', '2025'\).*: name it in suppress\.source\.sheet, "):
        read_suppression_lists(settings_of(BASIC, suppress=entries))
    with pytest.raises(ListUnreadable, match=r"name it in lookup\.source\.sheet, or save it as a file of its own\.$"):
        read_lookups(settings_of({**BASIC, "Comment": {"column": "Why", "lookup": lookup}}))

    named = {"source": {"sheet": "2025"}}
    found = read_suppression_lists(settings_of(BASIC, suppress=entries | named))
    assert [bool(found.reason({"PhoneNumber1": f"+49171392001{n}"})) for n in (0, 1)] == [False, True]
    (values,) = read_lookups(settings_of({**BASIC, "Comment": {"column": "Why", "lookup": lookup | named}})).values()
    assert list(values.values()) == ["x1"]


def test_what_a_list_needs_is_told_by_the_name_of_its_own_settings(tmp_path: Path) -> None:
    """Those of ``source:`` and ``--delimiter`` are FILE's."""
    with pytest.raises(ListUnreadable, match=r"set suppress\.source\.delimiter to the one that is right\.$"):
        _read_list(tmp_path, "Phone;Na,me\n+491713920011;Bo,b\n", column="Phone")
    found = _read_list(tmp_path, "Phone;Na,me\n+491713920011;Bo,b\n", column="Phone", source={"delimiter": "semicolon"})
    assert found.reason({"PhoneNumber1": "+491713920011"})


@pytest.mark.parametrize("mode", [0o644, 0o666])  # one that others can write to is copied
def test_what_the_machine_lacks_stays_no_fault_of_a_list(
    mode: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is the name of the file put before a message that does not begin with it."""

    def fail(*_: object) -> bool:
        raise MachineAtFault("no room")

    (tmp_path / "list.csv").write_text("Phone\n", encoding="utf-8")
    (tmp_path / "list.csv").chmod(mode)
    monkeypatch.setattr(read, "_is_workbook", fail)

    with pytest.raises(MachineAtFault, match=r"^no room$"):
        read.open_tables(tmp_path / "list.csv", SourceSettings())


def test_a_list_without_a_header_is_told_how_its_column_is_named(tmp_path: Path) -> None:
    text = "+491713920011\n+491713920012\n"

    with pytest.raises(ListUnreadable, match=r"the file has no header: name a column by its place, as column_1$"):
        _read_list(tmp_path, text, column="Phone")
    assert _read_list(tmp_path, text, column="column_1").reason({"PhoneNumber1": "+491713920012"})


def test_the_day_of_a_row_that_may_have_moved_ends_no_entry(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It can be another column's day; the warning does not say that the day cannot be read."""
    text = "Phone,Until,Why\n01713920011,2020-01-01,x,\n01713920012\n01713920013,2020-01-01,y\n"
    found = _read_list(tmp_path, text, column="Phone", region="DE", expires="Until")

    assert [bool(found.reason({"PhoneNumber1": f"+4917139200{end}"})) for end in (11, 12, 13)] == [True, True, False]
    assert "in column 'Until': row 2 (surplus or missing cells). These entries stay in force" in caplog.text


def test_other_columns_of_numbers_and_rows_without_a_key_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    _read_list(tmp_path, "Phone,Mobile,Again\n0171 3920011,0171 3920012,+491713920011\n", column="Phone", region="DE")
    _read_list(tmp_path, "Key,Name\nK1,Ann\n,Bob\n,\nK2,Cid\n", column="Key", by="user_data")

    assert "column 'Mobile' has phone numbers, too; they suppress nobody." in caplog.text
    assert "'Again'" not in caplog.text
    assert "rows without UserData suppress nobody: row 3." in caplog.text


def test_a_table_above_the_header_of_a_lookup_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "zip.csv"
    path.write_text("Zip;Region\n10115;Berlin\n\nZip;Region;Since;By\n53111;Bonn;2024;x\n53112;Bonn;2024;y\n", "utf-8")
    lookup = {"file": path, "key": "Zip", "value": "Region"}
    columns = {**BASIC, "City": {"column": "Zip", "lookup": lookup}}

    with pytest.raises(ListUnreadable, match=r"above the header.* lookup\.source\.header"):
        read_lookups(settings_of(columns))
    lookup["source"] = {"header": 4}
    (values,) = read_lookups(settings_of(columns)).values()
    assert "53111" in values
