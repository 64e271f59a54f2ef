"""The help of the commands, in the language that is spoken: docstrings and options are its English."""

from __future__ import annotations

from collections.abc import Collection
from copy import copy
from inspect import cleandoc
from typing import Any

import click

from ..exit_codes import ExitCode
from ..text.phrase import phrase
from .codes import exit_codes


class SpokenCommand(click.Command):
    """A command; its help ends with its exit codes."""

    def __init__(self, *args: Any, codes: Collection[ExitCode] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._codes = codes

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help."""
        click.Command.format_help(_spoken(self), ctx, formatter)

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the beginning of the help, for the list of commands."""
        return click.Command.get_short_help_str(_spoken(self), limit)

    def format_epilog(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the exit codes."""
        if self._codes:
            formatter.write_paragraph()
            with formatter.indentation():
                formatter.write_text(exit_codes(*self._codes))


class SpokenGroup(SpokenCommand, click.Group):
    """A group of such commands."""

    command_class = SpokenCommand


def _spoken(command: SpokenCommand) -> SpokenCommand:
    """Return a copy of a command that has its texts in the language."""
    said = copy(command)
    said.help = phrase(cleandoc(command.help or ""))
    said.params = [copy(param) for param in command.params]
    for param in said.params:
        if isinstance(param, click.Option) and param.help:
            param.help = phrase(param.help)
    return said
