"""Dask, which runs senders on the workers of a cluster; all that knows it."""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import re
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .. import __version__
from ..config.settings import is_loopback
from ..errors import ClusterLost, DiallerSyncError, UsageError
from .conversation import Lost, RemoteSender
from .messages import Order, Report, Share
from .sender import Sender, check_version

if TYPE_CHECKING:
    from distributed import Client, LocalCluster

_log = logging.getLogger(__name__)

CONNECT = 10.0
"""Seconds within which a scheduler must answer."""

FIRST_WORKER = 30.0
"""Seconds within which a cluster must have a worker."""

DOCS = "see docs/cluster.md"

_LOCAL = re.compile(r"local(?::(?P<workers>[1-9]\d{0,2}))?")


@dataclass(frozen=True, slots=True)
class DaskSender:
    """A sender on a Dask worker."""

    actor: Any
    where: str
    trusted: bool

    async def exchange(self, order: Order) -> Report:
        """Give an order."""
        try:
            report: Report = await self.actor.exchange(order)
        except (OSError, RuntimeError, KeyError) as error:  # Dask's words for a worker or an actor that is gone
            raise Lost(f"{self.where}: {_line(error)}") from error
        return report


@dataclass(frozen=True, slots=True)
class _Call:
    """Is the call of a function, made where it is unpickled.

    Dask's scheduler unpickles every task. What it is given so is ``pickle.loads`` and bytes: it needs no dialler-sync,
    and a worker that has none says so in words of its own.
    """

    function: Callable[[Any], object]
    argument: object

    def __reduce__(self) -> tuple[Callable[[Any], object], tuple[object]]:
        return self.function, (self.argument,)


class DaskEngine:
    """The workers of a Dask cluster; ``trusted``: nobody can read what its scheduler is sent."""

    def __init__(self, client: Client, workers: int, *, trusted: bool) -> None:
        self.workers = workers
        self._client = client
        self._trusted = trusted

    async def begin(self, share: Share) -> RemoteSender:
        """Make a sender on the worker that has the fewest; wait for a worker where there is none."""
        from distributed import KilledWorker

        client = self._client
        if client.status != "running":
            raise ClusterLost("the cluster's scheduler cannot be reached any more")
        key = f"dialler-sync-{share.name}-{secrets.token_hex(3)}"
        future = client.submit(pickle.loads, pickle.dumps(_Call(Sender, share)), actor=True, pure=False, key=key)
        try:
            actor = await future
            (where,) = (await client.who_has([future]))[key]
        except DiallerSyncError:
            raise
        except ImportError as error:
            raise ClusterLost(_not_installed(error)) from error
        except (OSError, RuntimeError, KeyError, ValueError, CancelledError, KilledWorker) as error:
            raise Lost(f"no sender could be made: {_line(error)}") from error
        return DaskSender(actor, where, self._trusted and _sealed(where))


@asynccontextmanager
async def connected(cluster: str, most: int) -> AsyncIterator[DaskEngine]:
    """The cluster at an address, or one that is started on this machine (``local``, ``local:4``) for so long.

    ``most``: workers that are of use.

    Raises:
        UsageError: there is none, or it is not fit for this.
    """
    async with AsyncExitStack() as stack:
        stack.enter_context(_hushed())
        local = _LOCAL.fullmatch(cluster)
        where: str | LocalCluster = cluster
        if local:
            wanted = int(local["workers"] or os.cpu_count() or 1)
            where = await stack.enter_async_context(_started_here(min(wanted, most)))
        else:
            check(cluster)
        client = await _client(stack, cluster, where)
        workers = await _fit_workers(client, cluster)
        _log.info("%d worker%s; Dask's dashboard: %s", workers, "s" * (workers != 1), client.dashboard_link)
        trusted = local is not None or _sealed(cluster)
        if not trusted:
            _log.warning(
                "--cluster %s: rows travel unencrypted; outside a trusted network use tls:// (%s)", cluster, DOCS
            )
        yield DaskEngine(client, workers, trusted=trusted)


