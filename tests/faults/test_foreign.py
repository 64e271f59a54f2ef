"""Diallers that keep to the API, and do all that it leaves open otherwise than ours."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.exit_codes import ExitCode

from ..conftest import Configure, Run
from .foreign import Answer, ForeignDialler, bucket

Contacts = Callable[..., Path]

KEYS = [f"K{n}" for n in range(2, 10)]
CREATE = "{overwrite_duplicates: false}"
NOT_FOUND = (404, {"status": 404, "error": "Not found"})
ELSEWHERE: dict[str, Answer] = {
    "empty": (404, None),
    "JSON": NOT_FOUND,
    "JSON of a framework": (404, {"detail": "Not Found"}),
    "forbidden": (403, {"status": 403, "error": "Forbidden"}),
    "method": (405, None),
    "bad request": (400, {"status": 400, "error": "Name is missing"}),
    "broken": (500, {"status": 500, "error": "Internal error"}),
}
"""How a server may say that it has no such function."""


@pytest.mark.parametrize("said", ELSEWHERE)
@pytest.mark.parametrize("missing", [("batch",), ("batch", "list", "find")], ids=", ".join)
def test_a_dialler_that_can_only_import(
    missing: tuple[str, ...], said: str, run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """Whatever it answers to what an import can do without, the rows get there."""
    with ForeignDialler(missing=dict.fromkeys(missing, ELSEWHERE[said])) as dialler:
        configure(base_url=dialler.base_url, retries=0)

        done = run("import", contacts_csv(8))

    assert done.code == ExitCode.OK, done.err
    assert dialler.keys() == KEYS
    assert ("cannot be undone" in done.err) == ("list" in missing)
    looked = 0 if "find" in missing else 1 + len(KEYS)  # one by one, whether a contact would move
    assert len(dialler.requests) <= 2 + len(KEYS) + looked


def test_not_found_of_a_function_that_may_be_missing_proves_nothing(
    run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """Where no lookup has ever worked, "not found" is no proof that a row was not done: it is not sent again."""
    with ForeignDialler(missing={"find": NOT_FOUND, "batch": NOT_FOUND}, struck={"K5"}) as dialler:
        configure(base_url=dialler.base_url, rows=CREATE, retries=1)

        done = run("import", contacts_csv(8))

    assert dialler.keys() == KEYS
    assert [row["_user_data"] for row in done.rows() if row["_status"] == "unknown"] == ["K5"]
    assert sum(row["_status"] == "succeeded" for row in done.rows()) == 7


def without_ids(name: str, answer: Answer) -> Answer:
    status, body = answer
    if name == "import":
        body = {**body, "records": [{k: v for k, v in record.items() if k != "ID"} for record in body["records"]]}
    return status, body


def other_ids(_: str, answer: Answer) -> Answer:
    status, body = answer
    records = [{**record, "DiallerContactsID": record["ID"], "ID": None} for record in body["records"]]
    return status, {**body, "records": [{k: v for k, v in r.items() if v is not None} for r in records]}


def created(name: str, answer: Answer) -> Answer:
    return (201, {**answer[1], "status": 201}) if name == "import" else answer


def all_as_text(_: str, answer: Answer) -> Answer:
    body: dict[str, Any] = answer[1]
    records = [{**record, "ID": str(record["ID"])} for record in body["records"]]
    return 200, {**body, "records": records, "count": str(body["count"]), "status": "200"}


def count_of_all(name: str, answer: Answer) -> Answer:
    return (200, {**answer[1], "count": 4711}) if name == "import" else answer


@pytest.mark.parametrize("rows", ["{}", CREATE], ids=["overwrite", "create"])
@pytest.mark.parametrize("shape", [without_ids, other_ids, created, all_as_text, count_of_all])
def test_answers_of_another_shape(
    shape: Callable[[str, Answer], Answer], rows: str, run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """What can be understood is; and the IDs are reported where they are told."""
    with ForeignDialler(shape=shape) as dialler:
        configure(base_url=dialler.base_url, rows=rows, retries=0)

        done = run("import", contacts_csv(8))

    assert done.code == ExitCode.OK, done.err
    assert dialler.keys() == KEYS
    told = [row["_contact_id"] for row in done.rows()]
    assert sorted(told) == ([""] * 8 if shape is without_ids else sorted(map(str, dialler.contacts)))


def test_a_contact_of_a_row_that_was_sent_twice_stays_though_no_answer_tells_its_id(
    run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """It is not the second one of a late request, which would be deleted."""
    imports = itertools.count()

    def lost(name: str) -> Answer | None:
        return (500, None) if name == "import" and next(imports) in {2, 5} else None

    def shape(name: str, answer: Answer) -> Answer:
        return (200, {"status": 200}) if name == "import" else answer

    with ForeignDialler(shape=shape, refused=lost) as dialler:
        configure(base_url=dialler.base_url, concurrency=1)

        done = run("import", contacts_csv(8))

    assert done.code == ExitCode.OK, done.err
    assert dialler.keys() == KEYS


def test_a_dialler_that_tells_no_ids_is_not_served_row_by_row(
    run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """Without overwriting the first rows go alone, so that one tells an ID; not all of them where none does."""
    meeting = threading.Barrier(2)
    imports = itertools.count(1)

    def shape(name: str, answer: Answer) -> Answer:
        if name == "import" and next(imports) in {30, 31}:
            meeting.wait(10)  # each waits for the other
        return without_ids(name, answer)

    with ForeignDialler(shape=shape) as dialler:
        configure(base_url=dialler.base_url, rows=CREATE, concurrency=8)

        done = run("import", contacts_csv(40))

    assert done.code == ExitCode.OK
    assert not meeting.broken


def test_a_dialler_of_the_last_century(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """HTTP/1.0: a connection for each request."""
    with ForeignDialler(protocol="HTTP/1.0") as dialler:
        configure(base_url=dialler.base_url)

        done = run("import", contacts_csv(8))

    assert done.code == ExitCode.OK
    assert dialler.keys() == KEYS


@pytest.mark.parametrize("status", [400, 401, 409])
def test_an_error_that_repeats_the_token(
    status: int, run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token stands in no report, no journal and no message, also where the dialler writes it into its error."""
    token = "t0ken-8c77d1e5"
    monkeypatch.setenv("DIALLER_SYNC_TOKEN", token)

    def shape(name: str, answer: Answer) -> Answer:
        return (status, {"status": status, "error": answer[1]["said"]}) if name == "import" else answer

    with ForeignDialler(shape=shape) as dialler:
        configure(base_url=dialler.base_url)

        done = run("-v", "import", contacts_csv(8))

    assert done.code == (ExitCode.NO_ROW_CAN_SUCCEED if status == 401 else ExitCode.ROWS_FAILED)
    assert "Bearer ***" in (done.err if status == 401 else done.rows()[0]["_error"])
    assert token not in done.out + done.err
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and token.encode() in path.read_bytes()]


def test_a_rate_limit_fails_no_row(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """Being turned away together with many others says nothing of a row, however often it happens."""
    with ForeignDialler(refused=bucket(60)) as dialler:
        configure(base_url=dialler.base_url)

        done = run("import", contacts_csv(120))

    assert done.code == ExitCode.OK, done.err
    assert len(set(dialler.keys())) == len(dialler.keys()) == 120


def test_rows_that_are_always_turned_away_fail(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """Also where they are many, so that each is turned away among others: not tried until the dialler is given up."""
    poison = {f"K{n}" for n in range(5, 120, 17)}

    def shape(name: str, answer: Answer) -> Answer:
        sent = [record["UserData"] for record in answer[1]["records"]] if name == "import" else []
        return (429, {"status": 429, "error": "Too many requests"}) if poison.intersection(sent) else answer

    with ForeignDialler(shape=shape) as dialler:
        configure(base_url=dialler.base_url, retries=1)

        done = run("import", contacts_csv(118))

    assert done.code == ExitCode.ROWS_FAILED, done.err
    assert {row["_user_data"] for row in done.rows() if row["_status"] == "failed"} == poison
