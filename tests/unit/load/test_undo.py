"""Undo, row by row, with a dialler in memory: only the contact that the run has changed, and only back."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from dialler_sync.api.client import DiallerClient
from dialler_sync.api.wire import StoredContact, stored_contact
from dialler_sync.errors import DiallerSyncError, DiallerUnavailable, MaybeDone, Refused
from dialler_sync.journal import Image, Journal, JournalRow, Outcome
from dialler_sync.load.recorder import Recorder
from dialler_sync.load.undo import Undoer, count_undo, to_undo
from dialler_sync.model import Action, Reason, RowResult, SpooledRow, Status

from ...helpers.records import RUN, TARGET

PHONE = "+491713920012"
OLD = {"UserData": "K", "Name": "Old", "PhoneNumber1": PHONE, "DiallerCampaignsID": 538}
NEW = {**OLD, "Name": "New"}
MOVED = {**NEW, "DiallerCampaignsID": 539}
LOST = MaybeDone("connection_lost", "broken")


def contact(number: int, record: Mapping[str, Any] = NEW, **fields: Any) -> dict[str, Any]:
    return {"ID": number, **record, **fields}


@dataclass
class Settings:
    retries: int = 1


@dataclass
class Dialler:
    """A client with these contacts. ``fails``: what the next imports raise, after they were done if ``does``;
    ``answers_with``: the ID in the answer to an import; ``denies``: it says that a contact is not there;
    ``away``: what lookups raise once something was sent.

    It overwrites the first contact with the UserData, whatever its campaign."""

    there: list[dict[str, Any]]
    fails: list[Exception] = field(default_factory=list)
    does: bool = False
    answers_with: int | None = None
    denies: bool = False
    away: DiallerSyncError | None = None
    calls: list[str] = field(default_factory=list)
    stopped: DiallerSyncError | None = None
    waits: int = 0
    settings: Settings = field(default_factory=Settings)

    @property
    def gate(self) -> Dialler:
        return self

    def stop(self, error: DiallerSyncError) -> None:
        self.stopped = error

    def left(self, _since: float) -> float:
        return 300.0

    async def rest(self, _seconds: float) -> None:
        self.waits += 1

    def _named(self, contact_id: str) -> dict[str, Any] | None:
        return next((each for each in self.there if str(each["ID"]) == contact_id), None)

    async def get_contact(self, contact_id: str) -> StoredContact | None:
        assert contact_id
        found = self._named(contact_id)
        return stored_contact(found) if found else None

    async def find_contacts(self, user_data: str) -> list[StoredContact]:
        assert user_data
        if self.away and self.calls:
            raise self.away
        return [stored_contact(each) for each in self.there if each["UserData"] == user_data]

    async def batch_contacts(self, user_data: list[str]) -> list[Mapping[str, Any]]:
        return [each for each in self.there if each["UserData"] in user_data]

    async def _change(self, what: str, contact_id: str) -> bool:
        self.calls.append(f"{what} {contact_id}")
        return not self.denies and self._named(contact_id) is not None

    async def lock_by_id(self, contact_id: str) -> bool:
        return await self._change("lock", contact_id)

    async def unlock_by_id(self, contact_id: str) -> bool:
        return await self._change("unlock", contact_id)

    async def delete_by_id(self, contact_id: str) -> bool:
        return await self._change("delete", contact_id)

    async def import_contact(self, body: bytes, *, overwrite: bool, user_data: str) -> StoredContact:
        record = json.loads(body)
        assert record["UserData"] == user_data
        self.calls.append(f"{'overwrite' if overwrite else 'create'} {record['Name']}")
        error = self.fails.pop(0) if self.fails else None
        same = next((each for each in self.there if overwrite and each["UserData"] == user_data), None)
        if error is None or self.does:
            if same is None:
                same = {"ID": 99}
                self.there.append(same)
            same.update(record)
        if error:
            raise error
        assert same is not None
        if self.answers_with is not None:
            return StoredContact(str(self.answers_with or ""), user_data, {})
        return stored_contact(same)


@dataclass
class Book:
    """A journal with one before-image, of the row 0."""

    image: Image | None = None
    lines: list[JournalRow] = field(default_factory=list)
    back: dict[int, bool] = field(default_factory=dict)

    def images(self, run_id: str, seqs: Sequence[int]) -> dict[int, Image]:
        assert run_id == RUN.id
        return {0: self.image} if self.image and 0 in seqs else {}

    def rows(self, _run: object) -> Iterator[JournalRow]:
        return iter(self.lines)

    def put_back(self, _run_id: str) -> dict[int, bool]:
        return self.back


class Noted(Recorder):
    """Notes what is written before a row is sent, without a journal."""

    def __init__(self) -> None:
        self.noted: list[str] = []

    async def intend(self, seq: int, watermark: int | None) -> None:
        self.noted.append(f"sending {seq}")

    def take_back(self, seq: int) -> None:
        self.noted.append(f"not sent {seq}")


def image(before: Mapping[str, Any] | None = OLD, after: Mapping[str, Any] = NEW, contact_id: str = "1") -> Image:
    return Image(0, contact_id, json.dumps(before) if before is not None else None, json.dumps(after))


def undo(
    dialler: Dialler, action: Action, held: Image | None, contact_id: str = "1", *, key: str = "K", **facts: Any
) -> Outcome:
    facts = {"target": TARGET, **facts}
    undoer = Undoer(cast("DiallerClient", dialler), cast("Journal", Book(held)), Noted(), RUN.id, **facts)
    return asyncio.run(undoer.change(SpooledRow(0, key, b"", str(action), contact_id)))


def told(outcome: Outcome) -> tuple[str, str, str]:
    return str(outcome.status), str(outcome.action), outcome.error_code


DONE, FAILED, SKIPPED = "succeeded", "failed", "skipped"


@pytest.mark.parametrize(("action", "back"), [(Action.LOCK, "unlock"), (Action.UNLOCK, "lock")])
def test_a_lock_is_put_back(action: Action, back: str) -> None:
    """Without a before-image; only of the contact that carries the key, in the run's campaign."""
    dialler = Dialler([contact(1), contact(2, UserData="M"), contact(3, DiallerCampaignsID=539)])

    assert told(undo(dialler, action, None)) == (DONE, back, "")
    assert dialler.calls == [f"{back} 1"]
    assert told(undo(dialler, action, None, "")) == (FAILED, back, "no_before_image")
    assert told(undo(dialler, action, None, "2")) == (SKIPPED, back, "")
    assert told(undo(dialler, action, None, "3")) == (FAILED, back, "contact_changed")
    assert told(undo(dialler, action, None, "4")) == (SKIPPED, back, "")
    assert dialler.calls == [f"{back} 1"]
    dialler.denies = True
    assert told(undo(dialler, action, None)) == (FAILED, back, "not_found")


