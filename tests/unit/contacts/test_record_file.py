"""Records that wait on disk are what they were."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dialler_sync.contacts.record_file import RecordFile

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.lists(st.dictionaries(st.text(max_size=3), JSON, max_size=4), max_size=12))
def test_every_record_comes_back_as_often_as_wanted(records: list[dict[str, Any]]) -> None:
    """With all its fields and values, in order; columns are the fields in the order in which they appeared."""
    with RecordFile(Path.cwd()) as file:
        for record in records:
            file.add(record)

        assert list(file) == records
        assert list(file) == records
        assert len(file) == len(records)
        assert list(file.columns) == list(dict.fromkeys(name for record in records for name in record))


def test_records_of_a_thousand_shapes(tmp_path: Path) -> None:
    """A dialler that leaves out what is null gives every record fields of its own."""
    records = [{"ID": number, f"F{number}": "x"} for number in range(2_500)]
    with RecordFile(tmp_path) as file:
        for record in records:
            file.add(record)

        assert list(file) == records


def test_clearing_forgets_everything(tmp_path: Path) -> None:
    """A list that breaks off is read again from its beginning."""
    with RecordFile(tmp_path) as file:
        file.add({"A": 1})
        file.clear()
        file.add({"B": 2})

        assert (list(file), list(file.columns), len(file)) == ([{"B": 2}], ["B"], 1)


def test_memory_stays_flat(tmp_path: Path) -> None:
    """However many records there are."""
    record = {f"Field{number}": "some text of a contact" for number in range(150)}
    with RecordFile(tmp_path) as file:
        tracemalloc.start()
        for number in range(3_000):
            file.add(record | {"ID": number})
        assert sum(1 for _ in file) == 3_000
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert peak < 5_000_000


def test_a_record_that_was_looked_at_first(tmp_path: Path) -> None:
    """Who stops in the middle of a page begins anew; who adds meanwhile adds at the end."""
    records = [{"ID": number} for number in range(450)]
    with RecordFile(tmp_path) as file:
        for record in records[:-1]:
            file.add(record)
        assert next(iter(file)) == records[0]
        file.add(records[-1])

        assert any(record["ID"] == 7 for record in file)
        assert list(file) == records
