"""Contacts without a row: the mirror takes only what it may, and nobody where it cannot be known who is missing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from dialler_sync.api.wire import StoredContact
from dialler_sync.config.limits import Limit
from dialler_sync.errors import SafetyLimit
from dialler_sync.journal import Journal, JournalRow, NoRow, RunRecord
from dialler_sync.model import Action, Fault, Reason, RowResult, Status
from dialler_sync.pages import KEYS
from dialler_sync.plan.decide import PlanRules
from dialler_sync.plan.snapshot import Snapshot
from dialler_sync.plan.suppress import SuppressionList, SuppressionLists
from dialler_sync.plan.unlisted import Change, Mirror, require_id, to_lock, to_unlock

from ...helpers.records import RUN, TARGET
from ...helpers.rows import BASIC, settings_of

ACCOUNT = TARGET.replace("#538", "#*")
NONE = SuppressionLists()


def contact(number: int, **fields: Any) -> dict[str, Any]:
    return {"ID": number, "UserData": f"K{number}", "DiallerCampaignsID": 538, **fields}


@dataclass
class Book:
    """A journal. ``sent_to``: target → keys; ``locked``: IDs that the mirror has locked before."""

    lines: list[RowResult] = field(default_factory=list)
    sent_to: Mapping[str, Sequence[str]] = field(default_factory=dict)
    locked: tuple[str, ...] = ()

    def rows(self, _run: object) -> Iterator[JournalRow]:
        return (JournalRow(line, 0, "", "", None) for line in self.lines)

    def sent(self, target: str, keys: Sequence[str]) -> dict[str, str]:
        return dict.fromkeys(key for key in keys if key in self.sent_to.get(target, ()))

    def mirror_locked(self, target: str, ids: Sequence[str]) -> set[str]:
        assert target == TARGET
        return {each for each in self.locked if each in ids}


def row(
    key: str, status: Status = Status.SUCCEEDED, code: str = "", where: str = "", action: Reason | None = None
) -> RowResult:
    return RowResult(0, "", "", 2, key, status, action, error_code=code, error_field=where)


def snapshot_of(*there: Mapping[str, Any]) -> Snapshot:
    snapshot = Snapshot()
    snapshot.add(there)
    snapshot.index()
    return snapshot


def missing(
    *there: Mapping[str, Any],
    book: Book | None = None,
    what: str = "delete",
    rules: PlanRules | None = None,
    limit: Limit | None = None,
    adopt: bool = True,
    rows: int = 1,
    campaign: Mapping[str, Any] | None = None,
    run: RunRecord = RUN,
    beside: Collection[str] = (),
) -> list[str]:
    """The IDs of the contacts that the mirror takes; the list has K1."""
    settings = settings_of(BASIC, mirror={"missing": what}, campaign=campaign or {"id": 538})
    limit, rules = limit or Limit(percent=100), rules or PlanRules()
    mirror = Mirror(settings, cast("Journal", book or Book([row("K1")])), run, rules, limit, adopt, rows, beside)
    snapshot = snapshot_of(*there)
    mirror.select(snapshot)
    changes = list(mirror.changes(snapshot))
    assert {(change.why, change.action) for change in changes} <= {(NoRow.MIRRORED, Action(what))}
    return [change.contact.id for change in changes]


def test_contacts_of_a_table_that_is_not_read_may_not_be_missing() -> None:
    """A second table stops the run only if the mirror would take somebody."""
    run = replace(RUN, files=({"name": "a.csv", "layout": {}}, {"name": "b.csv", "layout": {"next_table": 7}}))

    assert missing(contact(1), run=run) == []
    with pytest.raises(SafetyLimit, match=r"row 7 of b\.csv begins a second table"):
        missing(contact(1), contact(2), run=run)


def test_a_contact_whose_key_stands_beside_the_table_is_in_the_file() -> None:
    """A row of it may look like a title or a footnote."""
    assert missing(contact(1), contact(2), contact(3), beside={"K2", "Legend", "\ud800"}) == ["3"]


def test_who_is_missing() -> None:
    """Contacts with a UserData that no row has."""
    assert missing(contact(1), contact(2), contact(3, UserData=None)) == ["2"]


def test_only_what_was_sent_unless_the_others_are_adopted() -> None:
    """Here, or by a run on the whole account; what another campaign was sent is not ours."""
    there = [contact(number) for number in range(1, 6)]
    sent = {TARGET: ["K2"], ACCOUNT: ["K3"], TARGET.replace("538", "539"): ["K4"]}

    assert missing(*there, book=Book([row("K1")], sent), adopt=False) == ["2", "3"]
    assert missing(*there, book=Book([row("K1")], sent)) == ["2", "3", "4", "5"]


def test_what_is_locked_is_not_locked_again_and_what_the_mirror_has_locked_can_be_deleted() -> None:
    """The journal knows of locks that no record shows."""
    there = [contact(1), contact(2), contact(3, bLocked=True), contact(4)]
    book = Book([row("K1")], locked=("2",))

    assert missing(*there, book=book, what="lock") == ["4"]
    assert missing(*there, book=book) == ["2", "3", "4"]


def test_a_contact_whose_key_may_be_that_of_a_row_stays() -> None:
    """Unless the campaign has both: the dialler tells them from each other."""
    assert missing(contact(2, UserData="k1"), contact(3)) == ["3"]
    assert missing(contact(1), contact(2, UserData="k1"), contact(3)) == ["2", "3"]


@pytest.mark.parametrize("what", ["lock", "delete"])
def test_who_is_protected_stays(what: str) -> None:
    there = [contact(1), contact(2, ReservedUsersUID="anna"), contact(3)]

    assert missing(*there, what=what, rules=PlanRules(follow_up=True)) == ["3"]
    assert missing(*there, what=what) == ["2", "3"]


@pytest.mark.parametrize(
    ("ours", "theirs", "taken"),
    [
        ({"id": 538}, {}, None),
        ({"id": 538}, {"DiallerCampaignsName": "Nightly"}, None),
        ({"name": "Nightly"}, {}, None),
        ({"name": "Nightly"}, {"DiallerCampaignsName": "Nightly"}, ["2"]),
        ({"name": "Nightly"}, {"DiallerCampaignsName": "Trade fair"}, []),
        ({"name": "Nightly"}, {"DiallerCampaignsName": "Trade fair", "DiallerCampaignsID": 538}, ["2"]),
    ],
)
def test_a_contact_of_which_no_campaign_is_told_stops_the_run(
    ours: dict[str, Any], theirs: dict[str, Any], taken: list[str] | None
) -> None:
    """The list may be that of other campaigns, too; a name tells it where the configuration has one."""
    there = [contact(1), {**contact(2, DiallerCampaignsID=None), **theirs}]

    if taken is None:
        with pytest.raises(SafetyLimit, match="which campaign contact 2 is in"):
            missing(*there, campaign=ours)
    else:
        assert missing(*there, campaign=ours) == taken


@pytest.mark.parametrize("what", ["lock", "delete"])
def test_a_contact_that_cannot_be_named_stops_the_run(what: str) -> None:
    with pytest.raises(SafetyLimit, match="does not give its ID"):
        missing(contact(1), {**contact(2), "ID": "../2"}, what=what)


@pytest.mark.parametrize(
    ("line", "stops"),
    [
        (row("", Status.REJECTED, "key_missing", "UserData"), True),
        (row("4,9E+10", Status.REJECTED, "precision_lost", "UserData"), True),
        (row("4,9E+10", Status.REJECTED, "phone_invalid; precision_lost", "PhoneNumber1; UserData"), True),
        (row("", Status.REJECTED, "phone_invalid", "PhoneNumber1"), True),
        (row("K9", Status.REJECTED, "duplicate_key", "UserData"), False),
        (row("K9", Status.REJECTED, "phone_invalid", "PhoneNumber1"), False),
        (row("", Status.SKIPPED, action=Reason.FILTERED), True),
        (row("K9", Status.SKIPPED, action=Reason.FILTERED), False),
        (row("", Status.SKIPPED, action=Reason.SUPPRESSED), False),
        (row("K9", Status.SUCCEEDED, "", "UserData"), False),
        (row("K9", Status.FAILED, "refused", "UserData"), False),
    ],
)
def test_a_row_that_may_be_anybody_lets_nobody_be_missing(line: RowResult, stops: bool) -> None:
    """Its UserData is empty or damaged; where nobody is missing, it does not matter."""
    if stops:
        with pytest.raises(SafetyLimit, match="no readable UserData"):
            missing(contact(1), contact(2), book=Book([row("K1"), line]))
    else:
        assert missing(contact(1), contact(2), book=Book([row("K1"), line])) == ["2"]
    assert missing(contact(1), book=Book([row("K1"), line])) == []


@pytest.mark.parametrize(("percent", "stops"), [(66, True), (67, False)])
@pytest.mark.parametrize("rows", [0, 1])
@pytest.mark.parametrize("what", ["lock", "delete"])
def test_no_more_than_the_limit(percent: float, stops: bool, rows: int, what: str) -> None:
    """Of the contacts that the list has, and those that are missing and could be changed."""
    there = [contact(1), contact(2), contact(3), contact(4, ReservedUsersUID="anna")]
    facts: dict[str, Any] = {"limit": Limit(percent=percent), "what": what, "rows": rows}

    if stops:
        said = "mirror: 2 of 3 contacts are not in the file" + "" if rows else r"\(the file has no rows\)"
        with pytest.raises(SafetyLimit, match=said):
            missing(*there, rules=PlanRules(follow_up=True), **facts)
    else:
        assert missing(*there, rules=PlanRules(follow_up=True), **facts) == ["2", "3"]


def test_pages_are_one_list() -> None:
    """More contacts, and more rows, than one page has."""
    there = [contact(number) for number in range(1, 2 * KEYS + 3)]
    lines = [row(f"K{number}") for number in range(1, KEYS + 2)]

    assert missing(*there, book=Book(lines)) == [str(number) for number in range(KEYS + 2, 2 * KEYS + 3)]


def listed(*keys: str, lock: bool = True) -> SuppressionLists:
    return SuppressionLists((SuppressionList("user_data", frozenset(keys), "dnc.csv", lock=lock),))


def test_contacts_of_a_do_not_call_list_are_locked() -> None:
    """Where it says so, unless they are, or are the mirror's."""
    snapshot = snapshot_of(contact(1), contact(2, bLocked=True), contact(3), contact(4))
    snapshot.take(["3"])

    (change,) = to_lock(snapshot, listed("K1", "K2", "K3"))

    assert (change.why, change.action, change.contact.id) == (NoRow.SUPPRESSED, Action.LOCK, "1")
    assert "dnc.csv" in change.reason
    assert not list(to_lock(snapshot, listed("K1", lock=False)))


