"""``dialler-sync plan``: see before you send."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..exit_codes import ExitCode
from ..text.command_line import command
from ..text.phrase import phrase
from .app import App, settled
from .codes import COMPARES
from .echo import echo, say
from .options import adopt_option, compare_option, files_argument, max_missing_option, run_options
from .source_options import source_options
from .spoken import SpokenCommand


@click.command(cls=SpokenCommand, codes=COMPARES)
@files_argument
@source_options
@compare_option
@max_missing_option
@adopt_option
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="PLAN",
    help="Save the plan for 'import --plan'; repeatable. NAME.html and NAME.xlsx are for people and also write "
    "NAME.json; any other ending is JSON.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the whole plan as JSON.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 6 if an import would change anything.")
@click.pass_obj
def plan(
    app: App,
    /,
    files: tuple[Path, ...],
    outputs: tuple[Path, ...],
    as_json: bool,
    detailed_exitcode: bool,
    **given: Any,
) -> int:
    """Show what an import of each FILE would do, field by field.

    Sends nothing. Compares with the dialler, unless --compare or the configuration says otherwise.
    """
    from ..jobs.imports import ImportOptions, plan_files
    from ..jobs.plans import write_plan
    from ..text.forms import rows
    from .output import print_plan
    from .progress import progress

    settings = app.settings(finished=True)
    if settings.rows.compare == "none":
        given["compare"] = given["compare"] or "dialler"
    options = run_options(settings, **given)
    with app.journal() as journal, progress(app) as observer:
        made = plan_files(settings, ImportOptions(files, app.config_path, run=options), journal, observer)
    written = write_plan(made, outputs) if outputs else []
    if written:
        settled()
    print_plan(made, as_json=as_json)
    if made.stops and not as_json:
        say(phrase("An import would stop before sending anything (exit 8): {stops}.", stops=made.stops))
    if made.counts.get("unchanged") and settings.rows.compare == "none" and not as_json:
        say(
            phrase(
                "As configured, an import also sends unchanged rows: {rows}. Skip them with --plan, "
                "--compare {compare}, or 'compare: {compare}' under 'rows:'.",
                rows=rows(made.counts["unchanged"]),
                compare=made.compare,
            )
        )
    if written and not as_json:
        say(phrase("Wrote {files}. Import exactly this plan with:", files=", ".join(map(str, written))))
        echo(f"  {command('import', '--plan', str(written[0]))}")
    return ExitCode.DIFFERENCES if detailed_exitcode and made.differs else ExitCode.OK
