"""Disks and journals that fail: a clear stop before anything is sent, or with nothing lost."""

from __future__ import annotations

import errno
import gzip
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dialler_sync.errors import JournalError
from dialler_sync.exit_codes import ExitCode
from dialler_sync.journal import Journal, log
from dialler_sync.simulator import FaultPlan, SimulatorServer

from ..conftest import Configure, Run
from ..helpers.commands import run_apart
from ..helpers.records import RUN
from ..helpers.watched import Watched

Contacts = Callable[..., Path]


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mounts a small file system with these options."""
    mounted: list[Path] = []

    def mount(options: str) -> Path:
        folder = tmp_path / f"mount{len(mounted)}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if sys.platform != "linux" or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("only root of Linux may mount a file system")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)


def imports(dialler: SimulatorServer) -> Counter[str | None]:
    return Counter(request.user_data for request in dialler.requests if request.function == "import")


# xlsxwriter leaves its archive open where the disk is full, and says so when that is collected.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("full", ["journal", "reports", "both"])
def test_a_full_disk(
    full: str,
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
    dialler: SimulatorServer,
    mount: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """The run stops and says so; with room again, it is resumed, and every contact is there once."""
    configure()
    disk = mount("size=600k")
    path = contacts_csv(3_000)
    if full != "reports":
        monkeypatch.setenv("DIALLER_SYNC_STATE", str(disk / "journal.db"))
    out = tmp_path / "reports" if full == "journal" else disk / "reports"

    stopped = run("import", path, "--out", out)
    subprocess.run(["mount", "-o", "remount,size=20m", str(disk)], check=True)
    resumed = run("resume")
    if "nothing to resume" in resumed.err:  # it had not even begun
        resumed = run("import", path)

    assert stopped.code == ExitCode.USAGE, stopped.err
    assert "full" in stopped.err or "No space left" in stopped.err
    assert resumed.code == ExitCode.OK, resumed.err
    assert resumed.summary["counts"]["succeeded"] == 3_000
    assert len(dialler.store.contacts) == 3_000


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("kilobytes", [200, 240, 300, 400, 600])
def test_no_room_for_workbooks_or_page(
    kilobytes: int, run: Run, configure: Configure, contacts_csv: Contacts, mount: Callable[[str], Path]
) -> None:
    """They give way to the CSVs and summary.json; the exit code is that of the rows, and a line names what lacks."""
    configure()
    disk = mount(f"size={kilobytes}k")
    rows = [f"K{n},{'Anna' if n % 3 else ''},0171 39200{n % 90 + 10}" for n in range(600)]

    done = run("import", contacts_csv(rows=rows), "--out", disk / "out")

    assert done.code == ExitCode.ROWS_FAILED, done.err
    assert len(done.rows()) == 600
    assert len(done.rows("failed.csv")) == 200
    assert done.summary["counts"]["succeeded"] == 400
    there = {path.name for path in (disk / "out").iterdir()}
    assert "report.xlsx" not in there
    assert "report.xlsx" in done.err
    assert ("report.html" in there) != ("report.html is not written: No space left" in done.err)


@pytest.mark.parametrize("limit", [40_000, 400_000, 1_100_000])
def test_a_limit_of_file_sizes(
    limit: int, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """The same where root may not mount: wherever it is hit, without a traceback, and nothing is lost."""
    configure()
    path = contacts_csv(3_000)

    stopped = run_apart("import", path, file_size=limit)
    resumed = run("resume")
    if "nothing to resume" in resumed.err:
        resumed = run("import", path)

    assert stopped.process.exitcode == ExitCode.USAGE, stopped.err
    assert "Error: " in stopped.err or "Stopped: " in stopped.err
    assert resumed.code == ExitCode.OK, resumed.err
    assert len(dialler.store.contacts) == 3_000


@pytest.mark.parametrize("place", ["under a file", "read-only"])
@pytest.mark.parametrize("what", ["journal", "reports"])
def test_a_folder_that_cannot_be_written(
    what: str,
    place: str,
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
    dialler: SimulatorServer,
    mount: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    """Found out before anything is sent."""
    configure()
    path = contacts_csv(3)
    folder = mount("ro") if place == "read-only" else path

    if what == "journal":
        done = run("--state", folder / "state" / "journal.db", "import", path)
    else:
        done = run("import", path, "--out", folder / "reports")

    assert done.code == ExitCode.USAGE
    assert "cannot be" in done.err
    assert not dialler.requests


@pytest.mark.parametrize("command", ["import", "validate", "reconcile", "plan"])
def test_no_room_for_a_single_temporary_file(
    command: str, run: Run, configure: Configure, contacts_csv: Contacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run cannot begin, and none is left behind that would count as at work for ever."""
    configure()

    def full(**_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tempfile, "TemporaryFile", full)

    done = run(command, contacts_csv(3))

    assert done.code == ExitCode.USAGE
    assert "cannot be written: No space left on device" in done.err
    assert json.loads(run("runs", "list", "-o", "json").out) == []
    assert not list(Path().glob("reports/*"))


