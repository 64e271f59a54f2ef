"""A run belongs to a dialler and a campaign: nothing of it is sent elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.journal import Journal
from dialler_sync.simulator import FaultPlan, SimulatorServer

from ..conftest import Configure, Done, Run
from ..helpers.old_journals import SPELLINGS, age

Contacts = Callable[..., Path]


def two(configure: Configure, tmp_path: Path, second: str = "{id: 539}", **changes: object) -> tuple[Path, Path]:
    """Configurations of two campaigns, which share a journal."""
    other = configure(campaign=second, **changes).rename(tmp_path / "other.yaml")
    return configure(campaign="{id: 538}", **changes), other


@pytest.fixture
def failed(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, tmp_path: Path
) -> tuple[Path, Path, Done]:
    """Two configurations, and a run of the second one of whose rows one failed; nothing else in the journal."""
    ours, other = two(configure, tmp_path, retries=0)
    dialler.order(FaultPlan.parse("400:#2"))
    done = run("-c", other, "import", contacts_csv(3))
    dialler.order(FaultPlan())
    assert done.code == ExitCode.ROWS_FAILED
    return ours, other, done


@pytest.mark.parametrize("command", ["retry", "resume", "undo"])
def test_runs_of_another_campaign_are_left_alone(
    command: str, run: Run, failed: tuple[Path, Path, Done], dialler: SimulatorServer
) -> None:
    """Without a name there is nothing to do; with a name it is refused; the dialler sees no change."""
    ours, _, first = failed
    before = dict(dialler.store.contacts)
    name = first.summary["run_id"]

    unnamed, named = run("-c", ours, command), run("-c", ours, command, name)

    assert unnamed.code == ExitCode.OK, unnamed.err
    assert len(unnamed.err.splitlines()) == 1
    assert "there is nothing to" in unnamed.err
    assert named.code == ExitCode.USAGE
    assert "campaign 539" in named.err
    assert "campaign 538" in named.err
    assert "--config-of-run" in named.err
    assert dialler.store.contacts == before


def test_the_run_s_own_configuration_can_be_used(
    run: Run, failed: tuple[Path, Path, Done], dialler: SimulatorServer
) -> None:
    """The rows go to its own campaign; run, file, dialler, campaign and configuration are said first."""
    _, other, first = failed
    name = first.summary["run_id"]

    done = run("retry", name, "--config-of-run")

    assert done.code == ExitCode.OK, done.err
    assert {contact["DiallerCampaignsID"] for contact in dialler.store.contacts.values()} == {539}
    assert len(dialler.store.contacts) == 3
    said = done.err.splitlines()[0]
    for part in (name, "contacts.csv", "campaign 539", "localhost:", "/rest/v1.0/1", str(other)):
        assert part in said


def test_a_configuration_that_has_moved_is_no_longer_that_of_the_run(
    run: Run, failed: tuple[Path, Path, Done], dialler: SimulatorServer
) -> None:
    """The file that the run began with names another campaign by now."""
    ours, other, first = failed
    other.write_bytes(ours.read_bytes())

    refused = run("retry", first.summary["run_id"], "--config-of-run")

    assert refused.code == ExitCode.USAGE
    assert len(dialler.store.contacts) == 2


def test_nothing_to_do_is_no_failure(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """One line, exit 0; a run that does not exist is exit 2."""
    configure()
    done = run("import", contacts_csv(3))
    name = done.summary["run_id"]

    for arguments in (["retry"], ["retry", name], ["resume"], ["resume", name]):
        nothing = run(*arguments)
        assert nothing.code == ExitCode.OK, nothing.err
        assert "there is nothing to re" in nothing.err.splitlines()[-1]
        assert nothing.out == ""
        assert run(arguments[0], "2020").code == ExitCode.USAGE
    assert run("runs", "list").out.count("import") == 1


def test_undo_takes_the_newest_run_and_says_which(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its question names dialler, campaign, file, date, and what is lost for good."""
    configure()
    done = run("import", contacts_csv(2))

    monkeypatch.setattr("sys.stdin", StringIO("n\n"))
    asked = run("undo")
    undone = run("undo", "--yes")

    question = asked.err.splitlines()[1]
    day = done.summary["started_at"][:10]
    for part in ("contacts.csv", day, "campaign 538", "localhost:", "2 contacts", "call history", "for good"):
        assert part in question
    assert undone.code == ExitCode.OK
    assert not dialler.store.contacts


def test_a_name_and_its_id_are_one_campaign(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """What was begun by name is undone by ID, and at localhost what was begun at 127.0.0.1."""
    configure(campaign="{name: Nightly}")
    done = run("import", contacts_csv(2))
    configure(base_url=dialler.base_url.replace("127.0.0.1", "localhost"))

    undone = run("undo", done.summary["run_id"], "--yes")

    assert undone.code == ExitCode.OK, undone.err
    assert not dialler.store.contacts


def test_what_another_campaign_has_overwritten_is_sent_again(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """The journal's comparison does not go by what was sent before a run on another campaign of the account."""
    ours, other = two(configure, tmp_path, second="{column: Campaign}")
    mine = contacts_csv(1)
    theirs = tmp_path / "theirs.csv"
    theirs.write_text("Key,Name,Phone,Campaign\nK2,Other,0171 3920012,Nightly\n", encoding="utf-8")
    run("-c", ours, "import", mine)
    run("-c", other, "import", theirs)

    done = run("-c", ours, "import", mine, "--compare", "journal")

    assert done.summary["counts"]["succeeded"] == 1
    assert [contact["Name"] for contact in dialler.store.contacts.values()] == ["Name 2"]


@SPELLINGS
def test_an_old_journal_goes_on(
    spelled: str,
    old: str,
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
    dialler: SimulatorServer,
    tmp_path: Path,
) -> None:
    """Its runs, which name their targets by URL and spelling, are shown, compared with and undone."""
    configure(campaign=spelled)
    path = contacts_csv(3)
    done = run("import", path, "--compare", "journal")
    age(tmp_path / "state" / "journal.db", f"{dialler.base_url}/1#{old}")

    shown = run("runs", "show", done.summary["run_id"])
    again = run("import", path, "--compare", "journal")
    undone = run("undo", done.summary["run_id"], "--yes")

    assert shown.code == ExitCode.OK
    assert again.summary["actions"]["unchanged"] == 3
    assert undone.code == ExitCode.OK, undone.err
    assert not dialler.store.contacts
    with Journal.open(tmp_path / "state" / "journal.db") as journal:
        assert {run.target.partition("#")[2] for run in journal.runs()} == {"538"}
