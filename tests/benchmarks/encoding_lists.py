"""Lists of contacts in the encodings that programs of many countries write, made from the words in ``encodings/``.

Each list is made from its own parameters and the seed alone, so thinning out the corpus changes none of them. A word
that an encoding lacks is left out; an encoding that lacks many words of a language is not one of that language.
"""

from __future__ import annotations

import codecs
import csv
import io
import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

WORDS = Path(__file__).with_name("encodings")
NO_BREAK_SPACE = "␣"
"""How the files of words show it."""

WEST = ("cp1252", "iso8859-1", "iso8859-15", "cp850", "cp858", "cp437", "mac-roman")
EAST = ("cp1250", "iso8859-2", "cp852")
BALTIC = ("cp1257", "iso8859-13", "cp775")
CYRILLIC = ("cp1251", "koi8-r", "cp866", "iso8859-5")
UNICODE = ("utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "utf-16-le-sig", "utf-16-be-sig", "utf-32-sig")
MARKS = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE, "utf-32": b""}

WESTERN = ("german", "austrian", "swiss", "french", "spanish", "catalan", "portuguese", "brazilian", "italian", "dutch")
WESTERN += ("swedish", "danish", "norwegian", "finnish", "icelandic", "irish", "english", "signs", "brands")
EASTERN = ("polish", "czech", "slovak", "hungarian", "romanian", "croatian", "slovene")
MIXED_WESTERN = ("mix_west", "mix_iberian", "mix_nordic")
MIXED = {
    "mix_west": ("german", "french", "spanish", "swedish", "danish", "portuguese", "italian", "english", "finnish"),
    "mix_iberian": ("spanish", "portuguese", "catalan", "french", "italian"),
    "mix_nordic": ("swedish", "danish", "norwegian", "finnish", "german", "icelandic"),
    "mix_east": ("czech", "slovak", "polish", "hungarian", "german", "croatian"),
    "mix_turkish": ("turkish", "turkish", "german"),
    "mix_baltic": ("lithuanian", "latvian", "estonian", "german"),
    "mix_russian": ("russian", "russian", "ukrainian", "signs"),
}
ENCODINGS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys((*WESTERN, *MIXED_WESTERN), WEST),
    **dict.fromkeys((*EASTERN, "mix_east"), EAST),
    "albanian": ("cp1252", "cp1250", "iso8859-1", "iso8859-2", "cp850", "cp852"),
    **dict.fromkeys(("turkish", "mix_turkish"), ("cp1254", "iso8859-9", "cp857")),
    **dict.fromkeys(("lithuanian", "latvian", "mix_baltic"), BALTIC),
    "estonian": (*BALTIC, "cp1252", "iso8859-15"),
    **dict.fromkeys(("russian", "mix_russian"), CYRILLIC),
    "ukrainian": ("cp1251", "koi8-u", "iso8859-5"),
    "bulgarian": ("cp1251", "iso8859-5", "cp866"),
    "serbian": ("cp1251", "iso8859-5"),
    "greek": ("cp1253", "iso8859-7", "cp737"),
    "hebrew": ("cp1255", "iso8859-8"),
    "arabic": ("cp1256", "iso8859-6"),
    "chinese_simplified": ("gb18030", "gbk"),
    "chinese_traditional": ("big5", "cp950"),
    "japanese": ("cp932", "shift_jis", "euc_jp"),
    "korean": ("cp949", "euc_kr"),
}
CYRILLIC_LANGUAGES = ("russian", "ukrainian", "bulgarian", "serbian", "mix_russian")
ASIAN_LANGUAGES = ("chinese_simplified", "chinese_traditional", "japanese", "korean")
OTHER_SCRIPTS = frozenset((*CYRILLIC_LANGUAGES, *ASIAN_LANGUAGES, "greek", "hebrew", "arabic"))
UNIX_ENCODINGS = frozenset({"koi8-r", "koi8-u", "euc_jp", "euc_kr", "shift_jis", "utf-8", "gb18030"})
COMMA_COUNTRIES = frozenset((*ASIAN_LANGUAGES, "english", "irish"))

ROWS = (4, 8, 20, 60, 200)
FEWER_ROWS = (4, 20, 200)
COLUMNS = {
    "names": (0, 1, 2, 3),
    "address": (0, 1, 2, 3, 4, 5, 6),
    "notes": (0, 1, 2, 3, 7),
    "all": (0, 1, 2, 3, 4, 5, 6, 7, 8),
    "surname": (0, 1, 3),
    "city": (0, 3, 6),
    "note": (0, 3, 7),
}
"""Columns of ``[header]`` that a list has."""

