"""Two rows of a list share a key, and one was rejected: mended, it counts as if it had been valid."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run

Contacts = Callable[..., Path]


@pytest.mark.parametrize("policy", ["last", "first"])
@pytest.mark.parametrize("comes_last", [True, False])
@pytest.mark.parametrize("sent", [["import"], ["retry", "--file"]], ids=["import", "retry"])
def test_the_row_that_counts_is_in_the_dialler(
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
    dialler: SimulatorServer,
    sent: list[str],
    policy: str,
    comes_last: bool,
) -> None:
    configure(rows=f"{{duplicate_keys: {policy}}}")
    rows = ["K2,Good,0171 3920020", "K2,Mended,damaged"]
    first = run("import", contacts_csv(rows=rows if comes_last else rows[::-1]))
    assert first.reports
    failed = first.reports / "failed.csv"
    failed.write_text(failed.read_text(encoding="utf-8-sig").replace("damaged", "0171 3920021"), encoding="utf-8")

    done = run(*sent, failed)

    assert done.code == ExitCode.OK, done.err
    mended = comes_last == (policy == "last")
    assert [contact["Name"] for contact in dialler.store.contacts.values()] == ["Mended" if mended else "Good"]
    assert [row["_action"] for row in done.rows()] == ["overwrite" if mended else "unchanged"]
    assert run(*sent, failed).summary["actions"]["overwrite"] == 0, "it is sent once"
