"""Answer the people who bring files: one workbook a file, in a folder that a group can read."""

from __future__ import annotations

import logging
import os
import re
import sys
import tempfile
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path, PurePath

from ..config.inbox import InboxSettings
from ..config.sources import StoreSettings
from ..errors import InputError, JournalError, UsageError
from ..fetch.folder import RemoteFolder
from ..files.pinned import delete_abandoned, pin_own, real, temporary_folder, unpin, within
from ..files.private import give_rights, make_folder, refuse_foreign_link
from ..files.trust import is_foreign
from ..files.url import Url, path_of
from ..files.whole import why
from ..journal import Journal, RunRecord
from ..journal.answers import Answer
from ..model import FINE, Status
from ..report.answer import write_answer, write_short_answer
from ..run.reports import Summary
from ..text.forms import day
from ..text.normal import normalized
from ..text.phrase import figure, mark, phrase
from ..text.stamp import stamp
from .arrivals import mark_of
from .claim import move

_log = logging.getLogger(__name__)

_GOES_ON = mark("The import continues by itself with the next call. Rows not reached yet are not listed as failed.")
_DROP_BACK = mark(
    "Fix the coloured cells on the sheet 'Failed rows', save, and put this workbook into the inbox: only these "
    "rows are then imported."
)


class Answers:
    """The answers to the files of one inbox; without ``inbox.answers`` there are none.

    An answer is noted in the journal first: what cannot be written now is written by the next call.

    Raises:
        UsageError: the folder cannot take answers, or there is no such group.
    """

    def __init__(
        self, settings: InboxSettings, inbox: Path, journal: Journal, stores: Mapping[str, StoreSettings] | None = None
    ) -> None:
        self._folder = settings.answers.absolute() if settings.answers else None
        self._store = RemoteFolder(self._folder, stores or {}) if isinstance(self._folder, Url) else None
        self._journal = journal
        self._notes = journal.answers(str(inbox))
        self._group = _group_of(settings.group) if settings.group and self._folder else None
        if self._folder is None:
            return
        if real(self._folder) in {inbox, *(inbox / name for name in ("done", "failed", "importing"))}:
            raise UsageError(
                phrase(
                    "inbox.answers is {folder}, which is where files come in: name another folder", folder=self._folder
                )
            )
        if self._store:
            if self._group is not None:
                raise UsageError(
                    phrase("inbox.group is for a folder of this machine: leave it out, answers go to an address")
                )
            return
        try:
            refuse_foreign_link(self._folder)
            if not self._folder.is_dir():
                if not self._folder.parent.is_dir():
                    raise UsageError(
                        phrase("inbox.answers: there is no folder {folder}: create it", folder=self._folder.parent)
                    )
                make_folder(self._folder)
                if self._group is not None:
                    give_rights(self._folder, 0o750, self._group)
        except OSError as error:
            raise UsageError(
                phrase("inbox.answers: {folder} cannot be created: {why}", folder=self._folder, why=error.strerror)
            ) from error
        if is_foreign(self._folder):
            raise UsageError(
                phrase(
                    "inbox.answers: {folder} belongs to another user: name a folder of this user", folder=self._folder
                )
            )
        self._warn_who_cannot_enter()

    def _warn_who_cannot_enter(self) -> None:
        assert self._folder  # noqa: S101 - the caller has one
        found = self._folder.stat()
        rights = found.st_mode & (0o070 if found.st_gid == self._group else 0o007)
        if self._group is not None and rights & 0o055 not in {0o050, 0o005}:
            _log.warning(
                phrase("inbox.answers: the group cannot open {folder}: chgrp it, and chmod g+rx", folder=self._folder)
            )

    def of_run(self, summary: Summary, file: str, *, goes_on: bool) -> None:
        """Note the answer to a file that a run has read."""
        if self._folder:
            outcome = STOPPED if goes_on else outcome_of(summary.counts)
            self._notes.add(file, summary.finished_at, outcome, run=summary.run_id)

    def unread(self, file: str, reason: str) -> None:
        """Note the answer to a file that cannot be read."""
        self._short(file, UNREAD, reason)

    def refused(self, file: str, reason: str) -> None:
        """Note the answer to a file whose content was imported before."""
        self._short(file, NOTHING, reason)

    def waits(self, file: str, reason: str) -> None:
        """Note once the answer to a file whose import cannot begin yet."""
        self._short(file, STOPPED, reason, once=True)

    def _short(self, file: str, outcome: str, reason: str, *, once: bool = False) -> None:
        if self._folder:
            self._notes.add(file, stamp(), outcome, reason=reason, once=once)

    def write(self) -> None:
        """Write all answers that are not written."""
        if self._folder is None:
            return
        if not self._store:
            delete_abandoned(self._folder)
        for answer in self._notes.unwritten():
            try:
                with self._held(self._folder) as folder:
                    path = self._write(answer, folder)
                    mark = self._mark(path)
            except (OSError, JournalError, InputError, UsageError) as error:
                said = error if isinstance(error, InputError | UsageError) else f"{why(error)}."
                _log.error(
                    phrase(
                        "the answer to {file} cannot be written to {folder}: {why} The next call tries again.",
                        file=answer.file,
                        folder=self._folder,
                        why=said,
                    )
                )
                return
            known = self._folder / path.name
            self._notes.settle(answer.id, str(known), mark)
            _log.info("answered: %s", known)

    @contextmanager
    def _held(self, folder: Path) -> Iterator[Path]:
        """Hold the folder open: whoever can write to the one above could put another in its place."""
        number = None if self._store else pin_own(folder)
        try:
            yield within(number, folder)
        finally:
            unpin(number)

    def _write(self, answer: Answer, folder: Path) -> Path:
        """Write an answer under a hidden name, then give it its own: whole or not there."""
        at = datetime.fromisoformat(answer.at).astimezone()
        run = next((run for run in self._journal.runs() if run.id == answer.run), None) if answer.run else None
        with temporary_folder(Path(tempfile.gettempdir()) if self._store else folder) as hidden:
            draft = hidden / "answer.xlsx"
            if run and run.summary:
                self._write_of_run(draft, answer, run)
            else:
                facts = {
                    phrase("File"): answer.file,
                    phrase("When"): day(at, mark("%Y-%m-%d %H:%M %Z")),
                    phrase("Why"): answer.reason,
                }
                write_short_answer(draft, f"{answer.file} – {spoken(answer.outcome)}", facts)
            if self._group is not None:
                os.chown(draft, -1, self._group)
                draft.chmod(0o640)
            taken = {name.casefold() for name in self._names(folder)}
            path = folder / answer_name(answer.file, at, spoken(answer.outcome), taken)
            if self._store:
                self._store.put({path.name: draft})
            else:
                move(draft, path)
        return path

    def _names(self, folder: Path) -> list[str]:
        if not self._store:
            return [path.name for path in folder.iterdir()]
        self._store.make()
        return [entry.name for entry in self._store.listed()]

    def _mark(self, path: Path) -> str:
        return self._store.mark(path.name) if self._store else mark_of(path)

    def _delete(self, path: Path) -> None:
        if self._store:
            self._store.delete(path.name)
        else:
            path.unlink()

    def _write_of_run(self, draft: Path, answer: Answer, run: RunRecord) -> None:
        goes_on = answer.outcome == STOPPED
        failed = any(count for status, count in (run.summary or {})["counts"].items() if status in _TO_FIX)
        note = phrase(_GOES_ON) if goes_on else phrase(_DROP_BACK) if failed else ""
        columns = [entry["layout"].get("columns", ()) for entry in run.files]
        mapped = run.options.get("mapped") or {}
        summary = {**(run.summary or {})}
        write_answer(draft, summary, columns, mapped, lambda: self._journal.rows_to_fix(run, goes_on=goes_on), note)

    def delete_old(self, keep: timedelta, now: datetime | None = None) -> None:
        """Delete answers older than ``keep``: those that are as they were written, and whose run cannot be resumed.

        Only files that are named like answers: an edited journal may name any.
        """
        if self._folder is None:
            return
        limit = (now or datetime.now().astimezone()) - keep
        needed = {run.id for run in self._journal.runs() if run.state != "finished"}
        for answer in self._notes.written():
            path = path_of(answer.path)
            if datetime.fromisoformat(answer.at) >= limit or answer.run in needed or path.parent != self._folder:
                continue
            if not _ANSWER.search(path.name):
                continue
            with suppress(OSError, InputError), self._held(self._folder) as folder:
                place = folder / path.name
                if self._mark(place) == answer.mark:
                    self._delete(place)
                if self._mark(place) != answer.mark:
                    self._notes.forget(answer.id)


