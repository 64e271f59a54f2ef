"""Options for reading FILE, in place of ``source:`` of the configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from ..text.phrase import mark, phrase

_GIVEN = "dialler_sync.source"

_DELIMITER = mark("Delimiter of a CSV FILE: one character, or tab, comma, semicolon, pipe. Overrides source:.")
_SHEET = mark("Sheet of a workbook: name or number (from 1); repeatable. Overrides source:.")

F = TypeVar("F", bound=Callable[..., Any])


def _remember(ctx: click.Context, param: click.Parameter, value: str | tuple[str, ...] | bool | None) -> None:
    if not value:
        return
    given = ctx.meta.setdefault(_GIVEN, {})
    if param.name == "sheet" and isinstance(value, tuple):
        given["sheet"] = value[0] if len(value) == 1 else list(value)
    elif param.name == "all_sheets":
        given["sheets"] = "all"
    else:
        given[param.name] = value
    if {"sheet", "sheets"} <= given.keys():
        raise click.UsageError(
            phrase("--sheet and --all-sheets cannot be combined: name the sheets, or take all of them")
        )


def source_options(command: F) -> F:
    """Add ``--sheet``, ``--all-sheets``, ``--encoding`` and ``--delimiter``; they override the configuration."""
    for name, said, more in (
        ("--delimiter", _DELIMITER, {"metavar": "SIGN"}),
        (
            "--encoding",
            mark("Encoding of a CSV FILE: utf-8, cp1252 and so on. Overrides source:."),
            {"metavar": "NAME"},
        ),
        ("--all-sheets", mark("All sheets of a workbook that have data. Overrides source:."), {"is_flag": True}),
        ("--sheet", _SHEET, {"metavar": "NAME", "multiple": True}),
    ):
        command = click.option(name, help=said, callback=_remember, expose_value=False, **more)(command)
    return command


def source_given() -> Mapping[str, Any]:
    """Return the command line's options for reading FILE."""
    given: Mapping[str, Any] = click.get_current_context().meta.get(_GIVEN, {})
    return given
