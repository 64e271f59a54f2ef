"""A link to itself, where a file or folder is expected, is told in one line: anybody can make one in an open folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialler_sync.files.pinned import real
from dialler_sync.files.url import Url

from ..conftest import Configure, Run
from ..house import ROOT

PHONES = {"UserData": "Key", "Name": "Name", "PhoneNumber1": "{column: Tel, region: DE}"}

COMMANDS = [
    "import list.csv --out LOOP",
    "import list.csv --out LOOP/a",
    "import list.csv --metrics-file LOOP",
    "import list.csv --metrics-file LOOP/m.prom",
    "import LOOP",
    "import --inbox LOOP",
    "import list.csv --plan LOOP",
    "plan list.csv -o LOOP.html",
    "plan list.csv -o LOOP/p.html",
    "validate list.csv --mapped LOOP.csv",
    "validate list.csv --mapped LOOP/m.csv",
    "inspect list.csv --to LOOP",
    "inspect list.csv --to LOOP/a",
    "init list.csv -o LOOP",
    "init list.csv -o LOOP/a",
    "reconcile list.csv --out LOOP",
    "reconcile list.csv --out LOOP/a",
    "calls list.csv --to LOOP",
    "calls list.csv --to LOOP/a",
    "calls --since last --to LOOP/a.csv",
    "contacts lock --from LOOP --yes",
    "night LOOP",
    "-c LOOP import list.csv",
    "-c extending.yaml validate list.csv",
    "-c LOOP/a doctor",
    "--state LOOP import list.csv",
    "--state LOOP/a.db runs list",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_ends_with_a_message(command: str, run: Run, configure: Configure, tmp_path: Path) -> None:
    configure(PHONES)
    (tmp_path / "list.csv").write_text("Key,Name,Tel\nK1,Anna,0171 3920012\n")
    (tmp_path / "extending.yaml").write_text(f"extends: {tmp_path}/loop\n")
    for name in ("loop", "loop.csv", "loop.html"):
        (tmp_path / name).symlink_to(tmp_path / name)

    done = run(*command.replace("LOOP", str(tmp_path / "loop")).split())

    assert done.code != 1, done.out + done.err
    assert "Traceback" not in done.err
    assert not done.code or "loop" in done.out + done.err


def test_no_path_is_resolved_in_a_way_that_raises_another_error() -> None:
    """Path.resolve raises a RuntimeError at such a link, up to Python 3.12: files.pinned.real catches it."""
    sources = (ROOT / "dialler_sync").rglob("*.py")
    resolving = {path.name for path in sources if ".resolve()" in path.read_text(encoding="utf-8")}

    assert resolving == {"pinned.py"}


def test_an_address_stays_one() -> None:
    address = Url("sftp://host/lists/../list.csv")

    assert real(address) is address