_TO_FIX = frozenset(Status) - FINE


def _group_of(name: str) -> int:
    """Return the ID of a group that this user can give files to.

    Raises:
        UsageError: there is none, or this user is not in it.
    """
    if sys.platform == "win32":
        raise UsageError(phrase("inbox.group: Windows has no such groups; give the folder the rights instead"))
    import grp

    try:
        number = grp.getgrnam(name).gr_gid
    except KeyError:
        raise UsageError(phrase("inbox.group: there is no group '{name}' on this machine", name=name)) from None
    if os.geteuid() and number not in {os.getegid(), *os.getgroups()}:
        raise UsageError(
            phrase("inbox.group: this user is not in the group '{name}', so it cannot give files to it", name=name)
        )
    return number


UNREAD, STOPPED, NOTHING = mark("could not be read"), mark("stopped, will go on"), mark("nothing imported")
"""Outcomes as the journal has them."""

_BYTES, _SIGNS = 255, 180
"""Longest name: of file systems in bytes, and of what Excel opens together with its folder."""
_LONGEST_OUTCOME = 50
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f\ud800-\udfff]')
_ANSWER = re.compile(r" – \d{4}-\d\d-\d\d \d{4} – [^/]{1,200}\.xlsx\Z")
"""How the name of an answer ends, as :func:`answer_name` gives it."""
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\s*(\.|$))", re.IGNORECASE)


