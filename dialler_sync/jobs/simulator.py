"""The embedded dialler, for rehearsals."""

from __future__ import annotations

from ..simulator import FaultPlan, Settings, SimulatorServer, Span, Store, call_source, serve_forever

__all__ = [
    "FaultPlan",
    "Settings",
    "SimulatorServer",
    "Span",
    "Store",
    "call_source",
    "serve_forever",
]
