"""A page of rows is checked as strictly as cell after cell."""

from __future__ import annotations

from typing import Any

import pytest

from dialler_sync.journal import schema
from dialler_sync.journal.cells import OddCell, check_page

COLUMNS = [schema.rows.c[name] for name in ("seq", "user_data", "state", "http_status", "sent_at", "warnings")]
GOOD = (1, "K1", "succeeded", 200, "2026-01-31T08:00:00+00:00", "")


def test_what_this_program_writes_is_accepted() -> None:
    check_page(COLUMNS, [GOOD, (2, "K1", "pending", None, "", ""), (3, "", "rejected", None, "", "restored:Name")])
    check_page(COLUMNS, [])


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