def outcome_of(counts: Mapping[str, int]) -> str:
    """Return how a run went: ``1,989 of 2,000 imported``."""
    done = counts.get("succeeded", 0)
    return phrase("{done} of {read} imported", done=figure(done), read=figure(counts["read"])) if done else NOTHING


def spoken(outcome: str) -> str:
    """Return an outcome of the journal in the language that is spoken."""
    return phrase(outcome) if outcome in (UNREAD, STOPPED, NOTHING) else outcome


def as_file_name(text: str) -> str:
    """Return a text without what a name on some system may not hold, so that it names no folder either."""
    return _DEVICE.sub(r"_\1", _FORBIDDEN.sub("_", normalized("NFC", text)).lstrip())


def answer_name(file: str, at: datetime, outcome: str, taken: Container[str]) -> str:
    """Return the name of an answer; ``taken`` are the names in its folder, in lower case.

    A long name loses signs before its suffix.
    """
    name, outcome = as_file_name(file), as_file_name(outcome)[:_LONGEST_OUTCOME]  # the journal has both
    whole = (_fitting(name, f" – {at:%Y-%m-%d %H%M} – {outcome}{number}.xlsx") for number in _numbers())
    return next(each for each in whole if each.casefold() not in taken)


def _numbers() -> Iterator[str]:
    yield ""
    yield from (f" ({number})" for number in count(2))


def _fitting(name: str, end: str) -> str:
    suffix = PurePath(name).suffix
    if len(suffix) > 12:  # no suffix, but a name with a dot
        suffix = ""
    stem = name.removesuffix(suffix)
    while stem and (len((stem + suffix + end).encode()) > _BYTES or len(stem + suffix + end) > _SIGNS):
        stem = f"{stem.removesuffix('…')[:-1]}…" if len(stem) > 1 else ""
    return f"{stem}{suffix}{end}"
