"""Whatever happens between and during nights: each call stands in one file, and changed ones are given again."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dialler_sync.call_lists import place
from dialler_sync.call_lists.collect import Collector, History
from dialler_sync.call_lists.findings import Findings
from dialler_sync.call_lists.since import Since
from dialler_sync.contacts.record_file import RecordFile
from dialler_sync.journal import Journal
from dialler_sync.journal.calls import CallNotes

NOW = datetime.now(UTC)
TARGET = "here/1#538"
STEPS = ("drafted", "intended", "in place", "done")

Calls = dict[int, list[dict[str, Any]]]


class Killed(Exception):
    """The process ends here."""


def night(journal: Journal, calls: Calls, path: Path, until: str) -> None:
    """One list, until the process is killed after a step."""
    notes = journal.call_notes(TARGET, "")
    pending = place.recover(notes, "me", path)
    if pending and pending["path"] != str(path):
        notes.settle()
        pending = None
    with ExitStack() as held:
        lines, to_note = (held.enter_context(RecordFile(path.parent)) for _ in range(2))
        found = Findings(lines, to_note)
        collector = Collector(found, Since(last=True), notes, {}, NOW)
        held.callback(collector.close)
        look(journal, calls, path, until, notes, pending, found, collector)


def look(
    journal: Journal,
    calls: Calls,
    path: Path,
    until: str,
    notes: CallNotes,
    pending: Any,
    found: Findings,
    collector: Collector,
) -> None:
    collector.take([History({"ID": contact, "UserData": f"K{contact}"}, history) for contact, history in calls.items()])
    if pending and collector.lacks(notes.pending()):
        notes.settle()
        night(journal, calls, path, until)
        return
    collector.give_vanished()

    def write(file: IO[bytes], _: Path) -> None:
        text = io.StringIO()
        for line in found.lines:
            csv.writer(text).writerow((line["CallID"], line["_change"], line["ResultCode"]))
        file.write(text.getvalue().encode())

    draft = place.draft_beside(path, "me", write)
    stop(until, "drafted")
    intent: Mapping[str, Any] = {
        "path": str(path), "draft": str(draft.path), "sha256": draft.sha256, "calls": len(found.lines),
        "updated": 0, "looked_at": "2026-01-01T00:00:00.000Z", "replaces": pending["sha256"] if pending else "",
    }  # fmt: skip
    last = notes.file()
    notes.intend(intent, found.notes_to_make())
    stop(until, "intended")
    place.put_in_place(intent, last)
    stop(until, "in place")
    notes.settle(found.going_on.items())


def stop(until: str, step: str) -> None:
    if until == step:
        raise Killed


def record(number: int, *, over: bool, result: str = "") -> dict[str, Any]:
    start = NOW - timedelta(hours=2, seconds=number)
    leg = {"ID": number, "dtCallStart": start.isoformat(), "dtCallEnd": NOW.isoformat() if over else None}
    return {"StatisticsPartA": leg, "ResultCode": result if over else None}


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["new", "going on", "ends", "changes", "deleted", "night", "night", "night"]),
        st.integers(1, 4),
        st.sampled_from(STEPS),
        st.booleans(),
    ),
    min_size=3,
    max_size=25,
)


@settings(max_examples=12, deadline=None)
@given(EVENTS)
def test_each_call_once(events: list[tuple[str, int, str, bool]]) -> None:
    with TemporaryDirectory() as name, Journal.open(Path(name) / "journal.db") as journal:
        folder = Path(name)
        calls: Calls = {contact: [] for contact in range(1, 5)}
        results: dict[str, str] = {}
        made = nights = 0
        for what, contact, until, same_file in [*events, ("night", 1, "done", False), ("night", 1, "done", False)]:
            history = calls[contact]
            if what in {"new", "going on"}:
                made += 1
                history.append(record(made, over=what == "new"))
            elif what == "ends" and history:
                history[-1] = record(history[-1]["StatisticsPartA"]["ID"], over=True)
            elif what == "changes" and history and history[-1]["StatisticsPartA"]["dtCallEnd"]:
                number = history[-1]["StatisticsPartA"]["ID"]
                history[-1] = record(number, over=True, result=f"R{nights}")
            elif what == "deleted":
                calls[contact] = []
            elif what == "night":
                nights += not same_file
                try:
                    night(journal, calls, folder / f"{nights:03}.csv", until)
                except Killed:
                    continue
        files = sorted(folder.glob("*.csv"), key=lambda path: path.stat().st_mtime_ns)
        lines = [line for path in files for line in csv.reader(path.read_text().splitlines())]
        given_new = Counter(number for number, change, _ in lines if change == "new")
        results = {number: result for number, _, result in lines}

        assert set(given_new.values()) <= {1}
        there = {str(each["StatisticsPartA"]["ID"]): each for history in calls.values() for each in history}
        over = {number: each for number, each in there.items() if each["StatisticsPartA"]["dtCallEnd"]}
        assert set(over) <= set(given_new)
        assert {number: each["ResultCode"] for number, each in over.items()}.items() <= results.items()
        assert not set(there) - set(over) & set(given_new)
