"""``dialler-sync config``: check a configuration, and its schema for editors."""

from __future__ import annotations

import json

import click

from .common import App


@click.group()
def config() -> None:
    """Check a configuration, or print its JSON Schema."""


@config.command()
@click.pass_obj
def check(app: App) -> None:
    """Check the configuration: every fault with file, line and key.

    The variable that the token comes from need not be set.
    """
    app.settings(token_needed=False)
    lines = app.config_path.read_text(encoding="utf-8-sig").splitlines()
    left = [str(number) for number, line in enumerate(lines, 1) if "# CHANGE" in line]
    what = f"line {left[0]} is" if len(left) == 1 else f"lines {', '.join(left)} are"
    click.echo(f"{app.config_path} is fine" + (f", but {what} still marked CHANGE" if left else ""))


@config.command()
def schema() -> None:
    """Print the JSON Schema, for editors."""
    from ..config.schema import json_schema

    click.echo(json.dumps(json_schema(), ensure_ascii=False, indent=2))