def test_a_proposed_configuration_for_which_there_is_no_room(
    run: Run, contacts_csv: Callable[..., Path], tmp_path: Path
) -> None:
    """It does not stay as the half of one, which the next call would not overwrite."""
    path = contacts_csv(3)

    stopped = run_apart("init", path, "-o", "new.yaml", file_size=500)
    left = (tmp_path / "new.yaml").exists()
    done = run("init", path, "-o", "new.yaml")

    assert stopped.process.exitcode == ExitCode.USAGE
    assert "new.yaml cannot be written: File too large" in stopped.err
    assert not left
    assert done.code == ExitCode.OK, done.err
    assert (tmp_path / "new.yaml").stat().st_mode & 0o777 == 0o644


def test_a_journal_on_a_disk_that_became_read_only(
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
    dialler: SimulatorServer,
    mount: Callable[[str], Path],
) -> None:
    """An old journal can be there and yet not be written."""
    configure()
    disk = mount("size=5m")
    state = disk / "journal.db"
    assert run("--state", state, "import", contacts_csv(3)).code == ExitCode.OK
    before = len(dialler.requests)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)

    done = run("--state", state, "import", contacts_csv(3))

    assert done.code == ExitCode.USAGE
    assert "Read-only" in done.err
    assert len(dialler.requests) == before


@pytest.fixture
def quick_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A journal whose users wait for each other for a moment only."""
    path = tmp_path / "state" / "journal.db"
    monkeypatch.setenv("DIALLER_SYNC_STATE", f"sqlite:///{path}?timeout=0.2")
    return path


def test_a_journal_that_another_process_holds_at_the_start(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, quick_journal: Path
) -> None:
    """Nothing is sent that could not be written down."""
    configure()
    assert run("import", contacts_csv(2)).code == ExitCode.OK
    before = len(dialler.requests)
    with closing(sqlite3.connect(quick_journal)) as other:
        other.execute("BEGIN EXCLUSIVE")

        done = run("import", contacts_csv(5))

    assert done.code == ExitCode.USAGE
    assert "locked" in done.err
    assert len(dialler.requests) == before


@pytest.mark.parametrize("overwrite", ["true", "false"])
def test_a_journal_that_another_process_takes_in_the_middle(
    overwrite: str,
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
    dialler: SimulatorServer,
    store: Watched,
    quick_journal: Path,
) -> None:
    """The run stops; what was sent and could not be written down is not sent blindly by the resume."""
    configure(concurrency=2, rows=f"{{overwrite_duplicates: {overwrite}}}")
    assert run("import", contacts_csv(1)).code == ExitCode.OK
    other = sqlite3.connect(quick_journal, timeout=5, check_same_thread=False, isolation_level=None)
    with closing(other):
        store.then(10, lambda: other.execute("BEGIN IMMEDIATE"))

        stopped = run("import", contacts_csv(200, name="more.csv"))

    sent = len(store.contacts) - (overwrite == "false")  # else K2 is the one contact of both runs
    statuses = stopped.statuses()
    resumed = run("resume")

    assert stopped.code == ExitCode.UNAVAILABLE, stopped.err
    assert "locked" in stopped.err
    assert "\\n" not in stopped.err, "two sentences, in one line"
    (told,) = re.findall(r"([0-9,]+) rows? w\w+ sent and could not be written down: ([0-9, -]+)\.", stopped.err)
    assert int(told[0]) + Counter(statuses.values())["succeeded"] == sent
    assert statuses[int(told[1].split("-")[0])] != "succeeded"
    assert resumed.code == ExitCode.OK, resumed.err
    made = Counter(contact["UserData"] for contact in store.contacts.values())
    assert made.pop("K2") == (1 if overwrite == "true" else 2)
    assert len(made) == 199
    assert set(made.values()) == {1}


def damage(kind: str, path: Path) -> None:
    if kind == "truncated":
        os.truncate(path, 5_000)
    elif kind == "garbage":
        path.write_bytes(b"This is no database. " * 500)
    elif kind == "overwritten":
        whole = bytearray(path.read_bytes())
        whole[4096:] = b"\xa5" * (len(whole) - 4096)
        path.write_bytes(whole)
    else:
        with closing(sqlite3.connect(path)) as base, base:
            if kind == "newer":
                base.execute("UPDATE schema_version SET version = 99")
            else:
                base.execute("DROP TABLE schema_version")
                base.execute("CREATE TABLE schema_version (installed_rank INTEGER)")


@pytest.mark.parametrize("kind", ["truncated", "garbage", "overwritten", "newer", "other schema_version"])
def test_a_journal_that_is_damaged_or_not_ours(
    kind: str, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """It is refused in words, and nothing is sent."""
    configure()
    run("import", contacts_csv(50))
    state = tmp_path / "state" / "journal.db"
    damage(kind, state)
    before = len(dialler.requests)

    done = run("import", contacts_csv(5))

    assert done.code == ExitCode.USAGE, done.err
    assert str(state) in done.err
    assert len(dialler.requests) == before


def test_a_database_of_another_program_is_left_as_it_is(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """A wrong --state must not put tables into somebody's address book."""
    configure()
    other = tmp_path / "addresses.db"
    with closing(sqlite3.connect(other)) as base, base:
        base.execute("CREATE TABLE people (name TEXT)")

    done = run("--state", other, "import", contacts_csv(5))

    assert done.code == ExitCode.USAGE
    assert "another program" in done.err
    with closing(sqlite3.connect(other)) as base:
        assert base.execute("SELECT name FROM sqlite_master").fetchall() == [("people",)]
    assert not dialler.requests


