"""Runs a job from a notebook, which may run an event loop of its own (Jupyter) and interrupt a cell."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

from ..errors import Interrupted
from ..model import Status

T = TypeVar("T")

_POLL_SECONDS = 0.2
"""Seconds between two checks for Ctrl-C, which does not everywhere wake a thread that waits for another (Windows)."""


class Watch:
    """Observes a run in another thread, and stops it when the user interrupts the notebook's cell."""

    def __init__(self) -> None:
        self.interrupted = False

    def stage(self, name: str, total: int | None) -> None:  # noqa: ARG002 - every stage alike
        """Stop the run if the user interrupted."""
        self._check()

    def advance(self, rows: int, status: Status | None = None) -> None:  # noqa: ARG002
        """Stop the run if the user interrupted."""
        self._check()

    def _check(self) -> None:
        if self.interrupted:
            self.interrupted = False  # only once, so that rows in flight are recorded afterwards
            raise Interrupted("interrupted")


def run_job(job: Callable[[], T], watch: Watch) -> T:
    """Run ``job`` here, or in its own thread if an event loop is running.

    Raises:
        Interrupted: the cell was interrupted; ``watch`` has stopped the job.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return job()
    outcome: Future[T] = Future()

    def target() -> None:
        try:
            outcome.set_result(job())
        except BaseException as error:  # noqa: BLE001 - raised again by result()
            outcome.set_exception(error)

    threading.Thread(target=target, name="dialler-sync", daemon=True).start()
    try:
        while not outcome.done():
            wait([outcome], timeout=_POLL_SECONDS)
    except KeyboardInterrupt:
        watch.interrupted = True
    return outcome.result()
