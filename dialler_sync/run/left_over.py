"""What an earlier run has left, and what of it is noted in the run that takes it up."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..api.client import DiallerClient
from ..journal import Journal, Outcome, RowState, RunRecord
from ..model import Reason, SpooledRow, Status
from ..pages import ROWS, batched
from ..prepare.prepared import Prepared
from ..text.phrase import phrase

_log = logging.getLogger(__name__)

DOUBTFUL = frozenset({str(RowState.SENDING), str(Status.UNKNOWN)})


@dataclass(frozen=True, slots=True)
class LeftOver:
    """The rest of a run beside rows that were never sent.

    ``doubtful``: rows that may have been sent, each with its watermark (or ``PERHAPS_SENT``). ``extra``: contacts that
    are still to be locked or deleted. ``begun``: those of them that may be locked or gone by now. ``mirrored``: those
    that the mirror takes away. ``named``: the latest contacts of settled rows, as :func:`.named.note_named` has them.
    ``killed``: its requests may still be running.
    """

    doubtful: dict[int, int | None] = field(default_factory=dict)
    extra: list[SpooledRow] = field(default_factory=list)
    begun: set[int] = field(default_factory=set)
    mirrored: set[int] = field(default_factory=set)
    named: dict[str, str] = field(default_factory=dict)
    killed: bool = False


async def rest_after_kill(client: DiallerClient, wait: float) -> None:
    """Wait until no request of the process that was killed can be running any more."""
    _log.info(phrase("waiting {wait} s: the dialler may still be processing rows of the killed run", wait=wait))
    await client.gate.rest(wait)


def may_have_sent(run: RunRecord) -> bool:
    """Whether a run may have sent rows: dry runs and validations settle none."""
    return run.command == "import" and not run.options.get("dry_run")


def settle(journal: Journal, run: RunRecord, settled: Mapping[int, str], prepared: Prepared, left: LeftOver) -> None:
    """Settle rows (place → run that has settled them before)."""
    for seq in settled:
        prepared.todo[seq] = 0
        left.doubtful.pop(seq, None)
    for batch in batched(settled.items(), ROWS):
        whys = ((seq, phrase("settled by run {run}", run=by)) for seq, by in batch)
        journal.record(run.id, [Outcome(seq, Status.SKIPPED, Reason.UNCHANGED, error=why) for seq, why in whys])


def doubt(journal: Journal, run: RunRecord, doubtful: Mapping[int, int | None], left: LeftOver) -> None:
    """Note that rows (place → watermark) may have been sent before."""
    left.doubtful.update(doubtful)
    journal.record(run.id, (), [(seq, RowState.SENDING, watermark) for seq, watermark in doubtful.items()])


def doubt_killed(journal: Journal, run: RunRecord) -> None:
    """Note what a run that was killed may have done last: a later stop or refusal says nothing of it. What must not be
    done twice, and what changes contacts by their ID, was noted before it was sent."""
    if run.state != "running" or run.options.get("dry_run"):
        return
    once = run.config.get("rows.overwrite_duplicates") == "false" or run.config.get("rows.mode") == '"create"'
    if (run.command == "import" and run.planned and not once) or (run.command == "undo" and run.rows is not None):
        journal.doubt_waiting(run.id)
