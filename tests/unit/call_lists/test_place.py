"""A list of calls is put in place once, and over no file that may hold other calls."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.call_lists import place
from dialler_sync.call_lists.place import check_place, draft_beside, put_in_place, recover, rename, rename_or_discard
from dialler_sync.errors import UsageError
from dialler_sync.journal import Journal
from dialler_sync.journal.calls import CALL, CallNotes, Note

from ...helpers.records import TARGET
from ...security.users import INTRUDER, is_root

WHOSE = f"{TARGET} crm last"
LOOKED_AT = "2026-01-02T00:00:00Z"
OURS, OTHERS = b"ours", b"others"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def notes(tmp_path: Path) -> Iterator[CallNotes]:
    with Journal.open(tmp_path / "journal.db") as journal:
        yield journal.call_notes(TARGET, "crm")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "lists").mkdir()
    return tmp_path / "lists" / "calls.csv"


def intended(notes: CallNotes, path: Path, **changes: str) -> Path:
    """A draft that a killed process has left, with its note; return its path."""
    draft = draft_beside(path, WHOSE, lambda file, _: file.write(OURS))
    intent = {"path": str(path), "draft": str(draft.path), "sha256": draft.sha256, "replaces": ""}
    notes.intend({**intent, "calls": 1, "updated": 0, "looked_at": LOOKED_AT, **changes}, [Note(CALL, "id 1", "hash")])
    return draft.path


def files(path: Path) -> list[bytes]:
    return sorted(each.read_bytes() for each in path.parent.iterdir())


@pytest.mark.parametrize("kind", ["folder", "link", "pipe"])
def test_only_a_file_is_replaced(kind: str, path: Path) -> None:
    make = {"folder": path.mkdir, "link": lambda: path.symlink_to("elsewhere"), "pipe": lambda: os.mkfifo(path)}
    make[kind]()

    with pytest.raises(UsageError, match="not a file that can be replaced"):
        check_place(path)


@pytest.mark.parametrize(
    ("last", "left"),
    [
        (None, [OTHERS, OURS]),
        ({"calls": 1, "sha256": sha256(OTHERS)}, [OTHERS, OURS]),
        ({"calls": 0, "sha256": "of another file"}, [OTHERS, OURS]),
        ({"calls": 0, "sha256": sha256(OTHERS)}, [OURS]),
    ],
    ids=["nothing known", "last list", "no list of ours", "last list without calls"],
)
def test_only_a_list_without_calls_is_overwritten(
    last: dict[str, Any] | None, left: list[bytes], notes: CallNotes, path: Path
) -> None:
    """All other files are set aside, as their calls are not given again."""
    path.write_bytes(OTHERS)
    intended(notes, path)

    put_in_place(notes.intent() or {}, last)

    assert path.read_bytes() == OURS
    assert files(path) == left


@pytest.mark.parametrize("taken", [True, False])
def test_a_list_is_put_in_place_of_the_one_that_it_replaces(taken: bool, notes: CallNotes, path: Path) -> None:
    """Also if that was taken meanwhile."""
    if not taken:
        path.write_bytes(OTHERS)
    intended(notes, path, replaces=sha256(OTHERS))

    put_in_place(notes.intent() or {}, None)

    assert files(path) == [OURS]


def test_a_draft_of_a_list_that_is_in_place_is_deleted(notes: CallNotes, path: Path) -> None:
    intended(notes, path)
    path.write_bytes(OURS)

    assert recover(notes, WHOSE, path)
    assert files(path) == [OURS]


def test_a_draft_that_was_changed_is_not_put_in_place(notes: CallNotes, path: Path) -> None:
    """Its calls are given again."""
    intended(notes, path).write_bytes(OTHERS)

    assert recover(notes, WHOSE, path) is None
    assert not path.exists()
    notes.settle()
    assert not notes.known(CALL, ["id 1"])


@pytest.mark.parametrize("meant", [True, False])
def test_a_draft_takes_the_place_of_another_file_only_where_it_is_meant(
    meant: bool, notes: CallNotes, path: Path
) -> None:
    """The other one is set aside then; else the draft gets a name of its own."""
    intended(notes, path)
    path.write_bytes(OTHERS)

    recover(notes, WHOSE, path if meant else path.with_name("other.csv"))
    notes.settle()

    assert not list(path.parent.glob(".*"))

    assert path.read_bytes() == (OURS if meant else OTHERS)
    assert files(path) == [OTHERS, OURS]
    assert notes.known(CALL, ["id 1"])


def test_the_journal_alone_moves_no_file(notes: CallNotes, path: Path, tmp_path: Path) -> None:
    """It may have been edited: a draft is only the file whose name this receiver's have."""
    victim = tmp_path / "victim"
    victim.write_bytes(OURS)
    intended(notes, path, draft=str(victim))

    recover(notes, WHOSE, path)

    assert victim.exists()
    assert not path.exists()


@pytest.mark.parametrize("kind", ["link", pytest.param("foreign file", marks=is_root)])
def test_what_others_have_put_in_place_of_a_draft_is_not_used(
    kind: str, notes: CallNotes, path: Path, tmp_path: Path
) -> None:
    draft = intended(notes, path)
    if kind == "link":
        draft.rename(tmp_path / "elsewhere")
        draft.symlink_to(tmp_path / "elsewhere")
    else:
        os.chown(draft, INTRUDER, INTRUDER)

    recover(notes, WHOSE, path)

    assert not os.path.lexists(path)


