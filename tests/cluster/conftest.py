"""A Dask cluster on this machine: real processes, of which the scheduler has no dialler-sync, and a dialler that sees
every change."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..crash.conftest import _forkserver, dialler, store  # noqa: F401 - fixtures

BARE = "import sys; sys.modules['dialler_sync'] = None\n"
"""As where dialler-sync is not installed."""


@dataclass(frozen=True, slots=True)
class Workers:
    """A scheduler, and two workers, each a process; one that is killed is replaced."""

    address: str

    @property
    def pids(self) -> list[int]:
        from distributed import Client

        with Client(self.address) as client:
            return sorted(client.run(os.getpid).values())

    @contextmanager
    def one_more(self, before: str = "") -> Iterator[None]:
        """A worker that runs ``before`` first, for so long."""
        from distributed import Client

        with Client(self.address) as client, dask("worker", self.address, "--no-nanny", before=before):
            client.wait_for_workers(3, timeout=30)
            yield


@contextmanager
def dask(program: str, *arguments: str, before: str = "") -> Iterator[None]:
    """``dask scheduler`` or ``dask worker``, without a token."""
    code = f"{before}from distributed.cli.dask_{program} import main; main()"
    environment = {name: value for name, value in os.environ.items() if name != "DIALLER_SYNC_TOKEN"}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    command = [sys.executable, "-c", code, *arguments, "--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet, start_new_session=True) as process:
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # with the workers that it has started


@pytest.fixture(scope="session")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    """One cluster for all tests: a start takes seconds."""
    distributed = pytest.importorskip(
        "distributed", reason="Dask is not installed: pip install 'dialler-sync[cluster]'"
    )
    folder = tmp_path_factory.mktemp("dask")
    place = folder / "scheduler.json"
    with ExitStack() as stack:
        stack.enter_context(dask("scheduler", "--port", "0", "--scheduler-file", str(place), before=BARE))
        stack.enter_context(
            dask(
                "worker", "--scheduler-file", str(place), "--nworkers", "2", "--nthreads", "1",
                "--local-directory", str(folder),
            )
        )  # fmt: skip
        with distributed.Client(scheduler_file=str(place), timeout=60) as client:
            client.wait_for_workers(2, timeout=60)
        yield Workers(json.loads(place.read_text(encoding="utf-8"))["address"])
