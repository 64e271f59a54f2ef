"""``retry`` sends what an ended run has not settled, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import FaultPlan, SimulatorServer

from ..conftest import Configure, Run
from ..helpers.commands import killed
from ..helpers.worlds import KEYLESS

Contacts = Callable[..., Path]


def sent(dialler: SimulatorServer, since: int = 0) -> Counter[str | None]:
    """Imports by UserData."""
    return Counter(request.user_data for request in dialler.requests[since:] if request.function == "import")


def names(dialler: SimulatorServer) -> Counter[str]:
    return Counter(contact["Name"] for contact in dialler.store.contacts.values())


def test_only_what_failed_is_sent_again(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Refused rows, and rows that were mended in the file; never what succeeded."""
    configure()
    dialler.order(FaultPlan.parse("400_for:K4|K5"))
    path = contacts_csv(10)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("K6,Name 6", "K6,").replace("K7,Name 7", ",Name 7"), encoding="utf-8")
    first = run("import", path)
    path.write_text(text.replace("K2,Name 2", "K2,Name 2 changed"), encoding="utf-8")
    dialler.order(FaultPlan())
    before = len(dialler.requests)

    second = run("retry")

    assert first.statuses() == {**dict.fromkeys(range(2, 12), "succeeded"), 4: "failed", 5: "failed", 6: "rejected"}
    assert second.code == ExitCode.OK, second.rows()
    assert sent(dialler, before) == {"K4": 1, "K5": 1, "K6": 1, "K7": 1}, "row 7 has a key now, and none had it"
    assert Counter(row["_error"] for row in second.rows())[f"settled by run {first.summary['run_id']}"] == 6
    assert second.summary["parent"] == first.summary["run_id"]


def test_a_mended_failed_csv_is_what_retry_reads(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Its rows have other numbers, and a row may get the key that it did not have: all of them are sent."""
    configure()
    path = contacts_csv(rows=["K2,A,0171 3920012", "K3,B,12", f"{'x' * 70},C,0171 3920014", "K5,D,0171 3920015"])
    first = run("import", path)
    assert first.reports
    assert first.summary["counts"]["rejected"] == 2
    mended = first.reports / "failed.csv"
    text = mended.read_text(encoding="utf-8-sig").replace(",12,", ",0171 3920013,").replace("x" * 70, "K4")
    mended.write_text(text, encoding="utf-8-sig")

    second = run("retry", "--file", mended)

    assert second.code == ExitCode.OK, second.rows()
    assert second.summary["counts"]["succeeded"] == 2
    assert names(dialler) == {"A": 1, "B": 1, "C": 1, "D": 1}


def test_rows_without_a_key_are_told_apart_by_what_they_say(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Of rows that are alike, as many are sent again as failed, also where lines were deleted from the file."""
    configure(KEYLESS, retries=0)
    dialler.order(FaultPlan.parse("400:#3"))
    first = run("import", contacts_csv(rows=["1,A,0171 3920012", "2,B,0171 3920013", "3,B,0171 3920013"]))
    before = len(dialler.requests)

    second = run("retry", "--file", contacts_csv(name="fewer.csv", rows=["2,B,0171 3920013", "3,B,0171 3920013"]))

    assert Counter(first.statuses().values()) == {"succeeded": 2, "failed": 1}
    assert Counter(second.statuses().values()) == {"succeeded": 1, "skipped": 1}
    assert sum(sent(dialler, before).values()) == 1
    assert names(dialler) == {"A": 1, "B": 2}


@pytest.mark.parametrize("columns", [None, KEYLESS], ids=["key", "keyless"])
def test_what_is_unknown_is_never_sent_blindly(
    columns: dict[str, str] | None,
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
    dialler: SimulatorServer,
) -> None:
    """Not by retry, and not by the resume of a retry that was killed before it had looked."""
    dialler.order(FaultPlan.parse("500_after:#3,500_before:1:on=lookup|batch" if columns is None else "500_after:#3"))
    configure(columns, rows="{overwrite_duplicates: false}", retries=0)
    first = run("import", contacts_csv(6))
    dialler.order(FaultPlan())
    assert Counter(first.statuses().values()) == {"succeeded": 5, "unknown": 1}

    killed("after", "planned", "retry")
    done = run("resume")

    assert set(names(dialler).values()) == {1}
    assert len(dialler.store.contacts) == 6
    assert Counter(done.statuses().values()) == {"skipped": 5, "succeeded" if columns is None else "unknown": 1}
    assert done.code == (ExitCode.OK if columns is None else ExitCode.ROWS_FAILED), "no row was sent"
    if columns:
        assert run("retry").code == ExitCode.ROWS_FAILED, "nor here"


def test_a_run_that_has_not_ended_is_not_retried(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """It is resumed; a retry would take what is still to come for failed."""
    configure()
    killed("after", "planned", "import", contacts_csv(5))

    done = run("retry")

    assert done.code == ExitCode.USAGE
    assert not dialler.store.contacts