def test_a_lost_journal_is_begun_anew(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """The way out of a damaged one: move it away; with keys, importing again does no harm."""
    configure()
    path = contacts_csv(5)
    run("import", path)
    shutil.rmtree(tmp_path / "state")

    assert run("import", path).code == ExitCode.OK
    assert len(dialler.store.contacts) == 5


def test_two_processes_may_make_the_journal_at_once(tmp_path: Path) -> None:
    """The first two runs of a new machine, started by cron in the same second."""
    code = "import sys; from dialler_sync.journal import Journal; sys.stdin.read(1); Journal.open(sys.argv[1]).close()"
    command = [sys.executable, "-c", code, str(tmp_path / "new" / "journal.db")]
    started = [subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)]

    ended = [process.communicate(b"x") for process in started]

    assert [process.returncode for process in started] == [0] * 4, ended
    with Journal.open(tmp_path / "new" / "journal.db") as journal:
        assert journal.runs() == []


@pytest.mark.parametrize("what", ["deleted", "replaced", "folder"])
def test_a_journal_that_vanishes_in_the_middle(
    what: str, run: Run, configure: Configure, contacts_csv: Contacts, store: Watched, dialler: SimulatorServer,
    tmp_path: Path,
) -> None:  # fmt: skip
    """SQLite would go on writing to a file that nobody finds: it is said, and the reports have what was sent."""
    configure(concurrency=2)
    state = tmp_path / "state"

    def vanish() -> None:
        if what == "folder":
            shutil.rmtree(state)
        for path in state.glob("journal.db*"):
            path.unlink()
        if what == "replaced":
            (state / "journal.db").touch()

    store.then(20, vanish)

    done = run("import", contacts_csv(4_000))

    assert done.code == ExitCode.UNAVAILABLE, done.err
    assert done.reports
    assert "was deleted or replaced" in done.err
    assert "dialler-sync resume" not in done.err + (done.reports / "report.html").read_text(encoding="utf-8")
    counts = Counter(done.statuses().values())
    assert counts["succeeded"] + counts["unknown"] == len(store.contacts)


