"""``--until``: when a command takes no more rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import click

_GIVEN = "dialler_sync.until"

F = TypeVar("F", bound=Callable[..., Any])


class UntilType(click.ParamType):  # type: ignore[type-arg] # generic in newer releases of click only
    """The next such time of a day, or a date with a time; local time where no zone is named."""

    name = "HH:MM"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return it with its zone."""
        from ..jobs.settings import following, read_time

        if isinstance(value, datetime):
            return value
        text = str(value)
        try:
            if "T" in text:
                return datetime.fromisoformat(text).astimezone()
            return following(read_time(text), datetime.now().astimezone())
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _remember(ctx: click.Context, _param: click.Parameter, value: datetime | None) -> datetime | None:
    if value:
        ctx.meta[_GIVEN] = value
    return value


def until_option(command: F) -> F:
    """Add ``--until``, which :func:`until_given` returns."""
    return click.option(
        "--until",
        type=UntilType(),
        callback=_remember,
        expose_value=False,
        help="Stop taking rows at this time (exit 9); continue with 'resume'.",
    )(command)


def until_given() -> datetime | None:
    """Return the time that the command line names."""
    given: datetime | None = click.get_current_context().meta.get(_GIVEN)
    return given
