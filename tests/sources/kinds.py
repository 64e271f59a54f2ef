"""One list, written as each kind of source: the maker returns the FILE to name."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import sys
import zipfile
from collections.abc import Callable
from html import escape
from pathlib import Path

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PASSWORD = "Geheim ßecret"
PRINTS_IT = [sys.executable, "-c", f"print({PASSWORD!r})"]

ROWS = {
    "plain": [["Meier", "0171 3920011"], ["Huber", "0171 3920012"]],
    "german": [["Müller", "0171 3920011"], ["Größe & Söhne, „GmbH“", "nobody"], ["Ä", "030/123456"]],
    "signs": [
        ["<b>", "+49 171 3920011"],
        ["=1+1", ""],
        ["'quoted'", "0171 3920013"],
        ["O'Hara; Tom | Co", "01713920014"],
    ],
    "damaged": [["Short", "1"], ["Exponent", "4,91714E+11"], ["Double", "0171 3920012"], ["", "0171 3920015"]],
    "wide": [["Ωmega €", "0171 3920011"], ["日本", "0171 3920012"]],
}
"""Name → Name and Phone of each row of a list; the last of each has a key that another one has."""

HEADERS = (("Key", "Name", "Phone"), ("Phone", "Key", "Name"), ("Name", "Key", "Phone", "More"))
ENCODINGS = {"german": "cp1252", "signs": "utf-8-sig", "wide": "utf-16"}


def tables() -> dict[str, list[list[str]]]:
    """Return twenty lists: header and rows, all of text."""
    found = {}
    for name, rows in ROWS.items():
        for at, header in enumerate(
            (("Key", "Name", "Phone"), ("Phone", "Key", "Name"), ("Name", "Key", "Phone", "More"))
        ):
            lines = []
            for number, (who, phone) in enumerate([*rows, ["Twice", "0171 3920019"]]):
                cells = {"Key": f"{name}{at}-{min(number, len(rows) - 1)}", "Name": who, "Phone": phone, "More": "x"}
                lines.append([cells[column] for column in header])
            found[f"{name}{at}"] = [list(header), *lines]
    for at in range(5):  # long enough for several blocks of a packed file
        rows = [[f"long{at}-{n}", f"Name {n * 7919 % 1000}", f"0171 39200{n % 90 + 10}"] for n in range(40)]
        found[f"long{at}"] = [["Key", "Name", "Phone"], *rows]
    return found


def csv_of(name: str, table: list[list[str]]) -> bytes:
    """Write a list as CSV, each kind with a delimiter and an encoding of its own."""
    text = io.StringIO()
    place = list(ROWS).index(name[:-1]) if name[:-1] in ROWS else 0
    csv.writer(text, delimiter=",;\t|;"[place], lineterminator="\r\n" if place % 2 else "\n").writerows(table)
    return text.getvalue().encode(ENCODINGS.get(name[:-1], "utf-8"))


TABLES = tables()
LISTS = {name: csv_of(name, table) for name, table in TABLES.items()}
"""Name → what the list's CSV file holds."""

Maker = Callable[[Path, bytes], Path]


def _packed(name: str, pack: Callable[[bytes], bytes]) -> Maker:
    def make(folder: Path, content: bytes) -> Path:
        path = folder / name
        path.write_bytes(pack(content))
        return path

    return make


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    """Write a zip archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def encrypted(path: Path, members: dict[str, bytes]) -> Path:
    """Write a zip archive that AES encrypts."""
    import pyzipper

    with pyzipper.AESZipFile(path, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(PASSWORD.encode())
        for name, content in members.items():
            archive.writestr(name, content)
    return path


CONTAINERS: dict[str, Maker] = {
    "gzip": _packed("list.csv.gz", gzip.compress),
    "gzip of two parts": _packed("list.gz", lambda content: gzip.compress(content[:30]) + gzip.compress(content[30:])),
    "bzip2": _packed("list.csv.bz2", bz2.compress),
    "xz": _packed("list.csv.xz", lzma.compress),
    "zstd": _packed("list.csv.zst", zstd.compress),
    "a gzip by another name": _packed("list.csv", gzip.compress),
    "zip": lambda folder, content: zipped(folder / "list.zip", {"list.csv": content}),
    "zip of a folder": lambda folder, content: zipped(
        folder / "list.zip", {"out/list.csv": content, "__MACOSX/out/._list.csv": b"\0", "out/readme.pdf": b"%PDF"}
    ),
    "zip/member": lambda folder, content: (
        zipped(folder / "list.zip", {"old.csv": b"Key\n", "out/new.csv": content}) / "out/new.csv"
    ),
    "zip with a password": lambda folder, content: encrypted(folder / "list.zip", {"list.csv": content}),
}
"""Sources that hold the very bytes of the list."""


def html(folder: Path, table: list[list[str]]) -> Path:
    """Write a page as programs do that call it .xls."""
    rows = ("".join(f"<td style='mso-number-format:\"\\@\"'>{escape(cell)}</td>" for cell in row) for row in table)
    path = folder / "list.xls"
    body = "".join(f"<tr>{row}</tr>\n" for row in rows)
    path.write_text(f"<html><head><meta charset=utf-8></head><body><table>{body}</table></body></html>", "utf-8")
    return path


def xml_2003(folder: Path, table: list[list[str]]) -> Path:
    """Write XML Spreadsheet 2003."""
    space = "urn:schemas-microsoft-com:office:spreadsheet"
    rows = ("".join(f'<Cell><Data ss:Type="String">{escape(cell)}</Data></Cell>' for cell in row) for row in table)
    body = "".join(f"<Row>{row}</Row>" for row in rows)
    path = folder / "list.xls"
    path.write_text(
        f'<?xml version="1.0"?><Workbook xmlns="{space}" xmlns:ss="{space}"><Worksheet ss:Name="List">'
        f"<Table>{body}</Table></Worksheet></Workbook>",
        "utf-8",
    )
    return path


def xlsx(folder: Path, table: list[list[str]], path: Path | None = None) -> Path:
    """Write a workbook of text cells."""
    import xlsxwriter

    path = path or folder / "list.xlsx"
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_numbers": False}) as book:
        sheet = book.add_worksheet("List")
        for number, row in enumerate(table):
            for place, cell in enumerate(row):
                sheet.write_string(number, place, cell)
    return path


def protected_xlsx(folder: Path, table: list[list[str]]) -> Path:
    """Write a workbook with a password."""
    import msoffcrypto

    path = folder / "list.xlsx"
    with xlsx(folder, table, folder / "plain.xlsx").open("rb") as file, path.open("wb") as target:
        msoffcrypto.OfficeFile(file).encrypt(PASSWORD, target)
    return path


WORKBOOKS: dict[str, Callable[[Path, list[list[str]]], Path]] = {
    "HTML": html,
    "XML": xml_2003,
    "xlsx": xlsx,
    "xlsx in a zip": lambda folder, table: zipped(folder / "l.zip", {"l.xlsx": xlsx(folder, table).read_bytes()}),
    "HTML in a gzip": lambda folder, table: _packed("l.gz", gzip.compress)(folder, html(folder, table).read_bytes()),
    "xlsx with a password": protected_xlsx,
}
"""Sources that hold the same table of text."""
