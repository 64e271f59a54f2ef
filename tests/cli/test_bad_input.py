"""Whatever is wrong: one clear message, the right exit code, nothing sent, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run

Contacts = Callable[..., Path]


@pytest.mark.parametrize("command", ["import", "validate"])
def test_files_that_cannot_be_read(
    run: Run, configure: Configure, tmp_path: Path, dialler: SimulatorServer, command: str
) -> None:
    """A missing, an empty, a binary file and a folder are each named, with what is wrong."""
    configure()
    (tmp_path / "empty.csv").touch()
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4)
    (tmp_path / "broken.xlsx").write_bytes(b"PK\x03\x04" + b"no archive" * 20)

    for name in ("missing.csv", "empty.csv", "folder.csv", "picture.csv", "broken.xlsx"):
        done = run(command, name)

        assert (name, done.code) == (name, ExitCode.INPUT)
        assert name in done.err
        assert not done.out
    assert not dialler.requests
    assert not (tmp_path / "reports").exists() or not any((tmp_path / "reports").iterdir())


@pytest.mark.parametrize("command", ["import", "validate", "plan"])
def test_every_file_that_cannot_be_read_is_named(
    run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path, dialler: SimulatorServer, command: str
) -> None:
    """All are said at once, and nothing of the others is sent."""
    configure()
    (tmp_path / "empty.csv").touch()

    done = run(command, "missing.csv", contacts_csv(3), "empty.csv")

    assert done.code == ExitCode.INPUT
    assert "no such file" in done.err
    assert "empty.csv: the file is empty" in done.err
    assert not dialler.requests


def test_inspect_goes_on_behind_a_file_that_cannot_be_read(run: Run, contacts_csv: Contacts, tmp_path: Path) -> None:
    """Each file is shown or named, and the exit code says that not all could be read."""
    (tmp_path / "empty.csv").touch()
    (tmp_path / "wrapped.csv").write_text('"Kunden\nnr";Name\n1;Ann\n')

    done = run("inspect", "missing.csv", contacts_csv(3), "empty.csv", "wrapped.csv")

    assert done.code == ExitCode.INPUT
    assert "no such file" in done.err
    assert "empty.csv: the file is empty" in done.err
    assert done.out.count("path ") == 2
    assert "columns      Kunden nr, Name" in done.out


def test_inspect_shows_text_that_was_encoded_twice(run: Run, tmp_path: Path) -> None:
    """Also where there is nothing else to remark on."""
    (tmp_path / "twice.csv").write_text("Key;Name\n1;MÃ¼ller\n2;Ann\n", encoding="utf-8")

    done = run("inspect", "twice.csv")

    assert done.code == ExitCode.OK
    assert "remarks      Cells encoded twice: 1, such as 'MÃ¼ller'." in done.out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Key:Name:Phone\n1:Ann:0171 1234567\n", "set source.delimiter to ':'"),
        ("Key. Name\nAnn, 0171 1234567; x\nEva; 0171\n", "set source.delimiter to"),
        ('"Key, Name, Phone"\n"1, Ann, 0171 1234567"\n', "set source.delimiter to ','"),
        ('"Key,Name,Phone";x\n"1,Ann,0171 1234567";y\n', "set source.delimiter to ','"),
    ],
)
def test_columns_that_were_not_told_apart(
    run: Run, configure: Configure, tmp_path: Path, dialler: SimulatorServer, text: str, said: str
) -> None:
    """Whoever looks for a column in a file that was read as one is told of the delimiter."""
    configure()
    (tmp_path / "list.csv").write_text(text)

    done = run("import", "list.csv")

    assert done.code == ExitCode.INPUT
    assert "list.csv" in done.err
    assert said in done.err
    assert not dialler.requests


def test_a_mapped_column_that_is_not_there(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """The message names the column, the nearest one, and the file."""
    configure({"UserData": "Key", "Name": "Nam", "PhoneNumber1": "{column: Phone, region: DE}"})

    done = run("import", contacts_csv(3))

    assert done.code == ExitCode.INPUT
    assert "'Nam'" in done.err
    assert "did you mean 'Name'" in done.err
    assert not dialler.requests


def test_a_sheet_that_is_not_there(run: Run, configure: Configure, tmp_path: Path) -> None:
    """The message lists the sheets."""
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "Contacts"
    for row in (["Key", "Name", "Phone"], ["K2", "Anna", "0171 3920012"]):
        book.active.append(row)
    book.save(tmp_path / "list.xlsx")
    configure(source="{sheet: Kontakte}")

    done = run("import", "list.xlsx")

    assert done.code == ExitCode.INPUT
    assert "Kontakte" in done.err
    assert "Contacts" in done.err


CONFIG = """\
dialler:
  base_url: http://127.0.0.1:1/rest/v1.0
  clients_id: 1
  token: x
