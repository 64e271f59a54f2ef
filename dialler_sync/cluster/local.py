"""A cluster on this machine, for as long as a run lasts, that no other user of the machine can reach."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import dask
from distributed import Nanny, Scheduler, SpecCluster, Worker
from distributed.security import Security

from ..api.token_command import SAFE_PATH

_log = logging.getLogger(__name__)


class _WithoutPage:
    """Opens no port for Dask's web page, which asks nobody who he is."""

    def start_http_server(self, *_: object, **__: object) -> None:
        """Start none."""


class LocalScheduler(_WithoutPage, Scheduler):
    """Runs in this process."""


class LocalWorker(_WithoutPage, Worker):
    """Runs in a process of its own."""


@asynccontextmanager
async def local_cluster(workers: int) -> AsyncIterator[SpecCluster]:
    """So many workers. Each port wants a certificate that is made here, and is nowhere but in these processes."""
    common = {"host": "127.0.0.1", "protocol": "tls://", "security": Security.temporary(), "dashboard": False}
    with (
        tempfile.TemporaryDirectory(prefix="dialler-sync-cluster-", ignore_cleanup_errors=True) as folder,
        # Dask's own folder is shared by all users, and modules are looked for in it first.
        dask.config.set({"temporary-directory": folder}),
        _no_modules_from_here(),
    ):
        worker = {
            "cls": Nanny,
            "options": {
                **common,
                "worker_class": LocalWorker,
                "nthreads": 1,
                "preload": "dialler_sync.cluster.uninterrupted",
                "silence_logs": _quiet(),
            },
        }
        async with SpecCluster(
            scheduler={"cls": LocalScheduler, "options": {**common, "port": 0}},
            worker=worker,
            workers=dict.fromkeys(range(workers), worker),
            security=common["security"],
            asynchronous=True,
            silence_logs=_quiet(),
        ) as cluster:
            yield cluster


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
