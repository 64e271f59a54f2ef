"""``dialler-sync resume`` and ``retry``: finish what was interrupted, send again what failed."""

from __future__ import annotations

from pathlib import Path

import click

from .common import IMPORT_CODES, App, cluster_option, mark_option, out_option


@click.command(epilog=IMPORT_CODES)
@click.argument("run", required=False)
@cluster_option
@click.pass_obj
def resume(app: App, run: str | None, cluster: str | None) -> int:
    """Finish an interrupted RUN; if none is named, the newest.

    Refuses where files or configuration are others than when it began. Nothing that is settled is sent
    again; rows that may have been sent are looked for in the dialler. A run that a cluster began is finished from
    here, unless --cluster is given.
    """
    from ..jobs.again import find_resumable, resume_run
    from ..nights.notify import after_run
    from .output import print_summary
    from .progress import progress

    with app.journal() as journal:
        record = find_resumable(journal, run)
        settings = app.settings_of(record.config_path)
        with progress(app) as observer:
            summary = resume_run(settings, record, journal, observer, cluster)
        after_run(summary, journal, settings.notify, None)
    print_summary(summary)
    return summary.exit_code


@click.command(epilog=IMPORT_CODES)
@click.argument("run", required=False)
@click.option(
    "--file",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    help="The file with the fixed rows (failed.xlsx), if it is not that of the run.",
)
@out_option
@mark_option
@cluster_option
@click.pass_obj
def retry(app: App, run: str | None, files: tuple[Path, ...], out: Path | None, mark: bool, cluster: str | None) -> int:
    """Send again what failed in RUN; if none is named, in the newest.

    What is settled is never sent again.

    A run of its own. Files are read again, so rejected rows that were fixed are sent.
    """
    from ..jobs.again import find_import, retry_run
    from ..nights.notify import after_run
    from .output import print_summary
    from .progress import progress

    with app.journal() as journal:
        record = find_import(journal, run, files)
        with progress(app) as observer:
            settings = app.settings_of(record.config_path)
            summary = retry_run(settings, record, journal, files, out, observer, cluster, mark=mark)
        after_run(summary, journal, settings.notify, None)
    print_summary(summary)
    return summary.exit_code
