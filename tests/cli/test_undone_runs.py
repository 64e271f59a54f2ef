"""What an undo has put back is settled no longer: not for retry, not for resume, not for an inbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run
from ..helpers.dialler import line
from ..helpers.worlds import COLUMNS, KEYLESS

Contacts = Callable[..., Path]


def names(dialler: SimulatorServer) -> Counter[str]:
    return Counter(contact["Name"] for contact in dialler.store.contacts.values())


@pytest.mark.parametrize("columns", [COLUMNS, KEYLESS], ids=["key", "keyless"])
def test_a_run_that_was_undone_is_not_resumed(
    columns: dict[str, str], run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """A retry of it sends every row."""
    configure(columns)
    stopped = run("import", contacts_csv(3), "--limit", "2").summary["run_id"]
    undone = run("undo", "--yes")

    refused, none = run("resume", stopped), run("resume")

    assert (refused.code, none.code) == (ExitCode.USAGE, ExitCode.OK)
    assert f"run {stopped} was undone by run {undone.summary['run_id']} and cannot be resumed" in refused.err
    assert f"'dialler-sync retry {stopped}'" in refused.err
    assert "have finished or were undone; there is nothing to resume" in none.out + none.err
    assert not dialler.store.contacts
    assert run("retry", stopped).summary["counts"]["succeeded"] == 3
    assert len(dialler.store.contacts) == 3


@pytest.mark.parametrize("columns", [COLUMNS, KEYLESS], ids=["key", "keyless"])
def test_a_run_that_was_undone_in_part_is_not_resumed(
    columns: dict[str, str], run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """What the undo left stays settled: a retry sends the others, none twice."""
    configure(columns, rows="{overwrite_duplicates: false}")
    stopped = run("import", contacts_csv(4), "--limit", "3", "--compare", "dialler").summary["run_id"]
    kept = next(each for each in dialler.store.contacts.values() if each["Name"] == "Name 2")
    kept["Name"] = "Mended by an agent"
    assert run("undo", "--yes").code == ExitCode.ROWS_FAILED

    assert run("resume", stopped).code == ExitCode.USAGE
    again = run("retry", stopped)

    assert again.statuses() == {2: "skipped", 3: "succeeded", 4: "succeeded", 5: "succeeded"}
    assert names(dialler) == {"Mended by an agent": 1, "Name 3": 1, "Name 4": 1, "Name 5": 1}


@pytest.mark.parametrize("left", [False, True], ids=["whole", "in part"])
def test_an_inbox_sends_what_was_put_back(
    left: bool, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, tmp_path: Path
) -> None:
    configure()
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    contacts_csv(3, "inbox/a.csv")
    command = ("import", "--inbox", inbox, "--quiet-for", "0")
    assert run(*command, "--limit", "2").code == ExitCode.ROWS_FAILED
    if left:
        next(iter(dialler.store.contacts.values()))["Name"] = "Mended by an agent"
    run("undo", "--yes")

    again = run(*command)

    assert again.code == ExitCode.OK, again.err
    assert "is not the file with which run" not in again.err
    assert Counter(again.statuses().values()) == ({"succeeded": 2, "skipped": 1} if left else {"succeeded": 3})
    assert [each.name[-5:] for each in (inbox / "done").iterdir()] == ["a.csv"]
    assert len(dialler.store.contacts) == 3


@pytest.mark.parametrize("columns", [COLUMNS, KEYLESS], ids=["key", "keyless"])
def test_a_retry_sends_what_was_put_back(
    columns: dict[str, str], run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Of the run itself, and of the run that had settled rows for it."""
    configure(columns)
    rows = [line("A"), line("B"), "C,Name C,abc"]
    first = run("import", contacts_csv(rows=rows)).summary["run_id"]
    contacts_csv(rows=[*rows[:2], line("C")])
    second = run("retry")
    assert second.statuses() == {2: "skipped", 3: "skipped", 4: "succeeded"}
    assert run("undo", first, "--yes").code == ExitCode.OK
    assert names(dialler) == {"Name C": 1}

    third = run("retry", second.summary["run_id"])

    assert third.statuses() == {2: "succeeded", 3: "succeeded", 4: "skipped"}
    for done in (third, second):
        assert run("undo", done.summary["run_id"], "--yes").code == ExitCode.OK
    assert not dialler.store.contacts
    again = run("retry", first)
    assert again.statuses() == {2: "succeeded", 3: "succeeded", 4: "succeeded"}
    assert names(dialler) == {"Name A": 1, "Name B": 1, "Name C": 1}


ALL, ONE, OTHER = '{column: Phone, routes: [{pattern: ".", to: 538}]}', "{id: 538}", "{id: 539}"


@pytest.mark.parametrize(
    ("older", "newer", "there"), [(ALL, ONE, False), (ONE, ALL, False), (OTHER, ALL, True)], ids=["all", "one", "other"]
)
def test_a_retry_sends_what_the_undo_of_a_list_for_more_or_fewer_campaigns_put_back(
    older: str,
    newer: str,
    there: bool,
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
    dialler: SimulatorServer,
) -> None:
    """Unless it was a contact of another campaign: the row's own is still there, and is not made twice."""
    dialler.store.campaigns[539] = "Trade fair callbacks"
    configure(campaign=older)
    first = run("import", contacts_csv(rows=[line("A")], name="older.csv"))
    configure(campaign=newer, rows=f"{{compare: dialler, overwrite_duplicates: {str(not there).lower()}}}")
    rejected = run("import", contacts_csv(rows=[line("A"), "B,Name B,abc"]))
    assert rejected.statuses() == {2: "succeeded" if there else "skipped", 3: "rejected"}
    configure(campaign=older)
    assert run("undo", first.summary["run_id"], "--yes", "--force").code == ExitCode.OK
    configure(campaign=newer, rows=f"{{overwrite_duplicates: {str(not there).lower()}}}")
    contacts_csv(rows=[line("A"), line("B")])

    again = run("retry", rejected.summary["run_id"])

    assert again.code == ExitCode.OK, again.err
    assert names(dialler) == {"Name A": 1, "Name B": 1}


def test_a_lock_that_was_put_back_is_made_again(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """A retry of ``contacts lock`` goes by the same rule."""
    configure()
    run("import", contacts_csv(2))
    locked = run("contacts", "lock", "--user-data", "K2", "--user-data", "NONE", "--yes").summary["run_id"]
    assert run("undo", locked, "--yes").code == ExitCode.OK

    run("retry", locked)

    assert [each["Name"] for each in dialler.store.contacts.values() if each["bLocked"]] == ["Name 2"]
