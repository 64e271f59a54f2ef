"""The rest of an interrupted run, or of an earlier run that is retried."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ..errors import CannotResume
from ..journal import Journal, JournalRow, NoRow, Outcome, PlannedRow, RowState, RunRecord
from ..journal.records import place_of
from ..model import MOVE, Reason, SpooledRow, Status
from ..pages import ROWS, batched
from ..prepare.prepared import Prepared
from ..prepare.sources import Source
from ..text.phrase import phrase

DOUBTFUL = frozenset({str(RowState.SENDING), str(Status.UNKNOWN)})
_UNSETTLED = frozenset({*DOUBTFUL, str(RowState.PENDING)})
_OF_A_LIST = frozenset({NoRow.MIRRORED, NoRow.RETURNED, NoRow.FILTERED})
"""Changes that follow from a whole list; a newer list takes them over."""


@dataclass(frozen=True, slots=True)
class LeftOver:
    """The rest of a run beside rows that were never sent.

    ``doubtful`` are rows that may have been sent, each with its watermark; ``extra`` is
    what was still to be locked or deleted, of which those ``begun`` may have been. ``killed``: requests of the run may
    still be running.
    """

    doubtful: dict[int, int | None] = field(default_factory=dict)
    extra: list[SpooledRow] = field(default_factory=list)
    begun: set[int] = field(default_factory=set)
    killed: bool = False


class KnownRows:
    """A sink that compares rows with those an interrupted run has read: they must be the same."""

    def __init__(self, journal: Journal, run: RunRecord) -> None:
        self._run = run
        self._known = journal.rows(run)

    def add_rows(self, rows: Sequence[PlannedRow], _found: object) -> None:
        """Compare the next rows.

        Raises:
            CannotResume: they are others.
        """
        for row in rows:
            known = next(self._known, None)
            if known is None or known.result.row != row.row or known.payload != row.payload:
                raise CannotResume(
                    phrase(
                        "row {row} is read differently than when run {run} started (another dialler-sync version?); "
                        "import the file as a new run",
                        row=row.row,
                        run=self._run.id,
                    )
                )

    def settle(self, _outcomes: object) -> None:
        """Do nothing: the journal has these outcomes already."""

    def settle_shared(self, _outcomes: object, _warned: object) -> None:
        """Do nothing: the journal has these, too."""


def newer_list(journal: Journal, run: RunRecord) -> str:
    """Return the newest import of a whole list that began after ``run`` and was not undone; ``""`` if none."""
    whole = (each.id for each in _imports_since(journal, run) if not each.parent)
    return next(whole, "")


def restore_progress(journal: Journal, run: RunRecord, prepared: Prepared) -> LeftOver:
    """Drop the rows from ``prepared`` that the interrupted run has settled, and return those that it may have sent.

    A newer list takes over the rest of its mirror.
    """
    left, newer = LeftOver(killed=run.state == "running"), newer_list(journal, run)
    overtaken = []
    for entry in journal.rows(run):
        result = entry.result
        if not entry.has_source:
            if entry.state in _UNSETTLED and newer and entry.file in _OF_A_LIST:
                why = phrase("left to run {newer}, which has a newer list", newer=newer)
                overtaken.append(Outcome(result.seq, Status.SKIPPED, result.action, result.contact_id, error=why))
            elif entry.state in _UNSETTLED:
                left.extra.append(SpooledRow(result.seq, result.user_data, b"", str(result.action), result.contact_id))
                if entry.state in DOUBTFUL:
                    left.begun.add(result.seq)
            continue
        prepared.note_action(result.seq, result.action)
        if entry.moves:
            prepared.watched[result.seq] = MOVE, result.contact_id
        if entry.state in DOUBTFUL:
            left.doubtful[result.seq] = entry.watermark
        elif entry.state != RowState.PENDING:
            prepared.todo[result.seq] = 0
    journal.record(run.id, overtaken)
    return left


def drop_overtaken(journal: Journal, run: RunRecord, origin: RunRecord, prepared: Prepared, left: LeftOver) -> None:
    """Leave out rows of ``run`` whose key was settled by an import that began after ``origin``, where they come from:
    sent now, older values would replace newer ones. Rows without UserData would be made twice."""
    _drop_sent_before(journal, run, [origin], prepared, left)

    def waits(entry: JournalRow) -> bool:
        return entry.has_source and bool(entry.result.user_data) and bool(prepared.todo[entry.result.seq])

    if not journal.sent_since(origin.target, origin.started_at, {run.id, origin.id}):
        return
    waiting = filter(waits, journal.rows(run))
    for page in batched(waiting, ROWS):
        keys = {entry.result.seq: entry.result.user_data for entry in page}
        for seq in _supersede(journal, run, origin.id, origin.started_at, keys):
            prepared.todo[seq] = 0
            left.doubtful.pop(seq, None)


def mended_runs(sources: Iterable[Source]) -> list[RunRecord]:
    """Return the runs that rows of mended files come from, as far as the journal has them."""
    guards = [source.guard for source in sources if source.guard]
    return list({run.id: run for guard in guards for run in guard.runs.values() if run}.values())


def drop_settled_by_earlier_runs(
    journal: Journal, run: RunRecord, sources: Sequence[Source], prepared: Prepared
) -> LeftOver:
    """Take up only what earlier runs have not settled: of a retry, its parent; of a row of a mended file, the run that
    it comes from, and later ones."""
    left = LeftOver()
    parent = journal.run(run.parent) if run.parent and not run.options.get("mended") else None
    if parent and _may_have_sent(parent):
        left = LeftOver(killed=parent.state == "running")
        left.doubtful.update(drop_settled(journal, run, parent, prepared, keyless=False).doubtful)
        drop_overtaken(journal, run, parent, prepared, left)
    mended = {each.id: each for each in mended_runs(sources) if each.target == run.target}
    for origin in mended.values():
        if _may_have_sent(origin):
            rows = {seq for seq, _, name in prepared.mended if name == origin.id}
            left.doubtful.update(drop_settled(journal, run, origin, prepared, rows, keyless=False).doubtful)
    if mended:
        _drop_sent_before(journal, run, list(mended.values()), prepared, left)
    _drop_superseded(journal, run, mended, prepared)
    return left


def _may_have_sent(run: RunRecord) -> bool:
    """Whether a run may have sent rows: dry runs and validations settle none."""
    return run.command == "import" and not run.options.get("dry_run")


def _imports_since(journal: Journal, origin: RunRecord) -> list[RunRecord]:
    """Yield imports to the target of ``origin`` that began after it and were not undone, the newest first."""
    but = {origin.id, *journal.undone()}
    return [
        each
        for each in journal.runs()
        if each.target == origin.target and _may_have_sent(each)
        if each.started_at >= origin.started_at and each.id not in but
    ]


def _drop_superseded(journal: Journal, run: RunRecord, mended: Mapping[str, RunRecord], prepared: Prepared) -> None:
    """Drop rows whose key was settled after the run that they come from."""
    by_run: dict[str, dict[int, str]] = {}
    for seq, key, origin in prepared.mended:
        if key and prepared.todo[seq]:
            by_run.setdefault(origin, {})[seq] = key
    for origin, keys in by_run.items():
        since = mended[origin].started_at if origin in mended else _moment(origin)
        for seq in _supersede(journal, run, origin, since, keys) if since else ():
            prepared.todo[seq] = 0


def _supersede(journal: Journal, run: RunRecord, origin: str, since: str, keys: Mapping[int, str]) -> list[int]:
    """Settle the rows (place → key) whose key was settled after the run ``origin``; return their places."""
    later = journal.settled_since(run.target, since, list(keys.values()), {run.id, origin})
    outcomes = []
    for seq in (seq for seq, key in keys.items() if key in later):
        why = phrase(
            "settled by run {newer}, which is newer than this row's run {origin}", newer=later[keys[seq]], origin=origin
        )
        outcomes.append(Outcome(seq, Status.SKIPPED, Reason.SUPERSEDED, error=why))
    journal.record(run.id, outcomes)
    return [outcome.seq for outcome in outcomes]


def _moment(run_id: str) -> str:
    """Return the start of a run from its ID; ``""`` if it is not one."""
    try:
        return f"{datetime.strptime(run_id[:15], '%Y%m%d-%H%M%S'):%Y-%m-%dT%H:%M:%SZ}"  # noqa: DTZ007 - it is UTC
    except ValueError:
        return ""


def drop_settled(
    journal: Journal,
    run: RunRecord,
    parent: RunRecord,
    prepared: Prepared,
    rows: Container[int] | None = None,
    *,
    keyless: bool = True,
) -> LeftOver:
    """Of an earlier run, take up only what it has not settled: found by UserData, without one as :func:`_drop_keyless`
    says, if ``keyless``.

    ``rows``: the places of those that come from it; None: of all.
    """
    left = LeftOver()

    def waits(seq: int) -> bool:
        return bool(prepared.todo[seq]) and (rows is None or seq in rows)

    settled = list(filter(waits, journal.settled_by(parent.id, run.id)))
    doubtful, moves = _doubtful(journal, parent)
    for entry in journal.rows(run) if doubtful else ():
        seq, key = entry.result.seq, entry.result.user_data
        if waits(seq) and doubtful.get(key):
            left.doubtful[seq] = doubtful[key].pop()
            if key in moves:
                prepared.watched[seq] = MOVE, ""
    for seq in filter(waits, journal.perhaps_put_back(parent.id, run.id)):
        left.doubtful[seq] = None
    _settle(journal, run, dict.fromkeys(settled, parent.id), prepared, left)
    _doubt(journal, run, dict(left.doubtful), left)
    if keyless:
        _drop_keyless(journal, run, [_Before(parent)], prepared, left, rows)
    return left


def _settle(journal: Journal, run: RunRecord, settled: Mapping[int, str], prepared: Prepared, left: LeftOver) -> None:
    """Settle rows (place → run that has settled them before)."""
    for seq in settled:
        prepared.todo[seq] = 0
        left.doubtful.pop(seq, None)
    for batch in batched(settled.items(), ROWS):
        whys = ((seq, phrase("settled by run {run}", run=by)) for seq, by in batch)
        journal.record(run.id, [Outcome(seq, Status.SKIPPED, Reason.UNCHANGED, error=why) for seq, why in whys])


def _doubt(journal: Journal, run: RunRecord, doubtful: Mapping[int, int | None], left: LeftOver) -> None:
    """Note that rows (place → watermark) may have been sent before."""
    left.doubtful.update(doubtful)
    journal.record(run.id, (), [(seq, RowState.SENDING, watermark) for seq, watermark in doubtful.items()])


def _doubtful(journal: Journal, parent: RunRecord) -> tuple[dict[str, list[int | None]], set[str]]:
    """(watermarks of doubtful rows, by UserData; keys of those that were to move a contact)."""
    moves: set[str] = set()
    doubtful: dict[str, list[int | None]] = {}
    back = journal.put_back(parent.id)
    for entry in journal.rows(parent):
        if entry.state in DOUBTFUL and entry.result.user_data and entry.result.seq not in back:
            doubtful.setdefault(entry.result.user_data, []).append(entry.watermark)
            if entry.moves:
                moves.add(entry.result.user_data)
    return doubtful, moves


# Rows without UserData


@dataclass(frozen=True, slots=True)
class _Before:
    """Another import of rows without UserData. ``related``: it retries the run, or one that the run retries, so that
    a row that says the same is the same, also in another list."""

    run: RunRecord
    related: bool = True


def _imports_before(journal: Journal, run: RunRecord, bases: Sequence[RunRecord]) -> list[_Before]:
    """Return the other imports that may have sent rows of ``run``: ``bases``, where these come from, with all that
    these retry or that retries them; and what has read the same lists since."""
    runs = {each.id: each for each in reversed(journal.runs()) if each.target == run.target and _may_have_sent(each)}

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


def _drop_sent_before(
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
    _settle(journal, run, settled, prepared, left)
    _doubt(journal, run, unsure, left)