@pytest.mark.parametrize("action", [Action.CREATE, Action.OVERWRITE, Action.IMPORT, Action.DELETE])
def test_without_a_before_image_nothing_is_done(action: Action) -> None:
    dialler = Dialler([contact(1)])

    assert undo(dialler, action, None).error_code == "no_before_image"
    assert not dialler.calls


@pytest.mark.parametrize(
    ("there", "told_", "calls"),
    [
        ([contact(1)], (DONE, "delete", ""), ["delete 1"]),
        ([contact(1), contact(2)], (DONE, "delete", ""), ["delete 1"]),
        ([contact(2)], (SKIPPED, "delete", ""), []),
        ([contact(1, UserData="M")], (SKIPPED, "delete", ""), []),
        ([contact(1, DiallerCampaignsID=539)], (FAILED, "delete", "contact_changed"), []),
        ([contact(1, Name="Agent")], (FAILED, "delete", "contact_changed"), []),
    ],
    ids=["it", "not its twin", "gone", "another key", "moved", "changed"],
)
def test_a_new_contact_is_deleted(there: list[dict[str, Any]], told_: tuple[str, str, str], calls: list[str]) -> None:
    dialler = Dialler(there)

    outcome = undo(dialler, Action.CREATE, image(None))

    assert told(outcome) == told_
    assert dialler.calls == calls
    if told_[0] == DONE:
        assert outcome.contact_id == "1"


def test_a_deletion_that_is_refused_as_not_found_is_no_success() -> None:
    assert told(undo(Dialler([contact(1)], denies=True), Action.CREATE, image(None))) == (FAILED, "delete", "not_found")


def test_force_deletes_what_was_changed_and_nobody_else() -> None:
    dialler = Dialler([contact(1, Name="Agent"), contact(2, DiallerCampaignsID=539)])

    assert told(undo(dialler, Action.CREATE, image(None), force=True)) == (DONE, "delete", "")
    assert undo(dialler, Action.CREATE, image(None), "2", force=True).status is Status.FAILED
    assert dialler.calls == ["delete 1"]


