"""Answers of a dialler that are short, and large where they are read: by names that each field repeats, by numbers, or
because many of them are held at once."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.api import client
from dialler_sync.api.json_text import weight
from dialler_sync.api.listing import MOST_LONG
from dialler_sync.api.wire import StoredContact
from dialler_sync.call_lists import ask
from dialler_sync.config.dialler import DiallerSettings
from dialler_sync.contacts.call_places import LONGEST_PATH, MOST_FIELDS, flattened
from dialler_sync.contacts.call_records import Call
from dialler_sync.contacts.record_file import RecordFile
from dialler_sync.errors import MaybeDone
from dialler_sync.plan import fill
from dialler_sync.plan.called import last_call, result_names
from dialler_sync.plan.numbers import KnownNumbers
from dialler_sync.reconciliation import calls

from ..conftest import Configure, Run
from .hostile import Asked, answer, hostile_dialler

HUGE = 10**30
CONTACT = {"Name": "A", "DiallerCampaignsID": 538, "PhoneNumber1": "+49301234567"}
CALL = {"StatisticsPartA": {"ID": 1, "dtCallStart": "2026-01-31 10:00:00", "dtCallConnect": None}}


def test_no_field_repeats_a_long_name_above_it() -> None:
    """A megabyte of a name, with fields of a few bytes in it, took a megabyte for each."""
    call = {
        "x" * 2**20: {str(number): number for number in range(100)},
        "a": {"y" * 100: {"z" * 100: {"b": 1}}},
        "c": 1,
    }
    flat = dict(flattened(call))

    assert max(map(len, flat)) <= LONGEST_PATH
    assert len(flat) == 3
    assert flat["c"] == 1


def test_the_fields_of_a_call_are_no_more_than_a_table_holds() -> None:
    read = Call.read({"StatisticsPartA": {f"n{number}": number for number in range(2 * MOST_FIELDS)}})

    assert len(read.record) == MOST_FIELDS


def test_a_name_of_many_numbers_takes_no_quadratic_time() -> None:
    started = time.monotonic()
    Call.read({"number" * 20_000 + "-": "+493012", "ID": 5}, ["+493012"])

    assert time.monotonic() - started < 3


def test_a_table_keeps_no_long_names(tmp_path: Path) -> None:
    """The names are kept in memory, whatever there are of them."""
    with RecordFile(tmp_path) as records:
        with pytest.raises(MaybeDone, match="300 characters"):
            records.add({"n" * 2**20: 1})
        for number in range(3 * MOST_FIELDS):
            records.add({f"n{number}": 1})

        assert len(records) == 3 * MOST_FIELDS
        assert MOST_FIELDS < len(records.columns) < MOST_FIELDS + 9


Body = Callable[[Asked], dict[str, Any] | None]


def account(given: Body) -> Callable[[Asked], bytes]:
    """Contacts 1 to 40, each with a call. ``given``: another answer to a question."""

    def contacts(ids: list[int]) -> list[dict[str, Any]]:
        return [{"ID": number, "UserData": f"K{number}", **CONTACT} for number in ids]

    def answered(asked: Asked) -> bytes:
        path = asked.target.partition("?")[0].removeprefix("/rest/v1.0/1/dialler/")
        body = given(asked)
        if body is None and path.startswith("campaigns"):
            body = {"records": [{"ID": 538, "Name": "Nightly"}]}
        elif body is None and asked.method == "POST" and path == "contacts":
            told = json.loads(asked.body)
            ids = [*told["IDList"], *(int(key[1:]) for key in told["UserDataList"])]
            body = {"records": [{**each, "DiallerContactsHistory": [CALL]} for each in contacts(ids)]}
        elif body is None:
            number = asked.target.rpartition("K")[2] if "K" in asked.target else "".join(filter(str.isdigit, path))
            body = {"records": contacts([int(number)] if number else list(range(1, 41)))}
            if path.endswith("history"):
                body = {"records": [CALL]}
        if not body:
            return answer("", 404, "Not Found")
        return answer({**body, "count": len(body["records"]), "status": 200})

    return answered


def large(asked: Asked) -> dict[str, Any] | None:
    """No batch lookup; a contact, and the calls of a contact, take 100 kB."""
    path = asked.target.partition("?")[0]
    many = [{} for _ in range(30_000)]
    if asked.method == "POST" and path.endswith("/contacts"):
        return {}
    if path.endswith("/history"):
        return {"records": [{**CALL, "x": many}]}
    if path.endswith("/contact"):
        number = int(asked.target.rpartition("K")[2])
        return {"records": [{"ID": number, "UserData": f"K{number}", **CONTACT, "x": many}]}
    return None


@pytest.mark.parametrize(
    "command",
    [
        "contacts get --from contacts.csv -o json",
        "contacts history --from contacts.csv -o json",
        "contacts lock --from contacts.csv --yes",
        "contacts delete --from contacts.csv --yes",
        "calls",
        "calls contacts.csv",
        "reconcile contacts.csv --with-history",
    ],
)
def test_answers_to_one_page_are_not_held_whatever_they_weigh(
    command: str,
    run: Run,
    configure: Configure,
    contacts_csv: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    contacts_csv(30)
    monkeypatch.setattr(client, "MOST_HELD", 20 * weight(b"{}," * 30_000))
    with hostile_dialler(account(large)) as url:
        configure(base_url=url, retries=0, give_up_after=1)
        done = run(*command.split())

    assert done.code == 5, done.out + done.err
    assert "too large to be held in memory" in done.err


@pytest.mark.parametrize("command", ["calls", "reconcile contacts.csv --with-history"])
def test_contacts_with_many_calls_are_asked_for_by_fewer_at_once(
    command: str, run: Run, configure: Configure, contacts_csv: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All at once they would weigh more than may be held."""
    contacts_csv(40)
    monkeypatch.setattr(ask, "RECORDS", 10)
    monkeypatch.setattr(calls, "RECORDS", 10)
    monkeypatch.setattr(client, "MOST_HELD", 15 * weight(b"{}," * 30_000))

    def many_calls(asked: Asked) -> dict[str, Any] | None:
        return None if asked.target.partition("?")[0].endswith("/contact") else large(asked)

    with hostile_dialler(account(many_calls)) as url:
        configure(base_url=url, retries=0, give_up_after=1)
        done = run(*command.split())

    assert done.code == 0, done.out + done.err


