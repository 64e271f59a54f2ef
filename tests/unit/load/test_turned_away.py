"""Rows that the dialler always turns away, when there is nothing else left to send."""

from __future__ import annotations

from collections import Counter
from typing import Any, cast

import httpx
import orjson
import pytest

from dialler_sync.api.client import DiallerClient
from dialler_sync.api.pace import Gate
from dialler_sync.config.dialler import DiallerSettings
from dialler_sync.journal import Outcome
from dialler_sync.load.loader import Loader
from dialler_sync.load.recorder import Recorder
from dialler_sync.load.rules import Rules
from dialler_sync.model import SpooledRow, Status

from ...helpers.own_time import OwnTime, now
from ...helpers.run_log import Log

pytestmark = pytest.mark.anyio

ROWS, POISON = 60, 23


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"loop_factory": OwnTime}


class Dialler(httpx.AsyncBaseTransport):
    """Makes contacts, but for the last rows, which it answers with this status."""

    def __init__(self, status: int, *, without_find: bool) -> None:
        self.status = status
        self.without_find = without_find
        self.contacts: dict[str, dict[str, Any]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        sent = orjson.loads(await request.aread() or b"{}")
        if "UserDataList" in sent:
            return _answer(request, 200, [self.contacts[key] for key in sent["UserDataList"] if key in self.contacts])
        if request.method == "GET":
            contact = self.contacts.get(request.url.params["userData"])
            return _answer(request, 405) if self.without_find else _answer(request, 200, [contact] if contact else [])
        if sent["seq"] >= ROWS - POISON:
            return _answer(request, self.status)
        self.contacts[sent["UserData"]] = sent | {"ID": sent["seq"] + 1}
        return _answer(request, 200, [self.contacts[sent["UserData"]]])


def _answer(request: httpx.Request, status: int, records: list[Any] | None = None) -> httpx.Response:
    said = {"error": "busy"} if records is None else {"records": records, "count": len(records)}
    return httpx.Response(status, content=orjson.dumps({"status": status, **said}), request=request)


class Unwritten:
    """Stands for a recorder: nothing is written."""

    def put(self, outcome: Outcome) -> None: ...

    async def keep_up(self) -> None: ...

    async def flush(self) -> None: ...


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("without_find", [False, True])
async def test_they_fail_and_are_no_outage(status: int, without_find: bool) -> None:
    """A lookup tells whether the dialler is there: neither does the run give up, nor does it wait for long."""
    settings = DiallerSettings(base_url="https://dialler.example/rest", clients_id=1, token="secret", concurrency=16)
    gate = Gate(16, give_up_after=settings.give_up_after, clock=now, say=lambda _: None)
    outcomes: list[Outcome] = []

    began = now()
    async with DiallerClient(
        settings, gate=gate, transport=Dialler(status, without_find=without_find), clock=now
    ) as client:
        rules = Rules(True, "538", settings.retries, settings.timeout)
        loader = Loader(client, cast(Recorder, Unwritten()), rules, Log(outcomes.append), clock=now)
        rows = (SpooledRow(n, f"K{n}", orjson.dumps({"UserData": f"K{n}", "seq": n})) for n in range(ROWS))
        await loader.load(rows)

    assert Counter(outcome.status for outcome in outcomes) == {Status.SUCCEEDED: ROWS - POISON, Status.FAILED: POISON}
    assert now() - began < 60
