"""A journal in which somebody has edited any cell of any table."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from dialler_sync.simulator import FaultPlan, SimulatorServer

from ..conftest import Configure, Run
from .doors import DEEP, LENGTHS, Found, attempts, changed, written

CELLS = (
    "", "text", 0, -7, 99, 2**62, 1.5, b"\xff\xfe", "null", "[]", "{}", "[1]", '{"a": 1}', "NaN", "{", '"x"',
    "[" * DEEP + "]" * DEEP, '{"a":' * DEEP, "9" * 5_000, '{"counts": 1}', "[null]", "0000-00-00T00:00:00Z", "99999",
    "0001-01-01T00:00:00+23:59", "succeeded", "pending", "sending", "failed", "rejected", "delete", "lock", "nonsense",
    "import", "reconcile", "undo", "retry", "\x1b[2J", "a\nb", "a\0b", "loop", "x; y:z; moved",
    "http://[::1/x", "\u202e", "x" * 70_000,
    '{"event": "digest", "campaigns": 5}', '{"event": "finished", "counts": "abc", "errors": {}}',
    '{"event": "\\ud800"}', '{"event": "finished", "exit_code": 99}', '[{"key": 5}]',
)  # fmt: skip
COMMANDS = (
    "runs list", "runs list -o json", "runs show RUN", "runs report RUN",
    "runs prune --older-than 0h --dry-run", "runs prune --older-than 0h --unfinished", "resume", "resume RUN", "retry",
    "retry RUN", "retry --file mended.csv RUN", "undo RUN --yes", "undo RUN --yes --dry-run",
    "import contacts.csv --compare journal", "plan contacts.csv --compare journal", "import mended.csv",
    "import --inbox inbox --quiet-for 0", "doctor", "calls --since last --to calls.csv",
    "forget --user-data K3 --yes --dry-run", "forget --user-data K3 --yes", "night nights",
)  # fmt: skip


NOTIFY = (
    "{on: always, webhook: 'https://a.invalid', teams: 'https://b.invalid', "
    "email: {to: [a@example.com], from: b@example.com, smtp: {host: c.invalid}}}"
)
"""Nobody takes the messages of the first runs, and everybody those of the crafted journal."""


def refused(*_: object) -> None:
    raise OSError


def craft(chance: random.Random) -> str:
    """Change one or two columns of the journal; gives what was done."""
    said = []
    with sqlite3.connect("state/journal.db") as base:
        tables = [name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        tables = [name for name in sorted(tables) if base.execute(f'SELECT 1 FROM "{name}"').fetchone()]
        for _ in range(chance.choice((1, 1, 2))):
            table = chance.choice([*tables, "runs", "rows", "notices", "known_calls"])
            column = chance.choice([row[1] for row in base.execute(f'PRAGMA table_info("{table}")')])
            value = cell(base, table, column, chance)
            try:
                base.execute(f'UPDATE OR IGNORE "{table}" SET "{column}" = ?', (value,))
            except sqlite3.Error as error:
                said.append(str(error))
            said.append(f"{table}.{column} = {str(value)[:300]!r}")
    base.close()
    return ", ".join(said)


def cell(base: sqlite3.Connection, table: str, column: str, chance: random.Random) -> object:
    """A cell that nobody expects; of JSON, three times out of four what stands there with one other place."""
    there = [value for (value,) in base.execute(f'SELECT "{column}" FROM "{table}"') if str(value)[:1] in "{["]
    if not there or chance.random() < 0.25:
        return chance.choice(CELLS)
    text = str(chance.choice(there))
    for _ in range(chance.choice((1, 1, 3))):
        try:
            text = written(changed(json.loads(text), chance))
        except (ValueError, RecursionError):  # what was put there before is no JSON
            break
    return text.encode("utf-8", "replace").decode()


@pytest.mark.parametrize("seconds", LENGTHS)
def test_crafted_rows(
    seconds: float,
    run: Run,
    configure: Configure,
    contacts_csv: Callable[..., Path],
    dialler: SimulatorServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every command that reads the journal says what is wrong with it, or goes on."""
    config = configure(retries=0)
    mirror = "mirror: {missing: lock, max_missing: 100%}\n"
    config.write_text(f"{config.read_text()}{mirror}notify: {NOTIFY}\n", encoding="utf-8")
    monkeypatch.setattr("dialler_sync.jobs.receivers._call", lambda *_, **__: False)
    monkeypatch.setattr("dialler_sync.jobs.mail._deliver", refused)
    dialler.order(FaultPlan.parse("400:#1"))
    path = contacts_csv(4, rows=["K2,A,0171 3920011", "K3,B,0171 3920012", "K4,C,nonsense", "K5,D,0171 3920014"])
    first = run("import", path)
    assert first.reports
    shutil.copy(first.reports / "failed.csv", "mended.csv")
    Path("inbox").mkdir()
    Path("nights").mkdir()
    shutil.copy(config, "nights/one.yaml")
    Path("loop").symlink_to("loop")
    stopped = run("import", path, "--limit", "2")
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    for end in ("", now):
        dialler.store.add_call(1, StatisticsPartA={"dtCallStart": now, "dtCallEnd": end})
    run("calls", "--since", "last", "--to", "calls.csv")
    with sqlite3.connect("state/journal.db") as base:
        assert base.execute("SELECT 1 FROM known_calls WHERE kind = 'going_on'").fetchone()
    base.close()
    dialler.order(FaultPlan())
    shutil.copytree("state", "kept")
    monkeypatch.setattr("dialler_sync.jobs.receivers._call", lambda *_, **__: True)
    monkeypatch.setattr("dialler_sync.jobs.mail._deliver", lambda *_: None)
    found = Found()
    for chance in attempts(seconds):
        shutil.rmtree("state")
        shutil.copytree("kept", "state")
        shutil.copy(path, "inbox/a.csv")
        name = chance.choice((first, stopped)).summary["run_id"]
        command = chance.choice(COMMANDS).replace("RUN", name)
        what = f"{craft(chance)}: {command}"
        found.attempt(partial(run, *command.split()), what)
    found.none()
