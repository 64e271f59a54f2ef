"""One run, from the first row read to the last report written: prepare → plan → load → reports."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..api.client import DiallerClient
from ..config import Settings
from ..config.mirror import Missing
from ..config.rows import Mode
from ..errors import DiallerSyncError, JournalError
from ..journal import Journal, Outcome, RunRecord
from ..model import Action, Status
from ..observer import Observer
from ..pages import ROWS, batched
from ..plan.changed import ChangedRows
from ..plan.decide import PlanRules, protection_by_now
from ..plan.planned import Planned
from ..plan.planner import PlanInputs, Planner
from ..plan.suppress import SuppressionLists
from ..plan.survey import require_campaigns, survey
from ..prepare.prepared import Prepared
from ..prepare.read_through import prepare
from ..prepare.sink import NewRows, RowSink
from ..prepare.sources import Source
from ..text.outward import line
from ..text.phrase import phrase
from .doubles import tell_doubles
from .kept import as_begun, delete_settled_copies
from .left_over import LeftOver
from .lifecycle import carrying_out, conclude, load_reports, temporary_files
from .look_again import look_again, skip_listed
from .options import RunOptions, check_limits, exceeded_limit
from .reports import Effort, Summary
from .resumption import KnownRows, drop_overtaken, drop_settled_by_earlier_runs, newer_list, restore_progress
from .sending import Sending, Tally, known_campaigns, rules_of
from .session import session

if TYPE_CHECKING:
    from ..cluster.coordinator import Engine


_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Execution:
    """One run, while it is carried out.

    ``unlocked``: why the machine's lock could not be had; then contacts that another run has made too are looked for.
    ``resumed``: it began earlier, and other runs may have begun since.
    """

    settings: Settings
    options: RunOptions
    journal: Journal
    observer: Observer
    run: RunRecord
    sources: Sequence[Source]
    suppressed: SuppressionLists = field(default_factory=SuppressionLists)
    unlocked: str = ""
    resumed: bool = False
    check_plan: Callable[[Planned], None] | None = None
    also: Callable[[Summary, Prepared], None] | None = None
    """Called at the end of a run that came to its end, while its rows are at hand."""
    would_stop: str = ""
    effort: Effort = field(default_factory=Effort)
    errors: int = 0
    left: LeftOver = field(default_factory=LeftOver)
    unwritten: Sequence[Outcome] = ()

    @property
    def planned(self) -> bool:
        """Whether the journal has the plan of each row."""
        return self.run.planned

    def carry_out(self) -> Summary:
        """Carry out the run; the summary names what stopped it.

        Raises:
            UsageError, InputError: nothing was sent, and nothing is left behind.
        """
        prepared = Prepared(Path(self.run.out))
        try:
            with carrying_out(self) as course:
                self._prepare(prepared)
                check_limits(self.options, prepared)
                if self.run.command == "validate":
                    self._say_of_the_rest(prepared, Status.SUCCEEDED)
                else:
                    asyncio.run(self._carry_out(prepared))
            self.effort.duration = course.duration
            summary = conclude(self.journal, self.run, prepared, course.stopped, self.effort, self.unwritten)
            if self.also and not course.stopped:
                self.also(summary, prepared)
            if self.options.mark:
                from .marked import mark_workbooks

                mark_workbooks(self.journal, self.run, self.sources, prepared)
            if self.options.compare == "journal" and not self.options.dry_run:
                with suppress(JournalError):  # the next run can do it, too, and would take the longer
                    self.journal.fold_runs(self.run.target)
            return summary
        finally:
            prepared.close()
            with suppress(DiallerSyncError):
                delete_settled_copies(self.journal, self.run.id)

    def plan(self) -> Planned:
        """Return the plan, and leave nothing behind."""
        prepared = Prepared(Path(self.run.out))
        try:
            with temporary_files():
                self._prepare(prepared)
                planned = asyncio.run(self._only_plan(prepared))
                self.would_stop = exceeded_limit(self.options, prepared, planned)
                return planned
        finally:
            prepared.close()
            self.journal.delete_run(self.run.id)

    # Reading

    def _prepare(self, prepared: Prepared) -> None:
        self.observer.stage(phrase("reading"), None)
        _log.debug("run %s: %s, reports in %s", self.run.id, self.run.command, self.run.out)
        for source in self.sources:
            facts = ", ".join(f"{name} {value}" for name, value in source.table.layout.facts().items() if value)
            _log.debug("%s: %s", source.path, facts)
        planned = self.run.planned
        if not planned:
            self.journal.clear_rows(self.run.id)
            if self.run.command != "validate":
                self.journal.fold_runs(self.run.target, but=self.run.id)
        prepare(
            prepared,
            self.settings,
            self.sources,
            self._sink(),
            progress=self.observer.advance,
            amend=self.suppressed.amended if self.suppressed else None,
        )
        self.errors = prepared.rejected
        _log.debug("read %d rows: %d rejected, %d to send", prepared.total, prepared.rejected, sum(prepared.todo))
        if planned:
            self.left = restore_progress(self.journal, self.run, prepared)
            drop_overtaken(self.journal, self.run, self.run, prepared, self.left)
            return
        self.run = replace(self.run, files=tuple(as_begun(self.run.files, prepared.files)), rows=prepared.total)
        if self.run.command != "validate":
            self.left = drop_settled_by_earlier_runs(self.journal, self.run, self.sources, prepared)
            if self.resumed:
                drop_overtaken(self.journal, self.run, self.run, prepared, self.left)
        self.journal.update_run(self.run.id, files=self.run.files, rows=self.run.rows)

    def _sink(self) -> RowSink:
        if self.run.planned:
            return KnownRows(self.journal, self.run)
        if self.options.compare == "journal":
            return ChangedRows(self.journal, self.run, self.suppressed)
        return NewRows(self.journal, self.run)

    def _say_of_the_rest(self, prepared: Prepared, status: Status) -> None:
        """Settle the rest of a validation or dry run with its planned actions."""
        planned = self.run.command != "validate"
        rows = prepared.to_send()
        self._record(Outcome(row.seq, status, prepared.action(row.seq) if planned else None) for row in rows)

    def _record(self, outcomes: Iterator[Outcome]) -> None:
        for batch in batched(outcomes, ROWS):
            self.journal.record(self.run.id, batch)

    # Planning and sending

    async def _carry_out(self, prepared: Prepared) -> None:
        sends = not self.options.dry_run
        async with session(self.settings.dialler, changes=sends) as client, self._cluster() as engine:
            try:
                if not self.run.planned:
                    await self._plan(client, prepared, keep_entries=self.check_plan is not None)
                elif any(prepared.todo):
                    await self._decide_again(client, prepared)
                if self.options.dry_run:
                    self._say_of_the_rest(prepared, Status.SKIPPED)
                    extra = self.left.extra
                    self._record(Outcome(c.seq, Status.SKIPPED, Action(c.kind), c.contact_id) for c in extra)
                else:
                    await self._load(client, prepared, engine)
                    rows = self.settings.rows
                    if rows.mode is Mode.CREATE or (self.unlocked and rows.overwrite_duplicates):
                        self.observer.stage(phrase("looking for doubles"), None)
                        await tell_doubles(client, self.journal, self.run)
            finally:
                self.effort.requests += client.requests
                self.effort.campaign_name = line(client.campaign_names.get(self.run.campaign, ""), 64)
                if engine is None:  # else others have sent the rows, and how long that took is not known here
                    self.effort.latencies = client.latencies

    def _cluster(self) -> AbstractAsyncContextManager[Engine | None]:
        if self.options.cluster is None or self.options.dry_run:
            return nullcontext()
        from ..cluster.engine import connected

        return connected(self.options.cluster, self.settings.dialler.concurrency, self.settings.cluster)

    async def _only_plan(self, prepared: Prepared) -> Planned:
        async with session(self.settings.dialler) as client:
            return await self._plan(client, prepared, keep_entries=True)

    async def _plan(self, client: DiallerClient, prepared: Prepared, *, keep_entries: bool) -> Planned:
        self.observer.stage(phrase("planning"), None)
        options = self.options
        # A retry and a mended file do not look for missing contacts: the file need not be the whole one.
        mirrors = self.settings.mirror.missing is not Missing.KEEP
        if mirrors and (self.run.parent is not None or any(source.guard for source in self.sources)):
            mirrors = False
            _log.info(phrase("mirror: not applied, as this is only part of a list"))
        elif mirrors and self.resumed and (newer := newer_list(self.journal, self.run)):
            mirrors = False
            _log.info(phrase("mirror: not applied, as run {newer} has a newer list", newer=newer))
        facts = self.run.options
        if options.compare == "journal":
            facts = {**facts, "compared": self.journal.sent_between(self.run.id)}
        await require_campaigns(client, self.settings.campaign)
        snapshot = await survey(
            client,
            self.settings,
            prepared,
            options.compare,
            dry_run=options.dry_run,
            mirrors=mirrors,
            numbers=self.settings.rows.duplicate_phones_in_dialler != "allow",
            locked=self.journal.returned(self.run.target, self.run.id),
        )
        try:
            by_dialler = options.compare == "dialler"
            inputs = PlanInputs(snapshot, self.suppressed, by_dialler, options.adopt, options.max_missing, mirrors)
            planner = Planner(self.settings, self.journal, self.run, prepared, inputs)
            planned = await planner.plan(keep_entries=keep_entries, pause=lambda: client.gate.rest(0.0))
        finally:
            if snapshot is not None:
                facts = {**facts, "campaign_ids": dict(snapshot.campaign_ids)}
                snapshot.close()
        if self.check_plan:
            self.check_plan(planned)
        if self.run.command != "plan":
            check_limits(self.options, prepared, planned)
        _log.debug("planned: %s", ", ".join(f"{count} {name}" for name, count in planned.counts.items()) or "nothing")
        self.left = replace(self.left, extra=planner.extra, mirrored=planner.mirrored)
        self.effort.changed_fields = planned.changed_fields
        self.run = replace(self.run, planned=True, options=facts)
        self.journal.update_run(self.run.id, planned=True, options=facts)
        return planned

    async def _decide_again(self, client: DiallerClient, prepared: Prepared) -> None:
        if self.settings.looks or self.settings.looks_for_listed:
            self.observer.stage(phrase("planning"), None)
            await look_again(client, self.settings, self.journal, self.run, prepared, self.suppressed, self.left)
        elif self.suppressed:
            skip_listed(self.journal, self.run, prepared, self.suppressed, self.left)

    async def _load(self, client: DiallerClient, prepared: Prepared, engine: Engine | None) -> None:
        tally = Tally(client.gate, self.observer, prepared, self.options.max_errors, self.errors)
        campaign_ids = known_campaigns(self.run.options.get("campaign_ids"))
        rules, limit = rules_of(self.settings, self.run.target, campaign_ids), self.options.limit
        protected = partial(protection_by_now, rules=PlanRules.of(self.settings, self.run.started_at, compare=False))
        sending = Sending(
            client, self.journal, self.run, rules, prepared, self.left, tally, limit, engine, self.suppressed, protected
        )
        self.observer.stage(phrase("importing"), sending.total)
        asyncio.get_running_loop().run_in_executor(None, load_reports)  # while the dialler is waited for
        started = time.monotonic()
        try:
            await sending.send()
        finally:
            effort = self.effort
            effort.sent, effort.sending = tally.settled, time.monotonic() - started - sending.waited
            _log.debug("sent %d rows in %.3f s, with %d requests so far", effort.sent, effort.sending, client.requests)
            self.unwritten = sending.unwritten
            effort.requests += sending.requests
            effort.retries += sending.retries
