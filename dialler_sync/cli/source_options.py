"""Options for reading FILE, in place of ``source:`` of the configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

_GIVEN = "dialler_sync.source"

F = TypeVar("F", bound=Callable[..., Any])


def _remember(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.meta.setdefault(_GIVEN, {})[param.name] = value


def source_options(command: F) -> F:
    """Add ``--sheet``, ``--encoding`` and ``--delimiter``; they override the command's configuration."""
    for name, metavar, said in (
        ("--delimiter", "SIGN", "Sign between the cells of a CSV FILE: one character, or tab, comma, semicolon, pipe."),
        ("--encoding", "NAME", "Encoding of a CSV FILE: utf-8, cp1252 and so on."),
        ("--sheet", "NAME", "Sheet of a workbook: its name, or its number from 1."),
    ):
        command = click.option(
            name, metavar=metavar, help=f"{said} Overrides source:.", callback=_remember, expose_value=False
        )(command)
    return command


def source_given() -> Mapping[str, str]:
    """Return the command line's options for reading FILE."""
    given: Mapping[str, str] = click.get_current_context().meta.get(_GIVEN, {})
    return given
