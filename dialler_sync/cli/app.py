"""The common options of all commands, and what they mean: configuration, journal, log."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..files.pinned import real
from ..text.secrets import MASK, url_secrets
from .logs import log_to_stderr
from .source_options import source_given
from .until import until_given

if TYPE_CHECKING:
    from ..jobs.records import Journal
    from ..jobs.settings import Settings, SourceSettings
    from .streams import Printing


_log = logging.getLogger(__name__)


def _without_passwords(state: str) -> str:
    """Return a journal's path, or its URL with ``***`` for each password."""
    if "://" not in state:
        return state
    scheme, _, rest = state.partition("://")
    for secret in sorted(filter(None, url_secrets(state)), key=len, reverse=True):
        for mark in (":", "="):
            rest = rest.replace(f"{mark}{secret}", f"{mark}{MASK}")
    return f"{scheme}://{rest}"


def _typed(option: str) -> bool:
    """Whether a common option stands on the command line."""
    root = click.get_current_context().find_root()
    return root.get_parameter_source(option) is click.core.ParameterSource.COMMANDLINE


@dataclass(frozen=True, slots=True)
class App:
    """The common options, and the standard streams. ``verbosity`` is -1 (quiet), 0, 1 or 2 (each request)."""

    config_path: Path
    state: str | None
    verbosity: int
    log_format: str
    printing: Printing | None = None
    trust: bool = False

    def settings(self, *, token_needed: bool = True, finished: bool = False) -> Settings:
        """Load the configuration; the token is optional if nothing is sent. ``finished``: refuse lines marked
        CHANGE."""
        return self.settings_from(self.config_path, token_needed=token_needed, finished=finished)

    def settings_from(self, path: Path, *, token_needed: bool = True, finished: bool = False) -> Settings:
        """Load a configuration file, with the command line's options for reading files."""
        from ..jobs.settings import load_config, with_source

        settings = load_config(path, token_needed=token_needed, finished=finished, trusted=self.trust)
        _log.debug("configuration: %s, dialler %s", real(path), settings.dialler.root)
        until = until_given()
        dialler = settings.dialler.until(until) if until else settings.dialler
        return settings.model_copy(update={"source": with_source(settings.source, source_given()), "dialler": dialler})

    def source(self) -> SourceSettings:
        """Return the layout of spreadsheets, from the configuration if there is one."""
        from ..jobs.settings import SourceSettings, load_source, with_source

        chosen = click.get_current_context().find_root().get_parameter_source("config_path")
        if chosen is click.core.ParameterSource.DEFAULT and not self.config_path.exists():
            return with_source(SourceSettings(), source_given())
        return with_source(load_source(self.config_path, trusted=self.trust), source_given())

    def has_config(self) -> bool:
        """Whether a configuration is named, or exists at the default path."""
        chosen = click.get_current_context().find_root().get_parameter_source("config_path")
        return chosen is not click.core.ParameterSource.DEFAULT or self.config_path.exists()

    def journal(self) -> Journal:
        """Open the journal."""
        from ..jobs.records import Journal, default_state

        return Journal.open(self.state or default_state(), trusted=self.trust)

    def found_by(self, config: Path | None = None) -> tuple[str, ...]:
        """Return the options for the configuration and the journal, for a suggested command.

        ``config`` is the configuration, if it differs from the command line's.
        """
        chosen = config or (self.config_path if _typed("config_path") else None)
        return (*(("--config", str(chosen)) if chosen else ()), *self.journal_found_by())

    def journal_found_by(self) -> tuple[str, ...]:
        """Return the options for the journal, for a suggested command."""
        state = ("--state", _without_passwords(self.state)) if self.state and _typed("state") else ()
        return (*state, "--trust") if _typed("trust") else state

    def set_up_logging(self) -> None:
        """Log to stderr, as the common options say."""
        log_to_stderr(self.verbosity, self.log_format)


def settled() -> None:
    """Note that the command has written all its results, so that a failing stdout loses only messages."""
    app = _app()
    if app and app.printing:
        app.printing.settled = True


def is_quiet() -> bool:
    """Whether the command line has ``-q``."""
    app = _app()
    return app is not None and app.verbosity < 0


def _app() -> App | None:
    context = click.get_current_context(silent=True)
    app = context.find_root().obj if context else None
    return app if isinstance(app, App) else None
