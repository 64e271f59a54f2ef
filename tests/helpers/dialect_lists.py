"""Random lists with known delimiter, quotes and cells, as programs write them.

Covers every delimiter × kinds of columns × numbers of rows × ways of quoting. A reader must return these cells, or
refuse with a question; anything else is a silent error.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from dataclasses import dataclass

FIRST = [
    "Anna",
    "Otto",
    "Müller",
    "Uwe",
    "Jörg",
    "Eva",
    "Ana-María",
    "José",
    "Zoë",
    "Karl",
    "Mia",
    "Łukasz",
    "Olga",
    "Ngo",
    "Li",
    "O'Brien",
]
LAST = [
    "Schmidt",
    "Maier",
    "Ng",
    "Weiß",
    "Núñez",
    "O'Neill",
    "García",
    "Meyer-Lüders",
    "Kowalski",
    "Berg",
    "Krüger",
    "Lund",
    "Rossi",
]
CITIES = ["Berlin", "Kiel", "Köln", "Frankfurt am Main", "St. Gallen", "Bad Homburg v.d.H.", "Ulm", "São Paulo"]
WORDS = [
    "call",
    "back",
    "later",
    "new",
    "old",
    "customer",
    "wants",
    "offer",
    "contract",
    "by",
    "mail",
    "ruft",
    "an",
    "morgen",
    "nicht",
    "erreicht",
]


def _words(rng: random.Random, least: int, most: int) -> str:
    return " ".join(rng.choices(WORDS, k=rng.randint(least, most)))


def _amount(rng: random.Random, thousands: str, decimal: str) -> str:
    text = f"{rng.choice([rng.randint(0, 999), rng.randint(1000, 99999)]):,}.{rng.randint(0, 99):02}"
    return text.translate(str.maketrans({",": thousands, ".": decimal}))


def _date(rng: random.Random, form: str) -> str:
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    year, month, day = rng.randint(1950, 2026), rng.randint(1, 12), rng.randint(1, 28)
    return form.format(y=year, m=month, d=day, mon=months[month - 1])


KINDS = {
    "id": (("Id", "CustomerNo", "Kundennr", "ID", "No"), lambda r, i: str(1000 + i)),
    "long id": (("record_id", "Account Id", "Nummer"), lambda r, i: str(2019221 + 7 * i)),
    "code": (("Ref", "Aktenzeichen", "Order-No."), lambda r, i: f"{r.choice(['MG', 'RI'])}-{r.randint(1000, 9999)}"),
    "three digits": (("A1", "Points", "Punkte", "x"), lambda r, i: str(r.randint(100, 999))),
    "small number": (("Age", "Alter", "Qty"), lambda r, i: str(r.randint(1, 99))),
    "phone": (("Phone", "Telefon", "Mobile"), lambda r, i: f"0171{r.randint(1000000, 9999999)}"),
    "phone +": (("PhoneNumber1", "Handy"), lambda r, i: f"+49171{r.randint(1000000, 9999999)}"),
    "phone signs": (("Tel.", "Phone (home)"), lambda r, i: f"0{r.randint(30, 999)} / {r.randint(10000, 999999)}"),
    "decimal comma": (("Betrag", "Saldo", "Quote"), lambda r, i: f"{r.randint(0, 999)},{r.randint(0, 99):02}"),
    "one decimal": (("Wert", "Note"), lambda r, i: f"{r.randint(0, 9)},{r.randint(0, 9)}"),
    "decimal point": (("Amount", "Price"), lambda r, i: f"{r.randint(0, 999)}.{r.randint(0, 99):02}"),
    "German amount": (("Forderung", "Umsatz"), lambda r, i: _amount(r, ".", ",")),
    "English amount": (("Balance", "Amount due"), lambda r, i: _amount(r, ",", ".")),
    "ISO date": (("Date", "created_at"), lambda r, i: _date(r, "{y}-{m:02}-{d:02}")),
    "German date": (("Datum", "Geburtstag"), lambda r, i: _date(r, "{d:02}.{m:02}.{y}")),
    "date with comma": (("Date of birth", "Since"), lambda r, i: _date(r, "{mon} {d}, {y}")),
    "time": (("Last call", "Zeit"), lambda r, i: _date(r, "{d:02}/{m:02}/{y} ") + f"{i % 24:02}:{r.randint(0, 59):02}"),
    "first name": (("Vorname", "First name"), lambda r, i: r.choice(FIRST)),
    "last name": (("Name", "Nachname"), lambda r, i: r.choice(LAST)),
    "name, first": (("Kontakt", "Full name"), lambda r, i: f"{r.choice(LAST)}, {r.choice(FIRST)}"),
    "city": (("City", "Ort"), lambda r, i: r.choice(CITIES)),
    "street": (("Street", "Straße"), lambda r, i: f"{r.choice(LAST)}str. {r.randint(1, 99)}"),
    "address": (
        ("Address", "Anschrift"),
        lambda r, i: f"{r.choice(LAST)}weg {i}, {r.randint(10000, 99999)} {r.choice(CITIES)}",
    ),
    "note": (("Note", "Bemerkung"), lambda r, i: _words(r, 0, 8)),
    "note with signs": (
        ("Comment", "Notiz"),
        lambda r, i: r.choice([", ", "; ", " - ", " | ", ": "]).join(_words(r, 1, 4) for _ in range(r.randint(0, 3))),
    ),
    "quoted word": (("Alias", "Product"), lambda r, i: f'{r.choice(LAST)} "{r.choice(WORDS)}"'),
    "lines": (("Text",), lambda r, i: r.choice(["", "\n"]).join(_words(r, 1, 6) for _ in range(2))),
    "tags": (("Tags",), lambda r, i: ";".join(r.sample(WORDS, r.randint(1, 3)))),
    "url": (("url", "Website"), lambda r, i: f"https://x.example/?a={i}"),
    "url with signs": (
        ("Link", "photo_url"),
        lambda r, i: f"https://x.example/{r.choice(WORDS)}?a={i}{r.choice([';', ',', '|', '&'])}b={r.randint(1, 9)}",
    ),
    "map": (("Location",), lambda r, i: f"https://maps.example/@{r.randint(40, 60)}.5,{r.randint(1, 20)}.25,15z"),
    "json": (("meta", "Payload"), lambda r, i: f'{{"a":{i},"b":"{r.choice(WORDS)}"}}'),
    "e-mail": (("E-Mail", "email"), lambda r, i: f"{r.choice(WORDS)}{i}@mail.example"),
    "yes or no": (("Opt-in", "aktiv"), lambda r, i: r.choice(["yes", "no", "ja", "x", ""])),
    "empty": (("Fax", "spare"), lambda r, i: ""),
}
"""Kind of a column → its usual names, and a function that draws a cell."""

DELIMITERS = (";", ",", "\t", "|", ", ")
RARE = ("^", "~", "§", ":", "\x1f", "||", "¦", " ", "#")
QUOTING = ("minimal", "all", "words", "header", "header bare")


@dataclass(frozen=True)
class List:
    """A list as text, with its contents: the header (``()``: none) and the rows."""

    text: str
    delimiter: str
    kinds: tuple[str, ...]
    quoting: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def cells(self) -> list[tuple[str, ...]]:
        """Header and rows."""
        return [self.header, *self.rows] if self.header else list(self.rows)


def lists(seed: int, count: int) -> Iterator[List]:
    """Yield ``count`` lists; most with a common delimiter and several columns."""
    rng = random.Random(seed)
    while count:
        made = _one(rng)
        if made:
            count -= 1
            yield made


def _one(rng: random.Random) -> List | None:
    width = rng.choice([1, 2, 2, 2, 3, 3, 4, 6, 9])
    delimiter = rng.choice(DELIMITERS if rng.random() < 0.85 else RARE)
    count = rng.choice([0, 1, 1, 2, 2, 3, 4, 5, 8, 10, 20, 50])
    kinds = tuple(rng.choices(list(KINDS), k=width))
    header = tuple(rng.choice(KINDS[kind][0]) for kind in kinds)
    if len(set(header)) < width or set(kinds) == {"empty"}:
        return None
    if rng.random() < 0.08:
        header = ()
    rows = tuple(tuple(KINDS[kind][1](rng, i) for kind in kinds) for i in range(count))
    rows = tuple(row for row in rows if any(row))
    if not header and not rows:
        return None
    quoting = rng.choice(QUOTING)
    text = _written(header, rows, delimiter, quoting, rng.choice(["\n", "\r\n"]))
    if text is None:
        return None
    if len(delimiter) == 1 and rng.random() < 0.03:
        text = f"sep={delimiter}\r\n{text}"
    return List(text, delimiter if width > 1 else "", kinds, quoting, header, rows)


def _written(
    header: tuple[str, ...], rows: tuple[tuple[str, ...], ...], delimiter: str, quoting: str, end: str
) -> str | None:
    """Return the list as text, None if this way of quoting cannot represent it."""
    lines = []
    for number, row in enumerate([header, *rows] if header else rows):
        is_header = bool(header) and number == 0
        style = {"header": "all" if is_header else "minimal", "header bare": "minimal" if is_header else "all"}.get(
            quoting, quoting
        )
        cells = [_quoted(cell, delimiter, style, end) for cell in row]
        lines.append(delimiter.join(cells) + end)
    return "".join(lines)


def _quoted(cell: str, delimiter: str, style: str, end: str) -> str:
    must = delimiter in cell or '"' in cell or "\n" in cell or (delimiter.strip() and delimiter.strip() in cell)
    is_number = cell.replace(".", "").isdigit()
    if must or style == "all" or (style == "words" and cell and not is_number):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def sniffed(text: str) -> list[tuple[str, ...]]:
    """Return the rows as Python's ``csv.Sniffer`` reads them."""
    dialect = csv.Sniffer().sniff(text)
    return [tuple(row) for row in csv.reader(io.StringIO(text, newline=""), dialect) if any(row)]
