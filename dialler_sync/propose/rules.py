"""Finds how the cells of a column are written: signs of amounts, formats of dates, faults of phone numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from operator import itemgetter
from typing import Any

from ..config import ColumnRule
from ..fields import FIELDS, Kind
from ..mapping.values import amount, email, moment
from ..model import Fault
from ..text.phrase import counted, mark, marks, phrase
from ..text.spreadsheet import is_shortened
from .content import too_long
from .regions import Where, read_number
from .sample import HALF, MOSTLY, Column

_CURRENCY = re.compile(r"[€$£]|EUR|CHF|USD|GBP|PLN|zł|Euro")
_SIGNS: tuple[dict[str, str], ...] = (
    {},
    {"decimal": ","},
    {"decimal": ",", "thousands": "."},
    {"decimal": ".", "thousands": ","},
    {"decimal": ",", "thousands": " "},
    {"decimal": ".", "thousands": "'"},
    {"decimal": ".", "thousands": " "},
    {"decimal": "."},
)
_FORMATS = (
    *(
        date + time
        for date, time in product(
            (
                "%d.%m.%Y",
                "%d.%m.%y",
                "%d/%m/%Y",
                "%m/%d/%Y",
                "%d-%m-%Y",
                "%Y/%m/%d",
                "%Y.%m.%d",
                "%d/%m/%y",
                "%m/%d/%y",
            ),
            ("", " %H:%M", " %H:%M:%S", ", %H:%M"),
        )
    ),
    *(
        "%m/%d/%Y %I:%M %p",
        "%m/%d/%Y %I:%M:%S %p",
        "%d %b %Y",
        "%b %d, %Y",
        "%B %d, %Y",
        "%Y%m%d",
        "%Y-%m-%dT%H:%M:%SZ",
    ),
)
ONLY_CELLS = mark("only the cells say so, not the header")
_TWO_WAYS = mark("they can also be read in other ways")
_EMAILS = marks("{count} of {all} cells is an e-mail address", "{count} of {all} cells are e-mail addresses")
_PHONES = marks("{count} of {all} cells is a phone number", "{count} of {all} cells are phone numbers")
_NUMBERS = marks("{count} of {all} cells is a number", "{count} of {all} cells are numbers")
_DATES = marks("{count} of {all} cells is a date", "{count} of {all} cells are dates")


@dataclass(slots=True)
class Rule:
    """A rule for the configuration, a remark on the sample, and doubts for a person to decide."""

    rule: str | dict[str, Any]
    remark: str = ""
    doubts: list[str] = field(default_factory=list)

    @property
    def comment(self) -> str:
        """Comment behind the rule."""
        details = "; ".join(filter(None, (*self.doubts, self.remark)))
        return f"CHANGE: {details}" if self.doubts else details


def rule_of(name: str, column: Column) -> Rule:
    """Return the rule of a field other than a phone, with the notation of numbers and dates."""
    if FIELDS[name].kind is Kind.AMOUNT:
        rule = _amount_rule(column)
    elif FIELDS[name].kind is Kind.DATETIME:
        rule = _date_rule(column)
    else:
        rule = Rule(column.name)
    if FIELDS[name].kind is Kind.EMAIL and column.readable(email) < (MOSTLY if column.cells else 0):
        rule.doubts.append(_readable(column, email, _EMAILS))
    if long := too_long(name, column):
        rule.doubts.append(
            counted(
                long,
                "{count} of {all} cells is longer than {most} characters",
                "{count} of {all} cells are longer than {most} characters",
                all=len(column.cells),
                most=FIELDS[name].longest,
            )
        )
    if name == "PostalCode" and (lost := _lost_zeros(column)):
        rule.doubts.append(lost)
    return rule


def _lost_zeros(column: Column) -> str:
    """Tell of postal codes that are one digit shorter than most: a spreadsheet program keeps them as numbers."""
    lengths = Counter(len(cell) for cell in column.cells if cell.isdecimal())
    digits, most = max(lengths.items(), key=itemgetter(1), default=(0, 0))
    if most <= HALF * len(column.cells) or not lengths[digits - 1]:
        return ""
    return counted(
        lengths[digits - 1],
        "{count} of {all} cells has {fewer} digits, most have {digits}. If it has lost a zero, {rule} puts it back",
        "{count} of {all} cells have {fewer} digits, most have {digits}. If they have lost a zero, {rule} puts it back",
        all=len(column.cells),
        fewer=digits - 1,
        digits=digits,
        rule=f"replace: [{{pattern: '^([0-9]{{{digits - 1}}})$', with: '0\\1'}}]",
    )


def phone_rule(column: Column, where: Where) -> Rule:
    """Return the rule of a phone number, with the faults of the sample's cells."""
    read = [read_number(cell, where.region) for cell in column.cells]
    faults = Counter(
        phrase("shortened by a spreadsheet program (4,9E+11): export the list again")
        if is_shortened(cell)
        else number.message
        for cell, number in zip(column.cells, read, strict=True)
        if isinstance(number, Fault)
    )
    remark = counted(len(read) - faults.total(), *_PHONES, all=len(read)) if read else phrase("no cell is filled")
    details = [f"{count}: {message.rstrip('.')}" for message, count in faults.most_common(2)]
    rule = Rule({"column": column.name, **where.rule} if where.rule else column.name, "; ".join([remark, *details]))
    if read and faults.total() > HALF * len(read):
        rule.doubts.append(phrase("most cells are not phone numbers as they are"))
    return rule


