"""Notes on lists of calls: what a receiver has, and the file that is being put in place."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import sqlalchemy as sa

from ..pages import ROWS, batched
from ..target import split
from .cells import line_of_call
from .database import Database
from .many import each_of
from .schema import call_receivers, known_calls

CALL, CONTACT, GOING_ON, FORGOTTEN = "call", "contact", "going_on", "forgotten"
"""Kinds of notes: a reported call, a contact that was looked up, a call without an end, and the time before which
calls count as reported without a note."""


class Known(NamedTuple):
    """A note: its value (``""`` while its file is not in place), and when the call, or the contact's last, began."""

    value: str
    start: str


class Note(NamedTuple):
    """A note to be made when the file is in place."""

    kind: str
    key: str
    value: str
    start: str = ""


class CallNotes:
    """The notes on one receiver of the calls of one target.

    Calls are known by account: what the receiver was given of one campaign is not given again of another. Notes come
    in two steps: :meth:`intend` writes them down with the file that is to hold the calls, :meth:`settle` makes them
    count. What lies between belongs to a file of which the next look finds out whether it is in place.
    """

    def __init__(
        self, database: Database, begin: Callable[[], AbstractContextManager[sa.Connection]], target: str, receiver: str
    ) -> None:
        self._database = database
        self._begin = begin
        self._target = target
        self._receiver = receiver
        self._account = split(target)[0]
        self._mine = (call_receivers.c.target == target) & (call_receivers.c.receiver == receiver)

    def looked_at(self) -> str:
        """Return when the last list was made whose file is in place; ``""`` if none is."""
        return self._of_receiver(call_receivers.c.looked_at)

    def file(self) -> Mapping[str, Any] | None:
        """Return the last file that is in place."""
        return _parsed(self._of_receiver(call_receivers.c.file))

    def intent(self) -> Mapping[str, Any] | None:
        """Return the file that was about to be put in place."""
        return _parsed(self._of_receiver(call_receivers.c.intent))

    def known(self, kind: str, keys: Sequence[str]) -> dict[str, Known]:
        """Return the notes that count, by key."""
        found: dict[str, Known] = {}
        table = known_calls.c
        with self._begin() as connection:
            for page in batched(keys, ROWS):
                these = self._of(kind) & table.key.in_(each_of(connection, page)) & (table.value != "")
                query = sa.select(table.key, table.value, table.start).where(these)
                found |= {key: Known(value, start) for key, value, start in connection.execute(query)}
        return found

    def forgotten_before(self) -> str:
        """Return the time before which calls count as given; ``""`` if every call that was given is known."""
        with self._begin() as connection:
            return connection.scalar(sa.select(known_calls.c.value).where(self._of(FORGOTTEN))) or ""

    def forget(self, before: str, is_old: Callable[[str], bool]) -> int:
        """Forget calls whose start is old, and contacts whose last call is: from now on all calls ``before`` count as
        given. Return how many calls; what a file that is on its way holds stays known.
        """
        table = known_calls.c
        settled = table.next == ""
        with self._begin() as connection:
            self._insert(connection, [(FORGOTTEN, "", before, "", "")])
            connection.execute(sa.update(known_calls).where(self._of(FORGOTTEN)).values(value=before))
            shared = self._of(CALL) & table.key.like("id % %")
            # Of calls that share an ID the first one has it as its key: without its note another one would get that.
            first = {key.rpartition(" ")[0] for key in connection.scalars(sa.select(table.key).where(shared))}
            counts = {}
            for kind in (CALL, CONTACT):
                query = sa.select(table.key, table.start).where(self._of(kind), settled)
                old = [key for key, start in connection.execute(query) if key not in first and is_old(start)]
                for page in batched(old, ROWS):
                    these = self._of(kind) & table.key.in_(each_of(connection, page))
                    connection.execute(sa.delete(known_calls).where(these))
                counts[kind] = len(old)
        return counts[CALL]

    def pending(self) -> list[str]:
        """Return the calls of the file that is being put in place."""
        table = known_calls.c
        with self._begin() as connection:
            return [*connection.scalars(sa.select(table.key).where(self._pending(), table.kind == CALL))]

    def going_on(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield the calls of this target that were going on at the last look, with their lines."""
        table = known_calls.c
        with self._begin() as connection:
            query = sa.select(table.key, line_of_call(table.value))
            query = query.where(self._of(GOING_ON), table.target == self._target)
            found = connection.execute(query.order_by(table.key)).all()
        yield from ((key, json.loads(value)) for key, value in found)

    def intend(self, file: Mapping[str, Any], notes: Iterable[Note]) -> None:
        """Write down a file before it is put in place, and what counts from then on, in one transaction."""
        new = (self._target, self._receiver, "", "", "")
        with self._begin() as connection:
            self._drop(connection)
            for page in batched(notes, ROWS):
                self._add(connection, page)
            self._database.execute_many(
                connection, self._database.insert_new(call_receivers), [c.name for c in call_receivers.c], [new]
            )
            intent = json.dumps(file, ensure_ascii=False)
            connection.execute(sa.update(call_receivers).where(self._mine).values(intent=intent))
        self._database.make_durable()

    def settle(self, going_on: Iterable[tuple[str, Mapping[str, Any]]] | None = None) -> None:
        """Make the notes count, as the file is in place. ``going_on`` replaces the calls that are going on."""
        table, file = known_calls.c, self.intent()
        if file is None:
            return
        with self._begin() as connection:
            values = {"value": table.next, "next": ""}
            connection.execute(sa.update(known_calls).where(self._pending()).values(values))
            if going_on is not None:
                mine_going_on = self._of(GOING_ON) & (table.target == self._target)
                connection.execute(sa.delete(known_calls).where(mine_going_on))
                lines = [(key, json.dumps(line, ensure_ascii=False)) for key, line in going_on]
                self._insert(connection, [(GOING_ON, key, line, "", "") for key, line in lines])
            done = {"file": json.dumps(file, ensure_ascii=False), "intent": "", "looked_at": file["looked_at"]}
            connection.execute(sa.update(call_receivers).where(self._mine).values(done))

    def drop(self) -> None:
        """Forget a file that was not put in place, and the notes that hang on it."""
        with self._begin() as connection:
            self._drop(connection)
            connection.execute(sa.update(call_receivers).where(self._mine).values(intent=""))

    def _of_receiver(self, column: sa.Column[str]) -> str:
        with self._begin() as connection:
            return connection.scalar(sa.select(column).where(self._mine)) or ""

    def _of(self, kind: str) -> sa.ColumnElement[bool]:
        table = known_calls.c
        return (table.account == self._account) & (table.receiver == self._receiver) & (table.kind == kind)

    def _pending(self) -> sa.ColumnElement[bool]:
        table = known_calls.c
        return (table.target == self._target) & (table.receiver == self._receiver) & (table.next != "")

    def _drop(self, connection: sa.Connection) -> None:
        connection.execute(sa.delete(known_calls).where(self._pending(), known_calls.c.value == ""))
        connection.execute(sa.update(known_calls).where(self._pending()).values(next=""))

    def _add(self, connection: sa.Connection, notes: Sequence[Note]) -> None:
        self._insert(connection, [(note.kind, note.key, "", "", note.start) for note in notes])
        values = [
            (note.value, self._target, note.start, self._account, self._receiver, note.kind, note.key) for note in notes
        ]
        self._database.execute_many(connection, _NEXT, _NEXT_NAMES, values)

    def _insert(self, connection: sa.Connection, notes: Sequence[tuple[str, str, str, str, str]]) -> None:
        """Insert notes (kind, key, value, next, start); those that are there stay as they are."""
        rows = [
            (self._account, self._receiver, kind, key, value, then, self._target, start)
            for kind, key, value, then, start in notes
        ]
        insert = self._database.insert_new(known_calls)
        self._database.execute_many(connection, insert, [column.name for column in known_calls.c], rows)


_KEY_NAMES = ("account", "receiver", "kind", "key")
_NEXT_NAMES = ("next", "target", "start", *(f"the_{name}" for name in _KEY_NAMES))
_NEXT = (
    sa.update(known_calls)
    .where(*(known_calls.c[name] == sa.bindparam(f"the_{name}") for name in _KEY_NAMES))
    .values({name: sa.bindparam(name) for name in ("next", "target", "start")})
)


def _parsed(text: str) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = json.loads(text) if text else None
    return found
