"""A PostgreSQL server of our own: Debian's, in a temporary folder, on a free port."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import pytest

_names = count(1)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server, whose superuser ``postgres`` logs in with a password."""

    port: int
    password: str = "sécret@42"

    def url(self, database: str = "postgres", user: str = "postgres", password: str = "s%C3%A9cret%4042") -> str:
        return f"postgresql+psycopg://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """As the superuser."""
        with psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", password=self.password, dbname=database, autocommit=True
        ) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def new_database(self) -> str:
        name = f"journal{next(_names)}"
        self.execute(f"CREATE DATABASE {name}")
        return name


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One for all tests: a start takes seconds."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if not found:
        pytest.skip("no PostgreSQL server here: apt-get install postgresql")
    binaries = found[-1].parent
    as_user: list[str] = []
    if os.geteuid() == 0:  # PostgreSQL refuses root
        if not shutil.which("runuser"):
            pytest.skip("PostgreSQL does not run as root, and there is no runuser here")
        as_user = ["runuser", "-u", "postgres", "--"]
    cluster = Cluster(_free_port())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "password").write_text(cluster.password, encoding="utf-8")
        if as_user:
            shutil.chown(folder, "postgres")
            shutil.chown(folder / "password", "postgres")
        data, log = folder / "data", folder / "log"

        def call(program: str, *arguments: object) -> None:
            command = [*as_user, binaries / program, "-D", data, *arguments]
            done = subprocess.run(
                [str(part) for part in command], cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr + (log.read_text() if log.exists() else "")

        call(
            "initdb", "--no-sync", "--auth=scram-sha-256", "--username=postgres", "--encoding=UTF8",
            "--locale=C.UTF-8", f"--pwfile={folder / 'password'}",
        )  # fmt: skip
        options = f"-p {cluster.port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off"
        call("pg_ctl", "-w", "-l", log, "-o", options, "start")
        try:
            yield cluster
        finally:
            call("pg_ctl", "-w", "-m", "immediate", "stop")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def database(cluster: Cluster) -> str:
    """The name of an empty database."""
    return cluster.new_database()


@pytest.fixture
def url(cluster: Cluster, database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty database, which is the journal of all commands of the test."""
    url = cluster.url(database)
    monkeypatch.setenv("DIALLER_SYNC_STATE", url)
    return url
