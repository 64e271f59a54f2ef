"""Which run a fixed file belongs to."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from dialler_sync.jobs.imports import _run_of

from ...helpers.records import RUN, TARGET


def test_rows_of_several_runs_belong_to_the_one_that_began_last() -> None:
    """Two runs of one second: their IDs do not tell which."""
    first = replace(RUN, id="20260101-000000-ffffff", started_at="2026-01-01T00:00:00.100Z")
    last = replace(RUN, id="20260101-000000-000000", started_at="2026-01-01T00:00:00.900Z")
    other = replace(last, id="20260102-000000-000000", started_at="2026-01-02T00:00:00Z", target="another")
    guard: Any = SimpleNamespace(runs={1: last, 2: first, 3: other, 4: None})
    sources: Any = [SimpleNamespace(guard=guard), SimpleNamespace(guard=None)]

    assert _run_of(sources, TARGET) == last.id
    assert _run_of([], TARGET) is None
