"""``--sheet``, ``--encoding`` and ``--delimiter``: how a file is read, said on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run

HEADER = ("Key", "Name", "Phone")


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    """Two sheets with data; the second has a row that is rejected."""
    book = Workbook()
    first = book.worksheets[0]
    first.title = "Old"
    second = book.create_sheet("New")
    for sheet, phones in ((first, ["0171 3920011"]), (second, ["0171 3920012", "0171 3920013", "nobody"])):
        sheet.append(HEADER)
        for number, phone in enumerate(phones):
            sheet.append((f"{sheet.title}{number}", f"Name {number}", phone))
    path = tmp_path / "list.xlsx"
    book.save(path)
    return path


def keys(dialler: SimulatorServer) -> set[str]:
    return {str(contact["UserData"]) for contact in dialler.store.contacts.values()}


@pytest.mark.parametrize("sheet", ["New", "2"])
@pytest.mark.parametrize("command", ["inspect", "init", "validate", "plan", "import"])
def test_every_command_that_reads_files_takes_the_sheet(
    run: Run, configure: Configure, workbook: Path, command: str, sheet: str
) -> None:
    """Without it, a workbook with several sheets is refused; only ``inspect`` shows them all."""
    configure()

    assert command == "inspect" or run(command, workbook).code == ExitCode.INPUT
    assert run(command, workbook, "--sheet", sheet).code in {ExitCode.OK, ExitCode.ROWS_FAILED}


def test_the_command_line_goes_before_the_configuration(
    run: Run, configure: Configure, workbook: Path, dialler: SimulatorServer
) -> None:
    """The rows of the sheet that it names are sent."""
    configure(source="{sheet: New}")

    assert run("import", workbook, "--sheet", "Old").code == ExitCode.OK
    assert keys(dialler) == {"Old0"}


def test_resume_and_retry_read_what_the_run_read(
    run: Run, configure: Configure, workbook: Path, dialler: SimulatorServer
) -> None:
    """The sheet need not be named again."""
    configure()
    run("import", workbook, "--sheet", "New", "--limit", "1")

    assert run("resume").code == ExitCode.ROWS_FAILED
    assert keys(dialler) == {"New0", "New1"}
    retried = run("retry")
    assert retried.code == ExitCode.ROWS_FAILED
    assert list(retried.statuses().values()) == ["skipped", "skipped", "rejected"]
    assert run("retry").code == ExitCode.ROWS_FAILED


def test_encoding_and_delimiter(run: Run, configure: Configure, tmp_path: Path, dialler: SimulatorServer) -> None:
    """What the file itself does not say."""
    configure()
    path = tmp_path / "list.csv"
    path.write_bytes("Key;Name;Phone\nK1;Müller;0171 3920011\n".encode("cp1252"))

    assert run("import", path, "--encoding", "cp1252", "--delimiter", "semicolon").code == ExitCode.OK
    assert [contact["Name"] for contact in dialler.store.contacts.values()] == ["Müller"]


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--delimiter", "ab", "' must be auto, one character, or a comma and a space (none: a single column)"),
        ("--encoding", "utf-99", "--encoding: 'utf-99' is not a text encoding"),
    ],
)
def test_a_value_that_makes_no_sense(run: Run, configure: Configure, option: str, value: str, said: str) -> None:
    """Named by the option it came from."""
    configure()
    done = run("import", "list.csv", option, value)

    assert done.code == ExitCode.USAGE
    assert said in done.err
