"""Reports at an address, with a folder in memory: whole, last of all the summary, and never over those of others."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from dialler_sync.errors import InputError, UsageError
from dialler_sync.files.url import Url, path_of
from dialler_sync.journal import RunRecord
from dialler_sync.run import address

from ...helpers.records import RUN

PLACE = "sftp://store.example/out"
SUMMARY = f'{{"run_id": "{RUN.id}"}}'.encode()


@dataclass
class Entry:
    name: str


@dataclass
class Folder:
    """What lies at the address. ``fails``: raised by each use."""

    files: dict[str, bytes] = field(default_factory=dict)
    fails: Exception | None = None
    made: bool = False
    put_: list[tuple[list[str], bool]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    def __call__(self, url: Url, _stores: object) -> Folder:
        assert str(url) == PLACE
        return self

    def make(self) -> None:
        if self.fails:
            raise self.fails
        self.made = True

    def listed(self) -> list[Entry]:
        return list(map(Entry, self.files))

    def read(self, name: str) -> bytes:
        return self.files.get(name, b"")

    def put(self, files: Mapping[str, Path], *, replace: bool) -> None:
        assert all(path.resolve().name == name for name, path in files.items())
        self.put_.append((list(files), replace))

    def remove_empty(self, name: str) -> None:
        self.removed.append(name)
        if self.fails:
            raise self.fails


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Folder:
    folder = Folder()
    monkeypatch.setattr(address, "RemoteFolder", folder)
    return folder


@pytest.fixture
def run(tmp_path: Path) -> RunRecord:
    """A run with reports, a draft, a folder and a file of the user beside them."""
    out = tmp_path / RUN.id
    out.mkdir()
    for name in ("summary.json", "results.csv", "report.html", "moved.csv", "notes.txt", ".draft"):
        (out / name).touch()
    (out / "kept").mkdir()
    return replace(RUN, out=str(out), options={"out": PLACE})


def url() -> Url:
    found = path_of(PLACE)
    assert isinstance(found, Url)
    return found


def test_a_place_is_empty_before_anything_is_sent(folder: Folder) -> None:
    address.require_place(url(), {})
    assert folder.made

    folder.files["summary.json"] = SUMMARY
    with pytest.raises(UsageError, match="is not empty"):
        address.require_place(url(), {})


def test_reports_are_put_whole_and_the_summary_last(folder: Folder, run: RunRecord) -> None:
    """Over an earlier try of the same run, and beside what a program keeps there for itself."""
    address.put_reports(run, url(), {})
    folder.files = {".lock": b""}
    address.put_reports(run, url(), {})
    folder.files = {"results.csv": b"", "summary.json": SUMMARY}
    address.put_reports(run, url(), {})

    files = ["moved.csv", "report.html", "results.csv", "summary.json"]
    assert folder.put_ == [(files, False), (files, False), (files, True)]
    assert folder.made


@pytest.mark.parametrize("there", [{"list.csv": b""}, {"summary.json": b'{"run_id": "another"}'}])
def test_files_of_others_stay(there: dict[str, bytes], folder: Folder, run: RunRecord) -> None:
    folder.files = there

    with pytest.raises(UsageError, match="has other files"):
        address.put_reports(run, url(), {})
    assert not folder.put_


def test_a_failure_at_the_end_of_a_run_is_only_told(
    folder: Folder, run: RunRecord, caplog: pytest.LogCaptureFixture
) -> None:
    folder.fails = InputError("away.")

    with caplog.at_level(logging.WARNING):
        address.give_reports(run, {})
        address.leave_place(run, {})

    (told,) = (record.getMessage() for record in caplog.records)
    assert told.startswith(f"away. The reports of run {RUN.id} are in {run.out}")
    assert f"runs report {RUN.id} --out {PLACE}" in told
    assert folder.removed == [""]


def test_a_run_without_an_address_has_nothing_to_put(folder: Folder, run: RunRecord) -> None:
    for out in (None, "", "reports/here"):
        there = replace(run, options={"out": out})
        address.give_reports(there, {})
        address.leave_place(there, {})
    address.give_reports(replace(run, options={}), {})

    assert (folder.put_, folder.removed, folder.made) == ([], [], False)


def test_a_run_gives_its_reports(folder: Folder, run: RunRecord) -> None:
    address.give_reports(run, {})

    assert len(folder.put_) == 1
