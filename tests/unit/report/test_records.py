"""The JSON that the page's table reads."""

from __future__ import annotations

import json
from typing import Any

from dialler_sync.report import records
from dialler_sync.report.records import Column, Records

from ...helpers.report_samples import HOSTILE

COLUMNS = (Column("Row", "number"), Column("Text", "text"), Column("Outcome", "chip", shared=True))


def data_of(found: Records) -> Any:
    return json.loads("".join(found.pieces()))


def test_no_text_ends_the_script_element() -> None:
    """Neither a cell, nor a column name, nor a shared text may break out of the data."""
    found = Records(COLUMNS, [(HOSTILE,)])
    found.add([2, HOSTILE, HOSTILE], 0, [HOSTILE])

    text = "".join(found.pieces())

    assert "<" not in text
    assert json.loads(text)["rows"] == [[2, HOSTILE, 0, 0, [HOSTILE]]]
    assert json.loads(text)["texts"] == json.loads(text)["sources"][0] == [HOSTILE]


def test_texts_that_many_rows_share_are_kept_once() -> None:
    found = Records(COLUMNS, [])
    for row in range(3):
        found.add([row, "x", "rejected"], 0, ())

    assert data_of(found)["texts"] == ["rejected"]
    assert [row[2] for row in data_of(found)["rows"]] == [0, 0, 0]


def test_rows_beyond_the_limit_are_counted_only() -> None:
    """The page must open, however many rows failed."""
    found = Records(COLUMNS, [], rows=2)
    for row in range(5):
        if found.has_room():
            found.add([row, "x", "y"], 0, ())

    assert (found.listed, found.total) == (2, 5)


def test_long_texts_are_cut_and_cells_end_where_their_room_ends() -> None:
    """A sheet of a thousand columns must not make the page too large to open; failed.csv has its cells."""
    found = Records(COLUMNS, [], cell_bytes=2_500)
    for row in range(4):
        found.add([row, "y" * 5_000, "z"], 0, ["x" * 5_000])

    rows = data_of(found)["rows"]

    assert [row[4] if row[4] == 0 else len(row[4][0]) for row in rows] == [records.LONGEST + 1] * 2 + [0, 0]
    assert {len(row[1]) for row in rows} == {records.LONGEST + 1}
