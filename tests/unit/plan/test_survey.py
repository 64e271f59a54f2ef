"""What a run reads of the dialler before it decides anything: nothing, the contacts of its keys, or the campaign."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from dialler_sync.api.client import DiallerClient
from dialler_sync.api.pace import Gate
from dialler_sync.api.wire import StoredContact
from dialler_sync.config.dialler import DiallerSettings
from dialler_sync.errors import DiallerUnavailable, MaybeDone, NoRowCanSucceed, NotDone, Refused, RequestError
from dialler_sync.model import SpooledRow
from dialler_sync.plan.snapshot import Snapshot
from dialler_sync.plan.survey import FEW_TO_COMPARE, FEW_TO_KEEP, survey
from dialler_sync.prepare.prepared import Prepared

from ...helpers.rows import BASIC, settings_of

NUMBERS: dict[str, Any] = {
    "suppress": {"file": "dnc.csv", "column": "Phone"}, "columns": {**BASIC, "UserData": "Key"},
}  # fmt: skip
THERE = {"ID": 1, "UserData": "K0", "DiallerCampaignsID": 538}


@dataclass
class Dialler:
    """A client. ``asked``: what it was asked for; ``fails``: what it answers in turn, before it answers."""

    settings: DiallerSettings
    fails: list[RequestError] = field(default_factory=list)
    no_batch: bool = False
    others: bool = False
    asked: list[str] = field(default_factory=list)
    paged, several, _held = DiallerClient.paged, DiallerClient.several, None
    repeating, _clock = DiallerClient.repeating, staticmethod(time.monotonic)

    def __post_init__(self) -> None:
        self.gate = Gate(1, give_up_after=60)
        self.gate.last_success = float("inf")

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.fails:
            raise self.fails.pop(0)

    async def batch_contacts(self, *, user_data: Sequence[str]) -> list[Mapping[str, Any]]:
        self._ask(f"{len(user_data)} keys")
        if self.no_batch:
            raise Refused("endpoint_missing", "no such function", http_status=404)
        return [THERE]

    async def find_alike(self, key: str) -> list[StoredContact]:
        self._ask(f"key {key}")
        return []

    async def list_contacts(
        self, campaign: int | None = None, others: Callable[[Mapping[str, Any]], object] = lambda _: None
    ) -> AsyncIterator[Mapping[str, Any]]:
        self._ask(f"campaign {campaign}")
        if self.others:
            others({**THERE, "ID": 2, "DiallerCampaignsID": 539})
        yield THERE

    async def list_campaigns(self) -> list[Mapping[str, Any]]:
        self._ask("campaigns")
        return [{"ID": 541, "Name": "Nightly"}]


@dataclass
class Rows:
    """As many rows that are to be sent, of which the last one has no key; and those that a filter leaves out."""

    count: int
    filtered: int = 0

    def filtered_keys(self) -> Iterator[str]:
        return (f"F{seq}" for seq in range(self.filtered))

    @property
    def todo(self) -> bytes:
        return b"\1" * self.count

    def to_send(self) -> Iterator[SpooledRow]:
        return (SpooledRow(seq, f"K{seq}" if seq < self.count - 1 else "", b"") for seq in range(self.count))


def read(
    count: int = 3,
    *,
    compare: str = "none",
    dry_run: bool = False,
    mirrors: bool = False,
    fails: Sequence[RequestError] = (),
    no_batch: bool = False,
    others: bool = False,
    answered: bool = True,
    filtered: int = 0,
    **sections: Any,
) -> tuple[Snapshot | None, list[str]]:
    """What was surveyed, and what was asked for that."""
    settings = settings_of(sections.pop("columns", BASIC), **sections)
    client = Dialler(settings.dialler.model_copy(update={"retries": 0}), list(fails), no_batch, others)
    if not answered:
        client.gate.last_success = float("-inf")
    found = asyncio.run(
        survey(
            cast("DiallerClient", client), settings, cast("Prepared", Rows(count, filtered)), compare,
            dry_run=dry_run, mirrors=mirrors,
        )
    )  # fmt: skip
    if found is not None:
        found.close()
    return found, client.asked


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({}, ["2 keys"]),  # for undo
        ({"dry_run": True}, []),
        ({"count": 0}, []),
        ({"journal": {"before_images": False}}, []),
        ({"rows": {"overwrite_duplicates": False}}, []),
        ({"compare": "journal"}, ["2 keys"]),
        ({"compare": "dialler"}, ["2 keys"]),
        ({"compare": "dialler", "dry_run": True}, ["2 keys"]),
        ({"compare": "dialler", "count": FEW_TO_COMPARE}, [f"{FEW_TO_COMPARE - 1} keys"]),
        ({"compare": "dialler", "count": FEW_TO_COMPARE + 1}, ["campaign 538", f"{FEW_TO_COMPARE - 1} keys"]),
        ({"count": FEW_TO_COMPARE + 1}, [f"{FEW_TO_COMPARE} keys"]),
        ({"count": FEW_TO_KEEP + 1}, ["campaign 538", "500 keys", f"{FEW_TO_KEEP - 501} keys"]),
        ({"mirrors": True}, ["campaign 538", "1 keys"]),
        ({"mirrors": True, "count": 0}, ["campaign 538"]),
        ({"suppress": {"file": "dnc.csv", "column": "Phone"}}, ["2 keys"]),
        ({"suppress": {"file": "dnc.csv", "column": "Phone", "lock": True}}, ["campaign 538", "1 keys"]),
        ({**NUMBERS, "dry_run": True}, []),
        ({**NUMBERS, "journal": {"before_images": False}}, ["2 keys"]),
        ({**NUMBERS, "journal": {"before_images": False}}, ["2 keys"]),
        ({**NUMBERS, "suppress": {**NUMBERS["suppress"], "by": "user_data"}, "journal": {"before_images": False}}, []),
        ({**NUMBERS, "rows": {"overwrite_duplicates": False}}, []),
        ({**NUMBERS, "columns": BASIC, "journal": {"before_images": False}}, []),  # without keys, nobody is overwritten
        ({"protect": {"follow_up": True}, "dry_run": True}, ["2 keys"]),
        ({"protect": {"locked": True}, "dry_run": True}, ["2 keys"]),
        ({"protect": {"locked": True}, "count": 0}, []),
        ({"mirrors": True, "others": True}, ["campaign 538"]),  # it has told of other campaigns by itself
        ({"mirrors": True, "campaign": {"column": "C"}}, ["campaigns", "campaign None"]),
        ({"campaign": {"name": "Nightly"}, "mirrors": True}, ["campaigns", "campaign 541", "1 keys"]),
        ({"mirrors": True, "rows": {"overwrite_duplicates": False}}, ["campaign 538"]),
        ({"filtered": 3}, ["5 keys"]),
        ({"filtered": 3, "count": 0, "dry_run": True}, ["3 keys"]),  # whether they can still be called
        ({"filtered": 3, "journal": {"before_images": False}}, ["5 keys"]),
        ({"filtered": FEW_TO_KEEP, "count": 1}, ["campaign 538"]),
        ({"no_batch": True}, ["2 keys", "campaign 538", "1 keys", "key K1"]),
    ],
)
def test_what_is_asked_for(given: dict[str, Any], asked: list[str]) -> None:
    assert read(**given)[1] == asked


FORBIDDEN = Refused("unauthorised", "no", http_status=401)


def test_what_is_only_wanted_for_undo_stops_no_run() -> None:
    found, asked = read(fails=[MaybeDone("unreadable_answer", "odd", http_status=200)])

    assert found is None
    assert asked == ["2 keys"]
    assert read(fails=[Refused("refused", "teapot", http_status=418, foreign=True)])[0] is None
    assert read(count=0)[0] is None


def test_a_run_goes_on_where_only_the_contacts_of_filtered_rows_are_not_known() -> None:
    unreadable = [MaybeDone("unreadable_answer", "odd", http_status=200)]

    assert read(fails=unreadable, filtered=1, count=0, dry_run=True)[0] is None


LOCKING = {"filtered": 1, "count": 0, "rows": {"skip": {"Name": "x"}, "skipped_contacts": "lock"}}


@pytest.mark.parametrize(
    "given", [{"compare": "dialler"}, {"mirrors": True}, {"protect": {"follow_up": True}}, LOCKING, NUMBERS]
)
def test_what_is_needed_and_cannot_be_read_stops_the_run(given: dict[str, Any]) -> None:
    with pytest.raises(DiallerUnavailable, match="contacts cannot be read"):
        read(fails=[MaybeDone("unreadable_answer", "odd", http_status=200)], **given)


def test_a_dialler_that_has_never_answered_is_waited_for() -> None:
    """Once it has, what reads its contacts has repeated enough; and an odd answer is no silence."""
    away = NotDone("unreachable", "away")

    assert read(fails=[away], answered=False)[1] == ["2 keys", "2 keys"]
    assert read(fails=[away])[1] == ["2 keys"]
    assert read(fails=[MaybeDone("unreadable_answer", "odd")], answered=False)[1] == ["2 keys"]


def test_campaigns_that_cannot_be_listed_matter_only_where_one_is_named() -> None:
    refused = Refused("endpoint_missing", "no such function", http_status=404)

    assert read(fails=[refused], mirrors=True, campaign={"column": "C"})[1] == ["campaigns", "campaign None"]
    with pytest.raises(NoRowCanSucceed, match="no such function"):
        read(fails=[refused], mirrors=True, campaign={"name": "Nightly"})


def test_a_refusal_of_every_request_stops_every_run() -> None:
    with pytest.raises(NoRowCanSucceed):
        read(fails=[FORBIDDEN])
