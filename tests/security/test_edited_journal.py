"""Whoever can write the journal gets nothing run, sent elsewhere, overwritten, moved or deleted by its readers."""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
import sys
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dialler_sync.errors import JournalDamaged
from dialler_sync.exit_codes import ExitCode
from dialler_sync.journal import Journal
from dialler_sync.simulator import FaultPlan, SimulatorServer
from dialler_sync.text.spreadsheet import harmless, restore

from ..conftest import Configure, Done, Run
from ..helpers.commands import Blow, run_apart
from .users import INTRUDER, is_root

Contacts = Callable[..., Path]


def edit(change: str, *values: object) -> None:
    """Change the journal, as its own program never would."""
    with sqlite3.connect("state/journal.db") as base:
        base.execute(change, values)
    base.close()


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def stopped(run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer) -> Done:
    """A run that can be resumed, retried and undone; its configuration lies elsewhere."""
    config = configure(retries=0).rename("own.yaml")
    dialler.order(FaultPlan.parse("400:#1"))
    done = run("-c", config, "import", contacts_csv(4), "--limit", "2", "--out", "reports-of-it")
    dialler.order(FaultPlan())
    assert done.summary["counts"]["unprocessed"] == 2
    return done


@pytest.fixture
def hostile(configure: Configure, dialler: SimulatorServer, tmp_path: Path) -> Path:
    """A configuration that runs a command, for the same dialler and campaign."""
    path = configure(retries=0, token_command=f"sh -c 'touch {tmp_path}/owned; echo simulator'")
    text = path.read_text(encoding="utf-8").replace("  token: ${DIALLER_SYNC_TOKEN}\n", "")
    (tmp_path / "hostile.yaml").write_text(text, encoding="utf-8")
    path.unlink()
    return tmp_path / "hostile.yaml"


@pytest.mark.parametrize("command", ["resume", "retry", "undo"])
def test_a_configuration_out_of_the_journal_is_not_used(
    command: str, run: Run, stopped: Done, hostile: Path, dialler: SimulatorServer
) -> None:
    """Without a terminal: exit 2, with the command to type; nothing is run, nothing is sent."""
    edit("UPDATE runs SET config_path = ?", str(hostile))
    before, name = len(dialler.requests), stopped.summary["run_id"]

    done = run(command, name)

    assert done.code == ExitCode.USAGE
    assert f"dialler-sync --config {hostile} {command} {name}" in done.err
    assert not Path("owned").exists()
    assert len(dialler.requests) == before


def test_the_command_to_type_works(run: Run, stopped: Done) -> None:
    """As the message has it."""
    said = run("resume", stopped.summary["run_id"]).err

    typed = said[said.index("dialler-sync --config ") :].split()[1:]

    assert run(*typed).summary["counts"]["unprocessed"] == 0


