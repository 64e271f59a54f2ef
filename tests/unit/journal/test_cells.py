"""A page of rows is checked as strictly as cell after cell."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dialler_sync.journal import schema
from dialler_sync.journal.cells import OddCell, check_page

from ...helpers.records import facts

COLUMNS = [schema.rows.c[name] for name in ("seq", "user_data", "state", "http_status", "sent_at", "warnings")]
GOOD = (1, "K1", "succeeded", 200, "2026-01-31T08:00:00+00:00", "")


def test_what_this_program_writes_is_accepted() -> None:
    check_page(COLUMNS, [GOOD, (2, "K1", "pending", None, "", ""), (3, "", "rejected", None, "", "restored:Name")])
    check_page(COLUMNS, [])


STRETCH = {"at": "2026-01-31T08:00:00Z", "seconds": 1.0, "p50_ms": 1.0, "p95_ms": 1.0, "max_ms": 1.0}
LATENCY = {"p50_ms": 1.0, "p95_ms": 1.0, "max_ms": 1.0, "histogram": {"11.5": 2}, "over_time": [STRETCH]}


@pytest.mark.parametrize("name", [name for name in facts("run") if name not in ("warnings", "errors")])
def test_a_summary_that_lacks_something_is_damage(name: str) -> None:
    """As do those in which it has another shape."""
    look = schema.runs.c.summary.type.look
    whole = facts("run", latency=LATENCY)
    assert look(json.dumps(whole))

    for found in ({key: value for key, value in whole.items() if key != name}, whole | {name: [[]]}):
        with pytest.raises(OddCell):
            look(json.dumps(found))


@pytest.mark.parametrize(
    "changes",
    [
        {"counts": {"read": 1}},
        {"latency": {"over_time": [STRETCH]}},
        {"latency": LATENCY | {"over_time": []}},
        {"latency": LATENCY | {"over_time": [STRETCH | {"seconds": 0}]}},
        {"latency": LATENCY | {"over_time": [STRETCH, STRETCH | {"at": "2026-01-31T07:00:00Z"}]}},
        {"latency": LATENCY | {"over_time": [STRETCH, STRETCH | {"at": "2027-01-31T08:00:00Z"}]}},
        {"latency": LATENCY | {"over_time": [{"at": STRETCH["at"], "seconds": 1.0}]}},
        {"latency": LATENCY | {"histogram": {"x": 1}}},
        {"latency": LATENCY | {"histogram": {"0": 1}}},
    ],
)
def test_a_summary_of_which_no_report_can_be_made_is_damage(changes: dict[str, Any]) -> None:
    with pytest.raises(OddCell):
        schema.runs.c.summary.type.look(json.dumps(facts("run", **changes)))


@pytest.mark.parametrize(
    ("at", "odd"),
    [
        (0, 1.0),
        (0, True),
        (0, None),
        (1, b"K1"),
        (1, None),
        (2, "done"),
        (3, "200"),
        (4, "today"),
        (4, "2026-01-31\x1b08:00:00+00:00"),
        (5, "nonsense"),
    ],
)
def test_one_odd_cell_among_good_ones_is_named(at: int, odd: Any) -> None:
    """Also where it equals a good one: 1.0 and 1."""
    row = (*GOOD[:at], odd, *GOOD[at + 1 :])

    with pytest.raises(OddCell, match=rf"a cell of {COLUMNS[at]} holds"):
        check_page(COLUMNS, [GOOD, row, GOOD])
