"""Signals while requests are in flight: the first lets them end, the second ends them, and more change nothing."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator

import pytest

from dialler_sync.api.pace import Gate
from dialler_sync.errors import Interrupted
from dialler_sync.run import session
from dialler_sync.run.session import interruptible

from ...helpers.signals import BOTH, ENDING


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a command that ran in this process has left its own
    before = {number: signal.getsignal(number) for number in ENDING}
    yield
    assert {number: signal.getsignal(number) for number in ENDING} == before


async def press(number: signal.Signals) -> None:
    """Send the signal, and have the loop hear it."""
    signal.raise_signal(number)
    for _ in range(3):
        await asyncio.sleep(0)


@BOTH
def test_the_first_signal_lets_requests_end(number: signal.Signals) -> None:
    async def work() -> None:
        gate = Gate(1)
        with interruptible(gate, asyncio.current_task()):
            await press(number)
            assert isinstance(gate.stopped, Interrupted)

    asyncio.run(work())


@BOTH
@pytest.mark.parametrize("times", [2, 3, 5])
def test_the_second_signal_ends_them(number: signal.Signals, times: int) -> None:
    """What is written down then is not cut off by a third."""
    written = []

    async def work() -> None:
        gate = Gate(1)
        with interruptible(gate, asyncio.current_task()):
            try:
                await press(number)
                await press(number)
                await asyncio.Event().wait()
            finally:
                for _ in range(times - 2):
                    await press(number)
                written.append(number)

    with pytest.raises(Interrupted):
        asyncio.run(work())

    assert written == [number]


def test_a_loop_that_is_held_up_is_ended_by_the_second_signal() -> None:
    """It does not even hear the first one: a database that does not answer, a file system that hangs."""

    async def work() -> None:
        with interruptible(Gate(1), asyncio.current_task()):
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGTERM)
            pytest.fail("it went on")

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(work())


def test_a_second_signal_in_a_callback_leaves_nothing_to_be_told(caplog: pytest.LogCaptureFixture) -> None:
    """asyncio tells with a traceback how a task ended that nobody waits for any more."""

    def twice() -> None:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)

    async def work() -> None:
        with interruptible(Gate(1), asyncio.current_task()):
            asyncio.get_running_loop().call_soon(twice)
            await asyncio.Event().wait()

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(work())
    signal.signal(signal.SIGINT, signal.default_int_handler)  # in place of that of the loop, which does the same

    assert [record for record in caplog.records if record.name == "asyncio"] == []


def test_what_hangs_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """One signal is enough, for whoever has the patience."""
    monkeypatch.setattr(session, "FINISH_IN_FLIGHT", 0.0)

    async def work() -> None:
        with interruptible(Gate(1), asyncio.current_task()):
            signal.raise_signal(signal.SIGHUP)
            await asyncio.Event().wait()

    with pytest.raises(Interrupted):
        asyncio.run(work())


def test_a_task_that_somebody_else_cancels_was_not_interrupted() -> None:
    async def work() -> None:
        with interruptible(Gate(1), asyncio.current_task()):
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(work())


def test_a_hangup_that_is_ignored_does_not_end_it() -> None:
    """``nohup``."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)

    async def work() -> None:
        gate = Gate(1)
        with interruptible(gate, asyncio.current_task()):
            await press(signal.SIGHUP)
            assert gate.stopped is None

    try:
        asyncio.run(work())
    finally:
        signal.signal(signal.SIGHUP, before)


def test_in_another_thread_no_signal_is_taken() -> None:
    """Python allows it in the main one only; notebooks work in others."""
    failed = []

    async def work() -> None:
        with interruptible(Gate(1), asyncio.current_task()):
            pass

    def run() -> None:
        try:
            asyncio.run(work())
        except ValueError as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert not failed
