"""Mended files: what a spreadsheet program did to them is undone or refused, and they are part of a list."""

from __future__ import annotations

import csv
import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import openpyxl
import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.fields import VENDOR_COLUMNS
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Done, Run
from ..helpers.libreoffice import needs_libreoffice, opened_and_saved

COLUMNS = {
    "UserData": "Key",
    "Name": "Name",
    "PostalCode": "PLZ",
    "PhoneNumber1": "{column: Phone, region: DE}",
    "FollowUpDateTime": '{column: Due, formats: ["%d.%m.%Y"]}',
    "Amount": '{column: Betrag, decimal: ","}',
    "Comment": "Notes",
}
HEADER = "Key,Name,PLZ,Phone,Due,Betrag,Notes"
ROWS = [
    '00012019,,01099,01713920013,31.12.2026,"12,50",3/4',
    "00012020,Berta,01067,01713920014,,,fine",
    '+4917,Carl,12345,12,04.03.2026,,"+49 is Germany"',
]


@pytest.fixture
def failed(run: Run, configure: Configure, tmp_path: Path) -> Done:
    """A run of which two rows failed: one without a name, one with half a number."""
    configure(COLUMNS)
    path = tmp_path / "list.csv"
    path.write_text("\n".join([HEADER, *ROWS]) + "\n", encoding="utf-8")
    return run("import", path)


Mend = Callable[..., Path]