def test_a_contact_whose_number_no_list_can_read_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """Without a region, ``0171 …`` may be anybody's."""
    lists = SuppressionLists((SuppressionList("phone", frozenset({"491713920012"}), "dnc.csv", lock=True),))
    there = snapshot_of(contact(1, PhoneNumber1="0171 3920012"), contact(2, PhoneNumber1="+493039200121"))

    assert not [*to_lock(there, lists)]
    assert "contact 1 of the dialler has a phone number that is not understood" in caplog.text


def test_what_is_said_to_be_unlocked_can_be_locked() -> None:
    there = snapshot_of(contact(1, bUnlocked=True))

    assert [change.contact.id for change in to_lock(there, listed("K1"))] == ["1"]


def test_contacts_that_the_list_has_again_are_unlocked() -> None:
    """Not one that somebody has unlocked, that has another key by now, or that must not be called."""
    there = [contact(1), contact(2, bLocked=True), contact(3, bLocked=False), contact(4), contact(5, UserData="K1")]
    returned = {f"K{number}": {str(number): "run-1"} for number in range(1, 5)} | {"K9": {"5": "run-1"}}

    def unlocked(snapshot: Snapshot | None) -> list[Change]:
        return list(to_unlock(returned, snapshot, listed("K4")))

    changes = unlocked(snapshot_of(*there))

    assert [change.contact.id for change in changes] == ["1", "2"]
    assert {(change.why, change.action) for change in changes} == {(NoRow.RETURNED, Action.UNLOCK)}
    assert "run-1" in changes[0].reason
    unseen = [(change.contact.id, change.contact.user_data) for change in unlocked(None)]
    assert unseen == [("1", "K1"), ("2", "K2"), ("3", "K3"), ("4", "K4"), ("5", "K9")]


@pytest.mark.parametrize("action", [Action.LOCK, Action.UNLOCK, Action.DELETE])
def test_an_id_is_a_number(action: Action) -> None:
    require_id(StoredContact("7", "K", {}), action)
    with pytest.raises(SafetyLimit, match=f"is to be {action}"):
        require_id(StoredContact("", "K", {}), action)


def test_a_fault_without_a_field_of_its_own_is_in_no_key() -> None:
    """Of several faults, each has its own."""
    faults = (Fault("phone_invalid", "", "", "PhoneNumber1"), Fault("too_long", "", "", "Name"))
    line = row("K9", Status.REJECTED)._replace(error_code="phone_invalid; too_long", faults=faults)

    assert missing(contact(1), contact(2), book=Book([row("K1"), line])) == ["2"]
