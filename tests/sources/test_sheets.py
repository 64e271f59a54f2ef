"""A workbook with a sheet per branch: which sheets are read, and that each row is told by its sheet."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import COLUMNS, Configure, Run

HEADER = ["Key", "Name", "Phone"]
Write = Callable[..., Path]

BRANCHES = {
    "Nightly": [HEADER, ["K1", "One", "0171 3920011"], ["K2", "Two", "nobody"]],
    "Trade fair callbacks": [["Phone", "Key", "Name"], ["0171 3920013", "K3", "Three"], ["x", "K4", "Four"]],
    "Notes": [],
}


@pytest.fixture
def workbook(tmp_path: Path) -> Write:
    """Write a workbook: sheet name → rows."""

    def write(sheets: dict[str, list[list[str]]] | None = None, name: str = "list.xlsx") -> Path:
        book = Workbook()
        book.remove(book.worksheets[0])
        for title, rows in (sheets or BRANCHES).items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
        path = tmp_path / name
        book.save(path)
        return path

    return write


ALL = [("Nightly", "2"), ("Nightly", "3"), ("Trade fair callbacks", "2"), ("Trade fair callbacks", "3")]


@pytest.mark.parametrize(
    ("source", "given", "found"),
    [
        ("{sheets: all}", (), ALL),
        ("{sheet: [Nightly, trade FAIR callbacks]}", (), ALL),
        ("{sheet: ['2', Nightly]}", (), ALL[2:] + ALL[:2]),
        ("{}", ("--all-sheets",), ALL),
        ("{}", ("--sheet", "1", "--sheet", "2"), ALL),
        ("{sheets: all}", ("--sheet", "2"), ALL[2:]),
        ("{sheet: Nightly}", ("--all-sheets",), ALL),
    ],
)
def test_the_sheets_that_are_meant(
    run: Run,
    configure: Configure,
    workbook: Write,
    source: str,
    given: tuple[str, ...],
    found: list[tuple[str, str]],
) -> None:
    """By names, numbers, or all that hold data; columns are found by name, and each row has its sheet."""
    configure(source=source)

    done = run("validate", workbook(), *given)

    assert done.code == ExitCode.ROWS_FAILED, done.err
    assert [(row["_sheet"], row["_row"]) for row in done.rows()] == found


@pytest.mark.parametrize("command", ["inspect", "init", "validate", "plan", "import", "reconcile"])
def test_every_command_that_reads_files_takes_all_sheets(
    run: Run, configure: Configure, workbook: Write, command: str
) -> None:
    """``init`` writes it into the proposal."""
    configure(source="{}" if command != "reconcile" else "{sheets: all}")
    path = workbook({"A": [HEADER, ["K1", "One", "0171 3920011"]], "B": [HEADER, ["K2", "Two", "0171 3920012"]]})

    done = run(command, path, *(("--all-sheets",) if command != "reconcile" else ()))

    assert done.code == ExitCode.OK, done.err
    if command == "init":
        assert "source: {sheets: all}" in done.out.replace('"', "")


@pytest.mark.parametrize(
    ("source", "sheets", "said"),
    [
        ("{sheets: all}", {"A": BRANCHES["Nightly"], "B": [["Key", "Name"], ["K9", "Nine"]]}, "sheet 'B'.*'Phone'"),
        ("{sheet: [Nightly, Gone]}", BRANCHES, "there is no sheet 'Gone'"),
        ("{sheet: [Nightly, '1']}", BRANCHES, "twice"),
        ("{sheet: [Nightly, Notes]}", BRANCHES, "'Notes' is empty"),
        ("{}", BRANCHES, "--all-sheets"),
    ],
)
def test_sheets_that_cannot_be_read(
    run: Run,
    configure: Configure,
    workbook: Write,
    dialler: SimulatorServer,
    source: str,
    sheets: dict[str, list[list[str]]],
    said: str,
) -> None:
    """Exit 3 with the sheet's name, and nothing is sent."""
    import re

    configure(source=source)

    done = run("import", workbook(sheets))

    assert done.code == ExitCode.INPUT
    assert re.search(said, done.err), done.err
    assert not dialler.store.contacts


def test_sheet_and_sheets_exclude_each_other(run: Run, configure: Configure, workbook: Write) -> None:
    """In the configuration, and on the command line."""
    configure(source="{sheet: A, sheets: all}")
    assert run("validate", workbook()).code == ExitCode.USAGE
    configure()
    assert run("validate", workbook(), "--sheet", "A", "--all-sheets").code == ExitCode.USAGE


def test_sheets_with_other_columns_are_named_to_init(run: Run, workbook: Write) -> None:
    """One configuration does not fit them."""
    done = run("init", workbook({"A": [HEADER, ["K1", "a", "1"]], "B": [["Key", "City"], ["K2", "b"]]}), "--all-sheets")

    assert done.code == ExitCode.INPUT
    assert "sheet 'B'" in done.err
    assert "City, Name, Phone" in done.err


