"""A configuration proposed from a spreadsheet: from the names of its columns, and from what stands in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import yaml

from .config import ColumnRule
from .convert import amount, email, iban, moment
from .fields import FIELDS, PHONE_FIELDS, Kind
from .header_words import CAMPAIGN_HEADER, HEADERS, PHONE_HEADER, header_key
from .mapping import is_blank
from .model import Fault, Table
from .numbering import region_of, region_of_number
from .phones import Read, country, quick_phone, read_phone

_SAMPLE = 500
"""Rows that are looked at."""
_MOST = 0.8
"""Share of a column's cells that have to fit before its content alone says what it is."""

_TRIED = 100
"""Cells of a column on which countries are tried."""

_LONG_WORD = 5
"""Letters of a word that, at the end of a header, says what the column is."""

Rule = tuple[str | dict[str, Any], str]
"""A rule as it stands in the configuration, and a remark on it."""

_REGIONS = ("DE", "AT", "CH", "GB", "US", "FR", "NL", "BE", "IT", "ES", "PL", "DK", "SE")
"""Countries that are tried on numbers without a country code; of equally good ones the first, or the one that
e-mail addresses, IBANs and numbers with country code speak for.
"""
_EQUALLY_GOOD = 0.8
_CURRENCY = re.compile(r"[€$£]|EUR|CHF|USD|GBP|Euro")
_SIGNS: tuple[dict[str, str], ...] = (
    {},
    {"decimal": ","},
    {"decimal": ",", "thousands": "."},
    {"decimal": ".", "thousands": ","},
    {"decimal": ",", "thousands": " "},
    {"decimal": ".", "thousands": "'"},
    {"decimal": "."},
)
_FORMATS = tuple(
    date + time
    for date, time in product(
        ("%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d"), ("", " %H:%M", " %H:%M:%S")
    )
)
_HEAD = """\
# Proposed by 'dialler-sync init' for {file}. Look through it, replace what is marked CHANGE, and try it:
#   dialler-sync validate {file}
# Editors complete and check it with the schema that 'dialler-sync config schema' prints.
dialler:
  base_url: https://dialler.example.com/rest/v1.0   # CHANGE: address of the dialler's REST API
  clients_id: 1                                     # CHANGE: the ClientsID of your account
  token: ${{DIALLER_SYNC_TOKEN}}                      # set this variable; the token itself does not belong in this file
"""


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the file: its header as written and as compared, and a sample of its cells, without empty ones."""

    name: str
    key: str
    cells: tuple[str, ...]

    def share(self, good: Callable[[str], object]) -> float:
        """Share of the cells that are good, 0 where there are none."""
        return sum(map(bool, map(good, self.cells))) / len(self.cells) if self.cells else 0.0

    def readable(self, read: Callable[[str], object]) -> float:
        """Share of the cells that can be read."""
        return self.share(lambda cell: not isinstance(read(cell), Fault))


def propose_config(table: Table) -> str:
    """Write a commented configuration, as YAML, that fits the table.

    What the table lacks is marked in the text. The result loads where DIALLER_SYNC_TOKEN is set, and binds to the
    table if that has a column of phone numbers.
    """
    layout = table.layout
    columns = _sample(table)
    campaign = next((column for column in columns if CAMPAIGN_HEADER.fullmatch(column.key)), None)
    lines = [_HEAD.format(file=layout.path.name)]
    if campaign is None:
        lines.append("campaign: {name: CHANGE ME}   # CHANGE: name of the campaign, or {id: 538}\n")
    else:
        lines.append(f"campaign: {{column: {_yaml(campaign.name)}}}   # or one for all rows: {{id: 538}}\n")
        columns.remove(campaign)
    if layout.sheet is not None:
        lines.append(f"# source: {{sheet: {_yaml(layout.sheet)}}}   # where several sheets hold data\n")
    if layout.vendor:
        lines.append("# The file is in the dialler vendor's own format, which needs no columns:.")
    else:
        lines += _columns_section(columns)
    return "\n".join(lines) + "\n"


def _sample(table: Table) -> list[_Column]:
    """Look at the first rows; columns whose name is there twice cannot be told apart and are left out."""
    chunk = next(iter(table.chunks(_SAMPLE)), None)
    names = Counter(table.layout.columns)
    columns = []
    for place, name in enumerate(table.layout.columns):
        cells = [] if chunk is None else chunk.frame.iloc[:, place].tolist()
        if name and names[name] == 1:
            columns.append(_Column(name, header_key(name), tuple(cell for cell in cells if not is_blank(cell))))
    return columns


def _columns_section(columns: list[_Column]) -> Iterator[str]:
    rules = _rules(columns)
    yield "columns:   # dialler field: source column"
    if "UserData" not in rules:
        yield "  # CHANGE: UserData: your own key of the contact. Without it, each import makes new contacts."
    if not any(name in rules for name in PHONE_FIELDS):
        yield "  # CHANGE: PhoneNumber1: the column of the phone number. None was found, and one is needed."
    for name in FIELDS:
        if name in rules:
            rule, remark = rules[name]
            yield f"  {name}: {_yaml(rule)}" + (f"   # {remark}" if remark else "")
    for column in columns:
        yield f"  # not used: {_yaml(column.name)}"


def _rules(columns: list[_Column]) -> dict[str, Rule]:
    """Find a column for each field that can have one; takes them out of ``columns``."""
    found: dict[str, _Column] = {}
    cells = [cell.strip() for column in columns for cell in column.cells[:_TRIED]]

    def take(field: str, fits: Callable[[_Column], bool]) -> None:
        column = next((column for column in columns if field not in found and fits(column)), None)
        if column is not None:
            found[field] = column
            columns.remove(column)

    for fits in (_is_called, _is_compound_of):
        for name, words in HEADERS.items():
            for word in (name.lower(), *words.split()):
                take(name, partial(fits, word))
    take("Email", lambda column: column.readable(email) >= _MOST)
    take("AccountIBAN", lambda column: column.readable(iban) >= _MOST)
    countries = found.get("Country")
    phones, where, region = _phones(columns, countries, Counter(map(_country_hint, cells)))
    rules = {name: _rule(name, column) for name, column in found.items()}
    fax = found.pop("FaxNumber", None)
    for name, column in (*zip(PHONE_FIELDS, phones, strict=False), *([("FaxNumber", fax)] if fax else [])):
        rules[name] = (
            {"column": column.name, **where} if where else column.name,
            _readable(column, lambda cell: _read(cell, region), "phone numbers"),
        )
    if "Name" not in rules:
        rules["Name"] = _name(found, columns)
    return rules


def _is_called(word: str, column: _Column) -> bool:
    return column.key == word


def _is_compound_of(word: str, column: _Column) -> bool:
    """``Jahresbetrag`` is a Betrag; short words end too many others."""
    return len(word) >= _LONG_WORD and column.key.endswith(word) and not PHONE_HEADER.match(column.key)


def _phones(
    columns: list[_Column], countries: _Column | None, hints: Mapping[str | None, int]
) -> tuple[list[_Column], dict[str, str], str | None]:
    """Columns of phone numbers, taken out of ``columns``; what their rules say of the country; the main country."""
    named = [column for column in columns if PHONE_HEADER.match(column.key)]
    others = [column for column in columns if column not in named and "fax" not in column.key]
    region = _likely_region([cell for column in named or others for cell in column.cells[:_TRIED]], hints)
    where = {"region": region} if region else {}
    if countries is not None and countries.share(region_of) >= _MOST:
        known = Counter(region_of(cell) for cell in countries.cells)
        region = known.most_common(1)[0][0]
        where = {"region_column": countries.name} if len(known) > 1 else {"region": str(region)}
    shares = {column.name: column.readable(lambda cell: _read(cell, region)) for column in columns}
    likely = [column for column in named if shares[column.name] or not column.cells]
    likely += [column for column in others if shares[column.name] >= _MOST]
    phones = [column for column in columns if column in likely][: len(PHONE_FIELDS)]
    for column in phones:
        columns.remove(column)
    return phones, where, region


def _likely_region(numbers: list[str], hints: Mapping[str | None, int]) -> str | None:
    """The country whose numbers these are; None where they need none."""
    regions = sorted(_REGIONS, key=lambda region: -hints[region])
    readable = {
        region: sum(not isinstance(_read(cell, region), Fault) for cell in numbers) for region in (None, *regions)
    }
    best = max(readable.values())
    if readable[None] == best:
        return None
    return next(region for region in regions if readable[region] >= best * _EQUALLY_GOOD)


def _country_hint(cell: str) -> str | None:
    """The country that an e-mail address, an IBAN or a number with country code belongs to."""
    if match := re.fullmatch(r"[^@\s]+@\S+\.([a-z]{2})", cell, re.IGNORECASE):
        return region_of(match[1])
    if re.match(r"[A-Z]{2}[0-9]{2}[ 0-9A-Z]{11}", cell):
        return cell[:2]
    number = _read(cell, None)
    return None if isinstance(number, Fault) else region_of_number(number if isinstance(number, str) else number[0])


def _read(cell: str, region: str | None) -> Read:
    where = country(None, region)
    return quick_phone(cell, where.plan) or read_phone(cell, where)


def _name(found: Mapping[str, _Column], left: list[_Column]) -> Rule:
    """The Name, which the dialler demands, where no column is called so."""
    for field in ("Company", "FirstName"):
        if field in found:
            return found[field].name, f"CHANGE: no column of surnames was found; this one is {field} too"
    for column in left:
        if column.share(lambda cell: any(map(str.isalpha, cell))) >= _MOST:
            left.remove(column)
            return column.name, "CHANGE: no column of surnames was found; is this one?"
    return {"value": "unknown"}, "CHANGE: no column of surnames was found"


def _rule(field: str, column: _Column) -> Rule:
    """The rule of a field that is no phone number, with how numbers and dates are written."""
    if FIELDS[field].kind is Kind.AMOUNT:
        return _amount_rule(column)
    if FIELDS[field].kind is Kind.DATETIME:
        return _date_rule(column)
    return column.name, ""


def _amount_rule(column: _Column) -> Rule:
    around = Counter(sign for cell in column.cells for sign in _CURRENCY.findall(cell))
    currency = {"currency": around.most_common(1)[0][0]} if around else {}
    ways = [{"column": column.name, **signs, **currency} for signs in _SIGNS]
    rules = [ColumnRule.model_validate(way) for way in ways]
    shares = [column.readable(partial(amount, rule=rule)) for rule in rules]
    # Of equally good ways that which names the thousands sign: it also reads numbers that have no other sign.
    named = [any(_has_thousands(cell, signs) for cell in column.cells) for signs in _SIGNS]
    best = max(range(len(ways)), key=lambda way: (shares[way], named[way]))
    read = {
        tuple(amount(cell, rule) for cell in column.cells)
        for rule, share in zip(rules, shares, strict=True)
        if share == shares[best]
    }
    remark = _readable(column, partial(amount, rule=rules[best]), "numbers")
    doubt = "" if len(read) == 1 else "; CHANGE: they can be read in other ways too"
    return ways[best] if len(ways[best]) > 1 else column.name, remark + doubt


def _has_thousands(cell: str, signs: dict[str, str]) -> bool:
    sign = {None: "(?!)", " ": r"\s"}.get(signs.get("thousands")) or re.escape(signs["thousands"])
    return re.search(rf"[0-9]{sign}[0-9]{{3}}(?![0-9])", cell) is not None


def _date_rule(column: _Column) -> Rule:
    formats: tuple[str, ...] = ()
    for pattern in _FORMATS:
        if _dates(column, (*formats, pattern)) > _dates(column, formats):
            formats += (pattern,)
    remark = _readable(column, partial(moment, formats=formats), "dates")
    others = set(_FORMATS).difference(formats)
    if formats and any(_dates(column, (other,)) >= _dates(column, formats) for other in others):
        remark += "; CHANGE: they can be read in other ways too"
    return {"column": column.name, "formats": list(formats)} if formats else column.name, remark


def _dates(column: _Column, formats: tuple[str, ...]) -> float:
    return column.readable(partial(moment, formats=formats))


def _readable(column: _Column, read: Callable[[str], object], what: str) -> str:
    return f"{round(column.readable(read) * len(column.cells))} of {len(column.cells)} cells are {what}"


def _yaml(value: Any) -> str:
    """One line of YAML; a ``$`` that the configuration would take for a variable is doubled."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_yaml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_yaml, value)) + "]"
    style = None if value.isprintable() else '"'
    listed = [re.sub(r"\$(?=[${])", "$$", value)]
    text: str = yaml.safe_dump(
        listed, default_style=style, default_flow_style=True, allow_unicode=True, width=float("inf")
    )
    return text.strip()[1:-1]