campaign: {id: 538}
columns: {UserData: Key, Name: Name, PhoneNumber1: {column: Phone, region: DE}}
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("clients_id: 1", "client_id: 1", "unknown key 'dialler.client_id'; did you mean 'clients_id'?"),
        ("token: x", "token: ${NO_SUCH_VARIABLE}", "the environment variable NO_SUCH_VARIABLE is not set"),
        ("token: x", "", "there is no token"),
        ("token: x", "token: x\n  token_file: y", "only one of token, token_file"),
        ("http://127.0.0.1:1", "http://dialler.example.com", "plain http"),
        ("http://127.0.0.1:1/rest/v1.0", "dialler", "is not a URL"),
        ("{id: 538}", "{id: 538, name: x}", "exactly one of id, name, column"),
        ("{id: 538}", "{id: many}", "campaign.id"),
        ("Name: Name", "Nam: Name", "the dialler has no field 'Nam'; did you mean 'Name'?"),
        ("campaign: {id: 538}", "campaign: {id: 538", "not valid YAML"),
        ("{id: 538}", "{id: ${CAMPAIGN}}", 'put a variable in quotes: "$'),
        ("campaign: {id: 538}", "campaign: {id: 538}\ncampaign: {id: 539}", "duplicate key"),
        ("campaign: {id: 538}", "", "'campaign' is missing"),
        ("token: x", "token: x\n  endpoints: {import_contact: POST}", "is not a method and a path"),
        ("http://127.0.0.1:1/rest/v1.0", '"http://127.0.0.1:1/a\\tb"', "is not a URL that can be called"),
        ("http://127.0.0.1:1/rest/v1.0", '"http://127.0.0.1:1/\\ud800"', "half a character"),
        ("Name: Name", '"\\udfff": Name', "half a character"),
        ("campaign: {id: 538}", 'campaign: {id: 538}\nextends: "a\\0b.yaml"', "has the character NUL"),
        ("token: x", 'token_file: "a\\0b"', "has the character NUL"),
        ("campaign: {id: 538}", 'campaign: {id: 538}\nreports: {dir: "a\\0b"}', "has the character NUL"),
        ("Name: Name", 'Name: {column: Name, lookup: {file: "a\\0b", key: a, value: b}}', "has the character NUL"),
        ("http://127.0.0.1:1/rest/v1.0", f"http://127.0.0.1:1/{'a' * 3_000}", "is not a URL that can be called"),
        ("http://127.0.0.1:1/rest/v1.0", "https://dialler..example.com", "is not a URL that can be called"),
        ("http://127.0.0.1:1/rest/v1.0", f"https://{'a' * 64}.example.com", "is not a URL that can be called"),
        ("http://127.0.0.1:1/rest/v1.0", "https://xn--ä-.example.com", "is not a URL that can be called"),
        (
            "token: x",
            'token: x\n  endpoints: {list_campaigns: "GET /\\x01"}',
            "is not a method and a path",
        ),
    ],
)
def test_a_wrong_configuration(run: Run, contacts_csv: Contacts, old: str, new: str, message: str) -> None:
    """Each fault with file, line and key, and the nearest name where there is one."""
    Path("dialler-sync.yaml").write_text(CONFIG.replace(old, new), encoding="utf-8")

    done = run("import", contacts_csv(3))

    assert done.code == ExitCode.USAGE
    assert message in done.err
    assert not done.out


