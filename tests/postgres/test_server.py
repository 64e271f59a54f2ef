"""What only a server can do to a journal: be away, refuse, lose a connection."""

from __future__ import annotations

import re
import socket
import struct
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest

from dialler_sync.errors import JournalError, UsageError
from dialler_sync.journal import Journal, PlannedRow
from dialler_sync.text.command_line import install

from ..conftest import Run
from ..helpers.postgres_records import record
from .conftest import Cluster


def test_nul_in_text_is_written_as_its_sign(url: str) -> None:
    """PostgreSQL refuses NUL, and a damaged row must not stop a run."""
    with Journal.open(url) as journal:
        journal.add_run(record("run-1", campaign="a\x00b"))
        journal.add_rows("run-1", [PlannedRow(0, 0, 2, "K\x001", state="rejected", error="\x00")])

        run = journal.run("run-1")
        (row,) = journal.rows(run)
    assert (run.campaign, row.result.user_data, row.result.error) == ("a␀b", "K␀1", "\\x00")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"database": "nowhere"}, 'database "nowhere" does not exist'),
        ({"password": "wr0ng"}, "password authentication failed"),
        ({"user": "nobody"}, "password authentication failed"),
    ],
)
def test_a_server_that_refuses_is_quoted(cluster: Cluster, changes: dict[str, str], said: str) -> None:
    """The message says what is wrong and what to look at, in one line, and never the password."""
    with pytest.raises(JournalError) as raised:
        Journal.open(cluster.url(**changes))

    message = str(raised.value)
    assert said in message
    assert "PGPASSWORD" in message
    assert "\n" not in message
    assert not {"wr0ng", "s%C3%A9cret%4042", "sécret@42"} & set(message.replace("@", " ").replace(":", " ").split())
    assert "***" in message


def test_a_server_that_is_away_is_named(url: str, cluster: Cluster) -> None:
    """Nobody listens there: said with the host and port."""
    with pytest.raises(JournalError, match=r"127\.0\.0\.1.*refused.*is the server there"):
        Journal.open(url.replace(f":{cluster.port}/", ":1/"))


def test_a_user_without_rights_is_told_which(url: str, database: str, cluster: Cluster) -> None:
    """A fresh role may not make tables since PostgreSQL 15; before, PUBLIC may."""
    role = f"guest_{database}"
    cluster.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'guest'")
    cluster.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC", database)
    guest = cluster.url(database, role, "guest")

    with pytest.raises(JournalError, match=r"permission denied.*grant this user CREATE and USAGE"):
        Journal.open(guest)
    cluster.execute(f"GRANT CREATE, USAGE ON SCHEMA public TO {role}", database)
    with Journal.open(guest) as journal:
        assert journal.runs() == []


@pytest.mark.parametrize("granted", ["SELECT", "SELECT, INSERT, UPDATE", "SELECT, INSERT, DELETE", "ALL"])
def test_doctor_finds_out_who_may_only_read(granted: str, url: str, database: str, cluster: Cluster, run: Run) -> None:
    """The tables are there, and the journal opens."""
    Journal.open(url).close()
    role = f"reader_{database}"
    cluster.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'reader'")
    cluster.execute(f"GRANT {granted} ON ALL TABLES IN SCHEMA public TO {role}", database)

    done = run("--state", cluster.url(database, role, "reader"), "doctor")

    (said,) = (line for line in done.out.splitlines() if line.split()[1:2] == ["journal"])
    assert said.startswith("OK" if granted == "ALL" else "FAIL")
    assert ("permission denied for table" in said) == (granted != "ALL")


def test_a_parameter_that_there_is_not(cluster: Cluster) -> None:
    with pytest.raises(JournalError, match=r"are the parameters after the \? of the URL right"):
        Journal.open(f"{cluster.url()}?nonsense=1")


@pytest.mark.parametrize(
    "state",
    [
        "postgresql+psycopg://user:secret@host:port/db",
        "postgresql+psycopg://user:pass:1secret/x@host/db",
        "mysql://user:secret@host/db",
        "postgresql+asyncpg://user:secret@host/db",
    ],
)
def test_other_urls_are_refused(state: str) -> None:
    """What cannot be a journal is refused before anything is connected, without the password."""
    with pytest.raises((UsageError, JournalError)) as raised:
        Journal.open(state)

    assert "secret" not in str(raised.value)
    assert "postgresql+psycopg://" in str(raised.value)


def test_a_password_in_the_parameters_is_not_shown(cluster: Cluster) -> None:
    """libpq also takes it there."""
    with pytest.raises(JournalError) as raised:
        Journal.open(f"postgresql://postgres@127.0.0.1:{cluster.port}/postgres?password=secret")

    assert "secret" not in str(raised.value)


