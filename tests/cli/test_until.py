"""``--until`` and ``dialler: {hours:}``: no more rows from a time on."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run

Contacts = Callable[..., Path]
NOW = datetime.now().astimezone()


def around(hours: int) -> str:
    """A part of the day that begins in so many hours, and takes one."""
    return f"{NOW + timedelta(hours=hours):%H:%M}-{NOW + timedelta(hours=hours + 1):%H:%M}"


def test_a_run_outside_the_hours_changes_nothing_and_is_resumed(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Only what changes contacts is bound to them."""
    configure(hours=f'"{around(3)}"')
    path = contacts_csv(5)

    done = run("import", path)

    assert done.code == ExitCode.OUT_OF_TIME == 9
    assert re.search(r"Stopped: it is \d\d:\d\d, outside dialler\.hours: ", done.err)
    assert "dialler-sync resume" in done.err
    assert done.summary["counts"]["unprocessed"] == 5
    assert done.summary["stopped_because"]
    assert run("plan", path).code == run("import", path, "--dry-run").code == ExitCode.OK
    assert run("reconcile", path).code == ExitCode.OK
    assert not dialler.store.contacts
    configure(hours=f'"{around(-1)[:5]}-{around(3)[:5]}"')
    assert run("resume", done.summary["run_id"]).code == ExitCode.OK
    assert len(dialler.store.contacts) == 5
    configure(hours=f'"{around(3)}"')
    assert run("undo", "--yes").code == run("contacts", "lock", "--user-data", "K2", "--yes").code == 9
    assert len(dialler.store.contacts) == 5
    assert run("runs", "report", done.summary["run_id"]).code == ExitCode.OK


def test_a_run_takes_no_more_rows_from_the_time_on(
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
    dialler: SimulatorServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was sent is settled, and the rest goes with resume."""
    import dialler_sync.run.session as of_run

    class Clock(datetime):
        """Later by an hour once the dialler has a contact."""

        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return NOW + timedelta(hours=bool(dialler.store.contacts))

    configure(concurrency=1, rate=100)
    path = contacts_csv(60)

    with monkeypatch.context() as patched:
        patched.setattr(of_run, "datetime", Clock)
        patched.setattr(of_run, "_LOOK_AT_THE_CLOCK", 0.05)
        stopped = run("import", path, "--until", (NOW + timedelta(minutes=30)).isoformat())

    assert stopped.code == ExitCode.OUT_OF_TIME
    sent = stopped.summary["counts"]["succeeded"]
    assert 0 < sent < 60
    assert sent + stopped.summary["counts"]["unprocessed"] == 60
    assert len(dialler.store.contacts) == sent
    configure()
    assert run("resume", "--until", f"{NOW + timedelta(hours=2):%H:%M}").code == ExitCode.OK
    assert len(dialler.store.contacts) == 60


@pytest.mark.parametrize("text", ["7", "25:00", "tomorrow", "2026-13-01T00:00"])
def test_a_time_that_is_none(run: Run, configure: Configure, contacts_csv: Contacts, text: str) -> None:
    configure()

    done = run("import", contacts_csv(1), "--until", text)

    assert done.code == ExitCode.USAGE
    assert "--until" in done.err
    configure(hours=f'"{text}"')
    assert "dialler.hours: " in run("config", "check").err
