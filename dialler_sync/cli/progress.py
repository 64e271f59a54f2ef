"""Progress of a run: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..model import FINE, Status
from ..text.phrase import figure, mark, phrase
from .echo import COLOURS
from .streams import styled

if TYPE_CHECKING:
    from ..observer import Observer
    from .app import App

_log = logging.getLogger(__name__)

_LINE_EVERY = 10.0
"""Seconds between two lines of progress without a terminal."""


@contextmanager
def progress(app: App) -> Iterator[Observer]:
    """Show the progress of a run: a bar on a terminal, a line now and then elsewhere, nothing when quiet."""
    if app.verbosity >= 0 and app.log_format == "text" and sys.stderr.isatty():
        with _bar() as bar:
            yield bar
    else:
        yield _Lines()


class _Lines:
    """Progress for log files."""

    def __init__(self) -> None:
        self._stage = ""
        self._total: int | None = None
        self._rows = self._failed = 0
        self._started = self._said = time.monotonic()

    def stage(self, name: str, total: int | None) -> None:
        self._stage, self._total = name, total
        self._rows = self._failed = 0
        self._started = self._said = time.monotonic()

    def advance(self, rows: int, status: Status | None = None) -> None:
        self._rows += rows
        self._failed += rows * (status is not None and status not in FINE)
        now = time.monotonic()
        if now - self._said >= _LINE_EVERY:
            self._said = now
            speed = self._rows / (now - self._started)
            facts = {"stage": self._stage, "rows": self._rows, "total": self._total, "failed": self._failed}
            _log.info(
                phrase(
                    "{stage}: {rows}, {failed} failed, {speed} rows/s",
                    stage=self._stage,
                    rows=_rows_of(self._rows, self._total),
                    failed=self._failed,
                    speed=f"{speed:.0f}",
                ),
                extra={"facts": {**facts, "rows_per_s": round(speed, 1)}},
            )


@contextmanager
def _bar() -> Iterator[Observer]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.theme import Theme

    colours = {name: f"color({number})" for name, number in COLOURS.items()}
    bar = {"bar.complete": colours["good"], "bar.finished": colours["good"], "bar.pulse": colours["quiet"]}
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[told]}"),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns,
        console=Console(file=styled(sys.stderr), theme=Theme(colours | bar | {"progress.remaining": colours["quiet"]})),
        transient=True,
        refresh_per_second=8,
    ) as shown:
        yield _Bar(shown)


class _Bar:
    """Progress for terminals. Rows are added up and shown a few times a second: drawing costs more than sending."""

    def __init__(self, shown: Any) -> None:
        self._shown = shown
        self._task: Any = None
        self._total: int | None = None
        self._rows = self._failed = 0
        self._started = self._drawn = time.monotonic()

    def stage(self, name: str, total: int | None) -> None:
        if self._task is not None:
            self._shown.remove_task(self._task)
        self._total = total
        self._rows = self._failed = 0
        self._started = time.monotonic()
        self._task = self._shown.add_task(name, total=total, told="")

    def advance(self, rows: int, status: Status | None = None) -> None:
        self._rows += rows
        self._failed += rows * (status is not None and status not in FINE)
        now = time.monotonic()
        if now - self._drawn >= 0.1 or self._rows == self._total:
            self._drawn = now
            said = (
                mark("{rows}, [bad]{failed} failed[/], {speed} rows/s")
                if self._failed
                else mark("{rows}, {speed} rows/s")
            )
            rows_of = _rows_of(figure(self._rows), None if self._total is None else figure(self._total))
            speed = figure(self._rows / max(now - self._started, 0.001))
            told = phrase(said, rows=rows_of, failed=figure(self._failed), speed=speed)
            self._shown.update(self._task, completed=self._rows, told=told)


def _rows_of(done: object, total: object) -> str:
    return (
        phrase("{done} rows", done=done) if total is None else phrase("{done} of {total} rows", done=done, total=total)
    )