SECTIONS = {1: "surnames", 2: "given", 4: "streets", 6: "cities", 7: "notes", 8: "companies"}
ENGLISH_HEADER = ("CustomerNo", "LastName", "FirstName", "Phone", "Street", "Zip", "City", "Note", "Company")
KINDS = ("plain", "capitals", "lower case", "one word", "two words")
MOSTLY_WRITTEN = 0.7
"""Share of the words with letters beyond ASCII that an encoding must have to be one of a language."""

TWO_ENCODINGS = [
    ("german", "cp1252", "polish", "cp1250"),
    ("german", "cp1252", "german", "utf-8"),
    ("german", "cp1252", "german", "cp850"),
    ("german", "cp1252", "german", "mac-roman"),
    ("french", "cp1252", "french", "utf-8"),
    ("french", "cp1252", "czech", "cp1250"),
    ("french", "cp1252", "french", "mac-roman"),
    ("spanish", "cp1252", "spanish", "cp850"),
    ("spanish", "cp1252", "hungarian", "cp1250"),
    ("portuguese", "cp1252", "romanian", "cp1250"),
    ("italian", "cp1252", "croatian", "cp1250"),
    ("swedish", "cp1252", "swedish", "cp850"),
    ("danish", "cp1252", "lithuanian", "cp1257"),
    ("german", "cp1252", "turkish", "cp1254"),
    ("german", "cp1252", "russian", "cp1251"),
    ("polish", "cp1250", "polish", "iso8859-2"),
    ("polish", "cp1250", "polish", "utf-8"),
    ("czech", "cp1250", "czech", "cp852"),
    ("hungarian", "cp1250", "spanish", "cp1252"),
    ("turkish", "cp1254", "turkish", "cp857"),
    ("russian", "cp1251", "russian", "koi8-r"),
    ("russian", "cp1251", "russian", "utf-8"),
    ("greek", "cp1253", "french", "cp1252"),
    ("finnish", "cp1252", "latvian", "cp1257"),
    ("japanese", "cp932", "japanese", "utf-8"),
    ("german", "utf-8", "german", "cp1252"),
    ("french", "utf-8", "french", "cp1252"),
    ("spanish", "utf-8", "spanish", "cp850"),
    ("polish", "utf-8", "polish", "cp1250"),
    ("norwegian", "utf-8", "norwegian", "mac-roman"),
]
"""Languages and encodings of lists that were put together from two files."""


@dataclass(frozen=True)
class ContactList:
    """A list as bytes, and the text they were made from: None where the bytes have two encodings."""

    language: str
    encoding: str
    kind: str
    rows: int
    columns: str
    data: bytes
    text: str | None

    def read_as(self, encoding: str | None) -> str | None:
        """The text; None where there is none: no program goes on with a file that its encoding does not read."""
        if encoding is None:
            return None
        try:
            return self.data.decode(encoding).removeprefix("\ufeff")
        except (UnicodeError, LookupError):
            return None

    def outcome(self, encoding: str | None) -> str:
        """What it means that this encoding was found; None is a refusal, right where the bytes have two encodings."""
        text = self.read_as(encoding)
        if text == self.text:
            return "right"
        return "refused" if text is None else "wrong"

    def __str__(self) -> str:
        return f"{self.language}/{self.encoding}, {self.kind}, {self.rows} rows, columns: {self.columns}"


@dataclass(frozen=True)
class Parameters:
    """What one list is made from."""

    language: str
    encoding: str
    kind: str
    rows: int
    columns: str

    def random(self, seed: int) -> random.Random:
        return random.Random(f"{seed} {self}")


