"""What is no text, and what is secret, on the command line and around it: told in one line, and nothing breaks."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode

from ..conftest import Configure, Run

PHONES = {"UserData": "Key", "Name": "Name", "PhoneNumber1": "{column: Tel, region: DE}"}
ODD = os.fsdecode(b"x\xff\xfey")

COMMANDS = [
    "import list.csv --sheet ODD",
    "import list.csv --encoding ODD",
    "import list.csv --delimiter ODD",
    "import list.csv --cluster ODD",
    "import list.csv --max-errors ODD",
    "plan list.csv --sheet ODD",
    "contacts delete --from list.csv --column ODD --yes",
    "contacts list --campaign ODD",
    "calls --for ODD --to c.csv",
    "resume ODD",
    "runs show ODD",
    "forget --user-data ODD --yes",
    "simulator --port 0 --host ODD",
]


@pytest.fixture(autouse=True)
def a_list(configure: Configure, tmp_path: Path) -> None:
    configure(PHONES)
    (tmp_path / "list.csv").write_text("Key,Name,Tel\nK1,Anna,0171 3920012\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_an_option_that_is_not_text(command: str, run: Run) -> None:
    done = run(*command.replace("ODD", ODD).split())

    assert done.code == ExitCode.USAGE, done.err
    assert "Traceback" not in done.err
    assert run("runs", "list").code == ExitCode.OK


@pytest.mark.parametrize("name", ["LOGNAME", "SUDO_USER", "DIALLER_SYNC_IMPORT_SHEET"])
def test_a_variable_that_is_not_text(name: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of the user is recorded; the journal could not be read again."""
    monkeypatch.setenv(name, ODD)
    done = run("import", "list.csv")

    assert done.code == (ExitCode.USAGE if name.startswith("DIALLER") else ExitCode.OK), done.err
    monkeypatch.delenv(name)
    assert run("runs", "list").code == ExitCode.OK
    assert run("resume").code == ExitCode.OK


@pytest.mark.skipif(sys.platform == "darwin", reason="names there are UTF-8")
def test_an_inbox_whose_path_is_not_text(run: Run, tmp_path: Path) -> None:
    inbox = tmp_path / ODD / "in"
    inbox.mkdir(parents=True)
    (tmp_path / "list.csv").rename(inbox / "list.csv")

    done = run("import", "--inbox", inbox, "--quiet-for", "0")

    assert done.code == ExitCode.USAGE
    assert "has bytes that are not UTF-8: use another name" in done.err
    assert (inbox / "list.csv").exists()


SECRET = "Correct-Horse-4711"


@pytest.mark.parametrize(
    "state", [f"postgresql+psycopg://u:{SECRET}@127.0.0.1:1/{ODD}", f"host=127.0.0.1 password={SECRET} dbname={ODD}"]
)
@pytest.mark.parametrize("by_variable", [True, False])
def test_a_journal_with_a_password(state: str, by_variable: bool, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message is made before anybody could know what in the text is secret."""
    if by_variable:
        monkeypatch.setenv("DIALLER_SYNC_STATE", state)
    done = run(*(() if by_variable else ("--state", state)), "runs", "list")

    assert done.code == ExitCode.USAGE
    assert SECRET not in done.out + done.err


@pytest.mark.parametrize(
    "setting",
    [
        'notify: {webhook: "https://127.0.0.1:1/${HOOK}"}',
        'notify: {email: {to: [a@example.com], from: b@example.com, smtp: "smtp://u:${HOOK}@127.0.0.1:1"}}',
        'reports: {dir: "${HOOK}"}',
    ],
)
@pytest.mark.parametrize("odd", [ODD, r"a\0b"])
def test_a_setting_with_a_secret(
    setting: str, odd: str, run: Run, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configure(PHONES)
    if odd == ODD:
        monkeypatch.setenv("HOOK", f"{SECRET}/{odd}")
    else:
        setting = setting.replace("${HOOK}", f"{SECRET}/{odd}")
    config.write_text(config.read_text("utf-8") + setting + "\n", "utf-8")

    done = run("validate", "list.csv")

    assert done.code == ExitCode.USAGE
    assert "the text has" in done.err
    assert SECRET not in done.out + done.err


@pytest.mark.parametrize(
    "command", ["retry ADDRESS", "runs show ADDRESS", "undo ADDRESS", "import list.csv --plan ADDRESS", "night ADDRESS"]
)
def test_an_address_with_a_login_where_none_is_expected(command: str, run: Run) -> None:
    """A forgotten ``--file``, for example."""
    done = run(*command.replace("ADDRESS", f"sftp://me:{SECRET}@files.example.com/failed.csv").split())

    assert done.code == ExitCode.USAGE
    assert SECRET not in done.out + done.err
