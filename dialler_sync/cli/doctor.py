"""``dialler-sync doctor``: what would keep a run from working."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from ..exit_codes import ExitCode
from .common import App, exit_codes

_COLOURS = {"OK": "green", "WARN": "yellow", "FAIL": "red"}


@click.command(epilog=exit_codes(ExitCode.OK, ExitCode.USAGE, ExitCode.UNAVAILABLE, ExitCode.NO_ROW_CAN_SUCCEED))
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.pass_obj
def doctor(app: App, output: str) -> int:
    """Check configuration, token, dialler, campaign, clock, functions, permissions and libraries, each with its mend.

    Changes nothing in the dialler, and never shows the token. The exit code is that of the first failure.

    \b
    Examples:
      dialler-sync doctor
      dialler-sync -c nightly.yaml doctor -o json
    """
    from ..doctor import examine
    from ..journal.store import default_state

    checks = []
    for check in examine(app.config_path, app.state or default_state(), Path("reports")):
        checks.append(check)
        if output == "table":
            click.echo(
                f"{click.style(f'{check.status:<4}', fg=_COLOURS[check.status])}  {check.name:<13}  {check.message}"
            )
            if check.mend:
                click.echo(f"{'':<21}→ {check.mend}")
    if output == "json":
        click.echo(json.dumps([asdict(check) for check in checks], ensure_ascii=False, indent=2))
    return next((check.code for check in checks if check.status == "FAIL"), ExitCode.OK)
