"""``dialler-sync resume`` and ``retry``: finish an interrupted run, retry failed rows."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from ..files.url import path_of
from ..text.phrase import phrase
from .app import App
from .choosing import choose, config_of_run_option, say_nothing
from .codes import IMPORTS
from .options import cluster_option, json_summary_option, mark_option, out_option
from .spoken import SpokenCommand
from .until import until_option


@click.command(cls=SpokenCommand, codes=IMPORTS)
@click.argument("run", required=False)
@config_of_run_option
@until_option
@cluster_option
@json_summary_option
@click.pass_obj
def resume(app: App, run: str | None, config_of_run: bool, cluster: str | None) -> int:
    """Finish an interrupted RUN (default: the newest).

    The newest run is that of this configuration's dialler and campaign. Refuses if the files or the configuration
    have changed since the run started, if RUN was undone, or if it is for another dialler or campaign. Settled rows
    are not sent again; rows that may have been sent are looked up in the dialler first. A run started on a cluster is
    finished from this machine, unless --cluster is given.
    """
    from ..jobs.notify import after_run, pinged
    from ..jobs.resume import resume_run
    from ..jobs.which_run import find_resumable, nothing_to_resume
    from .output import print_summary
    from .progress import progress

    with app.journal() as journal:
        chosen = choose(app, journal, run, find_resumable, config_of_run=config_of_run)
        if chosen is None:
            return say_nothing(
                phrase("all runs of this dialler and campaign have finished or were undone; there is nothing to resume")
            )
        if nothing := nothing_to_resume(chosen.run):
            return say_nothing(nothing)
        silent = chosen.run.command != "import" or bool(chosen.run.options.get("dry_run"))
        with pinged(chosen.settings.notify, silent=silent), progress(app) as observer:
            summary = resume_run(chosen.settings, chosen.run, journal, observer, cluster)
        after_run(summary, journal, chosen.settings.notify, None)
    print_summary(summary)
    return summary.exit_code


@click.command(cls=SpokenCommand, codes=IMPORTS)
@click.argument("run", required=False)
@click.option(
    "--file",
    "files",
    multiple=True,
    type=path_of,
    metavar="FILE",
    help="File with the fixed rows (failed.xlsx), if it is not the run's own.",
)
@config_of_run_option
@until_option
@out_option
@mark_option
@cluster_option
@json_summary_option
@click.pass_obj
def retry(
    app: App,
    run: str | None,
    files: tuple[Path, ...],
    config_of_run: bool,
    out: Path | None,
    mark: bool,
    cluster: str | None,
) -> int:
    """Send the failed rows of RUN again (default: the newest).

    The newest run is the last import to this configuration's dialler and campaign or, with --file, the run that the
    file comes from. Settled rows are never sent again, unless an undo has put
    them back. A RUN for another dialler or campaign is refused.

    A retry is a new run. It reads the files again, so rejected rows that were fixed are sent.
    """
    from ..jobs.notify import after_run, pinged
    from ..jobs.resume import retry_run
    from ..jobs.which_run import find_import, nothing_to_retry, was_undone
    from .output import print_summary
    from .progress import progress

    with app.journal() as journal:
        chosen = choose(
            app,
            journal,
            run,
            partial(find_import, files=files, logins=app.source),
            config_of_run=config_of_run,
            finished=True,
        )
        if chosen is None:
            return say_nothing(phrase("there is no import to this dialler and campaign; there is nothing to retry"))
        nothing = "" if files or was_undone(journal, chosen.run) else nothing_to_retry(chosen.run)
        if nothing:
            return say_nothing(nothing)
        with pinged(chosen.settings.notify, silent=chosen.run.command != "import"), progress(app) as observer:
            summary = retry_run(
                chosen.settings, chosen.run, journal, files, out, observer, cluster,
                mark=mark, config_path=chosen.config_path,
            )  # fmt: skip
        after_run(summary, journal, chosen.settings.notify, None)
    print_summary(summary)
    return summary.exit_code
