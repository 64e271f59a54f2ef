"""``dialler-sync import``: the main job."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import (
    IMPORT_CODES,
    App,
    adopt_option,
    compare_option,
    max_errors_option,
    max_missing_option,
    out_option,
    run_options,
)

if TYPE_CHECKING:
    from ..config.settings import Limit


@click.command("import", epilog=IMPORT_CODES)
@click.argument("files", nargs=-1, metavar="FILE...", type=click.Path(path_type=Path))
@out_option
@click.option("--dry-run", is_flag=True, help="Do everything but send.")
@compare_option
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Send at most N rows; 'resume' sends the rest.")
@max_errors_option
@max_missing_option
@adopt_option
@click.option("--plan", type=click.Path(path_type=Path), help="Do exactly what this plan says, or nothing.")
@click.pass_obj
def import_(
    app: App,
    files: tuple[Path, ...],
    out: Path | None,
    dry_run: bool,
    compare: str | None,
    limit: int | None,
    max_errors: Limit | None,
    max_missing: Limit | None,
    adopt: bool,
    plan: Path | None,
) -> int:
    """Import every row of FILE... into the dialler.

    Nothing is sent before all files have been read through. Writes results.csv (every row), failed.csv (to
    be mended and imported again) and summary.json.
    """
    from ..run import ImportOptions, import_files
    from .output import print_summary, progress

    if not files and not plan:
        raise click.UsageError("name the FILE to import, or a plan with --plan")
    settings = app.settings()
    options = run_options(settings, compare, max_errors, max_missing, adopt, dry_run=dry_run, limit=limit)
    with app.journal() as journal, progress(app.verbosity) as observer:
        job = ImportOptions(files, app.config_path, out, options, plan)
        summary = import_files(settings, job, journal, observer)
    print_summary(summary)
    return summary.exit_code
