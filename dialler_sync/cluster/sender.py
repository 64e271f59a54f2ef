"""Run one partition on a worker: the load stage of every run, with the coordinator as its journal."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, suppress

from pydantic import SecretStr

from ..api.client import DiallerClient
from ..api.pace import Gate
from ..api.token import read_token
from ..config.dialler import DiallerSettings
from ..errors import ConfigError, DiallerSyncError, Interrupted, StopRun, UsageError
from ..journal import Outcome
from ..load.loader import Loader
from ..load.recorder import Recorder
from ..model import SpooledRow
from ..text.phrase import mark, phrase
from ..version import __version__
from .messages import LOT, Order, Report, Share
from .outbox import Outbox

BEATS = 4
"""Reports per lease that a sender makes even without news."""

UNHEARD = mark("no message from the coordinator for too long")

TOKEN_VARIABLE = "DIALLER_SYNC_TOKEN"  # noqa: S105 - the name of a variable


class Uncounted:
    """A run log for senders, which neither know the planned actions nor count; the coordinator does."""

    def action(self, _seq: int) -> None:
        """Return None: actions are not known here."""

    def count(self, outcome: Outcome) -> None:
        """Do nothing; the coordinator counts."""


class Sender:
    """Sends the rows that the coordinator gives it. May be created in any thread; all else happens in an event loop.

    Raises:
        UsageError: this worker has another version of dialler-sync than the coordinator.
    """

    def __init__(self, share: Share) -> None:
        check_version(share.version)
        self._share = share
        self._rows: deque[SpooledRow] = deque()
        self._taking = False
        self._last = False
        self._loads: set[asyncio.Task[None]] = set()
        self._retries = 0
        self._messages: list[str] = []
        self._unwritten: list[Outcome] = []
        self._answer: tuple[int, Report] | None = None
        self._client: DiallerClient | None = None
        self._open = AsyncExitStack()
        self._lease: asyncio.TimerHandle | None = None
        self._expired = False
        self._resting: asyncio.Task[None] | None = None

    async def exchange(self, order: Order) -> Report:
        """Execute an order; report once there is news, at the latest after a quarter of the lease.

        Repeating an order returns the same report.

        Raises:
            ConnectionError: the lease has run out. Any other error is a bug.
        """
        if self._answer is not None and self._answer[0] == order.number:
            return self._answer[1]
        self._check_lease()
        try:
            client = self._client or await self._begin(order.token)
        except DiallerSyncError as error:
            return Report((), 0, 0, 0, (), ended=True, error=error)
        self._renew_lease()
        self._apply(client, order)
        if self._ended(client) or (len(self._rows) < LOT and not self._last):
            self._outbox.announce()
        await self._outbox.news(self._share.lease / BEATS)
        self._check_lease()  # rows stopped by an expired lease go to other senders, and do not end the run
        report = await self._report(client)
        self._answer = order.number, report
        return report

    async def _begin(self, token: SecretStr | None) -> DiallerClient:
        dialler = await asyncio.to_thread(with_token, self._share.dialler, token)
        gate = Gate(
            dialler.concurrency,
            rate=dialler.rate,
            give_up_after=dialler.give_up_after,
            patience_at_start=self._share.patience_at_start,
            say=self._messages.append,
        )
        self._outbox = Outbox()
        self._client = await self._open.enter_async_context(DiallerClient(dialler, gate=gate))
        return self._client

    def _apply(self, client: DiallerClient, order: Order) -> None:
        self._outbox.written(order.written)
        if order.unwritable is not None:
            self._outbox.close(order.unwritable)
        if order.stop:
            client.gate.stop(Interrupted(phrase("the run was stopped")))
        self._last = self._last or order.last
        self._rows.extend(order.rows)
        if order.doubtful or (self._rows and not self._taking):
            # A loader ends when it runs out of rows; the next rows need a new one.
            self._taking = True
            load = asyncio.create_task(self._load(client, order.doubtful))
            load.add_done_callback(lambda _: self._outbox.announce())
            self._loads.add(load)

    async def _load(self, client: DiallerClient, doubtful: Sequence[tuple[SpooledRow, int | None]]) -> None:
        recorder = Recorder(self._outbox, "", client.gate.stop)
        loader = Loader(client, recorder, self._share.rules, Uncounted())
        try:
            with suppress(StopRun):  # the gate keeps the reason
                await loader.load(self._taken(), doubtful)
        finally:
            self._retries += loader.retries
            self._unwritten += recorder.unwritten

    def _taken(self) -> Iterator[SpooledRow]:
        while self._rows:
            yield self._rows.popleft()
            if len(self._rows) == LOT - 1:
                self._outbox.announce()  # so that more rows are given
        self._taking = False

    def _ended(self, client: DiallerClient) -> bool:
        return (self._last or client.gate.stopped is not None) and self._outbox.empty and not self._running

    @property
    def _running(self) -> list[asyncio.Task[None]]:
        return [load for load in self._loads if not load.done()]

    async def _report(self, client: DiallerClient) -> Report:
        for load in self._loads - set(self._running):
            self._loads.discard(load)
            load.result()  # raises only on a bug
        messages, self._messages[:] = tuple(self._messages), []
        ended = self._ended(client)
        if ended:
            self._end_lease()
            await self._open.aclose()
        error, unwritten = client.gate.stopped, self._unwritten if ended else ()
        return Report(
            self._outbox.take(),
            len(self._rows),
            client.requests,
            self._retries,
            messages,
            ended,
            error,
            unwritten,
            client.campaign_names,
        )

    # The lease

    def _check_lease(self) -> None:
        if self._expired:
            raise ConnectionError(phrase(UNHEARD))

    def _renew_lease(self) -> None:
        self._end_lease()
        self._lease = asyncio.get_running_loop().call_later(self._share.lease, self._expire)

    def _end_lease(self) -> None:
        if self._lease is not None:
            self._lease.cancel()

    def _expire(self) -> None:
        """Stop sending: the coordinator is gone, or counts this worker as lost."""
        self._expired = True
        if self._client is not None:
            self._client.gate.stop(Interrupted(phrase(UNHEARD)))  # at once, not when the task is scheduled
        self._resting = asyncio.create_task(self.close(phrase(UNHEARD)))

    async def close(self, why: str) -> None:
        """Send nothing more, cancel all tasks, and record nothing more."""
        self._end_lease()
        if self._client is not None:
            self._client.gate.stop(Interrupted(why))
            self._outbox.close(why)
        for load in self._loads:
            load.cancel()
        await asyncio.gather(*self._loads, return_exceptions=True)
        await self._open.aclose()


def with_token(dialler: DiallerSettings, token: SecretStr | None) -> DiallerSettings:
    """Return the settings with the coordinator's token, or this machine's own if that token may not travel.

    Raises:
        ConfigError: this machine has no token.
    """
    if token is None and (dialler.token_file or dialler.token_command):
        token = SecretStr(read_token(dialler))
    if token is None and TOKEN_VARIABLE in os.environ:
        token = SecretStr(os.environ[TOKEN_VARIABLE])
    if token is None:
        raise ConfigError(
            phrase(
                "the token is not sent without TLS: set {variable} where the worker is started, use "
                "token_file or token_command, or connect by tls://",
                variable=TOKEN_VARIABLE,
            )
        )
    return dialler.model_copy(update={"token": token, "token_file": None, "token_command": None})


def check_version(version: str) -> None:
    """Check that this worker has the coordinator's version.

    Raises:
        UsageError: it has another version.
    """
    if version != __version__:
        raise UsageError(
            phrase(
                "it has dialler-sync {here}, but the run was started with {version}: install the same version",
                here=__version__,
                version=version,
            )
        )
