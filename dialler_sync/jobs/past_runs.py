"""Finds past runs, with their files, who started them, and their results."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from ..exit_codes import ExitCode
from ..journal import Journal, RunRecord
from ..model import any_left
from ..target import split
from .unfinished import RUNNING, counts_so_far, state_of


@dataclass(frozen=True, slots=True)
class Wanted:
    """A search for runs. ``campaign`` is a name or an ID; ``failed``: rows did not succeed, or it stopped."""

    campaign: str | None = None
    since: datetime | None = None
    failed: bool = False

    def fits(self, run: RunRecord, state: str) -> bool:
        """Whether a run in this state is looked for."""
        if self.campaign is not None:
            names = {run.campaign.casefold(), split(run.target)[1].removeprefix("=").casefold()}
            if self.campaign.casefold() not in names:
                return False
        if self.since and datetime.fromisoformat(run.started_at) < self.since:
            return False
        summary = run.summary or {}
        code = summary.get("exit_code", 0)
        went_wrong = any_left(summary.get("counts", {})) or code not in {ExitCode.OK, ExitCode.DIFFERENCES}
        return not self.failed or (state != RUNNING and (went_wrong or state != "finished"))


def find_runs(journal: Journal, wanted: Wanted, number: int) -> list[dict[str, Any]]:
    """Return the facts of the newest runs that are looked for, the newest first."""
    undos = undone_by(journal)
    states = ((run, state_of(journal, run)) for run in journal.runs())
    found = islice((pair for pair in states if wanted.fits(*pair)), min(number, sys.maxsize))
    return [facts_of(journal, *pair, undos) for pair in found]


def undone_by(journal: Journal) -> dict[str, str]:
    """Return the runs that were put back whole, each with the newest undo that did it."""
    undone = journal.undone()
    undos = [run for run in journal.runs() if run.command == "undo" and run.parent in undone]
    whole = (run for run in reversed(undos) if (run.summary or {}).get("exit_code") == ExitCode.OK)
    return {run.parent or "": run.id for run in whole}


def facts_of(journal: Journal, run: RunRecord, state: str, undos: Mapping[str, str]) -> dict[str, Any]:
    """Return all that is known of a run: its summary, and what else the journal has. The summary of a run that has not
    ended tells how it was stopped before."""
    summary = dict(run.summary or {})
    if run.state == "running" or not summary:
        summary = {"counts": counts_so_far(journal, run), "dry_run": bool(run.options.get("dry_run"))}
    summary.pop("unreported", None)
    return {
        **summary,
        "run_id": run.id,
        "command": run.command,
        "state": state,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "dialler": split(run.target)[0],
        "campaign": summary.get("campaign", run.campaign),
        "files": summary.get("files", list(run.files)),
        "counts": summary.get("counts", {}),
        "exit_code": summary.get("exit_code"),
        "stopped_because": summary.get("stopped_because"),
        "undone_by": undos.get(run.id),
        "user": run.options.get("user"),
    }
