"""How one simulated dialler behaves."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import UsageError
from .faults import NO_FAULTS, FaultPlan
from .release import Release
from .span import NO_TIME, Span


@dataclass(frozen=True, slots=True)
class Settings:
    """Options of one simulated dialler. Raises UsageError for a release that there is not, or no token.

    ``latency`` passes before each request is worked on; ``processing`` passes between an import's look for a match and
    its change, which is the window in which two requests with one UserData both create. ``release`` decides what the
    dialler can do (see Release); without ``batch``, function 14 does not exist in any release; ``lock_method`` locks
    and unlocks, as the vendor's page with the true one is lost; ``seed`` repeats the draws of times that are ranges.
    """

    token: str = "simulator"  # noqa: S105 - a rehearsal server's own token protects nothing
    release: str = "3.19"
    batch: bool = True
    lock_method: str = "PUT"
    latency: Span = NO_TIME
    processing: Span = NO_TIME
    faults: FaultPlan = NO_FAULTS
    seed: int = 0
    log_requests: bool = True

    def __post_init__(self) -> None:
        Release.parse(self.release)
        if not (self.token.isascii() and self.token.isprintable() and self.token and " " not in self.token):
            raise UsageError("The simulator's token must be ASCII characters without spaces, and at least one.")

    @property
    def abilities(self) -> Release:
        """What the release can do."""
        return Release.parse(self.release)