def test_notes_count_once_there_is_a_list(notes: CallNotes, path: Path) -> None:
    notes.settle()
    intended(notes, path)
    assert (notes.pending(), notes.known(CALL, ["id 1"])) == (["id 1"], {})

    for _ in range(2):
        notes.settle()

    assert notes.known(CALL, ["id 1"])
    assert notes.looked_at() == LOOKED_AT


def test_an_interrupted_list_is_put_in_place_if_nothing_is_there(notes: CallNotes, path: Path) -> None:
    """Also where another list is asked for now."""
    intended(notes, path)

    assert recover(notes, WHOSE, path.with_name("other.csv"))
    assert path.read_bytes() == OURS


def test_a_list_that_is_in_place_counts_without_its_draft(notes: CallNotes, path: Path) -> None:
    intended(notes, path).rename(path)

    assert recover(notes, WHOSE, path)


@pytest.mark.parametrize("draft", [True, False])
def test_where_no_list_was_begun_no_note_counts(draft: bool, notes: CallNotes, path: Path) -> None:
    """A draft alone is of a process that was killed before the journal knew of it."""
    if draft:
        draft_beside(path, WHOSE, lambda file, _: file.write(OTHERS))

    assert recover(notes, WHOSE, path) is None
    assert not path.exists()
    assert draft_beside(path, WHOSE, lambda file, _: file.write(OURS)).path.read_bytes() == OURS


def test_a_list_whose_draft_is_gone_counts_as_given(notes: CallNotes, path: Path) -> None:
    """Somebody has taken it."""
    intended(notes, path).unlink()

    assert recover(notes, WHOSE, path) is None
    assert notes.known(CALL, ["id 1"])


def test_each_file_that_is_set_aside_gets_a_name_of_its_own(notes: CallNotes, path: Path) -> None:
    kept = [OTHERS + bytes([number]) for number in range(3)]
    for data in kept:
        path.write_bytes(data)
        os.utime(path, (0, 0))
        intended(notes, path)
        put_in_place(notes.intent() or {}, None)

    assert files(path) == [OTHERS + b"\0", OTHERS + b"\1", OTHERS + b"\2", OURS]
    assert {each.stem[-2:] for each in path.parent.glob("calls-*")} >= {"-2", "-3"}


def test_the_same_list_is_not_set_aside(notes: CallNotes, path: Path) -> None:
    intended(notes, path)
    path.write_bytes(OURS)

    put_in_place(notes.intent() or {}, None)

    assert files(path) == [OURS]


def test_a_file_that_cannot_be_read_is_set_aside(notes: CallNotes, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> str:
        raise PermissionError(13, "Permission denied")

    intended(notes, path)
    path.write_bytes(OTHERS)
    monkeypatch.setattr(place, "file_sha256", refuse)

    put_in_place(notes.intent() or {}, None)

    assert files(path) == [OTHERS, OURS]


def test_what_is_written_survives_a_power_cut(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is whole before its name is synced, and has its own name before that is."""
    synced: list[object] = []

    def fsync(number: int) -> None:
        found = os.fstat(number)
        names = sorted(each.name for each in path.parent.iterdir())
        synced.append(names if stat.S_ISDIR(found.st_mode) else found.st_size)

    monkeypatch.setattr(os, "fsync", fsync)

    draft = draft_beside(path, WHOSE, lambda file, _: file.write(OURS)).path
    rename(draft, path)

    assert synced == [len(OURS), [draft.name], [path.name]]


def test_a_name_that_no_file_can_have_is_said() -> None:
    with pytest.raises(UsageError, match="cannot be written: embedded null byte"):
        draft_beside(Path("a\0b/calls.csv"), WHOSE, print)


def test_a_draft_that_cannot_be_written_is_deleted_and_said(path: Path) -> None:
    def write(file: Any, _: Path) -> None:
        file.write(OURS)
        raise OSError(28, "No space left on device")

    with pytest.raises(UsageError, match=r"cannot be written: No space left on device\. No calls were reported"):
        draft_beside(path, WHOSE, write)

    assert not files(path)


@pytest.mark.parametrize("what", [check_place, lambda path: draft_beside(path, WHOSE, print)])
def test_a_folder_that_is_a_link_of_others_is_refused(what: Any, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: Path) -> None:
        raise UsageError(f"link {folder}")

    for module in ("call_lists.place", "files.private"):
        monkeypatch.setattr(f"dialler_sync.{module}.refuse_foreign_link", refuse)

    with pytest.raises(UsageError, match=f"link {path.parent}"):
        what(path)


def test_a_place_for_a_file_is_accepted(path: Path) -> None:
    check_place(path)
    path.write_bytes(OTHERS)
    check_place(path)


def test_a_draft_that_cannot_have_its_name_does_not_stay(path: Path) -> None:
    """Nothing knows of it later: the calls in it would lie there for good."""
    draft = draft_beside(path, WHOSE, lambda file, _: file.write(OURS)).path
    path.mkdir()

    with pytest.raises(UsageError):
        rename_or_discard(draft, path)

    assert [each.name for each in path.parent.iterdir() if each.suffix == ".part"] == []
