"""The files that ``lookup:`` looks texts up in."""

from __future__ import annotations

from ..config import Settings, SourceSettings
from ..config.columns import fold
from ..config.steps import Lookup
from ..errors import ConfigError, InputError, ListUnreadable
from ..mapping.binding import Lookups
from ..mapping.cells import Columns
from ..text.nearest import nearest
from ..text.phrase import mark, phrase

_SHOWN = 5
"""Rows that a message names."""


_SEVERAL_COLUMNS = mark("{file}: has several columns '{column}' ({setting} of {field})")
_NO_COLUMN = mark("{file}: has no column '{column}' ({setting} of {field})")


def read_lookups(settings: Settings) -> Lookups:
    """Read the files that the rules of a configuration name.

    Raises:
        ListUnreadable: a file cannot be read, lacks a column, is empty, or holds cells that are damaged.
        ConfigError: a key stands in it twice.
    """
    wanted = {rule.lookup: name for name, rule in settings.columns.items() if rule.lookup}
    try:
        return {lookup: _read(lookup, name, settings.source) for lookup, name in wanted.items()}
    except InputError as error:
        raise ListUnreadable(str(error)) from error


def _read(lookup: Lookup, name: str, source: SourceSettings) -> dict[str, str]:
    from ..read import open_table

    table = open_table(lookup.file, source.of(lookup.source, "lookup.source"))
    columns = table.layout.columns
    if table.layout.has_table_above:
        raise InputError(
            phrase(
                "{file}: a table seems to stand above the header: put its rows under that header, or set "
                "lookup.source.header.",
                file=lookup.file,
            )
        )
    for what, column in (("key", lookup.key), ("value", lookup.value)):
        if columns.count(column) != 1:
            told = _SEVERAL_COLUMNS if column in columns else _NO_COLUMN
            problem = phrase(told, file=lookup.file, column=column, setting=f"lookup.{what}", field=name)
            raise InputError(problem + nearest(column, columns))
    key_at, value_at = columns.index(lookup.key), columns.index(lookup.value)
    found: dict[str, str] = {}
    first: dict[str, int] = {}
    for chunk in table.chunks():
        cells, numbers = Columns(chunk), chunk.frame.index.tolist()
        damaged = {numbers[place] for at in (key_at, value_at) for place, note in cells.notes(at) if note.code}
        if wrong := sorted(damaged | chunk.ragged.keys())[:_SHOWN]:
            raise InputError(
                phrase(
                    "{file}: damaged, surplus or missing cells in row {rows}: correct or remove these rows.",
                    file=lookup.file,
                    rows=", ".join(map(str, wrong)),
                )
            )
        keys, values = cells.texts(key_at), cells.texts(value_at)
        for row, key, value in zip(numbers, map(fold, keys), values, strict=True):
            if key and key in found:
                raise ConfigError(_doubled(lookup, name, first[key], row))
            if key:
                found[key], first[key] = value.strip(), row
    if not found:
        raise InputError(
            phrase(
                "{file}: no entries in column '{key}' (lookup.key of {name})",
                file=lookup.file,
                key=lookup.key,
                name=name,
            )
        )
    return found


def _doubled(lookup: Lookup, name: str, first: int, second: int) -> str:
    return phrase(
        "columns.{name}.lookup: rows {first} and {second} of {name2} have the same '{key}': remove one of them",
        name=name,
        first=first,
        second=second,
        name2=lookup.file.name,
        key=lookup.key,
    )
