"""The journal: runs, rows, and the history of what was sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Self

import sqlalchemy as sa

from ..errors import Held
from ..target import in_words
from ..text.phrase import mark, phrase
from . import answers, schema, targets
from .answers import Answer, AnswerNotes
from .calls import CallNotes
from .database import Database
from .erase import Erasure
from .history import History
from .inbox import InboxNotes
from .lists import Lists
from .machine_lock import Busy, folder_lock, machine_lock
from .notices import Notices
from .place import default_state
from .rows import Rows

__all__ = ["Journal", "default_state"]

_HELD = mark("another run is working on this campaign ({target}): wait until it has finished, or stop it")
_HELD_BY = mark(
    "another run is working on this campaign ({target}) by {holder}: wait until it has finished, or stop it"
)
_WORKED = mark("another call is working through the inbox {folder}: wait until it has finished, or stop it")
_WORKED_BY = mark(
    "another call is working through the inbox {folder} by {holder}: wait until it has finished, or stop it"
)
_READ = mark("another 'calls' is reading {target}: wait until it has finished, or stop it")
_READ_FOR = mark("another 'calls' is reading {target} for {receiver}: wait until it has finished, or stop it")


class Journal(Rows, Lists, History, Notices, Erasure):
    """An open journal. All methods raise :class:`~dialler_sync.errors.JournalError` if the database fails."""

    @classmethod
    def open(cls, state: str | Path, *, trusted: bool | None = None) -> Self:
        """Open or create the journal at a path or database URL.

        ``trusted`` accepts a file that others could have changed; None leaves that to DIALLER_SYNC_TRUST.

        Raises:
            JournalError, UsageError: it cannot be opened, is not a journal, or is not trusted.
        """
        return cls(Database(state, trusted=trusted))

    @property
    def copies(self) -> Path:
        """The folder for copies of standard input, while their runs can be resumed."""
        return self._database.copies_folder()

    def make_copies(self) -> Path:
        """Make the folder for copies; return it. Before that, another user may make it."""
        return self._database.copies_folder(make=True)

    def require_rights(self) -> None:
        """Do what a run does to each table, with no row of it.

        Raises:
            JournalError: this user may not.
        """
        with self._begin() as connection:
            for table in schema.metadata.sorted_tables:
                first, none = next(iter(table.c)), sa.false()
                connection.execute(sa.update(table).values({first: first}).where(none))
                connection.execute(sa.delete(table).where(none))
                everything = sa.select(*table.c).where(none)
                connection.execute(sa.insert(table).from_select([*table.c], everything, include_defaults=False))

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @contextmanager
    def campaign_lock(self, target: str) -> Iterator[str]:
        """Hold a campaign, so that no other run works on it, by this journal or by another one of this machine; or all
        campaigns of an account. The lock goes with the process that holds it.

        Yields why the machine's lock cannot be had, so that runs by other journals are not kept out; ``""``: it is.

        Raises:
            Held: another run holds it.
        """

        def refusal(holder: str) -> str:
            return phrase(_HELD_BY if holder else _HELD, target=in_words(target), holder=holder)

        try:
            with machine_lock(target) as problem, self._database.lock(target, refusal):
                yield problem
        except Busy as busy:
            raise Held(refusal(str(busy))) from None

    def rename_target(self, old: str, new: str) -> None:
        """Rename a target in the whole journal, after it turned out to be another name of the same campaign."""
        with self._begin() as connection:
            known = targets.is_known(connection, old)
        if known:
            with self._begin() as connection:
                targets.rename(connection, old, new)

    def known_id(self, dialler: str, campaign: str) -> int | None:
        """Return the campaign's ID as the dialler last told it; None if it never did."""
        with self._begin() as connection:
            return targets.known_id(connection, dialler, campaign)

    @contextmanager
    def inbox_lock(self, folder: str) -> Iterator[None]:
        """Hold the lock of an inbox, so that no other call takes its files, by this journal or by another one of this
        machine: it would take those that are being imported for left behind by a killed call.

        Raises:
            Held: another call holds it.
        """

        def refusal(holder: str) -> str:
            return phrase(_WORKED_BY if holder else _WORKED, folder=folder, holder=holder)

        try:
            with folder_lock(Path(folder)), self._database.lock(f"inbox {folder}", refusal):
                yield
        except Busy as busy:
            raise Held(refusal(str(busy))) from None

    def inbox(self, folder: str) -> InboxNotes:
        """Return the notes of earlier calls about an inbox."""
        return InboxNotes(self._begin, folder)

    def call_notes(self, target: str, receiver: str) -> CallNotes:
        """Return the notes on a receiver of a target's calls."""
        return CallNotes(self._database, self._begin, target, receiver)

    def call_receivers(self) -> list[tuple[str, str, str]]:
        """Return target, receiver and last look of every list of calls that is kept up."""
        table = schema.call_receivers.c
        with self._begin() as connection:
            found = connection.execute(sa.select(table.target, table.receiver, table.looked_at)).all()
        return sorted((target, receiver, looked_at) for target, receiver, looked_at in found)

    def calls_lock(self, target: str, receiver: str) -> AbstractContextManager[None]:
        """Hold the lock on a receiver of a target's calls, so that no other process reports it the same ones.

        Raises:
            Held: another call holds it.
        """
        refusal = phrase(_READ_FOR if receiver else _READ, target=in_words(target), receiver=receiver)
        return self._database.lock(f"calls {receiver} {target}", lambda _: refusal)

    def answers(self, folder: str) -> AnswerNotes:
        """Return the answers to the files of an inbox."""
        return AnswerNotes(self._begin, folder)

    def answers_of(self, run_id: str) -> list[Answer]:
        """Return the answers that were written of a run."""
        written = schema.answers.c
        with self._begin() as connection:
            return answers.find(connection, written.run == run_id, written.path != "")
