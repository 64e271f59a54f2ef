"""Lists of contacts that contradict themselves: doubles, one ID for two contacts, no ID, an error in a success."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.exit_codes import ExitCode

from ..conftest import Configure, Run
from .rawdialler import Asked, RawDialler, respond

Contacts = Callable[..., Path]
Records = list[dict[str, Any]]

CHANGES = {"import", "lock", "unlock", "delete"}


def lying(change: Callable[[Records], Records]) -> RawDialler:
    """A dialler with five contacts, whose lists and look-ups are changed before they are sent."""

    def answers(asked: Asked, answer: bytes) -> list[bytes]:
        if asked.name not in ("list", "batch", "get", "find") or b"404" in answer[:20]:
            return [answer]
        found = change(json.loads(answer.partition(b"\r\n\r\n")[2])["records"])
        return [respond({"records": found, "count": len(found), "status": 200})]

    there = {
        n: {"ID": n, "UserData": f"K{n}", "Name": "A", "DiallerCampaignsID": 538, "PhoneNumber1": f"+4917139200{n}"}
        for n in range(2, 7)
    }
    return RawDialler(answers, there)


def twice(found: Records) -> Records:
    return found * 2


def first_again(found: Records) -> Records:
    return found + found[:1] * 20


def last_under_the_id_of_the_first(found: Records) -> Records:
    return [*found[:-1], {**found[-1], "ID": 2}] if len(found) > 1 else found


def without_ids(found: Records) -> Records:
    return [{name: value for name, value in record.items() if name != "ID"} for record in found]


def paths_for_ids(found: Records) -> Records:
    return [{**record, "ID": f"{record['ID']}/lock"} for record in found]


MIRROR = "{missing: delete, max_missing: 50%}"


def test_a_contact_that_is_listed_twice_is_one(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """Its row is sent, and what the file no longer has is deleted once."""
    with lying(twice).listening() as dialler:
        configure(base_url=dialler.base_url, retries=0, mirror=MIRROR)
        done = run("import", contacts_csv(4), "--adopt")
    assert done.code == ExitCode.OK, done.err
    assert done.summary["counts"]["succeeded"] == 4
    assert [asked.contact_id for asked in dialler.asked if asked.name == "delete"] == ["6"]


def test_doubles_do_not_raise_the_limit(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """``max_missing`` is a share of the contacts, not of the lines of a list."""
    with lying(first_again).listening() as dialler:
        configure(base_url=dialler.base_url, retries=0, mirror="{missing: delete, max_missing: 10%}")
        done = run("import", contacts_csv(4), "--adopt")
    assert done.code == ExitCode.SAFETY_LIMIT
    assert "1 of 5 contacts" in done.err
    assert not CHANGES & {asked.name for asked in dialler.asked}


@pytest.mark.parametrize("missing", ["lock", "delete"])
def test_one_id_for_two_contacts_takes_neither(
    missing: str, run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """Else the mirror takes a contact that the file has."""
    with lying(last_under_the_id_of_the_first).listening() as dialler:
        configure(base_url=dialler.base_url, retries=0, mirror=f"{{missing: {missing}, max_missing: 50%}}")
        done = run("import", contacts_csv(4), "--adopt")
    assert done.code == ExitCode.UNAVAILABLE
    assert "contact 2 twice" in done.err
    assert not CHANGES & {asked.name for asked in dialler.asked}


@pytest.mark.parametrize("ids", [without_ids, paths_for_ids])
def test_a_contact_without_an_id_is_not_mirrored(
    ids: Callable[[Records], Records], run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """The run stops before it has sent anything, not in the midst of it."""
    with lying(ids).listening() as dialler:
        configure(base_url=dialler.base_url, retries=0, mirror=MIRROR)
        done = run("import", contacts_csv(4), "--adopt")
    assert done.code == ExitCode.SAFETY_LIMIT
    assert "K6" in done.err
    assert not CHANGES & {asked.name for asked in dialler.asked}


@pytest.mark.parametrize("named", [["K2"], ["K2", "K3"]])
def test_a_named_contact_without_an_id_fails(named: list[str], run: Run, configure: Configure) -> None:
    names = [part for key in named for part in ("--user-data", key)]
    with lying(without_ids).listening() as dialler:
        configure(base_url=dialler.base_url, retries=0)
        done = run("contacts", "delete", *names, "--yes")
        history = run("contacts", "history", *names)
    assert done.code == ExitCode.ROWS_FAILED
    assert done.summary["counts"]["failed"] == len(named)
    assert len(dialler.contacts) == 5
    assert history.code == (ExitCode.OK if len(named) == 1 else ExitCode.ROWS_FAILED), history.err


@pytest.mark.parametrize("named", [["K2"], ["K2", "K3"]])
def test_a_named_contact_that_is_told_twice_is_one(named: list[str], run: Run, configure: Configure) -> None:
    names = [part for key in named for part in ("--user-data", key)]
    with lying(twice).listening() as dialler:
        configure(base_url=dialler.base_url, retries=0)
        done = run("contacts", "delete", *names, "--yes")
    assert done.code == ExitCode.OK, done.err
    assert len(dialler.contacts) == 5 - len(named)


def test_calls_of_a_contact_without_an_id_are_not_none(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """Nothing says that it was not called."""
    with lying(without_ids).listening() as dialler:
        configure(base_url=dialler.base_url, retries=0)
        listed = run("contacts", "list", "--with-history", "-o", "jsonl")
        compared = run("reconcile", contacts_csv(4), "--with-history")
    told = [json.loads(line) for line in listed.out.splitlines()]
    assert [line["_calls"] for line in told] == [None] * 5
    assert [line["_reached"] for line in told] == [None] * 5
    assert {row["_calls"] for row in compared.rows("reconciliation.csv")} == {""}


def test_a_list_that_reports_an_error_is_not_empty(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    failed = {"records": [], "count": 0, "status": 200, "error": "Internal failure"}
    with RawDialler(lambda asked, answer: [respond(failed)]).listening() as dialler:
        configure(base_url=dialler.base_url, retries=0, rows="{mode: create}")
        listed, created = run("contacts", "list"), run("import", contacts_csv(2))
    assert listed.code == ExitCode.UNAVAILABLE
    assert created.code == ExitCode.UNAVAILABLE
    assert "import" not in {asked.name for asked in dialler.asked}


@pytest.mark.parametrize("command", ["list", "get"])
def test_a_number_beyond_all_floats_is_none(command: str, run: Run, configure: Configure) -> None:
    """``Infinity`` is not JSON, and who reads our output could not."""

    def answers(_: Asked, answer: bytes) -> list[bytes]:
        body = answer.partition(b"\r\n\r\n")[2].replace(b'"Name": "A"', b'"Amount": -1e400')
        return [respond(body)]

    dialler = lying(list)
    dialler.answers = answers
    names = ["--id", "2"] if command == "get" else []
    with dialler.listening():
        configure(base_url=dialler.base_url, retries=0)
        done = run("contacts", command, *names, "-o", "json")
    assert done.code == ExitCode.OK, done.err
    assert "Infinity" not in done.out
    assert json.loads(done.out)[0]["Amount"] is None


def test_an_answer_that_breaks_off_is_told_in_words(run: Run, configure: Configure) -> None:
    def answers(_: Asked, answer: bytes) -> Iterator[bytes]:
        body = answer.partition(b"\r\n\r\n")[2]
        yield b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body) + 1, body)
        raise OSError  # the connection ends

    with RawDialler(answers).listening() as dialler:  # type: ignore[arg-type]
        configure(base_url=dialler.base_url, retries=0, timeout=1)
        done = run("campaigns", "list")
    assert done.code == ExitCode.UNAVAILABLE
    assert "the answer broke off" in done.err
