"""No cell of a CSV that we write runs in a spreadsheet program, whatever it takes for the list separator."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from itertools import product
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dialler_sync.config import SourceSettings
from dialler_sync.read import open_table
from dialler_sync.text.spreadsheet import harmless, harmless_row, in_text_cell, restore

from ..conftest import Configure, Run
from ..helpers.libreoffice import needs_libreoffice, opened_and_saved

SEPARATORS = ["", ";", ",", "\t", "|", "\n", "\r\n", "\r", "a;", "a,", "a\t", "a\nb\n"]
IGNORED = ["", " ", '"', '"" ', "'", "\u00a0", "\u200b"]
FORMULAS = ["=1+2", "+A1", "-A1", "@SUM(A1)", "＝1+2", "＋A1", "－A1", "＠SUM(A1)", "-1,+A1", "-1;=A1", "+49\t=A1"]
HOSTILE = [
    f"{before}{ignored}{formula}{after}"
    for before, ignored, formula, after in product(SEPARATORS, IGNORED, FORMULAS, ["", ";x"])
]
TEXTS = st.text(st.sampled_from(list("';,\t|\n\r\"=+-@＝＋a5. \u00a0\ufeff")), max_size=12) | st.text(max_size=12)
NUMBER = re.compile(r"[+＋\-－][\s\d.,€%]*")


def pieces(text: str) -> list[str]:
    """What any program that splits the text by some of the separators takes for a cell, without what it may drop."""
    cells = [text]
    for end in ("[\r\n]", ";", ",", "\t", r"\|"):
        cells += [piece for cell in cells for piece in re.split(end, cell)[1:]]
    return [cell.lstrip('"\u00a0\u200b\ufeff \t\r\n') for cell in cells]


@pytest.mark.parametrize("text", ["K1;=1+2;x", "a\t@b", "a,-b", "a\n=b", "\n=1", "＝1", 'a;"=1"', ";''=1", "-1,+A1"])
def test_formulas_behind_any_separator_are_marked_and_read_back(text: str) -> None:
    marked = harmless(text)

    assert marked[0] == "'"
    assert not [piece for piece in pieces(marked) if piece[:1] in set("=@＝＠") or re.match("[+＋－-][^0-9]", piece)]
    assert restore(marked) == text


@pytest.mark.parametrize("text", ["-5", "+49171234567", "+49 171 234", "a;-5;x", "a;+49 171 234", "-5,5 %", "＋49171"])
def test_signed_numbers_are_not_marked(text: str) -> None:
    assert harmless(text) == text


@given(TEXTS)
@example("'a;=1")
@example("'a;'=1")
def test_every_text_reads_back(text: str) -> None:
    """From a cell of a CSV, and from a text cell of a workbook; twice marked is twice read."""
    assert restore(harmless(text)) == text
    assert restore(restore(harmless(harmless(text)))) == text
    assert restore(in_text_cell(text)) == text


@given(TEXTS)
def test_no_piece_of_a_text_is_a_formula(text: str) -> None:
    for piece in pieces(harmless(text)):
        assert piece[:1] not in set("=@＝＠")
        assert piece[:1] not in set("+-＋－") or NUMBER.match(piece)


ROWS = st.lists(TEXTS | st.text(st.sampled_from(list("-1,+A;*' ")), max_size=6), max_size=5)


def of_several_cells(row: list[str]) -> list[str]:
    """What a program to which our comma is a decimal sign takes for cells."""
    line = io.StringIO()
    csv.writer(line).writerow(row)
    return re.split(r"[;\t|\r\n]", line.getvalue())


def runs(cell: str) -> bool:
    """Whether a cell is arithmetic with more than numbers, such as ``-1,0+A1`` and ``+","&A1``."""
    found = re.match(
        r"[+＋－-](?:[eE][+-]?\d|[\d\s.,€%$£()<>=*/^&+＋－-])*(?=[^\W\d]|\")", cell.lstrip(" \u00a0\ufeff")
    )
    return bool(found) and found[0].rstrip()[-1:] in set("+-＋－*/^&=<>")


@pytest.mark.parametrize(
    "row",
    [
        ["-1", "0+cmd|'/c calc'!A0;x"], ["a", "x;-1", "0+SUM(1+41)"], ["-5", "", "&A1"], ["+49", "-2", "7*A1;x"],
        ["-", "1+A1"], ["+1", "5E2*cmd|' /C calc'!A0;x"],
        ["y,x;+", '"&cmd|\'/c calc\'!A0&"', "&1;,y"],
    ],
)  # fmt: skip
def test_a_formula_of_several_cells_is_marked_and_reads_back(row: list[str]) -> None:
    assert any(map(runs, of_several_cells(row)))

    marked = harmless_row(row)

    assert not any(map(runs, of_several_cells(marked)))
    assert list(map(restore, marked)) == row


@pytest.mark.parametrize(
    "row", [["-12.50", "Bob", "+491711234567"], ["12", "3-Zimmer"], ["-5", "+491711234567", "Bob", "2-A"], ["-5", "7"]]
)
def test_honest_rows_with_signed_numbers_are_not_marked(row: list[str]) -> None:
    assert harmless_row(row) == row


@given(ROWS)
@example(["-1", "'0+A1"])
@example(["'0+A1", "-1", "''0+A1"])
def test_every_row_reads_back_and_runs_nowhere(row: list[str]) -> None:
    marked = harmless_row(row)

    assert list(map(restore, marked)) == row
    assert not any(map(runs, of_several_cells(marked)))


@pytest.mark.parametrize("text", ["a;'=1", "'a;=1", "Laden 'Rosi', '-50%'", "'Rosi', -x, '-y"])
def test_apostrophes_of_other_programs_within_a_text_stay(text: str) -> None:
    """And so do those in reports of versions that marked only the beginning of a text."""
    assert restore(text) == text


@pytest.mark.parametrize(("marked", "text"), [("'=1", "=1"), ("'=a;=b", "=a;=b"), ("'\tx", "\tx"), ("'+a;-b", "+a;-b")])
def test_what_was_marked_at_its_beginning_alone_reads_back(marked: str, text: str) -> None:
    assert restore(marked) == text


def test_a_key_with_a_formula_in_it_reaches_the_dialler_as_it_is(configure: Configure, run: Run) -> None:
    """It is marked in every report, and the failed rows are imported from there with the key that they had."""
    config = configure()
    with Path("list.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [["Key", "Name", "Phone"], ["K1;=1+2;x", "A", "0171 3920012"], ["K2\t=1", "B;@x", "017"]]
        )

    done = run("-c", config, "import", "list.csv")

    assert done.code == 4, done.err
    assert [row["_user_data"] for row in done.rows()] == ["'K1;'=1+2;x", "'K2\t'=1"]
    assert done.reports
    failed = done.reports / "failed.csv"
    assert "'B;'@x" in failed.read_text(encoding="utf-8-sig")
    (chunk,) = open_table(failed, SourceSettings()).chunks()
    assert chunk.frame.iloc[0].tolist() == ["K2\t=1", "B;@x", "017"]
    listed = run("-c", config, "contacts", "list", "-o", "csv").out
    assert "'K1;'=1+2;x" in listed
    Path("contacts.csv").write_text(listed, encoding="utf-8", newline="")
    (chunk,) = open_table(Path("contacts.csv"), SourceSettings()).chunks()
    assert list(chunk.frame["UserData"]) == ["K1;=1+2;x"]


def test_a_table_that_inspect_writes_reads_back(tmp_path: Path, run: Run) -> None:
    """Its header says whether there are marks in it: in no other list is an apostrophe taken for one."""
    names, cells = ["Key", "Name"], ["'=K1", "@home"]
    with (tmp_path / "list.csv").open("w", newline="") as file:
        csv.writer(file).writerows([names, cells, ["K2", "B"]])
    assert run("inspect", "--to", tmp_path / "once", tmp_path / "list.csv").code == 0
    once = tmp_path / "once" / "list.csv.csv"
    assert run("inspect", "--to", tmp_path / "twice", once).code == 0

    for path in (tmp_path / "list.csv", once, tmp_path / "twice" / "list.csv.csv.csv"):
        (chunk,) = open_table(path, SourceSettings()).chunks()
        assert [*chunk.frame.columns, *chunk.frame.iloc[0]] == [*names, *cells]
    assert once.read_bytes().startswith(b'"Key","Name"\r\n\'\'=K1,\'@home\r\n')


def test_a_table_waits_on_the_disk_to_which_it_is_written(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder of temporary files may have no room for it."""
    (tmp_path / "list.csv").write_text("Key;Name\nK1;=1\n")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "full"))

    assert run("inspect", "--to", tmp_path / "out", tmp_path / "list.csv").code == 0


