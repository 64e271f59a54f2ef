"""A run that is killed at any instant and resumed ends as if nothing had happened."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.journal import Journal
from dialler_sync.simulator import SimulatorServer, Span, Store

from ..conftest import Configure, Run
from ..helpers.commands import BOUNDARIES, killed
from ..helpers.watched import Watched
from ..helpers.worlds import Ended, ended, prepare, rows

Contacts = Callable[..., Path]

ROWS = 40
IN_FLIGHT = 4

SHORT = {
    "overwrite": {("after", b) for b in BOUNDARIES if b not in {"begun", "read"}} | {("before", "outcomes")},
    "create": {("after", "sending"), ("before", "outcomes"), ("after", "outcomes")},
    "keyless": {("after", "sending"), ("before", "outcomes")},
}
"""What always runs. The rest is all but the same, as a kill after one boundary is one before the next."""


def cases(*modes: str) -> list[object]:
    """Every boundary that a mode passes."""
    found: list[object] = []
    for mode in modes:
        for boundary in BOUNDARIES:
            for when in ("before", "after"):
                marks = () if (when, boundary) in SHORT[mode] else pytest.mark.long
                if boundary == ("sending" if mode == "overwrite" else "images"):
                    continue  # intents are for rows that must not be sent twice, images for those that are overwritten
                if (when, boundary) != ("before", "begun"):
                    found.append(pytest.param(mode, when, boundary, id=f"{mode}-{when}-{boundary}", marks=marks))
    return found


@pytest.fixture(scope="module")
def uninterrupted() -> dict[str, Ended]:
    """What each mode ends with when nothing goes wrong; filled by the first test that asks."""
    return {}


@pytest.fixture
def expected(
    uninterrupted: dict[str, Ended], run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path
) -> Callable[[str], Ended]:
    """What a mode ends with when nothing goes wrong."""

    def expect(mode: str) -> Ended:
        if mode not in uninterrupted:
            with Store({538: "Nightly"}) as store, SimulatorServer(store) as server:
                prepare(configure, store, mode, base_url=server.base_url)
                done = run("--state", tmp_path / "other.db", "import", contacts_csv(rows=rows(ROWS)))
                assert done.reports
                uninterrupted[mode] = ended(server, done.reports)
        return uninterrupted[mode]

    return expect


@pytest.mark.parametrize(("mode", "when", "boundary"), cases("overwrite", "create"))
def test_a_run_killed_at_a_boundary_is_resumed(
    mode: str,
    when: str,
    boundary: str,
    expected: Callable[[str], Ended],
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
    dialler: SimulatorServer,
) -> None:
    """Every contact once, no row lost, the same reports: wherever the process was killed."""
    wanted = expected(mode)
    prepare(configure, dialler.store, mode)

    killed(when, boundary, "import", contacts_csv(rows=rows(ROWS)))
    if (when, boundary) == ("after", "finished"):
        assert "nothing to resume" in run("resume").err
        return
    done = run("resume")

    assert done.reports, done.err
    assert ended(dialler, done.reports) == wanted
    assert done.code == ExitCode.ROWS_FAILED, "two rows are rejected"


@pytest.mark.parametrize(("mode", "when", "boundary"), cases("keyless"))
def test_rows_without_a_key_that_were_on_their_way_are_unknown(
    mode: str,
    when: str,
    boundary: str,
    expected: Callable[[str], Ended],
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
    dialler: SimulatorServer,
) -> None:
    """They cannot be looked for, so they are not sent again; all others are there once."""
    wanted = expected(mode)
    prepare(configure, dialler.store, mode)

    killed(when, boundary, "import", contacts_csv(rows=rows(ROWS)))
    if (when, boundary) == ("after", "finished"):
        return
    done = run("resume")

    assert done.reports, done.err
    left = ended(dialler, done.reports)
    assert left.contacts <= wanted.contacts
    unknown = [line for line in left.lines if line["_status"] == "unknown"]
    assert len(unknown) <= IN_FLIGHT
    if (when, boundary) in {("after", "sending"), ("before", "outcomes")}:
        assert unknown
    assert [line for line in left.lines if line not in unknown] == [
        line for line in wanted.lines if line["_row"] not in {row["_row"] for row in unknown}
    ]
    assert sum(left.contacts.values()) >= sum(wanted.contacts.values()) - len(unknown)


def test_a_run_killed_before_it_is_in_the_journal_left_nothing(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """There is nothing to resume, and the import can simply be begun again."""
    prepare(configure, dialler.store, "overwrite")
    killed("before", "begun", "import", contacts_csv(rows=rows(ROWS)))

    resumed, again = run("resume"), run("import", contacts_csv(rows=rows(ROWS)))

    assert resumed.code == ExitCode.OK
    assert "nothing to resume" in resumed.err
    assert again.summary["counts"]["succeeded"] == ROWS - 3


@pytest.mark.parametrize("boundary", ["read", "planned", "outcomes", "summary"])
def test_a_resume_that_is_killed_is_resumed(
    boundary: str,
    expected: Callable[[str], Ended],
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
    dialler: SimulatorServer,
) -> None:
    """Interruptions may come one after the other."""
    wanted = expected("create")
    prepare(configure, dialler.store, "create")
    first, then = ("rows", boundary) if boundary in {"read", "planned"} else ("planned", boundary)

    killed("after", first, "import", contacts_csv(rows=rows(ROWS)))
    killed("before", then, "resume")
    done = run("resume")

    assert done.reports, done.err
    assert ended(dialler, done.reports) == wanted


SEEDS = [("overwrite", 1), ("create", 2)]
MORE_SEEDS = [(mode, seed) for mode in ("overwrite", "create") for seed in range(3, 23)]


@pytest.mark.parametrize(
    ("mode", "seed"), [*SEEDS, *(pytest.param(*case, marks=pytest.mark.long) for case in MORE_SEEDS)]
)
def test_a_run_killed_at_random_moments_is_resumed(
    mode: str,
    seed: int,
    expected: Callable[[str], Ended],
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
    dialler: SimulatorServer,
    store: Watched,
) -> None:
    """The process as users start it, killed while the dialler is at work on its rows, twice in a row."""
    chance = random.Random(seed)
    wanted = expected(mode)
    prepare(configure, dialler.store, mode)
    moments = [chance.randint(1, 20) for _ in range(2)]
    print("killed at changes", moments)
    arguments = ["import", str(contacts_csv(rows=rows(ROWS)))]

    for moment in moments:
        with subprocess.Popen([sys.executable, "-m", "dialler_sync", *arguments]) as process:
            store.strike(process.pid, moment)
        arguments = ["resume"]
    done = run("resume")

    if done.code == ExitCode.USAGE:
        with Journal.open(Path("state/journal.db")) as journal:
            reports = Path(journal.runs()[0].out)
    else:
        assert done.reports, done.err
        reports = done.reports
    assert ended(dialler, reports) == wanted


def test_a_dialler_still_at_work_on_rows_of_a_killed_run_does_not_get_them_twice(
    run: Run, configure: Configure, contacts_csv: Contacts, store: Watched
) -> None:
    """A resume waits until what the killed process had sent can no longer be running."""
    with SimulatorServer(store, processing=Span(0.7, 0.7)) as dialler:
        configure(timeout=0.9, concurrency=8, base_url=dialler.base_url)
        path = contacts_csv(8)
        run("validate", path)  # so that the resume has everything imported, and comes at once
        killed("after", "outcomes", "import", path)  # of the first row; the others are on their way
        assert len(store.contacts) == 1

        done = run("resume")

    assert done.code == ExitCode.OK, done.err
    assert Counter(contact["UserData"] for contact in store.contacts.values()) == {f"K{n}": 1 for n in range(2, 10)}


def test_a_killed_dry_run_or_plan_sends_nothing_when_resumed(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """What was never to be sent is not sent by a resume."""
    configure()
    path = contacts_csv(5)

    killed("after", "planned", "import", "--dry-run", path)
    dry = run("resume")
    killed("before", "planned", "plan", path)
    planned = run("resume")

    assert dry.summary["counts"]["skipped"] == 5, dry.err
    assert "nothing to resume" in planned.err
    assert not dialler.store.contacts
