"""``dialler-sync init``: a configuration proposed from a spreadsheet."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ..exit_codes import ExitCode
from ..files.url import path_of
from ..text.outward import in_shell
from ..text.phrase import phrase
from .app import App, is_quiet, settled
from .echo import echo
from .source_options import source_options
from .spoken import SpokenCommand


@click.command(cls=SpokenCommand, codes=(ExitCode.OK, ExitCode.USAGE, ExitCode.INPUT), replaces=False)
@click.argument("file", metavar="FILE", type=path_of)
@source_options
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file, in place of stdout.")
@click.pass_obj
def init(app: App, file: Path, output: Path | None) -> int:
    """Propose a configuration from the headers and cells of FILE.

    Understands headers in German, English, French, Spanish, Italian, Dutch and Polish, and checks them against the
    cells. The configuration has comments; what you must decide is marked CHANGE.
    """
    from ..errors import UsageError
    from ..files.private import created
    from ..jobs.propose import propose

    source = app.source()
    chosen = "" if output in (None, Path("dialler-sync.yaml")) else f"-c {in_shell(output)} "
    try_it = f"dialler-sync {chosen}validate {in_shell(file)}"
    proposal = propose(file, source, try_it)
    if output is None:
        click.echo(proposal, nl=False)
        return ExitCode.OK
    try:
        with created(output, 0o644) as number, os.fdopen(number, "w", encoding="utf-8") as target:
            target.write(proposal)
    except FileExistsError:
        raise UsageError(
            phrase("{path} already exists and is not overwritten. Name another file with -o.", path=output)
        ) from None
    except OSError as error:
        raise UsageError(phrase("{path} cannot be written: {why}", path=output, why=error.strerror)) from error
    settled()
    if is_quiet():
        return ExitCode.OK
    echo(phrase("Wrote {path}. Check it, fill in what is marked CHANGE and remove these marks, then run:", path=output))
    echo(f"  {try_it}")
    return ExitCode.OK
