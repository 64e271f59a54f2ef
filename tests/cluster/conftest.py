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
from typing import TYPE_CHECKING

import pytest

from ..conftest import Configure
from ..helpers.watched import dialler, store  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from distributed import Client
    from distributed.security import Security

    from ..helpers.authority import Authority

BARE = "import sys; sys.modules['dialler_sync'] = None\n"
"""As where dialler-sync is not installed."""

OLD = "from dialler_sync import version; version.__version__ = '0.0.1'\n"
"""As where an old version is installed."""


@dataclass(frozen=True, slots=True)
class Workers:
    """A scheduler, and workers, each a process; one that is killed is replaced. ``tls``: certificate and key of all."""

    address: str
    authority: Authority
    tls: tuple[Path, Path] | None

    @property
    def client(self) -> Client:
        """Whoever has a certificate of the authority can run anything here."""
        from distributed import Client

        return Client(self.address, security=security(self.authority, self.tls), timeout=60)

    @property
    def pids(self) -> list[int]:
        with self.client as client:
            return sorted(client.run(os.getpid).values())

    @contextmanager
    def one_more(self, before: str = "") -> Iterator[None]:
        """A worker that runs ``before`` first, for so long."""
        given = variables(self.authority, self.tls)
        with self.client as client:
            there = len(client.nthreads())
        with dask("worker", self.address, "--no-nanny", before=before, variables=given):
            with self.client as client:
                client.wait_for_workers(there + 1, timeout=60)
            yield


def security(authority: Authority, tls: tuple[Path, Path] | None) -> Security | None:
    """What Dask needs for these certificates."""
    from distributed.security import Security

    if tls is None:
        return None
    cert, key = map(str, tls)
    return Security(require_encryption=True, tls_ca_file=str(authority.ca), tls_client_cert=cert, tls_client_key=key)


def variables(authority: Authority, tls: tuple[Path, Path] | None) -> dict[str, str]:
    """The same as variables, for scheduler and workers."""
    if tls is None:
        return {}
    files = {
        f"{role}__{kind}": str(path)
        for role in ("SCHEDULER", "WORKER")
        for kind, path in zip(("CERT", "KEY"), tls, strict=True)
    }
    return {
        f"DASK_DISTRIBUTED__COMM__TLS__{name}": path for name, path in {"CA_FILE": str(authority.ca), **files}.items()
    }


@contextmanager
def dask(program: str, *arguments: str, before: str = "", variables: dict[str, str] | None = None) -> Iterator[None]:
    """``dask scheduler`` or ``dask worker``, without a token."""
    code = f"{before}from distributed.cli.dask_{program} import main; main()"
    environment = {name: value for name, value in os.environ.items() if name != "DIALLER_SYNC_TOKEN"}
    environment |= {"PYTHONPATH": str(Path(__file__).parents[2]), **(variables or {})}
    command = [sys.executable, "-c", code, *arguments, "--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet, start_new_session=True) as process:
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # with the workers that it has started


@contextmanager
def cluster(
    folder: Path, count: int, authority: Authority, tls: tuple[Path, Path] | None, **token: str
) -> Iterator[Workers]:
    """A scheduler and ``count`` workers, with ``token`` as variables of theirs."""
    from distributed import Client

    place = folder / "scheduler.json"
    given = variables(authority, tls)
    common = ("--scheduler-file", str(place), "--protocol", "tls" if tls else "tcp")
    with ExitStack() as stack:
        stack.enter_context(dask("scheduler", "--port", "0", *common, before=BARE, variables=given))
        if count:
            more = ("--nworkers", str(count), "--nthreads", "1", "--local-directory", str(folder))
            stack.enter_context(dask("worker", *common, *more, variables=given | token))
        with Client(scheduler_file=str(place), security=security(authority, tls), timeout=60) as client:
            if count:
                client.wait_for_workers(count, timeout=60)
        yield Workers(json.loads(place.read_text(encoding="utf-8"))["address"], authority, tls)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """That of the cluster."""
    pytest.importorskip("distributed", reason="Dask is not installed: pip install 'dialler-sync[cluster]'")
    from ..helpers.authority import Authority

    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def workers(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    """One cluster for all tests: a start takes seconds."""
    with cluster(tmp_path_factory.mktemp("dask"), 2, authority, authority.certify("node")) as workers:
        yield workers


@pytest.fixture
def configure(configure: Configure, authority: Authority) -> Configure:
    """With certificates for the cluster."""
    keys = dict(zip(("ca_file", "cert_file", "key_file"), (authority.ca, *authority.certify("client")), strict=True))
    shown = json.dumps({name: str(path) for name, path in keys.items()})
    return lambda columns=None, **changes: configure(columns, **{"cluster": shown, **changes})
