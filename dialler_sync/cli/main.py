"""The command group, its common options, and the handling of errors."""

from __future__ import annotations

import atexit
import logging
import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import click

from ..errors import DiallerSyncError, Interrupted
from ..exit_codes import ExitCode, exit_code
from ..files.trust import override
from ..text.command_line import set_options
from ..text.outward import forget_secrets, keep_logins, keep_secret, line, screen
from ..text.phrase import phrase
from ..text.shortage import shortage
from ..version import __version__
from . import startup
from .app import App
from .calls import calls
from .campaigns import campaigns
from .config import config
from .contacts import contacts
from .demo import demo
from .doctor import doctor
from .echo import echo
from .import_ import import_
from .init import init
from .inspect_ import inspect_
from .logs import logs_json
from .night import night
from .plan import plan
from .reconcile import reconcile
from .resume import resume, retry
from .runs import forget, runs
from .simulator import simulator
from .spoken import SpokenGroup
from .streams import Printing
from .undo import undo
from .validate import validate

_log = logging.getLogger(__name__)

COMMANDS: tuple[click.Command, ...] = (
    demo,
    init,
    inspect_,
    validate,
    plan,
    import_,
    night,
    resume,
    retry,
    undo,
    reconcile,
    calls,
    contacts,
    campaigns,
    runs,
    forget,
    doctor,
    config,
    simulator,
)


class OrderedGroup(SpokenGroup):
    """Lists its commands in the order of the work, not of the alphabet."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names in the order in which they were added."""
        return list(self.commands)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Resolve like click, with a suggestion for an unknown command."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from ..text.nearest import nearest

            raise click.UsageError(f"{error.message.rstrip('.')}{nearest(args[0], self.commands)}", ctx) from None


@click.group(cls=OrderedGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "-c",
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    default=Path("dialler-sync.yaml"),
    show_default=True,
    help="Configuration file.",
)
@click.option("--state", metavar="PATH|URL", help="Journal: an SQLite file, or a database URL.")
@click.option("-v", "--verbose", count=True, help="More messages; -vv: every request and answer, masked.")
@click.option("-q", "--quiet", is_flag=True, help="Only errors; no figures after a run.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Format of messages on stderr.",
)
@click.option(
    "--trust", is_flag=True, help="Use configuration, journal, token and plan even if other users can change them."
)
@click.version_option(__version__, prog_name="dialler-sync")
@click.pass_context
def cli(
    ctx: click.Context, config_path: Path, state: str | None, verbose: int, quiet: bool, log_format: str, trust: bool
) -> None:
    """Import contacts from spreadsheets into a call-centre dialler, and report the outcome of every row.

    Options also come from variables: DIALLER_SYNC_CONFIG, DIALLER_SYNC_IMPORT_MAX_ERRORS and so on.
    """
    try:
        Path.cwd()
    except OSError as error:
        raise click.UsageError(
            phrase("the working folder is gone ({why}): change to another one", why=error.strerror)
        ) from None
    if verbose and quiet:
        raise click.UsageError(phrase("--verbose and --quiet contradict each other"))
    ctx.obj = App(config_path, state, -1 if quiet else min(verbose, 2), log_format, ctx.obj, trust)
    override(trust)
    set_options(ctx.obj.found_by())
    ctx.obj.set_up_logging()
    if log_format == "json":
        facts = {"event": "start", "command": ctx.invoked_subcommand, "version": __version__, "pid": os.getpid()}
        _log.info(phrase("start of {command}", command=ctx.invoked_subcommand), extra={"facts": facts})
    startup.settle_time_zone()
    if os.environ.get("NO_COLOR"):
        ctx.color = False


for _command in COMMANDS:
    cli.add_command(_command)


_HELP = getattr(click.exceptions, "NoArgsIsHelpError", ())
"""Raised for a group without a command, with the help as its message. Click has it since 8.2."""

