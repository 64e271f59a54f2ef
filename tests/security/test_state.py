"""What ``--state`` can be made to name, and files of SQLite that do something by themselves."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from dialler_sync.errors import UsageError
from dialler_sync.exit_codes import ExitCode
from dialler_sync.journal.place import url_of
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run
from .users import AGENT, INTRUDER, as_user, is_root, moved

PASSWORD = "gEh3im-Wort9"
COMPUTED = "hex(zeroblob(9))"
ENDLESS = "SELECT count(*) FROM (WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c)"


@pytest.mark.parametrize(
    "state",
    [
        "file:x.db", "file:x.db?mode=ro", "file:x.db?vfs=unix-none", "sqlite:", "sqlite://", "sqlite:///", "   ", ".",
        "/", "sqlite:///x.db?timeout=soon", "sqlite:///x.db?timeout=-1", "sqlite:///x.db?timeout=nan",
        "sqlite:///x.db?timeout=1&timeout=2", "~nobody-of-that-name/x.db", "/dev/null", "/dev/zero", "pipe",
        "//app@db.example.com/x",
        f"sslpassword={PASSWORD} dbname=x", f"PGPASSWORD={PASSWORD} x", "sslkey=a dbname=b", "a = 'b c' host=d",
        f"Server=db;Database=x;User Id=u;Password={PASSWORD}",
    ],
)  # fmt: skip
def test_what_is_no_place_for_a_journal(state: str, run: Run, tmp_path: Path) -> None:
    """Exit 2 and one sentence, no file of that name, and no password is shown."""
    os.mkfifo("pipe")

    for command in (("runs", "list"), ("doctor",)):
        done = run("--state", state, *command)

        assert done.code == ExitCode.USAGE
        assert "--state" in done.err + done.out
        assert PASSWORD not in done.err + done.out
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


@pytest.mark.parametrize(
    "state",
    ["date=2026/x.db", "a@b/x:y.db", "./a:b@c.db", " x.db", "a#b%41.db", "x?mode=ro", "sqlite:///x.db?timeout=0.5"],
)
def test_what_is_a_name_like_others(state: str, run: Run, tmp_path: Path) -> None:
    """Odd, and a file all the same."""
    assert run("--state", state, "runs", "list").code == ExitCode.OK
    (there,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert there.stat().st_mode & 0o077 == 0


def test_the_folder_of_a_socket() -> None:
    """As libpq writes it, where the host stands."""
    url = url_of("postgresql://app@%2Frun%2Fpostgresql/journal?sslmode=disable")

    assert not url.host
    assert url.query["host"] == "/run/postgresql"
    assert url.database == "journal"
    with pytest.raises(UsageError):
        url_of("postgresql://app@/run/postgresql/journal@x")


def changed(table: str, old: str, new: str) -> str:
    """Return the commands that write another definition of a table into the file."""
    new = new.replace("'", "''")
    return (
        f"PRAGMA writable_schema = 1; UPDATE sqlite_master SET sql = replace(sql, '{old}', '{new}') "
        f"WHERE name = '{table}' AND instr(sql, '{old}'); PRAGMA writable_schema = RESET;"
    )


@pytest.mark.parametrize(
    "command",
    [
        f"CREATE TRIGGER t BEFORE UPDATE ON rows BEGIN {ENDLESS}; END",
        "CREATE TRIGGER t BEFORE UPDATE ON rows BEGIN SELECT raise(IGNORE); END",
        "CREATE VIEW v AS SELECT 1",
        "CREATE VIRTUAL TABLE v USING rtree(a, b, c)",
        "ALTER TABLE rows ADD COLUMN v GENERATED ALWAYS AS (hex(zeroblob(400000000))) VIRTUAL",
        f"ALTER TABLE runs ADD COLUMN v TEXT CHECK ({COMPUTED} > '')",
        changed("runs", "parent TEXT", f"parent TEXT DEFAULT ({COMPUTED})"),
        "ALTER TABLE runs ADD COLUMN v TEXT COLLATE nocase",
        f"CREATE INDEX i ON runs (id || {COMPUTED})",
        f"CREATE INDEX i ON runs (id) WHERE id > {COMPUTED}",
        "DROP INDEX ix_runs_target; CREATE UNIQUE INDEX ix_runs_target ON runs (target)",
        "DROP INDEX ix_runs_target; CREATE INDEX ix_runs_target ON runs (target) WHERE target > hex(zeroblob(9))",
        "CREATE TABLE v (id)",
        changed("rows", "PRIMARY KEY (run, seq)", "PRIMARY KEY (run, seq), UNIQUE (run, state) ON CONFLICT IGNORE"),
        changed("runs", "PRIMARY KEY (id)", f"PRIMARY KEY (id), CHECK ({COMPUTED} = '')"),
        changed("runs", "id TEXT NOT NULL", "id TEXT COLLATE nocase NOT NULL"),
        changed("runs", "parent TEXT", "parent TEXT REFERENCES runs (id) ON DELETE CASCADE"),
        changed("runs", "parent TEXT", "parent TEXT /*" + " " * 2000 + "*/"),
    ],
)
@pytest.mark.parametrize("version", ["8", "1"])
def test_a_file_that_computes_something_is_refused(
    version: str, command: str, run: Run, configure: Configure, contacts_csv: Callable[..., Path]
) -> None:
    """SQLite would carry it out, for ever and deaf to Ctrl-C; also before an older journal is made a newer one."""
    configure()
    stopped = run("import", contacts_csv(4), "--limit", "2")
    with sqlite3.connect("state/journal.db") as base:
        base.executescript(command)
        base.execute("UPDATE schema_version SET version = ?", (version,))
    base.close()

    done = run("resume", stopped.summary["run_id"])

    assert done.code == ExitCode.USAGE
    assert "that dialler-sync did not create: somebody has changed it" in done.err
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize("version", [-1, 0, 2**40])
def test_a_version_that_there_never_was(version: int, run: Run) -> None:
    """Nothing is done to the file."""
    run("runs", "list")
    with sqlite3.connect("state/journal.db") as base:
        base.execute("UPDATE schema_version SET version = ?", (version,))
    base.close()

    assert run("runs", "list").code == ExitCode.USAGE
    with sqlite3.connect("state/journal.db") as base:
        assert base.execute("SELECT version FROM schema_version").fetchall() == [(version,)]
    base.close()


@pytest.mark.parametrize("name", ["HOME", "XDG_STATE_HOME"])
def test_a_home_that_cannot_be_written_is_named(name: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container whose user has a number alone, and no home; not where the journal is named."""
    monkeypatch.delenv("DIALLER_SYNC_STATE")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv(name, "/proc")

    found, named = run("runs", "list"), run("--state", "/proc/x.db", "runs", "list")

    assert (found.code, named.code) == (ExitCode.USAGE, ExitCode.USAGE)
    assert f"{name}=/proc" in found.err
    assert "--state" in found.err
    assert name not in named.err