def _amount_rule(column: Column) -> Rule:
    around = Counter(sign for cell in column.cells for sign in _CURRENCY.findall(cell))
    currency = {"currency": around.most_common(1)[0][0]} if around else {}
    ways = [{"column": column.name, **signs, **currency} for signs in _SIGNS]
    rules = [ColumnRule.model_validate(way) for way in ways]
    shares = [column.readable(partial(amount, rule=rule)) for rule in rules]
    # In a tie the signs that name the thousands win: they also read numbers without a thousands sign.
    named = [any(_has_thousands(cell, signs) for cell in column.cells) for signs in _SIGNS]
    best = max(range(len(ways)), key=lambda way: (shares[way], named[way]))
    read = {
        tuple(amount(cell, rule) for cell in column.cells)
        for rule, share in zip(rules, shares, strict=True)
        if share == shares[best]
    }
    found = Rule(ways[best] if len(ways[best]) > 1 else column.name)
    found.remark = _readable(column, partial(amount, rule=rules[best]), _NUMBERS)
    if len(read) > 1:
        found.doubts.append(phrase(_TWO_WAYS))
    return found


def _has_thousands(cell: str, signs: dict[str, str]) -> bool:
    sign = signs.get("thousands")
    if sign is None:
        return False
    between = r"\s" if sign == " " else re.escape(sign)
    return re.search(rf"[0-9]{between}[0-9]{{3}}(?![0-9])", cell) is not None


def _date_rule(column: Column) -> Rule:
    formats: tuple[str, ...] = ()
    for pattern in _FORMATS:
        if _dates(column, (*formats, pattern)) > _dates(column, formats):
            formats += (pattern,)
    found = Rule({"column": column.name, "formats": list(formats)} if formats else column.name)
    found.remark = _readable(column, partial(moment, formats=formats), _DATES)
    others = set(_FORMATS).difference(formats)
    if formats and any(_dates(column, (other,)) >= _dates(column, formats) for other in others):
        found.doubts.append(phrase(_TWO_WAYS))
    return found


def _dates(column: Column, formats: tuple[str, ...]) -> float:
    return column.readable(partial(moment, formats=formats))


def _readable(column: Column, read: Callable[[str], object], said: tuple[str, str]) -> str:
    if not column.cells:
        return ""
    return counted(round(column.readable(read) * len(column.cells)), *said, all=len(column.cells))
