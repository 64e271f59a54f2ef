"""Notes on lists of calls: those of one receiver and target, before and after its file is in place."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.errors import JournalDamaged
from dialler_sync.journal import Journal
from dialler_sync.journal.calls import CALL, CONTACT, GOING_ON, CallNotes, Known, Note

from ...helpers.records import TARGET

SISTER = TARGET.replace("#538", "#539")
LOOKED = "2026-01-05T00:00:00Z"
EARLY, LATE = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal.db") as journal:
        yield journal


def file(name: str) -> dict[str, Any]:
    return {"path": f"/{name}", "draft": "/y", "sha256": "", "calls": 1, "updated": 0, "looked_at": LOOKED}


def facts(notes: CallNotes, *keys: str) -> tuple[object, ...]:
    """Its file in place, the one on its way, and its calls that count."""
    return notes.file(), notes.intent(), sorted(notes.known(CALL, keys)), notes.looked_at()


def test_one_receiver_settles_what_is_its_own(journal: Journal) -> None:
    """What another one, or another target, is about to put in place is still on its way."""
    mine, other, sister = (journal.call_notes(*of) for of in ((TARGET, "crm"), (TARGET, "bi"), (SISTER, "crm")))
    for number, notes in enumerate((mine, other, sister)):
        notes.intend(file(f"f{number}"), [Note(CALL, f"id {number}", "hash", EARLY)])
    assert [notes.pending() for notes in (mine, other, sister)] == [["id 0"], ["id 1"], ["id 2"]]
    assert facts(mine, "id 0") == (None, file("f0"), [], "")

    mine.settle()

    assert facts(mine, "id 0", "id 1", "id 2") == (file("f0"), None, ["id 0"], LOOKED)
    assert facts(other, "id 0", "id 1", "id 2") == (None, file("f1"), [], "")
    assert facts(sister, "id 1", "id 2") == (None, file("f2"), [], "")
    assert [notes.pending() for notes in (mine, other, sister)] == [[], ["id 1"], ["id 2"]]
    assert sister.known(CALL, ["id 0"]) == {"id 0": Known("hash", EARLY)}, "calls are known by account"
    assert journal.call_receivers() == sorted([(TARGET, "bi", ""), (TARGET, "crm", LOOKED), (SISTER, "crm", "")])

    mine.settle([("x", {})])
    assert list(mine.going_on()) == [], "nothing was on its way"


def test_a_file_that_was_not_put_in_place_leaves_what_was_there(journal: Journal) -> None:
    """A note that is new goes; one that counted before has its value of before."""
    mine, other = journal.call_notes(TARGET, "crm"), journal.call_notes(TARGET, "bi")
    mine.intend(file("a"), [Note(CALL, "id 1", "one", EARLY)])
    mine.settle()
    other.intend(file("o"), [Note(CALL, "id 1", "other")])
    mine.intend(file("b"), [Note(CALL, "id 1", "two", EARLY), Note(CALL, "id 2", "new")])

    mine.drop()

    assert facts(mine, "id 1", "id 2") == (file("a"), None, ["id 1"], LOOKED)
    assert mine.known(CALL, ["id 1"]) == {"id 1": Known("one", EARLY)}
    assert mine.pending() == []
    assert (other.intent(), other.pending()) == (file("o"), ["id 1"])
    mine.settle()
    assert mine.file() == file("a")


def test_calls_that_go_on_are_replaced_for_this_target_only(journal: Journal) -> None:
    """And stay as they are where a look does not tell of them."""
    mine, sister, other = (journal.call_notes(*of) for of in ((TARGET, "crm"), (SISTER, "crm"), (TARGET, "bi")))
    for notes in (mine, sister, other):
        notes.intend(file("a"), [])
        notes.settle([(f"id {name}", {"N": name}) for name in ("b", "a") if notes is mine] or [("id s", {"N": "ä"})])

    assert list(mine.going_on()) == [("id a", {"N": "a"}), ("id b", {"N": "b"})]
    mine.intend(file("b"), [])
    mine.settle()
    assert len(list(mine.going_on())) == 2
    mine.intend(file("c"), [])
    mine.settle([("id c", {})])

    assert list(mine.going_on()) == [("id c", {})]
    assert list(sister.going_on()) == list(other.going_on()) == [("id s", {"N": "ä"})]
    assert mine.known(GOING_ON, ["id c"]).keys() == {"id c"}


@pytest.mark.parametrize("line", ["", "hash", "{", "[]", "5", '{"ContactID": []}', '{"a":' * 60_000])
def test_a_line_that_is_none_is_damage(journal: Journal, tmp_path: Path, line: str) -> None:
    notes = journal.call_notes(TARGET, "crm")
    notes.intend(file("a"), [])
    notes.settle([("id a", {"N": "a"})])
    with closing(sqlite3.connect(tmp_path / "journal.db")) as base, base:
        base.execute("UPDATE known_calls SET value = ?", (line,))

    with pytest.raises(JournalDamaged, match=r"known_calls\.value:going_on"):
        list(notes.going_on())


def test_old_calls_are_forgotten_of_this_receiver(journal: Journal) -> None:
    """And old contacts; not what is on its way, and the first of calls that share an ID goes after the others."""
    mine, other = journal.call_notes(TARGET, "crm"), journal.call_notes(TARGET, "bi")
    notes = [
        Note(CALL, "id 1", "h", EARLY),
        Note(CALL, "id 2", "h", LATE),
        Note(CALL, "id 3", "h", EARLY),
        Note(CALL, "id 3 b", "h", EARLY),
        Note(CONTACT, "c", "h", EARLY),
        Note(CONTACT, "d", "h", LATE),
    ]
    for each in (mine, other):
        each.intend(file("a"), notes)
        each.settle()
    mine.intend(file("b"), [Note(CALL, "id 4", "h", EARLY)])
    assert mine.forgotten_before() == ""

    gone = [mine.forget(before, lambda start: start == EARLY) for before in ("2026-01-10", "2026-01-15")]

    assert (gone, mine.forgotten_before(), other.forgotten_before()) == ([2, 1], "2026-01-15", "")
    assert mine.known(CALL, [f"id {n}" for n in ("1", "2", "3", "3 b", "4")]).keys() == {"id 2"}
    assert mine.known(CONTACT, ["c", "d"]).keys() == {"d"}
    assert mine.pending() == ["id 4"]
    assert other.known(CALL, ["id 1", "id 3 b"]).keys() == {"id 1", "id 3 b"}
    assert other.forget("x", lambda start: start == EARLY) == 2
