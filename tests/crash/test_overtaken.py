"""A run that is taken up after a newer one of its campaign: older values never replace newer ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import FaultPlan, SimulatorServer

from ..conftest import Configure, Run
from ..helpers.commands import killed

Contacts = Callable[..., Path]


def names(dialler: SimulatorServer) -> dict[str, str]:
    return {contact["UserData"]: contact["Name"] for contact in dialler.store.contacts.values()}


@pytest.fixture
def lists(contacts_csv: Contacts) -> tuple[Path, Path]:
    """Two exports of one list: the newer one has new values, lacks K5, and has K7."""
    old = [f"K{n},Old {n},0171 39200{n}0" for n in range(2, 7)]
    new = [f"K{n},New {n},0171 39200{n}0" for n in (2, 3, 4, 6, 7)]
    return contacts_csv(rows=old, name="old.csv"), contacts_csv(rows=new, name="new.csv")


def stopped(run: Run, dialler: SimulatorServer, path: Path) -> str:
    """An import that a dead token has stopped after its first row."""
    dialler.order(FaultPlan.parse("401_from:3"))
    done = run("import", path)
    dialler.order(FaultPlan())
    assert done.code == ExitCode.NO_ROW_CAN_SUCCEED
    found: str = done.summary["run_id"]
    return found


@pytest.mark.parametrize("undone", [False, True])
def test_resume_after_a_newer_run(
    run: Run, configure: Configure, lists: tuple[Path, Path], dialler: SimulatorServer, undone: bool
) -> None:
    """Only what the newer run does not have is sent, unless that run was undone."""
    configure(concurrency=1)
    old = stopped(run, dialler, lists[0])
    new = run("import", lists[1]).summary["run_id"]
    if undone:
        assert run("undo", new, "--yes").code == ExitCode.OK

    resumed = run("resume", old)

    assert resumed.code == ExitCode.OK, resumed.err
    if undone:
        assert names(dialler) == {f"K{n}": f"Old {n}" for n in range(2, 7)}
        return
    assert names(dialler) == {"K5": "Old 5", **{f"K{n}": f"New {n}" for n in (2, 3, 4, 6, 7)}}
    left_out = [row for row in resumed.rows() if row["_action"] == "superseded"]
    assert [(row["_user_data"], row["_status"]) for row in left_out] == [(f"K{n}", "skipped") for n in (3, 4, 6)]
    assert all(f"left to run {new}" in row["_error"] for row in left_out)


def test_retry_after_a_newer_run(
    run: Run, configure: Configure, lists: tuple[Path, Path], dialler: SimulatorServer
) -> None:
    """The rows that failed in the older run and succeeded in the newer one have newer values in the dialler."""
    configure()
    dialler.order(FaultPlan.parse("400_for:K3|K5"))
    old = run("import", lists[0]).summary["run_id"]
    dialler.order(FaultPlan())
    run("import", lists[1])

    retried = run("retry", old)

    assert retried.code == ExitCode.OK, retried.err
    assert names(dialler) == {"K5": "Old 5", **{f"K{n}": f"New {n}" for n in (2, 3, 4, 6, 7)}}
    assert run("retry", old).summary["actions"].get("create", 0) == 0, "the first retry has settled it"


@pytest.mark.parametrize("planned", [True, False])
def test_the_mirror_of_an_older_list_is_left_to_the_newer_one(
    run: Run, configure: Configure, lists: tuple[Path, Path], dialler: SimulatorServer, planned: bool
) -> None:
    """It would delete what only the newer list has, or lacks by now: also where it had been decided before."""
    configure(concurrency=1, mirror="{missing: delete, max_missing: 100%}")
    run("import", lists[1])
    if planned:
        old = stopped(run, dialler, lists[0])
    else:
        dialler.order(FaultPlan.parse("503:100%:on=all"))
        configure(concurrency=1, mirror="{missing: delete, max_missing: 100%}", give_up_after=0, retries=0)
        away = run("import", lists[0])
        assert away.code == ExitCode.UNAVAILABLE
        old = away.summary["run_id"]
        dialler.order(FaultPlan())
    run("import", lists[1])

    resumed = run("resume", old)

    assert resumed.code == ExitCode.OK, resumed.err
    assert names(dialler)["K7"] == "New 7"
    assert names(dialler)["K2"] == "New 2"


def test_resume_after_a_newer_run_by_a_clock_that_was_set_back(
    run: Run, configure: Configure, lists: tuple[Path, Path], dialler: SimulatorServer
) -> None:
    """The run that began later counts as the newer one."""
    configure(concurrency=1)
    old = stopped(run, dialler, lists[0])
    later = f"{datetime.now(UTC) + timedelta(hours=2):%Y-%m-%dT%H:%M:%S.000Z}"
    with closing(sqlite3.connect("state/journal.db")) as base, base:
        base.execute("UPDATE runs SET started_at = ?", (later,))
    assert "clock" in run("import", lists[1]).err

    run("resume", old)

    assert names(dialler) == {"K5": "Old 5", **{f"K{n}": f"New {n}" for n in (2, 3, 4, 6, 7)}}


@pytest.mark.parametrize("older", ["resume", "retry", "failed.csv"])
def test_a_newer_list_stays_the_newer_one_whenever_the_older_is_sent(
    older: str, run: Run, configure: Configure, lists: tuple[Path, Path], dialler: SimulatorServer
) -> None:
    """Both were stopped, and the older one is finished first: what it sends then is older all the same."""
    configure()
    first = run("import", lists[0], "--limit", "1")
    newer = run("import", lists[1], "--limit", "1")
    assert first.reports
    old, new = first.summary["run_id"], newer.summary["run_id"]
    arguments = {"failed.csv": ("import", first.reports / "failed.csv")}.get(older, (older, old))
    assert run(*arguments).code == ExitCode.OK
    assert names(dialler) == {"K2": "New 2", **{f"K{n}": f"Old {n}" for n in (3, 4, 5, 6)}}

    again = run("retry" if older == "resume" else "resume", new)

    assert not again.summary["actions"]["superseded"]
    assert names(dialler) == {"K5": "Old 5", **{f"K{n}": f"New {n}" for n in (2, 3, 4, 6, 7)}}


def test_a_retry_of_a_retry_belongs_to_the_list_of_the_first_run(
    run: Run, configure: Configure, lists: tuple[Path, Path], dialler: SimulatorServer
) -> None:
    """A newer list that came before the first retry is newer than all of them."""
    configure()
    dialler.order(FaultPlan.parse("400_for:K3|K5"))
    old = run("import", lists[0]).summary["run_id"]
    dialler.order(FaultPlan.parse("400_for:K5"))
    new = run("import", lists[1]).summary["run_id"]
    first = run("retry", old)
    assert first.statuses() == {2: "skipped", 3: "skipped", 4: "skipped", 5: "failed", 6: "skipped"}

    second = run("retry")

    assert second.summary["parent"] == first.summary["run_id"]
    assert second.rows()[1]["_error"] == f"left to run {new}, which is newer than run {old} of this list"
    assert names(dialler) == {f"K{n}": f"New {n}" for n in (2, 3, 4, 6, 7)}


def test_what_a_newer_list_may_have_sent_is_left_to_it(
    run: Run, configure: Configure, lists: tuple[Path, Path], dialler: SimulatorServer
) -> None:
    """Else an older value could replace it; what an earlier try of the same list may have sent is sent."""
    configure(retries=0, concurrency=1)
    dialler.order(FaultPlan.parse("400_for:K3"))
    old = run("import", lists[0]).summary["run_id"]
    dialler.order(FaultPlan.parse("500_after:#2,500_before:1:on=lookup|batch"))
    doubtful = run("import", lists[1])
    assert doubtful.statuses()[3] == "unknown"
    assert names(dialler)["K3"] == "New 3"
    dialler.order(FaultPlan())

    assert run("retry", old).rows()[1]["_action"] == "superseded"
    assert names(dialler)["K3"] == "New 3"
    assert run("retry", doubtful.summary["run_id"]).code == ExitCode.OK
    assert names(dialler)["K3"] == "New 3"


def test_what_a_killed_run_of_a_newer_list_may_have_sent_is_left_to_it(
    run: Run, configure: Configure, lists: tuple[Path, Path], dialler: SimulatorServer
) -> None:
    """The journal does not know of the rows that were on their way."""
    configure(concurrency=1)
    old = run("import", lists[0], "--limit", "1")
    killed("before", "outcomes", "import", lists[1])
    assert old.reports
    sent = names(dialler)
    assert sent["K2"] == "New 2"

    mended = run("import", old.reports / "failed.csv")

    assert {row["_user_data"] for row in mended.rows() if row["_status"] == "succeeded"} == {"K5"}
    assert names(dialler) == {**sent, "K5": "Old 5"}
    assert run("resume").code == ExitCode.OK
    assert names(dialler) == {"K5": "Old 5", **{f"K{n}": f"New {n}" for n in (2, 3, 4, 6, 7)}}


FILTER = "{skip: {Name: {pattern: out}}, skipped_contacts: lock}"


@pytest.mark.parametrize("how", ["resume", "retry", "import"])
@pytest.mark.parametrize("there", [True, False])
def test_whom_a_newer_list_leaves_out_is_not_called_by_an_older_one(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, how: str, there: bool
) -> None:
    """Not by a row that failed before, and the lock of its contact stays."""
    configure(concurrency=1, rows=FILTER)
    if there:
        run("import", contacts_csv(1))
    dialler.order(FaultPlan.parse("401_from:1" if how == "resume" else "400_for:K2"))
    older = run("import", contacts_csv(rows=["K2,Older,0171 3920012"], name="older.csv"))
    dialler.order(FaultPlan())
    run("import", contacts_csv(rows=["K2,out,0171 3920012"], name="newer.csv"))

    name = older.summary["run_id"]
    done = run(how, Path("reports", name, "failed.csv") if how == "import" else name)

    assert [row["_action"] for row in done.rows()] == ["superseded"], done.err
    assert names(dialler) == ({"K2": "Name 2"} if there else {})
    assert all(contact["bLocked"] for contact in dialler.store.contacts.values())


@pytest.mark.parametrize("missing", ["lock", "delete"])
@pytest.mark.parametrize("how", ["resume", "retry", "import"])
def test_whom_the_mirror_of_a_newer_list_took_away_is_not_sent_by_an_older_one(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, how: str, missing: str
) -> None:
    configure(concurrency=1)
    run("import", contacts_csv(2))
    dialler.order(FaultPlan.parse("401_from:1" if how == "resume" else "400_for:K2"))
    older = run("import", contacts_csv(rows=["K2,Older,0171 3920012"], name="older.csv"))
    dialler.order(FaultPlan())
    configure(concurrency=1, mirror=f"{{missing: {missing}, max_missing: 100%}}")
    run("import", contacts_csv(rows=["K3,Newer,0171 3920013"], name="newer.csv"))
    configure(concurrency=1)

    name = older.summary["run_id"]
    done = run(how, Path("reports", name, "failed.csv") if how == "import" else name)

    assert [row["_action"] for row in done.rows() if row["_user_data"] == "K2"] == ["superseded"], done.err
    assert "K2" not in names(dialler) if missing == "delete" else names(dialler)["K2"] == "Name 2"


@pytest.mark.parametrize("settings", [{"rows": FILTER}, {"mirror": "{missing: lock, max_missing: 100%}"}])
def test_a_retry_unlocks_nobody_whom_a_newer_list_has_locked(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, settings: dict[str, str]
) -> None:
    """A row that the older list has settled is in it again, but the newer one says who is called."""
    configure(**settings)
    dialler.order(FaultPlan.parse("400_for:K3"))
    older = run("import", contacts_csv(2, name="older.csv")).summary["run_id"]
    dialler.order(FaultPlan())
    rows = ["K3,Newer,0171 3920013", *(["K2,out,0171 3920012"] if "rows" in settings else [])]
    run("import", contacts_csv(rows=rows, name="newer.csv"))

    done = run("retry", older)

    assert done.code == ExitCode.OK, done.err
    assert {c["UserData"]: c["bLocked"] for c in dialler.store.contacts.values()} == {"K2": True, "K3": False}


def test_who_is_left_out_by_the_same_list_can_be_sent_later(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """A retry has left out the row again; then somebody changes it in the list."""
    configure(rows=FILTER)
    older = run("import", contacts_csv(rows=["K2,out,0171 3920012", "K3,Bob,damaged"])).summary["run_id"]
    run("retry", older)
    contacts_csv(rows=["K2,Ann,0171 3920012", "K3,Bob,damaged"])

    done = run("retry", older)

    assert names(dialler) == {"K2": "Ann"}, done.err


@pytest.mark.parametrize("missing", ["lock", "delete"])
@pytest.mark.parametrize("forced", [False, True])
def test_undo_of_an_older_list_leaves_alone_whom_a_newer_one_lacks_too(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, missing: str, forced: bool
) -> None:
    """The newer mirror found nothing to do, but its list still lacks K3."""
    configure(mirror=f"{{missing: {missing}, max_missing: 100%}}")
    run("import", contacts_csv(2))
    older = run("import", contacts_csv(1, name="older.csv")).summary["run_id"]
    run("import", contacts_csv(rows=["K2,Newer,0171 3920012"], name="newer.csv"))

    undone = run("undo", older, "--yes", *(["--force"] if forced else []))

    there = [contact["bLocked"] for contact in dialler.store.contacts.values() if contact["UserData"] == "K3"]
    assert there == ([False] if forced else [True] * (missing == "lock")), undone.err
    assert [row["_error_code"] for row in undone.rows() if row["_user_data"] == "K3"] == [
        "" if forced else "contact_changed"
    ]


def test_undo_of_an_older_list_unlocks_nobody_whom_a_newer_one_leaves_out(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    configure(rows=FILTER)
    run("import", contacts_csv(1))
    older = run("import", contacts_csv(rows=["K2,out,0171 3920012"], name="older.csv")).summary["run_id"]
    run("import", contacts_csv(rows=["K2,still out,0171 3920012"], name="newer.csv"))

    undone = run("undo", older, "--yes")

    assert undone.code == ExitCode.ROWS_FAILED, undone.err
    assert [contact["bLocked"] for contact in dialler.store.contacts.values()] == [True]


def test_a_newer_list_for_all_campaigns_is_newer_than_one_of_a_single_campaign(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """As after a change of the configuration."""
    configure()
    dialler.order(FaultPlan.parse("400_for:K2"))
    older = run("import", contacts_csv(rows=["K2,Older,0171 3920012"], name="older.csv")).summary["run_id"]
    dialler.order(FaultPlan())
    configure(campaign='{column: Phone, routes: [{pattern: ".", to: 538}]}')
    run("import", contacts_csv(rows=["K2,Newer,0171 3920012"], name="newer.csv"))
    configure()

    done = run("retry", older)

    assert [row["_action"] for row in done.rows()] == ["superseded"], done.err
    assert names(dialler) == {"K2": "Newer"}


@pytest.mark.parametrize("to", ["538", "Nightly"])
@pytest.mark.parametrize("how", ["resume", "retry", "import"])
def test_a_newer_list_of_a_single_campaign_is_newer_than_one_for_all_campaigns(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, to: str, how: str
) -> None:
    """In its campaign: what the older list has for another one goes there."""
    dialler.store.campaigns[539] = "Trade fair callbacks"
    routed = f'{{column: Phone, routes: [{{pattern: "2$", to: {to}}}], otherwise: 539}}'
    rows = [f"K{n},Older,0171 392001{n}" for n in (2, 3)]
    configure(campaign=routed, concurrency=1)
    dialler.order(FaultPlan.parse("401_from:1" if how == "resume" else "400_for:K2|K3"))
    older = run("import", contacts_csv(rows=rows, name="older.csv")).summary["run_id"]
    dialler.order(FaultPlan())
    configure(campaign="{name: Nightly}")
    run("import", contacts_csv(rows=[row.replace("Older", "Newer") for row in rows], name="newer.csv"))
    configure(campaign=routed, concurrency=1)

    done = run(how, Path("reports", older, "failed.csv") if how == "import" else older)

    assert [row["_action"] for row in done.rows()] == ["superseded", "overwrite"], done.err
    assert names(dialler) == {"K2": "Newer", "K3": "Older"}


def test_undo_puts_back_what_a_newer_list_has_not_sent_again(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """As when the same export comes every night: the run that sent it can be undone."""
    configure()
    older = run("import", contacts_csv(2), "--compare", "journal").summary["run_id"]
    assert run("import", contacts_csv(2), "--compare", "journal").summary["actions"]["unchanged"] == 2

    assert run("undo", older, "--yes").code == ExitCode.OK
    assert names(dialler) == {}


@pytest.mark.parametrize("forced", [False, True])
def test_undo_of_an_older_list_leaves_alone_what_a_newer_one_has_sent_again(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, forced: bool
) -> None:
    """Changed or created: the dialler's contact shows no difference. What the newer list lacks is put back."""
    configure()
    run("import", contacts_csv(rows=[f"K{n},First,0171 392001{n}" for n in (2, 3)]))
    rows = [f"K{n},Second,0171 392001{n}" for n in range(2, 6)]
    older = run("import", contacts_csv(rows=rows, name="older.csv")).summary["run_id"]
    newer = run("import", contacts_csv(rows=[rows[0], rows[2]], name="newer.csv")).summary["run_id"]

    undone = run("undo", older, "--yes", *(["--force"] if forced else []))

    left = {} if forced else {"K2": "Second", "K4": "Second"}
    assert names(dialler) == {"K2": "First", "K3": "First", **left}, undone.err
    told = {row["_user_data"] for row in undone.rows() if f"run {newer} has a newer list" in row["_error"]}
    assert told == set(left)
    if not forced:
        assert [run("undo", each, "--yes").code for each in (newer, older)] == [ExitCode.OK] * 2
        assert names(dialler) == {"K2": "First", "K3": "First"}


def test_a_list_that_was_undone_keeps_nothing_as_it_is(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """The newest run first, then the one before it; a retry of the same list is not newer."""
    configure()
    dialler.order(FaultPlan.parse("400_for:K3"))
    older = run("import", contacts_csv(2)).summary["run_id"]
    dialler.order(FaultPlan())
    retried = run("retry", older).summary["run_id"]
    newer = run("import", contacts_csv(rows=["K2,Newer,0171 3920012"], name="newer.csv")).summary["run_id"]

    codes = [run("undo", each, "--yes").code for each in (newer, older, retried)]

    assert codes == [ExitCode.OK] * 3
    assert names(dialler) == {}
