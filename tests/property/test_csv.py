"""No table changes by being written and read, in any dialect; no file, however broken, does worse than be refused."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from dialler_sync.config import SourceSettings
from dialler_sync.errors import InputError
from dialler_sync.read import open_tables

QUICK, LONG = 60, 5_000

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff"), max_size=20)
TRICKY = st.text(st.sampled_from(list(";,\t|\"'\\ \n\r=+-@#aé")), max_size=12)
CELL = st.one_of(ANY_TEXT, TRICKY)

DIALECTS = st.fixed_dictionaries(
    {
        "delimiter": st.sampled_from([";", ",", "\t", "|", " "]),
        "quotechar": st.sampled_from(['"', "'"]),
        "doublequote": st.booleans(),
        "lineterminator": st.sampled_from(["\r\n", "\n"]),
    }
)

CONTACT = st.tuples(
    st.integers(1, 99_999).map(str),
    st.sampled_from(["Müller", "O'Brien", "von der Ähe", "Meier, Dr.", 'Kunz "Kuno"', "Groß; Klein", "Weiß"]),
    st.sampled_from(["", "Ann", "Uwe", "Jörg", "Eva Maria", "=cmd", "-"]),
    st.integers(1_000_000, 99_999_999).map("+49171{}".format) | st.integers(10_000, 99_999).map("0171 / {}".format),
    st.sampled_from(["01099", "80331", ""]),
    st.sampled_from(["Köln", "Frankfurt am Main", "Ulm"]),
    st.dates().map(str),
    st.decimals(0, 9_999, places=2).map(lambda amount: str(amount).replace(".", ",")),
    st.sampled_from(["", "call back\r\nin the evening", 'said "no"', "a, b; c"]),
)
NAMES = ["Customer No", "Name", "First name", "Phone", "Postcode", "City", "Since", "Balance", "Notes"]


@pytest.fixture(scope="module")
def path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "list.csv"


def written(table: list[list[str]], dialect: dict[str, object]) -> str:
    text = io.StringIO(newline="")
    # Two habits of the csv module: with one of CR and LF for a line end it leaves a cell with the other unquoted; and
    # it escapes in unquoted cells too, which are then no different from cells that hold a backslash.
    usual = dialect["doublequote"] and dialect.get("lineterminator", "\r\n") == "\r\n"
    quoting = csv.QUOTE_MINIMAL if usual else csv.QUOTE_ALL
    escape = None if dialect["doublequote"] else "\\"
    writer = csv.writer(text, escapechar=escape, quoting=quoting, **dialect)  # type: ignore[arg-type]
    writer.writerows(table)
    return text.getvalue()


def read(path: Path, rows: int = 5_000, **source: object) -> list[list[str]]:
    """Header and rows of a file, after a look at what must hold of every table."""
    tables = []
    for table in open_tables(path, SourceSettings.model_validate(source)):
        cells = [list(table.layout.columns)]
        last = 0
        for chunk in table.chunks(rows):
            numbers = chunk.frame.index.tolist()
            assert numbers == sorted(set(numbers))
            assert numbers[0] > last
            assert tuple(chunk.frame.columns) == table.layout.columns
            assert chunk.ragged.keys() | {number for number, _ in chunk.notes} <= set(numbers)
            assert all(type(cell) is str for cell in chunk.frame.to_numpy().ravel())
            cells += (
                list(chunk.ragged.get(number, row))
                for number, row in zip(numbers, chunk.frame.to_numpy().tolist(), strict=True)
            )
            last = numbers[-1]
        tables.append(cells)
    (table_cells,) = tables
    return table_cells


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """Any table without blank rows, the last of whose rows is no footnote."""
    width = draw(st.integers(1, 5))
    row = st.lists(CELL, min_size=width, max_size=width).filter(lambda cells: any(map(str.strip, cells)))
    return [[f"c{i}" for i in range(width)], *draw(st.lists(row, max_size=6)), ["end"] * width]


def has_rows(cell: str, delimiter: str, width: int) -> bool:
    """Whether a cell of several lines has as many delimiters as a row of so many cells."""
    return any(end in cell for end in "\r\n") and cell.count(delimiter) >= width - 1 > 0


@given(tables(), DIALECTS, st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), st.integers(1, 4))
@settings(max_examples=QUICK, deadline=None)
@example([["a"], ["'=x"], ["end"]], {"delimiter": ";", "quotechar": "'", "doublequote": True}, "utf-8", 1)
def test_round_trip(path: Path, table: list[list[str]], dialect: dict[str, object], encoding: str, rows: int) -> None:
    """Whatever text is in the cells, it is read as it was written, in every dialect.

    But for cells whose lines look like rows for themselves: their quotes may as well be stray.
    """
    assume(not any(has_rows(cell, str(dialect["delimiter"]), len(row)) for row in table for cell in row))
    path.write_bytes(written(table, dialect).encode(encoding))

    assert table == read(
        path,
        rows,
        encoding=encoding,  # one letter alone may be UTF-8 by chance, and is then asked for
        delimiter=dialect["delimiter"],
        quote=dialect["quotechar"],
        escape="double" if dialect["doublequote"] else "backslash",
        header=1,
    )


@given(
    st.lists(CONTACT, min_size=4, max_size=12),
    DIALECTS.filter(lambda dialect: dialect["delimiter"] != " "),
    st.sampled_from(["utf-8", "cp1252", "utf-16-le", "utf-16-be"]),
)
@settings(max_examples=QUICK, deadline=None)
@example(
    [("1", name, "", "+491711000000", "01099", "Köln", "2000-01-01", "0,00", "") for name in ("Ann", "Bob", "O'Brien")],
    {"delimiter": ";", "quotechar": "'", "doublequote": False, "lineterminator": "\r\n"},
    "utf-8",
)
def test_round_trip_of_contacts(
    path: Path, contacts: list[tuple[str, ...]], dialect: dict[str, object], encoding: str
) -> None:
    """A list of contacts is read as it was written with nothing set: all is found out from the bytes."""
    table = [NAMES, *map(list, contacts)]
    path.write_bytes(written(table, dialect).encode(encoding))

    assert table == read(path)


BYTES = st.one_of(
    st.binary(max_size=400),
    st.text("ab1;,\t|\"'\\\r\n \0é=#", max_size=400).map(str.encode),
    st.builds(
        lambda contacts, changes: _changed(
            written([NAMES, *map(list, contacts)], {"doublequote": True}).encode(), changes
        ),
        st.lists(CONTACT, min_size=1, max_size=6),
        st.lists(
            st.tuples(
                st.floats(0, 1, exclude_max=True),
                st.integers(0, 40),
                st.binary(max_size=3)
                | st.sampled_from([b'"', b"'", b"\\", b"\r", b"\n\n", b";", b",", b"\0", b"\xfc"]),
            ),
            max_size=8,
        ),
    ),
)


def _changed(data: bytes, changes: list[tuple[float, int, bytes]]) -> bytes:
    for place, length, new in changes:
        at = int(place * len(data))
        data = data[:at] + new + data[at + length :]
    return data


def _reads_or_refuses(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    try:
        read(path, 3)
    except InputError as error:
        assert str(error).startswith(str(path))
        assert str(error).endswith(".")


@given(BYTES.filter(lambda data: not data.startswith((b"PK\3\4", b"\xd0\xcf\x11\xe0"))))
@settings(max_examples=2 * QUICK, deadline=None)
def test_any_bytes(path: Path, data: bytes) -> None:
    """Any bytes are a table, or are refused with a sentence that names the file."""
    _reads_or_refuses(path, data)


@pytest.mark.long
@pytest.mark.timeout(0)
@given(BYTES.filter(lambda data: not data.startswith((b"PK\3\4", b"\xd0\xcf\x11\xe0"))))
@settings(max_examples=LONG, deadline=None)
def test_any_bytes_for_long(path: Path, data: bytes) -> None:
    """As above, many times."""
    _reads_or_refuses(path, data)
