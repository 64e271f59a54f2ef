"""``dialler-sync validate``: report rejected rows and the reasons."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..exit_codes import ExitCode
from .common import (
    App,
    exit_codes,
    files_argument,
    json_summary_option,
    mark_option,
    max_errors_option,
    max_warnings_option,
    out_option,
)
from .source_options import source_options

if TYPE_CHECKING:
    from ..jobs.settings import Limit

_CODES = exit_codes(ExitCode.OK, ExitCode.USAGE, ExitCode.INPUT, ExitCode.ROWS_FAILED, ExitCode.SAFETY_LIMIT)


@click.command(epilog=_CODES)
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
    files: tuple[Path, ...],
    out: Path | None,
    max_errors: Limit | None,
    max_warnings: Limit | None,
    mark: bool,
    mapped: Path | None,
) -> int:
    """Check each FILE without sending anything.

    Writes results.csv, in which a valid row is 'succeeded', and failed.xlsx (rows to fix; also as failed.csv).
    """
    from ..jobs.imports import ImportOptions, RunOptions, validate_files
    from ..jobs.mapped import check_mapped, write_mapped
    from .output import print_summary
    from .progress import progress

    settings = app.settings(token_needed=False)
    if mapped:
        check_mapped(mapped, files)
    run = RunOptions(max_errors=max_errors, max_warnings=max_warnings, mark=mark)
    options = ImportOptions(files, app.config_path, out, run)
    with app.journal() as journal, progress(app) as observer:
        also = partial(write_mapped, mapped, journal) if mapped else None
        summary = validate_files(settings, options, journal, observer, also)
    print_summary(summary)
    return summary.exit_code
