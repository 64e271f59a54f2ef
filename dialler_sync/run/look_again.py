"""Rows that an interrupted run has left, and whose outcome depends on what the dialler has: it may have changed."""

from __future__ import annotations

from ..api.client import DiallerClient
from ..config import Settings
from ..config.rows import Mode
from ..journal import Journal, RunRecord
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
