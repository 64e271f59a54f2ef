"""``dialler-sync import``: the main job."""

from __future__ import annotations

import shlex
from functools import partial
from pathlib import Path
from typing import Any

import click

from ..files.portable import end_with_parent
from ..files.url import Url, path_of
from ..text.command_line import set_options
from ..text.phrase import phrase
from .app import App
from .codes import IMPORTS
from .options import (
    adopt_option,
    cluster_option,
    compare_option,
    json_summary_option,
    mark_option,
    mask_option,
    max_errors_option,
    max_missing_option,
    max_warnings_option,
    out_option,
    run_options,
)
from .source_options import source_options
from .spoken import SpokenCommand
from .until import until_option

_of_this_machine = click.Path(path_type=Path, file_okay=False, exists=True)


def _folder(text: str) -> Path:
    """Return the folder that is named, which is there or at an address."""
    path = path_of(text)
    return path if isinstance(path, Url) else Path(_of_this_machine.convert(path, None, None))


@click.command("import", cls=SpokenCommand, codes=IMPORTS)
@click.argument("files", nargs=-1, metavar="FILE...", type=path_of)
@source_options
@out_option
@click.option("--dry-run", is_flag=True, help="Do everything except sending.")
@compare_option
@click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", help="Send at most N rows; send the rest with 'resume'."
)
@until_option
@max_errors_option
@max_warnings_option
@max_missing_option
@adopt_option
@mask_option
@mark_option
@click.option("--plan", type=click.Path(path_type=Path), help="Execute exactly this plan, or nothing.")
@cluster_option
@json_summary_option
@click.option(
    "--inbox",
    type=_folder,
    metavar="DIR",
    help="Import the complete files in this folder, local or at an address, and move each to done/ or failed/ under "
    "its run ID.  [default: inbox.dir, if no FILE is given]",
)
@click.option(
    "--quiet-for",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="Inbox: treat a file as complete if it has not changed for this long; 0 does not wait.  [default: "
    "inbox.quiet_for (30)]",
)
@click.option(
    "--metrics-file", type=click.Path(path_type=Path), help="Write metrics for Prometheus (textfile collector)."
)
@click.option(
    "--of-night",
    metavar="OPTIONS",
    hidden=True,
    help="As 'night' calls it, which tells of all its runs; the options that commands in messages need.",
)
@click.pass_obj
def import_(
    app: App,
    /,
    files: tuple[Path, ...],
    out: Path | None,
    plan: Path | None,
    inbox: Path | None,
    quiet_for: float | None,
    metrics_file: Path | None,
    of_night: str | None,
    **given: Any,
) -> int:
    """Import the rows of each FILE into the dialler.

    All files are read and checked before anything is sent. Writes results.csv (every row), failed.xlsx (rows to fix
    and import again; also as failed.csv), summary.json and report.html.
    """
    from ..jobs.history import tidy_reports
    from ..jobs.imports import ImportOptions, import_files, read_plan
    from ..jobs.notify import after_run, pinged
    from .output import print_summary
    from .progress import progress

    if of_night is not None:
        end_with_parent()
        set_options((*app.found_by(), *shlex.split(of_night)))
    settings = app.settings(finished=True)
    if not (files or plan or inbox):
        inbox = settings.inbox.dir
    if inbox and (files or plan):
        raise click.UsageError(phrase("--inbox cannot be combined with FILE or --plan"))
    if sum(map(bool, (files, inbox, plan))) != 1 and not (files and plan):
        raise click.UsageError(
            phrase(
                "name the FILE to import, or a folder with --inbox (or inbox.dir in the configuration), or a plan with "
                "--plan"
            )
        )
    if inbox and out:
        raise click.UsageError(phrase("--out cannot be combined with --inbox: each file has its own run"))
    made = read_plan(plan, trusted=app.trust) if plan else None
    job = ImportOptions(files, app.config_path, out, run_options(settings, made, **given), made)
    with app.journal() as journal:
        if inbox:
            from ..jobs.inbox import InboxImporter, work_through_inbox

            watched = partial(progress, app)
            importer = InboxImporter(settings, journal, job, watched, print_summary, metrics_file, of_night is not None)
            return work_through_inbox(inbox, importer, quiet_for)
        with pinged(settings.notify, silent=job.run.dry_run), progress(app) as observer:
            summary = import_files(settings, job, journal, observer)
        after_run(summary, journal, settings.notify, metrics_file)
        tidy_reports(settings, journal)
        print_summary(summary)
        return summary.exit_code
