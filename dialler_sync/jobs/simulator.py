"""The embedded dialler, for rehearsals."""

from __future__ import annotations

from ..simulator import (
    Clock,
    FaultPlan,
    Settings,
    SimulatorServer,
    Span,
    Store,
    call_source,
    dial_plan,
    serve_forever,
)

__all__ = [
    "Clock",
    "FaultPlan",
    "Settings",
    "SimulatorServer",
    "Span",
    "Store",
    "call_source",
    "dial_plan",
    "serve_forever",
]
