"""The whole file decides its encoding; nothing is guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialler_sync.errors import InputError

from ....helpers.csv_files import read

GERMAN = "No;Name;City;Street\n1;Müller;Köln;Große Straße 5\n2;Jäger;Übach;Öländerweg\n3;André;Schöntal;Äußere 1\n"
FRENCH = "No;Name\n1;Hélène\n2;François\n3;Benoît\n4;Gérard Lévêque\n5;Noël À-Côté\n"
POLISH = "No;Name\n1;Wałęsa\n2;Łukasz Żółć\n3;Świątek\n4;Kowalczyk-Dąbrowska\n"
CZECH = "No;Name\n1;Dvořák\n2;Černý\n3;Němcová\n4;Příhoda\n"
HUNGARIAN = (
    "No;Name\n1;Szűcs\n2;Erdős Győző\n3;Kovács\n4;Török\n5;Fűzfa Dezső\n6;Ernő Rezső\n7;Szőke Jenő\n"
    "8;Kőszegi\n9;Csűrös\n"
)


@pytest.mark.parametrize(
    ("text", "encoding", "shown"),
    [
        (GERMAN, "utf-8", "utf-8"),
        (GERMAN, "utf-8-sig", "utf-8-sig"),
        (GERMAN, "cp1252", "cp1252"),
        (GERMAN, "latin-1", "cp1252"),
        (GERMAN, "mac-roman", "mac-roman"),
        (GERMAN, "cp850", "cp850"),
        (GERMAN, "utf-16-le", "utf-16-le"),
        (GERMAN, "utf-16-be", "utf-16-be"),
        ("\ufeff" + GERMAN, "utf-16-le", "utf-16-le"),
        ("\ufeff" + GERMAN, "utf-16-be", "utf-16-be"),
        ("\ufeff" + GERMAN, "utf-32-le", "utf-32"),
        (GERMAN.replace("3;André", "3;Eastwood”"), "cp1252", "cp1252"),
        (FRENCH, "cp1252", "cp1252"),
        (FRENCH, "mac-roman", "mac-roman"),
        (POLISH, "cp1250", "cp1250"),
        (CZECH, "cp1250", "cp1250"),
        (HUNGARIAN, "cp1250", "cp1250"),
        ("No;Name\n1;Miller\n", "ascii", "utf-8"),
    ],
)
def test_encodings(tmp_path: Path, text: str, encoding: str, shown: str) -> None:
    """The bytes of every usual encoding reveal it, and the text is exact."""
    found = read(tmp_path, text.encode(encoding))

    assert [found.columns, *found.cells] == [line.split(";") for line in text.lstrip("\ufeff").splitlines()]
    assert found.layout.encoding == shown


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "mac-roman"])
def test_umlaut_deep_in_the_file(tmp_path: Path, encoding: str) -> None:
    """One umlaut after a megabyte of ASCII decides as well as one at the start."""
    text = "No;Name\n" + "".join(f"{i};Miller-Smith\n" for i in range(80_000)) + "80000;Müller\n"
    found = read(tmp_path, text.encode(encoding))

    assert found.cells[-1] == ["80000", "Müller"]
    assert found.layout.encoding == encoding


def test_utf8_character_across_blocks(tmp_path: Path) -> None:
    """A character whose bytes lie in two blocks is one character."""
    text = "Name;No\n" + "x" * ((1 << 20) - 10) + ";ü\n"
    found = read(tmp_path, text, max_cell_chars=2_000_000)

    assert found.cells[0][1] == "ü"


def test_two_encodings_in_one_file(tmp_path: Path) -> None:
    """A file joined from UTF-8 and another encoding has wrong names in either: the message names the line."""
    data = GERMAN.encode() + "5;Müller;Köln;x\n".encode("cp1252")

    with pytest.raises(InputError, match=r"list\.csv: line 5: the byte 0xFC is not UTF-8, but the rest"):
        read(tmp_path, data)

    assert read(tmp_path, data, encoding="cp1252").cells[-1][1] == "Müller"


def test_equally_good_encodings(tmp_path: Path) -> None:
    """If the same bytes make sense in two encodings, the user is asked; the message shows both readings."""
    data = "Name;Note\nAnna;à\n".encode("mac-roman")

    with pytest.raises(
        InputError, match=r"not certain: line 2 reads 'à' in mac-roman, '€' in cp1251.*\{encoding: mac-roman\}"
    ):
        read(tmp_path, data)

    assert read(tmp_path, data, encoding="mac-roman").cells[0][1] == "à"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Name\nИванова\nДостоевский\n", "cp1251"),
        ("Name\nИванова\nДостоевский\n", "koi8-r"),
        ("Name\nΠαπαδόπουλος\nΓεωργίου\n", "cp1253"),
        ("Name;Adresse\nNúñez;C/ Colón 5, 2º A\nGarcía;C/ Sol 3, 1ª\n", "cp1252"),
        ("Name\nŞahin\nYılmaz\n", "cp1254"),
        ("Name\n佐藤 花子\n鈴木 一郎\n", "cp932"),
    ],
)
def test_languages(tmp_path: Path, text: str, encoding: str) -> None:
    """A few words of a language are enough to detect its encoding."""
    assert read(tmp_path, text.encode(encoding)).cells == [line.split(";") for line in text.splitlines()[1:]]


@pytest.mark.parametrize("encoding", ["cp1026", "cp500"])
def test_unknown_encoding(tmp_path: Path, encoding: str) -> None:
    """Bytes that make words in no known encoding are refused, not read as gibberish."""
    with pytest.raises(InputError, match=r"binary data|makes no sense in any common encoding.*set source\.encoding"):
        read(tmp_path, "Name\nMüller\nGroßmann\n".encode(encoding))


def test_one_line_in_another_encoding(tmp_path: Path) -> None:
    """A line from a file in another encoding is named, with both readings."""
    rows = "".join(f"{i};{name}\n" for i, name in enumerate(["Hélène", "Lefèvre", "Benoît", "Crème", "Noël"] * 3))
    data = f"No;Name\n{rows}".encode("cp1252") + "98;Novotný\n99;Dvořák\n".encode("cp1250")

    with pytest.raises(
        InputError, match=r"line 18 is in a different encoding.* 'Dvoøák' in cp1252.*'Dvořák' in cp1250"
    ):
        read(tmp_path, data)


@pytest.mark.parametrize(("encoding", "line"), [("utf-8", 3), ("ascii", 2)])
def test_configured_encoding_that_does_not_fit(tmp_path: Path, encoding: str, line: int) -> None:
    """The configured encoding is never replaced; the message names the line that it cannot read."""
    data = "Name;No\nMüller;1\n".encode() + b"M\xfcller;2\n"

    with pytest.raises(InputError, match=rf"line {line}: the byte 0x.. cannot be read as {encoding}"):
        read(tmp_path, data, encoding=encoding)


def test_truncated_utf16(tmp_path: Path) -> None:
    """Half a character at the end means that the file was cut off."""
    with pytest.raises(InputError, match="cannot be read as utf-16-le"):
        read(tmp_path, GERMAN.encode("utf-16-le")[:-1])


def test_bad_byte_behind_a_mark_is_the_one_that_is_named(tmp_path: Path) -> None:
    """The mark's own bytes count for the position."""
    data = b"\xef\xbb\xbfNo;Name\n1;Ann\n" + "2;Jäger\n".encode("cp1252")

    with pytest.raises(InputError, match="line 3: the byte 0xE4 cannot be read as utf-8-sig"):
        read(tmp_path, data)


def test_shifting_encoding_is_not_read_as_ascii(tmp_path: Path) -> None:
    """ISO-2022 writes other scripts in ASCII bytes between escape sequences."""
    data = "No;Name\n1;山田太郎\n".encode("iso2022_jp")

    with pytest.raises(InputError, match=r"set source\.encoding, such as iso2022_jp"):
        read(tmp_path, data)
    assert read(tmp_path, data, encoding="iso2022_jp").rows == {2: ["1", "山田太郎"]}
