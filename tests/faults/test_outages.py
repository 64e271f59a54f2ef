"""A dialler that is away, slow, or asks for patience."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import FaultPlan, SimulatorServer, Store

from ..conftest import Configure, Run

Contacts = Callable[..., Path]


def imports(dialler: SimulatorServer) -> list[tuple[float, float]]:
    """(start, end) of every import, in seconds, by start."""
    return sorted((r.started, r.finished or r.started) for r in dialler.requests if r.function == "import")


def in_flight(spans: list[tuple[float, float]], at: float) -> int:
    return sum(start <= at < end for start, end in spans)


def made_once(dialler: SimulatorServer, rows: int) -> bool:
    carriers = Counter(contact["UserData"] for contact in dialler.store.contacts.values())
    return carriers == {f"K{n}": 1 for n in range(2, rows + 2)}


def test_an_outage_in_the_middle_is_waited_out(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Nobody has to do anything, and while it lasts the dialler is only probed."""
    dialler.order(FaultPlan.parse("down:40-53"))
    configure(concurrency=4)

    done = run("import", contacts_csv(100))

    assert done.code == ExitCode.OK, done.err
    assert made_once(dialler, 100)
    assert "is down" in done.err
    assert "answers again" in done.err


def test_an_outage_costs_no_row_its_repeats(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Neither one that was on its way while others were still served."""
    dialler.order(FaultPlan.parse("down:4-9"))
    configure(concurrency=4, retries=1)

    done = run("import", contacts_csv(3))

    assert done.code == ExitCode.OK, done.rows()
    assert made_once(dialler, 3)


def test_an_outage_that_ends_at_a_rows_last_try_does_not_cost_the_row(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """The try may have come just before the end: there is one more."""
    dialler.order(FaultPlan.parse("503:#1-2,503:#1-2:on=lookup"))
    configure(retries=1, timeout=0.3, journal="{before_images: false}")

    done = run("import", contacts_csv(1))

    assert done.code == ExitCode.OK, done.rows()


@pytest.mark.parametrize("plan", ["down:5-14", "down:20-29", "down:5-14,down:20-29"])
def test_an_outage_costs_no_row_its_only_try(
    plan: str, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Where the outage ends before a row is looked up, the others that failed with the row tell that there was one."""
    dialler.order(FaultPlan.parse(plan))
    configure(concurrency=8, retries=0)

    done = run("import", contacts_csv(40))

    assert done.code == ExitCode.OK, done.rows("failed.csv")
    assert made_once(dialler, 40)


class Trigger(Store):
    """Sets an event when so many contacts have been made."""

    def __init__(self, contacts: int) -> None:
        super().__init__({538: "Nightly"})
        self.reached = threading.Event()
        self._contacts = contacts

    def add(self, **fields: object) -> int:
        contact_id = super().add(**fields)
        if len(self.contacts) == self._contacts:
            self.reached.set()
        return contact_id


def test_a_dialler_that_restarts_is_waited_for(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """Its port is closed for a while, and every connection was cut."""
    with Trigger(30) as store:
        server = SimulatorServer(store)

        def restart() -> None:
            store.reached.wait(20)
            server.__exit__(None, None, None)
            threading.Event().wait(0.5)
            server.__enter__()

        with server:
            configure(concurrency=8, timeout=1, base_url=server.base_url)
            restarting = threading.Thread(target=restart)
            restarting.start()
            done = run("import", contacts_csv(100))
            restarting.join()

        assert done.code == ExitCode.OK, done.err
        assert made_once(server, 100)


def test_a_dialler_that_stays_away_ends_the_run_resumably(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Exit 5 after give_up_after; when it is back, resume sends the rest and nothing twice."""
    dialler.order(FaultPlan.parse("down:40-100000"))
    configure(concurrency=8, give_up_after=1)

    stopped = run("import", contacts_csv(100))

    assert stopped.code == ExitCode.UNAVAILABLE
    counts = stopped.summary["counts"]
    assert counts["succeeded"] + counts["unprocessed"] == counts["read"] == 100
    dialler.order(FaultPlan())
    resumed = run("resume")
    assert resumed.code == ExitCode.OK, resumed.err
    assert made_once(dialler, 100)
    done = Counter(r.user_data for r in dialler.requests if r.function == "import" and r.status == 200)
    assert set(done.values()) == {1}


@pytest.mark.parametrize("form", ["retry_after=0.3", "retry_date=1"])
def test_retry_after_everywhere_is_obeyed(
    form: str, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """No row comes back before the dialler said that it may."""
    dialler.order(FaultPlan.parse(f"429:#5-10:{form}"))
    configure(concurrency=4)

    done = run("import", contacts_csv(30))

    assert done.code == ExitCode.OK, done.rows()
    assert made_once(dialler, 30)
    refused: dict[str | None, float] = {}
    waits = []
    for request in dialler.requests:
        if request.function == "import":
            if request.user_data in refused:
                waits.append(request.started - refused.pop(request.user_data))
            if request.status == 429 and request.finished:
                refused[request.user_data] = request.finished
    assert waits
    if form.startswith("retry_after"):
        assert min(waits) >= 0.29


def test_concurrency_falls_when_the_dialler_slows_and_rises_again(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Never above the setting, and low while every answer takes long."""
    dialler.order(FaultPlan.parse("late_after:#1-100:seconds=0.005,late_after:#101-130:seconds=0.7,"
                                  "late_after:#131-1000:seconds=0.005"))  # fmt: skip
    configure(concurrency=16)

    done = run("import", contacts_csv(400))

    spans = imports(dialler)
    assert done.code == ExitCode.OK
    assert max(in_flight(spans, start) for start, _ in spans) <= 16
    assert max(in_flight(spans, start) for start, _ in spans[:100]) >= 12
    assert min(in_flight(spans, start) for start, _ in spans[120:130]) <= 8
    assert max(in_flight(spans, start) for start, _ in spans[300:]) >= 12


def test_the_rate_is_kept(run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer) -> None:
    """No more requests in any second than dialler.rate says."""
    configure(concurrency=8, rate=40)

    done = run("import", contacts_csv(60))

    starts = sorted(request.started for request in dialler.requests)
    assert done.code == ExitCode.OK
    assert len(starts) > 60
    assert all(late - early >= 0.95 for early, late in zip(starts, starts[40:], strict=False))


@pytest.mark.parametrize("fault", ["500_before", "503", "502_before", "drop_before"])
@pytest.mark.parametrize("last", [False, True], ids=["among others", "the last row"])
def test_one_poison_row_fails_alone(
    fault: str, last: bool, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """It is tried retries + 1 times and reported; it neither stops the others nor passes for a dialler that is down."""
    key = "K41" if last else "K5"
    dialler.order(FaultPlan.parse(f"{fault}:1:for={key}"))
    configure(concurrency=1 if last else 4, retries=2, timeout=0.3)

    done = run("import", contacts_csv(40))

    assert done.code == ExitCode.ROWS_FAILED, done.err
    assert Counter(done.statuses().values()) == {"succeeded": 39, "failed": 1}
    tries = [request for request in dialler.requests if request.function == "import" and request.user_data == key]
    assert len(tries) == 3
    (row,) = done.rows("failed.csv")
    assert row["Key"] == key
    assert row["_error"]
