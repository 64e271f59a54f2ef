"""``dialler-sync reconcile``: compare the files with the dialler, and show the results of calls."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..text.command_line import command
from ..text.phrase import figure, phrase
from .app import App, settled
from .codes import COMPARES
from .echo import echo, echo_json, say
from .options import files_argument, out_option
from .spoken import SpokenCommand

if TYPE_CHECKING:
    from ..jobs.reconcile import Reconciled

_log = logging.getLogger(__name__)


@click.command(cls=SpokenCommand, codes=COMPARES)
@files_argument
@click.option("--with-history", is_flag=True, help="Add call results: calls by result code and day.")
@click.option("--language", type=int, metavar="N", help="With --with-history: languagesID for result texts.")
@click.option(
    "--extras/--no-extras",
    default=True,
    show_default=True,
    help="Look for contacts missing from the files. --no-extras is faster for a few rows: it does not need the full "
    "contact list.",
)
@click.option("--since", metavar="RUN|last", help="Show changes since this earlier reconciliation.")
@click.option("--fix", type=click.Path(path_type=Path), metavar="PLAN", help="Write a plan that fixes the differences.")
@out_option
@click.option("--mask", is_flag=True, help="Mask phone numbers in the .html and .xlsx, not in the CSVs.")
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--detailed-exitcode", is_flag=True, help="Exit 6 if anything does not match.")
@click.pass_obj
def reconcile(
    app: App,
    files: tuple[Path, ...],
    with_history: bool,
    language: int | None,
    extras: bool,
    since: str | None,
    fix: Path | None,
    out: Path | None,
    mask: bool,
    output: str,
    detailed_exitcode: bool,
) -> int:
    """Compare each FILE with the dialler, field by field.

    Changes nothing. Writes reconciliation.csv (one line per contact), .xlsx and .html, and failed.xlsx and .csv
    (rejected rows).
    """
    from ..jobs.reconcile import ReconcileOptions, plan_fixes, reconcile_files
    from .progress import progress

    if language is not None and not with_history:
        raise click.UsageError(phrase("--language needs --with-history"))
    settings = app.settings(finished=True)
    options = ReconcileOptions(
        files, app.config_path, out, with_history, extras, since, detailed_exitcode, mask, language
    )
    with app.journal() as journal:
        with progress(app) as observer:
            done = reconcile_files(settings, options, journal, observer)
        print_reconciliation(done, as_json=output == "json")
        if fix and not done.summary.stopped_because:
            with progress(app) as observer:
                plan = plan_fixes(settings, options, journal, observer)
            plan.write(fix)
            run_it = command("import", "--plan", str(fix), "--compare", "dialler")
            _log.info(phrase("The plan {path} fixes the differences: {command}", path=fix, command=run_it))
    return done.summary.exit_code


_SIGILS = {"matching": "=", "differing": "*", "missing": "+", "extra": "-", "duplicate": "!"}
_EXAMPLES = 5


def print_reconciliation(done: Reconciled, *, as_json: bool) -> None:
    """Print classes, with a few examples of each; or the summary and the first lines that do not match as JSON."""
    settled()
    if as_json:
        _print_json(done)
    else:
        _print_table(done)
    if done.summary.stopped_because:
        _log.error("Stopped: %s", done.summary.stopped_because)


def _print_json(done: Reconciled) -> None:
    from dataclasses import asdict, astuple

    from ..own_columns import RECONCILIATION_COLUMNS

    lines = [dict(zip(RECONCILIATION_COLUMNS, astuple(line), strict=False)) for line in done.lines]
    result = {"summary": asdict(done.summary), "lines": lines, "more_lines": done.summary.unlike - len(lines)}
    echo_json(result)


def _print_table(done: Reconciled) -> None:
    from ..jobs.results import calls_in_words

    summary = done.summary
    echo(f"run         {summary.run_id}")
    for kind, count in (summary.classes or {}).items():
        found = phrase("not looked for") if count is None else f"{figure(count):>9}"
        echo(f"{_SIGILS[kind]} {kind:<11} {found}")
        if kind == "differing":
            for name, number in summary.changed_fields.items():
                echo(f"    {name}: {figure(number)}")
    echo(f"x {'rejected':<11} {figure(summary.counts['rejected']):>9}")
    if summary.history:
        echo(calls_in_words(summary.history))
    if summary.moved:
        echo(
            phrase(
                "changed since {run}: {number}",
                run=summary.moved["since"],
                number=figure(sum(summary.moved["changes"].values())),
            )
        )
        for change, number in summary.moved["changes"].items():
            echo(f"    {change}: {figure(number)}")
    shown: dict[str, int] = {}
    for line in done.lines:
        shown[line.kind] = shown.get(line.kind, 0) + 1
        if shown[line.kind] <= _EXAMPLES:
            where = f"row {line.row}" if line.row else f"contact {line.contact_id}"
            say(f"{_SIGILS[line.kind]} {line.user_data} ({where}) {line.differences}".rstrip(), indent=4)
    if asked := summary.source_of_truth:
        say(phrase("asked by    {way}: {why}", way=asked["way"], why=asked["why"]), indent=12)
    echo(f"reports     {summary.out}")
