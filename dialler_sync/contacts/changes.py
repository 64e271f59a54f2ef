"""Lock, unlock and delete the contacts that the user names: find them, then change each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from ..api.client import DiallerClient
from ..api.query import resolve_campaign
from ..api.wire import stored_contact
from ..config import Settings
from ..error_codes import AMBIGUOUS, CONTACT_CHANGED, MAYBE_DONE, UNREADABLE, mend
from ..errors import JournalDamaged
from ..files.url import path_of
from ..journal import Image, Journal, PlannedRow, RowState, RunRecord
from ..load.change import Changer, ContactChanger, OwnCampaignChanger, UncheckedChanger, nothing_there
from ..load.recorder import Recorder
from ..model import Fault, Reason, RowWarning, SpooledRow, Status
from ..observer import Observer
from ..plan.decide import before_delete
from ..run.changes import BulkRun, Job, Planned
from ..run.left_over import DOUBTFUL
from ..run.saved_cells import SavedCells
from ..text.phrase import phrase
from .find import Finder, Found, Record
from .targets import Named, Target, Targets

COMMANDS = ("lock", "unlock", "delete")


@dataclass(frozen=True, slots=True)
class ChangeOptions:
    """Command-line options of a change.

    ``all_matches`` changes every contact that carries a UserData. ``unchecked`` calls the API's own functions, without
    a lookup of the contacts. ``campaign`` (ID or name) limits the change to its contacts.
    """

    named: Named
    campaign: str | None = None
    all_matches: bool = False
    unchecked: bool = False
    dry_run: bool = False

    def record(self) -> dict[str, Any]:
        """Return the options as the journal stores them."""
        given = asdict(self)
        named = given.pop("named")
        return {name: named[name] for name in ("ids", "user_data", "column", "by")} | given

    @classmethod
    def of(cls, run: RunRecord, file: Path | None = None) -> ChangeOptions:
        """Return the options of a run; ``file`` replaces its spreadsheet."""
        given = run.options
        path = next((path_of(entry["path"]) for entry in run.files if entry["path"]), None)
        try:
            named = Named(tuple(given["ids"]), tuple(given["user_data"]), file or path, given["column"], given["by"])
            return cls(named, given["campaign"], given["all_matches"], given["unchecked"], given["dry_run"])
        except KeyError as error:
            raise JournalDamaged(
                phrase("the journal is damaged: run {run} has no {key}", run=run.id, key=error)
            ) from None


def bulk_run(
    settings: Settings,
    run: RunRecord,
    targets: Targets,
    options: ChangeOptions,
    journal: Journal,
    observer: Observer,
    *,
    typed: bool,
) -> BulkRun:
    """Return the run that changes ``targets``. ``typed``: the user has named them, not the journal alone."""
    plan = _Plan(settings, run, targets, options, _settled(journal, run.parent))
    resumed = run.rows is not None

    def changer(client: DiallerClient, recorder: Recorder) -> Changer:
        found = changes(client, recorder)
        return found if typed else OwnCampaignChanger(client, run.target, found)

    def changes(client: DiallerClient, recorder: Recorder) -> Changer:
        if options.unchecked:
            return UncheckedChanger(client, recorder)
        begun = {entry.result.seq for entry in journal.rows(run) if entry.state in DOUBTFUL} if resumed else set()
        return ContactChanger(client, resumed, recorder=recorder, begun=begun)

    job = Job(plan.pages, lambda _: run.command, changer, repeatable=not options.unchecked)
    return BulkRun(
        settings,
        journal,
        observer,
        run,
        job,
        SavedCells(journal, run, settings.source, options.named.on_command_line()),
    )


@dataclass(frozen=True, slots=True)
class _Settled:
    """Contacts that an earlier run has changed (by ID, else by UserData), and those it may have changed unchecked."""

    run: str = ""
    done: frozenset[tuple[str, str]] = frozenset()
    doubtful: frozenset[tuple[str, str]] = frozenset()


def _settled(journal: Journal, parent: str | None) -> _Settled:
    if parent is None:
        return _Settled()
    run = journal.run(parent)
    done, doubtful, back = set(), set(), journal.put_back(run.id)
    for entry in journal.rows(run):
        result = entry.result
        if result.seq in back:
            continue
        key = _key(result.contact_id, result.user_data)
        if result.status is Status.SUCCEEDED:
            done.add(key)
        elif result.status is Status.UNKNOWN and run.options.get("unchecked"):
            doubtful.add(key)
    return _Settled(run.id, frozenset(done), frozenset(doubtful))


@dataclass(frozen=True, slots=True)
class _Plan:
    """Plans the changes: ``async for rows, images in plan.pages(client)``."""

    settings: Settings
    run: RunRecord
    targets: Targets
    options: ChangeOptions
    settled: _Settled
    named: set[tuple[str, str]] = field(default_factory=set)

    async def pages(self, client: DiallerClient) -> AsyncIterator[Planned]:
        campaign = self.options.campaign
        finder = Finder(client, None if campaign is None else await resolve_campaign(client, campaign))
        seq = 0
        for page in client.paged(self.targets.pages()):
            rows: list[PlannedRow] = []
            images: list[Image] = []
            for found in [Found(target) for target in page] if self.options.unchecked else await finder.find(page):
                for row, record in self._decide(found):
                    rows.append(row._replace(seq=seq))
                    if record is not None and self.run.command == "delete" and self.settings.journal.before_images:
                        images.append(_image(seq, row.contact_id, record))
                    seq += 1
            yield rows, images

    def _decide(self, found: Found) -> Iterator[tuple[PlannedRow, Record | None]]:
        """Yield the rows of a target, one per contact found, each with the record of a contact to be changed."""
        target, command = found.target, self.run.command
        if target.fault:
            yield _row(target, Status.REJECTED, fault=target.fault), None
        elif self.options.unchecked:
            yield self._unless_named_before(_row(target, RowState.PENDING, command)), None
        elif found.error:
            yield _row(target, Status.FAILED, command, fault=Fault(found.error.code, str(found.error), "")), None
        elif found.records is None:
            yield _not_there(target, command), None
        elif not all(stored_contact(record).id for record in found.records):
            why = phrase("the dialler does not give the ID of this contact")
            yield _row(target, Status.FAILED, command, fault=Fault(UNREADABLE, why, "")), None
        elif len(found.records) > 1 and not self.options.all_matches:
            yield _row(target, Status.FAILED, command, fault=_ambiguous(found.records)), None
        else:
            for record in found.records:
                yield self._contact(target, record), record

    def _contact(self, target: Target, record: Record) -> PlannedRow:
        """Return the row of one contact that was found."""
        contact = stored_contact(record)
        row = _row(target, RowState.PENDING, self.run.command)
        row = row._replace(contact_id=contact.id, user_data=contact.user_data)
        if target.user_data in ("", contact.user_data):
            return self._unless_settled(row)
        other = phrase(
            "contact {contact} has the UserData '{found}', but the row says '{wanted}'",
            contact=contact.id,
            found=contact.user_data,
            wanted=target.user_data,
        )
        return row._replace(state=Status.FAILED, error_code=CONTACT_CHANGED, error_field="UserData", error=other)

    def _unless_named_before(self, row: PlannedRow) -> PlannedRow:
        """Return the row, skipped if the run has it already: a UserData named twice would change two contacts."""
        key = _key(row.contact_id, row.user_data)
        if key in self.named:
            return row._replace(
                state=Status.SKIPPED, action=Reason.SUPERSEDED, error=phrase("named before in this run")
            )
        self.named.add(key)
        return self._unless_settled(row)

    def _unless_settled(self, row: PlannedRow) -> PlannedRow:
        """Return the row, skipped if an earlier run settled it, unknown if that run may have sent it unchecked."""
        key = _key(row.contact_id, row.user_data)
        if key in self.settled.done:
            why = phrase("settled by run {run}", run=self.settled.run)
            return row._replace(state=Status.SKIPPED, action=Reason.UNCHANGED, error=why)
        if key in self.settled.doubtful:
            why = phrase(
                "run {run} may have done this already; sending it again could affect another contact",
                run=self.settled.run,
            )
            return row._replace(state=Status.UNKNOWN, error_code=MAYBE_DONE, error=why, hint=mend(MAYBE_DONE))
        return row


def _row(target: Target, state: str, action: str = "", fault: Fault | None = None) -> PlannedRow:
    row = PlannedRow(
        0, target.file, target.row, target.user_data, "", state, action, target.contact_id,
        warnings=RowWarning.text(target.warnings),
    )  # fmt: skip
    if fault is None:
        return row
    return row._replace(error_code=fault.code, error_field=fault.field, error=fault.message, hint=fault.hint)


def _not_there(target: Target, command: str) -> PlannedRow:
    outcome = nothing_there(SpooledRow(0, target.user_data, b"", command, target.contact_id))
    fault = Fault(outcome.error_code, outcome.error, outcome.hint)
    return _row(target, outcome.status, outcome.action or "", fault)


def _key(contact_id: str, user_data: str) -> tuple[str, str]:
    return contact_id, "" if contact_id else user_data


def _ambiguous(records: Sequence[Record]) -> Fault:
    ids = ", ".join(stored_contact(record).id for record in records)
    return Fault(
        AMBIGUOUS,
        phrase("{count} contacts have this UserData ({ids})", count=len(records), ids=ids),
        phrase("Name the contact by its ID, or change all of them with --all-matches."),
        field="UserData",
    )


def _image(seq: int, contact_id: str, record: Record) -> Image:
    """Return the before-image for creating the contact again."""
    return Image(seq, contact_id, orjson.dumps(before_delete(record)).decode(), "{}")
