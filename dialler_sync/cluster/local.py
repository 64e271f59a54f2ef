"""Run a cluster on this machine for the duration of a run, unreachable for other users of the machine."""

from __future__ import annotations

import logging
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from multiprocessing import resource_tracker
from pathlib import Path

import dask
from distributed import Nanny, Scheduler, SpecCluster, Worker
from distributed.security import Security

from ..files import trust
from ..files.own_command import SAFE_PATH
from ..text.phrase import phrase

_log = logging.getLogger(__name__)


class _WithoutPage:
    """Opens no port for Dask's web page, which has no access control."""

    def start_http_server(self, *_: object, **__: object) -> None:
        """Start no server."""


class LocalScheduler(_WithoutPage, Scheduler):
    """Runs in this process."""


class LocalWorker(_WithoutPage, Worker):
    """Runs in a process of its own."""


@asynccontextmanager
async def local_cluster(workers: int) -> AsyncIterator[SpecCluster]:
    """Start a local cluster.

    Each port requires a certificate that is created here, and known only to these processes.
    """
    common = {"host": "127.0.0.1", "protocol": "tls://", "security": Security.temporary(), "dashboard": False}
    with (
        tempfile.TemporaryDirectory(prefix="dialler-sync-cluster-", ignore_cleanup_errors=True) as folder,
        # All users share Dask's default folder, and modules in it take precedence over installed ones.
        dask.config.set({"temporary-directory": folder}),
        _no_modules_from_here(),
    ):
        trust.require(
            phrase("the folder for temporary files (TMPDIR names another)"), Path(folder)
        )  # Dask loads modules from it
        worker = {
            "cls": Nanny,
            "options": {
                **common,
                "worker_class": LocalWorker,
                "nthreads": 1,
                "preload": "dialler_sync.cluster.uninterrupted",
                "silence_logs": _quiet(),
                "env": {trust.TRUST: "1"} if trust.is_overridden() else {},
            },
        }
        cluster = SpecCluster(
            scheduler={"cls": LocalScheduler, "options": {**common, "port": 0}},
            worker=worker,
            workers=dict.fromkeys(range(workers), worker),
            security=common["security"],
            asynchronous=True,
            silence_logs=_quiet(),
        )
        async with AsyncExitStack() as stack:
            with unheard_by_children():
                await stack.enter_async_context(cluster)
            yield cluster


@contextmanager
def unheard_by_children() -> Iterator[None]:
    """Start processes that hear neither Ctrl-C nor that the terminal is closed: both reach all processes of a command,
    and are for this one. What is blocked here stays blocked there, also before they load a module."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    try:
        resource_tracker.ensure_running()  # a process of Python's own, whose start unblocks Ctrl-C here
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _no_modules_from_here() -> Iterator[None]:
    """Workers are started as ``python -c …``, which looks for modules in the working folder first: others may have put
    some there. Python's own variable keeps it from that."""
    name, value = SAFE_PATH
    if os.environ.get(name):
        yield
        return
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name, None)


def _quiet() -> int:
    return logging.WARNING if _log.isEnabledFor(logging.DEBUG) else logging.CRITICAL
