"""Fixtures of tests that kill commands: a dialler that outlives them, and a short time limit for it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dialler_sync.simulator import SimulatorServer, Store

from ..conftest import Configure


class Watched(Store):
    """Calls a function at the instant when a contact has been created or changed."""

    _left = 0

    def then(self, change: int, do: Callable[[], object]) -> None:
        """Call ``do`` at the ``change``-th change from now on, in the dialler's thread."""
        self._do, self._left = do, change

    def strike(self, pid: int, change: int, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a process a signal at the ``change``-th change from now on."""
        self.then(change, lambda: os.kill(pid, number))

    def update(self, contact_id: int, **fields: Any) -> None:
        super().update(contact_id, **fields)
        self._left -= 1
        if self._left == 0:
            self._do()


@pytest.fixture
def configure(configure: Configure) -> Configure:
    """Configure a short time limit: a resume waits that long before it sends rows that a killed run may have sent."""
    return lambda columns=None, **changes: configure(columns, **{"timeout": 0.4, **changes})


@pytest.fixture
def store() -> Iterator[Watched]:
    """The dialler's data."""
    with Watched({538: "Nightly"}) as store:
        yield store


@pytest.fixture
def dialler(store: Watched) -> Iterator[SimulatorServer]:
    """A dialler that outlives the commands."""
    with SimulatorServer(store) as server:
        yield server
