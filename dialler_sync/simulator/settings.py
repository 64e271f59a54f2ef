"""Settings of one simulated dialler."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import UsageError
from .faults import NO_FAULTS, FaultPlan
from .release import Release
from .span import NO_TIME, Span


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one simulated dialler.

    ``latency`` passes before each request is processed; ``processing`` passes between an import's lookup and its
    change, the window in which two requests with one UserData both create. ``release`` decides the abilities (see
    Release); ``batch=False`` removes function 14 from any release; ``lock_method`` locks and unlocks, because the
    vendor's page with the true method is lost; ``dial`` is the number of calls that the dialler makes each second (0:
    it does not dial), ``dial_hours`` the hours in which it does; ``seed`` repeats the calls, and the draws of
    times that are ranges.

    Raises:
        UsageError: the release does not exist, or the token is empty or not plain ASCII.
    """

    token: str = "simulator"  # noqa: S105 - a rehearsal server's own token protects nothing
    release: str = "3.19"
    batch: bool = True
    lock_method: str = "PUT"
    latency: Span = NO_TIME
    processing: Span = NO_TIME
    faults: FaultPlan = NO_FAULTS
    dial: float = 0.0
    dial_hours: tuple[int, int] = (0, 24)
    seed: int = 0
    log_requests: bool = True

    def __post_init__(self) -> None:
        Release.parse(self.release)
        if not (self.token.isascii() and self.token.isprintable() and self.token and " " not in self.token):
            raise UsageError("The simulator's token must be ASCII characters without spaces, and at least one.")

    @property
    def abilities(self) -> Release:
        """The abilities of the release."""
        return Release.parse(self.release)
