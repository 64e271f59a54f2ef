"""A Dask cluster on this machine, with real worker processes, and a dialler that sees every change."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from ..crash.conftest import _forkserver, dialler, store  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from distributed import LocalCluster


@dataclass(frozen=True, slots=True)
class Workers:
    """Two workers, each a process; one that is killed is replaced."""

    cluster: LocalCluster

    @property
    def address(self) -> str:
        return str(self.cluster.scheduler_address)

    @property
    def pids(self) -> list[int]:
        return [nanny.pid for nanny in self.cluster.workers.values() if nanny.pid]


@pytest.fixture(scope="session")
def workers() -> Iterator[Workers]:
    """One cluster for all tests: a start takes seconds. Its workers have no token of their own."""
    distributed = pytest.importorskip(
        "distributed", reason="Dask is not installed: pip install 'dialler-sync[cluster]'"
    )
    os.environ.pop("DIALLER_SYNC_TOKEN", None)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
    ) as cluster:  # fmt: skip
        yield Workers(cluster)
