"""One run, from the first row read to the last report written: prepare → plan → load → reports."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Protocol

from .api.client import DiallerClient
from .api.latency import Latencies
from .api.pace import Gate
from .api.retry import NOT_ABOUT_THE_ROW, pause
from .config import Settings
from .config.settings import DiallerSettings, Limit, Missing
from .errors import (
    DiallerSyncError,
    DiallerUnavailable,
    Interrupted,
    LimitReached,
    MaybeDone,
    NotDone,
    RequestError,
    SafetyLimit,
    StopRun,
    UsageError,
)
from .interrupt import interruptible
from .journal import Journal, Outcome, PlannedRow, RowState, RunRecord
from .load import Loader, Rules, reason_to_stop
from .model import Action, Status
from .planning import PlanInputs, Planned, Planner
from .prepare import EXTRA_FILE, Prepared, Source, prepare
from .recorder import Recorder
from .snapshot import Snapshot, campaign_id, read_campaign, read_contacts
from .spool import SpooledRow
from .summary import Summary, write_reports
from .suppress import SuppressionList

_log = logging.getLogger(__name__)

PATIENCE_AT_START = 30.0
"""Seconds that a dialler which has never answered is tried, unless ``give_up_after`` is set: a wrong address
should not look like a long night."""

FEW_TO_COMPARE, FEW_TO_KEEP = 20, 2_000
"""Rows up to which the dialler is asked for these contacts alone, and not for the whole campaign: when rows
are compared (one list is one request), and when only before-images are wanted."""

_FINE = frozenset({Status.SUCCEEDED, Status.SKIPPED})
_DOUBTFUL = frozenset({str(RowState.SENDING), str(Status.UNKNOWN)})


class Observer(Protocol):
    """Is told how a run goes on."""

    def stage(self, name: str, total: int | None) -> None:
        """A stage begins; ``total`` rows, if that is known."""

    def advance(self, rows: int, status: Status | None = None) -> None:
        """Rows are done, with this outcome where they have one."""


class Silent:
    """An observer that tells nobody."""

    def stage(self, name: str, total: int | None) -> None:
        """Say nothing."""

    def advance(self, rows: int, status: Status | None = None) -> None:
        """Say nothing."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the command line says of a run, beside the configuration."""

    dry_run: bool = False
    limit: int | None = None
    max_errors: Limit | None = None
    compare: str = "none"
    max_missing: Limit | None = None
    adopt: bool = False
    mask: bool = False


