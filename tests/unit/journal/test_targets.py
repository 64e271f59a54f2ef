"""Targets that turned out to be the same: what is known of both stays, once."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from dialler_sync.errors import JournalDamaged
from dialler_sync.journal import Journal

from ...helpers.old_journals import age
from ...helpers.records import RUN

OLD, NEW, OTHER = "dialler:80/1#=Nightly", "dialler:80/1#538", "dialler:80/1#539"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal.db") as journal:
        yield journal


def write(folder: Path, sent: dict[str, dict[str, int]], locks: dict[str, str] | None = None) -> None:
    """Write what was sent: target → key → day; and the contacts that the mirror has locked, one digit each."""
    with closing(sqlite3.connect(folder / "journal.db")) as base, base:
        base.executemany(
            "INSERT INTO sent (target, user_data, payload, contact_id, run, sent_at) VALUES (?, ?, ?, '', 'r', ?)",
            [
                (on, key, f"{on}-{key}", f"2026-01-{day:02}T00:00:00Z")
                for on, days in sent.items()
                for key, day in days.items()
            ],
        )
        base.executemany(
            "INSERT INTO mirror_locks (target, contact_id, user_data, run) VALUES (?, ?, '', 'r')",
            [(on, contact) for on, contacts in (locks or {}).items() for contact in contacts],
        )


def known(journal: Journal, target: str) -> dict[str, str]:
    """Key → target under which it was sent."""
    found = journal.sent(target, list("ABCDEF"))
    return {key: each.payload.removesuffix(f"-{key}") for key, each in found.items()}


def test_of_two_payloads_of_a_key_the_newer_stays(journal: Journal, tmp_path: Path) -> None:
    """Each key by itself; of the same time the one under the true name. Other campaigns keep what they have."""
    write(
        tmp_path,
        {OLD: {"A": 1, "B": 4, "C": 5, "D": 1}, NEW: {"A": 2, "B": 3, "C": 5, "E": 1}, OTHER: {"A": 9, "F": 1}},
        {OLD: "12", NEW: "13", OTHER: "4"},
    )
    for name, target in (("old", OLD), ("other", OTHER)):
        journal.add_run(replace(RUN, id=name, target=target))

    journal.rename_target(OLD, NEW)

    assert known(journal, NEW) == {"A": NEW, "B": OLD, "C": NEW, "D": OLD, "E": NEW}
    assert known(journal, OTHER) == {"A": OTHER, "F": OTHER}
    assert known(journal, OLD) == {}
    assert journal.mirror_locked(NEW, list("1234")) == {"1", "2", "3"}
    assert journal.mirror_locked(OTHER, list("1234")) == {"4"}
    assert [journal.run(name).target for name in ("old", "other")] == [NEW, OTHER]


@pytest.mark.parametrize("where", ["runs", "sent", "mirror_locks"])
def test_a_target_is_renamed_wherever_it_stands(journal: Journal, tmp_path: Path, where: str) -> None:
    """Also where its runs were pruned, or it has only one of the three."""
    if where == "runs":
        journal.add_run(replace(RUN, target=OLD))
    write(tmp_path, {OLD: {"A": 1}} if where == "sent" else {}, {OLD: "1"} if where == "mirror_locks" else {})

    journal.rename_target(OLD, NEW)

    with closing(sqlite3.connect(tmp_path / "journal.db")) as base:
        assert base.execute(f"SELECT target FROM {where}").fetchall() == [(NEW,)]


def test_the_id_of_a_campaign_is_what_its_newest_run_was_told(journal: Journal) -> None:
    """By this name, of this account; a run that named the ID, a column, or another campaign tells nothing."""
    runs = [("538", "Nightly", 1), ("540", "Nightly", 3), ("541", "Nightly", 2), ("542", "Other", 4)]
    for number, name, day in runs:
        named = {"campaign.name": json.dumps(name)}
        run = replace(RUN, id=f"r-{day}", target=f"dialler:80/1#{number}", campaign=name, config=named)
        journal.add_run(replace(run, started_at=f"2026-01-0{day}T00:00:00Z"))
    for target, config in ((f"{OLD}", named), ("dialler:80/1#543", {}), ("dialler:80/12#544", named)):
        late = replace(RUN, id=f"z-{target[-3:]}", target=target, campaign="Nightly", started_at="2026-02-01T00:00:00Z")
        journal.add_run(replace(late, config={"campaign.name": '"Nightly"'} if config else {}))

    assert journal.known_id("dialler:80/1", "Nightly") == 540
    assert journal.known_id("dialler:80/1", "Other") == 542
    assert journal.known_id("dialler:80/1", "night") is None
    assert journal.known_id("dialler:80/2", "Nightly") is None


@pytest.mark.parametrize(
    ("campaign", "config", "target"),
    [
        ("538", {"campaign.id": "538"}, "#538"),
        ("538", {"campaign.name": '"538"'}, "#=538"),
        ("538", None, "#538"),
        ("٥٣٨", None, "#=٥٣٨"),
        ("Nightly", {"campaign.name": '"Nightly"'}, "#=Nightly"),
        ("Nightly", None, "#=Nightly"),
        ("column Campaign", {"campaign.column": '"Campaign"'}, "#*"),
        ("Campaign", {"campaign.column": '"Campaign"'}, "#*"),
        ("column Campaign", None, "#*"),
        ("column Campaign", {"campaign.name": '"column Campaign"'}, "#=column Campaign"),
    ],
)
def test_the_target_of_an_old_journal(
    tmp_path: Path, campaign: str, config: dict[str, str] | None, target: str
) -> None:
    """By what its runs were told; where they were pruned (None), by how the campaign was spelled."""
    spelled = f"http://127.0.0.1:8080/rest/7#{campaign}"
    with Journal.open(tmp_path / "journal.db") as journal:
        if config is not None:
            journal.add_run(replace(RUN, config=config))
    write(tmp_path, {"x": {"A": 1}}, {"x": "1"})
    age(tmp_path / "journal.db", spelled)

    with Journal.open(tmp_path / "journal.db") as journal:
        assert journal.sent(f"localhost:8080/rest/7{target}", ["A"]).keys() == {"A"}
        assert journal.mirror_locked(f"localhost:8080/rest/7{target}", ["1"]) == {"1"}
        assert [run.target for run in journal.runs()] == [f"localhost:8080/rest/7{target}"] * (config is not None)


@pytest.mark.parametrize("kept", ["Headquarters#538", "main/2#538", "http://dialler/rest/x#538"])
def test_a_target_that_is_of_no_url_stays_as_it_is(tmp_path: Path, kept: str) -> None:
    """A name for the dialler, which may look like a path."""
    with Journal.open(tmp_path / "journal.db") as journal:
        journal.add_run(RUN)
    age(tmp_path / "journal.db", kept)

    with Journal.open(tmp_path / "journal.db") as journal:
        assert [run.target for run in journal.runs()] == [kept]


@pytest.mark.parametrize("newest", ["id", "name"])
def test_of_runs_of_an_old_target_the_newest_says_what_it_is(tmp_path: Path, newest: str) -> None:
    """In whatever order they were written down: an ID, or a name that looks like one."""
    with Journal.open(tmp_path / "journal.db") as journal:
        for day, kind in ((2, newest), (1, "name" if newest == "id" else "id")):
            config = {f"campaign.{kind}": "538" if kind == "id" else '"538"'}
            journal.add_run(replace(RUN, id=kind, config=config, started_at=f"2026-01-0{day}T00:00:00Z"))
    age(tmp_path / "journal.db", "http://dialler/7#538")

    with Journal.open(tmp_path / "journal.db") as journal:
        assert {run.target for run in journal.runs()} == {f"dialler:80/7#{'538' if newest == 'id' else '=538'}"}


@pytest.mark.parametrize("text", ["{", "[1]", '{"campaign.name": "{"}'])
def test_a_setting_that_cannot_be_read(journal: Journal, tmp_path: Path, text: str) -> None:
    journal.add_run(replace(RUN, target=NEW, campaign="Nightly"))
    with closing(sqlite3.connect(tmp_path / "journal.db")) as base, base:
        base.execute("UPDATE runs SET config = ?", (text,))

    with pytest.raises(JournalDamaged, match=r"a cell of runs\.config cannot be read"):
        journal.known_id("dialler:80/1", "Nightly")
