"""Print the result of a run, on a terminal and in a pipe."""

from __future__ import annotations

import logging
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ..error_codes import LOOKUP_FAILED, meaning
from ..exit_codes import ExitCode, meaning_of
from ..text.outward import line
from ..text.phrase import counted, figure, phrase
from .app import is_quiet, settled
from .echo import COLOURS, echo, echo_json, say
from .options import wants_json
from .streams import styled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from ..jobs.imports import PlanFile
    from ..jobs.results import Summary

_log = logging.getLogger(__name__)

_STYLES = {
    "succeeded": f"color({COLOURS['good']})",
    "skipped": f"color({COLOURS['quiet']})",
    "rejected": f"color({COLOURS['warning']})",
    "failed": f"color({COLOURS['bad']})",
    "unknown": f"color({COLOURS['unsure']})",
    "unprocessed": "bold",
}
"""Status → style of rich."""

_NO_TABLE = frozenset({"import", "undo", "validate", "lock", "unlock", "delete"})
"""Commands whose figures -q leaves out; ``retry`` and ``resume`` are imports."""

_REASONS = 5
"""Most error codes shown."""


def print_summary(summary: Summary) -> None:
    """Print the outcome of a run, its reasons, and the paths of its reports to stdout. With ``-q`` only report, on
    stderr, that an import, undo or validation did not do its work."""
    from ..jobs.results import forecast, knowledge, mirror_not_done, next_step, warned

    settled()
    facts = asdict(summary)
    if wants_json():
        echo_json(facts, indent=None)
        return
    if is_quiet() and summary.command in _NO_TABLE:
        if summary.exit_code not in {ExitCode.OK, ExitCode.ROWS_FAILED}:
            why = summary.stopped_because or meaning_of(summary.exit_code)
            said = why.removesuffix(".")
            _log.error(
                phrase(
                    "run {run}: exit {code}: {why}. Reports: {folder}",
                    run=summary.run_id,
                    code=summary.exit_code,
                    why=said,
                    folder=summary.out,
                )
            )
        return
    if sys.stdout.isatty():
        _print_table(summary, facts)
    else:
        parts = {f"  {name}": number for name, number in (*summary.actions.items(), *summary.errors.items()) if number}
        width = max(map(len, (*summary.counts, *parts)))
        echo(f"{'run':<{width}} {summary.run_id}")
        for name, number in (*summary.counts.items(), *parts.items()):
            echo(f"{name:<{width}} {number}")
        if said := warned(facts):
            echo(f"{'warnings':<{width}} {said}")
        if not_done := mirror_not_done(facts):
            echo(f"{not_done}.")
        if compared := knowledge(facts):
            echo(compared)
        if summary.dry_run:
            echo(" ".join((phrase("Nothing was sent."), forecast(facts))))
        echo(f"{'reports':<{width}} {summary.out}")
    if summary.stopped_because:
        _log.error("Stopped: %s", summary.stopped_because)
        _, command = next_step(facts)
        if command and command not in summary.stopped_because:
            _log.info(phrase("Then continue with: {command}", command=command))


