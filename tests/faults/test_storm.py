"""Everything goes wrong at once, and in the end the dialler holds what the file says."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import FaultPlan, SimulatorServer, Span, Store

from ..conftest import Configure, Done, Run

Contacts = Callable[..., Path]

KINDS = (
    "500_before", "500_after", "502_before", "502_after", "504_before", "504_after", "html_200_before",
    "html_200_after", "drop_before", "drop_after", "reset_before", "reset_after", "late_before", "late_after",
    "cut_json", "cut_body", "stall", "close", "429", "503",
)  # fmt: skip
SHARE = 0.3
TIMEOUT = 0.3


def storm(seed: int) -> FaultPlan:
    """Three of ten requests of all functions fail, in every way that there is."""
    chance = f"{SHARE / len(KINDS):.4f}"
    options = {
        "late_before": ":seconds=0.35-0.6", "late_after": ":seconds=0.35-0.6", "stall": ":seconds=0.1-0.5",
        "429": ":retry_after=0-0.2", "503": ":retry_after=0-0.2",
    }  # fmt: skip
    return FaultPlan.parse(",".join(["on=all", *(f"{k}:{chance}{options.get(k, '')}" for k in KINDS)]), seed=seed)


def carriers(dialler: SimulatorServer) -> Counter[str]:
    return Counter(contact["UserData"] for contact in dialler.store.contacts.values())


def accounted_for(done: Done, rows: int) -> None:
    """Every row has one outcome, and the counts are those of the lines."""
    counts = Counter(done.statuses().values())
    assert sum(counts.values()) == rows
    said = dict(done.summary["counts"])
    assert said.pop("read") == rows
    assert {name: number for name, number in said.items() if number} == counts


@pytest.fixture
def dialler() -> Iterator[SimulatorServer]:
    """A dialler that takes its time between looking for a match and making the contact."""
    with Store({538: "Nightly"}) as store, SimulatorServer(store, processing=Span(0.0, 0.02)) as server:
        yield server


LENGTHS = [pytest.param(200, id="short"), pytest.param(3_000, id="long", marks=pytest.mark.long)]


@pytest.mark.parametrize("rows", LENGTHS)
def test_a_storm_ends_with_the_dialler_equal_to_the_file(
    rows: int, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """With keys and overwriting every row gets there, once, and as it stands in the file."""
    seed = random.randrange(10_000) if rows > 200 else 7  # the short form is the same in every run
    print("seed", seed)
    for n in range(2, 22):
        dialler.store.add(UserData=f"K{n}", Name="Old", PhoneNumber1="+4930111111", DiallerCampaignsID=538)
    dialler.order(storm(seed))
    configure(timeout=TIMEOUT, retries=10, concurrency=16)

    done = run("import", contacts_csv(rows))

    struck = Counter(request.fault for request in dialler.requests if request.fault)
    assert sum(struck.values()) > 0.2 * len(dialler.requests)
    assert done.code == ExitCode.OK, [row for row in done.rows() if row["_status"] != "succeeded"]
    accounted_for(done, rows)
    contacts = {contact["UserData"]: contact for contact in dialler.store.contacts.values()}
    assert carriers(dialler) == {f"K{n}": 1 for n in range(2, rows + 2)}
    assert {key: contact["Name"] for key, contact in contacts.items()} == {
        f"K{n}": f"Name {n}" for n in range(2, rows + 2)
    }
    ids = {contact["UserData"]: str(number) for number, contact in dialler.store.contacts.items()}
    assert {row["_user_data"]: row["_contact_id"] for row in done.rows()} == ids


@pytest.mark.parametrize("rows", LENGTHS)
def test_a_storm_without_overwriting_makes_no_contact_twice(
    rows: int, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """What is reported as succeeded is there, what failed is not, and what cannot be known is unknown."""
    seed = random.randrange(10_000) if rows > 200 else 7  # the short form is the same in every run
    print("seed", seed)
    dialler.order(storm(seed))
    configure(timeout=TIMEOUT, retries=10, concurrency=16, rows="{overwrite_duplicates: false}")

    done = run("import", contacts_csv(rows))

    accounted_for(done, rows)
    found = carriers(dialler)
    by_status: dict[str, set[str]] = {}
    for row in done.rows():
        by_status.setdefault(row["_status"], set()).add(row["_user_data"])
    assert not set(found.values()) - {1}
    assert by_status["succeeded"] <= found.keys()
    assert found.keys() <= by_status["succeeded"] | by_status.get("unknown", set())
    assert by_status.keys() <= {"succeeded", "unknown"}
    assert len(by_status.get("unknown", ())) < 0.2 * rows
