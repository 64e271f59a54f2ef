"""What a run looks like on a terminal, and in a pipe."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from ..model import Status

if TYPE_CHECKING:
    from ..observer import Observer
    from ..plan_file import PlanFile
    from ..summary import Summary
    from .common import App

_log = logging.getLogger(__name__)

_LINE_EVERY = 10.0
"""Seconds between two lines of progress where there is no terminal."""

_COLOURS = {
    "succeeded": "green",
    "skipped": "cyan",
    "rejected": "yellow",
    "failed": "red",
    "unknown": "magenta",
    "unprocessed": "bright_black",
}


def print_summary(summary: Summary) -> None:
    """The counts of a run, and where its reports are; on stdout."""
    if sys.stdout.isatty():
        _print_table(summary)
    else:
        click.echo(f"run         {summary.run_id}")
        for name, number in summary.counts.items():
            click.echo(f"{name:<11} {number}")
        for name, number in summary.actions.items():
            if number:
                click.echo(f"  {name:<9} {number}")
        click.echo(f"reports     {summary.out}")
    if summary.stopped_because:
        _log.error("Stopped: %s", summary.stopped_because)


def _print_table(summary: Summary) -> None:
    from rich.console import Console
    from rich.table import Table

    title = f"{summary.command}{' (dry run)' if summary.dry_run else ''} {summary.run_id}"
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_column()
    for name, number in summary.counts.items():
        share = f"{100 * number / summary.counts['read']:.1f} %" if summary.counts["read"] and name != "read" else ""
        style = _COLOURS.get(name, "") if number else "bright_black"
        table.add_row(name, f"{number:,}", share, style=style)
        if name == "read":
            table.add_section()
    console = Console()
    console.print(table)
    done = ", ".join(f"{number:,} {name}" for name, number in summary.actions.items() if number)
    console.print(
        f"{done or 'no action'}; {summary.requests:,} requests, {summary.retries:,} repeats, "
        f"{summary.duration_s:.1f} s ({summary.rows_per_s:,.0f} rows/s)",
        highlight=False,
    )
    console.print(f"Reports: {summary.out}", highlight=False, soft_wrap=True)


_SIGILS = {"create": "+", "overwrite": "~", "import": ">", "lock": "!", "delete": "-", "ambiguous": "?"}
_EXAMPLES = 5


def print_plan(plan: PlanFile, *, as_json: bool) -> None:
    """What an import would do: counts, and a few examples of each action; or all of it as JSON."""
    if as_json:
        import json
        from dataclasses import asdict

        click.echo(json.dumps(asdict(plan), ensure_ascii=False, indent=2))
        return
    for name, number in sorted(plan.counts.items()):
        click.echo(f"{_SIGILS.get(name, '='):1} {name:<11} {number:>9,}")
    for name, number in sorted(plan.changed_fields.items(), key=lambda item: -item[1]):
        click.echo(f"    {name}: {number:,} changed")
    shown: dict[str, int] = {}
    for entry in plan.entries:
        action = entry["action"]
        shown[action] = shown.get(action, 0) + 1
        if shown[action] > _EXAMPLES:
            continue
        row = f"row {entry['row']}" if entry["row"] else f"contact {entry['contact_id']}"
        why = f": {entry['reason']}" if entry["reason"] else ""
        click.echo(f"{_SIGILS.get(action, '=')} {action} {entry['user_data']} ({row}){why}")
        for name, (before, after) in entry["changes"].items():
            click.echo(f"      {name}: {_shown(before)} -> {_shown(after)}")
    for action, number in shown.items():
        if number > _EXAMPLES:
            click.echo(f"… and {number - _EXAMPLES:,} more to {action} (-o PLAN or --json lists all)")
    if not plan.differs:
        click.echo("Nothing would change.")


def _shown(value: object) -> str:
    return "(empty)" if value is None or value == "" else repr(value) if isinstance(value, str) else str(value)


@contextmanager
def progress(app: App) -> Iterator[Observer]:
    """Show how a run goes on: a bar on a terminal, a line now and then elsewhere, nothing when quiet."""
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
        self._failed += rows * (status not in (None, Status.SUCCEEDED, Status.SKIPPED))
        now = time.monotonic()
        if now - self._said >= _LINE_EVERY:
            self._said = now
            of = f" of {self._total}" if self._total is not None else ""
            speed = self._rows / (now - self._started)
            facts = {"stage": self._stage, "rows": self._rows, "total": self._total, "failed": self._failed}
            _log.info(
                "%s: %d%s rows, %d failed, %.0f rows/s",
                self._stage,
                self._rows,
                of,
                self._failed,
                speed,
                extra={"facts": {**facts, "rows_per_s": round(speed, 1)}},
            )


@contextmanager
def _bar() -> Iterator[Observer]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("[green]{task.fields[ok]} ok[/] [red]{task.fields[failed]} failed[/]"),
        TextColumn("{task.fields[speed]:.0f} rows/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True, refresh_per_second=8) as shown:
        yield _Bar(shown)


class _Bar:
    """Progress for eyes. Rows are added up and shown a few times a second: drawing costs more than sending."""

    def __init__(self, shown: Any) -> None:
        self._shown = shown
        self._task: Any = None
        self._rows = self._ok = self._failed = 0
        self._started = self._drawn = time.monotonic()

    def stage(self, name: str, total: int | None) -> None:
        if self._task is not None:
            self._shown.remove_task(self._task)
        self._rows = self._ok = self._failed = 0
        self._started = time.monotonic()
        self._task = self._shown.add_task(name, total=total, ok=0, failed=0, speed=0.0)

    def advance(self, rows: int, status: Status | None = None) -> None:
        self._rows += rows
        fine = status in (Status.SUCCEEDED, Status.SKIPPED)
        self._ok += rows * fine
        self._failed += rows * (status is not None and not fine)
        now = time.monotonic()
        if now - self._drawn >= 0.1:
            self._drawn = now
            speed = self._rows / max(now - self._started, 0.001)
            self._shown.update(self._task, completed=self._rows, ok=self._ok, failed=self._failed, speed=speed)