@pytest.mark.parametrize(
    ("there", "told_", "calls"),
    [
        ([], (SKIPPED, "delete", ""), []),
        ([contact(7)], (DONE, "delete", ""), ["delete 7"]),
        ([contact(7), contact(8)], (FAILED, "delete", "contact_changed"), []),
        ([contact(7, DiallerCampaignsID=539), contact(8)], (DONE, "delete", ""), ["delete 8"]),
        ([contact(7, DiallerCampaignsID=539)], (SKIPPED, "delete", ""), []),
        ([contact(7, DiallerCampaignsID=None), contact(8)], (FAILED, "delete", "contact_changed"), []),
    ],
    ids=["none", "one", "two", "one here", "one elsewhere", "one perhaps here"],
)
def test_a_new_contact_whose_id_is_not_known(
    there: list[dict[str, Any]], told_: tuple[str, str, str], calls: list[str]
) -> None:
    """Its answer was lost: it is the one in the campaign to which it was sent."""
    dialler = Dialler(there)

    assert told(undo(dialler, Action.CREATE, image(None, contact_id=""), "")) == told_
    assert dialler.calls == calls


def test_a_new_contact_of_any_campaign() -> None:
    """Where the payload named none by its ID, every contact of the key may be meant."""
    dialler = Dialler([contact(7), contact(8, DiallerCampaignsID=539)])
    after = {**NEW, "DiallerCampaignsID": None}

    assert undo(dialler, Action.CREATE, image(None, after, ""), "").status is Status.FAILED
    assert not dialler.calls


@pytest.mark.parametrize(
    ("there", "told_", "calls"),
    [
        ([contact(1)], (DONE, "overwrite", ""), ["overwrite Old"]),
        ([contact(1, OLD)], (SKIPPED, "unchanged", ""), []),
        ([contact(1, Name="Agent")], (FAILED, "overwrite", "contact_changed"), []),
        ([], (FAILED, "overwrite", "contact_changed"), []),
        ([contact(2)], (FAILED, "overwrite", "contact_changed"), []),
        ([contact(1), contact(2)], (FAILED, "overwrite", "contact_changed"), []),
        ([contact(1), contact(2, DiallerCampaignsID=None)], (FAILED, "overwrite", "contact_changed"), []),
        ([contact(1), contact(2, DiallerCampaignsID=539)], (DONE, "overwrite", ""), ["overwrite Old"]),
        ([contact(1, DiallerCampaignsID=539)], (FAILED, "overwrite", "contact_changed"), []),
    ],
    ids=[
        "it", "as it was", "changed", "gone", "made anew", "a second", "a second perhaps here", "one elsewhere", "moved"
    ],
)  # fmt: skip
def test_an_overwritten_contact_is_restored(
    there: list[dict[str, Any]], told_: tuple[str, str, str], calls: list[str]
) -> None:
    dialler = Dialler(there)

    outcome = undo(dialler, Action.OVERWRITE, image())

    assert told(outcome) == told_
    assert dialler.calls == calls
    assert dialler.stopped is None
    assert ("has deleted" in outcome.error) == (not there)


def test_force_restores_what_was_changed() -> None:
    dialler = Dialler([contact(1, Name="Agent")])

    assert told(undo(dialler, Action.OVERWRITE, image(), force=True)) == (DONE, "overwrite", "")
    assert dialler.there == [contact(1, OLD)]


@pytest.mark.parametrize("contact_id", ["", "2"])
def test_force_deletes_no_contact_that_is_as_it_was(contact_id: str) -> None:
    """Where the run has not made a second one, or it is gone."""
    dialler = Dialler([contact(1, OLD)])

    assert told(undo(dialler, Action.OVERWRITE, image(), contact_id, force=True)) == (SKIPPED, "unchanged", "")
    assert not dialler.calls


def test_force_restores_no_contact_of_another_campaign() -> None:
    dialler = Dialler([contact(1, MOVED)])

    assert told(undo(dialler, Action.OVERWRITE, image(), force=True)) == (FAILED, "overwrite", "contact_changed")
    assert not dialler.calls


