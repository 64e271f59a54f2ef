"""Sends the rows of a run that are left, from here or by the workers of a cluster."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, filterfalse, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from ..api.client import DiallerClient
from ..api.pace import Gate
from ..api.token import read_token
from ..api.wire import CAMPAIGN_NAME, is_unlocked, same_value
from ..config import Settings
from ..config.limits import Limit
from ..errors import LimitReached, SafetyLimit, StopRun
from ..fields import PHONE_FIELDS
from ..journal import Journal, Outcome, RunRecord
from ..journal.records import PERHAPS_SENT
from ..load.change import ContactChanger
from ..load.kept import is_kept
from ..load.loader import Loader
from ..load.moves import is_watched
from ..load.named import Named
from ..load.outcomes import RunLog
from ..load.recorder import Recorder
from ..load.rules import Rules
from ..model import FINE, Action, SpooledRow, Status
from ..observer import Observer
from ..plan.decide import before_delete
from ..plan.suppress import SuppressionLists
from ..prepare.prepared import MOST_KEPT, Prepared
from ..target import split
from ..text.command_line import command
from ..text.phrase import phrase
from .left_over import LeftOver, rest_after_kill
from .session import patience_at_start

if TYPE_CHECKING:
    from ..cluster.coordinator import Engine

_log = logging.getLogger(__name__)

Unsure = Sequence[tuple[SpooledRow, int | None]]
"""Rows that may have been sent, each with its watermark."""


def rules_of(settings: Settings, target: str, campaign_ids: Mapping[str, str]) -> Rules:
    """Return the rules of sending. ``campaign_ids``: name → ID; a single campaign has the ID of the ``target``."""
    number = split(target)[1]
    if settings.campaign.name is not None and number.isdecimal():
        campaign_ids = {**campaign_ids, settings.campaign.name: number}
    return Rules(
        overwrite=settings.rows.overwrites,
        campaign=settings.campaign.common,
        retries=settings.dialler.retries,
        timeout=settings.dialler.timeout,
        campaign_ids=campaign_ids,
    )


def known_campaigns(noted: object) -> dict[str, str]:
    """Return campaign name → ID, from the record of a planned run."""
    return {str(name): str(number) for name, number in noted.items()} if isinstance(noted, dict) else {}


class Tally:
    """Counts the outcomes of a run, and ends it by ``gate`` where too many rows fail or the observer wishes so.

    ``limit``: how many may; ``errors`` of the ``prepared`` rows have failed already.
    """

    def __init__(
        self,
        gate: Gate,
        observer: Observer,
        prepared: Prepared | None = None,
        limit: Limit | None = None,
        errors: int = 0,
    ) -> None:
        self._gate = gate
        self._observer = observer
        self._prepared = prepared
        self._limit = limit
        self._errors = errors
        self.settled = 0

    def action(self, seq: int) -> Action | None:
        """Return the action planned for a row."""
        return self._prepared.action(seq) if self._prepared else None

    def count(self, outcome: Outcome) -> None:
        """Count one."""
        self.settled += 1
        try:
            self._observer.advance(1, outcome.status)
        except StopRun as stop:  # how an observer ends the run: what is in flight is let come to its end
            self._gate.stop(stop)
        if outcome.status not in FINE:
            self._errors += 1
            if self._limit and self._prepared and not self._limit.allows(self._errors, self._prepared.total):
                why = phrase(
                    "{count} rows did not succeed; --max-errors {limit} allows no more",
                    count=self._errors,
                    limit=self._limit,
                )
                self._gate.stop(SafetyLimit(why))


@dataclass(slots=True)
class Heard:
    """A run log of one row: passes on to ``log``, and keeps the ``outcome``."""

    log: RunLog
    outcome: Outcome | None = None

    def action(self, seq: int) -> Action | None:
        """Return the action planned for the row."""
        return self.log.action(seq)

    def count(self, outcome: Outcome) -> None:
        """Count it."""
        self.outcome = outcome
        self.log.count(outcome)


@dataclass(slots=True)
class Sending:
    """Sends the rows of ``prepared`` and those ``left`` of an earlier part, at most ``limit`` rows.

    With ``engine`` its workers send the rows. ``tally`` counts every outcome. Afterwards ``requests`` are
    those that workers made, ``retries`` the imports that were repeats, ``waited`` the seconds before the first, and
    ``unwritten`` the outcomes that the journal did not take.
    """

    client: DiallerClient
    journal: Journal
    run: RunRecord
    rules: Rules
    prepared: Prepared
    left: LeftOver
    tally: Tally
    limit: int | None = None
    engine: Engine | None = None
    suppressed: SuppressionLists = field(default_factory=SuppressionLists)
    protected: Callable[[Mapping[str, Any]], str] | None = None
    requests: int = 0
    retries: int = 0
    waited: float = 0.0
    unwritten: list[Outcome] = field(default_factory=list)
    _ahead: int = 0
    _named: Named = field(init=False)
    _perhaps: set[int] = field(init=False)

    def __post_init__(self) -> None:
        self._named = Named(self.client.gate, self.left.named)
        self._perhaps = {seq for seq, watermark in self.left.doubtful.items() if watermark == PERHAPS_SENT}

    @property
    def total(self) -> int:
        """Rows, and contacts to be locked or deleted."""
        total = sum(self.prepared.todo)
        return (total if self.limit is None else min(total, self.limit)) + len(self.left.extra)

    async def send(self) -> None:
        """Send all of it.

        Raises:
            StopRun: the run cannot go on, or the limit is reached.
        """
        total = sum(self.prepared.todo)
        if self.left.killed and total:
            wait = self.rules.quiet
            if self.run.options.get("cluster"):
                from ..cluster.messages import lease

                wait += lease(self.rules)  # so long its workers went on
            await rest_after_kill(self.client, wait)
            self.waited = wait
        if self.prepared.kept:
            await self._send_ahead()
        doubtful = self.left.doubtful
        unsure = (
            [(row, doubtful[row.seq]) for row in self.prepared.to_send() if self._is_unsure(row)] if doubtful else []
        )
        if self.engine is None or not total:
            await self._from_here(chain(self._rows(), self._after()), unsure)
        else:
            # Watched rows from one place, so that the run stops after the first that goes wrong.
            if self.prepared.watched or self._perhaps:
                watched = [each for each in unsure if is_watched(each[0])]
                await self._from_here(filter(self._stays, self._rows()), watched)
            unsure = [each for each in unsure if not is_watched(each[0])]
            await self._by_cluster(self.engine, filterfalse(self._stays, self._rows()), unsure)
            await self._from_here(self._after(), [])
        if self.limit is not None and total > self.limit:
            raise LimitReached(
                phrase(
                    "--limit {limit} reached: send the remaining rows with '{command}'",
                    limit=self.limit,
                    command=command("resume", self.run.id),
                )
            )

    def _rows(self) -> Iterator[SpooledRow]:
        """Yield the rows that have not been sent, and those that can be sent again without a look."""
        limit = None if self.limit is None else min(self.limit - self._ahead, sys.maxsize)
        return islice(filterfalse(self._is_unsure, self.prepared.to_send()), limit)

    def _is_unsure(self, row: SpooledRow) -> bool:
        return row.seq in self.left.doubtful and row.seq not in self._perhaps

    def _stays(self, row: SpooledRow) -> bool:
        """Whether a row is not sent by a cluster."""
        return is_watched(row) or row.seq in self._perhaps

    async def _send_ahead(self) -> None:
        """Send the first row that leaves out what its contact keeps, and see that the contact has kept it.

        Raises:
            SafetyLimit: it has not, or this cannot be found out.
        """
        kept = self.prepared.kept
        first = list(islice((row for row in self._rows() if row.seq in kept), MOST_KEPT))
        for row in first:
            heard = Heard(self.tally)
            await self._from_here(iter([row]), [], heard)
            self.prepared.todo[row.seq] = 0
            self._ahead += 1
            done = heard.outcome is not None and heard.outcome.status is Status.SUCCEEDED
            if done and await is_kept(self.client, row, *kept[row.seq]):
                return
        if len(first) == MOST_KEPT:
            raise SafetyLimit(
                phrase(
                    "the first {count} contacts with a kept field (overwrite:) could not be overwritten, so it "
                    "is not known whether the dialler keeps such fields",
                    count=MOST_KEPT,
                )
            )

    def _deleting(self, seq: int, record: Mapping[str, Any]) -> None:
        """Keep what a contact is just before it is deleted: it may have changed since it was planned."""
        image = self.journal.images(self.run.id, [seq]).get(seq)
        if image is None or image.before is None:
            return
        whole = record.get("Name") and any(map(record.get, PHONE_FIELDS))  # every contact has these
        emptied = record.keys() - {"DiallerCampaignsID", CAMPAIGN_NAME} if whole else set()
        told = before_delete(record).items()
        now = {name: value for name, value in told if name in emptied or not same_value(None, value)}
        before = orjson.loads(image.before) | now
        if is_unlocked(record):
            before.pop("bLocked", None)
        self.journal.renew_image(self.run.id, seq, orjson.dumps(before, option=orjson.OPT_SORT_KEYS).decode())

    async def _from_here(self, rows: Iterator[SpooledRow], unsure: Unsure, log: RunLog | None = None) -> None:
        recorder = Recorder(self.journal, self.run.id, self.client.gate.stop)
        changer = ContactChanger(
            self.client,
            target=self.run.target,
            recorder=recorder,
            begun=self.left.begun,
            suppressed=self.suppressed,
            protected=self.protected,
            mirrored=self.left.mirrored,
            deleting=self._deleting,
        )
        loader = Loader(
            self.client,
            recorder,
            self.rules,
            log or self.tally,
            changer=changer,
            named=self._named,
            perhaps_sent=self._perhaps,
        )
        try:
            await loader.load(rows, unsure)
        finally:
            self.retries += loader.retries
            self.unwritten += recorder.unwritten

    async def _by_cluster(self, engine: Engine, rows: Iterator[SpooledRow], unsure: Unsure) -> None:
        from pydantic import SecretStr

        from ..cluster.coordinator import Coordinator
        from ..cluster.messages import lease
        from ..cluster.writer import Writer

        dialler = self.client.settings
        writer = Writer(self.journal, self.run.id, self.client.gate, self.tally, self._named)
        coordinator = Coordinator(
            engine=engine,
            writer=writer,
            folder=Path(self.run.out),
            dialler=dialler,
            token=SecretStr(read_token(dialler)),
            patience_at_start=patience_at_start(dialler),
            rules=self.rules,
            lease=lease(self.rules),
        )
        try:
            await coordinator.load(rows, unsure)
        finally:
            self.requests += coordinator.requests
            self.retries += coordinator.retries
            self.client.campaign_names.update(coordinator.campaign_names)
            self.unwritten += writer.unwritten.values()

    def _after(self) -> Iterator[SpooledRow]:
        """Yield the contacts to lock and delete after all rows; none with a limit."""
        if self.limit is None and not self.client.gate.stopped:
            yield from self.left.extra