@dataclass(slots=True)
class Execution:
    """One run, while it is carried out."""

    settings: Settings
    options: RunOptions
    journal: Journal
    observer: Observer
    run: RunRecord
    sources: Sequence[Source]
    suppressed: SuppressionList | None = None
    check_plan: Callable[[Planned], None] | None = None
    requests: int = 0
    latencies: Latencies = field(default_factory=Latencies)
    retries: int = 0
    errors: int = 0
    doubtful: dict[int, int] = field(default_factory=dict)
    killed: bool = False
    extra: list[SpooledRow] = field(default_factory=list)
    changed_fields: Mapping[str, int] = field(default_factory=dict)

    def carry_out(self) -> Summary:
        """Do it all; what stopped it stands in the summary.

        Raises:
            UsageError, InputError: nothing was sent, and nothing is left behind.
        """
        started = time.monotonic()
        stopped: StopRun | None = None
        prepared = Prepared(Path(self.run.out))
        gc.freeze()  # what was imported stays; looking through it again and again takes a tenth of the whole run
        try:
            try:
                self._prepare(prepared)
                self._check_errors(prepared)
                if self.run.command == "validate":
                    self._say_of_the_rest(prepared, Status.SUCCEEDED)
                else:
                    asyncio.run(self._carry_out(prepared))
            except StopRun as error:
                stopped = error
            except KeyboardInterrupt:
                stopped = Interrupted("interrupted while the files were read; nothing was sent")
            except DiallerSyncError:
                self._forget()
                raise
            self._note_end("finished" if stopped is None else "stopped")
            return write_reports(
                self.journal,
                self.run,
                prepared,
                stopped,
                duration=time.monotonic() - started,
                requests=self.requests,
                retries=self.retries,
                latencies=self.latencies,
                changed_fields=self.changed_fields,
            )
        finally:
            prepared.close()

    def plan(self) -> Planned:
        """Decide everything, and leave nothing behind."""
        prepared = Prepared(Path(self.run.out))
        try:
            self._prepare(prepared)
            return asyncio.run(self._only_plan(prepared))
        finally:
            prepared.close()
            self.journal.delete_run(self.run.id)

    # Reading

    def _prepare(self, prepared: Prepared) -> None:
        self.observer.stage("reading", None)
        begun = self.run.rows is not None
        if not begun:
            self.journal.clear_rows(self.run.id)
        prepare(
            prepared,
            self.settings,
            self.sources,
            write=_Comparison(self.journal, self.run) if begun else partial(self.journal.add_rows, self.run.id),
            settle=(lambda _: None) if begun else partial(self.journal.record, self.run.id),
            progress=self.observer.advance,
        )
        self.errors = prepared.rejected
        if begun:
            self._take_up(prepared)
            return
        self.run = replace(self.run, files=tuple(prepared.files), rows=prepared.total)
        if self.run.parent:
            self._leave_settled(prepared, self.journal.run(self.run.parent))
        self.journal.update_run(self.run.id, files=self.run.files, rows=self.run.rows)

    def _take_up(self, prepared: Prepared) -> None:
        """Leave out what the interrupted run has settled, and look for what it may have sent."""
        if not self.run.planned:
            self.journal.forget_plan(self.run.id)
        self.killed = self.run.planned and self.run.state == "running"
        for entry in self.journal.rows(self.run):
            result = entry.result
            if entry.file == EXTRA_FILE or result.action is Action.LOCK:
                if entry.state in _UNSETTLED:
                    self.extra.append(
                        SpooledRow(result.seq, result.user_data, b"", str(result.action), result.contact_id)
                    )
                if entry.file != EXTRA_FILE:
                    prepared.todo[result.seq] = 0
                continue
            prepared.note_action(result.seq, result.action)
            if entry.state in _DOUBTFUL:
                self.doubtful[result.seq] = entry.newest_id
            elif entry.state != RowState.PENDING:
                prepared.todo[result.seq] = 0

    def _leave_settled(self, prepared: Prepared, parent: RunRecord) -> None:
        """Of an earlier run, take up only what it has not settled: found by UserData, without one by what is sent."""
        settled = [seq for seq in self.journal.settled_by(parent.id, self.run.id) if prepared.todo[seq]]
        alike: Counter[str] = Counter()
        doubtful: dict[str, list[int]] = {}
        for entry in self.journal.rows(parent):
            if entry.state in _DOUBTFUL:
                doubtful.setdefault(entry.result.user_data or entry.payload, []).append(entry.newest_id)
            elif not entry.result.user_data and entry.result.status in _FINE:
                alike[entry.payload] += 1
        for entry in self.journal.rows(self.run):
            seq, key = entry.result.seq, entry.result.user_data or entry.payload
            if not prepared.todo[seq]:
                continue
            if not entry.result.user_data and alike[key]:
                alike[key] -= 1
                settled.append(seq)
            elif doubtful.get(key):
                self.doubtful[seq] = doubtful[key].pop()
        for seq in settled:
            prepared.todo[seq] = 0
            self.doubtful.pop(seq, None)
        why = f"settled by run {parent.id}"
        self._record(Outcome(seq, Status.SKIPPED, Action.UNCHANGED, error=why) for seq in settled)
        states = [(seq, RowState.SENDING, newest) for seq, newest in self.doubtful.items()]
        self.journal.record(self.run.id, (), states)

    def _check_errors(self, prepared: Prepared) -> None:
        limit = self.options.max_errors
        if limit and not limit.allows(prepared.rejected, prepared.total):
            raise SafetyLimit(
                f"{prepared.rejected} of {prepared.total} rows are rejected, more than --max-errors {limit} allows; "
                "nothing was sent"
            )

    def _say_of_the_rest(self, prepared: Prepared, status: Status) -> None:
        """``validate`` and ``--dry-run``: what would become of each row that is left."""
        self._record(Outcome(row.seq, status, self._planned_action(prepared, row.seq)) for row in prepared.to_send())

    def _record(self, outcomes: Iterator[Outcome]) -> None:
        while batch := list(islice(outcomes, 5_000)):
            self.journal.record(self.run.id, batch)

    def _planned_action(self, prepared: Prepared, seq: int) -> Action | None:
        return None if self.run.command == "validate" else prepared.action(seq)

    def _forget(self) -> None:
        """A run that could not begin has sent nothing and leaves nothing behind; another stays as it was."""
        if self.run.planned:
            self.journal.update_run(self.run.id, state="stopped")
            return
        self.journal.delete_run(self.run.id)
        with suppress(OSError):
            Path(self.run.out).rmdir()

    def _note_end(self, state: str) -> None:
        finished = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        self.run = replace(self.run, state=state, finished_at=finished)

    # Planning and sending

    async def _carry_out(self, prepared: Prepared) -> None:
        gate = run_gate(self.settings.dialler)
        async with DiallerClient(self.settings.dialler, gate=gate) as client:
            try:
                with interruptible(gate, asyncio.current_task()):
                    if not self.run.planned:
                        await self._plan(client, prepared, keep_entries=self.check_plan is not None)
                    if self.options.dry_run:
                        self._say_of_the_rest(prepared, Status.SKIPPED)
                    else:
                        await self._load(client, gate, prepared)
            finally:
                self.requests += client.requests
                self.latencies = client.latencies

    async def _only_plan(self, prepared: Prepared) -> Planned:
        gate = run_gate(self.settings.dialler)
        async with DiallerClient(self.settings.dialler, gate=gate) as client:
            with interruptible(gate, asyncio.current_task()):
                return await self._plan(client, prepared, keep_entries=True)

    async def _plan(self, client: DiallerClient, prepared: Prepared, *, keep_entries: bool) -> Planned:
        self.observer.stage("planning", None)
        mirrors = self._mirrors()
        snapshot = await self._snapshot(client, prepared)
        try:
            inputs = PlanInputs(
                snapshot, self.suppressed, self.options.compare, self.options.adopt, self.options.max_missing, mirrors
            )
            planner = Planner(self.settings, self.journal, self.run, prepared, inputs)
            planned = await planner.plan(keep_entries=keep_entries, pause=lambda: client.gate.rest(0.0))
        finally:
            if snapshot is not None:
                snapshot.close()
        if self.check_plan:
            self.check_plan(planned)
        self.extra = planner.extra
        self.changed_fields = planned.changed_fields
        self.run = replace(self.run, planned=True)
        self.journal.update_run(self.run.id, planned=True)
        return planned

    def _campaign(self) -> str | None:
        """The one campaign of all rows."""
        return self.run.campaign if self.settings.campaign.column is None else None

    def _mirrors(self) -> bool:
        """Whether missing contacts are looked for. A retry does not: its file need not be the whole one."""
        return self.settings.mirror.missing is not Missing.KEEP and self.run.parent is None

    async def _snapshot(self, client: DiallerClient, prepared: Prepared) -> Snapshot | None:
        """What the dialler has, as far as this run needs to know it."""
        settings = self.settings
        mirrors = self._mirrors()
        needed = (
            self.options.compare == "dialler"
            or mirrors
            or settings.protect.follow_up
            or settings.protect.locked
            or (settings.suppress is not None and settings.suppress.lock)
        )
        wanted = (
            settings.journal.before_images
            and settings.rows.overwrite_duplicates
            and self.options.compare != "journal"
            and not self.options.dry_run
        )
        todo = sum(prepared.todo)
        if not (needed or wanted) or not (todo or mirrors):
            return None
        few = todo <= (FEW_TO_COMPARE if self.options.compare == "dialler" else FEW_TO_KEEP)
        keys = [row.user_data for row in prepared.to_send() if row.user_data] if few and not mirrors else None
        try:
            return await self._read_snapshot(client, keys)
        except RequestError as error:
            if needed or error.code != "endpoint_missing":
                stop = reason_to_stop(error, campaign=self._campaign())
                if stop is not None:
                    raise stop from error
            if needed:
                raise DiallerUnavailable(f"the dialler's contacts cannot be read: {error}") from error
            _log.warning("the dialler's contacts cannot be read (%s): this run cannot be undone", error)
            return None

    async def _read_snapshot(self, client: DiallerClient, keys: list[str] | None) -> Snapshot:
        """Read these keys, or the whole campaign. While the dialler has never answered, the gate's patience counts."""
        attempt = 0
        while True:
            try:
                campaign = self.settings.campaign.id
                if self.settings.campaign.name is not None:
                    campaign = await campaign_id(client, self.settings.campaign.name)
                if keys is not None:
                    return await read_contacts(client, keys, campaign)
                return await read_campaign(client, campaign)
            except (NotDone, MaybeDone) as error:
                if error.code not in NOT_ABOUT_THE_ROW or client.gate.last_success > float("-inf"):
                    raise
                attempt += 1
                await client.gate.rest(pause(attempt, error))

    async def _load(self, client: DiallerClient, gate: Gate, prepared: Prepared) -> None:
        limit = self.options.limit
        total = sum(prepared.todo)
        self.observer.stage("importing", (total if limit is None else min(total, limit)) + len(self.extra))
        rules = Rules(
            overwrite=self.settings.rows.overwrite_duplicates,
            campaign=self._campaign(),
            retries=self.settings.dialler.retries,
            timeout=self.settings.dialler.timeout,
        )
        if self.killed and total:
            _log.info("waiting %g s: the dialler may still be at work on rows of the killed run", rules.quiet)
            await gate.rest(rules.quiet)
        doubtful = [(row, self.doubtful[row.seq]) for row in prepared.to_send() if row.seq in self.doubtful]
        rows = (row for row in prepared.to_send() if row.seq not in self.doubtful)
        recorder = Recorder(self.journal, self.run.id, gate.stop)
        loader = Loader(client, recorder, rules, settled=self._settled(gate, prepared), action=prepared.action)
        try:
            await loader.load(chain(islice(rows, limit), self._after(gate)), doubtful)
        finally:
            self.retries += loader.retries
        if limit is not None and total > limit:
            raise LimitReached(f"--limit {limit}: the other rows wait for 'dialler-sync resume {self.run.id}'")

    def _after(self, gate: Gate) -> Iterator[SpooledRow]:
        """What is locked and deleted, once every row has been taken; with --limit, not yet."""
        if self.options.limit is None and not gate.stopped:
            yield from self.extra

    def _settled(self, gate: Gate, prepared: Prepared) -> Callable[[Outcome], None]:
        limit = self.options.max_errors

        def settled(outcome: Outcome) -> None:
            try:
                self.observer.advance(1, outcome.status)
            except StopRun as stop:  # how an observer ends the run: what is in flight is let come to its end
                gate.stop(stop)
            if outcome.status not in _FINE:
                self.errors += 1
                if limit and not limit.allows(self.errors, prepared.total):
                    gate.stop(SafetyLimit(f"{self.errors} rows did not succeed, more than --max-errors {limit} allows"))

        return settled


_UNSETTLED = frozenset({*_DOUBTFUL, str(RowState.PENDING)})


def run_gate(dialler: DiallerSettings) -> Gate:
    """The gate of one run."""
    patience = dialler.give_up_after
    if "give_up_after" not in dialler.model_fields_set:
        patience = min(patience, PATIENCE_AT_START)
    return Gate(dialler.concurrency, rate=dialler.rate, give_up_after=dialler.give_up_after, patience_at_start=patience)


class _Comparison:
    """Reading again what an interrupted run has read must give the same rows."""

    def __init__(self, journal: Journal, run: RunRecord) -> None:
        self._run = run
        self._known = journal.rows(run)

    def __call__(self, planned: Sequence[PlannedRow]) -> None:
        for row in planned:
            known = next(self._known, None)
            if known is None or known.result.row != row.row or known.payload != row.payload:
                raise UsageError(
                    f"row {row.row} is not what it was when run {self._run.id} began (another dialler-sync version?); "
                    "import the file as a new run"
                )
