"""The steps that make the text of a field from source columns, in their order; each takes a whole column."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

from ..config import ColumnRule
from ..config.columns import fold, template_parts
from ..config.steps import Lookup
from ..error_codes import fault
from ..text.phrase import phrase
from .cells import Cell, is_blank
from .patience import each

_WORD = re.compile(r"[^\W_][\w\u0300-\u036f]*(?:['’]\w\b)?")
Table = Mapping[str, str]
"""A lookup's keys, folded, each with its value."""


def texts_of(rule: ColumnRule, sources: list[list[str]], rows: int, field: str) -> list[str]:
    """Return the texts of a rule before values and lookups: put together, trimmed, split, replaced."""
    texts = _combined(rule, sources, rows)
    for step in (_trimmed, _split, _trimmed):
        texts = step(rule, texts)
    return _put_in_place(rule, texts, field)


def settled(rule: ColumnRule, table: Table, texts: list[str], cells: list[Cell]) -> list[Cell]:
    """Return the cells of a rule from its texts: with listed values, lookups, defaults, and in their case."""
    if rule.values is not None:
        cells = _replaced(rule, rule.values, texts, cells)
    if rule.lookup is not None:
        cells = _looked_up(rule, rule.lookup, table, cells)
    if rule.default is not None:
        cells = [rule.default if cell is None else cell for cell in cells]
    return _cased(rule, cells)


def _combined(rule: ColumnRule, sources: list[list[str]], rows: int) -> list[str]:
    """Combine the columns of a rule to one text a row."""
    if rule.value is not None:
        return [rule.value] * rows
    if rule.template is not None:
        return _filled(rule, rule.template, sources)
    if rule.join is not None:
        between = rule.join.separator
        return [between.join(text for text in row if not is_blank(text)) for row in zip(*sources, strict=True)]
    texts = sources[-1]
    for earlier in reversed(sources[:-1]):
        texts = [later if is_blank(first) else first for first, later in zip(earlier, texts, strict=True)]
    return texts


def _filled(rule: ColumnRule, template: str, sources: list[list[str]]) -> list[str]:
    order = {name: place for place, name in enumerate(rule.sources)}
    parts = [(literal, order[name] if name else None) for literal, name in template_parts(template)]
    return [
        ""
        if all(map(is_blank, row))
        else "".join(literal + ("" if place is None else row[place]) for literal, place in parts)
        for row in zip(*sources, strict=True)
    ]


def _split(rule: ColumnRule, texts: list[str]) -> list[str]:
    if rule.split is None:
        return texts
    separator, place = rule.split.separator, rule.split.part - 1
    return [parts[place] if place < len(parts := text.split(separator)) else "" for text in texts]


def _trimmed(rule: ColumnRule, texts: list[str]) -> list[str]:
    return [text.strip() for text in texts] if rule.trim else texts


def _put_in_place(rule: ColumnRule, texts: list[str], field: str) -> list[str]:
    """Apply ``replace:`` to the texts."""
    for one in rule.replace or ():
        change = partial(re.compile(one.pattern).sub, one.with_)
        changed = iter(each(change, filter(None, texts), f"columns.{field}.replace"))
        texts = [next(changed) if text else text for text in texts]
    return texts


def _cased(rule: ColumnRule, cells: list[Cell]) -> list[Cell]:
    if rule.case is None:
        return cells
    change = {"upper": str.upper, "lower": str.lower, "title": _titled}[rule.case]
    return [change(cell) if isinstance(cell, str) else cell for cell in cells]


def _titled(text: str) -> str:
    """Title-case ``o'neill's weg 1a`` as ``O'Neill's Weg 1a``; str.title() would give ``'S`` and ``1A``."""
    return _WORD.sub(lambda word: word[0].capitalize(), text)


def _replaced(rule: ColumnRule, values: Mapping[str, str], texts: list[str], cells: list[Cell]) -> list[Cell]:
    """Replace listed texts, whatever they are: ``#N/A`` may be listed as empty."""
    table = {fold(key): value or None for key, value in values.items()}
    unlisted = fault(
        "value_unlisted", hint=phrase("Add it under values:, or write one of: {values}.", values=", ".join(values))
    )

    def replaced(text: str, cell: Cell) -> Cell:
        key = fold(text)
        if key in table and (key or cell is None):  # a formula without a value has no text, but is not empty
            return table[key]
        if not isinstance(cell, str) or rule.unlisted == "keep":
            return cell
        return unlisted if rule.unlisted == "reject" else None

    return list(map(replaced, texts, cells))


def _looked_up(rule: ColumnRule, lookup: Lookup, table: Table, cells: list[Cell]) -> list[Cell]:
    """Return the lookup's value of each text; others go by ``unlisted:``, else by ``default:``."""
    said = rule.unlisted if "unlisted" in rule.model_fields_set else "reject" if rule.default is None else "empty"
    missing = fault(
        "value_unlisted",
        phrase("{file} has no such '{key}'.", file=lookup.file.name, key=lookup.key),
        phrase("Add it to {file}, correct the cell, or set default: for this field.", file=lookup.file.name),
    )

    def looked_up(cell: Cell) -> Cell:
        if not isinstance(cell, str):
            return cell
        key = fold(cell)
        if key in table:
            return table[key] or None
        return cell if said == "keep" else None if said == "empty" else missing

    return list(map(looked_up, cells))