def test_every_fault_of_a_configuration_is_listed(run: Run, contacts_csv: Contacts) -> None:
    """Nobody likes to mend one fault and be told the next."""
    text = CONFIG.replace("clients_id", "client_id").replace("Name: Name", "Nam: Name").replace("538", '"${CAMPAIGN}"')
    Path("dialler-sync.yaml").write_text(text, encoding="utf-8")

    done = run("import", contacts_csv(3))

    assert "dialler-sync.yaml:3:" in done.err
    assert "dialler-sync.yaml:5: the environment variable CAMPAIGN is not set" in done.err
    assert done.err.count("dialler-sync.yaml:5:") == 1
    assert "dialler-sync.yaml:6:" in done.err


def test_a_missing_configuration(run: Run, contacts_csv: Contacts) -> None:
    """The message says how to name one and how to make one."""
    done = run("-c", "nowhere.yaml", "import", contacts_csv(3))

    assert done.code == ExitCode.USAGE
    assert "nowhere.yaml" in done.err


@pytest.mark.parametrize(
    "arguments", [["imprt", "x.csv"], ["import"], ["import", "--max-errors", "many", "x.csv"], ["--no-such", "import"]]
)
def test_wrong_usage(run: Run, arguments: list[str]) -> None:
    """A usage error is exit 2, on stderr."""
    done = run(*arguments)

    assert done.code == ExitCode.USAGE
    assert done.err
    assert not done.out


def test_an_output_folder_that_cannot_be_made(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """It is found out before anything is sent."""
    configure()
    Path("taken").touch()

    done = run("import", contacts_csv(3), "--out", "taken/reports")

    assert done.code == ExitCode.USAGE
    assert "taken/reports" in done.err


def test_a_journal_that_is_none(run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path) -> None:
    """A damaged journal stops the run before anything is sent."""
    configure()
    (tmp_path / "journal.txt").write_text("not a database, " * 1000, encoding="utf-8")

    done = run("--state", tmp_path / "journal.txt", "import", contacts_csv(3))

    assert done.code == ExitCode.USAGE
    assert "journal.txt" in done.err


def loaded_by(code: str) -> set[str]:
    """Return the modules that Python has loaded after ``code``: a count of modules, as times are not for tests."""
    code += "\nimport sys; print(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_help_is_instant() -> None:
    """No heavy library is imported for --help."""
    heavy = {"pandas", "pandera", "numpy", "httpx", "aiohttp", "sqlalchemy", "pydantic", "rich", "yaml"}
    code = "import sys; sys.argv = ['x', '--help']\nfrom dialler_sync.cli import main\n"

    assert not heavy & loaded_by(code + "try: main()\nexcept SystemExit: pass")


def test_an_import_begins_without_what_reports_need() -> None:
    """Templates and workbooks are loaded while the dialler is waited for; what other commands need, never."""
    late = {"jinja2", "xlsxwriter", "dialler_sync.run.report_files", "dialler_sync.run.marked"}
    late |= {"dialler_sync.inbox", "dialler_sync.contacts", "dialler_sync.reconciliation"}

    assert not late & loaded_by("from dialler_sync.jobs import history, imports, notify, results")


def test_a_pipe_that_closes_early_is_no_error() -> None:
    """``dialler-sync … | head -1`` ends quietly."""
    command = f"{sys.executable} -m dialler_sync config schema | head -1"

    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, env={**os.environ})

    assert done.stderr == ""


@pytest.mark.parametrize("command", [("validate", "contacts.csv"), ("inspect", "contacts.csv"), ("config", "check")])
def test_a_list_is_checked_without_the_token(
    run: Run, contacts_csv: Contacts, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """On somebody's laptop, where nothing is sent; other variables are still missed."""
    contacts_csv(3)
    monkeypatch.delenv("DIALLER_SYNC_TOKEN")
    path = Path("dialler-sync.yaml")
    path.write_text(CONFIG.replace("token: x", "token: ${DIALLER_SYNC_TOKEN}"), encoding="utf-8")

    assert run(*command).code == ExitCode.OK
    for sending in ("import", "plan", "reconcile"):
        assert "the environment variable DIALLER_SYNC_TOKEN is not set" in run(sending, "contacts.csv").err
    path.write_text(CONFIG.replace("538", '"${CAMPAIGN}"'), encoding="utf-8")
    assert "the environment variable CAMPAIGN is not set" in run("config", "check").err
