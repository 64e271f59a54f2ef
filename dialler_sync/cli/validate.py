"""``dialler-sync validate``: report rejected rows and the reasons."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from .app import App
from .codes import VALIDATES
from .options import (
    files_argument,
    json_summary_option,
    mark_option,
    max_errors_option,
    max_warnings_option,
    out_option,
)
from .source_options import source_options
from .spoken import SpokenCommand


@click.command(cls=SpokenCommand, codes=VALIDATES)
@files_argument
@source_options
@out_option
@max_errors_option
@max_warnings_option
@mark_option
@click.option(
    "--mapped",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also write every field as it would be sent, to a .csv, .xlsx or .jsonl file.",
)
@json_summary_option
@click.pass_obj
def validate(
    app: App,
    /,
    files: tuple[Path, ...],
    out: Path | None,
    mapped: Path | None,
    **given: Any,
) -> int:
    """Check each FILE without sending anything.

    Writes results.csv, in which a valid row is 'succeeded', and failed.xlsx (rows to fix; also as failed.csv).
    """
    from ..jobs.imports import ImportOptions, RunOptions, validate_files
    from ..jobs.mapped import check_ending, write_mapped
    from .output import print_summary
    from .progress import progress

    settings = app.settings(token_needed=False)
    if mapped:
        check_ending(mapped)
    options = ImportOptions(files, app.config_path, out, RunOptions(**given))
    with app.journal() as journal, progress(app) as observer:
        also = partial(write_mapped, mapped, journal) if mapped else None
        summary = validate_files(settings, options, journal, observer, also)
    print_summary(summary)
    return summary.exit_code
