"""Lists of calls: the nightly way back, each call once."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ..api.token import read_token
from ..call_lists.findings import CallsDone
from ..call_lists.forgotten import forget_calls
from ..call_lists.lines import CALL_COLUMNS
from ..call_lists.run import CallsOptions, CallsRun, Show
from ..call_lists.since import since
from ..config import Settings
from ..errors import UsageError
from ..files.url import Url
from ..journal import Journal
from ..observer import Observer, Silent
from ..report.calls_output import ENDINGS, Form, write_text
from ..report.contacts_output import cell_text
from ..text.phrase import phrase

__all__ = [
    "CALL_COLUMNS",
    "CallsDone",
    "CallsOptions",
    "Form",
    "calls_options",
    "cell_text",
    "forget_calls",
    "list_calls",
    "write_text",
]

_RECEIVER = re.compile(r"[\w.@+-][\w .@+-]{0,62}[\w.@+-]?")


def calls_options(
    journal: Journal,
    *,
    campaign: str | None = None,
    files: Sequence[Path] = (),
    to: Path | None = None,
    output: str | None = None,
    since_text: str | None = None,
    language: int | None = None,
    receiver: str | None = None,
    contacts: bool = False,
    with_columns: Sequence[str] = (),
    mask: bool = False,
) -> CallsOptions:
    """Put the options together.

    Raises:
        UsageError: they do not go together.
    """
    wanted = since(since_text, journal)
    if files and campaign is not None:
        raise UsageError(phrase("--campaign and FILE cannot be combined: both choose the contacts"))
    if wanted.last and files:
        raise UsageError(
            phrase("--since last and FILE cannot be combined: --since last is for all calls of a campaign")
        )
    if wanted.last and to is None:
        raise UsageError(phrase("--since last needs --to FILE: calls count as reported once FILE is in place"))
    if wanted.last and contacts:
        raise UsageError(phrase("--contacts and --since last cannot be combined: --contacts shows the present state"))
    if receiver is not None and not wanted.last:
        raise UsageError(phrase("--for needs --since last"))
    if receiver is not None and not _RECEIVER.fullmatch(receiver):
        raise UsageError(phrase("--for takes a name of at most 64 letters, digits, spaces, dots and dashes"))
    if mask and (to is None or contacts):
        raise UsageError(phrase("--mask is for calls.html, which is written beside the calls of --to FILE"))
    form = output or "table"
    if to is not None:
        form = output or to.suffix.casefold().removeprefix(".")
        if form not in ENDINGS:
            raise UsageError(
                phrase("--to {to}: choose the format by ending the name in .csv, .jsonl or .xlsx, or with -o", to=to)
            )
    elif form == "xlsx":
        raise UsageError(phrase("-o xlsx needs --to FILE"))
    return CallsOptions(
        campaign, tuple(files), to, form, wanted, language, receiver or "", contacts, tuple(with_columns), mask
    )


def list_calls(
    settings: Settings,
    options: CallsOptions,
    journal: Journal,
    observer: Observer | None = None,
    show: Show | None = None,
) -> CallsDone:
    """Make a list of calls: in ``options.to``, else by ``show``.

    Raises:
        UsageError, InputError, StopRun: nothing is given.
    """
    read_token(settings.dialler)
    local = options.to is not None and not isinstance(options.to, Url)
    folder = options.to.absolute().parent if options.to and local else Path(tempfile.gettempdir())
    if not folder.is_dir():
        raise UsageError(phrase("--to {to}: there is no folder {folder}", to=options.to, folder=folder))
    return CallsRun(settings, options, journal, observer or Silent(), folder).carry_out(show)
