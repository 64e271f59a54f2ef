"""Erase a person from journal and reports; say where copies remain."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from ..errors import Interrupted, JournalError, UsageError
from ..files.private import delete
from ..files.url import Url, path_of
from ..journal import READING, Journal, RunRecord
from ..journal.erase import TO_REWRITE, Place
from ..model import FINE
from ..run.address import OUT
from ..run.own_folder import MARKED, reopen_folder
from ..run.report_files import write_reports
from ..run.reports import Summary
from ..text.command_line import command
from ..text.forms import first_few
from ..text.phrase import counted, phrase
from .unfinished import require_not_at_work

_log = logging.getLogger(__name__)

_SHOWN = 3
"""Folders that a message names."""


@dataclass(frozen=True, slots=True)
class Person:
    """The rows of a person, and the runs that they are in."""

    user_data: str
    rows: list[Place]
    runs: list[RunRecord]


class KeptCells:
    """The original cells of a run's rows to be fixed, as the journal keeps them; those of other rows are empty."""

    def __init__(self, journal: Journal, run: RunRecord) -> None:
        self._journal = journal
        self._run = run

    @property
    def extra_cells(self) -> int:
        """Return the number of cells that the longest row has beyond its header."""
        widths = [len(entry["layout"].get("columns", ())) for entry in self._run.files]
        return max((max(0, len(cells) - widths[file]) for _, file, cells in self.source_cells()), default=0)

    def source_cells(self) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        """Yield (place in the run, source, original cells) of every row, in order."""
        for result, file, cells in self._journal.rows_with_kept_cells(self._run):
            yield result.seq, file, () if result.status in FINE else cells


def find_person(journal: Journal, user_data: str) -> Person:
    """Return what the journal has of a person, and the runs whose reports an interrupted call has not rewritten.

    Raises:
        UsageError: a run that can be resumed still needs it.
    """
    if not user_data.strip():
        raise UsageError(phrase("--user-data is empty: name the UserData of the person"))
    rows, named = journal.rows_of(user_data)
    wanted = {run for run, _ in rows} | named
    runs = [run for run in journal.runs() if run.id in wanted or run.options.get(TO_REWRITE)]
    for run in runs:
        _require_ended(journal, run)
    return Person(user_data, rows, runs)


def reports_left(journal: Journal) -> bool:
    """Whether reports still have a person whom the journal no longer has."""
    return any(run.options.get(TO_REWRITE) for run in journal.runs())


def _require_ended(journal: Journal, run: RunRecord) -> None:
    if run.state == "finished":
        return
    require_not_at_work(journal, run)
    if run.command not in READING:
        raise UsageError(
            phrase(
                "run {run} is not finished and would send the person again: finish it with '{command}', or "
                "delete it with '{prune}', first",
                run=run.id,
                command=command("resume", run.id),
                prune=command("runs", "prune", run.id, "--reports"),  # no forget would know of them
            )
        )


def forget_person(journal: Journal, person: Person) -> tuple[Person, list[str]]:
    """Erase a person; return what was erased, and where copies remain.

    Raises:
        UsageError: a run is working on one of the campaigns.
    """
    copies = [
        phrase(
            "the dialler, if it still has the contact: {command}, then forget once more: the journal keeps "
            "what was deleted",
            command=command("contacts", "delete", f"--user-data={person.user_data}"),
        ),
        phrase("lists of calls written with calls --to, and whatever was made from them"),
        phrase(
            "what reconcile, validate --mapped, plan -o, inspect --to and contacts -o have written, and mails' "
            "attachments"
        ),
    ]
    with ExitStack() as locks:
        held: set[str] = set()
        while wanted := {run.target for run in person.runs} - held:
            for target in sorted(wanted):
                locks.enter_context(journal.campaign_lock(target))
            held |= wanted
            person = find_person(journal, person.user_data)  # once more, as a run may have ended meanwhile
        if gone := [run.out for run in person.runs if not Path(run.out).is_dir()]:
            copies.append(
                counted(
                    len(gone),
                    "if it was moved, a report folder that is not there: {folders}",
                    "if they were moved, report folders that are not there: {folders}",
                    folders=first_few(gone, _SHOWN),
                )
            )
        journal.erase(person.user_data, person.rows, [run.id for run in person.runs])
        try:
            for run in person.runs:
                copies += _rewrite(journal, run)
        except KeyboardInterrupt:
            raise Interrupted(
                phrase("Interrupted. Reports may still have the person: run the command again.")
            ) from None
    return person, list(dict.fromkeys(copies))


def _rewrite(journal: Journal, run: RunRecord) -> Iterator[str]:
    """Write the reports of a run anew, without the person; yield where copies remain."""
    out = Path(run.out)
    files = [path_of(entry["path"]) for entry in run.files if entry["path"]]
    yield from (
        phrase("{path}, which run {run} has read", path=path, run=run.id) for path in files if _may_be_there(path)
    )
    yield from (answer.path for answer in journal.answers_of(run.id) if _may_be_there(path_of(answer.path)))
    if address := run.options.get(OUT):
        yield phrase(
            "{address}, the reports of {run}: delete them, or put them there anew: {command}",
            address=address,
            run=f"{run.command} {run.id}",
            command=command("runs", "report", run.id, "--out", address),
        )
    if not out.is_dir() or run.command not in {"import", "validate"} or not run.summary:
        if out.is_dir():
            yield phrase("{folder}, the reports of {run}: delete them", folder=out, run=f"{run.command} {run.id}")
        journal.rewritten(run.id)
        return
    try:
        reopen_folder(run)
        write_reports(journal, run, KeptCells(journal, run), Summary.read(run.summary), keep=False)
        for marked in filter(lambda path: MARKED.fullmatch(path.name), list(out.iterdir())):
            delete(marked)
        journal.rewritten(run.id)
    except (JournalError, UsageError, OSError) as error:
        _log.error("%s", error)
        yield phrase("{folder}, whose reports could not be rewritten: fix that, and run the command again", folder=out)


def _may_be_there(path: Path) -> bool:
    """Whether a file is there; at an address nobody looks, so it may be."""
    return isinstance(path, Url) or path.exists()