async def _client(stack: AsyncExitStack, cluster: str, where: str | LocalCluster) -> Client:
    """Connected, with a worker at least; ``stack`` closes it."""
    from distributed import Client

    made = Client(where, asynchronous=True, timeout=CONNECT)
    stack.push_async_callback(made.close)
    try:
        async with asyncio.timeout(CONNECT):  # what is no scheduler may keep Dask waiting for ever
            client: Any = await made
    except (OSError, ValueError, MemoryError) as error:  # MemoryError: what is said is taken for a length
        raise UsageError(
            f"--cluster {cluster}: what answers there is no Dask scheduler, or one that wants the other of tcp:// and "
            f"tls:// ({_line(error)})"
        ) from error
    try:
        await client.wait_for_workers(1, timeout=FIRST_WORKER)
    except TimeoutError as error:
        raise UsageError(
            f"--cluster {cluster}: no worker within {FIRST_WORKER:g} s; start some with "
            f"'dask worker {cluster}' ({DOCS})"
        ) from error
    return made


def _started_here(workers: int) -> LocalCluster:
    from distributed import LocalCluster

    return LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        asynchronous=True,
        silence_logs=logging.WARNING if _log.isEnabledFor(logging.DEBUG) else logging.CRITICAL,
        preload="dialler_sync.cluster.uninterrupted",
    )


async def _fit_workers(client: Client, cluster: str) -> int:
    """How many workers there are.

    Raises:
        UsageError: one of them lacks dialler-sync, or has another version.
    """
    found = await client.run(pickle.loads, pickle.dumps(_Call(check_version, __version__)), on_error="return")
    for where, error in found.items():
        if isinstance(error, (ImportError, UsageError)):
            why = _not_installed(error) if isinstance(error, ImportError) else error
            raise UsageError(f"--cluster {cluster}: worker {where}: {why}") from error
    return len(found)


def _not_installed(error: ImportError) -> str:
    return f"{error}: install 'dialler-sync[cluster]' where the worker is started ({DOCS})"


def check(cluster: str) -> None:
    """See at once, before any file is read, that there can be such a cluster.

    Raises:
        UsageError: Dask is not installed, or there is no scheduler at that address.
    """
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise UsageError(f"--cluster needs Dask: pip install 'dialler-sync[cluster]' ({error})") from error
    if _LOCAL.fullmatch(cluster):
        return
    parts = urlsplit(cluster)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if parts.scheme not in {"tcp", "tls"} or not host or not port:
        raise UsageError(f"--cluster {cluster}: write tcp://HOST:8786, tls://HOST:8786, local, or local:4 (4 workers)")
    if parts.scheme == "tls":
        _check_certificates(cluster)
    try:
        socket.create_connection((host, port), timeout=CONNECT).close()
    except OSError as error:
        raise UsageError(
            f"--cluster {cluster}: there is no scheduler ({error.strerror or error}); start one with "
            f"'dask scheduler' ({DOCS})"
        ) from error


def _check_certificates(cluster: str) -> None:
    from distributed.security import Security

    try:
        context = Security().get_connection_args("client")["ssl_context"]
    except OSError as error:
        raise UsageError(
            f"--cluster {cluster}: the certificates in Dask's configuration cannot be read: {error} ({DOCS})"
        ) from error
    if context is None:
        raise UsageError(f"--cluster {cluster}: Dask's configuration names no certificates ({DOCS})")


def _line(error: BaseException) -> str:
    """The first line of what Dask says."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def _sealed(address: str) -> bool:
    """Whether nobody on the network can read what goes to an address."""
    return address.startswith(("tls://", "inproc://")) or is_loopback(address)


@contextmanager
def _hushed() -> Iterator[None]:
    """Dask's own log says the same as we do, in words for its developers; with -v it is heard."""
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
