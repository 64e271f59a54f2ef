"""Run the command line in real processes, which can be killed; forked, so that each starts at once."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from dialler_sync.call_lists import place
from dialler_sync.cli import main
from dialler_sync.journal import UNREPORTED, Journal
from dialler_sync.journal.calls import CallNotes
from dialler_sync.run.reports import Summary

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.crash.preloaded"])

DEADLINE = 60
"""Seconds after which a command counts as hanging."""

KILLED = -signal.SIGKILL


@dataclass(slots=True)
class Command:
    """A command line that runs, or has run, in ``folder``; its output goes to files there."""

    folder: Path
    process: ForkServerProcess = field(repr=False)

    @property
    def pid(self) -> int:
        assert self.process.pid
        return self.process.pid

    def end(self) -> int:
        """Wait for the end; return the exit code, or minus the signal that killed it."""
        self.process.join(DEADLINE)
        code = self.process.exitcode
        assert code is not None, "the command hangs"
        assert "Traceback" not in self.err, self.err
        return code

    @property
    def out(self) -> str:
        return self._text("out")

    @property
    def err(self) -> str:
        return self._text("err")

    def _text(self, name: str) -> str:
        path = self.folder / f"{self.process.name}.{name}"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    @property
    def reports(self) -> Path:
        return Path(next(line.split(maxsplit=1)[1] for line in self.out.splitlines() if line.startswith("reports ")))

    @property
    def summary(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.reports / "summary.json").read_text(encoding="utf-8"))
        return found


@dataclass(frozen=True, slots=True)
class Blow:
    """A signal that a process sends to itself at a boundary; no other process can hit so exact an instant."""

    when: str
    boundary: str
    number: signal.Signals = signal.SIGKILL


def start(*arguments: object, blow: Blow | None = None, limit: int | None = None) -> Command:
    """Start ``dialler-sync`` with the folder and environment of this process.

    ``limit`` is the greatest size in bytes of any file that it writes.
    """
    environment = {name: value for name, value in os.environ.items() if name.startswith("DIALLER_SYNC_")}
    process = _context.Process(target=_run, args=([str(a) for a in arguments], Path.cwd(), environment, blow, limit))
    process.start()
    return Command(Path.cwd(), process)


def run_apart(*arguments: object, blow: Blow | None = None, limit: int | None = None) -> Command:
    """Run the command in a process of its own, to its end."""
    command = start(*arguments, blow=blow, limit=limit)
    command.end()
    return command


def killed(when: str, boundary: str, *arguments: object) -> None:
    """Run the command until it is killed at the boundary."""
    assert run_apart(*arguments, blow=Blow(when, boundary)).process.exitcode == KILLED


def _run(
    arguments: list[str], folder: Path, environment: Mapping[str, str], blow: Blow | None, limit: int | None
) -> None:
    os.chdir(folder)
    os.environ.update(environment)
    name = multiprocessing.current_process().name
    for number, kind in ((1, "out"), (2, "err")):
        os.dup2(os.open(f"{name}.{kind}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", encoding="utf-8", buffering=1, closefd=False) for number in (1, 2))
    if limit is not None:
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    if blow:
        _place(blow)
    main(arguments)


BOUNDARIES: Mapping[str, tuple[type, str, Callable[..., bool]]] = {
    "begun": (Journal, "add_run", lambda *_: True),
    "rows": (Journal, "add_rows", lambda *_: True),
    "read": (Journal, "update_run", lambda *_, **changes: "rows" in changes),
    "actions": (Journal, "plan_actions", lambda *_: True),
    "images": (Journal, "add_images", lambda *_: True),
    "planned": (Journal, "update_run", lambda *_, **changes: "planned" in changes),
    "sending": (Journal, "record", lambda _run, _outcomes, states=(): bool(states)),
    "outcomes": (Journal, "record", lambda _run, outcomes, _=(): any(o.sent_at for o in outcomes)),
    "settled": (Journal, "update_run", lambda *_, **changes: UNREPORTED in changes.get("summary", ())),
    "summary": (Summary, "write", lambda *_: True),
    "finished": (Journal, "update_run", lambda *_, **changes: UNREPORTED not in changes.get("summary", (UNREPORTED,))),
}
"""Boundaries of a run, in this order: method, and the predicate for the call that is meant."""

OF_CALLS: Mapping[str, tuple[Any, str, Callable[..., bool]]] = {
    "calls intend": (CallNotes, "intend", lambda *_: True),
    "calls rename": (place, "rename", lambda *_: True),
    "calls settle": (CallNotes, "settle", lambda *_: True),
}
"""Boundaries of a list of calls that is put in place."""


def _place(blow: Blow) -> None:
    owner, name, meant = {**BOUNDARIES, **OF_CALLS}[blow.boundary]
    whole = getattr(owner, name)
    left = [blow]

    def struck(self: object, *arguments: Any, **named: Any) -> Any:
        if not left or not meant(*arguments, **named):
            return whole(self, *arguments, **named)
        left.clear()
        if blow.when == "before":
            os.kill(os.getpid(), blow.number)
        result = whole(self, *arguments, **named)
        if blow.when == "after":
            os.kill(os.getpid(), blow.number)
        return result

    setattr(owner, name, struck)
