"""One run, as those see it who start it from Python: stages, limits, and what a stop leaves."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dialler_sync.config import load_config
from dialler_sync.config.limits import row_limit
from dialler_sync.exit_codes import ExitCode
from dialler_sync.jobs.imports import ImportOptions, import_files, plan_files
from dialler_sync.jobs.resume import resume_run
from dialler_sync.journal import Journal
from dialler_sync.model import Status
from dialler_sync.run.options import RunOptions
from dialler_sync.run.reports import Summary
from dialler_sync.simulator import FaultPlan, SimulatorServer

from ...conftest import Configure
from ...helpers.dialler import line

Contacts = Callable[..., Path]
Import = Callable[..., Summary]

ALL = [line(f"K{n}") for n in range(10)]
FEWER = ALL[:8]


class Watching:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, int | None]] = []
        self.rows: Counter[tuple[str, Status | None]] = Counter()

    def stage(self, name: str, total: int | None) -> None:
        self.stages.append((name, total))

    def advance(self, rows: int, status: Status | None = None) -> None:
        self.rows[self.stages[-1][0], status] += rows


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal.db") as journal:
        yield journal


def test_whoever_watches_is_told_of_every_row(
    journal: Journal, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Stages in order, rows of each, and what became of them."""
    dialler.order(FaultPlan.parse("400_for:K3"))
    config = configure()
    path = contacts_csv(rows=["K2,A,0171 3920012", "K3,B,0171 3920013", "K4,,0171 3920014"])
    watching = Watching()

    import_files(load_config(config), ImportOptions((path,), config), journal, watching)

    assert watching.stages == [("reading", None), ("planning", None), ("importing", 2)]
    assert watching.rows == {
        ("reading", None): 3, ("importing", Status.SUCCEEDED): 1, ("importing", Status.FAILED): 1,
    }  # fmt: skip


def test_a_contact_protected_while_the_rows_are_sent_is_not_taken_away(
    journal: Journal, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """The mirror looks at each just before it changes it; calls of which that record does not tell stay as planned."""

    class Agent(Watching):
        def stage(self, name: str, total: int | None) -> None:
            super().stage(name, total)
            if name == "importing":
                dialler.store.update(*dialler.store.matches("K9"), FollowUpDateTime="2030-01-01 10:00:00")
                dialler.store.update(*dialler.store.matches("K8"), dtLastTry="soon")

    config = configure(mirror="{missing: delete, max_missing: 50%}", protect="{follow_up: true, called: 1d}")
    import_files(load_config(config), ImportOptions((contacts_csv(rows=ALL),), config), journal)

    done = import_files(load_config(config), ImportOptions((contacts_csv(rows=FEWER),), config), journal, Agent())

    assert done.exit_code == ExitCode.OK
    assert done.actions["protected"] == 1
    assert {contact["UserData"] for contact in dialler.store.contacts.values()} == {f"K{n}" for n in (*range(8), 9)}


def test_too_many_failures_stop_the_run(
    journal: Journal, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """max_errors counts while rows are sent, too; the rest is resumable."""
    config = configure(concurrency=2)
    dialler.order(FaultPlan.parse(f"400_for:{'|'.join(f'K{n}' for n in range(10, 40))}"))
    settings = load_config(config)
    options = RunOptions(max_errors=row_limit("5"))

    stopped = import_files(settings, ImportOptions((contacts_csv(100),), config, None, options), journal)

    assert stopped.exit_code == ExitCode.SAFETY_LIMIT
    assert "--max-errors 5 allows no more" in stopped.stopped_because
    assert 6 <= stopped.counts["failed"] <= 8
    assert sum(stopped.counts.values()) == 2 * 100
    dialler.order(FaultPlan())
    resumed = resume_run(settings, journal.run(stopped.run_id), journal)
    assert resumed.counts["succeeded"] == 100 - stopped.counts["failed"]


def test_a_run_that_stopped_by_itself_is_resumed_at_once(
    journal: Journal, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Only a killed one may have left requests that are still running."""
    config = configure(timeout=20)
    settings = load_config(config)
    options = RunOptions(limit=5)
    stopped = import_files(settings, ImportOptions((contacts_csv(10),), config, None, options), journal)
    started = time.monotonic()

    resumed = resume_run(settings, journal.run(stopped.run_id), journal)

    assert time.monotonic() - started < 8
    assert (stopped.counts["unprocessed"], resumed.counts["succeeded"]) == (5, 10)


def test_what_a_resumed_run_needed_is_added_up(
    journal: Journal, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Requests, repeats and seconds of all its parts."""
    dialler.order(FaultPlan.parse("503:#2:retry_after=0,503:#8:retry_after=0"))
    config = configure(concurrency=1)
    settings = load_config(config)
    options = RunOptions(limit=5)
    stopped = import_files(settings, ImportOptions((contacts_csv(10),), config, None, options), journal)

    resumed = resume_run(settings, journal.run(stopped.run_id), journal)

    assert (stopped.retries, resumed.retries) == (1, 2)
    assert resumed.requests == len(dialler.requests)
    assert resumed.duration_s >= stopped.duration_s
    assert resumed.started_at == stopped.started_at


def test_a_file_that_changes_while_it_is_read_is_refused(
    journal: Journal, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """A half of yesterday and a half of today; nothing is sent, and nothing is left behind."""
    from dialler_sync.errors import InputError

    config = configure()
    path = contacts_csv(10)

    class Appending(Watching):
        def advance(self, rows: int, status: Status | None = None) -> None:
            with path.open("a", encoding="utf-8") as file:
                file.write("K99,Late,0171 3920099\n")

    with pytest.raises(InputError, match="changed while it was read"):
        import_files(load_config(config), ImportOptions((path,), config), journal, Appending())

    assert journal.runs() == []
    assert not dialler.requests
    assert list((tmp_path / "reports").iterdir()) == []


def test_a_plan_that_is_made_meanwhile_makes_nothing_forgotten(
    journal: Journal, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """A plan takes no lock, and reads the journal in the middle of a run; the next night knows all of the run."""
    config = configure()
    settings, options = load_config(config), RunOptions(compare="journal")
    files = (contacts_csv(20),)

    class Planning(Watching):
        def advance(self, rows: int, status: Status | None = None) -> None:
            super().advance(rows, status)
            if status is Status.SUCCEEDED and self.rows["importing", status] == 5:
                with ThreadPoolExecutor(1) as beside:
                    beside.submit(plan).result()

    def plan() -> None:
        with Journal.open(tmp_path / "journal.db") as other:
            plan_files(settings, ImportOptions(files, config, run=options), other)

    import_files(settings, ImportOptions(files, config), journal, Planning())
    again = import_files(settings, ImportOptions(files, config, run=options), journal)

    assert again.actions["unchanged"] == 20