def read(done: Done) -> list[list[str]]:
    assert done.reports
    with (done.reports / "failed.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def saved(path: Path, lines: list[list[str]], delimiter: str = ";") -> Path:
    """A file as a German Excel saves it."""
    with path.open("w", encoding="cp1252", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(lines)
    return path


def change(lines: list[list[str]], row: int, **cells: str) -> None:
    for name, cell in cells.items():
        lines[row][lines[0].index(name)] = cell


def by_excel(lines: list[list[str]]) -> list[list[str]]:
    """What a German Excel makes of failed.csv: numbers, dates."""
    change(lines, 1, Key="12019", PLZ="1099", Phone="1713920013", Betrag="12,5", Notes="03. Apr", _key="12019")
    change(lines, 2, Key="4917", _key="4917")
    return lines


@pytest.mark.parametrize(
    ("limit", "option", "code"),
    [
        ("5%", [], ExitCode.ROWS_FAILED),
        ("5%", ["--max-errors", "5%"], ExitCode.SAFETY_LIMIT),
        ("0", [], ExitCode.SAFETY_LIMIT),
    ],
)
def test_a_share_of_the_whole_list_does_not_stop_the_few_rows_of_a_fixed_file(
    run: Run, configure: Configure, failed: Done, tmp_path: Path, limit: str, option: list[str], code: ExitCode
) -> None:
    """One of two rows is still bad: the other one goes. A number of rows counts, and so does what is asked for."""
    lines = read(failed)
    change(lines, 1, Name="Anna")
    configure(COLUMNS, rows=f'{{max_errors: "{limit}", max_warnings: "{limit}"}}')

    done = run("import", saved(tmp_path / "fixed.csv", lines), *option)

    assert done.code == code, done.err
    assert done.summary["counts"]["succeeded"] == (code == ExitCode.ROWS_FAILED)


def test_what_excel_did_to_failed_csv_is_undone(
    run: Run, failed: Done, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """The key, the postal code and the number are those of the list, and results.csv says which were restored."""
    lines = by_excel(read(failed))
    change(lines, 1, Name="Anna")
    change(lines, 2, Phone="1713920015")
    mended = saved(tmp_path / "mended.csv", lines)

    done = run("import", mended)

    assert [(row["_row"], row["_status"], row["_warnings"]) for row in done.rows()] == [
        (
            "2",
            "succeeded",
            "restored:UserData; restored:PostalCode; restored:Amount; restored:PhoneNumber1; restored:Comment",
        ),
        ("3", "rejected", "restored:UserData"),
    ]
    assert done.rows()[1]["_error_code"] == "phone_leading_zero_lost"
    assert done.summary["warnings"] == {"restored": 2}
    assert re.search(r"^warnings +restored 2$", done.out, re.MULTILINE)
    assert done.summary["parent"] == failed.summary["run_id"]
    (anna,) = (contact for contact in dialler.store.contacts.values() if contact["Name"] == "Anna")
    assert {name: anna[name] for name in ("UserData", "PostalCode", "PhoneNumber1", "Amount", "Comment")} == {
        "UserData": "00012019",
        "PostalCode": "01099",
        "PhoneNumber1": "+491713920013",
        "Amount": 12.5,
        "Comment": "3/4",
    }
    assert len(dialler.store.contacts) == 2


def test_a_wrong_key_is_refused_unless_key_is_emptied(
    run: Run, failed: Done, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """Another key would be another contact; the message says how it can be meant."""
    lines = read(failed)
    change(lines, 1, Name="Anna", Key="00012018")
    change(lines, 2, Phone="0171 3920015", Key="12018", _key="")

    done = run("import", saved(tmp_path / "mended.csv", lines))

    changed, meant = done.rows()
    assert (changed["_status"], changed["_error_code"], changed["_error_field"]) == (
        "rejected",
        "key_changed",
        "UserData",
    )
    assert "'00012019'" in changed["_error"]
    assert "clear the _key cell" in done.rows("failed.csv")[0]["_hint"]
    assert (meant["_status"], meant["_user_data"], meant["_warnings"]) == ("succeeded", "12018", "")


def test_another_key_that_is_the_old_one_damaged_is_meant_where_key_is_empty(
    run: Run, failed: Done, tmp_path: Path
) -> None:
    """Who empties _key has said so."""
    lines = read(failed)
    change(lines, 1, Name="Anna", Key="12019", _key="")

    done = run("import", saved(tmp_path / "mended.csv", lines[:2]))

    assert [(row["_status"], row["_user_data"], row["_warnings"]) for row in done.rows()] == [
        ("succeeded", "12019", "")
    ]


def test_sorted_rows_rows_twice_added_columns_and_new_rows(
    run: Run, failed: Done, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """What people do to a list: each row is known by its own marks, wherever it stands."""
    header, anna, carl = by_excel(read(failed))
    lines = [header, carl, anna, [*anna]]
    change(lines, 1, Phone="0171 3920015", _row="4.0")
    change(lines, 2, Name="Anna", _row="2,00")
    change(lines, 3, Name="Anna-Maria")
    lines.append(["K7", "New", "01099", "0171 3920017", *[""] * (len(header) - 4)])
    lines = [[*line[:7], "own" if at else "Seen by", *line[7:], "x"] for at, line in enumerate(lines)]
    lines[0][-1] = "Mine"

    done = run("import", saved(tmp_path / "mended.csv", lines))

    assert [(row["_row"], row["_user_data"], row["_status"], row["_action"]) for row in done.rows()] == [
        ("2", "+4917", "succeeded", "create"),
        ("3", "00012019", "skipped", "superseded"),
        ("4", "00012019", "succeeded", "create"),
        ("5", "K7", "succeeded", "create"),
    ], done.err


@pytest.mark.parametrize("state", ["journal", "other journal", "old file"])
def test_a_mended_file_is_no_reason_for_a_mirror_to_delete(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path, state: str
) -> None:
    """It is part of a list, whether or not the journal knows the run, and also where an older version wrote it."""
    configure(mirror='{missing: delete, max_missing: "100%"}')
    path = tmp_path / "list.csv"
    rows = [f"K{n},Name {n},0171 39200{n}" for n in range(10, 30)]
    path.write_text("\n".join(["Key,Name,Phone", *rows, "K9,,0171 3920009"]) + "\n", encoding="utf-8")
    lines = read(run("import", path))
    change(lines, 1, Name="Nina")
    if state == "old file":
        gone = [lines[0].index(name) for name in ("_run", "_key")]
        lines = [[cell for place, cell in enumerate(line) if place not in gone] for line in lines]
    journal = ["--state", tmp_path / "other.db"] if state == "other journal" else []

    planned = run(*journal, "plan", saved(tmp_path / "mended.csv", lines))
    done = run(*journal, "import", tmp_path / "mended.csv")

    assert "delete" not in planned.out
    assert done.summary["counts"]["succeeded"] == 1
    assert not done.summary["mirror"]
    assert len(dialler.store.contacts) == 21
    assert not [request for request in dialler.requests if request.method == "DELETE"]


def test_a_key_that_a_newer_run_has_settled_is_left_out(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """Tonight's export is newer than the file that was mended; after an undo, it is as if it had not been."""
    configure()
    path = tmp_path / "list.csv"
    path.write_text("Key,Name,Phone\nK1,,0171 3920012\nK2,,0171 3920013\n", encoding="utf-8")
    lines = read(run("import", path))
    path.write_text("Key,Name,Phone\nK1,Anna new,0171 3920012\n", encoding="utf-8")
    newer = run("import", path).summary["run_id"]
    change(lines, 1, Name="Anna")
    change(lines, 2, Name="Berta")
    mended = saved(tmp_path / "mended.csv", lines)

    dry = run("import", "--dry-run", mended)
    done = run("import", mended)

    for found in (dry, done):
        row = found.rows()[0]
        assert (row["_status"], row["_action"]) == ("skipped", "superseded")
        assert newer in row["_error"]
    assert done.rows()[1]["_status"] == "succeeded"
    assert {contact["Name"] for contact in dialler.store.contacts.values()} == {"Anna new", "Berta"}
    again = run("import", mended)
    assert [row["_action"] for row in again.rows()] == ["superseded", "superseded"]
    run("undo", newer, "--yes")
    assert [row["_action"] for row in run("import", mended).rows()] == ["create", "superseded"]


def test_retry_holds_a_mended_file_against_the_run_it_comes_from(
    run: Run, failed: Done, configure: Configure, tmp_path: Path
) -> None:
    """Also where another import was newer."""
    other = tmp_path / "other.csv"
    other.write_text(f"{HEADER}\nX1,Xaver,01099,0171 3920019,,,\n", encoding="utf-8")
    run("import", other)
    lines = by_excel(read(failed))
    change(lines, 1, Name="Anna", Key="12018")
    change(lines, 2, Phone="0171 3920015")

    done = run("retry", "--file", saved(tmp_path / "mended.csv", lines))

    assert done.summary["parent"] == failed.summary["run_id"]
    assert [(row["_user_data"], row["_error_code"]) for row in done.rows()] == [
        ("00012019", "key_changed"),
        ("+4917", ""),
    ]


def test_rows_of_two_runs_in_one_file(run: Run, failed: Done, tmp_path: Path) -> None:
    """Each is held against its own run; a header in between is none of them."""
    other = tmp_path / "other.csv"
    other.write_text(f"{HEADER}\n0007,,01099,0171 3920019,,,\n", encoding="utf-8")
    first, second = by_excel(read(failed)), read(run("import", other))
    change(first, 1, Name="Anna")
    change(first, 2, Phone="0171 3920015")
    change(second, 1, Name="Xaver", Key="7", _key="7")

    done = run("import", saved(tmp_path / "mended.csv", [*first, *second]))

    assert [(row["_user_data"], row["_status"]) for row in done.rows()] == [
        ("00012019", "succeeded"),
        ("+4917", "succeeded"),
        ("0007", "succeeded"),
    ]


def test_warnings_and_the_guard_outlive_an_interruption(
    run: Run, failed: Done, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """What is resumed is what was begun."""
    lines = by_excel(read(failed))
    change(lines, 1, Name="Anna")
    change(lines, 2, Phone="0171 3920015")
    mended = saved(tmp_path / "mended.csv", lines)
    begun = run("import", mended, "--limit", "1")
    assert begun.summary["counts"]["unprocessed"] == 1

    done = run("resume")

    assert [(row["_user_data"], row["_status"]) for row in done.rows()] == [
        ("00012019", "succeeded"),
        ("+4917", "succeeded"),
    ]
    assert done.rows()[1]["_warnings"] == "restored:UserData"
    assert done.summary["warnings"] == {"restored": 2}


def test_a_plan_and_a_validation_of_a_mended_file_say_what_the_import_does(
    run: Run, failed: Done, tmp_path: Path
) -> None:
    """By the same guard."""
    lines = by_excel(read(failed))
    change(lines, 1, Name="Anna", Key="99")
    change(lines, 2, Phone="0171 3920015")
    mended = saved(tmp_path / "mended.csv", lines)

    assert "Warnings: restored 2" in run("plan", mended).out
    checked = run("validate", mended)
    assert [(row["_status"], row["_error_code"]) for row in checked.rows()] == [
        ("rejected", "key_changed"),
        ("succeeded", ""),
    ]


def test_without_its_cells_a_mended_row_is_held_against_its_key(run: Run, failed: Done, tmp_path: Path) -> None:
    """Runs that were pruned are not known any more; keys with letters or a zero in front are safe all the same."""
    lines = read(failed)
    change(lines, 1, Name="Anna")
    change(lines, 2, Phone="0171 3920015", Key="4917", _key="4917")
    assert failed.summary["run_id"] in run("runs", "prune", "--older-than", "0d").out

    done = run("import", saved(tmp_path / "mended.csv", lines))

    assert [(row["_user_data"], row["_status"], row["_error_code"]) for row in done.rows()] == [
        ("00012019", "succeeded", ""),
        ("4917", "rejected", "damaged_by_spreadsheet"),
    ]


def workbook(path: Path, lines: list[list[str]], *, numbers: bool) -> Path:
    """A workbook with a title sheet; with numbers as a program keeps them that has opened failed.csv."""
    book = openpyxl.Workbook()
    book.active.append(["Please mend"])
    sheet = book.create_sheet("Fehler")
    for line in lines:
        sheet.append([float(cell) if numbers and cell.strip("+").isdecimal() else cell for cell in line])
    book.save(path)
    return path


@pytest.mark.parametrize("numbers", [True, False])
@pytest.mark.parametrize("known", [True, False])
def test_a_mended_workbook(
    run: Run, failed: Done, dialler: SimulatorServer, tmp_path: Path, numbers: bool, known: bool
) -> None:
    """Numbers are restored where the journal has them, else refused; text is as it was, and trusted."""
    lines = read(failed)
    change(lines, 1, Name="Anna")
    change(lines, 2, Phone="+491713920015")
    mended = workbook(tmp_path / "mended.xlsx", lines, numbers=numbers)
    journal = [] if known else ["--state", tmp_path / "other.db"]

    done = run(*journal, "import", mended)

    found = [(row["_user_data"], row["_status"], row["_error_code"]) for row in done.rows()]
    if numbers and not known:
        assert [code.split("; ")[0] for _, _, code in found] == ["damaged_by_spreadsheet"] * 2
    else:
        assert found == [("00012019", "succeeded", ""), ("+4917", "succeeded", "")]
        assert done.summary["warnings"] == ({"restored": 2} if numbers else {})


def test_a_mended_file_is_read_by_its_own_form(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """Whatever the configuration says of the list that it comes from."""
    source = (
        '{encoding: cp1252, delimiter: "|", quote: none, header: none, columns: [Key, Name, Phone], sheet: Kontakte}'
    )
    configure(source=source)
    path = tmp_path / "list.csv"
    path.write_bytes("0007|Jürgen|12\nK2|M|0171 3920012\n".encode("cp1252"))
    lines = read(run("import", path))
    assert lines[1][1] == "Jürgen"
    change(lines, 1, Phone="0171 3920013")
    for number, mended in enumerate(
        (
            saved(tmp_path / "semicolons.csv", lines),
            workbook(tmp_path / "mended.xlsx", lines, numbers=False),
            saved(tmp_path / "commas.txt", lines, ","),
        )
    ):
        done = run("import", mended)

        assert done.code == ExitCode.OK, done.err
        assert [row["_action"] for row in done.rows()] == ["superseded" if number else "create"]
    assert {contact["Name"] for contact in dialler.store.contacts.values()} == {"Jürgen", "M"}


def test_rows_of_several_files_are_told_apart(run: Run, configure: Configure, tmp_path: Path) -> None:
    """By file, sheet and row; where the person has taken these columns away, by the key."""
    configure()
    for name, key in (("a.csv", "0001"), ("b.csv", "0002")):
        (tmp_path / name).write_text(f"Key,Name,Phone\n{key},,0171 3920012\n", encoding="utf-8")
    lines = read(run("import", tmp_path / "a.csv", tmp_path / "b.csv"))
    for row, key in ((1, "1"), (2, "2")):
        change(lines, row, Name="Anna", Key=key, _key=key)
    place = lines[0].index("_file")

    known = run("validate", saved(tmp_path / "mended.csv", lines))
    unknown = run("validate", saved(tmp_path / "cut.csv", [line[:place] + line[place + 2 :] for line in lines]))

    assert [row["_user_data"] for row in known.rows()] == ["0001", "0002"]
    assert [row["_error_code"] for row in unknown.rows()] == ["damaged_by_spreadsheet"] * 2


@pytest.mark.parametrize(
    ("sheets", "now", "expected"),
    [
        (("01", "02"), ("1", "2"), ["0012345678"] * 2),
        (("1-2", "Mrz 26"), ("01. Feb", "01.03.2026"), ["0012345678"] * 2),
        (("1", "01"), ("1", "1"), []),
    ],
)
def test_rows_of_sheets_whose_names_a_program_changes(
    run: Run,
    configure: Configure,
    dialler: SimulatorServer,
    tmp_path: Path,
    sheets: tuple[str, str],
    now: tuple[str, str],
    expected: list[str],
) -> None:
    """Their cells are restored; where two names become one, nothing is sent."""
    columns = {"UserData": "Key", "Name": "Name", "PhoneNumber1": "{column: Phone, region: DE}", "AccountNumber": "Kto"}
    configure(columns, source="{sheets: all}")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for key, name in zip(("KD-A", "KD-B"), sheets, strict=True):
        sheet = book.create_sheet(name)
        sheet.append(["Key", "Name", "Phone", "Kto"])
        sheet.append([key, None, "0171 3920012", "0012345678"])
    book.save(tmp_path / "list.xlsx")
    failed = run("import", tmp_path / "list.xlsx")
    lines = read(failed)
    for row, name in enumerate(now, 1):
        change(lines, row, Name="Anna", Kto="12345678", _sheet=name)

    done = run("import", saved(tmp_path / "mended.csv", lines))

    assert [contact["AccountNumber"] for contact in dialler.store.contacts.values()] == expected
    if not expected:
        assert all(row["_error"].endswith("what its cells were.") for row in done.rows()), done.rows()
        assert done.reports
        assert run("import", done.reports / "failed.csv").summary["counts"]["rejected"] == len(sheets)
        assert not dialler.store.contacts


def test_a_number_that_was_wrong_may_be_mended_to_one_that_looks_damaged(
    run: Run, configure: Configure, tmp_path: Path
) -> None:
    """Else nobody could ever mend ``1.234`` to ``1234``, or turn a date round."""
    configure(COLUMNS | {"Amount": "Betrag"})
    path = tmp_path / "list.csv"
    path.write_text(f"{HEADER}\nK1,Anna,01099,0171 3920012,12/31/2026,1.234,\n", encoding="utf-8")
    lines = read(run("import", path))
    change(lines, 1, Betrag="1234", Due="31.12.2026", PLZ="1099")

    (row,) = run("import", saved(tmp_path / "mended.csv", lines)).rows()

    assert (row["_status"], row["_warnings"]) == ("succeeded", "restored:PostalCode")


def test_the_cells_of_rows_that_were_settled_later_are_not_kept(
    run: Run, failed: Done, configure: Configure, contacts_csv: Callable[..., Path], tmp_path: Path
) -> None:
    """The journal keeps what is to be mended, and no more."""
    state = Path(os.environ["DIALLER_SYNC_STATE"])

    def kept() -> int:
        with closing(sqlite3.connect(state)) as base:
            return int(base.execute("SELECT count(*) FROM failed_cells").fetchone()[0])

    assert kept() == 2
    configure()
    run("import", contacts_csv(5), "--limit", "2")
    assert kept() == 5
    run("resume")
    assert kept() == 2


CSV_FILTER = "Text - txt - csv (StarCalc)"


@needs_libreoffice
@pytest.mark.parametrize("to", ["csv", "xlsx"])
@pytest.mark.parametrize(
    ("locale", "language", "delimiter", "restored"), [("en-US", 1033, ",", 5), ("de-DE", 1031, ";", 4)]
)
def test_what_libreoffice_does_to_failed_csv_is_undone(
    run: Run,
    configure: Configure,
    dialler: SimulatorServer,
    tmp_path: Path,
    locale: str,
    language: int,
    delimiter: str,
    restored: int,
    to: str,
) -> None:
    """Opened and saved with the settings of a country, as a person would: every cell is what the list says."""
    configure(COLUMNS)
    rows = [
        '00012019,,01099,01713920013,2026-03-04,"12,50",3/4',
        '+4917123,,00501,+491713920014,04.03.2026,"1200,00",0042',
        "123456789012345678,,01067,0171 3920015,,,MAR1",
        "K4,,12345,0049 171 3920016,,,1.10",
        "12E5,,01097,00491713920017,,,true",
    ]
    path = tmp_path / "list.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    failed = run("import", path)
    assert failed.reports
    assert failed.summary["counts"]["rejected"] == len(rows)
    options = f"{ord(delimiter)},34,76,1,,{language},false,true"
    (opened,) = opened_and_saved(
        [failed.reports / "failed.csv"],
        f"csv:{CSV_FILTER}:{options}" if to == "csv" else to,
        tmp_path,
        locale=locale,
        open_as=f"{CSV_FILTER}:44,34,76,1,,{language},false,true",
    )
    named = mend_names(opened)
    done = run("import", named)

    assert {row["_status"] for row in done.rows()} == {"succeeded"}, [row["_error"] for row in done.rows()]
    assert done.summary["warnings"] == {"restored": restored}
    contacts = {str(contact["UserData"]): contact for contact in dialler.store.contacts.values()}
    fields = ("PostalCode", "PhoneNumber1", "FollowUpDateTime", "Amount", "Comment")
    assert {key: [contact.get(name) for name in fields] for key, contact in contacts.items()} == {
        "00012019": ["01099", "+491713920013", "2026-03-04 00:00:00", 12.5, "3/4"],
        "+4917123": ["00501", "+491713920014", "2026-03-04 00:00:00", 1200, "0042"],
        "123456789012345678": ["01067", "+491713920015", None, None, "MAR1"],
        "K4": ["12345", "+491713920016", None, None, "1.10"],
        "12E5": ["01097", "+491713920017", None, None, "true"],
    }


def mend_names(path: Path) -> Path:
    """The same file, with a name in every row."""
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        sheet = book.active
        column = next(cell.column for cell in sheet[1] if cell.value == "Name")
        for row in range(2, sheet.max_row + 1):
            sheet.cell(row, column, "Anna")
        book.save(path)
        return path
    with path.open(encoding="utf-8-sig", newline="") as file:
        text = file.read()
    lines = list(csv.reader(text.splitlines(keepends=True), delimiter=";" if text.startswith("Key;") else ","))
    for row in range(1, len(lines)):
        change(lines, row, Name="Anna")
    return saved(path.with_name("mended.csv"), lines, ";" if text.startswith("Key;") else ",")


def test_what_a_validation_or_a_reconciliation_rejected_is_guarded_too(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """They have sent nothing, so nothing of them counts as settled."""
    configure()
    path = tmp_path / "list.csv"
    path.write_text("Key,Name,Phone\n0007,Anna,0171 3920012\n0007,,0171 3920013\n", encoding="utf-8")
    for command in ("validate", "reconcile"):
        lines = read(run(command, path))
        change(lines, 1, Name="Berta", Key="7", _key="7")

        (row,) = run("import", saved(tmp_path / "mended.csv", lines)).rows()

        assert (row["_user_data"], row["_status"], row["_warnings"]) == ("0007", "succeeded", "restored:UserData")
        run("undo", run("runs", "list", "-n", "1").out.split()[0], "--yes")


def test_rows_without_a_key_and_cells_of_several_lines(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """Line ends are the program's own, and no warning."""
    configure({"Name": "Name", "PostalCode": "PLZ", "PhoneNumber1": "{column: Phone, region: DE}", "Comment": "Notes"})
    path = tmp_path / "list.csv"
    path.write_bytes(b'Name,PLZ,Phone,Notes\r\n,01099,0171 3920012,"one\r\ntwo"\r\n')
    lines = read(run("import", path))
    change(lines, 1, Name="Anna", PLZ="1099", Notes="one\ntwo")

    (row,) = run("import", saved(tmp_path / "mended.csv", lines)).rows()

    assert (row["_status"], row["_warnings"]) == ("succeeded", "restored:PostalCode")
    (contact,) = dialler.store.contacts.values()
    assert (contact["PostalCode"], contact["Comment"]) == ("01099", "one\r\ntwo")


def test_the_cells_of_a_row_that_was_shifted_are_known_wherever_they_stand_now(
    run: Run, configure: Configure, tmp_path: Path
) -> None:
    """A row with a cell too many is put right by hand; what Excel did to its cells is undone all the same."""
    configure()
    path = tmp_path / "list.csv"
    path.write_text("Key,Name,Phone\n0007,Berg, Anna,01713920012\n0008,Carl,0171 3920013\n", encoding="utf-8")
    lines = read(run("import", path))
    assert lines[0][3] == "_extra_1"
    change(lines, 1, Key="7", Name="Berg, Anna", Phone="1713920012", _extra_1="")

    (row,) = run("import", saved(tmp_path / "mended.csv", lines)).rows()

    assert (row["_user_data"], row["_status"]) == ("0007", "succeeded")
    assert row["_warnings"] == "restored:UserData; restored:PhoneNumber1"


def test_a_mended_file_does_not_count_for_the_number_of_rows(
    run: Run, configure: Configure, contacts_csv: Callable[..., Path], tmp_path: Path
) -> None:
    """notify.row_count compares lists with lists."""
    path = configure()
    path.write_text(path.read_text(encoding="utf-8") + "notify: {row_count: 10%}\n", encoding="utf-8")
    rows = [f"K{n},Name {n},0171 39200{n}" for n in range(10, 30)]
    lines = read(run("import", contacts_csv(rows=[*rows, "K9,,0171 3920009"])))
    change(lines, 1, Name="Nina")

    mended = run("import", saved(tmp_path / "mended.csv", lines))
    again = run("import", contacts_csv(21, name="next.csv"))
    short = run("import", contacts_csv(5, name="short.csv"))

    assert "row_count" not in mended.err + again.err
    assert "row_count" in short.err


def test_a_mended_file_beside_a_whole_list_leaves_the_list_as_it_is(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """What the earlier run has settled of its own rows says nothing of a newer list."""
    configure(mirror='{missing: delete, max_missing: "100%"}')
    path = tmp_path / "list.csv"
    path.write_text("Key,Name,Phone\nK1,Anna,0171 3920012\nK2,,0171 3920013\n", encoding="utf-8")
    lines = read(run("import", path))
    change(lines, 1, Name="Berta")
    path.write_text("Key,Name,Phone\nK1,Anna new,0171 3920012\n", encoding="utf-8")

    done = run("import", path, saved(tmp_path / "mended.csv", lines))

    assert done.summary["counts"]["succeeded"] == 2
    assert {contact["Name"] for contact in dialler.store.contacts.values()} == {"Anna new", "Berta"}


@pytest.mark.parametrize("form", ["failed.csv", "failed.xlsx"])
def test_a_key_that_was_refused_stays_refused_until_somebody_decides(
    run: Run, failed: Done, dialler: SimulatorServer, tmp_path: Path, form: str
) -> None:
    """The next file of rows to fix, imported as it is, makes no contact under the other key."""
    lines = read(failed)
    change(lines, 1, Name="Anna", Key="00012018")
    refused = run("import", saved(tmp_path / "mended.csv", lines))
    assert refused.rows("failed.csv")[0]["_key"] == "00012019"
    assert refused.reports

    again = run("import", refused.reports / form)

    assert (again.rows()[0]["_error_code"], again.code) == ("key_changed", ExitCode.ROWS_FAILED)
    assert len(dialler.store.contacts) == 1
    lines = read(again)
    for key, own, code in (("00012017", "00012019", "key_changed"), ("00012018", "", ""), ("00012019", "12019", "")):
        change(lines, 1, Key=key, _key=own)
        done = run("validate", saved(tmp_path / "decided.csv", lines))
        assert (done.rows()[0]["_error_code"], done.rows()[0]["_warnings"]) == (code, "")


@pytest.mark.parametrize("form", ["failed.csv", "failed.xlsx"])
@pytest.mark.parametrize("key", ["12019", "03. Apr", "12019.0"])
def test_a_key_that_may_be_damaged_stays_refused_until_somebody_decides(
    run: Run, failed: Done, tmp_path: Path, form: str, key: str
) -> None:
    """Another journal knows nothing of the first file, but all of the one that it wrote itself."""
    lines = read(failed)
    change(lines, 1, Name="Anna", Key=key, _key=key)
    other = tmp_path / "other.db"
    refused = run("--state", other, "import", saved(tmp_path / "mended.csv", lines))
    assert refused.reports

    again = run("--state", other, "import", refused.reports / form)

    row = again.rows()[0]
    assert (row["_status"], row["_error_code"], row["_error_field"]) == (
        "rejected",
        "damaged_by_spreadsheet",
        "UserData",
    )
    assert "clear the _key cell" in again.rows("failed.csv")[0]["_hint"]
    lines = read(again)
    for changes in ({"Key": "00012019"}, {"_key": ""}):
        fixed = [list(line) for line in lines]
        change(fixed, 1, **changes)
        done = run("--state", other, "validate", saved(tmp_path / "decided.csv", fixed))
        assert done.rows()[0]["_status"] == "succeeded", changes


@pytest.mark.parametrize("form", ["failed.csv", "failed.xlsx"])
@pytest.mark.parametrize("kept", ["_run", "_key _hint", "_row _status", "_error_field _error"])
def test_a_file_that_lost_some_of_our_columns_is_still_part_of_a_list(
    run: Run, failed: Done, configure: Configure, dialler: SimulatorServer, tmp_path: Path, form: str, kept: str
) -> None:
    """Somebody deleted columns that seemed to be of no use: a mirror takes no contact for it."""
    configure(COLUMNS, mirror='{missing: delete, max_missing: "100%"}')
    lines = read(failed)
    change(lines, 1, Name="Anna")
    change(lines, 2, Phone="0171 3920015")
    places = [at for at, name in enumerate(lines[0]) if name in kept.split() or not name.startswith("_")]
    lines = [[line[at] for at in places] for line in lines]
    mended = tmp_path / form
    if form == "failed.csv":
        saved(mended, lines)
    else:
        book = openpyxl.Workbook()
        for line in lines:
            book.worksheets[0].append(line)
        book.save(mended)

    done = run("import", mended)

    assert done.code in (ExitCode.OK, ExitCode.ROWS_FAILED)
    assert not done.summary["mirror"]
    assert any(contact["UserData"] == "00012020" for contact in dialler.store.contacts.values())


@pytest.mark.parametrize("command", [["import"], ["retry", "--file"]])
def test_a_mended_row_without_a_key_makes_one_contact(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path, command: list[str]
) -> None:
    """The same file imported twice: nothing but what was sent tells that the row is settled."""
    configure(COLUMNS)
    path = tmp_path / "list.csv"
    path.write_text(f"{HEADER}\n,Anna,01099,12,,,\n,Berta,01099,12,,,\n", encoding="utf-8")
    lines = read(run("import", path))
    change(lines, 1, Phone="0171 3920013")
    run(*command, saved(tmp_path / "one.csv", lines))
    change(lines, 2, Phone="0171 3920014")

    done = run(*command, saved(tmp_path / "both.csv", lines))

    assert [(row["_status"], row["_action"]) for row in done.rows()] == [
        ("skipped", "unchanged"),
        ("succeeded", "create"),
    ]
    assert sorted(contact["Name"] for contact in dialler.store.contacts.values()) == ["Anna", "Berta"]


@pytest.mark.parametrize("name", ["failed.csv", "failed.xlsx"])
def test_a_fixed_list_in_the_vendor_s_format(name: str, run: Run, tmp_path: Path, dialler: SimulatorServer) -> None:
    """It has a header now, and is read by the same configuration, which names no columns; digits are whole numbers."""
    config = Path("dialler-sync.yaml")
    config.write_text(
        f'dialler: {{base_url: {dialler.base_url}, clients_id: 1, token: "${{DIALLER_SYNC_TOKEN}}"}}\n'
        "campaign: {column: DiallerCampaignsName}\n",
        encoding="utf-8",
    )
    cells = {"DiallerCampaignsName": "Nightly", "UserData": "0017", "PhoneNumber1": "491713920012"}
    lines = [{**cells, "Name": "Meier"}, {**cells, "UserData": "0018", "Name": ""}]
    vendor = [["DiallerContact", *(line.get(name, "") for name in VENDOR_COLUMNS[1:])] for line in lines]
    (tmp_path / "backup.csv").write_text("".join('"' + '";"'.join(line) + '"\n' for line in vendor), encoding="utf-8")
    first = run("import", tmp_path / "backup.csv")
    fixed = tmp_path / name
    if name.endswith(".csv"):
        table = read(first)
        table[1][table[0].index("Name")] = "Kurz"
        saved(fixed, table)
    else:
        book = openpyxl.load_workbook(first.reports / name)
        sheet = book.active
        sheet.cell(2, VENDOR_COLUMNS.index("Name") + 1).value = "Kurz"
        book.save(fixed)

    second = run("import", fixed)

    assert (first.code, second.code) == (ExitCode.ROWS_FAILED, ExitCode.OK), second.err
    assert {contact["UserData"]: contact["PhoneNumber1"] for contact in dialler.store.contacts.values()} == {
        "0017": "+491713920012",
        "0018": "+491713920012",
    }


OST = '{column: Kamp, routes: [{pattern: "^0", to: 538}, {pattern: "^9", to: 539}]}'


@pytest.mark.parametrize(
    ("was", "before", "now", "after", "to"),
    [
        ("{column: Kamp}", "538", "{column: Kamp}", "538", 538),
        ("{column: Kamp}", "0538", "{column: kamp}", "538", 538),  # by a spreadsheet program, as the number
        ("{column: Kamp}", "Nightly", "{column: Kamp}", "Nightly", 538),
        ("{column: Kamp}", "", "{column: Kamp}", "538", 538),
        ("{column: Kamp}", "540", "{column: Kamp}", "538", 538),  # the dialler does not have it
        (OST, "01099", OST, "1099", 538),
        (OST, "01099", OST, "01067", 538),
        (OST, "8", OST.replace("^9", "^8"), "8", 539),
        (OST, "01099", OST.replace("^9", "^8"), "1099", 538),
        ("{split: {538: 100%}}", "", "{split: {538: 100%}}", "", 538),
        ("{split: {538: 100%}}", "", "{split: {538: 99.9%, 539: 0.1%}}", "", 538),
    ],
)
def test_a_row_of_a_list_for_several_campaigns_is_restored(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path,
    was: str, before: str, now: str, after: str, to: int,
) -> None:  # fmt: skip
    """In the campaign that it stood in, or in any if it was rejected for its campaign."""
    configure(COLUMNS, campaign=was)
    fine = before in {"540", "", "8"}  # nothing else is wrong with it
    (tmp_path / "list.csv").write_text(
        f"Kamp,{HEADER}\n{before},00012019,{'Anna' if fine and 'split' not in was else ''},01099,01713920013,,,\n",
        encoding="utf-8",
    )
    lines = read(run("import", tmp_path / "list.csv"))
    change(lines, 1, Kamp=after, Key="12019", _key="12019", PLZ="1099", Phone="1713920013", Name="Anna")
    configure(COLUMNS, campaign=now)

    done = run("import", saved(tmp_path / "mended.csv", lines))
    again = run("import", tmp_path / "mended.csv")

    assert done.statuses() == {2: "succeeded"}, done.rows()
    (contact,) = dialler.store.contacts.values()
    assert [contact[name] for name in ("UserData", "PostalCode", "PhoneNumber1", "DiallerCampaignsID")] == [
        "00012019", "01099", "+491713920013", to,
    ]  # fmt: skip
    assert again.statuses() == {2: "skipped"}, again.rows()


def test_a_row_without_a_key_that_is_moved_to_another_campaign_is_sent_once(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """Nothing of it is restored, and it is still known by its place in the list."""
    configure({"Name": "Name", "PhoneNumber1": "{column: Phone, region: DE}"}, campaign="{column: Kamp}")
    rows = ["538,,01713920013", "538,,01713920014"]
    (tmp_path / "list.csv").write_text("\n".join(["Kamp,Name,Phone", *rows]) + "\n", encoding="utf-8")
    lines = read(run("import", tmp_path / "list.csv"))
    change(lines, 1, Kamp="539", Name="Anna")

    first = run("import", saved(tmp_path / "first.csv", lines))
    change(lines, 1, Name="Anne")
    change(lines, 2, Name="Eva")
    second = run("import", saved(tmp_path / "second.csv", lines))

    assert first.statuses() == {2: "succeeded", 3: "rejected"}, first.rows()
    assert second.statuses() == {2: "skipped", 3: "succeeded"}, second.rows()
    assert [(c["Name"], c["DiallerCampaignsID"]) for c in dialler.store.contacts.values()] == [
        ("Anna", 539),
        ("Eva", 538),
    ]


def test_a_ragged_row_of_a_list_for_several_campaigns_is_restored(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """Its campaign is among its cells, nobody knows where."""
    configure(COLUMNS, campaign="{column: Kamp}")
    (tmp_path / "list.csv").write_text(
        f"{HEADER},Kamp\n00012019,Anna,01099,01713920013,,12,50,fine,538\n", encoding="utf-8"
    )
    lines = read(run("import", tmp_path / "list.csv"))
    cells = dict(zip(lines[0], lines[1], strict=True))
    named = {name: cells[name] for name in lines[0] if name.startswith("_") and "extra" not in name}
    row = ["12019", "Anna", "1099", "1713920013", "", "12,50", "fine", "538", *named.values()]

    done = run("import", saved(tmp_path / "mended.csv", [[*HEADER.split(","), "Kamp", *named], row]))

    assert done.statuses() == {2: "succeeded"}, done.rows()
    (contact,) = dialler.store.contacts.values()
    assert (contact["UserData"], contact["PostalCode"]) == ("00012019", "01099")


def test_the_sheets_of_a_list_name_the_campaigns_of_its_fixed_rows(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """A fixed file names them itself."""
    configure(COLUMNS, campaign="{column: _sheet}", source="{sheets: all}")
    book = openpyxl.Workbook()
    for place, name in enumerate(["Nightly", "Trade fair callbacks"]):
        sheet = book.active if place == 0 else book.create_sheet()
        assert sheet is not None
        sheet.title = name
        sheet.append(HEADER.split(","))
        sheet.append([f"0001201{place}", "", "01099", "01713920013", "", "", ""])
    book.save(tmp_path / "list.xlsx")
    lines = read(run("import", tmp_path / "list.xlsx"))
    for row, key in ((1, "12010"), (2, "12011")):
        change(lines, row, Key=key, _key=key, PLZ="1099", Phone="1713920013", Name="Anna")

    done = run("import", saved(tmp_path / "mended.csv", lines))

    assert set(done.statuses().values()) == {"succeeded"}, done.rows()
    assert [(c["UserData"], c["PostalCode"], c["DiallerCampaignsID"]) for c in dialler.store.contacts.values()] == [
        ("00012010", "01099", 538),
        ("00012011", "01099", 539),
    ]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_that_is_fixed_twice_has_the_sheets_of_the_list(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path, kind: str
) -> None:
    """Not that of the file which was fixed first, which may lead to another campaign."""
    routes = '{column: _sheet, routes: [{pattern: "^Nightly West$", to: 538}, {pattern: ".", to: 539}]}'
    configure({**COLUMNS, "Service": "_sheet"}, campaign=routes)
    book = openpyxl.Workbook()
    book.active.title = "Nightly West"
    book.active.append(HEADER.split(","))
    book.active.append(["00012010", "", "01099", "01713920013", "", "", ""])
    book.save(tmp_path / "list.xlsx")
    done = run("import", tmp_path / "list.xlsx")
    for name in ("", "Anna"):
        lines = read(done)
        change(lines, 1, Key="12010", _key="12010", PLZ="1099", Name=name)
        fixed = tmp_path / f"fixed{name}.{kind}"
        done = run("import", saved(fixed, lines) if kind == "csv" else workbook(fixed, lines, numbers=False))

    assert done.statuses() == {2: "succeeded"}, done.rows()
    (contact,) = dialler.store.contacts.values()
    assert {name: contact[name] for name in ("UserData", "Service", "PostalCode", "DiallerCampaignsID")} == {
        "UserData": "00012010",
        "Service": "Nightly West",
        "PostalCode": "01099",
        "DiallerCampaignsID": 538,
    }
