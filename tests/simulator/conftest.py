"""Simulated diallers on loopback, stopped after each test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from dialler_sync.simulator import FaultPlan, SimulatorServer, Store

from .wire import Start, Wire, client


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a dialler: ``start("500_after:5%", release="3.18")``; stops it after the test."""
    with ExitStack() as stack:

        def _start(faults: str = "", store: Store | None = None, **options: Any) -> Wire:
            server = SimulatorServer(store, faults=FaultPlan.parse(faults), **options)
            stack.enter_context(server)
            return Wire(server, stack.enter_context(client(server)))

        yield _start


@pytest.fixture
def wire(start: Start) -> Wire:
    """A dialler without faults."""
    return start()
