"""The journal: reads and writes what runs did. SQLite by default, another database by URL."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

import filelock
import sqlalchemy as sa
import sqlalchemy.event
import sqlalchemy.exc
from sqlalchemy.dialects import postgresql, sqlite

from ..errors import JournalError, UsageError
from ..model import Action, RowResult, Status
from . import schema


class RowState(StrEnum):
    """Where a row stands that has no outcome yet; a settled row's state is its Status."""

    PENDING = "pending"
    SENDING = "sending"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run. ``files`` are ``{name, path, sheet, sha256, rows}``; ``rows`` is None until all are read."""

    id: str
    command: str
    target: str
    campaign: str
    out: str
    config_path: str
    config: Mapping[str, str]
    options: Mapping[str, Any]
    started_at: str
    parent: str | None = None
    files: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    rows: int | None = None
    finished_at: str | None = None
    state: str = "running"
    planned: bool = False
    summary: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """A source row before anything is sent: pending, or already settled (rejected, skipped)."""

    seq: int
    file: int
    row: int
    user_data: str
    payload: str = ""
    state: str = RowState.PENDING
    action: str = ""
    contact_id: str = ""
    error_code: str = ""
    error_field: str = ""
    error: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a row that was to be sent, or why it was not."""

    seq: int
    status: Status
    action: Action | None = None
    contact_id: str = ""
    http_status: int | None = None
    attempts: int = 0
    error_code: str = ""
    error_field: str = ""
    error: str = ""
    hint: str = ""
    sent_at: str = ""


@dataclass(frozen=True, slots=True)
class JournalRow:
    """A row as the journal has it. In ``result``, pending reads as unprocessed and sending as unknown.

    ``newest_id`` is the newest contact ID that was known when the row was sent, -1 where none was.
    """

    result: RowResult
    file: int
    state: str
    payload: str
    newest_id: int


