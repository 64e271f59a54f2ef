"""``runs prune`` forgets which old calls were given: the journal stays small, and none of them is given again."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from dialler_sync.exit_codes import ExitCode
from dialler_sync.journal import Journal
from dialler_sync.journal.calls import CALL, Note
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run
from .test_calls import BUSY, SALE, ago, call, contacts, given

LAST = ("calls", "--since", "last")


def known(tmp_path: Path, kind: str) -> int:
    with closing(sqlite3.connect(tmp_path / "state" / "journal.db")) as journal:
        found: tuple[int] = journal.execute("SELECT count(*) FROM known_calls WHERE kind = ?", (kind,)).fetchone()
    return found[0]


def test_old_calls_are_forgotten_and_not_given_again(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """Those of contacts that are called again and of others, for each receiver; and new ones are given."""
    configure()
    first, second, third = contacts(dialler.store, 3)
    for contact, days in ((first, 300), (second, 200), (third, 20)):
        dialler.store.add_call(contact, **call(ago(days=days), code=BUSY))
    assert run(*LAST, "--to", "1.csv").code == ExitCode.OK
    assert run(*LAST, "--for", "crm", "--to", "crm.jsonl").code == ExitCode.OK

    pruned = run("runs", "prune", "--older-than", "100d")

    assert "forgot 4 calls that 'calls --since last' has given" in pruned.err
    assert (known(tmp_path, "call"), known(tmp_path, "contact")) == (2, 2)
    dialler.store.add_call(first, **call(ago(minutes=5), code=SALE))
    done = run(*LAST, "--to", "2.csv")
    assert done.code == ExitCode.OK, done.err
    assert "forgotten" not in done.err
    assert given(Path()) == {"1": 1, "2": 1, "3": 1, "4": 1}
    assert "calls       0" in run(*LAST, "--to", "3.csv").out
    assert "calls       1" in run(*LAST, "--for", "crm", "--to", "crm2.jsonl").out
    assert run("runs", "prune", "--older-than", "100d").err.count("calls --since last") == 0


def test_young_calls_are_not_forgotten(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """Whatever age is named: what the dialler tells late is given all the same."""
    configure()
    first, second = contacts(dialler.store, 2)
    dialler.store.add_call(first, **call(ago(days=80), code=BUSY))
    run(*LAST, "--to", "1.csv")
    assert "calls --since last" not in run("runs", "prune", "--older-than", "1d").err
    dialler.store.add_call(second, **call(ago(days=79), code=BUSY))

    done = run(*LAST, "--to", "2.csv")

    assert "calls       1\n" in done.out, done.err
    assert known(tmp_path, "call") == 2


def test_the_first_look_at_a_campaign_says_what_it_leaves_out(
    run: Run, configure: Configure, dialler: SimulatorServer
) -> None:
    """Whether a call was given with another campaign is not known any more: not twice, and not in silence."""
    configure()
    contact = contacts(dialler.store, 1)[0]
    dialler.store.add_call(contact, **call(ago(days=300), code=BUSY))
    run(*LAST, "--to", "1.csv")
    run("runs", "prune", "--older-than", "100d")
    dialler.store.contacts[contact]["DiallerCampaignsID"] = 539

    done = run(*LAST, "--campaign", "539", "--to", "2.csv")

    assert "calls       0" in done.out
    assert "1 calls began before" in done.err
    assert "without --since last they are in the list" in done.err
    assert "calls       1" in run("calls", "--campaign", "539", "--to", "all.csv").out


def test_nothing_is_forgotten_while_a_list_waits_for_its_place(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """A process was killed: the next list finds out what its file holds."""
    configure()
    dialler.store.add_call(contacts(dialler.store, 1)[0], **call(ago(days=300), code=BUSY))
    run(*LAST, "--to", "1.csv")
    with Journal.open(tmp_path / "state" / "journal.db") as journal:
        target, receiver, looked_at = journal.call_receivers()[0]
        file = {"path": "x.csv", "draft": "x", "sha256": "x", "calls": 1, "updated": 0, "looked_at": looked_at}
        journal.call_notes(target, receiver).intend(file, [Note(CALL, "id 9", "hash", str(ago(days=300)))])

    assert "calls --since last" not in run("runs", "prune", "--older-than", "100d").err

    assert run(*LAST, "--to", "2.csv").code == ExitCode.OK
    assert "forgot 2 calls " in run("runs", "prune", "--older-than", "100d").err
