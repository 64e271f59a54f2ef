"""What is refused before anything is sent, as it would have been wrong in silence."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run

Contacts = Callable[..., Path]


@pytest.mark.parametrize(
    ("text", "more", "code"),
    [
        ("Phone\n", "", ExitCode.INPUT),
        ("Phone,Since\n,2026-01-01\n", "", ExitCode.INPUT),
        ("Phone\n", ", may_be_empty: true", ExitCode.OK),
        ("Phone\n0171 3920099\n", "", ExitCode.OK),
    ],
)
@pytest.mark.parametrize("command", ["import", "plan", "reconcile"])
def test_a_do_not_call_list_without_entries(
    command: str,
    text: str,
    more: str,
    code: ExitCode,
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
    dialler: SimulatorServer,
    tmp_path: Path,
) -> None:
    """An export that failed suppresses nobody: it is refused, unless somebody said that it may be empty."""
    (tmp_path / "dnc.csv").write_text(text, encoding="utf-8")
    configure(suppress=f"{{file: dnc.csv, column: Phone, region: DE{more}}}")

    done = run(command, contacts_csv(2))

    assert done.code == code, done.err
    if code:
        assert "', so nobody would be suppressed. If the list may be empty, set suppress.may_be_empty: true" in done.err
        assert "may_be_empty: true" in done.err
        assert not dialler.requests


def test_retry_wants_a_finished_configuration(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """It sends as an import does."""
    config = configure()
    run("import", contacts_csv(2))
    config.write_text(f"{config.read_text(encoding='utf-8')}# CHANGE: decide\n", encoding="utf-8")

    done = run("retry")

    assert done.code == ExitCode.USAGE
    assert "still marked CHANGE" in done.err


@pytest.mark.parametrize("command", ["import", "plan", "reconcile"])
def test_an_unfinished_configuration_is_refused_at_once(
    command: str, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """With its lines; looking at the file works, as that helps to finish it."""
    config = configure()
    lines = config.read_text(encoding="utf-8").replace("clients_id: 1", "clients_id: 1   # CHANGE: yours")
    config.write_text(f"{lines}# CHANGE: decide\n# not a # CHANGE\n", encoding="utf-8")
    file = contacts_csv(2)

    done = run(command, file)

    assert done.code == ExitCode.USAGE
    assert "lines 3, 10 are still marked CHANGE" in done.err
    assert not dialler.requests
    assert run("validate", file).code == ExitCode.OK
    assert run("inspect", file).code == ExitCode.OK
    assert run("config", "check").code == ExitCode.USAGE
    config.write_text(lines.replace("# CHANGE", "#"), encoding="utf-8")
    assert run(command, file).code == ExitCode.OK
    assert run("config", "check").code == ExitCode.OK


def test_the_speed_is_that_of_sending(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Rows that were never sent do not count; what all took has a name of its own."""
    configure(rate=20, concurrency=1)
    good = [f"K{n},Anna,0171 39200{n}" for n in range(10, 20)]
    file = contacts_csv(rows=[*good, *(f"B{n},,0171 3920011" for n in range(300))])

    summary = run("import", file).summary
    checked = run("validate", file).summary

    assert summary["rows_sent"] == 10
    assert 0 < summary["sending_s"] <= summary["duration_s"]
    assert summary["rows_per_s"] == pytest.approx(10 / summary["sending_s"], rel=0.02)
    assert summary["rows_per_s"] < 40
    assert summary["rows_per_s_overall"] == pytest.approx(310 / summary["duration_s"], rel=0.02)
    assert (checked["rows_per_s"], checked["rows_sent"]) == (0.0, 0)


def test_who_was_left_out_is_listed_by_name(
    run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path
) -> None:
    """A key that two customers share costs one of them the call: the page shows who."""
    (tmp_path / "dnc.csv").write_text("Phone\n0171 3920013\n", encoding="utf-8")
    configure(suppress="{file: dnc.csv, column: Phone, region: DE}")

    rows = ["K1,Anna Alt,0171 3920011", "K1,Berta,0171 3920012", "K3,Carl,01713920013"]

    done = run("import", contacts_csv(rows=rows))

    assert done.code == ExitCode.OK
    assert done.reports
    page = (done.reports / "report.html").read_text(encoding="utf-8")
    assert "All is well" not in page
    assert "1 succeeded, 2 left out (1 superseded, 1 suppressed)" in page
    section = page[page.index('id="left-out"') : page.index('id="history"')]
    assert "Name: Anna Alt" in section
    assert "Name: Carl" in section
    assert "is in dnc.csv" in section
    assert "Berta" not in section


def test_a_dry_run_counts_who_would_be_left_out(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """It is no list of which all rows are ready."""
    configure()

    done = run("import", "--dry-run", contacts_csv(rows=["K1,Anna,0171 3920011", "K1,Berta,0171 3920012"]))

    assert done.reports
    page = (done.reports / "report.html").read_text(encoding="utf-8")
    assert "1 ready to be imported, 1 would be left out (1 superseded)" in page


@pytest.mark.parametrize("command", [("import", "contacts.csv"), ("resume",), ("runs", "list")])
@pytest.mark.parametrize("damage", ["pages", "no database", "record"])
def test_a_damaged_journal_is_not_gone_on_with(
    damage: str, command: tuple[str, ...], run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path
) -> None:
    """What to do is another thing than where the disk was full: 'resume' would fail for ever."""
    configure()
    contacts_csv(2)
    run("import", "contacts.csv")
    journal = tmp_path / "state" / "journal.db"
    with closing(sqlite3.connect(journal)) as base:
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if damage == "record":
            base.execute("UPDATE runs SET files = '[{'")
            base.commit()
    if damage == "pages":
        whole = journal.read_bytes()
        journal.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    elif damage == "no database":
        journal.write_bytes(b"no database" * 1_000)

    done = run(*command)

    if (damage, command[0]) == ("record", "import"):  # which does not look at earlier runs
        return
    assert done.code == ExitCode.USAGE
    assert "is damaged" in done.err
    assert "resume" not in done.err


def test_more_is_said_where_it_is_wanted(
    run: Run, configure: Configure, contacts_csv: Contacts, monkeypatch: pytest.MonkeyPatch, dialler: SimulatorServer
) -> None:
    """-v: how the file is read and what is done; -vv: each request and answer, and never token, name or number."""
    configure(campaign="{name: Nightly}")
    file = contacts_csv(rows=["K1,Annabella,0171 3920011"])

    plain, more, all_of_it = (run(*flags, "import", file).err for flags in ((), ("-v",), ("-vv",)))

    assert plain == ""
    assert "delimiter ," in more
    assert "read 1 rows: 0 rejected, 1 to send" in more
    assert "POST" not in more
    assert "POST /rest/v1.0/1/dialler/contacts/import" in all_of_it
    assert all_of_it.count("answer ") == all_of_it.count("request ") >= 2
    assert '"UserData":"K1"' in all_of_it
    assert not [secret for secret in ("Annabella", "3920011", "simulator") if secret in all_of_it]


def test_a_refusal_is_said_without_the_token(
    run: Run, configure: Configure, contacts_csv: Contacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also an answer of 401 is shown."""
    configure()
    monkeypatch.setenv("DIALLER_SYNC_TOKEN", "t0psecret")

    done = run("-vv", "import", contacts_csv(1))

    assert "answer 1: 401" in done.err
    assert "t0psecret" not in done.err