def test_a_table_without_formulas_is_plain(tmp_path: Path, run: Run) -> None:
    (tmp_path / "list.csv").write_text("Key;Name\nK1;O'Brien\nK2;-5\n")
    assert run("inspect", "--to", tmp_path / "out", tmp_path / "list.csv").code == 0

    assert (tmp_path / "out" / "list.csv.csv").read_bytes() == b'"Key","Name"\r\nK1,O\'Brien\r\nK2,-5\r\n'


@needs_libreoffice
def test_libreoffice_finds_no_formula_by_any_separator(tmp_path: Path, run: Run) -> None:
    """Not even where it drops blanks, and knows no quotes. The same table without marks is full of formulas."""
    table = [["x", text, "y"] for text in HOSTILE]
    plain, source, marked = tmp_path / "plain.csv", tmp_path / "source.csv", tmp_path / "marked" / "source.csv.csv"
    for path in (plain, source):
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([["a", "b", "c"], *table])
    assert run("inspect", "--to", marked.parent, source).code == 0
    (chunk,) = open_table(marked, SourceSettings()).chunks()
    assert chunk.frame.to_numpy().tolist() == table

    for separator, quote in ((44, 34), (59, 34), (9, 34), ("44/59/9/124", "")):
        how = f"CSV:{separator},{quote},76,1,,0,false,true,false,false,true,-1,true"
        folder = tmp_path / f"{quote}-{separator}".replace("/", "-")
        saved = opened_and_saved([plain, marked], "fods", folder, open_as=how)
        found = [file.read_text(encoding="utf-8").count("table:formula=") for file in saved]
        assert found[0] > 0, "the hostile table is not understood"
        assert found[1] == 0
