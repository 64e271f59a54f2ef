"""The reports of a run at an address: written here first, then put there whole, or not at all."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

from ..config.sources import StoreSettings, has_store
from ..errors import DiallerSyncError, UsageError
from ..fetch.folder import RemoteFolder
from ..files.drafts import through
from ..files.url import Url, path_of
from ..files.whole import why
from ..journal import RunRecord
from ..text.command_line import command
from ..text.phrase import phrase
from .own_folder import REPORT, held_reports, not_ours, open_report

_log = logging.getLogger(__name__)

OUT = "out"
"""Key in a run's options: the address of its reports."""
_LAST = "summary.json"

Stores = Mapping[str, StoreSettings]


def require_place(url: Url, stores: Stores) -> None:
    """Make the folder at an address, before anything is sent.

    Raises:
        UsageError: nothing can be put there, or something is there already.
        InputError: it cannot be made.
    """
    folder = RemoteFolder(url, stores)
    folder.make()
    if folder.listed():
        raise UsageError(
            phrase("--out {url}: is not empty; a run's reports are never overwritten. Name another folder.", url=url)
        )


def leave_place(run: RunRecord, stores: Stores) -> None:
    """Remove the folder of a run that did not begin."""
    if url := _address(run):
        with suppress(DiallerSyncError):
            RemoteFolder(url, stores).remove_empty("")


def give_reports(run: RunRecord, stores: Stores) -> None:
    """Put the reports of an ended run at its address, if it has one; a failure is only told."""
    if url := _address(run):
        try:
            put_reports(run, url, stores)
        except DiallerSyncError as error:
            _log.warning(
                phrase(
                    "{error} The reports of run {run} are in {folder}; this puts them there: {command}",
                    error=error,
                    run=run.id,
                    folder=run.out,
                    command=command("runs", "report", run.id, "--out", str(url)),
                )
            )


def give_again(run: RunRecord, stores: Stores) -> None:
    """Put the reports of a run that an earlier call has begun at its address.

    It comes from the journal, and whoever can write there must not choose who gets the reports: only an address that
    the configuration has under ``sources:`` is used, for another one the command is told.
    """
    url = _address(run)
    if url and not has_store(str(url), stores):
        _log.warning(
            phrase(
                "The reports of run {run} are in {folder}. The journal has an address for them that is not under "
                "sources: of the configuration; this puts them there: {command}",
                run=run.id,
                folder=run.out,
                command=command("runs", "report", run.id, "--out", str(url)),
            )
        )
    elif url:
        give_reports(run, stores)


def put_reports(run: RunRecord, url: Url, stores: Stores) -> None:
    """Put the reports of a run at an address, ``summary.json`` last.

    Raises:
        UsageError: nothing can be put there, or other files are there.
        InputError: they cannot be put there.
    """
    folder = RemoteFolder(url, stores)
    folder.make()
    ours = f'"run_id": "{run.id}"'.encode() in folder.read(_LAST)
    if not ours and any(not entry.name.startswith(".") for entry in folder.listed()):
        raise UsageError(
            phrase("{url}: has other files than the reports of run {run}. Name another folder.", url=url, run=run.id)
        )
    try:
        with ExitStack() as until:
            folder.put(_open_reports(run, until), replace=ours)
    except (OSError, ValueError) as error:
        raise UsageError(
            phrase("{folder}: its reports cannot be sent: {why}", folder=run.out, why=why(error))
        ) from error
    _log.info(phrase("The reports are at {url}", url=url))


def _open_reports(run: RunRecord, until: ExitStack) -> dict[str, Path]:
    """Return name → open file of each report, until these are closed: no link, nor what others put in its place.

    Raises:
        OSError: the folder, or a report, cannot be opened.
        UsageError: it is not that of this run.
    """
    there = until.enter_context(held_reports(run))
    if there is None:
        raise not_ours(run)
    found = {}
    for path in sorted(there.iterdir(), key=lambda path: (path.name == _LAST, path.name)):
        if REPORT.fullmatch(path.name) and not path.is_symlink():
            number = open_report(path)
            until.callback(os.close, number)
            found[path.name] = through(number, path)
    return found


def _address(run: RunRecord) -> Url | None:
    named = path_of(run.options.get(OUT) or "")
    return named if isinstance(named, Url) else None
