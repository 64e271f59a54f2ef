"""Copies of lists: which are deleted, how large they may be, and that a broken connection changes nothing in them."""

from __future__ import annotations

import io
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.errors import InputError
from dialler_sync.fetch import copies, sftp
from dialler_sync.fetch.copies import Copy, sweep
from dialler_sync.fetch.remote import Store, _blocks, expand
from dialler_sync.files.drafts import temporary_prefix
from dialler_sync.files.url import Url

from ...helpers.drafts import made_draft
from ...security.users import INTRUDER


def test_only_what_a_killed_process_has_left_is_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not those that a process holds, has just made, or that belong to another user; nor what a link leads to."""
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    held = Copy()
    names = {name: made_draft(tmp_path, f"{temporary_prefix()}{name}") for name in ("left", "young", "theirs")}
    victim, link = tmp_path / "victim", tmp_path / f"{temporary_prefix()}link"
    victim.mkdir()
    link.symlink_to(victim)
    for folder in (*names.values(), held.path.parent, victim, link):
        if folder != names["young"]:
            os.utime(folder, (time.time() - 60,) * 2, follow_symlinks=False)
    if os.geteuid() == 0:
        os.chown(names["theirs"], INTRUDER, INTRUDER)

    sweep()

    left = [folder.exists() for folder in (names["left"], names["young"], held.path.parent, victim)]
    assert left == [False, True, True, True]
    assert names["theirs"].exists() is (os.geteuid() == 0)
    assert link.is_symlink()


@pytest.mark.parametrize(("size", "packed", "said"), [(1_000_001, None, "more than 1 MB"), (401, 2, "200 times")])
def test_a_copy_has_a_limit(size: int, packed: int | None, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In all, and by what was packed."""
    monkeypatch.setattr(copies, "_BOMB_BYTES", 100)

    with pytest.raises(InputError, match=said):
        Copy().fill([b"x" * size], 1, packed)
    Copy().fill([b"x" * (size - 1)], 1, packed)


class Breaking:
    """A store whose connection breaks after each few bytes; ``ends``: it gives no more than that, and says nothing."""

    def __init__(self, content: bytes, at_once: int, *, ends: bool = False) -> None:
        self._content, self._at_once, self._ends = content, at_once, ends
        self.opened = 0

    def open(self, *_: object, **__: object) -> io.BytesIO:
        self.opened += 1
        store, most = self, self._at_once

        class File(io.BytesIO):
            left = most

            def read(self, _size: int | None = -1) -> bytes:
                if not self.left and not store._ends:
                    raise ConnectionError("broken")
                data = super().read(self.left)
                self.left -= len(data)
                return data

        return File(self._content)

    def glob(self, *_: object, **__: object) -> dict[str, dict[str, str]]:
        return {"/in/b.csv": {"type": "file"}, "/in/a.csv": {"type": "file"}, "/in/x.csv": {"type": "directory"}}


def test_a_copy_goes_on_where_the_connection_broke() -> None:
    content = bytes(range(10))

    assert b"".join(_blocks(Store(Breaking(content, 3), "/x", 10), {"size": len(content)}, 0)) == content


@pytest.mark.parametrize(("size", "tries"), [(10, 3), (None, 1)], ids=["size known", "size not known"])
def test_a_connection_that_gives_nothing_is_given_up(size: int | None, tries: int) -> None:
    """At once where nobody knows how much there was to come."""
    store = Breaking(b"", 0)

    with pytest.raises(ConnectionError):
        list(_blocks(Store(store, "/x", 10), {"size": size}, 0))

    assert store.opened == tries


def test_a_file_that_ends_too_soon_is_refused() -> None:
    with pytest.raises(InputError, match="ends after 3 of 10 bytes"):
        list(_blocks(Store(Breaking(b"abc", 9, ends=True), "/x", 10), {"size": 10}, 0))
    assert list(_blocks(Store(Breaking(b"abc", 9, ends=True), "/x", 10), {}, 0)) == [b"abc"], "its size is not known"


def test_folders_are_no_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dialler_sync.fetch.remote.store_at", lambda *_: Store(Breaking(b"", 0), "/in/*.csv", 10))

    assert [str(url) for url in expand(Url("sftp://host/in/*.csv"), {})] == [
        "sftp://host/in/a.csv",
        "sftp://host/in/b.csv",
    ]


@pytest.mark.parametrize(
    ("password", "key", "others"), [(None, None, True), ("x", None, False), (None, Path("key"), False)]
)
def test_a_host_is_offered_only_the_login_that_is_named(
    password: str | None, key: Path | None, others: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not each key that this user has."""
    given: dict[str, Any] = {}
    monkeypatch.setattr(sftp, "CheckedSftp", lambda *_, **named: given.update(named))

    sftp.open_sftp("host", None, None, password, key, None, 1)

    assert (given["look_for_keys"], given["allow_agent"]) == (others, others)


def test_a_user_without_a_home_logs_in_with_what_the_configuration_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A container's user without a name: it was "Could not determine home directory". A folder named ~ is no home."""

    def homeless(path: Path) -> Path:
        if path.parts[:1] == ("~",):
            raise RuntimeError("Could not determine home directory.")
        return path

    monkeypatch.setattr(Path, "expanduser", homeless)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "~" / ".ssh").mkdir(parents=True)
    (tmp_path / "~" / ".ssh" / "config").write_text("Host *\n  HostName elsewhere\n", encoding="utf-8")
    given: list[Any] = []
    monkeypatch.setattr(sftp, "CheckedSftp", lambda *hosts, **named: given.extend([hosts, named["key_filename"]]))

    sftp.open_sftp("host", None, "me", None, Path("key"), Path("known"), 1)

    assert given == [("host", Path("known")), ["key"]]


def test_what_cannot_be_kept_whole_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a list would lie beside the journal for ever; and once there is room, it is kept."""
    copy = Copy()
    copy.fill([b"Key\n"], 1)
    with monkeypatch.context() as patch:
        patch.setattr("dialler_sync.fetch.copies.os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "full")))
        with pytest.raises(OSError, match="full"):
            copy.keep(tmp_path / "kept")
    left = list((tmp_path / "kept").iterdir())

    assert not left
    assert copy.keep(tmp_path / "kept").read_bytes() == b"Key\n"
