"""The summary of a run, whose counts must add up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Protocol, Self

from ..api.latency import Latencies
from ..error_codes import INTERRUPTED
from ..errors import JournalDamaged, JournalLost, StopRun
from ..exit_codes import exit_code
from ..files.whole import new_file
from ..journal import Journal, RunRecord
from ..model import Status
from ..text.outward import json_text
from ..version import __version__
from .counts import Counts, most_first

_RECENT = 50
"""Earlier runs that are asked for the name of the campaign."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The summary of a run: ``summary.json``.

    ``rows_sent`` are the rows (and contacts of the mirror) that were settled while sending, which took ``sending_s``
    seconds; ``rows_per_s`` is that speed. ``rows_per_s_overall`` is all rows read, by ``duration_s``.

    ``counts`` are rows by status, ``mirror`` the contacts of ``mirror.csv``; ``actions`` are both by what was done,
    ``errors`` rows by error code, ``warnings`` rows by the code of a warning; ``latency`` as
    :meth:`~dialler_sync.api.latency.Latencies.facts` has it. With ``compare: journal``, ``compared`` says when the rows
    that have not changed were sent: ``from``, ``to``. ``resumable`` is false where ``resume`` cannot go on with a run
    that stopped. ``campaign_name``: of a campaign that is named by its ID, as far as the dialler has told it.
    """

    run_id: str
    command: str
    started_at: str
    finished_at: str
    duration_s: float
    files: tuple[Mapping[str, Any], ...]
    campaign: str | int
    counts: Mapping[str, int]
    actions: Mapping[str, int]
    requests: int
    retries: int
    rows_per_s: float
    exit_code: int
    stopped_because: str | None
    dry_run: bool
    parent: str | None
    version: str
    out: str
    changed_fields: Mapping[str, int] = field(default_factory=dict)
    errors: Mapping[str, int] = field(default_factory=dict)
    warnings: Mapping[str, int] = field(default_factory=dict)
    mirror: Mapping[str, int] = field(default_factory=dict)
    compared: Mapping[str, str] = field(default_factory=dict)
    latency: Mapping[str, Any] = field(default_factory=dict)
    rows_sent: int = 0
    sending_s: float = 0.0
    rows_per_s_overall: float = 0.0
    resumable: bool = True
    campaign_name: str = ""

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Self:
        """That of a run as the journal keeps it, which may hold more, and lacks what an older version did not count."""
        return cls(**{each.name: kept[each.name] for each in fields(cls) if each.name in kept})

    def write(self, path: Path) -> None:
        """Write ``summary.json``."""
        with new_file(path) as file:
            file.write(json_text(asdict(self), indent=2) + "\n")


class SourceCells(Protocol):
    """The original cells of a run's rows."""

    @property
    def extra_cells(self) -> int:
        """Return the number of cells that the longest row has beyond its header."""

    def source_cells(self) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        """Yield (place in the run, source, original cells) of every row, in order."""


@dataclass(slots=True)
class Effort:
    """The effort of a part of a run: seconds, requests, repeated imports, and the durations of requests.

    ``changed_fields``: field → rows in which it changed. ``sent``: rows settled while sending, in ``sending`` seconds.
    ``campaign_name``: of a campaign that is named by its ID.
    """

    duration: float = 0.0
    requests: int = 0
    retries: int = 0
    latencies: Latencies = field(default_factory=Latencies)
    changed_fields: Mapping[str, int] = field(default_factory=dict)
    sent: int = 0
    sending: float = 0.0
    campaign_name: str = ""


def summarise(journal: Journal, run: RunRecord, stopped: StopRun | None, effort: Effort) -> Summary:
    """Return the summary of a run that has ended, counted in its journal.

    The effort of earlier, interrupted parts is added to ``effort``.

    Raises:
        AssertionError: the counts do not add up to the rows read, which is a bug.
    """
    counts, before = Counts.of(journal, run), run.summary or {}
    read = counts.rows.total()
    all_failed: Mapping[str, int] | None = counts.sent_and_failed
    if run.command != "import" or counts.rows[Status.SUCCEEDED]:
        all_failed = None
    elif run.parent:  # a retry sends none of the rows that its parent has left in doubt
        all_failed = {code: number for code, number in counts.sent_and_failed.items() if code != INTERRUPTED}
    duration = round(effort.duration + before.get("duration_s", 0.0), 3)  # so that reports written again say the same
    sending = round(effort.sending + before.get("sending_s", 0.0), 3)
    sent = effort.sent + before.get("rows_sent", 0)
    return Summary(
        run_id=run.id,
        command=run.command,
        started_at=run.started_at,
        finished_at=run.finished_at or "",
        duration_s=duration,
        files=tuple(run.files),
        campaign=int(run.campaign) if run.campaign.isdecimal() else run.campaign,
        counts={"read": read, **counts.rows},
        actions=dict(counts.actions),
        requests=effort.requests + before.get("requests", 0),
        retries=effort.retries + before.get("retries", 0),
        rows_per_s=round(sent / sending, 1) if sending else 0.0,
        rows_per_s_overall=round(read / duration, 1) if duration else 0.0,
        rows_sent=sent,
        sending_s=sending,
        exit_code=int(exit_code(stopped, counts.rows + counts.mirror, all_failed)),
        stopped_because=" ".join(stopped.args) if stopped else None,
        dry_run=bool(run.options.get("dry_run")),
        parent=run.parent,
        version=__version__,
        out=run.out,
        changed_fields=dict(effort.changed_fields or before.get("changed_fields") or {}),
        errors=most_first(counts.errors),
        warnings=most_first(counts.warnings),
        mirror=dict(counts.mirror),
        compared=run.options.get("compared") or {},
        latency=effort.latencies.facts(before.get("latency")),
        resumable=not isinstance(stopped, JournalLost | JournalDamaged),
        campaign_name=effort.campaign_name or before.get("campaign_name") or known_name(journal, run),
    )


def known_name(journal: Journal, run: RunRecord) -> str:
    """Return the name that an earlier run got to know of a campaign that is named by its ID; ``""`` if none did."""
    if not run.campaign.isdecimal():
        return ""
    earlier = (other.summary for other in journal.runs(limit=_RECENT) if other.target == run.target)
    return next(filter(None, ((summary or {}).get("campaign_name", "") for summary in earlier)), "")
