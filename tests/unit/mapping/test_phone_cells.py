"""What phone cells become that people and programs of many countries write: ``phone_cells.csv``.

Refusing a cell with a reason is the fair end of a doubt; digits of two things must never become one number.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from dialler_sync.mapping.phones import country, quick_phone, read_phone
from dialler_sync.model import Fault


def cells() -> list[tuple[str, str, str]]:
    with Path(__file__).with_name("phone_cells.csv").open(encoding="utf-8", newline="") as file:
        return [
            (region, cell.replace("\\n", "\n"), becomes) for region, cell, becomes in csv.reader(file, delimiter=";")
        ][1:]


@pytest.mark.parametrize("region", sorted({region for region, _, _ in cells()}))
def test_what_a_cell_becomes(region: str) -> None:
    where = country(None, region)
    read = {
        cell: (quick_phone(cell, where.plan), read_phone(cell, where)) for here, cell, _ in cells() if here == region
    }

    shown = {
        cell: "refused" if isinstance(each, Fault) else each if isinstance(each, str) else " ".join(each)
        for cell, (_, each) in read.items()
    }
    assert shown == {cell: becomes for here, cell, becomes in cells() if here == region}
    assert all(quick in {None, each} for quick, each in read.values())
