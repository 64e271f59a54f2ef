"""Messages between coordinator and senders. All of them can be pickled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import SecretStr

from ..config.dialler import DiallerSettings
from ..errors import DiallerSyncError
from ..journal import Outcome, RowState
from ..load.rules import Rules
from ..model import SpooledRow

LOT = 500
"""Rows given to a sender at once; it gets more when fewer are left."""


SHORTEST_LEASE = 2.0
"""Seconds; a shorter lease would take a busy worker for lost."""


def lease(rules: Rules) -> float:
    """Return the seconds that a sender goes on without hearing from the coordinator."""
    return max(rules.quiet / 2, SHORTEST_LEASE)


@dataclass(frozen=True, slots=True)
class Share:
    """Everything a sender needs to know beside its rows. Holds no secret.

    ``dialler`` has no token, and its ``concurrency`` and ``rate`` are one partition's share. ``lease`` is the number of
    seconds that a sender goes on without hearing from the coordinator.
    """

    name: str
    version: str
    dialler: DiallerSettings
    patience_at_start: float
    rules: Rules
    lease: float


@dataclass(frozen=True, slots=True)
class Batch:
    """Outcomes and states to write to the journal in one commit."""

    number: int
    outcomes: Sequence[Outcome]
    states: Sequence[tuple[int, RowState, int | None]]


@dataclass(frozen=True, slots=True)
class Order:
    """Coordinator → sender.

    The first order, number 0, brings no rows, but the ``token`` if it may travel. ``rows`` are to be sent, ``doubtful``
    are to be looked up first, each with its watermark. Batches up to ``written`` are in the journal; ``unwritable`` is
    the reason why no more can be written. ``last``: no more rows will come. ``stop``: start no more rows.
    """

    number: int
    rows: Sequence[SpooledRow] = field(default=(), repr=False)
    doubtful: Sequence[tuple[SpooledRow, int | None]] = field(default=(), repr=False)
    written: int = 0
    unwritable: str | None = None
    last: bool = False
    stop: bool = False
    token: SecretStr | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Sender → coordinator.

    ``waiting`` is the number of rows not started yet. ``said`` holds messages for the user. ``ended``: nothing is in
    flight, and nothing more will be sent or written; ``error`` is what stopped it. ``unwritten``: outcomes that could
    no longer be put into a batch. ``campaign_names``: those that the dialler has told, by ID.
    """

    batches: Sequence[Batch] = field(repr=False)
    waiting: int
    requests: int
    retries: int
    said: Sequence[str]
    ended: bool
    error: DiallerSyncError | None
    unwritten: Sequence[Outcome] = field(default=(), repr=False)
    campaign_names: Mapping[str, str] = field(default_factory=dict)
