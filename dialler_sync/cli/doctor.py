"""``dialler-sync doctor``: check everything a run needs."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..exit_codes import ExitCode
from ..text.outward import line
from ..text.phrase import phrase
from .app import App, is_quiet
from .codes import ASKS
from .echo import COLOURS, echo, echo_json, terminal_width, wrapped
from .spoken import SpokenCommand
from .streams import styled

if TYPE_CHECKING:
    from ..jobs.doctor import Check

_COLOURS = {"OK": COLOURS["good"], "WARN": COLOURS["warning"], "FAIL": COLOURS["bad"]}
_INDENT = 21


@click.command(cls=SpokenCommand, codes=(*ASKS, ExitCode.INPUT))
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option(
    "--notify", is_flag=True, help="Also send a test message to the webhook and by mail, as set under notify:."
)
@click.pass_obj
def doctor(app: App, output: str, notify: bool) -> int:
    """Check everything a run needs, and suggest fixes.

    Checks configuration, token, dialler, campaign, clock, functions, permissions and libraries. Changes nothing in
    the dialler, and never shows the token. The exit code is that of the first failure.

    \b
    Examples:
      dialler-sync doctor
      dialler-sync -c nightly.yaml doctor -o json
    """
    from ..jobs.doctor import examine
    from ..jobs.records import default_state

    checks, width = [], terminal_width(sys.stdout)
    for check in examine(app.config_path, app.state or default_state(), Path("reports"), trusted=app.trust):
        checks.append(check)
        if output == "table" and not (is_quiet() and check.status == "OK"):
            _show(check, width)
    if output == "json":
        echo_json([asdict(check) for check in checks])
    code = next((check.code for check in checks if check.status == "FAIL"), ExitCode.OK)
    return _send_test(app) or code if notify else code


def _send_test(app: App) -> int:
    """Send a test to each receiver; return 2 if one did not take it, or there is none."""
    from ..jobs.notify import send_test

    with app.journal() as journal:
        found = send_test(app.settings(token_needed=False), journal)
    for name, taken in found:
        if taken and is_quiet():
            continue
        said = phrase("a test was sent") if taken else phrase("the test was not taken")
        echo(f"notify.{name}: {said}", err=True)
    if not found:
        echo(phrase("notify: has no webhook, teams or email: nobody is notified"), err=True)
    return ExitCode.OK if found and all(taken for _, taken in found) else ExitCode.USAGE


def _show(check: Check, width: int | None) -> None:
    status = f"{check.status:<4}"
    text = wrapped(line(f"{status}  {check.name:<13}  {check.message}"), width, indent=_INDENT)
    click.echo(text.replace(status, click.style(status, fg=_COLOURS[check.status]), 1), file=styled(sys.stdout))
    if check.mend:
        click.echo(wrapped(f"{'':{_INDENT}}→ {line(check.mend)}", width, indent=_INDENT + 2))
