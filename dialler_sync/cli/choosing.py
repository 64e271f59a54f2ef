"""Choose the run for ``resume``, ``retry`` and ``undo``, for the dialler and campaign of this configuration."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..files.pinned import real
from ..text.command_line import command, set_options
from ..text.phrase import phrase
from .app import App

if TYPE_CHECKING:
    from ..jobs.records import Journal, RunRecord
    from ..jobs.settings import Settings

_log = logging.getLogger(__name__)

config_of_run_option = click.option(
    "--config-of-run", is_flag=True, help="Use the configuration RUN was started with, in place of the current one."
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A run, and the configuration for working on it."""

    run: RunRecord
    settings: Settings
    config_path: Path
    target: str


def choose(
    app: App,
    journal: Journal,
    name: str | None,
    find: Callable[[Journal, str], RunRecord | None],
    *,
    config_of_run: bool,
    finished: bool = False,
) -> Chosen | None:
    """Return the run of this name, else the one that ``find`` finds for the configuration's target; None if there is
    none. Print the choice before anything is done.

    Raises:
        UsageError: there is no run of this name, it belongs to another dialler or campaign, the configuration must
            be ``finished`` and lines of it are still marked CHANGE, or only the journal names a configuration and
            there is no terminal to ask on.
        Abort: the user does not want that configuration.
    """
    from ..jobs.which_run import check_target, find_target
    from ..target import in_words

    if config_of_run and name is None:
        raise click.UsageError(phrase("--config-of-run needs the RUN"))
    path = app.config_path
    named = journal.run(name) if name is not None else None
    if named and config_of_run:
        path = Path(named.config_path)  # confirmed by the user, and trusted no more than any other
    elif named and not app.has_config():
        path = _asked(app, named)
    settings = app.settings_from(path, finished=finished)
    target = find_target(settings, journal)
    if named:
        named = journal.run(named.id)  # its campaign's name may have become an ID
        check_target(named, target)
    run = named or find(journal, target)
    if run is None:
        return None
    if path != app.config_path:
        set_options(app.found_by(path))
    files = ", ".join(dict.fromkeys(str(entry["name"]) for entry in run.files)) or phrase("no file")
    _log.info(
        phrase(
            "run {run} ({command} of {files}, {time}): {target}, configuration {path}",
            run=run.id,
            command=run.command,
            files=files,
            time=when(run),
            target=in_words(run.target),
            path=real(path),
        )
    )
    return Chosen(run, settings, path, target)


def _asked(app: App, run: RunRecord) -> Path:
    """Return the configuration that a run was started with, once the user confirms: whoever can write the journal
    could have put another path there, which names the host that gets the token, and commands."""
    from ..errors import UsageError

    context = click.get_current_context()
    path = Path(run.config_path)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        set_options(app.found_by(path))
        typed = command(str(context.info_name), run.id)
        raise UsageError(
            phrase(
                "according to the journal, run {run} was started with the configuration {path}; using it needs "
                "your confirmation. If it is right, run: {command}",
                run=run.id,
                path=path,
                command=typed,
            )
        )
    dialler = app.settings_from(path, token_needed=False).dialler
    given = next((name for name in ("token", "token_file", "token_command") if getattr(dialler, name)), "nowhere")
    asked = phrase(
        "according to the journal, run {run} was started with the configuration {path}: it sends to {dialler}, "
        "its token comes from '{key}'. Use it?",
        run=run.id,
        path=path,
        dialler=dialler.root,
        key=given,
    )
    click.confirm(asked, abort=True, err=True)
    return path


def when(run: RunRecord) -> str:
    """Format the start of a run, to the minute."""
    return run.started_at[:16].replace("T", " ") + " UTC"


def say_nothing(what: str) -> int:
    """Print one line, and return success: there is nothing to do."""
    _log.info("%s", what)
    return 0
