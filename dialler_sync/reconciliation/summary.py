"""Count the results of a reconciliation line by line, for ``summary.json``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ..errors import StopRun
from ..exit_codes import exit_code
from ..journal import RunRecord
from ..model import ACTIONS, ContactClass, Reason, Status
from ..prepare.prepared import Prepared
from ..report.reconciliation import Move, ReportLine
from ..run.reports import Summary
from ..text.stamp import stamp
from ..version import __version__
from .calls import CallTally
from .compare import Line
from .source_of_truth import SourceOfTruth

FEW = 1_000
"""Lines that do not match which are held in memory; the reports have all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationSummary(Summary):
    """``summary.json`` of a reconciliation: the fields of every run, and the findings.

    ``classes`` counts lines by class, ``contacts`` and ``rows`` the contacts and valid rows behind them, each once; all
    three are None if nothing was compared. The value of a class that was not looked for is None. ``counts``: compared
    rows count as succeeded.
    """

    source_of_truth: Mapping[str, Any] | None
    classes: Mapping[str, int | None] | None
    contacts: Mapping[str, int] | None
    rows: Mapping[str, int] | None
    expected_missing: int
    history: Mapping[str, Any] | None
    moved: Mapping[str, Any] | None

    @property
    def unlike(self) -> int:
        """The number of lines that do not match."""
        return sum(count or 0 for kind, count in (self.classes or {}).items() if kind != ContactClass.MATCHING)

    @property
    def differs(self) -> bool:
        """Whether anything does not match, except for rows missing on purpose."""
        return self.unlike > self.expected_missing


@dataclass(slots=True)
class Found:
    """Counts: lines, contacts and rows by class; contacts by field that differs."""

    classes: Counter[ContactClass] = field(default_factory=Counter)
    contacts: Counter[ContactClass] = field(default_factory=Counter)
    rows: Counter[ContactClass] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    moves: Counter[str] = field(default_factory=Counter)
    expected: int = 0
    first: list[ReportLine] = field(default_factory=list)

    def add(self, line: Line, shown: ReportLine) -> None:
        """Count a line."""
        self.classes[line.kind] += 1
        self.contacts[line.kind] += line.contact is not None
        self.rows[line.kind] += line.rows
        self.fields.update(line.differences.keys())
        self.expected += line.expected
        if line.kind is not ContactClass.MATCHING and len(self.first) < FEW:
            self.first.append(shown)

    def add_move(self, move: Move) -> None:
        """Count a line that moved."""
        change = f"{move.was or 'new'} → {move.now or 'gone'}"
        self.moves[change if move.was != move.now else f"{move.now}, other differences"] += 1


def summarise(
    run: RunRecord,
    prepared: Prepared,
    found: Found | None,
    stopped: StopRun | None,
    *,
    asked: SourceOfTruth | None,
    tally: CallTally | None,
    requests: int,
    duration: float,
    campaign_name: str,
) -> ReconciliationSummary:
    """Return the summary of a run; ``found`` is None if nothing was compared."""
    todo = sum(prepared.todo)
    skipped = prepared.total - prepared.rejected - todo
    by_reason = {str(Reason.SUPERSEDED): skipped - prepared.filtered, str(Reason.FILTERED): prepared.filtered}
    counts = dict.fromkeys(map(str, Status), 0) | {
        str(Status.REJECTED): prepared.rejected,
        str(Status.SKIPPED): skipped,
        str(Status.SUCCEEDED if found else Status.UNPROCESSED): todo,
    }
    classes: dict[str, int | None] | None = {**_by_class(found.classes)} if found else None
    if classes and not run.options["extras"]:
        classes[ContactClass.EXTRA] = None
    since = run.options["since"]
    return ReconciliationSummary(
        run_id=run.id,
        command=run.command,
        started_at=run.started_at,
        finished_at=run.finished_at or stamp(),
        duration_s=round(duration, 3),
        files=tuple(run.files),
        campaign=int(run.campaign) if run.campaign.isdecimal() else run.campaign,
        counts={"read": prepared.total, **counts},
        actions=dict.fromkeys(map(str, ACTIONS), 0) | by_reason,
        requests=requests,
        retries=0,
        rows_per_s=0.0,  # nothing is sent
        rows_per_s_overall=round(prepared.total / max(duration, 0.001), 1),
        exit_code=int(exit_code(stopped, {})),
        stopped_because=" ".join(stopped.args) if stopped else None,
        dry_run=False,
        parent=None,
        version=__version__,
        out=run.out,
        campaign_name=campaign_name,
        source_of_truth=asdict(asked) if asked else None,
        classes=classes,
        contacts=_by_class(found.contacts) if found else None,
        rows=_by_class(found.rows) if found else None,
        changed_fields=dict(found.fields.most_common()) if found else {},
        expected_missing=found.expected if found else 0,
        history=tally.summary() if tally else None,
        moved={"since": since, "changes": dict(found.moves.most_common())} if found and since else None,
    )


def _by_class(counted: Mapping[ContactClass, int]) -> dict[str, int]:
    return {str(kind): counted.get(kind, 0) for kind in ContactClass}
