"""Shared parts of the commands: configuration, journal, logging and output."""

from __future__ import annotations

import logging
import os
import sys
import textwrap
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from ..errors import DiallerSyncError
from ..exit_codes import MEANINGS, ExitCode
from ..files.url import path_of
from ..text.outward import json_text, line, screen
from ..text.secrets import MASK, url_secrets
from ..text.stamp import stamp
from .source_options import source_given
from .until import until_given

if TYPE_CHECKING:
    from ..jobs.imports import RunOptions
    from ..jobs.records import Journal
    from ..jobs.settings import Limit, Settings, SourceSettings
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
        _log.debug("configuration: %s, dialler %s", path.resolve(), settings.dialler.root)
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
        """Log to stderr: warnings and errors, only errors, or all messages of this package."""
        handler = _Stderr()
        width = terminal_width(sys.stderr)
        words = _Words(width, timed=self.verbosity > 0 or width is None)
        handler.setFormatter(_JsonLines() if self.log_format == "json" else words)
        ours = logging.getLogger("dialler_sync")
        ours.handlers = [handler]
        ours.propagate = False
        ours.setLevel({-1: logging.ERROR, 0: logging.INFO}.get(self.verbosity, logging.DEBUG))
        logging.lastResort = _OfOthers(logging.WARNING)
        logging.getLogger("sqlalchemy").setLevel(logging.CRITICAL)  # its errors are raised, and reported in our words
        traffic = logging.getLogger("dialler_sync.api.traffic")
        traffic.setLevel(logging.DEBUG if self.verbosity > 1 else logging.INFO)


COLOURS = {"good": 28, "quiet": 68, "warning": 166, "bad": 160, "unsure": 133}
"""Of the 256 that terminals have: each can be read on white as well as on black, at a contrast of 3.5 or more."""


def settled() -> None:
    """Note that the command has written all its results, so that a failing stdout loses only messages."""
    context = click.get_current_context(silent=True)
    app = context.find_root().obj if context else None
    if isinstance(app, App) and app.printing:
        app.printing.settled = True


def is_quiet() -> bool:
    """Whether the command line has ``-q``."""
    context = click.get_current_context(silent=True)
    app = context.find_root().obj if context else None
    return isinstance(app, App) and app.verbosity < 0


def terminal_width(stream: TextIO) -> int | None:
    """Return the columns of the terminal behind ``stream``; None if there is none."""
    try:
        return os.get_terminal_size(stream.fileno()).columns if stream.isatty() else None
    except (OSError, ValueError):
        return None


def say(text: str, indent: int = 0) -> None:
    """Print a line of results: unbroken in a pipe, wrapped between words on a terminal."""
    click.echo(wrapped(line(text), terminal_width(sys.stdout), indent))


def echo(*lines: object, err: bool = False) -> None:
    """Print lines that are never wrapped, such as those of a table."""
    for each in lines:
        click.echo(line(each), err=err)


def echo_json(value: Any, indent: int | None = 2) -> None:
    """Print a value as JSON; without ``indent`` on one line."""
    click.echo(json_text(value, indent=indent))


def wrapped(text: str, width: int | None, indent: int = 0) -> str:
    """Wrap ``text`` between words, further lines indented; unchanged without a ``width``."""
    if not width:
        return text
    return textwrap.fill(text, width, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)


def logs_json() -> bool:
    """Whether a program reads stderr."""
    return any(isinstance(handler.formatter, _JsonLines) for handler in logging.getLogger("dialler_sync").handlers)


class _Stderr(logging.Handler):
    """Writes to the current stderr: a progress bar replaces it, to keep log lines off the bar."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        record = logging.makeLogRecord(record.__dict__ | {"msg": _message(record), "args": None})
        with suppress(OSError, ValueError):  # nobody is there to be told
            sys.stderr.write(f"{self.format(record)}\n")
            sys.stderr.flush()


class _OfOthers(logging.Handler):
    """Writes warnings of libraries, with their tracebacks: without secrets, like all other output."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        with suppress(OSError, ValueError, TypeError):  # TypeError: the message has no place for its arguments
            sys.stderr.write(f"{screen(self.format(record))}\n")


def _message(record: logging.LogRecord) -> str:
    """Return the message of a record. The format is ours; its arguments are made harmless, each on one line."""
    args = record.args
    if isinstance(args, Mapping):
        return str(record.msg) % {name: _harmless(value) for name, value in args.items()}
    return str(record.msg) % tuple(map(_harmless, args)) if args else str(record.msg)


_LONGEST = 8_000
"""Characters of a value in a log: -vv shows the beginning of an answer."""


def _harmless(value: object) -> object:
    """Return a harmless value; our own errors are harmless already, and may have several lines."""
    return value if isinstance(value, int | float | DiallerSyncError) else line(value, _LONGEST)


