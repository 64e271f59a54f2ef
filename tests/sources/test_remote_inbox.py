"""An inbox at an address: each file is imported once and filed there, whoever else looks, whenever a call is killed."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Done, Run
from ..helpers.dialler import line
from .conftest import Remote, logins

HEAD = "Key,Name,Phone"
LIST = "\n".join((HEAD, line("K1"), line("K2"), "")).encode()
BAD = f"{HEAD}\nK3,Ann,nobody\n".encode()


@pytest.fixture(autouse=True)
def known(configure: Configure, remote: Remote) -> None:
    configure(sources=logins(remote.login), inbox=f'{{dir: "{remote.url}"}}', concurrency=1)


def take(run: Run, *more: str) -> Done:
    return run("import", "--quiet-for", "0", *more)


def kinds(remote: Remote) -> dict[str, list[str]]:
    """Folder → names of the files in it, without the runs before them."""
    found: dict[str, list[str]] = {}
    for name in remote.files():
        folder, _, last = name.rpartition("/")
        found.setdefault(folder, []).append(last.split("-", 3)[-1] if folder in ("done", "failed") else last)
    return found


def test_files_are_imported_and_filed(run: Run, remote: Remote, dialler: SimulatorServer, tmp_path: Path) -> None:
    """As those of a folder of this machine; what is no list is told once, and nothing is left here."""
    remote.put("a.csv", LIST)
    remote.put("b 100%.csv", BAD)
    remote.put("c.csv", b"Foo\n1\n")
    remote.put("notes.pdf", b"%PDF")

    done, again = take(run), take(run)

    assert done.code == ExitCode.INPUT, done.err
    assert kinds(remote) == {"": ["notes.pdf"], "done": ["a.csv", "b 100%.csv"], "failed": ["c.csv"]}
    assert {contact["UserData"] for contact in dialler.store.contacts.values()} == {"K1", "K2"}
    assert "notes.pdf: is not a kind of file that is imported" in done.err
    assert f"{remote.url}/c.csv: there is no column 'Key'" in done.err
    assert again.code == ExitCode.OK
    assert again.err == ""
    assert not [path for path in (tmp_path / "state" / "copies").rglob("*") if path.is_file()]
