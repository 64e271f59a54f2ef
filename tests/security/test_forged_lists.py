"""Whoever writes a list may name any run of the journal in it, and is told nothing of other campaigns by that."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run

KEY, NUMBER = "00SECRET1", "01712345678"
COLUMN = "{column: Kamp}"
ROUTES = '{column: Kamp, routes: [{pattern: "^x", to: 538}]}'


@pytest.mark.parametrize("how", ["import", "validate", "inbox"])
@pytest.mark.parametrize(
    ("theirs", "ours", "kamp"),
    [
        (COLUMN, "{id: 538}", "538"),
        (COLUMN, COLUMN, "538"),
        (COLUMN, ROUTES, "x"),
        (COLUMN, "{split: {538: 100%}}", "538"),
        ("{id: 539}", COLUMN, "538"),
        ("{id: 539}", "{split: {538: 100%}}", "538"),
        ("{split: {539: 100%}}", "{split: {538: 100%}}", "538"),
        ("{id: 539}", "{id: 538}", "538"),
        ('{column: Kamp, routes: [{pattern: ".", to: 539}]}', ROUTES, "x"),
    ],
)
def test_a_forged_row_gets_nothing_of_another_campaign(
    theirs: str, ours: str, kamp: str, how: str, run: Run, configure: Configure, dialler: SimulatorServer,
    tmp_path: Path,
) -> None:  # fmt: skip
    """Neither a key, also not as the message of another one, nor a number."""
    configure(campaign=theirs)
    (tmp_path / "theirs.csv").write_text(f"Kamp,Key,Name,Phone\n539,{KEY},,{NUMBER}\n", encoding="utf-8")
    name = run("import", "theirs.csv").summary["run_id"]
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    configure(campaign=ours, inbox="{dir: inbox, quiet_for: 0, answers: answers}")
    rows = [f"{kamp},X,Eva,01713920012,{name},2,X", f"{kamp},{KEY},Eva,2E+09,{name},2,{KEY}"]
    forged = inbox / "forged.csv"
    forged.write_text("\n".join(["Kamp,Key,Name,Phone,_run,_row,_key", *rows]) + "\n", encoding="utf-8")
    command = {
        "import": ("import", forged),
        "validate": ("validate", forged, "--mapped", "mapped.csv"),
        "inbox": ("import",),
    }[how]

    done = run(*command)

    assert done.code == ExitCode.ROWS_FAILED, done.err
    told = "".join(_texts(path) for path in [*tmp_path.glob("answers/*"), *tmp_path.glob("mapped.csv")])
    assert how == "import" or told
    assert "Eva" in told or how == "import"
    if done.reports:
        told += "".join(_texts(path) for path in done.reports.iterdir() if path.is_file())
    assert NUMBER not in told
    assert NUMBER[1:] not in told
    assert "key_changed" not in told
    assert f"'{KEY}'" not in told
    assert [contact["UserData"] for contact in dialler.store.contacts.values()] == ["X"] * (how != "validate")


def test_a_row_without_a_campaign_is_told_to_lists_of_its_own_column_only(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """Whoever corrects an empty campaign may be anybody of that configuration."""
    configure(campaign=COLUMN)
    (tmp_path / "theirs.csv").write_text(f"Kamp,Key,Name,Phone\n,{KEY},Eva,{NUMBER}\n", encoding="utf-8")
    name = run("import", "theirs.csv").summary["run_id"]
    forged = f"Kamp,Other,Key,Name,Phone,_run,_row,_key\n538,538,{KEY},Eva,2E+09,{name},2,{KEY}\n"
    (tmp_path / "forged.csv").write_text(forged, encoding="utf-8")

    for campaign in ("{id: 538}", "{column: Other}"):
        configure(campaign=campaign)
        assert run("import", "forged.csv").code == ExitCode.ROWS_FAILED

    assert not dialler.store.contacts


def _texts(path: Path) -> str:
    if path.suffix != ".xlsx":
        return path.read_text(encoding="utf-8-sig")
    with zipfile.ZipFile(path) as book:
        return "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))
