"""What all commands have: help in the language that is spoken (docstrings and options are its English), and no file
that is written over one that is read."""

from __future__ import annotations

import os
from collections.abc import Collection
from copy import copy
from inspect import cleandoc
from pathlib import Path
from typing import Any

import click

from ..exit_codes import ExitCode
from ..files.pinned import real
from ..files.url import Url
from ..text.phrase import phrase
from .codes import exit_codes

_WRITES = {"-o", "--fix", "--mapped", "--metrics-file", "--out", "--page", "--to"}
"""Options that name what is written."""

_SENTENCE = 500
"""Most characters of a sentence in the list of commands; its lines are broken, and not cut."""


class TextType(click.types.StringParamType):
    """Text, which an undecodable byte is not: no message, journal or request could hold it. Paths are another type."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Refuse what is not text."""
        text = str(super().convert(value, param, ctx))
        if not text.isprintable() and any("\ud800" <= sign <= "\udfff" for sign in text):
            self.fail(phrase("is not text in this terminal's encoding"), param, ctx)
        return text


_TEXT = TextType()


class SpokenCommand(click.Command):
    """A command; its help ends with its exit codes. ``replaces``: whether it writes over what has the name."""

    def __init__(self, *args: Any, codes: Collection[ExitCode] = (), replaces: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._codes, self._replaces = codes, replaces
        for param in self.params:
            param.type = _TEXT if param.type is click.STRING else param.type

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse like click; the variable of an option is named after its long form, not after our parameter.

        Raises:
            click.UsageError: an option with one value is given twice; click would silently use the last.
        """
        for param in self.params:
            long = next((name for name in param.opts if name.startswith("--")), "")
            if long and ctx.auto_envvar_prefix and isinstance(param, click.Option) and param.allow_from_autoenv:
                param.envvar = f"{ctx.auto_envvar_prefix}_{long.lstrip('-').replace('-', '_').upper()}"
        if not isinstance(self, click.Group):
            given = self.make_parser(ctx).parse_args(list(args))[2]
            for param in given:
                if _has_one_value(param) and given.count(param) > 1:
                    raise click.UsageError(phrase("{option} can be given only once", option=param.opts[-1]), ctx)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command.

        Raises:
            click.UsageError: it would replace the configuration, the journal, or a file that it is to read.
        """
        root, given = ctx.find_root().params, ctx.params
        read = [Path(root["state"])] if root.get("state") else []
        for value in (root.get("config_path"), *(given.get(p.name or "") for p in self.params if not _writes(p))):
            read += filter(_is_there, _paths(value))
        for param in filter(_writes, self.params if self._replaces else ()):
            for path in _paths(given.get(param.name or "")):
                if any(_is_same(path, other) for other in read):
                    said = phrase(
                        "{option} {path}: this file is to be read: name another one", option=param.opts[0], path=path
                    )
                    raise click.UsageError(said)
        return super().invoke(ctx)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help."""
        click.Command.format_help(_spoken(self), ctx, formatter)

    def get_short_help_str(self, limit: int = 45) -> str:  # noqa: ARG002 - click's
        """Return the first sentence of the help, for the list of commands."""
        return click.Command.get_short_help_str(_spoken(self), _SENTENCE)

    def format_epilog(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the exit codes."""
        if self._codes:
            formatter.write_paragraph()
            with formatter.indentation():
                formatter.write_text(exit_codes(*self._codes))


class SpokenGroup(SpokenCommand, click.Group):
    """A group of such commands."""

    command_class = SpokenCommand


def _has_one_value(param: click.Parameter) -> bool:
    return isinstance(param, click.Option) and not (param.multiple or param.is_flag or param.count)


def _writes(param: click.Parameter) -> bool:
    return not _WRITES.isdisjoint(param.opts)


def _is_there(path: Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110 - not where this user may not look


def _is_same(written: Path, read: Path) -> bool:
    try:
        return real(written) == real(read)
    except OSError:  # the working folder is gone
        return False


def _paths(value: object) -> tuple[Path, ...]:
    """Return the paths of this machine that a parameter names."""
    values = value if isinstance(value, tuple) else (value,)
    return tuple(each for each in values if isinstance(each, Path) and not isinstance(each, Url))


def _spoken(command: SpokenCommand) -> SpokenCommand:
    """Return a copy of a command that has its texts in the language."""
    said = copy(command)
    said.help = phrase(cleandoc(command.help or ""))
    said.params = [copy(param) for param in command.params]
    for param in said.params:
        if isinstance(param, click.Option) and param.help:
            param.help = phrase(param.help)
    return said