def test_a_contact_goes_back_to_its_campaign() -> None:
    """Without a number, if it has none; then none is kept."""
    dialler = Dialler([contact(1, MOVED, PhoneNumber1=None)])
    before, after = ({**each, "PhoneNumber1": None} for each in (OLD, MOVED))

    outcome = undo(dialler, Action.OVERWRITE, image(before, after), target="")

    assert (told(outcome), outcome.error, outcome.contact_id) == ((DONE, "overwrite", ""), "", "1")
    assert dialler.there == [contact(1, before)]


@pytest.mark.parametrize("campaign", [538, 539])
def test_a_second_contact_in_the_campaign_to_which_it_goes_back_or_from_which_may_be_meant(campaign: int) -> None:
    dialler = Dialler([contact(1, MOVED), contact(2, DiallerCampaignsID=campaign)])

    outcome = undo(dialler, Action.OVERWRITE, image(after=MOVED), target="")

    assert told(outcome) == (FAILED, "overwrite", "contact_changed")
    assert "1, 2" in outcome.error
    assert not dialler.calls


def test_a_contact_is_found_by_the_id_of_either_side() -> None:
    """The run may have learnt the ID only from the answer, or only before it."""
    for known in ({"contact_id": ""}, {"held": image(contact_id="")}):
        dialler = Dialler([contact(1)])
        assert told(undo(dialler, Action.OVERWRITE, **{"held": image(), **known})) == (DONE, "overwrite", "")


def test_a_move_that_made_a_second_contact_is_undone_by_deleting_it() -> None:
    """The old one is as it was; if it is not, it cannot be told what is to be done."""
    dialler = Dialler([contact(1, OLD), contact(2, MOVED)])
    theirs = TARGET.replace("538", "539")

    assert told(undo(dialler, Action.OVERWRITE, image(after=MOVED), "2", target=theirs)) == (DONE, "delete", "")
    assert dialler.calls == ["delete 2"]

    dialler = Dialler([contact(1, OLD, Name="Agent"), contact(2, MOVED)])
    outcome = undo(dialler, Action.OVERWRITE, image(after=MOVED), "2", target=theirs)
    assert told(outcome) == (FAILED, "overwrite", "contact_changed")
    assert not dialler.calls


@pytest.mark.parametrize("elsewhere", [False, True], ids=["goes back", "twin elsewhere"])
def test_a_dialler_that_answers_with_another_contact_stops_the_run(elsewhere: bool) -> None:
    """It has overwritten or made another one; an answer without an ID tells nothing."""
    there = [contact(1), contact(2, DiallerCampaignsID=539)] if elsewhere else [contact(1, MOVED)]
    facts = {"held": image(after=NEW if elsewhere else MOVED), "target": TARGET if elsewhere else TARGET[:-3] + "539"}
    for answer, stops in ((2, True), (1, False), (0, False)):
        dialler = Dialler([dict(each) for each in there], answers_with=answer)

        outcome = undo(dialler, Action.OVERWRITE, **facts)

        assert bool(dialler.stopped) == stops
        assert told(outcome) == (("unknown", "overwrite", "possible_duplicate") if stops else (DONE, "overwrite", ""))


def test_rows_that_a_dialler_may_confuse_go_one_at_a_time() -> None:
    """The first failure stops the run: no second one must be on its way."""
    for there, waits in (
        ([contact(1)], False),
        ([contact(1), contact(2, DiallerCampaignsID=539)], True),
        ([contact(1, MOVED)], True),
    ):
        dialler = Dialler(there)

        async def row(dialler: Dialler, after: Mapping[str, Any]) -> list[str]:
            turn = asyncio.Lock()
            book = cast("Journal", Book(image(after=after)))
            undoer = Undoer(cast("DiallerClient", dialler), book, Noted(), RUN.id, target="", turn=turn)
            async with turn:
                waiting = asyncio.create_task(undoer.change(SpooledRow(0, "K", b"", "overwrite", "1")))
                await asyncio.sleep(0)
                calls = list(dialler.calls)
            await waiting
            return calls

        calls = asyncio.run(row(dialler, {**NEW, "DiallerCampaignsID": there[0]["DiallerCampaignsID"]}))
        assert calls == ([] if waits else ["overwrite Old"])
        assert dialler.calls == ["overwrite Old"]


