"""Lists, kills, outages, retries, undos and mended files in any order: the dialler holds what the newest list says, no
contact is there twice, and the reports tell what was done."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.journal import Journal, RunRecord

from ..helpers.commands import KILLED, Command, start
from ..helpers.foreign import Answer, ForeignDialler, served

PHONES = {f"K{n}": f"0171 39200{n}" for n in range(11, 17)}
BAD = "abc"
STOPPED = {ExitCode.UNAVAILABLE, ExitCode.NO_ROW_CAN_SUCCEED, ExitCode.INTERRUPTED}

Rows = list[dict[str, str]]


@dataclass
class Shaky(ForeignDialler):
    """A dialler with one fault in a command: it kills it, is gone from a request on, loses answers, or all at random.

    ``imports`` that were done in the current command: (key, name, note).
    """

    told: tuple[str, ...] = ("DiallerCampaignsID",)
    chance: random.Random = field(default_factory=random.Random)
    fault: str = ""
    at: int = 0
    pid: int = 0
    done: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        self.at -= 1
        kind = self.fault if self.at < 0 else ""
        if kind == "storm":
            kind = self.chance.choice(["", "", "", "before", "after", "500"])
        if self.fault == "kill" and self.at == 0:
            os.kill(self.pid, signal.SIGKILL)
            return (0, None) if self.chance.random() < 0.5 else self._carried_out(method, path, query, body, 0)
        if kind in {"away", "before"}:
            return 0, None
        return self._carried_out(method, path, query, body, {"after": 0, "lost": 0, "500": 500}.get(kind))

    def _carried_out(self, method: str, path: str, query: dict[str, str], body: Any, instead: int | None) -> Answer:
        if method == "PUT" and int(path.split("/")[-2]) not in self.contacts:
            return 404, {"status": 404, "error": "Dialler contact not found"}
        found = super().answer(method, path, query, {"UserData": "", **body} if path.endswith("/import") else body)
        if path.endswith("/import"):
            self.done.append(body)
        return found if instead is None else (instead, None)


@dataclass
class Walk:
    """``lists`` are what was imported: version → rows; the note of each row names its version."""

    dialler: Shaky
    chance: random.Random
    keyless: bool
    lists: dict[int, Rows] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def configure(self) -> None:
        mirror = "keep" if self.keyless else self.chance.choice(["keep", "lock", "delete"])
        lines = [
            "dialler:",
            f"  {{base_url: '{self.dialler.base_url}', clients_id: 1, token: t, timeout: 0.4, give_up_after: 1,",
            f"   retries: {self.chance.randint(0, 2)}, concurrency: {self.chance.choice([1, 3])}}}",
            "campaign: {id: 538}",
            "columns:",
            "  {Name: Name, PhoneNumber1: {column: Phone, region: DE}, Comment: Note"
            + ("}" if self.keyless else ", UserData: Key}"),
            f"mirror: {{missing: {mirror}, max_missing: 100%}}",
        ]
        Path("dialler-sync.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    # Commands

    def command(self, *arguments: str, calm: bool = False) -> Command:
        """Run a command, most often with a fault, and hold what it says against what it did."""
        dialler = self.dialler
        before = {contact["UserData"]: contact.get("Comment") for contact in dialler.contacts.values()}
        faults = ["", "", "kill", "away", "lost", "storm"]
        dialler.fault, dialler.at = "" if calm else self.chance.choice(faults), self.chance.randint(1, 12)
        self.said.append(f"{' '.join(arguments)} [{dialler.fault} {dialler.at}]")
        dialler.done.clear()
        command = start(*arguments)
        dialler.pid = command.pid
        code = command.end()
        with dialler.lock:
            dialler.fault = ""
        self.said[-1] += f" -> {code} {command.err[-200:]}"
        assert code != ExitCode.BUG, command.err
        assert arguments[0] == "runs" or code != ExitCode.USAGE or "cannot" in command.err or "finish" in command.err
        if code != KILLED and "reports " in command.out:
            self.check_reports(command)
        if arguments[0] != "undo" and "undo of" not in command.err:
            self.check_order(before)
        self.check_contacts()
        return command

    def runs(self, *commands: str) -> list[RunRecord]:
        with Journal.open(Path(os.environ["DIALLER_SYNC_STATE"])) as journal:
            return [run for run in journal.runs() if not commands or run.command in commands]

    def some_run(self, *commands: str) -> str:
        return self.chance.choice(self.runs(*commands)).id

    # Steps

    def import_list(self) -> None:
        version, rows = len(self.lists) + 1, []
        for key, phone in PHONES.items():
            if self.chance.random() < 0.7:
                note = f"{version}.{len(rows)}"
                number = BAD if self.chance.random() < 0.2 else phone
                rows.append({"Key": key, "Name": f"Name {note}", "Phone": number, "Note": note})
        self.lists[version] = rows
        write(Path(f"list{version}.csv"), rows)
        limit = ["--limit", str(self.chance.randint(1, 3))] if self.chance.random() < 0.3 else []
        self.command("import", f"list{version}.csv", *limit)

    def resume(self) -> None:
        self.command("resume", *([self.some_run()] if self.chance.random() < 0.5 else []))

    def retry(self) -> None:
        self.command("retry", *([self.some_run("import")] if self.chance.random() < 0.5 else []))

    def undo(self) -> None:
        self.command("undo", *([self.some_run("import")] if self.chance.random() < 0.5 else []), "--yes")

    def prune(self) -> None:
        self.command("runs", "prune", self.some_run(), calm=True)

    def mend(self) -> None:
        """Import a ``failed.csv`` with some numbers corrected, and some lines left out."""
        path = Path(self.chance.choice(self.runs("import")).out, "failed.csv")
        lines = [line for line in (read(path) if path.exists() else ()) if self.chance.random() < 0.8]
        for line in lines:
            if line["Phone"] == BAD and self.chance.random() < 0.7:
                line["Phone"] = PHONES[line["Key"]]
        if lines:
            mended = f"mended{len(self.said)}.csv"
            write(Path(mended), lines)
            self.command(*self.chance.choice([("import", mended), ("retry", "--file", mended)]))

    # What must hold

    def check_reports(self, command: Command) -> None:
        summary, rows = command.summary, read(command.reports / "results.csv")
        counts, found = dict(summary["counts"]), Counter(row["_status"] for row in rows)
        assert counts.pop("read") == len(rows)
        assert {status: count for status, count in counts.items() if count} == found
        bad = [row["_row"] for row in rows if row["_status"] not in {"succeeded", "skipped"}]
        mirror = summary["mirror"]
        left = bad or any(mirror.get(each) for each in ("failed", "unknown", "unprocessed"))
        assert summary["exit_code"] == command.process.exitcode
        assert (summary["exit_code"] == 0) == (not left and not summary["stopped_because"]), summary
        if summary["command"] == "import":
            assert [line["_row"] for line in read(command.reports / "failed.csv")] == bad
            self.check_truth(summary, rows)

    def check_truth(self, summary: dict[str, Any], rows: Rows) -> None:
        """What was done now was said to have been done, or not to be known."""
        source = [line for entry in summary["files"] for line in read(Path(entry["path"]))]
        done = {(body["Name"], body["Comment"]) for body in self.dialler.done}
        for row in rows:
            line = source[int(row["_row"]) - 2]
            if (line["Name"], line["Note"]) in done:
                assert row["_status"] in {"succeeded", "unknown"}, row

    def check_order(self, held: dict[str, Any]) -> None:
        """No older value has replaced a newer one."""
        for body in self.dialler.done:
            if key := body.get("UserData"):
                assert version(held.get(key)) <= version(body["Comment"]), (held.get(key), body)
                held[key] = body["Comment"]

    def check_contacts(self) -> None:
        contacts = self.dialler.contacts.values()
        names = Counter(contact["Name"] if self.keyless else contact["UserData"] for contact in contacts)
        assert not names or max(names.values()) == 1, names

    def come_to_rest(self) -> None:
        """All that was begun is finished; then the newest list is there, and an undo leaves none of its contacts."""
        for _ in self.runs():
            self.command("resume", calm=True)
        assert "nothing to resume" in self.command("resume", calm=True).err
        if self.keyless:
            return
        newest = max(self.lists)
        last = self.command("import", f"list{newest}.csv", calm=True)
        notes = {contact["UserData"]: contact["Comment"] for contact in self.dialler.contacts.values()}
        for row in self.lists[newest]:
            assert row["Phone"] == BAD or notes[row["Key"]] == row["Note"]
        assert self.command("undo", last.summary["run_id"], "--yes", calm=True).process.exitcode == ExitCode.OK


def version(note: str | None) -> int:
    return int(note.partition(".")[0]) if note else 0


def read(path: Path) -> Rows:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: Rows) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def dialler() -> Iterator[Shaky]:
    """A dialler that is not the simulator, and that outlives the commands."""
    with served(Shaky()) as shaky:
        yield shaky


@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.long) for n in range(2, 60))])
def test_a_random_walk(seed: int, dialler: Shaky) -> None:
    chance = dialler.chance = random.Random(seed)
    walk = Walk(dialler, chance, keyless=seed % 3 == 0)
    walk.configure()
    walk.import_list()
    steps = [walk.import_list, walk.resume, walk.retry, walk.retry, walk.undo, walk.mend, walk.mend, walk.prune]
    try:
        for _ in range(10 if seed > 1 else 4):
            if walk.runs("import"):
                chance.choice(steps)()
            else:
                walk.import_list()
        walk.come_to_rest()
    except AssertionError:
        print(json.dumps(walk.said, indent=1))
        raise
