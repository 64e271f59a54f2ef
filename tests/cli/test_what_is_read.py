"""A command never replaces a file that it reads; a file that may not be looked at is said in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode

from ..conftest import Configure, Run
from ..helpers.dialler import line
from ..security.users import AGENT, as_user, is_root

Contacts = Callable[..., Path]


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "{list}", "-o", "{list}"),
        ("plan", "{list}", "-o", "dialler-sync.yaml"),
        ("plan", "{list}", "-o", "sub/../{list}"),
        ("reconcile", "{list}", "--fix", "{list}"),
        ("calls", "{list}", "--to", "{list}"),
        ("contacts", "get", "--from", "{list}", "--out", "{list}"),
        ("validate", "{list}", "--mapped", "{list}"),
        ("import", "{list}", "--metrics-file", "{list}"),
        ("--state", "own.db", "plan", "{list}", "-o", "own.db"),
    ],
)
def test_what_is_read_is_not_replaced(
    arguments: tuple[str, ...], run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    configure()
    path = contacts_csv(rows=[line("K1")])
    Path("sub").mkdir()
    before, config = path.read_bytes(), Path("dialler-sync.yaml").read_bytes()

    done = run(*(part.replace("{list}", path.name) for part in arguments))

    assert done.code == ExitCode.USAGE
    assert ": this file is to be read: name another one" in done.err
    assert (path.read_bytes(), Path("dialler-sync.yaml").read_bytes()) == (before, config)
    assert not Path("reports").exists()


@is_root
@pytest.mark.parametrize(
    "arguments",
    [
        ("-c", "{path}", "runs", "list"),
        ("--state", "{path}", "runs", "list"),
        ("inspect", "{path}"),
        ("validate", "{path}"),
        ("import", "--plan", "{path}"),
        ("init", "{path}"),
    ],
)
def test_a_folder_that_may_not_be_entered(arguments: tuple[str, ...], tmp_path: Path) -> None:
    closed, home = tmp_path / "closed", tmp_path / "home"
    closed.mkdir(0o700)
    home.mkdir()
    for folder in (home, *tmp_path.parents[:3]):
        folder.chmod(0o755)
    config = 'dialler: {base_url: "https://d.example/rest", clients_id: 1, token: a}\ncampaign: {id: 1}\n'
    config += "columns: {UserData: a, Name: b, PhoneNumber1: b}\n"
    (home / "dialler-sync.yaml").write_text(config, encoding="utf-8")
    (closed / "file").write_text("a;b\n1;2\n", encoding="utf-8")

    done = as_user(AGENT, home, *(part.replace("{path}", str(closed / "file")) for part in arguments))

    assert done.code in {ExitCode.USAGE, ExitCode.INPUT}, done.err
    assert "Permission denied" in done.err or "cannot" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("name", ["~$list.xlsx", ".~lock.list.xlsx#"])
def test_the_mark_of_an_open_workbook(name: str, run: Run) -> None:
    Path(name).write_bytes(b"\x05Anna " * 30)

    done = run("inspect", name)

    assert done.code == ExitCode.INPUT
    assert "this is the mark of an open workbook" in done.err


def test_init_replaces_nothing_and_says_so(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """Also where the name is that of the configuration, which other commands read."""
    configure()

    done = run("init", contacts_csv(rows=[line("K1")]), "-o", "dialler-sync.yaml")

    assert done.code == ExitCode.USAGE
    assert "dialler-sync.yaml already exists and is not overwritten" in done.err
