"""``dialler-sync import``: the main job."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import IMPORT_CODES, App, files_argument, max_errors_option, out_option

if TYPE_CHECKING:
    from ..config.settings import Limit


@click.command("import", epilog=IMPORT_CODES)
@files_argument
@out_option
@click.option("--dry-run", is_flag=True, help="Do everything but send.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Send at most N rows; 'resume' sends the rest.")
@max_errors_option
@click.pass_obj
def import_(
    app: App, files: tuple[Path, ...], out: Path | None, dry_run: bool, limit: int | None, max_errors: Limit | None
) -> int:
    """Import every row of FILE... into the dialler.

    Nothing is sent before all files have been read through. Writes results.csv (every row), failed.csv (to
    be mended and imported again) and summary.json.
    """
    from ..run import ImportOptions, import_files
    from .output import print_summary, progress

    settings = app.settings()
    options = ImportOptions(files, app.config_path, out, dry_run, limit, max_errors)
    with app.journal() as journal, progress(app.verbosity) as observer:
        summary = import_files(settings, options, journal, observer)
    print_summary(summary)
    return summary.exit_code