def test_without_psycopg_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver is an extra; the message is the command that installs it."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    for name in [name for name in sys.modules if name == "dialler_sync.journal.postgres"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("dialler_sync.journal.postgres", raising=False)

    with pytest.raises(UsageError, match=re.escape(install("postgres"))):
        Journal.open("postgresql+psycopg://host/db")


def test_a_database_of_another_program_is_left_alone(url: str, database: str, cluster: Cluster) -> None:
    """Tables that bear our names and are not ours are not touched; others may share the database."""
    cluster.execute("CREATE TABLE customers (id int)", database)
    Journal.open(url).close()
    cluster.execute("DROP TABLE schema_version", database)

    with pytest.raises(UsageError, match="is a database of another program"):
        Journal.open(url)


def test_a_column_of_another_type_is_damage(url: str, database: str, cluster: Cluster) -> None:
    """The library refuses to read text as a number before any cell of it is read."""
    with Journal.open(url) as journal:
        notes = journal.inbox("inbox")
        notes.first_seen("list.csv", "mark", 1.0)
        cluster.execute("ALTER TABLE inbox_files ALTER COLUMN seen_at TYPE text USING 'x'", database)

        with pytest.raises(JournalError, match=r"a cell of inbox_files\.seen_at holds 'x'"):
            notes.newest_list()


def test_a_journal_outlives_broken_connections(url: str, cluster: Cluster) -> None:
    """A restart of the server between two commands of a long session is not noticed."""
    with Journal.open(url) as journal:
        journal.add_run(record("run-1"))
        end_connections(cluster, url)

        assert journal.run("run-1")


def test_a_run_that_lost_its_campaign_writes_no_more(
    url: str, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The lock goes with its connection: from then on another host may be at work on the campaign."""
    with Journal.open(url) as journal, Journal.open(url) as other:
        with journal.campaign_lock("a"):
            journal.add_run(record("run-1"))
            end_connections(cluster, url)
            monkeypatch.setenv("DIALLER_SYNC_LOCK_DIR", str(tmp_path / "another host"))

            with (
                other.campaign_lock("a"),
                pytest.raises(
                    JournalError,
                    match="closed the connection that locked the campaign, so",
                ),
            ):
                journal.update_run("run-1", state="finished")
        assert other.run("run-1").state == "running"


def end_connections(cluster: Cluster, url: str) -> None:
    database = url.rpartition("/")[2]
    assert cluster.execute(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{database}'")


def test_operators_that_others_have_planted_are_not_used(url: str, database: str, cluster: Cluster) -> None:
    """One that fits the types of a query better than PostgreSQL's own runs with the rights of the journal."""
    cluster.execute("CREATE SCHEMA journal", database)
    for kind in ("text", "varchar"):
        cluster.execute(
            f"CREATE FUNCTION public.same({kind}, varchar) RETURNS bool LANGUAGE plpgsql AS "
            "'BEGIN RAISE EXCEPTION ''planted''; END'",
            database,
        )
        cluster.execute(
            f"CREATE OPERATOR public.= (LEFTARG = {kind}, RIGHTARG = varchar, FUNCTION = public.same)", database
        )

    with Journal.open(f"{url}?options=-csearch_path%3Djournal,public") as journal:
        journal.add_run(record("run-1"))
        journal.add_rows("run-1", [PlannedRow(0, 0, 2, "K1", state="rejected")])

        (row,) = journal.rows(journal.run("run-1"))
    assert row.result.user_data == "K1"


_ROW = struct.pack(">HI", 1, 1) + b"1"
_ANSWERS = {b"Q": (b"C", b"SET\0"), b"P": (b"1", b""), b"B": (b"2", b""), b"E": (b"D", _ROW), b"S": (b"Z", b"I")}


def _message(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack(">I", len(content) + 4) + content


def test_a_server_that_answers_nonsense_is_named() -> None:
    """It speaks the protocol, and says nothing of use in it: one message, and no traceback."""

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError, struct.error), connection.makefile("rb") as asked:
            while asked.read(struct.unpack(">I", asked.read(4))[0] - 4)[:2] == b"\x04\xd2":  # asks for TLS
                connection.sendall(b"N")
            connection.sendall(_message(b"R", bytes(4)) + _message(b"Z", b"I"))
            while kind := asked.read(1):
                asked.read(struct.unpack(">I", asked.read(4))[0] - 4)
                if kind in _ANSWERS:
                    connection.sendall(_message(*_ANSWERS[kind]))
                if kind == b"E":
                    connection.sendall(_message(b"C", b"SELECT 1\0"))
                if kind == b"Q":
                    connection.sendall(_message(b"Z", b"I"))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=serve)
        thread.start()
        with pytest.raises(JournalError, match=r"gives no rows.*is that a PostgreSQL server"):
            Journal.open(f"postgresql://u:s3cret-word@127.0.0.1:{listener.getsockname()[1]}/db")
        thread.join()