@dataclass(frozen=True, slots=True)
class Image:
    """A contact before and after a row was sent, as JSON of its fields; ``before`` is None where it was not there."""

    seq: int
    contact_id: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What this tool last sent successfully for a key."""

    payload: str
    contact_id: str
    run: str
    sent_at: str


_JSON = ("config", "options", "files", "summary")
_PAGE = 5_000


class Journal:
    """An open journal. Not safe for two threads at once.

    All methods raise :class:`~dialler_sync.errors.JournalError` where the database fails.
    """

    def __init__(self, engine: sa.Engine, locks: Path) -> None:
        self._engine = engine
        self._locks = locks
        with self._begin() as connection:
            try:
                schema.migrate(connection)
            except schema.NewerJournal as error:
                raise UsageError(
                    f"the journal {engine.url.render_as_string()} was written by a newer dialler-sync "
                    f"(version {error}): update dialler-sync, or name another journal with --state"
                ) from None

    @classmethod
    def open(cls, state: str | Path) -> Self:
        """Open, or make, the journal at a path or database URL.

        Raises:
            JournalError, UsageError: it cannot be opened, or is not a journal.
        """
        text = str(state)
        if "://" in text:
            try:
                engine = sa.create_engine(text)
            except (sqlalchemy.exc.ArgumentError, ImportError) as error:
                raise UsageError(f"--state: this database cannot be used: {error}") from error
            from platformdirs import user_state_path

            return cls(engine, user_state_path("dialler-sync") / "locks")
        path = Path(text).expanduser()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)
        except OSError as error:
            raise JournalError(
                f"the journal {path} cannot be written: {error.strerror}. Name another with --state."
            ) from error
        engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": 10, "check_same_thread": False})
        sqlalchemy.event.listen(engine, "connect", _prepare_sqlite)
        return cls(engine, path.parent / "locks")

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @contextmanager
    def _begin(self) -> Iterator[sa.Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except sqlalchemy.exc.DBAPIError as error:
            raise JournalError(
                f"the journal {self._engine.url.render_as_string()} fails: {error.orig}. Nothing is lost: mend that "
                "(disk full? read-only? in use? damaged?) and go on with 'dialler-sync resume'."
            ) from error

    @contextmanager
    def campaign_lock(self, target: str) -> Iterator[None]:
        """Hold a campaign, so that no other run works on it. The lock goes with the process that holds it.

        Raises:
            UsageError: another run holds it.
        """
        name = hashlib.sha256(target.encode()).hexdigest()[:32]
        try:
            self._locks.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = filelock.FileLock(self._locks / f"{name}.lock", timeout=0, mode=0o600)
            lock.acquire()
        except filelock.Timeout:
            raise UsageError(
                f"another run is working on this campaign ({target}): wait until it has finished, or stop it"
            ) from None
        except OSError as error:
            raise JournalError(f"the lock folder {self._locks} cannot be written: {error.strerror}") from error
        try:
            yield
        finally:
            lock.release()

    # Runs

    def add_run(self, run: RunRecord) -> None:
        """Write down that a run has begun."""
        with self._begin() as connection:
            connection.execute(sa.insert(schema.runs).values(**_plain(asdict(run)), folded=False))

    def update_run(self, run_id: str, **changes: Any) -> None:
        """Change fields of a run record."""
        with self._begin() as connection:
            connection.execute(sa.update(schema.runs).where(schema.runs.c.id == run_id).values(**_plain(changes)))

    def runs(self, *, limit: int | None = None) -> list[RunRecord]:
        """All runs, the newest first."""
        query = sa.select(schema.runs).order_by(schema.runs.c.started_at.desc(), schema.runs.c.id.desc()).limit(limit)
        with self._begin() as connection:
            return [_run(row._mapping) for row in connection.execute(query)]

    def run(self, name: str) -> RunRecord:
        """The run of this ID, or of the only ID that begins with it.

        Raises:
            UsageError: there is none, or there are several.
        """
        query = sa.select(schema.runs).where(schema.runs.c.id.startswith(name, autoescape=True))
        with self._begin() as connection:
            found = [_run(row._mapping) for row in connection.execute(query)]
        exact = [run for run in found if run.id == name]
        if len(exact or found) != 1:
            what = "several runs begin with" if found else "there is no run"
            raise UsageError(f"{what} '{name}': see 'dialler-sync runs list'")
        return (exact or found)[0]

    def delete_run(self, run_id: str) -> None:
        """Forget a run, and everything of it."""
        with self._begin() as connection:
            for table in (schema.rows, schema.images):
                connection.execute(sa.delete(table).where(table.c.run == run_id))
            connection.execute(sa.delete(schema.runs).where(schema.runs.c.id == run_id))

    # Rows

    def clear_rows(self, run_id: str, *, file: int | None = None) -> None:
        """Forget the rows of a run whose files were not read to the end, or those of one of its files."""
        query = sa.delete(schema.rows).where(schema.rows.c.run == run_id)
        with self._begin() as connection:
            connection.execute(query if file is None else query.where(schema.rows.c.file == file))

    def add_rows(self, run_id: str, planned: Iterable[PlannedRow]) -> None:
        """Write down rows, before anything is sent."""
        values = [
            {
                "run": run_id,
                "seq": row.seq,
                "file": row.file,
                "row": row.row,
                "user_data": row.user_data,
                "payload": row.payload,
                "state": str(row.state),
                "action": row.action,
                "contact_id": row.contact_id,
                "error_code": row.error_code,
                "error_field": row.error_field,
                "error": row.error,
                "hint": row.hint,
            }
            for row in planned
        ]
        if values:
            with self._begin() as connection:
                connection.execute(sa.insert(schema.rows), values)

    def record(
        self, run_id: str, outcomes: Sequence[Outcome], states: Sequence[tuple[int, RowState, int]] = ()
    ) -> None:
        """Write down outcomes, and states as (seq, state, newest contact ID known), in one commit."""
        with self._begin() as connection:
            if states:
                connection.execute(
                    _set_state,
                    [
                        {"r": run_id, "s": seq, "state": str(state), "newest_id": newest}
                        for seq, state, newest in states
                    ],
                )
            if outcomes:
                connection.execute(
                    _settle,
                    [
                        {
                            "r": run_id,
                            "s": outcome.seq,
                            "state": str(outcome.status),
                            "action": str(outcome.action or ""),
                            "contact_id": outcome.contact_id,
                            "http_status": outcome.http_status,
                            "attempts": outcome.attempts,
                            "error_code": outcome.error_code,
                            "error_field": outcome.error_field,
                            "error": outcome.error,
                            "hint": outcome.hint,
                            "sent_at": outcome.sent_at,
                        }
                        for outcome in outcomes
                    ],
                )

    def rows(self, run: RunRecord) -> Iterator[JournalRow]:
        """Every row of a run, in source order."""
        names = [(str(entry["name"]), str(entry.get("sheet") or "")) for entry in run.files]
        after = -1
        while True:
            query = (
                sa.select(schema.rows)
                .where(schema.rows.c.run == run.id, schema.rows.c.seq > after)
                .order_by(schema.rows.c.seq)
                .limit(_PAGE)
            )
            with self._begin() as connection:
                page = connection.execute(query).all()
            for row in page:
                yield JournalRow(_result(row, names), row.file, row.state, row.payload, row.newest_id)
            if len(page) < _PAGE:
                return
            after = page[-1].seq

    # What was sent, over all runs

    def plan_actions(self, run_id: str, decided: Sequence[tuple[int, str, str]]) -> None:
        """Write down what is to be done with rows, as (seq, action, contact ID)."""
        if decided:
            values = [{"r": run_id, "s": seq, "action": action, "contact_id": id_} for seq, action, id_ in decided]
            with self._begin() as connection:
                connection.execute(_plan_action, values)

    def add_images(self, run_id: str, images: Sequence[Image]) -> None:
        """Keep what contacts were before a run; what is kept already stays."""
        if images:
            values = [{"run": run_id, **asdict(image)} for image in images]
            with self._begin() as connection:
                connection.execute(_insert_new(self._engine.dialect.name, schema.images), values)

    def images(self, run_id: str, seqs: Sequence[int]) -> dict[int, Image]:
        """The images of these rows, as far as they were kept."""
        table = schema.images
        query = sa.select(table).where(table.c.run == run_id, table.c.seq.in_(seqs))
        with self._begin() as connection:
            return {row.seq: Image(row.seq, row.contact_id, row.before, row.after) for row in connection.execute(query)}

    def sent(self, target: str, keys: Sequence[str], *, but: str) -> dict[str, Sent]:
        """What was last sent successfully for each of these keys, in any run but the one that asks.

        The caller holds the campaign, so that every other run has ended, or was killed.
        """
        self._fold(target, but)
        table = schema.sent
        found: dict[str, Sent] = {}
        with self._begin() as connection:
            for at in range(0, len(keys), 500):
                query = sa.select(table).where(table.c.target == target, table.c.user_data.in_(keys[at : at + 500]))
                for row in connection.execute(query):
                    found[row.user_data] = Sent(row.payload, row.contact_id, row.run, row.sent_at)
        return found

    def _fold(self, target: str, but: str) -> None:
        """Take the outcomes of runs that have not been counted yet into ``sent``, in the order of the runs.

        A row that may have been sent, or whose contact was deleted, is no longer known; of a run that was
        killed, neither is a row that still waited: its outcome may not have been written down.
        """
        runs, rows, sent = schema.runs, schema.rows, schema.sent
        waiting = (
            sa.select(runs.c.id, runs.c.state)
            .where(runs.c.target == target, ~runs.c.folded, runs.c.id != but, runs.c.command.in_(_SENDING))
            .order_by(runs.c.started_at, runs.c.id)
        )
        with self._begin() as connection:
            for run_id, state in connection.execute(waiting).all():
                of_run = (rows.c.run == run_id) & (rows.c.user_data != "")
                doubtful = [Status.SUCCEEDED, Status.UNKNOWN, RowState.SENDING]
                doubtful += [RowState.PENDING] * (state == "running")
                touched = of_run & rows.c.state.in_([str(state) for state in doubtful])
                connection.execute(
                    sa.delete(sent).where(
                        sent.c.target == target,
                        sent.c.user_data.in_(sa.select(rows.c.user_data).where(touched)),
                    )
                )
                kept = of_run & (rows.c.state == str(Status.SUCCEEDED)) & (rows.c.payload != "")
                connection.execute(
                    sa.insert(sent).from_select(
                        ["target", "user_data", "payload", "contact_id", "run", "sent_at"],
                        sa.select(
                            sa.literal(target),
                            rows.c.user_data,
                            sa.func.max(rows.c.payload),
                            sa.func.max(rows.c.contact_id),
                            rows.c.run,
                            sa.func.max(rows.c.sent_at),
                        )
                        .where(kept)
                        .group_by(rows.c.user_data, rows.c.run),
                    )
                )
                connection.execute(sa.update(runs).where(runs.c.id == run_id).values(folded=True))


def _insert_new(dialect: str, table: sa.Table) -> Any:
    """An insert that leaves rows alone that are there already."""
    return (postgresql if dialect == "postgresql" else sqlite).insert(table).on_conflict_do_nothing()


_SENDING = ("import", "undo", "lock", "unlock", "delete")


def _prepare_sqlite(connection: Any, _record: object) -> None:
    """WAL lets others read while a run writes; NORMAL loses no commit when the process is killed."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()


