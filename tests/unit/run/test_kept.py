"""Copies beside the journal: what is copied, what a resumed run reads, and that nothing else is ever deleted."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.errors import JournalError, UsageError
from dialler_sync.journal import UNREPORTED, Journal, RunRecord
from dialler_sync.run import kept

from ...helpers.records import RUN, facts

ADDRESS = "https://crm.example.com/list.csv"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "state" / "journal.db") as journal:
        yield journal


def entry(name: str, path: object, **more: object) -> dict[str, Any]:
    return {"name": name, "path": str(path), "sheet": None, "sha256": "", **{k: str(v) for k, v in more.items()}}


def written(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("Key\n", encoding="utf-8")
    return path


def run_of(journal: Journal, *files: dict[str, Any], **changes: Any) -> RunRecord:
    run = replace(RUN, files=files, **changes)
    journal.add_run(run)
    return run


def test_standard_input_and_what_lies_at_addresses_is_copied_once(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not a file of this machine; nor, in a run that goes on, what was copied when it began."""
    copied: list[str | None] = []

    def keep(address: str | None, folder: Path) -> Path:
        assert folder == journal.copies
        copied.append(address)
        return folder / str(len(copied))

    monkeypatch.setattr(kept, "keep", keep)
    files = [entry("-", ""), entry("list.csv", ADDRESS), entry("a.csv", tmp_path / "a.csv")]

    once = kept.keep_copies(journal, files)

    assert copied == [None, ADDRESS]
    assert once == [
        entry("-", journal.copies / "1"), entry("list.csv", ADDRESS, kept=journal.copies / "2"), files[2],
    ]  # fmt: skip
    assert kept.keep_copies(journal, once) == once
    assert kept.keep_copies(journal, [entry("-.csv", ""), entry("-", "-")]) == [entry("-.csv", ""), entry("-", "-")]
    assert copied == [None, ADDRESS]


@pytest.mark.parametrize(("address", "said"), [("", "standard input"), (ADDRESS, ADDRESS)])
def test_a_copy_that_cannot_be_kept(journal: Journal, monkeypatch: pytest.MonkeyPatch, address: str, said: str) -> None:
    def keep(_address: str | None, _folder: Path) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(kept, "keep", keep)

    with pytest.raises(JournalError, match=f"copy of {said} cannot be kept in .*: No space left on device$"):
        kept.keep_copies(journal, [entry("list.csv" if address else "-", address)])


def test_of_several_copies_all_are_kept_or_none(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """No run knows the first if the second fails: it would stay for ever. What another run has kept stays."""
    other = written(journal.copies / "other" / "list.csv")

    def keep(address: str | None, folder: Path) -> Path:
        if address == f"{ADDRESS}?2":
            raise OSError(errno.ENOSPC, "No space left on device")
        return written(folder / f"{1:016x}" / "-") if address is None else other

    monkeypatch.setattr(kept, "keep", keep)

    with pytest.raises(JournalError):
        kept.keep_copies(journal, [entry("-", ""), entry("1.csv", ADDRESS), entry("2.csv", f"{ADDRESS}?2")])

    assert list(journal.copies.iterdir()) == [other.parent]


def test_only_copies_are_deleted_and_only_those_of_the_run(journal: Journal, tmp_path: Path) -> None:
    """The folder of a copy goes with it: that of a person's list must not, whatever somebody has put into the
    journal."""
    lists = [
        written(folder / "a.csv")
        for folder in (tmp_path / "lists", journal.copies, journal.copies / "mine", journal.copies.parent)
    ]
    copies = [written(journal.copies / f"{n:016x}" / "-") for n in range(3)]
    run = run_of(
        journal,
        *(entry(path.name, path) for path in lists),
        entry("-", copies[0]),
        entry("b.csv", ADDRESS, kept=copies[1]),
        *(entry("c.csv", ADDRESS, kept=journal.copies / each / "a.csv") for each in ("..", ".", "mine/.")),
    )

    kept.delete_copies(journal, run)

    assert [path.exists() for path in lists + copies] == [True] * 4 + [False, False, True]
    assert not copies[0].parent.exists()


@pytest.mark.parametrize(
    ("state", "summary", "there"),
    [
        ("running", None, True),
        ("stopped", {"exit_code": 5}, True),
        ("finished", {UNREPORTED: True}, True),
        ("finished", {}, False),
    ],
)
def test_copies_stay_as_long_as_their_run_can_be_resumed(
    journal: Journal, state: str, summary: dict[str, Any] | None, there: bool
) -> None:
    """Also where only its reports are still to be written."""
    copy = written(journal.copies / f"{1:016x}" / "-")
    run = run_of(journal, entry("-", copy), state=state, summary=None if summary is None else facts(RUN.id, **summary))

    kept.delete_settled_copies(journal, run.id)

    assert copy.exists() == there


def test_a_resumed_run_reads_the_copy_and_calls_it_by_its_name(journal: Journal, tmp_path: Path) -> None:
    """Else what lies there; a folder is no copy."""
    copy = written(journal.copies / "1" / "list.csv")
    began = [entry("list.csv", ADDRESS, kept=copy), entry("a.csv", tmp_path / "a.csv")]

    assert [kept.place_of(each) for each in began] == [copy, tmp_path / "a.csv"]
    assert str(kept.place_of(entry("list.csv", ADDRESS, kept=copy.parent))) == ADDRESS
    assert str(kept.place_of(entry("list.csv", ADDRESS, kept=copy.parent / "gone"))) == ADDRESS

    read = [{**entry("1", copy), "rows": 7}, {**entry("other", tmp_path / "other"), "rows": 8}]
    assert list(kept.as_begun(began, read)) == [{**began[0], "rows": 7}, {**began[1], "rows": 8}]
    with pytest.raises(ValueError, match="shorter"):
        list(kept.as_begun(began, read[:1]))


def test_standard_input_is_read_again_only_from_its_copy(journal: Journal, tmp_path: Path) -> None:
    """A list of a person that is gone is said by its reader."""
    copy = written(journal.copies / "1" / "-")
    run = replace(RUN, files=[entry("-", copy), entry("a.csv", tmp_path / "gone" / "x" / "a.csv")])

    kept.require_copies(journal, run)
    for gone in (entry("-", ""), entry("-", journal.copies / "2" / "-")):
        with pytest.raises(UsageError, match=rf"retry {RUN.id} --file FILE"):
            kept.require_copies(journal, replace(RUN, files=[*run.files, gone]))
