"""Rows without UserData that another import has sent: sent again, each would make another contact.

They are known by their place in their list, else by what they say.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from ..journal import Journal, JournalRow, RunRecord
from ..journal.records import place_of
from ..model import Reason, Status
from ..prepare.prepared import Prepared
from .left_over import DOUBTFUL, LeftOver, doubt, may_have_sent, settle


@dataclass(frozen=True, slots=True)
class _Before:
    """Another import of rows without UserData. ``related``: it retries the run, or one that the run retries, so that
    a row that says the same is the same, also in another list."""

    run: RunRecord
    related: bool


def _imports_before(journal: Journal, run: RunRecord, bases: Sequence[RunRecord]) -> list[_Before]:
    """Return the other imports that may have sent rows of ``run``: ``bases``, where these come from, with all that
    these retry or that retries them; and what has read the same lists since."""
    runs = {each.id: each for each in reversed(journal.runs()) if each.target == run.target and may_have_sent(each)}

    def first(of: RunRecord) -> RunRecord:
        for _ in runs:
            of = runs.get(of.parent or "", of)
        return of

    roots = {root.id: root for root in map(first, bases)}
    since = min(root.started_at for root in roots.values())
    lists = {sha256 for each in (run, *bases, *roots.values()) for sha256 in _content(each)}
    found = []
    for each in runs.values():
        related = first(each).id in roots
        reads = each.options.get("mended") or not lists.isdisjoint(_content(each))
        if each.id != run.id and (related or (reads and each.started_at >= since)):
            found.append(_Before(each, related))
    return found


def _content(run: RunRecord) -> list[str]:
    return [entry["sha256"] for entry in run.files]


def _place(run: RunRecord, entry: JournalRow) -> tuple[str, str]:
    """Return (list, place in it) of a row; see :func:`~dialler_sync.journal.records.place_of`."""
    found = place_of(run.files[entry.file], entry.result.row, entry.origin)
    return found.rpartition(" ")[0], found


def _keyless(journal: Journal, run: RunRecord) -> Iterator[JournalRow]:
    rows = journal.rows(run) if journal.has_keyless(run.id) else ()
    return (entry for entry in rows if entry.has_source and entry.payload and not entry.result.user_data)


def _sent_before(
    journal: Journal, before: Sequence[_Before], lists: Container[str]
) -> tuple[dict[str, tuple[str, ...]], dict[str, list[int | None]]]:
    """(runs that have sent a row, watermarks of doubtful ones), by its place in the ``lists``, else by what it says.
    What a retry found settled counts only if the journal no longer has the run that had settled it."""
    known = {run.id for run in journal.runs()}
    done: dict[str, tuple[str, ...]] = {}
    doubtful: dict[str, list[int | None]] = {}
    for run, related in ((each.run, each.related) for each in before):
        back, unsure, once = journal.put_back(run.id), dict[str, list[int | None]](), (run.id,)
        for entry in _keyless(journal, run):
            of_list, where = _place(run, entry)
            if not (related or of_list in lists):
                continue
            key, seq = where if of_list in lists else entry.payload, entry.result.seq
            if entry.state in DOUBTFUL or back.get(seq) is False:
                unsure.setdefault(key, []).append(None if seq in back else entry.watermark)
            elif seq not in back and _was_sent(entry, run.parent not in known):
                done[key] = done[key] + once if key in done else once
        for key, marks in unsure.items():  # a retry of a doubtful row leaves it in doubt: it is one row
            doubtful[key] = max(doubtful.get(key, []), marks, key=len)
    return done, doubtful


def _was_sent(entry: JournalRow, inherits: bool) -> bool:
    return entry.result.status is Status.SUCCEEDED or (inherits and entry.result.action is Reason.UNCHANGED)


def drop_sent_before(
    journal: Journal, run: RunRecord, bases: Sequence[RunRecord], prepared: Prepared, left: LeftOver
) -> None:
    """Leave out rows without UserData that another import has sent, of all that :func:`_imports_before` finds."""
    if not journal.has_keyless(run.id):
        return
    rows, named = None, {name for _, _, name in prepared.mended}
    bases = [*bases, *(each for each in journal.runs() if each.id in named and each.target == run.target)]
    if named and (run.options.get("mended") or not run.parent):  # a row that somebody has added is new
        rows = {seq for seq, _, _ in prepared.mended}
    _drop_keyless(journal, run, _imports_before(journal, run, bases), prepared, left, rows)


def _drop_keyless(
    journal: Journal,
    run: RunRecord,
    before: Sequence[_Before],
    prepared: Prepared,
    left: LeftOver,
    rows: Container[int] | None = None,
) -> None:
    """Leave out rows without UserData that were sent ``before``: found by their place in the same list, also if a
    mended file has them, else by what is sent."""

    def ours() -> Iterator[JournalRow]:
        return (entry for entry in _keyless(journal, run) if rows is None or entry.result.seq in rows)

    lists = {_place(run, entry)[0] for entry in ours()}
    done, doubtful = _sent_before(journal, before, lists) if lists else ({}, {})

    def taken(entry: JournalRow) -> str:
        """Return the run that has sent the row, which then stands for no other one; ``""`` if none has."""
        key = next((key for key in (_place(run, entry)[1], entry.payload) if done.get(key)), "")
        *done_left, by = done.get(key) or ("",)
        if by:
            done[key] = tuple(done_left)
        return by

    for entry in ours() if done else ():
        if entry.result.action is Reason.UNCHANGED:
            taken(entry)
    settled: dict[int, str] = {}
    unsure: dict[int, int | None] = {}
    for entry in ours() if done or doubtful else ():
        seq = entry.result.seq
        if not prepared.todo[seq]:
            continue
        if by := taken(entry):
            settled[seq] = by
        elif seq not in left.doubtful:
            marks = doubtful.get(_place(run, entry)[1]) or doubtful.get(entry.payload)
            if marks:
                unsure[seq] = marks.pop()
    settle(journal, run, settled, prepared, left)
    doubt(journal, run, unsure, left)
