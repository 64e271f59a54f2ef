"""The journal from the command line: reports once more, and old runs forgotten."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from dialler_sync.config import SourceSettings
from dialler_sync.errors import JournalError
from dialler_sync.exit_codes import ExitCode
from dialler_sync.jobs import forget
from dialler_sync.jobs.history import rewrite_reports
from dialler_sync.journal import Journal
from dialler_sync.simulator import FaultPlan, SimulatorServer

from ..conftest import Configure, Done, Run
from ..helpers.dialler import line, seed

Contacts = Callable[..., Path]


def texts(done: Done) -> dict[str, str]:
    """The reports that are the same whenever they are written."""
    assert done.reports
    return {path.name: path.read_text(encoding="utf-8") for path in done.reports.glob("*.csv")}


def summary_of(done: Done) -> dict[str, Any]:
    """Without the speed, which is rounded from a rounded time."""
    return {name: value for name, value in done.summary.items() if not name.startswith("rows_per_s")}


@pytest.fixture
def with_failures(run: Run, configure: Configure, contacts_csv: Contacts) -> Done:
    """An import of four rows: three good ones, one rejected and one superseded among them."""
    configure()
    return run("import", contacts_csv(rows=[line("K1"), "K2,Name,+49 nonsense", line("K3"), line("K1", "Again")]))


def test_reports_are_written_again_as_they_were(run: Run, with_failures: Done) -> None:
    """From the journal, with the original columns from the file; counts, times and exit code stay."""
    assert with_failures.reports
    before, summary = texts(with_failures), summary_of(with_failures)
    shutil.rmtree(with_failures.reports)

    again = run("runs", "report", summary["run_id"])

    assert again.code == ExitCode.OK, again.err
    assert texts(again) == before
    assert summary_of(again) == summary
    assert json.loads(run("runs", "show", summary["run_id"]).out) == again.summary


@pytest.mark.parametrize("gone", [True, False])
def test_a_file_that_has_gone_or_changed_is_named(run: Run, with_failures: Done, tmp_path: Path, gone: bool) -> None:
    """Then failed.csv has what the journal knows, and no cells of another file."""
    path = tmp_path / "contacts.csv"
    if gone:
        path.unlink()
    else:
        path.write_text(path.read_text(encoding="utf-8").replace("nonsense", "other"), encoding="utf-8")

    again = run("runs", "report", with_failures.summary["run_id"])

    assert again.code == ExitCode.OK
    assert "contacts.csv" in again.err
    assert "original columns" in again.err
    (row,) = again.rows("failed.csv")
    assert (row["_row"], row["_error_code"]) == ("3", "phone_invalid")
    assert "Phone" not in row
    assert again.rows() == with_failures.rows()


def test_reports_of_changes_have_what_the_command_line_named(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """Beside the columns of the file."""
    configure()
    seed(dialler, "K1")
    (tmp_path / "list.csv").write_text("Key,Note\nK1,a\ngone,b\n", encoding="utf-8")
    done = run("contacts", "lock", "--from", "list.csv", "--id", 99, "--yes")
    before, rows = texts(done), done.rows("failed.csv")
    (tmp_path / "list.csv").rename(tmp_path / "elsewhere.csv")

    again = run("runs", "report", done.summary["run_id"])

    assert [(row["_row"], row["ID"], row["Key"], row["Note"]) for row in rows] == [
        ("1", "99", "", ""),
        ("3", "", "gone", "b"),
    ]
    assert [(row["_row"], row["ID"]) for row in again.rows("failed.csv")] == [("1", "99"), ("3", "")]
    assert texts(again)["results.csv"] == before["results.csv"]


def test_a_stopped_run_stays_resumable(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Its reports say again why it was stopped, and resume finishes it."""
    configure()
    stopped = run("import", contacts_csv(6), "--limit", 2)
    summary = summary_of(stopped)

    assert summary_of(run("runs", "report", summary["run_id"])) == summary
    resumed = run("resume")

    assert summary["stopped_because"]
    assert resumed.code == ExitCode.OK, resumed.err
    assert len(dialler.store.contacts) == 6


def test_a_run_that_was_killed_has_reports_of_what_it_did(run: Run, with_failures: Done, tmp_path: Path) -> None:
    """What the journal knows of it, with the way to finish it."""
    run_id = with_failures.summary["run_id"]
    with Journal.open(tmp_path / "state" / "journal.db") as journal:
        journal.update_run(run_id, state="running", finished_at=None, summary=None)

    again = run("runs", "report", run_id)

    assert again.summary["exit_code"] == ExitCode.INTERRUPTED
    assert f"resume {run_id}" in again.summary["stopped_because"]
    assert again.rows() == with_failures.rows()


