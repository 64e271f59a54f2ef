"""Decides every prepared row before the first one is sent.

``plan``, ``import --dry-run`` and ``import`` share this; they differ only in what they do with the decisions.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from ..api.wire import StoredContact, is_elsewhere
from ..config import Settings
from ..config.limits import Limit
from ..config.rows import Mode
from ..error_codes import AMBIGUOUS, LOOKUP_FAILED
from ..fields import PHONE_FIELDS
from ..journal import Image, Journal, Outcome, RunRecord
from ..model import LEFT_TO_OTHERS, MOVE, MOVED, Action, Reason, RowWarning, SpooledRow, Status
from ..pages import KEYS, batched
from ..prepare.prepared import Prepared
from ..report.people import People, person_in
from ..text.phrase import phrase
from .decide import Decision, PlanRules, before_image, decide, protection
from .extra import ExtraChanges
from .numbers import Known, KnownNumbers, known_numbers
from .planned import IN_FULL, Decided, PlanEntry, Planned
from .snapshot import Snapshot
from .suppress import SuppressionLists
from .unlisted import Mirror

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """The basis of the decisions: the dialler's contacts (None if not read), and the do-not-call lists.

    ``compare``: skip rows whose contact has their values already. ``adopt``: the mirror also takes contacts that this
    tool never sent. ``max_missing``: the mirror's limit, None for the configuration's. ``again``: the run was planned
    before it was interrupted; only the rows left are decided anew.
    """

    snapshot: Snapshot | None
    suppressed: SuppressionLists
    compare: bool
    adopt: bool = False
    max_missing: Limit | None = None
    mirror: bool = False
    again: bool = False


_CHANGING = frozenset({Action.OVERWRITE, Action.IMPORT, Reason.UNCHANGED})
"""Decisions on a row whose contact the dialler has, or may have, and that no other rule leaves alone."""

_FAILED = {AMBIGUOUS: "ambiguous", LOOKUP_FAILED: LOOKUP_FAILED}
"""Error code of a row that fails unsent → its name in a plan."""


class Planner:
    """Decides the rows of one run and writes the decisions to the journal."""

    def __init__(
        self, settings: Settings, journal: Journal, run: RunRecord, prepared: Prepared, inputs: PlanInputs
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._run = run
        self._prepared = prepared
        self._inputs = inputs
        self._rules = PlanRules.of(settings, run.started_at, compare=inputs.compare)
        self._numbers: KnownNumbers | None = None
        self.planned = Planned()
        limit = inputs.max_missing or settings.mirror.max_missing
        mirror = Mirror(settings, journal, run, self._rules, limit, inputs.adopt, prepared.total, prepared.beside)
        self._extra = ExtraChanges(
            settings, journal, run, prepared, inputs.suppressed, mirror if inputs.mirror else None, self.planned
        )

    @property
    def extra(self) -> list[SpooledRow]:
        """The changes of contacts without a row."""
        return self._extra.rows

    @property
    def mirrored(self) -> set[int]:
        """The places of those that the mirror takes away."""
        return self._extra.mirrored

    async def plan(self, *, keep_entries: bool, pause: Callable[[], Awaitable[None]]) -> Planned:
        """Decide every row, then the contacts without one; write the decisions to the journal.

        ``keep_entries``: also list the changes, for people and plan files. ``pause`` is awaited between batches, and
        ends an interrupted run.

        Raises:
            SafetyLimit: the mirror would lock or delete more contacts than it may.
            StopRun: raised by ``pause``.
        """
        if self._prepared.unchanged:
            self.planned.counts[Reason.UNCHANGED] += self._prepared.unchanged
        rows, snapshot = self._settings.rows, self._inputs.snapshot
        if rows.duplicate_phones_in_dialler != "allow" and snapshot is not None and not self._inputs.again:
            self._extra.select_missing(snapshot)
            self._numbers = known_numbers(
                snapshot, self._settings, self._journal, self._run, self._prepared, self._rules, self._inputs.suppressed
            )
        try:
            for batch in batched(self._prepared.to_send(), KEYS):
                self._plan_batch(batch, keep_entries)
                await pause()
        finally:
            if self._numbers is not None:
                self._numbers.close()
        if self._inputs.again:
            return self.planned
        self._extra.plan(snapshot, keep_entries=keep_entries)
        if keep_entries:
            self._list_settled()
        return self.planned

    def _list_settled(self) -> None:
        """List rows that were settled before the plan, and count the warnings of all rows."""
        columns = [entry.get("layout", {}).get("columns", ()) for entry in self._run.files]
        people, cells = People(columns, self._run.options.get("mapped") or {}), self._prepared.source_cells()
        for entry in self._journal.rows(self._run):
            row = entry.result
            _, source, found = next(cells) if entry.has_source else (0, 0, ())
            if row.warnings:
                self.planned.warnings.update({warning.code for warning in row.warnings})
            if row.status is Status.REJECTED or row.action in LEFT_TO_OTHERS:
                name = str(row.action or row.status)
                self.planned.counts[name] += 1
                self.planned.entries.append(
                    PlanEntry(row.row, name, row.user_data, reason=row.error, name=people.person(source, found))
                )

    def _plan_batch(self, batch: list[SpooledRow], keep_entries: bool) -> None:
        snapshot = self._inputs.snapshot
        there = snapshot.find([row.user_data for row in batch]) if snapshot is not None else {}
        read = [orjson.loads(row.body) for row in batch]
        numbers = self._known(batch, read)
        decided = Decided()
        for row, fields in zip(batch, read, strict=True):
            decision, outcome = self._decide(row, fields, there.get(row.user_data, []))
            if outcome is None and row.seq in numbers:
                decision, outcome, text = self._of_known(row, decision, numbers[row.seq])
                decided.warnings.extend([(row.seq, text)] if text else [])
            self._count(row, fields, decision, keep_entries)
            if outcome is not None:
                self._prepared.todo[row.seq] = 0
                decided.outcomes.append(outcome)
            else:
                self._go(row, fields, decision, decided)
        if decided.bodies:
            self._prepared.replace(decided.bodies)
        decided.write(self._journal, self._run.id)

    def _count(self, row: SpooledRow, fields: Mapping[str, Any], decision: Decision, keep_entries: bool) -> None:
        """Count a decision and, unless the contact simply stays as it is, list it."""
        name = str(decision.action) if decision.action else _FAILED[decision.code]
        self.planned.counts[name] += 1
        self.planned.changed_fields.update(decision.changes.keys())
        if keep_entries and (decision.action is not Reason.UNCHANGED or decision.reason):
            self.planned.entries.append(
                PlanEntry(
                    self._prepared.rows[row.seq],
                    name,
                    row.user_data,
                    decision.contact_id,
                    decision.changes,
                    decision.reason or self._numbers_left_out({**fields, **(decision.sent or {})}),
                    self._in_full(decision, fields),
                    person_in(fields),
                )
            )

    def _go(self, row: SpooledRow, fields: Mapping[str, Any], decision: Decision, decided: Decided) -> None:
        """Note a row that is to be sent: its action, the body that is really sent, and the before-image."""
        self._prepared.note_action(row.seq, decision.action)
        decided.actions.append((row.seq, str(decision.action), decision.contact_id))
        if decision.moves and not self._inputs.again:
            decided.moves.append(row.seq)
            self.planned.moved.append(row.seq)
            self.planned.warnings[MOVED.code] += 1
        if decision.sent is not None:
            fields = decision.sent
            row = row._replace(body=orjson.dumps(fields))
            decided.bodies.append((row.seq, row.body))
            if decision.left_out:
                self._prepared.note_kept(row.seq, decision.contact_id, decision.left_out)
        looked_up = self._inputs.snapshot is not None and decision.action is not Action.IMPORT
        if looked_up and self._settings.journal.before_images:
            decided.images.append(_image(row, fields, decision))

    def _in_full(self, decision: Decision, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return all fields of a contact that is, or may be, created; ``{}`` for others, whose changes are listed."""
        counts = self.planned.counts
        made = decision.action in (Action.CREATE, Action.IMPORT)
        return fields if made and counts[Action.CREATE] + counts[Action.IMPORT] <= IN_FULL else {}

    def _known(self, batch: list[SpooledRow], read: list[Mapping[str, Any]]) -> dict[int, list[Known]]:
        """Return the numbers that the dialler has under other keys, by the place of the row."""
        snapshot, numbers = self._inputs.snapshot, self._numbers
        if snapshot is None or numbers is None:
            return {}
        rows = [(row.seq, fields) for row, fields in zip(batch, read, strict=True)]
        return numbers.find(rows, snapshot.campaign_ids, everywhere=self._settings.rows.phones_in == "account")

    def _of_known(
        self, row: SpooledRow, decision: Decision, found: list[Known]
    ) -> tuple[Decision, Outcome | None, str]:
        """Decide a row that would be sent but has such numbers; return its outcome if it is skipped, else its warnings
        as text."""
        reason = found[0].reason
        if self._settings.rows.duplicate_phones_in_dialler == "warn":
            self.planned.known.append(row.seq)
            text = RowWarning.text(RowWarning(Reason.KNOWN_NUMBER, each.field) for each in found)
            return replace(decision, reason="; ".join(filter(None, (decision.reason, reason)))), None, text
        self._extra.returned.pop(row.user_data, None)
        self._prepared.watched.pop(row.seq, None)
        skipped = Decision(Reason.KNOWN_NUMBER, decision.contact, reason=reason)
        return skipped, Outcome(row.seq, Status.SKIPPED, Reason.KNOWN_NUMBER, skipped.contact_id, error=reason), ""

    def _decide(
        self, row: SpooledRow, fields: Mapping[str, Any], found: list[StoredContact]
    ) -> tuple[Decision, Outcome | None]:
        """Decide a row; return its outcome too if it is settled unsent."""
        decision, outcome = self._decided(row, fields, found)
        if decision.action is Action.CREATE and (names := self._nulled(fields)):  # null would have nothing to empty
            decision = replace(decision, sent={name: value for name, value in fields.items() if name not in names})
        return decision, outcome

    def _decided(
        self, row: SpooledRow, fields: Mapping[str, Any], found: list[StoredContact]
    ) -> tuple[Decision, Outcome | None]:
        reason = self._inputs.suppressed.reason(fields)
        if reason:
            return self._suppressed(row, found[0] if found else None, reason)
        if self._inputs.snapshot is None:
            return Decision(Action.IMPORT if self._rules.overwrite else Action.CREATE), None
        ids = self._inputs.snapshot.campaign_ids
        elsewhere = [contact for contact in found if is_elsewhere(fields, contact.values, ids)]
        here = [contact for contact in found if contact not in elsewhere]
        rules = self._rules_for(row, found)
        rules = replace(rules, compare=False) if row.kind == MOVE else rules
        known = found or not row.user_data or not (rules.overwrite or rules.mode is Mode.CREATE)
        alike = [] if known else self._inputs.snapshot.alike(row.user_data)
        sent = fields
        for contact in (here or elsewhere or alike) if rules.overwrite and row.user_data else ():
            sent = self._inputs.suppressed.sent_to(sent, contact.values)
        decision = _unsure(alike, rules) or decide(
            sent, here, rules, elsewhere, certain=not self._inputs.snapshot.may_move
        )
        if decision.action in _CHANGING:
            if sent is not fields and decision.sent is None:
                decision = replace(decision, sent=sent)
            sent = {} if decision.action is Reason.UNCHANGED else decision.sent or fields
            for contact in [decision.contact] if decision.contact else alike:
                if reason := self._inputs.suppressed.reason_after(fields, sent, contact.values):
                    why = phrase("contact {id} in the dialler: {reason}", id=contact.id, reason=reason)
                    return self._suppressed(row, contact, why)
        if decision.action is Action.CREATE and self._inputs.snapshot.may_move and row.user_data:
            decision = replace(decision, action=Action.IMPORT)  # undo must not delete what was not created
        if decision.action is Action.OVERWRITE and elsewhere:
            # An earlier run that should have moved the contact may have created this one instead.
            decision = replace(decision, moves=decision.moves or row.kind == MOVE)
            self._prepared.watched[row.seq] = (MOVE if decision.moves else row.kind, decision.contact_id)
        elif decision.action is Action.OVERWRITE and rules.mode is Mode.UPDATE:
            self._prepared.expect(row.seq, decision.contact_id)
        if decision.action is None:
            return decision, Outcome(
                row.seq, Status.FAILED, error_code=decision.code, error_field="UserData", error=decision.reason
            )
        if isinstance(decision.action, Reason):
            return decision, Outcome(
                row.seq, Status.SKIPPED, decision.action, decision.contact_id, error=decision.reason
            )
        return decision, None

    def _suppressed(self, row: SpooledRow, contact: StoredContact | None, reason: str) -> tuple[Decision, Outcome]:
        """Skip a row whose contact must not be called; a lock of the mirror stays."""
        self._extra.returned.pop(row.user_data, None)
        decision = Decision(Reason.SUPPRESSED, contact, reason=reason)
        return decision, Outcome(row.seq, Status.SKIPPED, decision.action, decision.contact_id, error=reason)

    def _nulled(self, fields: Mapping[str, Any]) -> list[str]:
        """Return the fields whose numbers are left out; none if empty cells are cleared, which looks the same."""
        if not self._inputs.suppressed.only_numbers or self._settings.rows.empty_cells == "clear":
            return []
        return [name for name in PHONE_FIELDS if name in fields and fields[name] is None]

    def _numbers_left_out(self, fields: Mapping[str, Any]) -> str:
        """Say which numbers of a row are left out; ``""`` if none are."""
        names = self._nulled(fields)
        return phrase("on a do-not-call list, left out: {fields}", fields=", ".join(names)) if names else ""

    def _rules_for(self, row: SpooledRow, found: list[StoredContact]) -> PlanRules:
        """Return the rules for one row: our mirror's lock does not protect it, and left-out numbers are not kept."""
        ours = self._extra.returned.get(row.user_data, ())
        rules = replace(self._rules, locked=False) if any(contact.id in ours for contact in found) else self._rules
        for contact in found if rules.keeps and self._inputs.suppressed.only_numbers else ():
            rules = replace(rules, keeps=self._inputs.suppressed.may_be_kept(contact.values, rules.keeps))
        return rules


def _unsure(alike: list[StoredContact], rules: PlanRules) -> Decision | None:
    """Decide a row whose key the dialler does not tell from those of ``alike``, one of which it may overwrite; None if
    there are none. Undo must not delete such a contact."""
    if not alike:
        return None
    for contact in alike:
        if reason := protection(contact.values, rules):
            return Decision(Reason.PROTECTED, contact, reason=reason)
    why = phrase(
        "asked for this UserData, the dialler gives contact {id}, whose UserData is '{other}'",
        other=alike[0].user_data,
        id=alike[0].id,
    )
    if rules.mode is not Mode.UPSERT or rules.keeps:
        return Decision(None, reason=why, code=LOOKUP_FAILED)
    return Decision(Action.IMPORT, reason=why)


def _image(row: SpooledRow, fields: Mapping[str, Any], decision: Decision) -> Image:
    """Return the contact before and after the import, as undo needs it."""
    before = None
    if decision.contact is not None:
        before = orjson.dumps(before_image(decision.contact.values, fields)).decode()
    return Image(row.seq, decision.contact_id, before, row.body.decode())
