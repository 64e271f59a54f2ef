"""Questions before a command changes what cannot be put back."""

from __future__ import annotations

import click

from ..errors import UsageError
from ..text.outward import line
from ..text.phrase import phrase
from .echo import echo


def confirm(question: str) -> None:
    """Ask on stderr, and go on only after a yes.

    Raises:
        UsageError: nobody can answer (a scheduler, an empty standard input).
        click.Abort: the answer is no, or Ctrl-C.
    """
    try:
        click.confirm(line(question), abort=True, err=True)
    except click.Abort as error:
        if not isinstance(error.__context__, EOFError):
            raise
        echo("", err=True)
        raise UsageError(
            phrase("standard input has no answer, so nothing was changed. To do it without a question, add --yes.")
        ) from None
