"""Runs whose rows are sent by the workers of a Dask cluster, in real processes."""

from __future__ import annotations

import asyncio
import csv
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import pytest

from dialler_sync import ImportResult, import_files
from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import FaultPlan, SimulatorServer, Store

from ..conftest import COLUMNS, Configure, Done, Run
from ..helpers.commands import start
from ..helpers.watched import Watched
from ..helpers.worlds import Ended, ended, prepare, rows
from .conftest import Workers

Contacts = Callable[..., Path]

ROWS = 120


Job = Callable[..., Path]
Alone = Callable[[str], tuple[Ended, Done]]


@pytest.fixture
def job(configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer) -> Job:
    """``job(mode)``: a dialler, a configuration for it, and the file that is to be imported."""

    def job(mode: str, at: SimulatorServer = dialler) -> Path:
        at.order(FaultPlan.parse("400_for:K30|K31"))
        prepare(configure, at.store, mode, base_url=at.base_url, timeout=1)
        return contacts_csv(rows=rows(ROWS))

    return job


@pytest.fixture(scope="module")
def known() -> dict[str, tuple[Ended, Done]]:
    """What each mode leaves without a cluster; filled by the first test that asks."""
    return {}


@pytest.fixture
def alone(known: dict[str, tuple[Ended, Done]], run: Run, job: Job, tmp_path: Path) -> Alone:
    """What a mode leaves without a cluster, on a dialler of its own."""

    def by_one_machine(mode: str) -> tuple[Ended, Done]:
        if mode not in known:
            with Store({538: "Nightly"}) as store, SimulatorServer(store) as server:
                done = run("--state", tmp_path / "other.db", "import", job(mode, server))
                assert done.reports
                known[mode] = ended(server, done.reports), done
        return known[mode]

    return by_one_machine


def report(done: Done, name: str) -> str:
    """A report, but for what the run, the dialler or the clock gives."""
    assert done.reports
    with (done.reports / name).open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    for line in lines:
        line.update({column: "…" for column in ("_run", "_contact_id", "_sent_at") if line.get(column)})
    return "\n".join(",".join(line.values()) for line in lines)


@pytest.mark.parametrize("mode", ["overwrite", "create"])
def test_reports_are_those_of_one_machine(
    mode: str,
    workers: Workers,
    run: Run,
    job: Job,
    dialler: SimulatorServer,
    alone: Alone,
) -> None:
    """The same lines in the same order, the same counts, and the same contacts in the dialler."""
    wanted, single = alone(mode)
    file = job(mode)

    done = run("import", file, "--cluster", workers.address)

    assert done.code == ExitCode.ROWS_FAILED, done.err
    assert done.reports
    assert ended(dialler, done.reports) == wanted
    assert report(done, "results.csv") == report(single, "results.csv")
    assert report(done, "failed.csv") == report(single, "failed.csv")
    assert "dashboard: http://127.0.0.1:" in done.err
    changing = {
        "run_id",
        "started_at",
        "finished_at",
        "duration_s",
        "rows_per_s",
        "rows_per_s_overall",
        "sending_s",
        "out",
        "requests",
        "latency",
    }
    plain = [{k: v for k, v in one.summary.items() if k not in changing} for one in (done, single)]
    assert plain[0] == plain[1]


SEEDS = [("create", 2)]
MORE = [pytest.param(mode, seed, marks=pytest.mark.long) for mode in ("overwrite", "create") for seed in range(10, 20)]