@pytest.mark.parametrize(
    ("fails", "does", "calls", "status"),
    [(1, False, 2, DONE), (1, True, 1, DONE), (2, False, 2, None)],
    ids=["sent again", "was done", "given up"],
)
def test_a_lost_answer_to_a_restoration(fails: int, does: bool, calls: int, status: str | None) -> None:
    """Where a lookup finds the contact as it was to be, it was done; else it is sent again."""
    dialler = Dialler([contact(1)], fails=[LOST] * fails, does=does)

    if status:
        assert told(undo(dialler, Action.OVERWRITE, image())) == (status, "overwrite", "")
    else:
        with pytest.raises(MaybeDone):
            undo(dialler, Action.OVERWRITE, image())

    assert len(dialler.calls) == calls
    assert dialler.waits == (0 if does else 1)


@pytest.mark.parametrize("last", [Refused("conflict", "no"), DiallerUnavailable("away")], ids=["refused", "away"])
@pytest.mark.parametrize("action", [Action.OVERWRITE, Action.DELETE])
def test_what_was_lost_stays_in_doubt_whatever_comes_after(action: Action, last: DiallerSyncError) -> None:
    """Neither a refusal of the next try nor a dialler that goes away says that it was not done."""
    dialler = Dialler([contact(1)], fails=[LOST, last])
    if action is Action.DELETE:
        dialler = Dialler([], fails=[LOST], away=last if isinstance(last, DiallerUnavailable) else None)

    with pytest.raises(MaybeDone):
        undo(dialler, action, image(), contact_id="1")


def test_what_an_import_requires_is_completed() -> None:
    """A number that the contact had not keeps its place, and only that: the dialler takes none without one."""
    none = {"PhoneNumber1": None, "PhoneNumber2": None}
    before = {"Name": "Old", **none, "DiallerCampaignsName": "", "ResetContact": True}
    dialler = Dialler([contact(1, PhoneNumber2="+4930111")])

    outcome = undo(dialler, Action.OVERWRITE, image(before, {**NEW, "PhoneNumber2": "+4930111"}))

    assert outcome.status is Status.SUCCEEDED
    assert "phone number" in outcome.error
    assert dialler.there == [contact(1, OLD, PhoneNumber2="+4930111")]
    other = {"Name": "Old", "PhoneNumber1": None, "PhoneNumber2": "+4930222", "DiallerCampaignsName": "Nightly"}
    dialler = Dialler([contact(1, DiallerCampaignsID=None)])
    outcome = undo(dialler, Action.OVERWRITE, image(other, {**NEW, "DiallerCampaignsID": None}))
    assert not outcome.error
    assert dialler.there == [contact(1, OLD, DiallerCampaignsID=None, **other)]


@pytest.mark.parametrize(
    ("there", "told_", "calls"),
    [
        ([], (DONE, "create", ""), ["overwrite Old"]),
        ([contact(2, OLD)], (SKIPPED, "create", ""), []),
        ([contact(2)], (FAILED, "create", "contact_changed"), []),
        ([contact(2, DiallerCampaignsID=None)], (FAILED, "create", "contact_changed"), []),
        ([contact(2, DiallerCampaignsID=539)], (DONE, "create", ""), ["create Old"]),
    ],
    ids=["gone", "there again", "another one", "one perhaps here", "one elsewhere"],
)
def test_a_deleted_contact_is_made_again(
    there: list[dict[str, Any]], told_: tuple[str, str, str], calls: list[str]
) -> None:
    """Once, and over no contact of another campaign."""
    dialler = Dialler(there)

    outcome = undo(dialler, Action.DELETE, image(after={}))

    assert told(outcome) == told_
    assert dialler.calls == calls
    if calls:
        assert outcome.contact_id == "99"


def test_no_contact_is_made_in_another_campaign() -> None:
    dialler = Dialler([])

    assert told(undo(dialler, Action.DELETE, image(MOVED))) == (FAILED, "create", "contact_changed")
    assert not dialler.calls


def test_a_contact_of_any_campaign_that_is_there_is_not_made_again() -> None:
    before = {**OLD, "DiallerCampaignsID": None}

    assert undo(Dialler([contact(2, MOVED)]), Action.DELETE, image(before)).status is Status.FAILED


def test_a_contact_without_a_key_is_made_again() -> None:
    """It cannot be looked for."""
    before = {**OLD, "UserData": ""}
    dialler = Dialler([])

    assert told(undo(dialler, Action.DELETE, image(before), key="")) == (DONE, "create", "")
    with pytest.raises(MaybeDone):
        undo(Dialler([], fails=[LOST], does=True), Action.DELETE, image(before), key="")


