"""``dialler-sync config``: check a configuration, and its schema for editors."""

from __future__ import annotations

import logging

import click

from ..exit_codes import ExitCode
from ..text.phrase import phrase
from .app import App, is_quiet
from .echo import echo, echo_json
from .spoken import SpokenGroup

_log = logging.getLogger(__name__)


@click.group(cls=SpokenGroup)
def config() -> None:
    """Check a configuration, or print its JSON Schema."""


@config.command()
@click.pass_obj
def check(app: App) -> int:
    """Check the configuration and those it extends: every error with file, line and key.

    The token's environment variable need not be set. Lines still marked CHANGE are listed, with exit code 2: import
    and plan refuse such a configuration.
    """
    from ..jobs.settings import lacking, read_configuration, still_marked

    settings = app.settings(token_needed=False)
    lack = lacking(settings, settings.columns) if settings.columns else ""
    if lack:
        _log.warning(phrase("{lack} Only lists in the vendor's own format can be imported.", lack=lack))
    read = read_configuration(app.config_path)
    for path in read.files:
        if left := read.unfinished.get(path):
            echo(phrase("{path} has no errors, but {lines}", path=path, lines=still_marked(left)))
        elif not is_quiet() and not lack:
            echo(phrase("{path} is fine", path=path))
    return ExitCode.USAGE if read.unfinished else ExitCode.OK


@config.command()
def schema() -> None:
    """Print the JSON Schema, for editors."""
    from ..jobs.settings import json_schema

    echo_json(json_schema())