@pytest.mark.parametrize(("answer", "code"), [("y", ExitCode.ROWS_FAILED), ("n", ExitCode.INTERRUPTED)])
def test_on_a_terminal_it_is_asked(
    answer: str, code: int, run: Run, stopped: Done, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The question names the configuration, the host that gets the token, and where that comes from."""
    screen = Terminal()
    monkeypatch.setattr(sys, "stdin", Terminal(f"{answer}\n"))
    monkeypatch.setattr(sys, "stderr", screen)

    done = run("resume", stopped.summary["run_id"])

    assert done.code == code, screen.getvalue()
    for part in ("own.yaml", "http://127.0.0.1:", "token"):
        assert part in screen.getvalue()


@pytest.mark.parametrize("command", [["-c", "own.yaml", "resume"], ["runs", "report"]])
def test_other_folders_are_not_written(
    command: list[str], run: Run, stopped: Done, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """An edited folder of reports: files of other programs, or of another run, are not overwritten."""
    home = tmp_path / "home"
    home.mkdir()
    for name in ("results.csv", "notes.txt"):
        (home / name).write_text("mine", encoding="utf-8")
    other = tmp_path / "another-run"
    other.mkdir()
    (other / "summary.json").write_text(json.dumps({"run_id": "20260101-000000-aaaaaa"}), encoding="utf-8")
    before = len(dialler.requests)

    for folder in (home, other):
        edit("UPDATE runs SET out = ?", str(folder))
        refused = run(*command, stopped.summary["run_id"])

        assert refused.code == ExitCode.USAGE
        assert f"reports of run {stopped.summary['run_id']} belong in {folder}" in refused.err

    assert (home / "results.csv").read_text(encoding="utf-8") == "mine"
    assert sorted(path.name for path in home.iterdir()) == ["notes.txt", "results.csv"]
    assert [path.name for path in other.iterdir()] == ["summary.json"]
    assert len(dialler.requests) == before


def test_a_file_that_has_no_end_is_not_read(run: Run, stopped: Done, tmp_path: Path) -> None:
    """An edited path of a list: a pipe that nobody writes to, a device."""
    os.mkfifo(tmp_path / "pipe")
    (entry,) = stopped.summary["files"]
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        edit("UPDATE runs SET files = ?", json.dumps([{**entry, "path": str(path)}]))

        report = run("runs", "report", stopped.summary["run_id"])
        resumed = run("-c", "own.yaml", "resume")

        assert f"{path} can no longer be read" in report.err
        assert resumed.code == ExitCode.INPUT
        assert "not a regular file" in resumed.err


@pytest.mark.parametrize("out", ["", "relative", "a\0b", "/dev/null/x"])
def test_a_folder_that_is_none(out: str, run: Run, stopped: Done) -> None:
    """One message, and nothing is made."""
    edit("UPDATE runs SET out = ?", out)

    refused = run("runs", "report", stopped.summary["run_id"])

    assert refused.code == ExitCode.USAGE
    assert len(refused.err.splitlines()) == 1
    assert not Path("relative").exists()


def test_a_run_s_own_folder_stays_its_own(run: Run, stopped: Done) -> None:
    """With files of the user beside the reports, and with nothing but reports of a run that was killed."""
    assert stopped.reports
    (stopped.reports / "failed, fixed.xlsx").write_bytes(b"")
    (stopped.reports / ".0123456789abcdef.part").write_bytes(b"")
    beside = run("runs", "report", stopped.summary["run_id"])
    (stopped.reports / "failed, fixed.xlsx").unlink()
    (stopped.reports / "summary.json").unlink()
    killed = run("-c", "own.yaml", "resume")

    assert beside.code == ExitCode.OK, beside.err
    assert killed.summary["counts"]["unprocessed"] == 0
    assert not list(stopped.reports.glob(".*"))


@pytest.mark.parametrize("name", ["../../owned", "/etc/owned", "a/b", "..", "", "a\nb"])
def test_an_id_that_is_a_path_names_no_file(
    name: str, run: Run, stopped: Done, contacts_csv: Contacts, tmp_path: Path
) -> None:
    """Folders, and files of an inbox, are named after runs."""
    edit("UPDATE runs SET id = ?", name)
    (tmp_path / "inbox").mkdir()
    contacts_csv(4, "inbox/a.csv")

    listed = run("runs", "list")
    taken = run("-c", "own.yaml", "import", "--inbox", "inbox", "--quiet-for", "0")

    assert (listed.code, taken.code) == (ExitCode.USAGE, ExitCode.USAGE)
    assert "is not the ID of a run" in listed.err
    assert not list(tmp_path.glob("**/*owned*"))


@is_root
def test_old_files_of_another_folder_are_not_deleted(
    run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path
) -> None:
    """``inbox.keep`` follows neither an edited path nor the link of another user."""
    inbox, home = tmp_path / "inbox", tmp_path / "home"
    for folder in (inbox, home):
        folder.mkdir()
    precious = contacts_csv(1, "home/precious.csv")
    config = configure()
    config.write_text(f"{config.read_text(encoding='utf-8')}inbox: {{dir: inbox, keep: 1d}}\n", encoding="utf-8")
    contacts_csv(2, "inbox/a.csv")
    run("import", "--quiet-for", "0")
    for path in (precious, inbox / "done" / ".." / ".." / "home" / "precious.csv", inbox / "failed" / "precious.csv"):
        files = json.dumps([{"name": "a.csv", "path": str(path), "sheet": None, "sha256": "", "rows": 2, "layout": {}}])
        edit("UPDATE runs SET files = ?, finished_at = '2020-01-01T00:00:00Z', state = 'finished'", files)
        (inbox / "failed").unlink(missing_ok=True)
        (inbox / "failed").symlink_to(home)
        os.lchown(inbox / "failed", INTRUDER, INTRUDER)

        run("import", "--quiet-for", "0")

        assert precious.exists()


@pytest.mark.parametrize("command", ["runs list", "runs report RUN", "resume", "undo RUN --yes"])
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("files", "null"), ("files", "[1]"), ("files", "[" * 100_000), ("options", "[]"), ("config", '"x"'),
        ("files", '[{"name": "a\\udc80b", "path": "contacts.csv", "sha256": ""}]'),
        ("summary", "7"), ("target", b"\xff"), ("rows", "many"), ("config", "{"),
    ],
)  # fmt: skip
def test_record_of_another_shape_is_damage(
    column: str, value: object, command: str, run: Run, stopped: Done, dialler: SimulatorServer
) -> None:
    """One sentence, and nothing is sent."""
    edit(f"UPDATE runs SET {column} = ?", value)
    before = len(dialler.requests)

    done = run("-c", "own.yaml", *command.replace("RUN", stopped.summary["run_id"]).split())

    assert done.code == ExitCode.USAGE, done.out
    assert "is damaged" in done.err
    assert len(dialler.requests) == before


@pytest.mark.parametrize("command", ["resume", "retry"])
def test_a_command_in_the_options_of_a_run_is_damage(command: str, run: Run, stopped: Done) -> None:
    """An encrypted list would have it run for its password."""
    found = {"source": {"password_command": ["touch", "owned"]}}
    edit("UPDATE runs SET options = json_patch(options, ?)", json.dumps(found))
    with zipfile.ZipFile("contacts.zip", "w") as package:
        package.write("contacts.csv")
    edit("UPDATE runs SET files = json_replace(files, '$[0].path', ?)", str(Path("contacts.zip").resolve()))

    done = run("-c", "own.yaml", command, stopped.summary["run_id"])

    assert (done.code, Path("owned").exists()) == (ExitCode.USAGE, False)
    assert "is damaged: a cell of runs.options" in done.err


def test_reports_go_to_no_address_that_only_the_journal_has(run: Run, stopped: Done, tmp_path: Path) -> None:
    """The command that puts them there is told."""
    edit("UPDATE runs SET options = json_set(options, '$.out', 's3://elsewhere/lists')")

    done = run("-c", "own.yaml", "resume", stopped.summary["run_id"])

    assert done.summary["counts"]["unprocessed"] == 0
    assert "an address for them that is not under sources: of the configuration" in done.err
    assert f"runs report {stopped.summary['run_id']} --out s3://elsewhere/lists" in done.err


def test_an_edited_file_of_calls_replaces_nothing(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """A list of calls that was killed before it was in place, and is said to belong in the place of another file."""
    configure()
    dialler.store.add(UserData="K1", Name="A", PhoneNumber1="+491713920012")
    dialler.store.add_call(1, StatisticsPartA={"dtCallStart": "2026-01-02 10:00:00"})
    Path("mine.txt").write_text("mine", encoding="utf-8")
    run_apart("calls", "--since", "last", "--to", "calls.csv", blow=Blow("before", "calls rename"))
    with sqlite3.connect("state/journal.db") as base:
        (text,) = base.execute("SELECT intent FROM call_receivers").fetchone()
    base.close()
    edit(
        "UPDATE call_receivers SET intent = ?",
        json.dumps({**json.loads(text), "path": str(Path("mine.txt").resolve())}),
    )

    done = run("calls", "--since", "last", "--to", "next.csv")

    assert done.code == ExitCode.OK
    assert Path("mine.txt").read_text(encoding="utf-8") == "mine"
    assert len(list(Path().glob("mine-*.txt"))) == 1
    edit("UPDATE known_calls SET kind = 'other'")
    assert run("calls", "--since", "last", "--to", "last.csv").code in {ExitCode.OK, ExitCode.USAGE}


def test_a_contact_id_that_fits_no_address(run: Run, stopped: Done) -> None:
    """It is said in one message; so is a key on the command line."""
    edit("UPDATE rows SET contact_id = ?", "x" * 70_000)
    ended = [run("-c", "own.yaml", "undo", stopped.summary["run_id"], "--yes")]
    ended += [run("-c", "own.yaml", "contacts", "get", "--user-data", "x" * 70_000)]

    for done in ended:
        assert done.code == ExitCode.USAGE
        assert "70,000 characters, too many for an address" in done.err


def test_a_formula_in_the_journal_is_none_in_a_report(run: Run, stopped: Done) -> None:
    """In no column, also none of those that hold codes and names of fields."""
    formulas = "error_code = '=1+1', error_field = '@SUM(1)', warnings = 'restored:Name;=1+1', contact_id = '=2'"
    with sqlite3.connect("state/journal.db") as base:
        base.execute(f"UPDATE rows SET {formulas}, state = 'failed'")
    base.close()

    done = run("runs", "report", stopped.summary["run_id"])

    assert done.code == ExitCode.OK, done.err
    cells = [cell for name in ("results.csv", "failed.csv") for row in stopped.rows(name) for cell in row.values()]
    assert "'=1+1" in cells
    assert [cell for cell in cells if cell != harmless(restore(cell))] == []


@pytest.mark.parametrize("outcome", ["x/../../../private/owned", "x/owned", "../" * 9 + "owned", "long" * 99])
def test_an_answer_is_a_file_of_its_folder(
    outcome: str, run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path
) -> None:
    """Its outcome in the journal is no path, also where somebody has made the folders for one."""
    for name in ("inbox", "answers", "private", "answers/f.csv – 2020-01-01 0000 – x"):
        (tmp_path / name).mkdir()
    config = configure()
    config.write_text(
        f"{config.read_text(encoding='utf-8')}inbox: {{dir: inbox, answers: answers}}\n", encoding="utf-8"
    )
    contacts_csv(2, "inbox/a.csv")
    run("import", "--quiet-for", "0")
    facts = (str(tmp_path / "inbox"), "f.csv", "2020-01-01T00:00:00Z", outcome)
    edit(
        "INSERT INTO answers (inbox, file, at, outcome, run, reason, path, mark) VALUES (?, ?, ?, ?, '', '', '', '')",
        *facts,
    )

    done = run("import", "--quiet-for", "0")

    assert done.code == ExitCode.OK, done.err
    assert len([path for path in (tmp_path / "answers").iterdir() if path.suffix == ".xlsx"]) == 2, done.err
    assert not list(tmp_path.glob("*/**/owned*"))


def test_the_journal_s_name_for_an_inbox_is_no_path(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """Claimed files lie in folders of that name, also on servers."""
    configure()
    run("import", contacts_csv(1))
    with Journal.open("state/journal.db") as journal:
        notes = journal.inbox("sftp://host/box")
        name = notes.owner()
        assert notes.owner() == name

        edit("UPDATE inbox_files SET mark = '../../../elsewhere' WHERE name = '/owner'")

        with pytest.raises(JournalDamaged, match="its name for an inbox"):
            notes.owner()


LISTED = {
    "a key": "suppress:\n  - {file: dnc.csv, by: user_data, column: Entry}\n",
    "a number": "rows: {overwrite_duplicates: false}\nsuppress:\n  - {file: dnc.csv, by: phone, column: Entry}\n",
    "a number that expires": "suppress:\n  - {file: dnc.csv, by: phone, column: Entry, expires: Until}\n",
}


@pytest.mark.parametrize("kind", LISTED)
def test_nobody_of_a_do_not_call_list_is_called(
    kind: str, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """A skipped row is not sent because the journal says that it waits; an entry has not expired because the journal
    dates the run into a year to come."""
    config = configure()
    config.write_text(config.read_text(encoding="utf-8") + LISTED[kind], encoding="utf-8")
    entry = "K4" if "key" in kind else "+49 171 3920014"
    Path("dnc.csv").write_text(
        f"Entry,Until\n{entry},{datetime.now().astimezone() + timedelta(days=9):%Y-%m-%d}\n", encoding="utf-8"
    )
    path = contacts_csv(4)
    stopped = run("import", path, "--limit", "1")
    assert stopped.summary["actions"]["suppressed"] == 1, stopped.err
    if "expires" in kind:
        edit("UPDATE runs SET started_at = '2090-01-01T00:00:00.000Z', planned = 0, rows = NULL")
    else:
        edit("UPDATE rows SET state = 'pending' WHERE action = 'suppressed'")

    done = run("resume")

    assert done.summary["actions"]["suppressed"] == 1, done.err
    assert "K4" not in {contact["UserData"] for contact in dialler.store.contacts.values()}
    assert done.summary["counts"]["succeeded"] == 3


ODD = (
    5,
    "x",
    ["x"],
    [5],
    [None],
    {"a": 1},
    {"a": {"b": [1]}},
    None,
    "9" * 400 + "%",
    "\ud800",
    "\udcff",
    {"from": "x"},
)


@pytest.mark.parametrize("command", ["import", "lock"])
def test_odd_options_of_a_run(
    command: str, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Each option of a run, with each kind of value: one sentence at most."""
    configure(retries=0)
    if command == "import":
        run("import", contacts_csv(3), "--limit", "1", "--compare", "journal")
    else:
        ours = dialler.store.add(UserData="A", Name="A", PhoneNumber1="+491713920012", DiallerCampaignsID=538)
        run("contacts", "lock", "--id", str(ours), "--yes")
    with sqlite3.connect("state/journal.db") as base:
        ((options,),) = base.execute("SELECT options FROM runs")
    base.close()
    shutil.copytree("state", "kept")
    given = json.loads(options)
    for name in given:
        for value in ODD:
            shutil.rmtree("state")
            shutil.copytree("kept", "state")
            edit("UPDATE runs SET options = ?, state = 'stopped', summary = NULL", json.dumps(given | {name: value}))
            edit("UPDATE runs SET rows = NULL WHERE command = 'lock'")
            for said in (run("resume"), run("runs", "show")):
                assert said.code != ExitCode.BUG, f"{name}: {value!r:.40}: {said.err[-900:]}"