def test_the_sheet_names_the_campaign_and_is_text_of_a_field(
    run: Run, configure: Configure, workbook: Write, dialler: SimulatorServer
) -> None:
    """As a column that each table has; also of rows that were mended."""
    columns = {**COLUMNS, "Comment": '{template: "{_sheet}/{Name}"}'}
    configure(columns, source="{sheets: all}", campaign="{column: _sheet}")

    done = run("import", workbook())

    sent = {contact["UserData"]: contact for contact in dialler.store.contacts.values()}
    assert {key: (c["DiallerCampaignsID"], c["Comment"]) for key, c in sent.items()} == {
        "K1": (538, "Nightly/One"),
        "K3": (539, "Trade fair callbacks/Three"),
    }
    assert done.reports
    failed = done.rows("failed.csv")
    assert list(failed[0]) == [*HEADER, "_run", "_file", "_sheet", *list(failed[0])[6:]]
    assert [(row["Key"], row["_sheet"]) for row in failed] == [("K2", "Nightly"), ("K4", "Trade fair callbacks")]

    mended = load_workbook(done.reports / "failed.xlsx")
    sheet = mended.worksheets[0]
    for number, phone in ((2, "0171 3920012"), (3, "0171 3920014")):
        sheet.cell(number, 3).value = phone
    mended.save(done.reports / "mended.xlsx")
    again = run("import", done.reports / "mended.xlsx")

    assert again.code == ExitCode.OK, again.err
    sent = {contact["UserData"]: contact for contact in dialler.store.contacts.values()}
    assert sent["K2"]["DiallerCampaignsID"] == 538
    assert (sent["K4"]["DiallerCampaignsID"], sent["K4"]["Comment"]) == (539, "Trade fair callbacks/Four")


def test_a_mended_row_of_a_single_sheet_keeps_its_sheet(
    run: Run, configure: Configure, workbook: Write, dialler: SimulatorServer
) -> None:
    """The journal knows it: the file has no column for it."""
    configure({**COLUMNS, "Comment": "_sheet"}, rows="{skip: {_sheet: Old}}")
    done = run("import", workbook({"Nightly": BRANCHES["Nightly"]}))
    assert done.reports
    with (done.reports / "failed.csv").open(encoding="utf-8-sig", newline="") as file:
        header, row = list(csv.reader(file))
    mended = done.reports / "mended.csv"
    with mended.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, [*row[:2], "0171 3920012", *row[3:]]])

    again = run("import", mended)

    assert again.code == ExitCode.OK, again.err
    assert {contact["Comment"] for contact in dialler.store.contacts.values()} == {"Nightly"}


def test_a_key_in_two_sheets(run: Run, configure: Configure, workbook: Write) -> None:
    """The last one counts; the other one is told where that is."""
    configure(source="{sheets: all}")

    done = run(
        "validate",
        workbook({"A": [HEADER, ["K1", "One", "0171 3920011"]], "B": [HEADER, ["K1", "Two", "0171 3920012"]]}),
    )

    assert [(row["_sheet"], row["_action"]) for row in done.rows()] == [("A", "superseded"), ("B", "")]
    assert done.rows()[0]["_error"] == "row 2 of sheet 'B' has the same UserData and is used instead"


def test_a_csv_file_has_no_sheet(run: Run, configure: Configure, tmp_path: Path) -> None:
    """A mapping that needs one is refused."""
    configure({**COLUMNS, "Comment": "_sheet"})
    (tmp_path / "list.csv").write_text("Key,Name,Phone\nK1,One,0171 3920011\n")

    done = run("validate", "list.csv")

    assert done.code == ExitCode.INPUT
    assert "only workbooks have sheets" in done.err


@pytest.mark.parametrize("given", [(), ("--sheet", "Nightly", "--sheet", "2")])
def test_resume_and_retry_read_the_same_sheets(
    run: Run, configure: Configure, workbook: Write, dialler: SimulatorServer, given: tuple[str, ...]
) -> None:
    """Also where the command line has named them."""
    configure(source="{}" if given else "{sheets: all}")
    assert run("import", workbook(), *given, "--limit", "1").code == ExitCode.ROWS_FAILED

    resumed = run("resume")

    assert [row["_status"] for row in resumed.rows()] == ["succeeded", "rejected", "succeeded", "rejected"]
    assert [row["_sheet"] for row in run("retry").rows()] == [sheet for sheet, _ in ALL]
    assert len(dialler.store.contacts) == 2


def test_a_workbook_that_has_lost_a_sheet_is_not_resumed(run: Run, configure: Configure, workbook: Write) -> None:
    """What is left is sent by a new run, if somebody asks for it."""
    configure(source="{sheets: all}")
    run("import", workbook(), "--limit", "1")
    workbook({"Nightly": BRANCHES["Nightly"]})

    done = run("resume")

    assert done.code == ExitCode.USAGE
    assert "is not the file" in done.err


def test_a_plan_is_of_its_sheets(run: Run, configure: Configure, workbook: Write, tmp_path: Path) -> None:
    """Another choice of sheets is another plan."""
    configure()
    run("plan", workbook(), "--all-sheets", "-o", tmp_path / "plan.json")

    assert run("import", "--plan", "plan.json", "--sheet", "1").code == ExitCode.USAGE
    assert run("import", "--plan", "plan.json", "--all-sheets").code == ExitCode.ROWS_FAILED


def test_faulty_cells_of_each_sheet_are_marked(run: Run, configure: Configure, workbook: Write) -> None:
    """In a copy of the workbook."""
    configure(source="{sheets: all}")

    done = run("import", workbook(), "--mark")

    assert done.reports
    marked = load_workbook(done.reports / "list-marked.xlsx")
    assert marked["Nightly"]["C3"].comment
    assert marked["Trade fair callbacks"]["A3"].comment