_SECRET_VARIABLES = ("DIALLER_SYNC_TOKEN", "PGPASSWORD")
"""Always kept from output; a configuration names further ones."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit. An unexpected error shows as a bug."""
    if arguments is None:  # the process is ours
        sys.excepthook = _show_bug
        threading.excepthook = lambda bug: _show_bug(bug.exc_type, bug.exc_value, bug.exc_traceback)
        startup.know_children()
        startup.keep_own_rights()
    try:
        code = _run(arguments)
    except KeyboardInterrupt:  # before a command began, or during its final messages
        print("interrupted", file=sys.stderr)  # noqa: T201
        code = ExitCode.INTERRUPTED
    if logs_json():
        _log.info(phrase("end: exit {code}", code=code), extra={"facts": {"event": "end", "exit_code": int(code)}})
    if arguments is None:
        startup.skip_last_collection()
    sys.exit(int(code))


def _run(arguments: Sequence[str] | None) -> ExitCode:
    startup.delay_collector()
    startup.hear(startup.interrupt)  # SIGTERM and SIGHUP end a run as cleanly as Ctrl-C does
    atexit.register(startup.hear, signal.SIG_IGN)  # the command's exit code stands, even after another Ctrl-C
    forget_secrets()
    keep_secret(*map(os.environ.get, _SECRET_VARIABLES))
    for argument in sys.argv[1:] if arguments is None else arguments:
        if "://" in argument:  # an address, perhaps where none is expected
            keep_logins(argument)
    printing = Printing()
    try:
        code = cli.main(
            args=arguments,
            prog_name="dialler-sync",
            auto_envvar_prefix="DIALLER_SYNC",
            standalone_mode=False,
            obj=printing,
        )
    except click.ClickException as error:
        if isinstance(error, click.NoSuchOption) and any(error.option_name in option.opts for option in cli.params):
            name = error.option_name
            error = click.UsageError(
                phrase("put '{name}' before the command: dialler-sync {name} …", name=name), error.ctx
            )
        if not isinstance(error, _HELP):
            error.message = line(error.message) if error.message else ""  # type: ignore[misc] # it quotes arguments
        if logs_json():
            _log.error("Error: %s", error.format_message())
        else:
            error.show()
        code = ExitCode.USAGE
    except PermissionError as error:  # of a path in a folder that this user may not enter
        if not error.filename:
            raise
        why = phrase("{path}: cannot be used: {why}.", path=error.filename, why=error.strerror)
        _log.error("Error: %s", why)
        code = ExitCode.USAGE
    except DiallerSyncError as error:
        _log.error("Error: %s", error)
        code = exit_code(error, {})
    except (click.Abort, KeyboardInterrupt) as error:
        startup.hear(lambda *_: None)
        if how_to_go_on := _interrupted_before(error):
            _log.error("Error: %s", how_to_go_on)
        else:
            echo("interrupted", err=True)
        code = ExitCode.INTERRUPTED
    except Exception as error:
        said = shortage(error)
        if said is None:
            raise
        if arguments is None:
            sys.unraisablehook = lambda _: None
            warnings.simplefilter("ignore")
        traceback.clear_frames(error.__traceback__)  # their objects fail to close, too, and take memory
        _log.error("Error: %s", said)
        code = ExitCode.USAGE
    return _told(ExitCode(code or ExitCode.OK), printing)


def _interrupted_before(error: BaseException) -> Interrupted | None:
    """Return the result of a first Ctrl-C, if a second one came before it was reported."""
    earlier = error.__context__
    while earlier:
        if isinstance(earlier, Interrupted):
            return earlier
        earlier = earlier.__context__
    return None


def _show_bug(kind: type[BaseException], bug: BaseException | None, trace: TracebackType | None) -> None:
    """Print a bug as Python does, for a bug report: without secrets and terminal control characters."""
    with suppress(OSError, ValueError):  # nobody is there to be told
        sys.stderr.write(screen("".join(traceback.format_exception(kind, bug, trace))))


def _told(code: ExitCode, printing: Printing) -> ExitCode:
    """Return the exit code of a command whose output may be lost: its own, unless the output was its only result."""
    try:
        lost = printing.end()
    except KeyboardInterrupt:  # nobody reads the remaining output (| less)
        return code if printing.settled else code or ExitCode.INTERRUPTED
    if lost is None:
        return code
    if printing.settled:
        _log.warning(
            phrase("Standard output cannot be written: {why}. Everything else has been done.", why=lost.strerror)
        )
    elif not isinstance(lost, (BrokenPipeError, InterruptedError)):  # the reader has enough (| head)
        _log.error(phrase("Error: standard output cannot be written: {why}", why=lost.strerror))
        return code or ExitCode.USAGE
    return code
