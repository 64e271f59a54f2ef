"""Contacts that a run has made, and that are in the dialler more than once: which are told, and which are not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.api.client import DiallerClient
from dialler_sync.journal import Journal, Outcome, PlannedRow
from dialler_sync.model import Action, Status
from dialler_sync.pages import KEYS
from dialler_sync.run.doubles import tell_doubles

from ...helpers.foreign import Answer, ForeignDialler, served
from ...helpers.records import RUN, TARGET
from ...helpers.scripted import settings

Made = tuple[str, Status, Action, str]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal.db") as journal:
        yield journal


@pytest.fixture
def dialler() -> Iterator[ForeignDialler]:
    with served(ForeignDialler()) as dialler:
        yield dialler


def told(journal: Journal, dialler: ForeignDialler, made: Sequence[Made], target: str = TARGET) -> list[str]:
    """The UserData of rows that are told as doubled; each of ``made`` is UserData, outcome, action and contact."""
    run = replace(RUN, target=target)
    journal.add_run(run)
    journal.add_rows(run.id, [PlannedRow(seq, 0, seq + 2, row[0]) for seq, row in enumerate(made)])
    journal.record(run.id, [Outcome(seq, *row[1:]) for seq, row in enumerate(made)])

    async def tell() -> int:
        async with DiallerClient(settings(dialler.base_url, clients_id=1)) as client:
            return await tell_doubles(client, journal, run)

    doubled = asyncio.run(tell())
    found = [row.result.user_data for row in journal.rows(run) if row.result.error_code == "possible_duplicate"]
    assert len(found) == doubled
    return found


def made(key: str, contact: object, action: Action = Action.CREATE, status: Status = Status.SUCCEEDED) -> Made:
    return key, status, action, str(contact)


def test_only_what_the_run_has_made_is_told(journal: Journal, dialler: ForeignDialler) -> None:
    """Neither who was there before, nor what failed, nor contacts without UserData, which are no doubles."""
    created, imported, changed, failed, keyless = (
        dialler.add(538, key) for key in ("created", "imported", "changed", "failed", "")
    )
    for key in ("created", "imported", "changed", "failed", ""):
        dialler.add(538, key)

    assert told(
        journal,
        dialler,
        [
            made("created", created),
            made("imported", imported, Action.IMPORT),
            made("changed", changed, Action.OVERWRITE),
            made("failed", failed, status=Status.FAILED),
            made("", keyless),
            made("alone", dialler.add(538, "alone")),
        ],
    ) == ["created", "imported"]


def test_a_contact_of_another_campaign_is_no_double(journal: Journal, dialler: ForeignDialler) -> None:
    """Where the run knows its own contact; else each that carries the key may be one."""
    rows = [made("known", dialler.add(538, "known")), made("unknown", "")]
    dialler.add(539, "known")
    for campaign in (538, 539):
        dialler.add(campaign, "unknown")

    assert told(journal, dialler, rows) == ["unknown"]


class Silent(ForeignDialler):
    """Does not tell the campaign of contacts whose ID is below ``known_from``."""

    known_from = 0

    def _told(self, contacts: Any) -> Answer:
        status, answer = super()._told(contacts)
        for record in answer["records"] if answer else ():
            if record["ID"] < self.known_from:
                del record["DiallerCampaignsID"]
        return status, answer


@pytest.mark.parametrize("known_from", [2, 3])
def test_a_contact_whose_campaign_is_not_told_may_be_a_double(journal: Journal, known_from: int) -> None:
    with served(Silent()) as dialler:
        dialler.known_from = known_from
        dialler.add(539, "K1")

        assert told(journal, dialler, [made("K1", dialler.add(538, "K1"))]) == ["K1"]


@pytest.mark.parametrize("batch", [True, False])
def test_every_page_of_rows_is_looked_up(journal: Journal, dialler: ForeignDialler, batch: bool) -> None:
    """Where there is no batch lookup the whole list is read, once, after one request for a look-up."""
    dialler.batch = batch
    rows = [made(f"K{n}", dialler.add(538, f"K{n}")) for n in range(KEYS + 1)]
    for key in ("K0", f"K{KEYS}"):
        dialler.add(538, key)

    assert told(journal, dialler, rows) == ["K0", f"K{KEYS}"]
    assert len(dialler.requests) == (3 if batch else 2)  # the first batch is small


def test_a_run_that_has_made_nothing_asks_nothing(
    journal: Journal, dialler: ForeignDialler, caplog: pytest.LogCaptureFixture
) -> None:
    """Contacts without UserData cannot be looked up."""
    assert told(journal, dialler, [made("K1", 1, Action.OVERWRITE), made("", 2)]) == []
    assert dialler.requests == []
    assert caplog.text == ""


def test_several_campaigns_are_looked_at_as_one_account(journal: Journal, dialler: ForeignDialler) -> None:
    """Also by a list, where there is no batch lookup."""
    dialler.batch = False
    rows = [made("K1", dialler.add(539, "K1"))]
    dialler.add(539, "K1")

    assert told(journal, dialler, rows, TARGET.replace("538", "*")) == ["K1"]


def test_a_dialler_that_does_not_answer_ends_no_run(
    journal: Journal, dialler: ForeignDialler, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialler, "answer", lambda *_: (403, {"status": 403, "error": "not for you"}))

    assert told(journal, dialler, [made("K1", 1)]) == []
    assert "cannot check whether another run" in caplog.text
