"""The rest of an interrupted run, or of an earlier run that is retried."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from functools import cache

import orjson

from ..api.wire import CAMPAIGN_NAME, campaign_of
from ..errors import CannotResume
from ..journal import Journal, JournalRow, NoRow, Outcome, PlannedRow, RowState, RunRecord
from ..journal.lists import CampaignKey, overruled
from ..journal.records import moment_of
from ..load.named import note_named
from ..model import MOVE, Reason, SpooledRow, Status
from ..pages import KEYS, ROWS, batched
from ..prepare.prepared import Prepared
from ..prepare.sources import Source
from ..target import ACCOUNT, share_a_campaign, split, within
from ..text.phrase import phrase
from .keyless import drop_sent_before
from .left_over import DOUBTFUL, LeftOver, doubt, doubt_killed, may_have_sent, settle
from .sending import known_campaigns

_UNSETTLED = frozenset({*DOUBTFUL, str(RowState.PENDING)})
OF_A_LIST = frozenset({NoRow.MIRRORED, NoRow.RETURNED, NoRow.FILTERED})
"""Changes that follow from a whole list; a newer list takes them over."""


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


def left_to_newer_lists(journal: Journal, undone: RunRecord, rows: Collection[JournalRow]) -> dict[int, str]:
    """Return the rows of a run, by place, that an undo leaves to a newer list: what that has sent as well, and what the
    run did to contacts for its own list. Place → run with the newer list."""
    newest, (_, since) = newer_list(journal, undone), journal.list_of(undone)
    left = {entry.result.seq: newest for entry in rows if newest and entry.file in OF_A_LIST}
    if undone.command != "import" or not journal.sent_since(undone.target, since, {undone.id}):
        return left
    for page in batched(rows, KEYS):
        sent = {entry.result.seq: key for entry in page if entry.has_source and (key := entry.result.user_data)}
        images = journal.images(undone.id, list(sent)).values()
        spooled = (SpooledRow(image.seq, sent[image.seq], image.after.encode()) for image in images)
        keys = dict(campaign_keys(journal, undone, spooled, undone))
        later = journal.settled_since(keys.values(), since, {undone.id}, by_newer=True)
        left |= {seq: later[key] for seq, key in keys.items() if key in later}
    return left


def restore_progress(journal: Journal, run: RunRecord, prepared: Prepared) -> LeftOver:
    """Drop the rows from ``prepared`` that the interrupted run has settled, and return those that it may have sent.

    A newer list takes over the rest of its mirror, and what ``contacts lock`` or ``unlock`` has done since stays.
    """
    left, newer = LeftOver(killed=run.state == "running"), newer_list(journal, run)
    by_hand = journal.by_hand_since(run)
    overtaken = []
    for entry in journal.rows(run):
        result = entry.result
        if not entry.has_source:
            of_row = result.action, result.contact_id, result.user_data
            if entry.state in _UNSETTLED and newer and entry.file in OF_A_LIST:
                why = phrase("left to run {newer}, which has a newer list", newer=newer)
                overtaken.append(Outcome(result.seq, Status.SKIPPED, result.action, result.contact_id, error=why))
            elif entry.state in _UNSETTLED and entry.file in OF_A_LIST and (by := overruled(by_hand, *of_row)):
                why = phrase("left as run {run} has locked or unlocked it since", run=by)
                overtaken.append(Outcome(result.seq, Status.SKIPPED, result.action, result.contact_id, error=why))
            elif entry.state in _UNSETTLED:
                left.extra.append(SpooledRow(result.seq, result.user_data, b"", str(result.action), result.contact_id))
                if entry.state in DOUBTFUL:
                    left.begun.add(result.seq)
                if entry.file == NoRow.MIRRORED:
                    left.mirrored.add(result.seq)
            continue
        prepared.note_action(result.seq, result.action)
        if entry.moves:
            prepared.watched[result.seq] = MOVE, result.contact_id
        if entry.state in DOUBTFUL:
            left.doubtful[result.seq] = entry.watermark
        elif entry.state != RowState.PENDING:
            prepared.todo[result.seq] = 0
            if result.status is Status.SUCCEEDED and result.user_data and result.contact_id:
                note_named(left.named, result.contact_id, result.user_data)
    journal.record(run.id, overtaken)
    return left


def drop_overtaken(journal: Journal, run: RunRecord, origin: RunRecord, prepared: Prepared, left: LeftOver) -> None:
    """Leave out rows of ``run`` whose key a newer list, or another import of the list of ``origin``, where they come
    from, has settled: sent now, older values would replace newer ones. Rows without UserData would be made twice."""
    drop_sent_before(journal, run, [origin], prepared, left)
    first, since = journal.list_of(origin)
    if not journal.sent_since(origin.target, since, {run.id, origin.id}):
        return
    waiting = (row for row in prepared.to_send() if row.user_data)
    for page in batched(campaign_keys(journal, run, waiting, origin), ROWS):
        for seq in _supersede(journal, run, first, since, {run.id, origin.id}, dict(page)):
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
    mended = {each.id: each for each in mended_runs(sources) if each.target == run.target}
    sent = {each.id: each for each in mended.values() if may_have_sent(each)}
    parent = journal.run(run.parent) if run.parent and not run.options.get("mended") else None
    if parent and may_have_sent(parent):
        left = LeftOver(killed=parent.state == "running")
        doubt_killed(journal, parent)
        mine = {seq for seq, _, name in prepared.mended if name == parent.id and name in sent}
        others = {*range(len(prepared.todo))} - mine if mine else None
        drop_settled(journal, run, parent, prepared, left, others)
        drop_overtaken(journal, run, parent, prepared, left)
    counts = run.config.get("rows.duplicate_keys", "").strip('"')
    for origin in sent.values():
        rows = {seq for seq, _, name in prepared.mended if name == origin.id}
        drop_settled(journal, run, origin, prepared, left, rows, counts)
    if mended:
        drop_sent_before(journal, run, list(mended.values()), prepared, left)
    _drop_superseded(journal, run, mended, prepared)
    return left


def _imports_since(journal: Journal, origin: RunRecord) -> list[RunRecord]:
    """Return imports that began after ``origin`` and were not undone, of a campaign of its or of all, the newest
    first."""
    but = {origin.id, *journal.undone()}
    return [
        each
        for each in journal.runs()
        if share_a_campaign(each.target, origin.target) and may_have_sent(each)
        if each.started_at >= origin.started_at and each.id not in but
    ]


def _drop_superseded(journal: Journal, run: RunRecord, mended: Mapping[str, RunRecord], prepared: Prepared) -> None:
    """Drop rows whose key was settled after the run that they come from."""
    origins = {seq: origin for seq, key, origin in prepared.mended if key and prepared.todo[seq]}
    rows = (row for row in prepared.to_send() if row.seq in origins) if origins else ()
    by_run: dict[str, dict[int, CampaignKey]] = {}
    for seq, key in campaign_keys(journal, run, rows, *mended.values()):
        by_run.setdefault(origins[seq], {})[seq] = key
    for origin, keys in by_run.items():
        first, since = journal.list_of(mended[origin]) if origin in mended else (origin, moment_of(origin))
        for seq in _supersede(journal, run, first, since, {run.id, origin}, keys) if since else ():
            prepared.todo[seq] = 0


def _supersede(
    journal: Journal, run: RunRecord, first: str, since: str, but: Container[str], keys: Mapping[int, CampaignKey]
) -> list[int]:
    """Settle the rows (place → key) whose key was settled after their list began, by other runs ``but`` these; return
    their places."""
    later = journal.settled_since(list(keys.values()), since, but, lacks=True)
    outcomes = []
    for seq in (seq for seq, key in keys.items() if key in later):
        why = phrase(
            "left to run {newer}, which is newer than run {first} of this list", newer=later[keys[seq]], first=first
        )
        outcomes.append(Outcome(seq, Status.SKIPPED, Reason.SUPERSEDED, error=why))
    journal.record(run.id, outcomes)
    return [outcome.seq for outcome in outcomes]


def campaign_keys(
    journal: Journal, run: RunRecord, rows: Iterable[SpooledRow], *planned: RunRecord
) -> Iterator[tuple[int, CampaignKey]]:
    """Yield the UserData of rows of a run, each in its campaign, as (place, key). ``planned`` runs may know the IDs of
    campaigns by name."""
    dialler, campaign = split(run.target)

    @cache
    def known_id(name: str) -> str:
        noted = (known_campaigns(each.options.get("campaign_ids")).get(name) for each in planned)
        return next(filter(None, noted), "") or str(journal.known_id(dialler, name) or "")

    for row in rows:
        fields = orjson.loads(row.body) if campaign == ACCOUNT else {}
        name = fields.get(CAMPAIGN_NAME)
        yield row.seq, (within(run.target, campaign_of(fields) or (known_id(name) if name else "")), row.user_data)


def drop_settled(
    journal: Journal,
    run: RunRecord,
    earlier: RunRecord,
    prepared: Prepared,
    left: LeftOver,
    rows: Container[int] | None = None,
    counts: str = "",
) -> None:
    """Take up only what an earlier run has not settled, found by UserData; ``rows``: the places of those that come from
    it, None: of all. ``counts``: as in :meth:`.Lists.settled_by`."""

    def waits(seq: int) -> bool:
        return bool(prepared.todo[seq]) and (rows is None or seq in rows)

    settled = list(filter(waits, journal.settled_by(earlier.id, run.id, counts=counts)))
    found: dict[int, int | None] = {}
    doubtful, moves = _doubtful(journal, earlier)
    for entry in journal.rows(run) if doubtful else ():
        seq, key = entry.result.seq, entry.result.user_data
        if waits(seq) and doubtful.get(key):
            found[seq] = doubtful[key].pop()
            if key in moves:
                prepared.watched[seq] = MOVE, ""
    found |= dict.fromkeys(filter(waits, journal.perhaps_put_back(earlier.id, run.id)))
    doubt(journal, run, found, left)
    settle(journal, run, dict.fromkeys(settled, earlier.id), prepared, left)


def _doubtful(journal: Journal, parent: RunRecord) -> tuple[dict[str, list[int | None]], set[str]]:
    """(watermarks of doubtful rows, by UserData; keys of those that were to move a contact)."""
    moves: set[str] = set()
    doubtful: dict[str, list[int | None]] = {}
    back = journal.put_back(parent.id)
    for entry in journal.rows(parent):
        if not entry.has_source or entry.result.seq in back:
            continue
        if entry.state in DOUBTFUL and entry.result.user_data:
            doubtful.setdefault(entry.result.user_data, []).append(entry.watermark)
            if entry.moves:
                moves.add(entry.result.user_data)
    return doubtful, moves
