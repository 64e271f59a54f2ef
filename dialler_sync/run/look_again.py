"""Rows that an interrupted run has left, and whose outcome depends on what the dialler has: it may have changed."""

from __future__ import annotations

import orjson

from ..api.client import DiallerClient
from ..config import Settings
from ..config.rows import Mode
from ..journal import Journal, Outcome, RunRecord
from ..model import Reason, Status
from ..pages import ROWS, batched
from ..plan.planner import PlanInputs, Planner
from ..plan.suppress import SuppressionLists
from ..plan.survey import survey
from ..prepare.prepared import Prepared
from .left_over import LeftOver


async def look_again(
    client: DiallerClient,
    settings: Settings,
    journal: Journal,
    run: RunRecord,
    prepared: Prepared,
    suppressed: SuppressionLists,
    left: LeftOver,
) -> None:
    """Decide the rows left of a run anew. Contacts that ``mode: create`` may have made are looked up otherwise.

    Raises:
        StopRun: the dialler's contacts cannot be read.
    """
    doubtful = list(left.doubtful) if settings.rows.mode is Mode.CREATE else []
    for seq in doubtful:
        prepared.todo[seq] = 0
    snapshot = await survey(client, settings, prepared, "none", dry_run=False, mirrors=False)
    try:
        inputs = PlanInputs(snapshot, suppressed, compare=False, again=True)
        planner = Planner(settings, journal, run, prepared, inputs)
        await planner.plan(keep_entries=False, pause=lambda: client.gate.rest(0.0))
    finally:
        if snapshot is not None:
            snapshot.close()
    for seq in doubtful:
        prepared.todo[seq] = 1
    for seq in [seq for seq in left.doubtful if not prepared.todo[seq]]:
        del left.doubtful[seq]


def skip_listed(
    journal: Journal, run: RunRecord, prepared: Prepared, suppressed: SuppressionLists, left: LeftOver
) -> None:
    """Skip the rows left of a run that a do-not-call list has. The run has skipped them before, if nobody has edited
    the journal meanwhile."""
    reasons = ((row.seq, suppressed.reason(orjson.loads(row.body))) for row in prepared.to_send())
    listed = (Outcome(seq, Status.SKIPPED, Reason.SUPPRESSED, error=why) for seq, why in reasons if why)
    for batch in batched(listed, ROWS):
        journal.record(run.id, batch)
        for outcome in batch:
            prepared.todo[outcome.seq] = 0
            left.doubtful.pop(outcome.seq, None)
