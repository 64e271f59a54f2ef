"""The start of a run: its record in the journal, and the folder of its reports."""

from __future__ import annotations

import getpass
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..config import Settings, fingerprint
from ..errors import DiallerSyncError, StopRun, UsageError
from ..files.held import folder_held
from ..files.pinned import real
from ..files.private import delete, delete_drafts, delete_folder, real_folder
from ..files.private import make_folder as make_private
from ..files.trust import foreign_link, is_foreign
from ..files.url import Url
from ..journal import READING, Journal, RunRecord
from ..mapping.binding import filter_name
from ..text.outward import escaped
from ..text.phrase import phrase
from ..text.stamp import stamp
from .address import OUT, give_again, give_reports, leave_place, require_place
from .kept import delete_copies, keep_copies
from .left_over import doubt_killed
from .own_folder import BESIDE, held_reports
from .start_time import start_time

REPORTS = Path("reports")
"""Folder of all runs' reports, where the configuration names none."""


@contextmanager
def begin_run(
    journal: Journal,
    command: str,
    settings: Settings,
    config_path: Path,
    files: Sequence[Mapping[str, Any]],
    out: Path | None,
    parent: str | None,
    options: Mapping[str, Any],
    target: str,
    folder: Path | None = None,
    early: Sequence[str] = (),
) -> Iterator[RunRecord]:
    """Begin a run, which is carried out in the block: its record in the journal, and a folder of its own for its
    reports (``folder``: one that is there already). Where ``out`` is an address, they are put there at the end.

    Where the block fails before the journal has a plan, nothing was sent: the run is forgotten, and its folder goes
    with the reports ``early`` in it. A run that was planned can be resumed.
    """
    stores = settings.source.stores
    if isinstance(out, Url):
        require_place(out, stores)
        options, out = {**options, OUT: str(out)}, None
    started = start_time(journal, command)
    run_id = f"{started:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    run = RunRecord(
        id=run_id,
        parent=parent,
        command=command,
        target=target,
        campaign=str(settings.campaign),
        out=str(folder or make_folder(out or own_folder(settings.reports.dir or REPORTS) / run_id)),
        config_path=str(real(config_path)),
        config=fingerprint(settings),
        options={**options, "mapped": _source_columns(settings), "user": _user()},
        started_at=stamp(started, "milliseconds"),
        files=tuple(files),
    )
    with writing_to(Path(run.out), new=folder is None):
        try:
            if command not in READING:
                run = replace(run, files=tuple(keep_copies(journal, files)))
            with journal.at_work(run.id):
                journal.add_run(run)
                yield run
        except BaseException as error:
            with suppress(DiallerSyncError):
                _leave(journal, run, early, named=isinstance(error, StopRun) and error.names_run)
            leave_place(run, stores)
            raise
    give_reports(run, stores)


def _user() -> str:
    """Return the name of the user who began the run; with sudo, of the user who called it."""
    try:
        return escaped(os.environ.get("SUDO_USER") or getpass.getuser())
    except (ImportError, OSError, KeyError):  # a container's user without a name
        return str(os.getuid()) if hasattr(os, "getuid") else ""


def delete_reports(run: RunRecord) -> bool:
    """Delete the reports of a run, and its folder if nothing else is in it; return whether there were any.

    Raises:
        OSError: one cannot be deleted.
    """
    folder = Path(run.out)
    if not folder.is_absolute() or not folder.is_dir() or folder.is_symlink():
        return False
    with held_reports(run) as there:
        if there is None:
            return False
        delete_drafts(there)
        for path in list(there.iterdir()):
            if BESIDE.fullmatch(path.name) and path.is_file():
                path.unlink()
    with suppress(OSError):  # something else is in it
        delete_folder(folder)
    return True


