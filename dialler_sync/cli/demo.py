"""``dialler-sync demo``: the whole job, with nothing to configure."""

from __future__ import annotations

from pathlib import Path

import click

from ..exit_codes import ExitCode
from ..text.phrase import figure, phrase
from .app import App
from .echo import echo
from .options import out_option
from .spoken import SpokenCommand


@click.command(cls=SpokenCommand, codes=(ExitCode.OK, ExitCode.ROWS_FAILED))
@out_option
@click.pass_obj
def demo(app: App, out: Path | None) -> int:
    """Run a complete import on the embedded dialler.

    Imports the sample data, lets the dialler call for a week, and shows the results. The sample contains some
    faulty rows on purpose; they are rejected, and the demo still succeeds.
    """
    from ..jobs.demo import run_demo
    from .output import print_summary
    from .progress import progress

    with progress(app) as observer:
        done = run_demo(out, observer)
    summary = done.summary
    print_summary(summary)
    echo(phrase("The embedded dialler now holds {number} contacts.", number=done.contacts))
    rejected = summary.counts["rejected"]
    echo(phrase("{number} rows were rejected on purpose: failed.xlsx says why, and how to fix each.", number=rejected))
    echo(
        phrase(
            "Then it dialled for a week, in fast motion: {calls} calls, {results}.",
            calls=figure(done.calls),
            results=done.came_of_it,
        ),
        phrase("The results of the calls: {value}", value=Path(summary.out) / "calls.html"),
    )
    settled = summary.counts["succeeded"] + summary.counts["skipped"] + rejected
    return ExitCode.OK if settled == summary.counts["read"] else ExitCode.ROWS_FAILED
