"""A journal that somebody empties while a run writes to it, as whoever can write to a PostgreSQL server can."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.journal import Journal
from dialler_sync.journal.failures import damaged, said

from ..conftest import Configure, Run
from .rawdialler import Asked, RawDialler
from .shell import contacts

STATE = Path("state/journal.db")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM rows", "rows, but has outcomes for"),
        ("DELETE FROM rows WHERE seq = 2", "rows, but has outcomes for"),
        ("DELETE FROM runs", "is missing"),
    ],
)
def test_what_is_gone_is_told(statement: str, said: str, run: Run, configure: Configure) -> None:
    def answers(asked: Asked, answer: bytes) -> list[bytes]:
        if asked.name == "import" and asked.number == 4:
            with closing(sqlite3.connect(STATE, timeout=30)) as connection, connection:
                connection.execute(statement)
        return [answer]

    with RawDialler(answers).listening() as dialler:
        configure({"UserData": "No", "Name": "Name", "PhoneNumber1": "Phone"}, base_url=dialler.base_url, concurrency=1)
        contacts(["K1", "K2", "K3", "K4"])
        done = run("--state", STATE, "import", "list.csv")

    assert done.code == ExitCode.UNAVAILABLE, done.err
    assert "the journal is damaged" in done.err
    assert said in done.err
    assert dialler.keys() == ["K1", "K2", "K3", "K4"]


@pytest.mark.parametrize("repeats_do_harm", [False, True])
@pytest.mark.parametrize("sent", [0, 2])
def test_damage_is_not_to_be_gone_on_with(
    sent: int, repeats_do_harm: bool, run: Run, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One message says to stop, and none to resume, also where rows were sent that could not be written down."""
    record = Journal.record

    def torn(journal: Journal, *given: Any) -> None:
        if sum(asked.name == "import" for asked in dialler.asked) >= sent:
            raise damaged("a page is torn")
        record(journal, *given)

    monkeypatch.setattr(Journal, "record", torn)
    with RawDialler().listening() as dialler:
        columns = {"UserData": "No", "Name": "Name", "PhoneNumber1": "Phone"}
        rows = "{overwrite_duplicates: false}" if repeats_do_harm else "{}"
        configure(columns, base_url=dialler.base_url, concurrency=1, rows=rows)
        contacts(["K1", "K2", "K3", "K4"])
        done = run("--state", STATE, "import", "list.csv")
    monkeypatch.setattr(Journal, "record", record)
    again = run("--state", STATE, "runs", "report", done.summary["run_id"])

    assert "Stop using it" in done.err
    assert ("could not be written down" in done.err) is bool(sent)
    for each in (done, again):
        assert "resum" not in (each.err + each.out).lower()
        assert not each.summary["resumable"]
        assert each.summary["exit_code"] == done.code


def test_the_row_that_postgresql_quotes_is_not_shown() -> None:
    class Diagnosis:
        message_primary = "new row violates check constraint"

    class Refused(Exception):
        diag = Diagnosis()

    assert said(Refused("new row violates check constraint\nDETAIL: Failing row contains (DE02 1203…)")) == (
        "new row violates check constraint"
    )
    assert said(sqlite3.OperationalError("disk I/O error")) == "disk I/O error"