@pytest.mark.parametrize(("twice", "blind"), [(False, False), (True, False), (False, True)])
def test_a_lost_answer_to_a_contact_made_again(twice: bool, blind: bool) -> None:
    """It is made if a lookup finds it, once; it is never sent a second time."""
    dialler = Dialler([contact(5, MOVED)] * twice, fails=[LOST], does=True)
    find = dialler.find_contacts

    async def later(user_data: str) -> list[StoredContact]:
        if dialler.calls and blind:
            raise Refused("forbidden", "no")
        found = await find(user_data)
        return found + [each for each in found if dialler.calls and twice and each.id == "99"]

    dialler.find_contacts = later  # type: ignore[method-assign]
    if twice or blind:
        with pytest.raises(MaybeDone):
            undo(dialler, Action.DELETE, image())
    else:
        outcome = undo(dialler, Action.DELETE, image())
        assert (told(outcome), outcome.contact_id) == ((DONE, "create", ""), "99")
    assert len(dialler.calls) == 1


def line(seq: int, status: Status, action: Action | Reason, contact_id: str = "") -> JournalRow:
    return JournalRow(RowResult(seq, "", "", seq, "K", status, action, contact_id), 0, str(status), "", None)


def test_a_contact_without_a_key_that_may_have_been_made_is_told() -> None:
    """It cannot be looked for, and the other rows are undone all the same."""
    dialler = Dialler([contact(1)])
    assert told(undo(dialler, Action.CREATE, image(None), "", key="")) == (FAILED, "delete", "no_before_image")
    assert dialler.calls == []


@pytest.mark.parametrize(("key", "refused"), [("", False), ("", True), ("K", False)])
def test_a_contact_without_a_key_is_noted_before_it_is_made_again(key: str, refused: bool) -> None:
    """It cannot be looked up, so a process that is killed must leave a trace; what was refused was not made."""
    dialler, notes = Dialler([], fails=[Refused("bad_request", "no")] if refused else []), Noted()
    book = cast("Journal", Book(image({**OLD, "UserData": key})))
    undoer = Undoer(cast("DiallerClient", dialler), book, notes, RUN.id, target=TARGET)
    with pytest.raises(Refused) if refused else nullcontext():
        asyncio.run(undoer.change(SpooledRow(0, key, b"", str(Action.DELETE), "1")))

    assert notes.noted == ([] if key else ["sending 0", "not sent 0"] if refused else ["sending 0"])


def test_which_rows_are_undone() -> None:
    """Those that changed something, or may have; a command other than an import has done what it is called."""
    lines = [
        line(0, Status.SUCCEEDED, Action.CREATE), line(1, Status.UNKNOWN, Action.LOCK, "1"),
        line(2, Status.FAILED, Action.CREATE), line(3, Status.SKIPPED, Reason.UNCHANGED),
        line(4, Status.SUCCEEDED, Action.LOCK), line(5, Status.SUCCEEDED, Action.UNLOCK, "2"),
        line(6, Status.SUCCEEDED, Action.OVERWRITE, "3"), line(7, Status.SUCCEEDED, Reason.UNCHANGED),
    ]  # fmt: skip
    keyless = line(0, Status.UNKNOWN, Action.CREATE)
    keyless = keyless._replace(result=keyless.result._replace(user_data=""))
    assert count_undo(cast("Journal", Book(image(None), [keyless])), RUN) == Counter({"impossible": 1})
    journal = cast("Journal", Book(image(None), lines))

    def seqs(command: str) -> list[int]:
        return [entry.result.seq for entry in to_undo(journal, replace(RUN, command=command))]

    assert (seqs("import"), seqs("lock"), seqs("plan")) == ([0, 1, 4, 5, 6], [1, 4], [])
    assert count_undo(journal, RUN) == Counter({"delete": 1, "unlock": 1, "lock": 1, "impossible": 2})
    journal.back = {0: True, 1: False, 5: True}
    assert count_undo(journal, RUN) == Counter({"delete": 1, "unlock": 1, "impossible": 2})
    assert count_undo(journal, RUN, force=True) == Counter({"delete": 1, "unlock": 1, "lock": 1, "impossible": 2})
    many = cast("Journal", Book(None, [line(seq, Status.SUCCEEDED, Action.LOCK, "1") for seq in range(2_500)]))
    assert count_undo(many, RUN) == Counter({"unlock": 2_500})