def test_the_log_of_a_journal_that_vanishes_in_the_middle_costs_nothing(
    run: Run, configure: Configure, contacts_csv: Contacts, store: Watched, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """A kill would have lost what is in it, and a resume have sent rows again; the run went on, and said nothing."""
    configure(concurrency=2, rows="{overwrite_duplicates: false}")
    journal = tmp_path / "state" / "journal.db"
    path = contacts_csv(2_000)
    store.then(20, journal.with_name("journal.db-wal").unlink)

    stopped = run("import", path)
    sent = len(store.contacts)
    resumed = run("resume")

    assert sent < 2_000
    assert stopped.code == ExitCode.UNAVAILABLE, stopped.err
    assert "journal.db-wal was deleted" in stopped.err
    assert resumed.code == ExitCode.OK, resumed.err
    assert sorted(Counter(c["UserData"] for c in store.contacts.values()).values()) == [1] * 2_000


@pytest.mark.parametrize("what", ["emptied", "zeroes", "another header"])
def test_a_log_that_another_program_writes_to_is_damage(
    what: str, run: Run, configure: Configure, contacts_csv: Contacts, store: Watched, dialler: SimulatorServer,
    tmp_path: Path,
) -> None:  # fmt: skip
    """Such as a backup that is put back: the run ended well, and the journal could not be read after it."""
    configure(concurrency=2)
    log = tmp_path / "state" / "journal.db-wal"

    def write() -> None:
        size = 0 if what == "emptied" else log.stat().st_size
        start = 0 if what == "another header" else 32
        with log.open("r+b") as file:
            file.truncate(size)
            file.seek(start)
            file.write(b"\0" * (size - start) if what == "zeroes" else b"\1" * 32 if size else b"")

    store.then(20, write)

    done = run("import", contacts_csv(2_000))

    assert done.code == ExitCode.UNAVAILABLE, done.err
    assert "journal.db-wal has lost what was written to it" in done.err
    assert len(store.contacts) < 2_000


def test_a_log_that_cannot_be_looked_at_is_not_damaged(
    run: Run, configure: Configure, contacts_csv: Contacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too many files are open, for example: whoever reads that it is damaged gives the journal up."""
    configure()

    def look(_: object) -> bool:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    with monkeypatch.context() as patch:
        patch.setattr(log.Log, "_look", look)
        done = run("import", contacts_csv(20))

    assert done.code == ExitCode.USAGE, done.err
    assert "journal.db-wal cannot be read: Too many open files. Nothing is lost so far." in done.err
    assert "damaged" not in done.err
    assert run("resume").code == ExitCode.OK


def test_any_frame_of_a_log_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only the newest; what SQLite itself does to its log, for this process or another, is no damage."""
    monkeypatch.setattr(log, "_EVERY", 0)
    with closing(sqlite3.connect(tmp_path / "j.db")) as ours, closing(sqlite3.connect(tmp_path / "j.db")) as other:
        ours.execute("PRAGMA journal_mode = WAL")
        ours.execute("CREATE TABLE t (a)")
        seen = log.Log(tmp_path / "j.db-wal")

        def write(rows: int) -> bool:
            ours.executemany("INSERT INTO t VALUES (?)", [("x" * 3_000,)] * rows)
            return seen.is_whole()

        assert write(50)
        ours.commit()
        assert write(5_000)  # more than fits into memory: in the log before it counts
        ours.rollback()
        assert write(2)
        ours.commit()
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert seen.is_whole()
        assert write(50)
        ours.commit()
        assert seen.is_whole()
        with seen.path.open("r+b") as file:
            file.seek(seen.path.stat().st_size // 2)
            file.write(b"\1" * 20_000)

        assert not seen.is_whole()


def test_reports_that_could_not_be_written_are_written_as_they_were(
    run: Run, configure: Configure, contacts_csv: Contacts, store: Watched, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """With the run's own end and figures: it was not killed."""
    configure(retries=0)
    dialler.order(FaultPlan.parse("400:#2"))
    out = tmp_path / "out"
    store.then(3, (out / "results.csv").mkdir)  # a folder stands where the report goes

    failed = run("import", contacts_csv(5), "--out", out)
    (out / "results.csv").rmdir()
    (name,) = re.findall(r"dialler-sync runs report (\S+)'", failed.err)
    run("runs", "report", name)

    assert failed.code == ExitCode.USAGE, failed.err
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert (summary["exit_code"], summary["stopped_because"]) == (ExitCode.ROWS_FAILED, None)
    assert summary["counts"]["succeeded"] == 4
    assert summary["requests"] > 5


def test_a_report_folder_that_is_deleted_meanwhile_is_made_again(
    run: Run, configure: Configure, contacts_csv: Contacts, store: Watched, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """Somebody tidied up: the run ends as it would have."""
    configure()
    store.then(3, lambda: shutil.rmtree(tmp_path / "reports"))

    done = run("import", contacts_csv(5))

    assert (done.code, done.err) == (ExitCode.OK, "")
    assert len(done.rows()) == 5
    assert done.reports
    assert done.reports.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("command", ["retry", "resume", "undo", "runs show", "runs report"])
def test_an_empty_name_is_no_run(
    command: str, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """A variable that a script has not set: not the only run, nor the newest."""
    configure()
    run("import", contacts_csv(3))
    before = len(dialler.requests)

    done = run(*command.split(), "")

    assert done.code == ExitCode.USAGE
    assert "empty" in done.err
    assert len(dialler.requests) == before


def test_a_journal_that_vanished_is_not_made_anew(tmp_path: Path) -> None:
    """By the next connection of the process that had it open, which would find it empty."""
    journal = Journal.open(tmp_path / "journal.db")
    journal.close()
    for path in tmp_path.glob("journal.db*"):
        path.unlink(missing_ok=True)

    with pytest.raises(JournalError, match="was deleted or replaced"):
        journal.runs()

    assert not list(tmp_path.glob("journal.db*"))


@pytest.mark.parametrize("lacking", ["room for copies", "a temporary folder", "files"])
def test_a_list_of_an_inbox_waits_for_a_machine_that_cannot_read_it(
    lacking: str,
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """It was filed as unreadable: the next call found nothing, and was green."""
    configure()
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    packed = inbox / "a.csv.gz"
    packed.write_bytes(gzip.compress(contacts_csv(3).read_bytes()))

    def refused(*_: object, **__: object) -> int:
        number = errno.EMFILE if lacking == "files" else errno.ENOSPC
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        if lacking == "room for copies":
            patch.setattr("dialler_sync.fetch.copies.new_file", refused)
        elif lacking == "a temporary folder":
            patch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
        else:
            patch.setattr("dialler_sync.fetch.local.head_of", refused)
        waiting = run("import", "--inbox", inbox, "--quiet-for", "0")
    there = packed.exists()
    done = run("import", "--inbox", inbox, "--quiet-for", "0")

    assert waiting.code == ExitCode.USAGE, waiting.err
    assert there
    assert done.summary["counts"]["succeeded"] == 3


def test_what_the_deleted_log_of_a_journal_had_is_saved_at_once(tmp_path: Path) -> None:
    """Whoever kills the run then loses nothing."""
    path = tmp_path / "journal.db"
    with Journal.open(path) as journal:
        journal.add_run(RUN)
        path.with_name("journal.db-wal").unlink()
        with pytest.raises(JournalError, match=r"journal\.db-wal was deleted"):
            journal.record(RUN.id, [])
        shutil.copy(path, tmp_path / "left.db")

    with Journal.open(tmp_path / "left.db") as left:
        assert left.run(RUN.id).id == RUN.id


@pytest.mark.parametrize(
    ("command", "code"),
    [(["validate"], ExitCode.USAGE), (["import", "--dry-run"], ExitCode.USAGE), (["import"], ExitCode.UNAVAILABLE)],
)
def test_only_a_run_that_sends_is_to_be_tried_again_by_a_scheduler(
    command: list[str], code: ExitCode, run: Run, configure: Configure, contacts_csv: Contacts,
    dialler: SimulatorServer, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A journal that fails while the rows are counted: exit 5 is for what can be resumed."""
    configure()

    def full(*_: object) -> None:
        raise JournalError("the journal fails: database or disk is full.")

    monkeypatch.setattr("dialler_sync.run.lifecycle.summarise", full)

    assert run(*command, contacts_csv(3)).code == code


def test_a_run_that_is_said_to_go_on_does(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal and the reports have no room before the rows are planned: the messages name ``resume``."""
    configure()

    def full(*_: object, **__: object) -> None:
        raise JournalError("database or disk is full.") from OSError(errno.EDQUOT, "Quota exceeded")

    with monkeypatch.context() as disk:
        for name in ("dialler_sync.run.rows.check_limits", "dialler_sync.run.lifecycle.note_end"):
            disk.setattr(name, full)
        disk.setattr("dialler_sync.run.report_files._write", full)
        stopped = run("import", contacts_csv(3))
    named = re.findall(r"runs report (\S+[0-9a-f])", stopped.err)
    resumed = run("resume")
    report = run("runs", "report", *named)

    assert (stopped.code, len(named)) == (ExitCode.USAGE, 1), stopped.err
    assert (resumed.code, report.code) == (ExitCode.OK, ExitCode.OK), resumed.err + report.err
    assert len(dialler.store.contacts) == 3
