"""Which workers are sent rows."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest

from dialler_sync.cluster.engine import check
from dialler_sync.cluster.local import SAFE_PATH, _no_modules_from_here
from dialler_sync.cluster.workers import Workers
from dialler_sync.config.settings import ClusterSettings
from dialler_sync.errors import UsageError


class Cluster:
    """A Dask client whose workers answer as they are told to: None is the right version."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {f"{name}://w": answer for name, answer in answers.items()}

    async def nthreads(self) -> dict[str, int]:
        return dict.fromkeys(self.answers, 1)

    async def run(self, *_: object, workers: list[str], **__: object) -> dict[str, Any]:
        return {workers[0]: self.answers[workers[0]]}


@pytest.mark.parametrize(("sealed", "fit"), [(True, ["tls://w"]), (False, ["tcp://w", "tls://w"])])
def test_rows_do_not_travel_unsealed_where_all_is_to_be_sealed(sealed: bool, fit: list[str]) -> None:
    """A worker may be reached without TLS though the scheduler is not."""
    workers = Workers(Cluster(tls=None, tcp=None), sealed)  # type: ignore[arg-type]

    assert asyncio.run(workers.fit()) == fit


def test_a_worker_that_does_not_answer_is_asked_again() -> None:
    """One that lacks something is not, until it has gone."""
    cluster = Cluster(silent=TimeoutError(), lacking=UsageError("x"))
    workers = Workers(cluster, sealed=False)  # type: ignore[arg-type]
    assert asyncio.run(workers.fit()) == []
    assert list(workers.lacking) == ["lacking://w"]

    cluster.answers = dict.fromkeys(cluster.answers)
    assert asyncio.run(workers.fit()) == ["silent://w"]

    cluster.answers = {"silent://w": None}
    asyncio.run(workers.fit())
    cluster.answers = {"lacking://w": None}
    assert asyncio.run(workers.fit()) == ["lacking://w"]


@pytest.mark.parametrize("address", ["http://host:8786", "tcp://:8786", "tcp://host", "tcp://host:x", "host:8786"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="write tls://HOST:8786"):
        check(address, ClusterSettings())


@pytest.mark.parametrize("before", [None, "yes"])
def test_local_workers_take_no_modules_from_the_working_folder(
    before: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For as long as they are started; what the user has set stays."""
    name, value = SAFE_PATH
    monkeypatch.delenv(name, raising=False)
    if before:
        monkeypatch.setenv(name, before)

    with _no_modules_from_here():
        assert os.environ[name] == (before or value)

    assert os.environ.get(name) == before
