"""The bytes of a file tell its kind; a file that is not a table is refused with a helpful message."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from dialler_sync import read
from dialler_sync.config import SourceSettings
from dialler_sync.errors import InputError
from dialler_sync.fetch import local
from dialler_sync.read import open_table, open_tables


def test_one_table_of_a_csv_file(tmp_path: Path) -> None:
    """A CSV file is one table, which can be read any number of times."""
    path = tmp_path / "list.txt"
    path.write_text("No;Name\n1;Miller\n")
    (table,) = open_tables(path, SourceSettings())

    assert table.layout.format == "csv"
    assert [len(chunk.frame) for chunk in table.chunks()] == [1]
    assert [len(chunk.frame) for chunk in table.chunks()] == [1]


def test_missing_and_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        open_table(tmp_path / "none.csv", SourceSettings())
    with pytest.raises(InputError, match="is a folder"):
        open_table(tmp_path, SourceSettings())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipe(tmp_path: Path) -> None:
    """A pipe can be read only once; it is refused at once, without waiting."""
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(InputError, match="not a regular file"):
        open_table(tmp_path / "pipe", SourceSettings())


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("a;b\n")
    path.chmod(0)

    with pytest.raises(InputError, match="cannot be read: Permission denied"):
        open_table(path, SourceSettings())


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF document"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a PNG picture"),
        (b"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff", "a program"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "a file packed with 7-Zip"),
        (b"<!DOCTYPE html>\n<html><body><p>1;2</p></body></html>", "a web page without a table, or XML"),
        (b"\xef\xbb\xbf  <?xml version='1.0'?><Workbook/>", "a web page without a table, or XML"),
        ("\ufeff<html><head></head></html>".encode("utf-16-le"), "a web page without a table, or XML"),
        (b"ID;PWXL;N;E\r\nP;PGeneral\r\nC;Y1;X1;K1\r\nE\r\n", "a SYLK file"),
        (b"\x03\x7c\x02\x03\x01\0\0\0\x41\0\x0b\0" + bytes(20) + b"KEY", r"a dBASE table \(DBF\)"),
        (b"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n", r"a web archive \(MHTML\)"),
        (bytes(range(256)) * 8, "binary data"),
        (b"\0" * 1000, "binary data"),
    ],
)
@pytest.mark.parametrize("name", ["list.csv", "list.xls"])
def test_what_is_no_spreadsheet(tmp_path: Path, data: bytes, what: str, name: str) -> None:
    """The message names the kind of another file, whatever its suffix."""
    (tmp_path / name).write_bytes(data)

    with pytest.raises(InputError, match=rf"{name}: this is {what}, not a spreadsheet"):
        open_table(tmp_path / name, SourceSettings())


@pytest.mark.parametrize("rows", [1, 1_000])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_text_that_ends_in_nul_characters(tmp_path: Path, rows: int, encoding: str) -> None:
    """A power cut, or a broken copy, leaves such files: nobody needs to save the table as CSV."""
    path = tmp_path / "list.csv"
    text = "Key;Name;Phone\r\n" + "K1;Ann;0171 3920011\r\n" * rows
    path.write_bytes(text[:-7].encode(encoding) + b"\0" * 5000)

    with pytest.raises(InputError, match=r"list\.csv: the text ends in NUL characters: .* Copy it again"):
        open_table(path, SourceSettings())


@pytest.mark.parametrize("data", ["", "\n\n \n", ";;;\n;;;\n", "\ufeff", "sep=;\n"])
def test_nothing_in_it(tmp_path: Path, data: str) -> None:
    (tmp_path / "list.csv").write_text(data, encoding="utf-8")

    with pytest.raises(InputError, match=r"is empty|there are no rows"):
        open_table(tmp_path / "list.csv", SourceSettings())


def test_workbook_by_its_content(tmp_path: Path) -> None:
    """A ZIP file goes to the workbook reader, even if it is called .csv."""
    with zipfile.ZipFile(tmp_path / "list.csv", "w") as file:
        file.writestr("readme.txt", "no workbook")

    with pytest.raises(InputError, match=r"list\.csv"):
        open_table(tmp_path / "list.csv", SourceSettings())


def test_a_file_that_is_deleted_while_it_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By who tidies up an inbox: a sentence, as for one that was never there."""
    path = tmp_path / "list.csv"
    path.write_text("Key\nK1\n", encoding="utf-8")
    kind = read._is_workbook
    monkeypatch.setattr(read, "_is_workbook", lambda *given: (kind(*given), path.unlink())[0])

    with pytest.raises(InputError, match=r"list\.csv: cannot be read: No such file"):
        open_tables(path, SourceSettings())


def test_a_file_that_is_deleted_while_it_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one is that others can write to."""
    path = tmp_path / "list.csv"
    path.write_text("Key\nK1\n", encoding="utf-8")
    path.chmod(0o666)
    copied = local._copied
    monkeypatch.setattr(local, "_copied", lambda *given: (copied(*given), path.unlink())[0])

    with pytest.raises(InputError, match=r"list\.csv: changed while it was copied"):
        open_tables(path, SourceSettings())


def test_a_file_that_is_deleted_before_it_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "list.csv"
    path.write_text("Key\nK1\n", encoding="utf-8")
    require_size = local.require_size
    monkeypatch.setattr(local, "require_size", lambda *given: (require_size(*given), path.unlink())[0])

    with pytest.raises(InputError, match=r"list\.csv: no such file"):
        open_tables(path, SourceSettings())
