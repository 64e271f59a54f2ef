"""Run senders on the workers of a Dask cluster."""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import re
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..config.cluster import ClusterSettings
from ..errors import ClusterLost, DiallerSyncError, UsageError
from ..text.command_line import install
from ..text.phrase import counted, phrase
from .certificates import CONNECT, DOCS, check_scheduler
from .certificates import security as security_for
from .conversation import Lost, RemoteSender
from .messages import Order, Report, Share
from .sender import Sender
from .workers import Call, Workers, line_of

if TYPE_CHECKING:
    from distributed import Client, SpecCluster
    from distributed.security import Security

_log = logging.getLogger(__name__)

FIRST_WORKER = 30.0
"""Seconds within which a cluster must have a worker."""

BETWEEN_LOOKS = 1.0
"""Seconds between two checks of the list of workers."""

_LOCAL = re.compile(r"local(?::(?P<workers>[1-9]\d{0,2}))?")


@dataclass(frozen=True, slots=True)
class DaskSender:
    """A sender on a Dask worker, which keeps it alive while ``future`` is held here."""

    actor: Any
    future: Any
    where: str
    trusted: bool

    async def exchange(self, order: Order) -> Report:
        """Send an order; return the report.

        Raises:
            Lost: the worker or the sender is gone.
        """
        try:
            report: Report = await self.actor.exchange(order)
        except (OSError, RuntimeError, KeyError) as error:  # Dask's errors for a worker or an actor that is gone
            raise Lost(f"{self.where}: {line_of(error)}") from error
        return report


class DaskEngine:
    """The workers of a Dask cluster; ``sealed``: traffic to them is encrypted all the way."""

    def __init__(self, client: Client, workers: Workers, count: int, *, sealed: bool) -> None:
        self.workers = count
        self._client = client
        self._workers = workers
        self._sealed = sealed
        self._begun: Counter[str] = Counter()

    @property
    def lacking(self) -> Sequence[str]:
        """Reasons why workers cannot send, each with the worker's name."""
        return sorted(self._workers.lacking.values())

    async def begin(self, share: Share) -> RemoteSender:
        """Create a sender on the worker that has the fewest; wait if there is no worker.

        Raises:
            Lost: the sender could not be created.
            ClusterLost: the scheduler cannot be reached.
            DiallerSyncError: the sender refuses to start.
        """
        while True:
            where = await self._choose()
            sender = await self._make(share, where)
            if sender is not None:
                return sender

    async def _choose(self) -> str:
        while True:
            if self._client.status != "running":
                raise ClusterLost(phrase("the cluster's scheduler can no longer be reached"))
            try:
                fit = await self._workers.fit()
            except OSError as error:
                raise Lost(phrase("the scheduler does not answer: {error}", error=line_of(error))) from error
            self._workers.warn()
            if fit:
                where = min(fit, key=self._begun.__getitem__)
                self._begun[where] += 1
                return where
            await asyncio.sleep(BETWEEN_LOOKS)

    async def _make(self, share: Share, where: str) -> DaskSender | None:
        """Create a sender on this worker; return None if this fails, so that another worker is chosen."""
        from distributed import KilledWorker

        key = f"dialler-sync-{share.name}-{secrets.token_hex(3)}"
        call = pickle.dumps(Call(Sender, share))
        future = self._client.submit(pickle.loads, call, actor=True, pure=False, key=key, workers=[where])
        making = asyncio.ensure_future(_result(future))
        try:
            while not making.done():
                await asyncio.wait({making}, timeout=BETWEEN_LOOKS)
                if not making.done() and where not in await self._workers.there():
                    return None
            return DaskSender(making.result(), future, where, self._sealed)
        except (UsageError, ImportError, AttributeError) as error:
            await self._workers.refuse(where, error)
            return None
        except DiallerSyncError:
            raise
        except (OSError, RuntimeError, KeyError, ValueError, CancelledError, KilledWorker) as error:
            raise Lost(phrase("no sender could be made: {error}", error=line_of(error))) from error
        finally:
            making.cancel()


async def _result(future: Any) -> Any:
    return await future


