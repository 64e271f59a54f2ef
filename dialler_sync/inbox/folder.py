"""Work through an inbox folder: import complete files and move them away, each tagged with the ID of its run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path
from typing import Protocol

from ..config import SourceSettings
from ..errors import DiallerSyncError, Held, InputError, JournalError, ListUnreadable, is_of_machine
from ..exit_codes import ExitCode, exit_code
from ..files.pinned import known, shown_as
from ..journal import Journal, RunRecord
from ..run.reports import Summary
from ..text.command_line import command
from ..text.forms import first_few
from ..text.phrase import counted, phrase
from ..text.shortage import shortage
from .answers import Answers
from .arrivals import Arrivals
from .places import UNREAD, Claimed, StillWritten, Unfiled
from .runs import FileRuns, Repeat

_log = logging.getLogger(__name__)

_SETTLED = frozenset({ExitCode.OK, ExitCode.ROWS_FAILED})


class Importer(Protocol):
    """Imports files, one by one."""

    def work(self, path: Path, stopped: RunRecord | None) -> Summary:
        """Import a file, or resume the run that was stopped while importing it."""

    def tell(self, summary: Summary) -> None:
        """Notify everybody of a run whose file is filed."""


@dataclass(slots=True)
class Inbox:
    """Imports the files of one inbox, for one campaign (``target``).

    If a run stops for an outside reason (dialler down, token expired, interrupted), its file stays in the inbox, and
    the next call resumes the run before it takes another file. All files behind it wait: of two exports of one list,
    the older one must not be imported last.

    ``overwrites``: importing the same rows again creates no second contacts. ``dry_run`` leaves every file where it is.
    """

    arrivals: Arrivals
    journal: Journal
    target: Callable[[], str]
    importer: Importer
    answers: Answers | None = None
    overwrites: bool = True
    dry_run: bool = False
    source: SourceSettings = field(default_factory=SourceSettings)
    codes: list[int] = field(default_factory=list)
    _behind: list[str] = field(default_factory=list)
    _runs: FileRuns = field(init=False)

    def __post_init__(self) -> None:
        self._runs = FileRuns(self.journal, self.target, self.arrivals.place)

    @property
    def folder(self) -> Path:
        """The path of the inbox."""
        return self.arrivals.folder

    def work_through(self) -> list[int]:
        """Import every complete file; return their exit codes.

        A failed file does not stop the others, unless it must be finished first. Each file is moved and recorded in the
        journal before anything is reported of it.

        Raises:
            UsageError: the folder cannot be read, or another call is working on it.
        """
        bugs: list[Exception] = []
        with self.journal.inbox_lock(str(self.folder)):
            self._write_answers()
            for taken in self._files():
                stays = False
                try:
                    summary = self._work_on(taken)
                    if summary:
                        stays = not self._place(summary)
                        self.importer.tell(summary)
                except DiallerSyncError as error:
                    stays = _stays(error) or self._runs.is_begun(taken)
                    said = _with_home_path(error, taken)
                    _log.error("%s", said)
                    self._answer_unbegun(taken, error, str(said))
                    self.codes.append(exit_code(error, {}))
                except Exception as bug:  # noqa: BLE001 - raised below, after the other files
                    cause = shortage(bug) or phrase("a bug in dialler-sync: {bug}", bug=bug)
                    _log.error("%s: %s", taken.home, cause)
                    bugs.append(bug)
                finally:
                    self._release(taken)
                    taken.let_go()
                self._write_answers()
                if self.codes and self.codes[-1] in (ExitCode.INTERRUPTED, ExitCode.OUT_OF_TIME):
                    break
                if stays and not self.dry_run:
                    self._warn_who_waits(taken)
                    break
            self._write_answers()
        if bugs:
            raise bugs[0]
        return self.codes

    def _write_answers(self) -> None:
        if self.answers and not self.dry_run:
            self.answers.write()

    def _answer_unbegun(self, taken: Claimed, error: DiallerSyncError, said: str) -> None:
        """Note the answer to a file that no run has read."""
        if not self.answers or self.dry_run or isinstance(error, (Held, JournalError)) or self._runs.is_begun(taken):
            return
        if isinstance(error, Repeat):
            self.answers.refused(taken.home.name, said)
        elif isinstance(error, InputError) and not (_stays(error) or isinstance(error, StillWritten)):
            self.answers.unread(taken.home.name, said)
        else:
            self.answers.waits(taken.home.name, said)

    def _answer(self, summary: Summary, taken: Claimed, place: str) -> None:
        if self.answers and not self.dry_run:
            self.answers.of_run(summary, taken.home.name, goes_on=not place)

    def _files(self) -> Iterator[Claimed]:
        """Yield the files, each claimed when it is its turn."""
        arrivals = self._runs.in_turn(self.arrivals.complete())
        self._behind = [arrival.path.name for arrival in arrivals]
        yield from list(self.arrivals.place.left_behind())
        for place, arrival in enumerate(arrivals, 1):
            self._behind = [other.path.name for other in arrivals[place:]]
            try:
                taken = self.arrivals.place.claim(arrival)
            except DiallerSyncError as error:
                _log.error("%s", error)
                self.codes.append(exit_code(error, {}))
                continue
            if taken:
                yield taken

    def _warn_who_waits(self, taken: Claimed) -> None:
        if self._behind:
            _log.warning(
                "%s %s",
                counted(
                    len(self._behind),
                    "{file} must be finished first, so {files} waits; the next call begins with it.",
                    "{file} must be finished first, so {files} wait; the next call begins with it.",
                    file=taken.home,
                    files=first_few(self._behind, 3),
                ),
                taken.way_out,
            )

    def _work_on(self, taken: Claimed) -> Summary | None:
        """Import a file and file it; return the summary, None if it was imported before."""
        state = _state(taken.place)
        try:
            sha256 = taken.sha256(self.source)
            run = None if self.dry_run else self._runs.earlier(taken, sha256)
            if run is not None:
                self._runs.move(taken.place, run)
                if run.summary and _place(run.state, run.summary["exit_code"]):
                    self._file_imported(taken, run, Summary.read(run.summary))
                    return None
            elif not (self.overwrites or self.dry_run):
                self._runs.refuse_repeat(taken, sha256)
            with shown_as(taken.place, taken.home):
                summary = self.importer.work(taken.place, run)
        except (ListUnreadable, Unfiled):
            raise
        except InputError as error:
            if is_of_machine(error):
                raise
            if _state(taken.place) != state:  # whatever is wrong with it, the rest may still come
                raise StillWritten(
                    phrase("{path} is still being written; it waits until it is complete", path=taken.home)
                ) from error
            if not self.dry_run:
                self._file(taken, "failed", f"{UNREAD}{datetime.now(UTC):%Y%m%d-%H%M%S}")
            raise
        self.codes.append(summary.exit_code)
        place = "" if self.dry_run else self._place(summary)
        self._answer(summary, taken, place)
        if place:
            try:
                self._file(taken, place, summary.run_id)
            except DiallerSyncError as error:
                _log.error("%s", error)
                self.codes.append(exit_code(error, {}))
        return summary

    def _file_imported(self, taken: Claimed, run: RunRecord, summary: Summary) -> None:
        """Move away a file that an earlier call has imported, but not filed."""
        place = _place(run.state, summary.exit_code)
        self._answer(summary, taken, place)
        _log.info(
            phrase(
                "{file} was imported by run {run}, and is now moved to {target}",
                file=taken.home,
                run=run.id,
                target=self._file(taken, place, run.id),
            )
        )
        if run.is_unreported:
            _log.warning(
                phrase(
                    "its reports have not been written; write them with: {command}",
                    command=command("runs", "report", run.id),
                )
            )
        self.codes.append(summary.exit_code)

    def _place(self, summary: Summary) -> str:
        return _place(self.journal.run(summary.run_id).state, summary.exit_code)

    def _file(self, taken: Claimed, place: str, tag: str) -> Path:
        runs = self._runs.reading(taken.place)
        target = taken.file(self.folder / place, tag)
        for run in runs:
            self._runs.move(target, run)
        return target

    def _release(self, taken: Claimed) -> None:
        """Put a file that was not filed back into the inbox, unless it stays claimed, and update its runs, so that they
        can be resumed."""
        if taken.place.exists():
            runs = self._runs.reading(taken.place)
            if taken.stays and any(not run.options.get("dry_run") for run in runs):
                return
            lies = taken.put_back()
            for run in runs:
                self._runs.move(lies, run)


def _stays(error: DiallerSyncError) -> bool:
    """Whether a file stays in the inbox because what is wrong lies elsewhere."""
    return isinstance(error, (Held, JournalError, ListUnreadable, Unfiled)) or is_of_machine(error)


def _state(path: Path) -> tuple[int, int] | None:
    """Return what changes when a file is written to."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _with_home_path(error: DiallerSyncError, taken: Claimed) -> DiallerSyncError:
    """Return the error with the path in the inbox, which users know."""
    names = str(taken.place), str(known(taken.place))
    return DiallerSyncError(
        *(reduce(lambda said, name: said.replace(name, str(taken.home)), names, each) for each in error.args)
    )


def _place(state: str, code: int) -> str:
    """Return the folder for the file of an ended run, ``""`` if the run stopped for an outside reason."""
    if state == "finished":
        return "done" if code in _SETTLED else "failed"
    return "failed" if code == ExitCode.SAFETY_LIMIT else ""
