"""A file of an inbox is taken before it is read, and never lies on another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialler_sync.config import SourceSettings
from dialler_sync.errors import InputError, UsageError
from dialler_sync.files.pinned import known
from dialler_sync.inbox.arrivals import mark_of
from dialler_sync.inbox.claim import Claim, OnDisk, move
from dialler_sync.inbox.places import Arrival


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


def arrival(inbox: Path, name: str = "list.csv") -> Arrival:
    path = inbox / name
    path.write_text("one", encoding="utf-8")
    return Arrival(path, mark_of(path))


def taken(inbox: Path, name: str = "list.csv") -> Claim:
    found = OnDisk(inbox).claim(arrival(inbox, name))
    assert found
    return found


def files(inbox: Path) -> list[str]:
    return sorted(str(path.relative_to(inbox)) for path in inbox.rglob("*") if not path.is_dir())


def test_a_file_that_is_taken_lies_in_the_inbox_no_more(inbox: Path) -> None:
    claimed = taken(inbox)

    assert claimed.place.read_text(encoding="utf-8") == "one"
    assert not claimed.home.exists()
    assert [known(found.place) for found in OnDisk(inbox).left_behind()] == [known(claimed.place)]
    assert OnDisk(inbox).lies_in(known(claimed.place))
    assert OnDisk(inbox).lies_in(inbox / "a.csv")
    assert not OnDisk(inbox).lies_in(inbox / "done" / "a.csv")
    assert not OnDisk(inbox).lies_in(inbox.parent / "a.csv")


def test_a_file_that_was_replaced_meanwhile_is_put_back(inbox: Path) -> None:
    """Another one by now, or one that has a second name by which somebody can still write to it."""
    other = arrival(inbox)
    other.path.write_text("another", encoding="utf-8")
    assert OnDisk(inbox).claim(other) is None
    assert files(inbox) == ["list.csv"]

    linked = arrival(inbox, "linked.csv")
    (inbox / "second.csv").hardlink_to(linked.path)
    assert OnDisk(inbox).claim(Arrival(linked.path, mark_of(linked.path))) is None
    assert files(inbox) == ["linked.csv", "list.csv", "second.csv"]


def test_a_file_that_has_gone_leaves_no_folder_behind(inbox: Path) -> None:
    gone = arrival(inbox)
    gone.path.unlink()

    assert OnDisk(inbox).claim(gone) is None
    assert list(inbox.iterdir()) == []


def test_a_file_is_never_put_back_onto_another_one(inbox: Path) -> None:
    claimed = taken(inbox)
    claimed.home.write_text("new", encoding="utf-8")

    assert claimed.put_back() == known(claimed.place)
    assert claimed.place.read_text(encoding="utf-8") == "one"
    assert claimed.home.read_text(encoding="utf-8") == "new"


def test_a_file_is_filed_under_a_name_of_its_own(inbox: Path) -> None:
    """However long its name is; and never onto another file."""
    name = "ä" * 124 + ".csv"
    filed = taken(inbox, name).file(inbox / "done", "run-1")
    assert filed.read_text(encoding="utf-8") == "one"
    assert len(filed.name.encode()) <= 255
    assert (filed.name[:6], filed.suffix) == ("run-1-", ".csv")
    assert not (inbox / "importing").exists()

    again = taken(inbox)
    (inbox / "done" / "run-1-list.csv").write_text("earlier", encoding="utf-8")
    with pytest.raises(UsageError, match=r"is done, but cannot be moved"):
        again.file(inbox / "done", "run-1")
    assert (inbox / "done" / "run-1-list.csv").read_text(encoding="utf-8") == "earlier"
    assert again.home.read_text(encoding="utf-8") == "one"


def test_a_file_that_was_deleted_while_it_was_imported(inbox: Path) -> None:
    claimed = taken(inbox)
    claimed.place.unlink()

    with pytest.raises(InputError, match="cannot be read"):
        claimed.sha256(SourceSettings())
    claimed.file(inbox / "done", "run-1")
    assert files(inbox) == []
    assert claimed.put_back() == claimed.home


def test_links_among_what_was_left_behind_are_not_followed(inbox: Path, tmp_path: Path) -> None:
    """Nor folders."""
    secret = tmp_path / "secret.csv"
    secret.write_text("secret", encoding="utf-8")
    folder = inbox / "importing" / "12"
    (folder / "folder").mkdir(parents=True)
    (folder / "link.csv").symlink_to(secret)

    assert list(OnDisk(inbox).left_behind()) == []


def test_a_file_is_never_moved_onto_another_one(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the file system has no links."""

    def no_links(*_: object, **__: object) -> None:
        raise PermissionError(1, "no links")

    monkeypatch.setattr("os.link", no_links)
    new, other = arrival(inbox).path, inbox / "other.csv"
    other.write_text("other", encoding="utf-8")

    with pytest.raises(PermissionError):
        move(new, other)
    assert (new.read_text(encoding="utf-8"), other.read_text(encoding="utf-8")) == ("one", "other")

    move(new, inbox / "free.csv")
    assert files(inbox) == ["free.csv", "other.csv"]