def _print_table(summary: Summary, facts: Mapping[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from ..jobs.results import forecast, knowledge, title, verdict, warned
    from ..text.forms import percent

    console = Console(file=styled(sys.stdout), highlight=False, markup=False)
    heading = Text(line(title(facts)), "bold").append(f" (run {summary.run_id})", phrase("not bold"))
    console.print(heading, line(f"{verdict(facts)}."), sep="\n")
    table = Table(show_header=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_column(justify="right")
    for name, number in summary.counts.items():
        share = percent(number, summary.counts["read"]) if number and name != "read" else ""
        shown = phrase("valid") if name == "succeeded" and summary.command == "validate" else name
        table.add_row(shown, f"{figure(number)}", share, style=_STYLES.get(name, "") if number else "dim")
        if name == "read":
            table.add_section()
    console.print(table)
    _print_reasons(console, summary)
    if said := warned(facts):
        console.print(line(phrase("Warnings: {warnings} (_warnings in results.csv)", warnings=said)))
    if summary.dry_run:
        console.print(line(" ".join((phrase("Nothing was sent."), forecast(facts)))))
    else:
        done = ", ".join(f"{figure(number)} {name}" for name, number in summary.actions.items() if number)
        sent = counted(summary.requests, "{count} request", "{count} requests") if summary.requests else ""
        if summary.retries:
            sent = phrase("{requests}, {number} of them repeats", requests=sent, number=figure(summary.retries))
        speed = f" (sending: {figure(summary.rows_per_s)} rows/s)" if summary.rows_sent else ""
        took = f"{summary.duration_s:.1f} s{speed}"
        console.print("; ".join(filter(None, (done, sent, took))))
    if compared := knowledge(facts):
        console.print(compared)
    console.print(line(f"Reports: {summary.out}"), soft_wrap=True)


def _print_reasons(console: Console, summary: Summary) -> None:
    """Print the commonest error codes, with their meaning."""
    from rich.table import Table

    if not summary.errors:
        return
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right")
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for code, number in list(summary.errors.items())[:_REASONS]:
        table.add_row(f"  {figure(number)}", line(code), meaning(code))
    console.print(table)
    more = len(summary.errors) - _REASONS
    if more > 0:
        console.print(counted(more, "  and {count} more reason", "  and {count} more reasons"))
    console.print(phrase("failed.xlsx lists these rows and how to fix each: fix them there, then import it."))


_SIGILS = {
    "create": "+",
    "overwrite": "~",
    "import": ">",
    "lock": "!",
    "unlock": "!",
    "delete": "-",
    "ambiguous": "?",
    LOOKUP_FAILED: "?",
    "rejected": "x",
}
"""Action → sign, in the order shown; rows left out have ``=``."""
_EXAMPLES = {"create": 3}
"""Action → lines shown, if not ``_LINES``."""
_LINES = 5


def print_plan(plan: PlanFile, *, as_json: bool) -> None:
    """Print a plan: counts, and a few examples of each action; or all of it as JSON."""
    if as_json:
        from dataclasses import asdict

        echo_json(asdict(plan))
        return
    from ..jobs.plans import what_rules_did
    from ..jobs.results import knowledge, warned

    counts = {**{name: plan.counts[name] for name in _SIGILS if name in plan.counts}, **plan.counts}
    if plan.rejected:
        counts["rejected"] = plan.rejected
    for name, number in counts.items():
        echo(f"{_SIGILS.get(name, '=')} {name:<11} {figure(number):>9}")
    for name, number in sorted(plan.changed_fields.items(), key=lambda item: -item[1]):
        echo(f"    {name}: {figure(number)} changed")
    if done := what_rules_did(plan.entries):
        echo(phrase("What the rules do:"))
    for rule, number in done:
        say(f"    {figure(number)} {rule}", indent=8)
    _print_examples(plan.entries)
    if said := warned({"warnings": plan.warnings}):
        say(f"Warnings: {said}")
    if compared := knowledge({"compared": plan.compared}):
        say(compared)
    if not plan.differs:
        echo(phrase("Nothing would change."))


def _print_examples(entries: Sequence[Mapping[str, Any]]) -> None:
    """Print a few entries of each action, with each field that they change or set."""
    shown: dict[str, int] = {}
    for entry in entries:
        action = entry["action"]
        shown[action] = shown.get(action, 0) + 1
        if shown[action] > _EXAMPLES.get(action, _LINES):
            continue
        row = f"row {entry['row']}" if entry["row"] else f"contact {entry['contact_id']}"
        why = f": {entry['reason']}" if entry["reason"] else ""
        say(f"{_SIGILS.get(action, '=')} {action} {entry['user_data']} ({row}){why}", indent=4)
        for name, (before, after) in entry["changes"].items():
            say(f"      {name}: {_shown(before)} -> {_shown(after)}", indent=8)
        for name, value in entry["fields"].items():
            say(f"      {name}: {_shown(value)}", indent=8)
    left = {action: number - _EXAMPLES.get(action, _LINES) for action, number in shown.items()}
    if more := [f"{figure(number)} {action}" for action, number in left.items() if number > 0]:
        say(phrase("… and more: {more} (-o PLAN or --json lists all)", more=", ".join(more)))


def _shown(value: object) -> str:
    return "(empty)" if value is None or value == "" else repr(value) if isinstance(value, str) else str(value)