def lists(seed: int, most: int | None = None, only: str = "") -> Iterator[ContactList]:
    """All lists, or ``most`` of them, evenly over languages and encodings.

    ``only`` is ``LANGUAGE``, ``LANGUAGE/ENCODING`` or ``/ENCODING``.
    """
    language, _, encoding = only.partition("/")
    chosen = [
        p
        for p in _parameters(seed)
        if (not language or p.language == language) and (not encoding or p.encoding == encoding)
    ]
    if most is not None and most < len(chosen):
        chosen = [chosen[i * len(chosen) // most] for i in range(most)]
    for parameters in chosen:
        made = _two_encodings(parameters, seed) if "+" in parameters.encoding else _one_encoding(parameters, seed)
        if made:
            yield made


def _parameters(seed: int) -> Iterator[Parameters]:
    """Grouped by language and encoding, shuffled within each group."""
    for language, encodings in ENCODINGS.items():
        for encoding in (*encodings, *UNICODE):
            if _written(language, encoding):
                group = list(_group(language, encoding))
                random.Random(f"{seed} {language} {encoding}").shuffle(group)
                yield from group
    for first, one, second, other in TWO_ENCODINGS:
        for rows in (8, 20, 60, 200):
            for columns in ("names", "all"):
                for kind in ("half", "few"):
                    yield Parameters(f"{first}+{second}", f"{one}+{other}", kind, rows, columns)


def _group(language: str, encoding: str) -> Iterator[Parameters]:
    unicode = encoding in UNICODE
    kinds = KINDS[:1] if unicode else KINDS[:2] if language == "greek" else KINDS
    if language in OTHER_SCRIPTS and not unicode:
        kinds = ("plain", "capitals") if encoding in CYRILLIC else ("plain",)
    for kind in kinds:
        for rows in ROWS if kind == "plain" and not unicode else FEWER_ROWS:
            for columns in COLUMNS if kind == "plain" and not unicode else ("names", "address", "notes"):
                yield Parameters(language, encoding, kind, rows, columns)


@cache
def _sections(language: str) -> dict[str, tuple[str, ...]]:
    """Words of a language by section; those of a mixed list from all its languages, the header from the first."""
    if language in MIXED:
        parts = [_sections(name) for name in MIXED[language]]
        mixed = {name: tuple(word for part in parts for word in part[name]) for name in SECTIONS.values()}
        return {**parts[0], **mixed}
    sections: dict[str, tuple[str, ...]] = {}
    name = ""
    for line in (WORDS / f"{language}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            name = line.strip("[]")
        elif line:
            words = (word.strip().replace(NO_BREAK_SPACE, "\xa0") for word in line.split(" | "))
            sections[name] = (*sections.get(name, ()), *words)
    return sections


@cache
def _written(language: str, encoding: str) -> bool:
    words = [word for name in SECTIONS.values() for word in _sections(language)[name] if has_foreign_letters(word)]
    kept = sum(_has(encoding, word) for word in words)
    return kept >= MOSTLY_WRITTEN * len(words)


def has_foreign_letters(text: str) -> bool:
    return any(c > "\x7f" and c.isalpha() and c not in "ºªµ" for c in text)


def _has(encoding: str, word: str) -> bool:
    try:
        encoded(word, encoding)
    except UnicodeEncodeError:
        return False
    return True


def encoded(text: str, encoding: str) -> bytes:
    """``encoding`` may end in ``-sig``: with a byte order mark."""
    name = encoding if encoding == "utf-8-sig" else encoding.removesuffix("-sig")
    mark = MARKS.get(name, b"") if name != encoding else b""
    return mark + text.encode(name)


def _in_kind(word: str, kind: str, language: str) -> str:
    if kind == "capitals":
        if language.endswith("turkish"):
            word = word.replace("i", "İ")
        if language == "greek":
            parts = unicodedata.normalize("NFD", word).replace("\u0301", "")
            word = unicodedata.normalize("NFC", parts)
        return word.upper()
    if kind == "lower case":
        return (word.replace("İ", "i").replace("I", "ı") if language.endswith("turkish") else word).lower()
    return word


@cache
def _words(language: str, encoding: str, kind: str) -> dict[int, list[str]]:
    """Words by column; only those in ASCII where a list is to have few others."""
    words = {}
    for column, name in SECTIONS.items():
        kept = [_in_kind(word, kind, language) for word in _sections(language)[name]]
        kept = [word for word in kept if _has(encoding, word)]
        words[column] = [word for word in kept if word.isascii()] if kind.endswith(("word", "words")) else kept
    return words


def _table(parameters: Parameters, language: str, encoding: str, dice: random.Random) -> list[list[str]]:
    """Header and rows; at least one word is beyond ASCII."""
    words = _words(language, encoding, parameters.kind)
    columns = COLUMNS[parameters.columns]
    header = [_in_kind(word, parameters.kind, language) for word in _sections(language)["header"]]
    few = parameters.kind.endswith(("word", "words"))
    if few or dice.random() < 0.3 or not all(_has(encoding, word) for word in header):
        header = list(ENGLISH_HEADER)
    first = dice.randrange(1_000, 900_000)
    table = [[header[column] for column in columns]]
    table += [
        [_cell(column, words, key, language, dice) for column in columns]
        for key in range(first, first + parameters.rows)
    ]
    needed = 0 if not few and not _is_ascii(table[1:]) else 2 if parameters.kind == "two words" else 1
    _set_foreign_words(table, needed, columns, _words(language, encoding, "plain"), parameters.kind, dice)
    return table


def _cell(column: int, words: dict[int, list[str]], key: int, language: str, dice: random.Random) -> str:
    if column == 0:
        return str(key)
    if column in (3, 5):
        form = _sections(language)["form"][column // 4]
        return "".join(str(dice.randrange(10)) if c == "#" else c for c in form)
    if not words[column] or (column in (7, 8) and dice.random() < 0.4):
        return ""
    return dice.choice(words[column])


def _set_foreign_words(
    table: list[list[str]],
    count: int,
    columns: tuple[int, ...],
    words: dict[int, list[str]],
    kind: str,
    dice: random.Random,
) -> None:
    """Put ``count`` words beyond ASCII into the later half of the rows."""
    for _ in range(count):
        places = [at for at, column in enumerate(columns) if any(not word.isascii() for word in words.get(column, []))]
        if places:
            at = dice.choice(places)
            row = dice.randrange(len(table) // 2, len(table))
            table[row][at] = dice.choice([word for word in words[columns[at]] if not word.isascii()])


def _is_ascii(rows: list[list[str]]) -> bool:
    return all(cell.isascii() for row in rows for cell in row)


def _dialect(language: str, encoding: str, dice: random.Random) -> tuple[str, str, bool]:
    """Delimiter, line end and whether every cell is in quotes, as programs do that write ``encoding``."""
    comma = "," if language in COMMA_COUNTRIES else ";"
    if encoding.startswith("utf-16") and encoding.endswith("-sig"):
        return "\t", "\r\n", False
    if encoding == "mac-roman":
        delimiters, line_ends = [comma, comma, "\t"], ["\r"] * 3 + ["\n"]
    elif encoding.startswith("iso8859") or encoding in UNIX_ENCODINGS:
        delimiters, line_ends = [",", ",", ";", "\t"], ["\n", "\n", "\r\n"]
    else:
        delimiters, line_ends = [comma] * 4 + ["\t", ","], ["\r\n"] * 5 + ["\n"]
    return dice.choice(delimiters), dice.choice(line_ends), dice.random() < 0.2


def _as_text(table: list[list[str]], delimiter: str, line_end: str, quote_all: bool) -> str:
    text = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
    csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=quoting).writerows(table)
    return text.getvalue()


def _one_encoding(parameters: Parameters, seed: int) -> ContactList | None:
    """None where no word of the list is beyond ASCII."""
    dice = parameters.random(seed)
    table = _table(parameters, parameters.language, parameters.encoding, dice)
    text = _as_text(table, *_dialect(parameters.language, parameters.encoding, dice))
    if text.isascii() and parameters.encoding not in UNICODE:
        return None
    return ContactList(**vars(parameters), data=encoded(text, parameters.encoding), text=text)


def _two_encodings(parameters: Parameters, seed: int) -> ContactList | None:
    """The last rows in another encoding. None where one of the two reads the whole list right."""
    dice = parameters.random(seed)
    languages, encodings = parameters.language.split("+"), parameters.encoding.split("+")
    plain = Parameters("", "", "plain", parameters.rows, parameters.columns)
    dialect = _dialect(languages[0], encodings[0], dice)
    tables = [_table(plain, language, encoding, dice) for language, encoding in zip(languages, encodings, strict=True)]
    later = parameters.rows // 2 if parameters.kind == "half" else max(2, parameters.rows // 10)
    parts = [_as_text(tables[0][:-later], *dialect), _as_text(tables[1][-later:], *dialect)]
    data = b"".join(encoded(part, encoding) for part, encoding in zip(parts, encodings, strict=True))
    if any(data.decode(encoding, "replace") == "".join(parts) for encoding in encodings):
        return None
    return ContactList(**vars(parameters), data=data, text=None)