_row_key = (schema.rows.c.run == sa.bindparam("r")) & (schema.rows.c.seq == sa.bindparam("s"))
_set_state = (
    sa.update(schema.rows).where(_row_key).values(state=sa.bindparam("state"), newest_id=sa.bindparam("newest_id"))
)
_plan_action = (
    sa.update(schema.rows).where(_row_key).values(action=sa.bindparam("action"), contact_id=sa.bindparam("contact_id"))
)
_settle = (
    sa.update(schema.rows)
    .where(_row_key)
    .values(
        {
            name: sa.bindparam(name)
            for name in (
                "state", "action", "contact_id", "http_status", "attempts",
                "error_code", "error_field", "error", "hint", "sent_at",
            )
        }
    )
)  # fmt: skip


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: json.dumps(value, ensure_ascii=False) if name in _JSON and value is not None else value
        for name, value in values.items()
    }


def _run(row: Any) -> RunRecord:
    values = {
        name: json.loads(value) if name in _JSON and value is not None else value
        for name, value in row.items()
        if name != "folded"
    }
    return RunRecord(**values)


_UNSETTLED = {
    RowState.PENDING: (Status.UNPROCESSED, "", "", ""),
    RowState.SENDING: (
        Status.UNKNOWN,
        "interrupted",
        "the run was interrupted while this row was being sent",
        "go on with 'dialler-sync resume': it looks whether the contact is there",
    ),
}


def _result(row: Any, names: list[tuple[str, str]]) -> RowResult:
    file, sheet = names[row.file] if row.file >= 0 else ("", "")
    result = RowResult(
        seq=row.seq,
        file=file,
        sheet=sheet,
        row=row.row,
        user_data=row.user_data,
        status=Status.UNPROCESSED,
        action=Action(row.action) if row.action else None,
        contact_id=row.contact_id,
        http_status=row.http_status,
        attempts=row.attempts,
        error_code=row.error_code,
        error_field=row.error_field,
        error=row.error,
        hint=row.hint,
        sent_at=row.sent_at,
    )
    if row.state in _UNSETTLED:
        status, code, error, hint = _UNSETTLED[row.state]
        return replace(result, status=status, error_code=code, error=error, hint=hint)
    return replace(result, status=Status(row.state))


def default_state() -> Path:
    """Where the journal is when nothing else is said."""
    from platformdirs import user_state_path

    return user_state_path("dialler-sync") / "journal.db"
