"""Kinds of cells: a value, a code, or words. Nothing is converted here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum


class Kind(Enum):
    """Coarse kinds, enough to tell a header from data and one delimiter from another."""

    EMPTY = "empty"
    VALUE = "value"
    """Number, amount, date, time, phone number, e-mail or web address: hardly ever a column's name."""
    CODE = "code"
    """One word with a digit in it: ``MG-8769``, but also ``PhoneNumber1``."""
    TEXT = "text"


_VALUE = re.compile(
    r"""
      [-+(]?(?:[$€£¥]\s?)?-?                                                  # number or amount: (1.234,50) €
        (?:\d{1,3}(?:[.,']\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d*)?|[.,]\d+)
        (?:[eE][-+]?\d+)?\)?\s?(?:[%€$£¥]|EUR|USD|CHF)?
    | \d{1,4}[./-]\d{1,2}[./-]\d{1,4}(?:[T\s]+\d{1,2}:\d\d[\d:.+\sAPMZapm-]{0,15})?  # date, with time
    | \d{1,2}[-.\s]{0,2}[A-Za-z]{3,9}[-.,\s]{1,2}\d{2,4}                      # 12 Jan 2024
    | \d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?\s?(?:AM|PM|am|pm)?                   # time
    | (?:\+|0|\()[\d\s()/.-]{4,30}\d                                          # phone number
    | [^\s@,;]+@[^\s@,;]+\.[^\s@,;.]+                                         # e-mail
    | (?:https?://|www\.)\S+
    """,
    re.VERBOSE,
)
_CODE = re.compile(r"(?=\D*\d)[\w./#+&:-]+")
_LONGEST = 100
"""Longer cells are text, which bounds the cost of the patterns."""


def kind_of(cell: str) -> Kind:
    """Classify one cell; surrounding blanks are ignored."""
    text = cell[: _LONGEST + 1].strip()
    if not text:
        return Kind.EMPTY if len(cell) <= _LONGEST or not cell.strip() else Kind.TEXT
    if len(text) > _LONGEST:
        return Kind.VALUE if text.startswith(("http://", "https://", "www.")) else Kind.TEXT
    if _VALUE.fullmatch(text):
        return Kind.VALUE
    return Kind.CODE if _CODE.fullmatch(text) else Kind.TEXT


def split_otherwise(text: str) -> Iterator[list[str]]:
    """Yield the cells of a text that may be a whole row, delimited otherwise than the rows around it."""
    return (text.split(sign) for sign in ";,\t|" if sign in text)