def test_a_run_that_is_at_work_is_left_alone(run: Run, with_failures: Done, tmp_path: Path) -> None:
    """Its reports are its own business."""
    run_id = with_failures.summary["run_id"]
    with Journal.open(tmp_path / "state" / "journal.db") as journal:
        journal.update_run(run_id, state="running")
        with journal.campaign_lock(journal.run(run_id).target):
            refused = run("runs", "report", run_id)

    assert refused.code == ExitCode.USAGE
    assert "another run" in refused.err


def test_a_run_that_was_finished_meanwhile_stays_so(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """By a resume, between the look at its record and its turn."""
    configure()
    name = run("import", contacts_csv(6), "--limit", 2).summary["run_id"]
    with Journal.open(tmp_path / "state" / "journal.db") as journal:
        stopped = journal.run(name)
        assert run("resume").code == ExitCode.OK

        summary, _ = rewrite_reports(journal, stopped, SourceSettings())

        assert journal.run(name).state == "finished"
    assert summary.counts["succeeded"] == 6


def test_a_run_is_pruned_by_name(run: Run, with_failures: Done, contacts_csv: Contacts) -> None:
    """And no other one."""
    stopped, young = run("import", contacts_csv(6), "--limit", 2), run("import", contacts_csv(2))
    left = runs(run) - {stopped.summary["run_id"]}

    both = run("runs", "prune", stopped.summary["run_id"], "--older-than", "0d")
    pruned = run("runs", "prune", stopped.summary["run_id"])

    assert (both.code, pruned.code) == (ExitCode.USAGE, ExitCode.OK)
    assert runs(run) == left >= {young.summary["run_id"]}
    assert run("runs", "prune").code == ExitCode.USAGE
    assert "give its whole ID" in run("runs", "prune", with_failures.summary["run_id"][:-1]).err
    assert run("runs", "prune", "last").code == ExitCode.USAGE


def aged(tmp_path: Path, run_id: str, days: int) -> None:
    """Let a run have begun so many days ago."""
    then = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    with Journal.open(tmp_path / "state" / "journal.db") as journal:
        journal.update_run(run_id, started_at=then)


def runs(run: Run) -> set[str]:
    return {line.split()[0] for line in run("runs", "list").out.splitlines()[1:]}


def test_old_runs_are_forgotten(run: Run, with_failures: Done, contacts_csv: Contacts, tmp_path: Path) -> None:
    """Those that began longer ago, and not before that was asked for; the reports stay."""
    old, young = with_failures, run("import", contacts_csv(2))
    assert old.reports
    aged(tmp_path, old.summary["run_id"], 31)

    shown = run("runs", "prune", "--older-than", "30d", "--dry-run")
    assert old.summary["run_id"] in shown.out
    assert len(runs(run)) == 2
    pruned = run("runs", "prune", "--older-than", "30d")

    assert (shown.code, pruned.code) == (ExitCode.OK, ExitCode.OK)
    assert pruned.out == shown.out
    assert runs(run) == {young.summary["run_id"]}
    assert (old.reports / "results.csv").exists()
    assert run("undo", old.summary["run_id"], "--yes").code == ExitCode.USAGE


def test_what_was_last_sent_is_not_forgotten(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """Else --compare journal would take an older content for what the dialler has."""
    configure()
    first = run("import", contacts_csv(rows=[line("K1", "Old")]), "--compare", "journal")
    second = run("import", contacts_csv(rows=[line("K1", "New")]), "--compare", "journal")
    for done in (first, second):
        aged(tmp_path, done.summary["run_id"], 90)

    run("runs", "prune", "--older-than", "12w")
    unchanged = run("import", contacts_csv(rows=[line("K1", "New")]), "--compare", "journal")
    changed = run("import", contacts_csv(rows=[line("K1", "Old")]), "--compare", "journal")

    assert unchanged.summary["actions"]["unchanged"] == 1
    assert changed.summary["counts"]["succeeded"] == 1


def test_runs_that_could_be_resumed_are_kept(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """With what they go back to; unless --unfinished."""
    configure(retries=0, concurrency=1, give_up_after=0.1)
    rows = [line(f"K{n}") for n in range(9)]
    first = run("import", contacts_csv(rows=[*rows, "K9,Name,nonsense"]))
    dialler.order(FaultPlan.parse("down:1-9999"))
    contacts_csv(rows=[*rows, line("K9")])
    retried = run("retry", first.summary["run_id"])
    assert retried.code == ExitCode.UNAVAILABLE
    for done in (first, retried):
        aged(tmp_path, done.summary["run_id"], 90)

    run("runs", "prune", "--older-than", "1d")
    assert runs(run) == {first.summary["run_id"], retried.summary["run_id"]}
    run("runs", "prune", "--older-than", "1d", "--unfinished")
    assert not runs(run)


@pytest.mark.parametrize("age", ["30", "d30", "-1d", "1y", ""])
def test_ages_that_are_none(run: Run, age: str) -> None:
    """Exit 2, with an example."""
    refused = run("runs", "prune", "--older-than", age)

    assert refused.code == ExitCode.USAGE
    assert "30d" in refused.err


def test_runs_are_found_by_campaign_time_and_failure(run: Run, with_failures: Done, contacts_csv: Contacts) -> None:
    """With what was imported, by whom, and what undid it."""
    good = run("import", contacts_csv(2, "good.csv")).summary["run_id"]
    undo = run("undo", good, "--yes").summary["run_id"]

    def found(*options: object) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = json.loads(run("runs", "list", "--json", *options).out)
        return listed

    failed, *others = found("--failed", "--campaign", "538", "--since", "1d")
    listed = {each["run_id"]: each for each in found()}
    assert (failed["run_id"], others) == (with_failures.summary["run_id"], [])
    assert {
        "run_id", "command", "state", "started_at", "finished_at", "dialler", "campaign", "files", "counts",
        "exit_code", "stopped_because", "undone_by", "user",
    } <= failed.keys()  # fmt: skip
    assert listed[good]["undone_by"] == undo
    assert listed[good]["files"][0]["name"] == "good.csv"
    assert json.loads(run("runs", "show", good, "--json").out) == listed[good]
    assert found("--campaign", "539") == found("--since", "2099-01-01") == []
    assert "good.csv" in run("runs", "list").out
    assert run("runs", "list", "--since", "soon").code == ExitCode.USAGE


def test_reports_go_where_the_configuration_says_and_with_their_runs(
    run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path
) -> None:
    """What else lies in the folder stays."""
    configure(reports="{dir: told, keep: 30d}")
    done = run("import", contacts_csv(2))
    assert done.reports
    assert done.reports.parent == tmp_path / "told"
    (done.reports / "notes.txt").write_text("mine", encoding="utf-8")

    assert run("runs", "prune", "--older-than", "0h", "--reports").code == ExitCode.OK

    assert [path.name for path in done.reports.iterdir()] == ["notes.txt"]


def test_old_reports_go_and_nothing_else(
    run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path
) -> None:
    """Of imports and reconciliations, only in the configured folder; not those of runs that may be resumed, nor what
    somebody put beside them, also by a link."""
    configure(reports="{dir: told, keep: 30d}")
    file = contacts_csv(3)
    kinds = {
        "import": run("import", file, "--mark"),
        "reconcile": run("reconcile", file),
        "with a note": run("import", file),
        "a link": run("import", file),
        "elsewhere": run("import", file, "--out", "kept"),
        "stopped": run("import", contacts_csv(4, name="four.csv"), "--limit", "1"),
        "young": run("import", file),
    }
    folders = {kind: Path(done.summary["out"]) for kind, done in kinds.items()}
    (folders["with a note"] / ".env").write_text("mine", encoding="utf-8")
    (folders["import"] / "~$failed.xlsx").write_text("", encoding="utf-8")
    folders["a link"].rename("linked")
    folders["a link"].symlink_to(tmp_path / "linked")
    with Journal.open(tmp_path / "state" / "journal.db") as journal:
        for kind, done in kinds.items():
            if kind != "young":
                journal.update_run(done.summary["run_id"], finished_at="2026-01-31T03:00:00Z")

    assert run("import", file).code == ExitCode.OK

    left = {kind: len(list(folder.iterdir())) for kind, folder in folders.items() if folder.is_dir()}
    assert left.keys() == {"with a note", "a link", "elsewhere", "stopped", "young"}
    assert left.pop("with a note") == 1
    assert min(left.values()) >= 5


def test_a_person_is_forgotten(run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path) -> None:
    """From the journal and all reports; lines stay, with empty cells, and the copies that remain are named."""
    configure()
    done = run("import", contacts_csv(rows=["K1,Secretname,0171 12", "K2,Other,0171 13", "K3,Eva,0171 3920012"]))
    run("import", contacts_csv(rows=["K1,Secretname,0171 3920013"], name="fixed.csv"), "--compare", "dialler")
    assert done.reports

    forgotten = run("forget", "--user-data", "K1", "--yes")

    assert forgotten.code == ExitCode.OK, forgotten.err
    assert "fixed.csv" in forgotten.out
    assert "what reconcile, validate --mapped, plan -o" in forgotten.out
    assert [(row["_row"], row["_user_data"], row["_status"]) for row in done.rows()] == [
        ("2", "", "rejected"), ("3", "K2", "rejected"), ("4", "K3", "succeeded"),
    ]  # fmt: skip
    assert [row["Name"] for row in done.rows("failed.csv")] == ["", "Other"]
    left = [path for path in (*tmp_path.glob("reports/*/*"), tmp_path / "state/journal.db") if _holds(path)]
    assert not left
    delete = forgotten.out.splitlines()[1].partition(": dialler-sync ")[2].partition(", then")[0]
    assert run(*shlex.split(delete), "--yes").code == ExitCode.OK
    assert "erased 1 row" in run("forget", "--user-data", "K1", "--yes").out
    assert not _holds(tmp_path / "state/journal.db")
    assert "erased 0 rows" in run("forget", "--user-data", "nobody").out


def test_forget_names_report_folders_that_were_moved(
    run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path
) -> None:
    configure()
    done = run("import", contacts_csv(rows=["K1,Secretname,0171 12"]))
    assert done.reports
    done.reports.rename(tmp_path / "archive")

    forgotten = run("forget", "--user-data", "K1", "--yes")

    assert f"if it was moved, a report folder that is not there: {done.reports}" in forgotten.out


def test_what_forget_says_of_an_unfinished_run_leaves_nothing_of_the_person(
    run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """When the journal has the run no longer, nobody knows of its reports."""
    configure()
    stopped = run("import", contacts_csv(6), "--limit", 2)

    refused = run("forget", "--user-data", "K2", "--yes")
    words = re.findall("'dialler-sync ([^']*)'", refused.err)[-1].split()
    pruned = run(*words[words.index("runs") :])

    assert (refused.code, pruned.code) == (ExitCode.USAGE, ExitCode.OK)
    assert not (stopped.reports or Path()).exists()


@pytest.mark.parametrize("why", [KeyboardInterrupt, JournalError("disk full")])
def test_a_person_is_forgotten_at_the_second_try(
    why: BaseException, run: Run, configure: Configure, contacts_csv: Contacts, monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:  # fmt: skip
    """The journal has them no longer, so it must know whose reports still have them."""
    configure()
    for _ in range(2):
        run("import", contacts_csv(rows=["K1,Secretname,0171 12"]))
    run("import", contacts_csv(rows=["K2,Other,0171 13"]))

    with monkeypatch.context() as failing:
        failing.setattr(forget, "write_reports", Mock(side_effect=why))
        first = run("forget", "--user-data", "K1", "--yes")
    second = run("forget", "--user-data", "K1", "--yes")

    stopped = why is KeyboardInterrupt
    assert first.code == (ExitCode.INTERRUPTED if stopped else ExitCode.USAGE)
    assert "run the command again" in (first.err if stopped else first.out)
    assert (second.code, second.out.splitlines()[0]) == (ExitCode.OK, "erased 0 rows in 2 runs")
    assert not [path for path in tmp_path.glob("reports/*/*") if _holds(path)]
    assert "erased 0 rows in 0 runs" in run("forget", "--user-data", "K1", "--yes").out


def _holds(path: Path) -> bool:
    """Whether a report or the journal still has the name."""
    import zipfile

    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as book:
            return any(b"Secretname" in book.read(name) for name in book.namelist())
    return b"Secretname" in path.read_bytes()


@pytest.mark.parametrize("quiet", [(), ("-q",)])
def test_json_prints_what_summary_json_holds(
    run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path, quiet: tuple[str, ...]
) -> None:
    """One object a line; also with -q, as it was asked for."""
    configure()
    file = contacts_csv(rows=["K1,Anna,0171 12", "K2,Eva,0171 3920012"])
    for command in ("validate", "import"):
        (said,) = map(json.loads, run(*quiet, command, file, "--json").out.splitlines())
        assert said == json.loads(Path(said["out"], "summary.json").read_text(encoding="utf-8"))
    (again,) = run(*quiet, "retry", "--json").out.splitlines()
    assert json.loads(again)["parent"] == said["run_id"]