@contextmanager
def go_on(journal: Journal, run: RunRecord, settings: Settings, **changes: Any) -> Iterator[None]:
    """Mark a stopped run as running for the block; ``run`` still tells how it was stopped."""
    with writing_to(Path(run.out)):
        doubt_killed(journal, run)  # if that cannot be written, the run still counts as killed
        try:
            with journal.at_work(run.id):
                journal.update_run(run.id, state="running", folded=False, **changes)
                yield
        except BaseException:
            with suppress(DiallerSyncError):
                _stop(journal, run)
            raise
    give_again(run, settings.source.stores)


def _leave(journal: Journal, run: RunRecord, early: Sequence[str], *, named: bool) -> None:
    """Delete a run that could not begin; leave one that has ended, or that a message has ``named``."""
    try:
        known = journal.run(run.id)
    except UsageError:  # the journal has not got it yet
        known = run
    changes_contacts = known.command != "import" and known.command not in READING
    if named or known.planned or (changes_contacts and known.rows is not None):
        _stop(journal, run)
    elif known.state == "running":
        journal.delete_run(run.id)
        delete_copies(journal, run)
        _remove_folder(Path(run.out), early)


def _stop(journal: Journal, run: RunRecord) -> None:
    """Mark a run as stopped."""
    if journal.run(run.id).state == "running":
        journal.update_run(run.id, state="stopped")


def _remove_folder(folder: Path, early: Sequence[str]) -> None:
    with suppress(OSError):
        for name in early:
            delete(folder / name)
        delete_folder(folder)


def _source_columns(settings: Settings) -> dict[str, list[list[str]]]:
    """Return the source columns of each field, so that reports find the cells of a fault; see ``report.faults``."""
    found = {
        name: [list(rule.first_of)] if rule.first_of else [[column] for column in rule.sources]
        for name, rule in settings.columns.items()
    }
    for kind, filters in (("only", settings.rows.only), ("skip", settings.rows.skip)):
        found.update((filter_name(kind, column), [[column]]) for column in filters)
    if settings.campaign.column is not None:
        found["DiallerCampaignsName"] = [[settings.campaign.column]]
    return found


def own_folder(reports: Path) -> Path:
    """Return the folder of all runs' reports.

    Raises:
        UsageError: another user has put theirs in its place, and could replace what is written in it.
    """
    if foreign_link(reports) is None and is_foreign(reports):  # such a link has a message of its own
        raise UsageError(
            phrase(
                "the report folder {folder} belongs to another user, who could replace the reports in it. Name "
                "another with --out or reports.dir, or work in a folder of your own.",
                folder=reports.absolute(),
            )
        )
    return reports


def make_folder(path: Path) -> Path:
    """Create the folder of a run's reports, for its owner only.

    Raises:
        UsageError: it holds a run's reports already, or cannot be made, or is another user's.
    """
    try:
        make_private(path)
        own_folder(path)
        _require_empty(path)
        return real_folder(path)  # others may have put a link of theirs in its place
    except OSError as error:
        raise _not_made(path, error) from error


def _not_made(path: Path, error: OSError) -> UsageError:
    return UsageError(
        phrase(
            "the report folder {path} cannot be created: {error}. Name another with --out or reports.dir.",
            path=path.absolute(),
            error=error.strerror,
        )
    )


def _require_empty(path: Path) -> None:
    try:
        is_empty = not any(path.iterdir())
    except OSError as error:
        raise _not_made(path, error) from error
    if not is_empty:
        raise UsageError(
            phrase("--out {path}: not empty; reports of a run are never overwritten. Name another folder.", path=path)
        )


@contextmanager
def writing_to(folder: Path, *, new: bool = False) -> Iterator[None]:
    """Hold the folder of a run's reports against other runs, until the block ends. A ``new`` one is empty.

    Raises:
        UsageError: another run writes its reports there.
    """
    with folder_held(folder) as free:
        if not free:
            raise UsageError(
                phrase(
                    "{folder}: another run is writing its reports there. Name another folder, or wait.", folder=folder
                )
            )
        if new:
            _require_empty(folder)
        yield
