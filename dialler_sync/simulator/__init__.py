"""The embedded dialler: the whole REST API over real HTTP, with faults on demand, for rehearsals and tests.

::

    with SimulatorServer(faults=FaultPlan.parse("500_after:5%,drop_before:3%")) as server:
        ...  # server.base_url, server.token, server.store.contacts, server.requests
"""

from __future__ import annotations

from .call_source import call_source
from .clock import Clock
from .dialling import Dialling, dial_plan
from .faults import FaultPlan
from .server import SimulatorServer, serve_forever
from .settings import Settings
from .span import Span
from .store import Store

__all__ = [
    "Clock",
    "Dialling",
    "FaultPlan",
    "Settings",
    "SimulatorServer",
    "Span",
    "Store",
    "call_source",
    "dial_plan",
    "serve_forever",
]