@asynccontextmanager
async def connected(cluster: str, most: int, settings: ClusterSettings) -> AsyncIterator[DaskEngine]:
    """Connect to the cluster at an address, or start one on this machine (``local``, ``local:4``) for the duration.

    ``most`` is the number of workers that the run can use.

    Raises:
        UsageError: there is no such cluster, or it cannot be used.
    """
    async with AsyncExitStack() as stack:
        stack.enter_context(_dask_muted())
        local = _LOCAL.fullmatch(cluster)
        where: str | SpecCluster = cluster
        security = None
        if local:
            from .local import local_cluster

            wanted = int(local["workers"] or os.cpu_count() or 1)
            try:
                where = await stack.enter_async_context(local_cluster(min(wanted, most)))
            except (OSError, RuntimeError) as error:
                why = line_of(error.__cause__ or error)
                raise UsageError(
                    phrase(
                        "--cluster {cluster}: no worker can be started on this machine ({why})",
                        cluster=cluster,
                        why=why,
                    )
                ) from error
        else:
            check(cluster, settings)
            security = security_for(cluster, settings)
        client = await _client(stack, cluster, where, security)
        sealed = local is not None or cluster.startswith("tls://")
        workers = Workers(client, sealed)
        count = len(await workers.fit())
        if not count:
            lacking = "\n".join(sorted(workers.lacking.values())) or phrase("no worker answers (see {docs})", docs=DOCS)
            raise UsageError(f"--cluster {cluster}: {lacking}")
        workers.warn()
        page = client.dashboard_link
        told = counted(count, "{count} worker", "{count} workers")
        if page:
            told = phrase("{workers}; Dask's dashboard: {address}", workers=told, address=page)
        _log.info("%s", told)
        if not sealed:
            _log.warning(
                phrase(
                    "--cluster {cluster}: rows are sent unencrypted, and anyone who reaches the scheduler can run "
                    "code on the workers (cluster.insecure); the token is not sent, each worker uses its own "
                    "(see {docs})",
                    cluster=cluster,
                    docs=DOCS,
                ),
            )
        yield DaskEngine(client, workers, count, sealed=sealed)


async def _client(stack: AsyncExitStack, cluster: str, where: str | SpecCluster, security: Security | None) -> Client:
    """Return a client that is connected and has at least one worker; ``stack`` closes it."""
    from distributed import Client

    made = Client(where, asynchronous=True, timeout=CONNECT, security=security)
    stack.push_async_callback(made.close)
    try:
        async with asyncio.timeout(CONNECT):  # without a timeout, a server of another kind could block Dask for ever
            client: Any = await made
    except (OSError, ValueError, MemoryError) as error:  # MemoryError: Dask takes foreign bytes for a length
        raise UsageError(
            phrase(
                "--cluster {cluster}: the server there is not a Dask scheduler, or it needs the other of tcp:// "
                "and tls:// ({error})",
                cluster=cluster,
                error=line_of(error),
            )
        ) from error
    try:
        await client.wait_for_workers(1, timeout=FIRST_WORKER)
    except TimeoutError as error:
        raise UsageError(
            phrase(
                "--cluster {cluster}: no worker within {seconds:g} s; start some with 'dask worker {cluster}' "
                "(see {docs})",
                cluster=cluster,
                seconds=FIRST_WORKER,
                docs=DOCS,
            )
        ) from error
    return made


def check(cluster: str, settings: ClusterSettings) -> None:
    """Check, before any file is read, that the cluster can be used.

    Raises:
        UsageError: Dask is not installed, or there is no trustworthy scheduler at that address.
    """
    try:
        import cryptography  # noqa: F401
        import distributed  # noqa: F401
    except ImportError as error:
        raise UsageError(
            phrase("--cluster needs Dask: {install} ({error})", install=install("cluster"), error=error)
        ) from error
    if _LOCAL.fullmatch(cluster):
        return
    try:
        parts = urlsplit(cluster)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not cluster.startswith(("tcp://", "tls://")) or not host or not port:
        raise UsageError(
            phrase("--cluster {cluster}: write tls://HOST:8786, local, or local:4 (4 workers)", cluster=cluster)
        )
    check_scheduler(cluster, host, port, settings)


@contextmanager
def _dask_muted() -> Iterator[None]:
    """Mute Dask's own log unless -v is given: it repeats our messages in words for its developers."""
    handlers = logging.getLogger("distributed").handlers
    levels = [handler.level for handler in handlers]
    if not _log.isEnabledFor(logging.DEBUG):
        for handler in handlers:
            handler.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for handler, level in zip(handlers, levels, strict=False):
            handler.setLevel(level)
