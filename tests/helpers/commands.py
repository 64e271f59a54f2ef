"""Run the command line in real processes, which can be killed; forked, so that each starts at once."""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, TextIO

import pytest

from dialler_sync.call_lists import place
from dialler_sync.cli import main
from dialler_sync.journal import UNREPORTED, Journal
from dialler_sync.journal.calls import CallNotes
from dialler_sync.run.reports import Summary

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.helpers.preloaded"])

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

    def end(self, deadline: float = DEADLINE) -> int:
        """Wait for the end; return the exit code, or minus the signal that killed it."""
        self.process.join(deadline)
        code = self.process.exitcode
        if code is None:
            self.process.kill()
        assert code is not None, f"the command hangs: {self.err}"
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


@dataclass(frozen=True, slots=True)
class Around:
    """What a command finds, apart from folder, environment and arguments.

    ``out``, ``err``: a file for what it prints, ``CLOSED``, or ``READ_BY_NOBODY``. ``file_size``, ``memory``: limits
    in bytes. ``variables``: those that are other than here. ``python``: the interpreter that it starts processes with,
    which the fixture ``warm`` replaces.
    """

    out: str | None = None
    err: str | None = None
    file_size: int | None = None
    memory: int | None = None
    user: int | None = None
    blow: Blow | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    python: str = field(default_factory=lambda: sys.executable)


CLOSED, READ_BY_NOBODY = ">&-", "| true"


def start(*arguments: object, **around: Any) -> Command:
    """Start ``dialler-sync`` with the folder and environment of this process; ``around`` as in :class:`Around`."""
    given = ([str(a) for a in arguments], Path.cwd(), dict(os.environ), Around(**around))
    return Command(Path.cwd(), forked(_run, *given))


def forked(function: Callable[..., None], *arguments: object) -> ForkServerProcess:
    """Call the function in a process that has everything imported."""
    with pytest.MonkeyPatch.context() as patch:  # tests run in other folders than the one of this package
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
        forkserver.ensure_running()
    process = _context.Process(target=function, args=arguments)
    process.start()
    return process


def run_apart(*arguments: object, **around: Any) -> Command:
    """Run the command in a process of its own, to its end."""
    command = start(*arguments, **around)
    command.end()
    return command


def killed(when: str, boundary: str, *arguments: object) -> None:
    """Run the command until it is killed at the boundary."""
    assert run_apart(*arguments, blow=Blow(when, boundary)).process.exitcode == KILLED


def _run(arguments: list[str], folder: Path, environment: Mapping[str, str], around: Around) -> None:
    os.environ.clear()
    os.environ.update({**environment, **around.variables})
    time.tzset()
    os.chdir(folder)
    name = multiprocessing.current_process().name
    sys.stdout = sys.__stdout__ = _stream(1, around.out or f"{name}.out", "strict")
    sys.stderr = sys.__stderr__ = _stream(2, around.err or f"{name}.err", "backslashreplace")
    sys.executable = around.python
    if around.user is not None:
        os.setgroups([])
        os.setgid(around.user)
        os.setuid(around.user)
    if around.file_size is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (around.file_size, around.file_size))
    if around.memory is not None:
        resource.setrlimit(resource.RLIMIT_AS, (around.memory, around.memory))
    if around.blow:
        _place(around.blow)
    main(arguments)


def _stream(number: int, where: str, errors: str) -> TextIO | None:
    """Point a standard descriptor there, and give the stream that Python makes of it as it starts."""
    if where == CLOSED:
        return stream(number, None, errors)
    if where == READ_BY_NOBODY:
        reader, writer = os.pipe()
        os.close(reader)
    else:
        writer = os.open(where, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    return stream(number, writer, errors)


def stream(number: int, there: int | None, errors: str) -> TextIO | None:
    """Point a standard descriptor to what another one has open; None closes it."""
    if there is None:
        os.close(number)
        return None
    os.dup2(there, number)
    os.close(there)
    mode, buffering = ("w" if number else "r"), (1 if number == 2 else -1)
    return os.fdopen(number, mode, buffering, encoding="utf-8", errors=errors, closefd=False)


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