def test_an_import_asks_for_contacts_with_many_calls_by_fewer_at_once(
    run: Run, configure: Configure, contacts_csv: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of its keys at once would weigh more than may be held, and it would never begin."""
    monkeypatch.setattr(fill, "FIRST_KEYS", 5)
    monkeypatch.setattr(client, "MOST_HELD", 15 * weight(b"{}," * 30_000))

    def looked_up(asked: Asked) -> dict[str, Any] | None:
        if asked.method != "POST" or not asked.target.partition("?")[0].endswith("/contacts"):
            return None
        keys = json.loads(asked.body)["UserDataList"]
        many = [{} for _ in range(30_000)]
        return {"records": [{"ID": int(key[1:]), "UserData": key, **CONTACT, "x": many} for key in keys]}

    with hostile_dialler(account(looked_up)) as url:
        configure(base_url=url, retries=0, give_up_after=1)
        done = run("import", "--dry-run", "--compare", "dialler", contacts_csv(40))

    assert done.code == 0, done.out + done.err
    assert done.summary["actions"]["overwrite"] == 40


def test_one_answer_after_another_is_not_held(
    run: Run, configure: Configure, contacts_csv: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    contacts_csv(3)
    monkeypatch.setattr(client, "MOST_HELD", 5 * weight(b"{}," * 30_000))
    with hostile_dialler(account(large)) as url:
        configure(base_url=url, retries=0, give_up_after=1)
        for _ in range(3):
            done = run(*["contacts", "get", "--from", "contacts.csv", "-o", "json"])
            assert done.code == 0, done.err


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("concurrency", "more", "is_read"),
    [
        (4, "y" * 2**20, False),
        (1, "y" * 2**20, True),
        (4, [{}] * 30_000, True),
        (4, [10**30] * 30_000, True),
    ],
)
async def test_an_answer_takes_its_share_of_the_memory_for_those_in_flight(
    concurrency: int, more: object, is_read: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each row keeps what was looked up while it waits, of its calls the times alone. An answer that weighs too much
    even so is not asked for again."""
    monkeypatch.setattr(client, "MOST_HELD", 3 * (2 + client.PARKED) * 2**20)
    asked: list[Asked] = []

    def noted(each: Asked) -> dict[str, Any] | None:
        asked.append(each)
        calls = [{"StatisticsPartA": {"dtCallStart": "2026-11-30 10:00:00", "more": 1}}]
        nested = {"DiallerCampaignsResultCodes": {"ExportKey": "SALE"}, "DiallerContactsHistory": calls}
        return {"records": [{"ID": 1, "UserData": "K1", **CONTACT, **nested, "ours": 7, "x": more}]}

    with hostile_dialler(account(noted)) as url:
        settings = DiallerSettings.model_validate(
            {"base_url": url, "clients_id": 1, "token": "t0ken-of-a-test", "concurrency": concurrency}
        )
        async with client.DiallerClient(settings) as dialler:
            if is_read:
                (found,) = await dialler.find_contacts("K1")
                assert (found.id, found.values["ours"], "x" in found.values) == ("1", 7, concurrency == 1)
                assert last_call(found.values) == "2026-11-30 10:00:00"
                assert [*result_names(found.values)] == [("sale", "SALE")]
            else:
                with pytest.raises(MaybeDone, match="too large to be held in memory while others are in flight"):
                    await dialler.find_contacts("K1")

    assert len(asked) == 1


@pytest.mark.anyio
@pytest.mark.parametrize("length", [100, 2**21 + 1])
async def test_an_error_holds_no_answer(length: int) -> None:
    """A row that waits keeps its error; the functions in a traceback keep what they had, up to 72 MB each."""
    body = b'{"status": 504, "error": "x", "a": "' + b"a" * length + b'"}'
    answer = b"HTTP/1.1 504 Gateway Timeout\r\nContent-Length: %d\r\n\r\n" % len(body) + body

    with hostile_dialler(lambda _: answer) as url:
        settings = DiallerSettings.model_validate({"base_url": url, "clients_id": 1, "token": "t0ken-of-a-test"})
        async with client.DiallerClient(settings) as dialler:
            with pytest.raises(MaybeDone) as caught:
                await dialler.import_contact(b"{}", overwrite=True)

    error: BaseException | None = caught.value
    while error is not None:
        for frame, _ in traceback.walk_tb(error.__traceback__):
            assert frame.f_code.co_name not in {"judge", "judged", "_exchange_once", "_read"}
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize("last", [[], ["--since", "last"]])
def test_a_number_of_a_call_that_no_computer_counts_with(last: list[str], run: Run, configure: Configure) -> None:
    """One answer in UTF-16 has whole numbers of any length."""

    def odd(asked: Asked) -> bytes:
        head, _, body = account(lambda _: None)(asked).partition(b"\r\n\r\n")
        text = body.decode().replace('"dtCallConnect": null', f'"dtCallConnect": null, "n": {HUGE}').encode("utf-16")
        start = head.partition(b"\r\nContent-Length")[0]
        return start + f"\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n".encode() + text

    with hostile_dialler(odd) as url:
        configure(base_url=url, retries=0, give_up_after=1)
        done = run("calls", "--to", "calls.csv", *last)

    assert done.code == 0, done.err
    assert str(HUGE) in Path("calls.csv").read_text(encoding="utf-8")


def test_a_campaign_that_no_computer_counts_with_has_numbers() -> None:
    """A list of contacts keeps whole numbers of any length exactly."""
    known = KnownNumbers()
    values = {"DiallerCampaignsID": HUGE, "PhoneNumber1": "+49301234567"}
    known.add([StoredContact("1", "K1", values)], lambda _: True)
    known.index()
    row = {"DiallerCampaignsID": 538, "PhoneNumber1": "+49301234567"}

    assert known.find([(0, row)], {}, everywhere=True)
    assert not known.find([(0, row)], {}, everywhere=False)
    known.close()


@pytest.mark.parametrize(
    ("count", "more", "taken"),
    [
        (MOST_LONG, "y" * 2**20, True),
        (9, "y" * 2**19, True),
        (MOST_LONG + 1, "y" * 2**20, False),
        (9, [{"a": "b" * 20}] * 2**13, True),
        (MOST_LONG, [{}] * 2**17, True),
        (MOST_LONG + 1, [{}] * 2**17, False),
    ],
)
def test_contacts_in_a_list_are_not_as_long_as_a_list(
    count: int, more: object, taken: bool, run: Run, configure: Configure
) -> None:
    """Hundreds of them are held at once; half a megabyte of small values takes as much memory as twelve of text."""

    def listed(_: Asked) -> dict[str, Any]:
        return {"records": [{"ID": n, "UserData": f"K{n}", **CONTACT, "x": more} for n in range(count)]}

    with hostile_dialler(account(listed)) as url:
        configure(base_url=url, retries=0, give_up_after=1)
        done = run("contacts", "list", "-o", "json", "--out", "list.json")

    assert done.code == (0 if taken else 5), done.err


@pytest.mark.parametrize(("letters", "wide"), [("a", 1), ("é", 1), ("€", 2), ("😀", 4), ("\\ud83d\\ude00", 4)])
def test_one_wide_letter_makes_a_text_as_wide(letters: str, wide: int) -> None:
    """Python keeps each letter of a text in as many bytes as the widest one needs."""
    body = f'{{"Comment": "{"a" * 1_000_000}{letters}"}}'.encode()

    assert wide <= weight(body) / 1_000_000 < wide + 0.1
