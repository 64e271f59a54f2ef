"""Rows whose first request may have been done: looked for, never doubled, and never called what they are not."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import FaultPlan, SimulatorServer, Store

from ..conftest import Configure, Run

Contacts = Callable[..., Path]

CREATE = "{overwrite_duplicates: false}"


class Racing(Store):
    """The import of ``key`` is done twice at once: a request that had been given up for lost has come through."""

    key = "K5"

    def add(self, **fields: Any) -> int:
        if fields.get("UserData") == self.key:
            super().add(**fields)
        return super().add(**fields)


class Tidying(Store):
    """Keeps text without blanks at its ends, and phone numbers without a sign."""

    def update(self, contact_id: int, **fields: Any) -> None:
        def tidy(value: Any) -> Any:
            return value.strip().lstrip("+") if isinstance(value, str) else value

        super().update(contact_id, **{name: tidy(value) for name, value in fields.items()})


def carriers(store: Store) -> Counter[str]:
    return Counter(contact["UserData"] for contact in store.contacts.values())


@pytest.mark.parametrize("rows", ["{}", CREATE], ids=["overwrite", "create"])
def test_a_duplicate_that_a_repeat_made_is_removed(
    rows: str, run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """It is certainly ours: nobody had a contact with this key before, and both are what we sent."""
    with Racing({538: "Nightly"}) as store, SimulatorServer(store) as dialler:
        dialler.order(FaultPlan.parse("500_before:#1:for=K5"))
        configure(base_url=dialler.base_url, timeout=0.3, rows=rows)

        done = run("import", contacts_csv(8))

    assert done.code == ExitCode.OK, done.rows()
    assert carriers(store) == {f"K{n}": 1 for n in range(2, 10)}
    (row,) = (row for row in done.rows() if row["_user_data"] == "K5")
    assert int(row["_contact_id"]) in store.contacts


@pytest.mark.parametrize(
    ("fault", "status", "attempts"),
    [("500_before", "succeeded", "2"), ("html_200_before", "unknown", "1"), ("502_before", "unknown", "1")],
)
def test_a_row_that_a_repeat_would_double_is_sent_again_only_after_the_dialler_s_own_answer(
    fault: str,
    status: str,
    attempts: str,
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
    dialler: SimulatorServer,
) -> None:
    """That the lookup does not find it proves too little while the dialler may be at work behind a proxy's page."""
    dialler.order(FaultPlan.parse(f"{fault}:#1:for=K3"))
    configure(rows=CREATE, timeout=0.3)

    done = run("import", contacts_csv(3))

    (row,) = (row for row in done.rows() if row["_user_data"] == "K3")
    assert (row["_status"], row["_attempts"]) == (status, attempts)
    assert carriers(dialler.store)["K3"] == (status == "succeeded")


