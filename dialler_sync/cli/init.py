"""``dialler-sync init``: a configuration proposed from a spreadsheet."""

from __future__ import annotations

from pathlib import Path

import click

from ..exit_codes import ExitCode
from .common import App, exit_codes


@click.command(epilog=exit_codes(ExitCode.OK, ExitCode.USAGE, ExitCode.INPUT))
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write it here, in place of stdout.")
@click.pass_obj
def init(app: App, file: Path, output: Path | None) -> int:
    """Propose a commented configuration from the headers and the content of FILE.

    German and English headers are understood; a column whose cells are phone numbers is one.
    """
    from ..errors import UsageError
    from ..propose import propose_config
    from ..read import open_table

    proposal = propose_config(open_table(file, app.source()))
    if output is None:
        click.echo(proposal, nl=False)
        return ExitCode.OK
    try:
        with output.open("x", encoding="utf-8") as target:
            target.write(proposal)
    except FileExistsError:
        raise UsageError(f"{output} is there already; it is not overwritten. Name another with -o.") from None
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}") from error
    click.echo(f"Wrote {output}. Read it, complete what is marked, then: dialler-sync -c {output} validate {file}")
    return ExitCode.OK