@is_root
def test_the_locks_of_another_user(
    common: Path, configure: Configure, contacts_csv: Callable[..., Path], dialler: SimulatorServer
) -> None:
    """Beside a journal in /tmp they are in nobody's way; a folder that was put there before is not used."""
    config, journal = configure(), common / "check.db"
    config, contacts = moved(config, common / "c.yaml"), moved(contacts_csv(2), common / "list.csv")
    homes = {user: common / str(user) for user in (AGENT, INTRUDER)}
    for user, home in homes.items():
        home.mkdir()
        os.chown(home, user, user)
    call = ("-c", config, "import", contacts)

    first = as_user(INTRUDER, homes[INTRUDER], "--state", common / "theirs.db", *call)
    second = as_user(AGENT, homes[AGENT], "--state", journal, *call)
    shutil.rmtree(f"{journal}-locks")
    Path(f"{journal}-locks").mkdir()
    os.chown(f"{journal}-locks", INTRUDER, INTRUDER)
    Path(f"{journal}-locks").chmod(0o777)
    sent = len(dialler.requests)
    third = as_user(AGENT, homes[AGENT], "--state", journal, *call)

    assert (first.code, second.code) == (ExitCode.OK, ExitCode.OK), second.err
    assert third.code == ExitCode.USAGE
    assert "belongs to another user" in third.err
    assert len(dialler.requests) == sent


@pytest.mark.parametrize("name", ["\udcff.db", "sqlite:///\udcff.db"])
def test_a_name_that_is_no_text(name: str, run: Run) -> None:
    """A folder or a file of another system may have such a name."""
    done = run("--state", name, "runs", "list")

    assert done.code == ExitCode.USAGE
    assert "is not text in this terminal's encoding" in done.err