def test_a_duplicate_that_cannot_be_removed_is_reported(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """With the IDs of both, so that somebody can look."""
    with Racing({538: "Nightly"}) as store, SimulatorServer(store) as dialler:
        dialler.order(FaultPlan.parse("500_before:#1:for=K5,500_before:1:on=delete_by_id"))
        configure(base_url=dialler.base_url, timeout=0.3, retries=1)

        done = run("import", contacts_csv(8))

    assert done.code == ExitCode.ROWS_FAILED
    (row,) = done.rows("failed.csv")
    assert (row["Key"], row["_status"], row["_error_code"]) == ("K5", "unknown", "possible_duplicate")
    ids = [str(number) for number, contact in store.contacts.items() if contact["UserData"] == "K5"]
    assert len(ids) == 2
    assert all(number in row["_error"] for number in ids)


@pytest.mark.parametrize("fault", ["500_after", "cut_json", "drop_after"])
def test_a_dialler_that_tidies_what_it_is_sent_gets_nothing_twice(
    fault: str, run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """That the contact is not letter by letter what was sent does not show that it was not made."""
    with Tidying({538: "Nightly"}) as store, SimulatorServer(store) as dialler:
        dialler.order(FaultPlan.parse(f"{fault}:#4"))
        configure(base_url=dialler.base_url, timeout=0.3, rows=CREATE)

        done = run("import", contacts_csv(8))

    assert carriers(store) == {f"K{n}": 1 for n in range(2, 10)}
    assert Counter(done.statuses().values()) == {"succeeded": 7, "unknown": 1}


def test_contacts_that_were_there_before_are_not_taken_for_the_row(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Without overwriting, an older contact that looks the same does not show that the new one was made."""
    path = contacts_csv(6)
    configure(rows=CREATE, timeout=2)
    assert run("import", path).code == ExitCode.OK
    dialler.order(FaultPlan.parse("500_before:#1-2"))

    done = run("import", path)

    assert done.code == ExitCode.OK, done.rows()
    assert carriers(dialler.store) == {f"K{n}": 2 for n in range(2, 8)}


@pytest.mark.parametrize("batch", [True, False])
@pytest.mark.parametrize(("rows", "status"), [("{}", "succeeded"), (CREATE, "unknown")], ids=["overwrite", "create"])
def test_a_dialler_without_a_look_up(
    rows: str, status: str, batch: bool, run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """The batch function does too; without that, what may not be repeated stays unknown."""
    with Store({538: "Nightly"}) as store, SimulatorServer(store, batch=batch) as dialler:
        dialler.order(FaultPlan.parse("500_after:#4"))
        endpoints = '{find_contacts: "GET /not/there?userData={user_data}"}'
        configure(base_url=dialler.base_url, timeout=0.3, rows=rows, endpoints=endpoints)

        done = run("import", contacts_csv(8))

    assert carriers(store) == {f"K{n}": 1 for n in range(2, 10)}
    wanted = Counter({"succeeded": 7})
    wanted["succeeded" if batch else status] += 1
    assert Counter(done.statuses().values()) == wanted


def test_look_ups_that_fail_do_not_end_the_run(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """A row that was sent again and cannot be looked for has succeeded, and the report says what is not known."""
    dialler.order(FaultPlan.parse("500_before:1:on=lookup,500_after:#4"))
    configure(timeout=0.3, retries=1)

    done = run("import", contacts_csv(8))

    assert done.code == ExitCode.OK, done.err
    assert carriers(dialler.store) == {f"K{n}": 1 for n in range(2, 10)}
    (row,) = (row for row in done.rows() if row["_error"])
    assert "cannot check that the contact is there only once" in row["_error"]


def test_a_refusal_after_doubt_does_not_hide_the_doubt(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """500, and then 409 to the repeat, with no lookup in between: whether the first was done is not known."""
    dialler.order(FaultPlan.parse("500_before:1:on=lookup|batch,500_after:#1:for=K5,409_for:K5"))
    configure(timeout=0.3, retries=1, journal="{before_images: false}")

    done = run("import", contacts_csv(8))

    (row,) = done.rows("failed.csv")
    assert (row["Key"], row["_status"]) == ("K5", "unknown")


class RacingInTheDark(Racing):
    """The same in a dialler that answers no lookup until then."""

    server: SimulatorServer

    def add(self, **fields: Any) -> int:
        if fields.get("UserData") == self.key:
            self.server.order(FaultPlan())
        return super().add(**fields)


def test_a_second_contact_is_not_removed_where_nobody_looked_before(
    run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """It may have been there before the run, and be somebody else's: both stay, and the row is reported."""
    with RacingInTheDark({538: "Nightly"}) as store, SimulatorServer(store) as dialler:
        store.server = dialler
        dialler.order(FaultPlan.parse("500_before:#1:for=K5,500_before:1:on=lookup|batch"))
        configure(base_url=dialler.base_url, timeout=1, journal="{before_images: false}")

        done = run("import", contacts_csv(8))

    assert carriers(store)["K5"] == 2
    assert done.code == ExitCode.ROWS_FAILED
    (row,) = done.rows("failed.csv")
    assert (row["Key"], row["_status"], row["_error_code"]) == ("K5", "unknown", "possible_duplicate")


class Corrected(Racing):
    """The first of the two contacts is at once corrected by somebody."""

    def add(self, **fields: Any) -> int:
        contact_id = super().add(**fields)
        if fields.get("UserData") == self.key:
            self.update(contact_id - 1, Name=f" {fields['Name']}")
        return contact_id


def test_a_second_contact_that_is_not_what_was_sent_is_not_removed(
    run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """Somebody may have worked on it by now."""
    with Corrected({538: "Nightly"}) as store, SimulatorServer(store) as dialler:
        dialler.order(FaultPlan.parse("500_before:#1:for=K5"))
        configure(base_url=dialler.base_url, timeout=0.3)

        done = run("import", contacts_csv(8))

    assert carriers(store)["K5"] == 2
    (row,) = done.rows("failed.csv")
    assert (row["Key"], row["_status"], row["_error_code"]) == ("K5", "unknown", "possible_duplicate")


class Slow(Store):
    """Tells when K5 has been made."""

    def __init__(self, campaigns: dict[int, str]) -> None:
        super().__init__(campaigns)
        self.made = threading.Event()

    def add(self, **fields: Any) -> int:
        contact_id = super().add(**fields)
        if fields.get("UserData") == "K5":
            self.made.set()
        return contact_id


@pytest.mark.parametrize(("seconds", "status"), [(0.45, "succeeded"), (1.5, "unknown")])
def test_a_request_that_the_dialler_is_still_at_work_on_is_waited_for_and_not_repeated(
    seconds: float, status: str, run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """That the contact is not there yet does not show that it will not be made."""
    with Slow({538: "Nightly"}) as store, SimulatorServer(store) as dialler:
        dialler.order(FaultPlan.parse(f"late_before:#1:for=K5:seconds={seconds}"))
        configure(base_url=dialler.base_url, timeout=0.3, rows=CREATE)

        done = run("import", contacts_csv(8))
        assert store.made.wait(10)

    (row,) = (row for row in done.rows() if row["_user_data"] == "K5")
    assert row["_status"] == status
    assert carriers(store) == {f"K{n}": 1 for n in range(2, 10)}


def test_a_row_in_doubt_when_the_run_stops_is_not_sent_again(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """It has been made, which no lookup tells, when the token ends; the run goes on with another."""
    configure(rows=CREATE, concurrency=2, timeout=0.3)
    dialler.order(FaultPlan.parse("500_after:#1:for=K5,500_before:1:on=lookup|batch,401_from:6:on=import"))
    stopped = run("import", contacts_csv(8))
    dialler.order(FaultPlan())

    done = run("resume")

    assert (stopped.code, done.code) == (ExitCode.NO_ROW_CAN_SUCCEED, ExitCode.OK)
    assert carriers(dialler.store) == {f"K{n}": 1 for n in range(2, 10)}


@pytest.mark.parametrize("rows", ["{}", CREATE], ids=["overwrite", "create"])
def test_an_outage_leaves_no_row_unknown(
    rows: str, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """A lookup waits for the dialler as everything else does, however often it is tried meanwhile."""
    dialler.order(FaultPlan.parse("drop_after:#1:for=K9,down:10-15"))
    configure(timeout=0.3, retries=0, rows=rows, concurrency=1)

    done = run("import", contacts_csv(8))

    assert done.code == ExitCode.OK, done.rows()
    assert carriers(dialler.store) == {f"K{n}": 1 for n in range(2, 10)}
