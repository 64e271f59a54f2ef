"""The processes of a cluster on this machine, which a terminal takes for a part of the command."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from typing import Any, Self

import pytest

distributed = pytest.importorskip("distributed", reason="Dask is not installed: pip install 'dialler-sync[cluster]'")

BLOCKED = "import signal; print(*sorted(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, ()))))"


def blocked_in_a_child() -> list[int]:
    done = subprocess.run([sys.executable, "-c", BLOCKED], capture_output=True, text=True, check=True)
    return [int(number) for number in done.stdout.split()]


def test_its_processes_hear_no_signal_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """From their very start: a Ctrl-C while they load would end them with a traceback. This process hears it again."""
    from dialler_sync.cluster import local

    told = []

    class Started:
        def __init__(self, **_: Any) -> None: ...

        async def __aenter__(self) -> Self:
            told.append(blocked_in_a_child())
            return self

        async def __aexit__(self, *_: object) -> None: ...

    async def work() -> set[int]:
        async with local.local_cluster(1):
            return set(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, ())))

    monkeypatch.setattr(local, "SpecCluster", Started)
    before = set(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, ())))

    here = asyncio.run(work())

    assert told == [[int(signal.SIGHUP), int(signal.SIGINT)]]
    assert here == before