class _Words(logging.Formatter):
    """Formats messages: unwrapped for log files, wrapped between words on a terminal of ``width`` columns. ``timed``:
    local time first."""

    def __init__(self, width: int | None, *, timed: bool = False) -> None:
        super().__init__("%(message)s")
        self._width = width
        self._timed = timed

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        """Format the message, line by line."""
        time = f"{datetime.fromtimestamp(record.created):%Y-%m-%d %H:%M:%S} " if self._timed else ""  # noqa: DTZ006
        return "\n".join(wrapped(each, self._width) for each in f"{time}{record.message}".split("\n"))


class _JsonLines(logging.Formatter):
    """Formats one JSON object a line: time, level, message, and the content of ``extra={"facts": {...}}``."""

    def format(self, record: logging.LogRecord) -> str:
        facts = getattr(record, "facts", {})
        when = stamp(datetime.fromtimestamp(record.created, UTC), "milliseconds")
        return json_text({"time": when, "level": record.levelname.lower(), "message": record.getMessage(), **facts})


def exit_codes(*codes: ExitCode) -> str:
    """Return the exit codes section of a command's help."""
    listed = "\n".join(f"  {code:>3}  {MEANINGS[code]}" for code in codes)
    return f"\b\nExit codes:\n{listed}"


_RUN_CODES = (
    ExitCode.OK,
    ExitCode.USAGE,
    ExitCode.INPUT,
    ExitCode.ROWS_FAILED,
    ExitCode.UNAVAILABLE,
    ExitCode.NO_ROW_CAN_SUCCEED,
    ExitCode.SAFETY_LIMIT,
    ExitCode.OUT_OF_TIME,
    ExitCode.INTERRUPTED,
)

UNDO_CODES = exit_codes(*_RUN_CODES)

IMPORT_CODES = exit_codes(*sorted({*_RUN_CODES, ExitCode.NONE_SUCCEEDED}))


files_argument = click.argument("files", nargs=-1, required=True, metavar="FILE...", type=path_of)

out_option = click.option(
    "--out",
    type=path_of,
    metavar="DIR",
    help="Report folder, local or at an address (written when the run has ended).  [default: reports/<run id>/]",
)


class LimitType(click.ParamType):  # type: ignore[type-arg] # generic in newer releases of click only
    """``100`` rows or ``5%`` of them."""

    name = "N|N%"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Limit | None:
        """Parse a :class:`~dialler_sync.jobs.settings.Limit`."""
        from ..jobs.settings import row_limit

        try:
            return row_limit(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


max_errors_option = click.option(
    "--max-errors", type=LimitType(), help="Stop (exit 8) if more rows than this do not succeed: 100 or 5%."
)

max_warnings_option = click.option(
    "--max-warnings", type=LimitType(), help="Stop (exit 8) if more rows than this have warnings: 100 or 5%."
)

max_missing_option = click.option(
    "--max-missing",
    type=LimitType(),
    help="Mirror: stop (exit 8) if more contacts than this are missing: 100, 5%, or '100,5%' (both limits apply).",
)

compare_option = click.option(
    "--compare",
    type=click.Choice(["none", "journal", "dialler"]),
    help="Skip unchanged rows. journal: compare with what was last sent; dialler: compare with the dialler.",
)

adopt_option = click.option(
    "--adopt", is_flag=True, help="Mirror: include contacts whose UserData dialler-sync has never sent."
)


mask_option = click.option(
    "--mask", is_flag=True, help="Mask phone numbers in report.html and .xlsx, not in failed.xlsx and the CSVs."
)

mark_option = click.option(
    "--mark",
    is_flag=True,
    help="For an .xlsx FILE, also write <name>-marked.xlsx: a copy with the faulty cells marked.",
)


_JSON = "dialler_sync.json"


def wants_json() -> bool:
    """Whether the command line has ``--json``."""
    context = click.get_current_context(silent=True)
    return bool(context and context.meta.get(_JSON))


def _want_json(context: click.Context, _param: click.Parameter, value: bool) -> None:
    context.meta[_JSON] = value


json_summary_option = click.option(
    "--json",
    is_flag=True,
    expose_value=False,
    callback=_want_json,
    help="Print summary.json (one line per run) in place of the table.",
)

cluster_option = click.option(
    "--cluster",
    metavar="URL|local",
    help="Send rows from Dask workers: tls://HOST:8786, or local for a cluster on this machine.",
)


def run_options(
    settings: Settings,
    compare: str | None,
    max_errors: Limit | None,
    max_missing: Limit | None,
    adopt: bool,
    *,
    max_warnings: Limit | None = None,
    dry_run: bool = False,
    limit: int | None = None,
    mask: bool = False,
    mark: bool = False,
    cluster: str | None = None,
) -> RunOptions:
    """Combine the command line's options with the configuration's defaults."""
    from ..jobs.imports import RunOptions

    return RunOptions(
        source=source_given(),
        dry_run=dry_run,
        limit=limit,
        max_errors=max_errors,
        max_warnings=max_warnings,
        compare=compare or settings.rows.compare,
        max_missing=max_missing or settings.mirror.max_missing,
        adopt=adopt,
        mask=mask,
        mark=mark,
        cluster=cluster,
    )