@pytest.mark.parametrize(("mode", "seed"), [*SEEDS, *MORE])
def test_killed_workers_lose_and_repeat_nothing(
    mode: str,
    seed: int,
    workers: Workers,
    run: Run,
    job: Job,
    dialler: SimulatorServer,
    store: Watched,
    alone: Alone,
) -> None:
    """A worker dies while the dialler is at work on its rows: the run ends by itself, as if nothing had happened."""
    wanted, _ = alone(mode)
    file = job(mode)
    chance = Random(seed)
    store.strike(chance.choice(workers.pids), chance.randint(2, 60))

    done = run("import", file, "--cluster", workers.address)

    assert done.reports, done.err
    assert "a worker is lost" in done.err
    assert ended(dialler, done.reports) == wanted


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=lambda number: number.name)
def test_a_coordinator_that_is_stopped_is_resumed(
    number: signal.Signals,
    workers: Workers,
    run: Run,
    job: Job,
    dialler: SimulatorServer,
    store: Watched,
    alone: Alone,
) -> None:
    """By Ctrl-C in order, and then from here; by a kill in none, and then by the cluster."""
    wanted, _ = alone("create")
    file = job("create")
    command = start("import", file, "--cluster", workers.address)
    store.strike(command.pid, 20, number)

    assert command.end() == (ExitCode.INTERRUPTED if number is signal.SIGINT else -number), command.err
    if number is signal.SIGINT:
        assert command.summary["counts"]["unprocessed"]
        assert not command.summary["counts"]["unknown"]
    done = run("resume", *([] if number is signal.SIGINT else ["--cluster", workers.address]))

    assert done.reports, done.err
    assert ended(dialler, done.reports) == wanted


def test_a_refused_token_stops_all_workers(
    workers: Workers, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Exit 7; what was not sent is resumable, also by the cluster."""
    configure(timeout=1)
    dialler.order(FaultPlan.parse("401_from:20"))

    stopped = run("import", contacts_csv(ROWS), "--cluster", workers.address)
    left = stopped.summary["counts"]["unprocessed"]
    dialler.order(FaultPlan())
    done = run("resume", "--cluster", workers.address)

    assert stopped.code == ExitCode.NO_ROW_CAN_SUCCEED, stopped.err
    assert left > 80
    assert done.code == ExitCode.OK, done.err
    assert Counter(contact["UserData"] for contact in dialler.store.contacts.values()).most_common(1)[0][1] == 1


def test_a_notebook_sends_by_a_cluster(
    workers: Workers, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Also where an event loop is running already, as in Jupyter."""
    configure()
    contacts_csv(5)

    async def cell() -> ImportResult:
        return import_files("contacts.csv", cluster=workers.address)

    assert asyncio.run(cell()).ok
    assert len(dialler.store.contacts) == 5


@pytest.mark.parametrize("protocol", ["tcp", "tls"])
def test_what_is_no_scheduler_is_said(
    protocol: str, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """The port of a web server, for example that of Dask's own dashboard; nothing is left behind."""
    configure(**{"cluster": "{insecure: true}"} if protocol == "tcp" else {})

    done = run("import", contacts_csv(5), "--cluster", f"{protocol}://{urlsplit(dialler.base_url).netloc}")

    assert done.code == ExitCode.USAGE
    assert "the server there is not a Dask scheduler" in done.err or "does not speak TLS" in done.err


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        ("tls://127.0.0.1:1", "there is no scheduler"),
        ("http://127.0.0.1:8786", "write tls://HOST:8786"),
        ("tcp://127.0.0.1", "write tls://HOST:8786"),
        ("locally", "write tls://HOST:8786"),
        ("tls://[x]:8786", "write tls://HOST:8786"),
    ],
)
def test_a_cluster_that_is_not_there_is_said_at_once(
    cluster: str, message: str, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Before a file is read; nothing is left behind."""
    configure()

    done = run("import", contacts_csv(5), "--cluster", cluster)

    assert done.code == ExitCode.USAGE
    assert message in done.err
    assert not Path("reports").exists() or not list(Path("reports").iterdir())


def test_modes_and_kept_fields_are_the_same_by_a_cluster(
    workers: Workers, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """No contact is made, and those that are there keep their notes."""
    columns = {**COLUMNS, "Comment": "{value: list, overwrite: if_empty}"}
    configure(columns, rows="{mode: update}")
    for number in range(2, 12):
        dialler.store.add(UserData=f"K{number}", Name="Old", Comment="agent" if number % 2 else None)

    done = run("import", contacts_csv(20), "--cluster", workers.address)

    assert done.code == ExitCode.OK, done.err
    assert Counter(row["_action"] for row in done.rows()) == {"overwrite": 10, "absent": 10}
    held = Counter((str(c["Name"])[:4], c["Comment"]) for c in dialler.store.contacts.values())
    assert held == {("Name", "agent"): 5, ("Name", "list"): 5}
