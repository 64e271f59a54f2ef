"""``inspect``: the first rows, and what each column holds."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from dialler_sync.model import Chunk
from dialler_sync.propose import profile
from dialler_sync.propose.profile import Profile

from ..conftest import Run

LINES = [
    "Kundennr.;Nachname;Mobil;Mail;Aktiv;Seit;Leer;Notiz",
    *(f"KD-{n};D'Angelo {n % 3};0171 39200{n};a{n}@example.com;{'ja' if n % 2 else 'nein'};0{n % 9 + 1}.02.2026;;" +
      "x" * n for n in range(10, 20)),
]  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A list with a column of each kind."""
    path = tmp_path / "list.csv"
    path.write_text("\n".join(LINES) + "\n", encoding="utf-8")
    return path


def test_each_column_is_described(run: Run, path: Path) -> None:
    """By how much of it is filled, how many cells differ, the longest, and what they look like."""
    (facts,) = json.loads(run("inspect", path, "-o", "json").out)

    columns = {each["column"]: each for each in facts["profile"]}
    assert columns["Nachname"] == {
        "column": "Nachname", "filled": 10, "distinct": 3, "longest": 10, "looks_like": "text",
        "examples": ["D'Angelo 1", "D'Angelo 2", "D'Angelo 0"],
    }  # fmt: skip
    looks = {name: each["looks_like"] for name, each in columns.items()}
    assert looks == {
        "Kundennr.": "text", "Nachname": "text", "Mobil": "phone", "Mail": "e-mail", "Aktiv": "yes or no",
        "Seit": "date", "Leer": "empty", "Notiz": "text",
    }  # fmt: skip
    assert columns["Leer"]["filled"] == columns["Leer"]["distinct"] == 0
    assert [row["row"] for row in facts["first_rows"]] == [2, 3, 4, 5, 6]
    assert facts["first_rows"][0]["cells"][:3] == ["KD-10", "D'Angelo 1", "0171 3920010"]


def test_it_fits_80_columns(run: Run, path: Path) -> None:
    """However many columns the file has, and however long a cell is."""
    text = path.read_text(encoding="utf-8").replace("D'Angelo 1", '"' + "Ž" * 500 + '\n\x1b[31m"')
    path.write_text(text, encoding="utf-8")

    out = run("inspect", path).out

    table = out.partition("\n\n")[2].splitlines()
    assert table[0] == "column      filled distinct longest looks like   examples"
    assert "first rows" in table
    assert max(map(len, table)) <= 80
    assert "\x1b" not in out


def test_it_stays_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of very many different cells only that there are many is known."""
    monkeypatch.setattr(profile, "MOST_DISTINCT", 5)
    found = Profile(["A", "B"])
    for start in (0, 4, 8):
        cells = [str(n) for n in range(start, start + 4)]
        frame = pd.DataFrame({"A": cells, "B": ["x"] * 4}, index=range(start + 2, start + 6))
        found.add(Chunk(frame, {}))

    many, one = found.facts()

    assert (many["distinct"], many["filled"], many["looks_like"]) == (None, 12, "number")
    assert (one["distinct"], one["examples"]) == (1, ["x"])
    assert len(found.first) == 5
