"""What coordinator and senders tell each other. All of it can be pickled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import SecretStr

from ..config.settings import DiallerSettings
from ..errors import DiallerSyncError
from ..journal import Outcome, RowState
from ..load.insist import Rules
from ..model import SpooledRow

LOT = 500
"""Rows that are given to a sender at once; it is given more when it has fewer left."""


SHORTEST_LEASE = 2.0
"""Seconds: a worker that is busy with something else for a moment should not be taken for lost."""


def lease(rules: Rules) -> float:
    """Seconds that a sender works on without hearing from the coordinator."""
    return max(rules.quiet / 2, SHORTEST_LEASE)


@dataclass(frozen=True, slots=True)
class Share:
    """What a sender needs to know beside its rows. Holds no secret.

    ``dialler`` is without a token, and its ``concurrency`` and ``rate`` are one partition's share. ``lease`` is how
    many seconds a sender works on without hearing from the coordinator.
    """

    name: str
    version: str
    dialler: DiallerSettings
    patience_at_start: float
    rules: Rules
    lease: float


@dataclass(frozen=True, slots=True)
class Batch:
    """What is to be written to the journal in one commit."""

    number: int
    outcomes: Sequence[Outcome]
    states: Sequence[tuple[int, RowState, int]]


@dataclass(frozen=True, slots=True)
class Order:
    """Coordinator → sender.

    The first one, number 0, brings no rows, but the ``token`` where that may travel. ``rows`` are to be sent,
    ``doubtful`` are to be looked for first, each with the newest contact ID that was known when it was sent. Batches
    up to ``written`` are in the journal; ``unwritable``: why it can no longer be written. ``last``: no more rows will
    come. ``stop``: take no more rows.
    """

    number: int
    rows: Sequence[SpooledRow] = field(default=(), repr=False)
    doubtful: Sequence[tuple[SpooledRow, int]] = field(default=(), repr=False)
    written: int = 0
    unwritable: str | None = None
    last: bool = False
    stop: bool = False
    token: SecretStr | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Sender → coordinator.

    ``waiting`` rows have not been taken yet. ``said`` is what the user should know. ``ended``: nothing is in flight
    and nothing more will be sent or written; ``error``: what stopped it. ``unwritten``: what it could not put into a
    batch any more.
    """

    batches: Sequence[Batch] = field(repr=False)
    waiting: int
    requests: int
    retries: int
    said: Sequence[str]
    ended: bool
    error: DiallerSyncError | None
    unwritten: Sequence[Outcome] = field(default=(), repr=False)
