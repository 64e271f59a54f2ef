"""How one simulated dialler behaves."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import UsageError
from .faults import NO_FAULTS, FaultPlan
from .span import NO_TIME, Span


@dataclass(frozen=True, slots=True)
class Settings:
    """Options of one simulated dialler.

    ``latency`` passes before each request is worked on; ``processing`` passes between an import's look for a match and
    its change, which is the window in which two requests with one UserData both create. ``release`` decides field
    lengths; ``batch`` says whether function 14 exists; ``seed`` repeats the draws of times that are ranges.
    """

    token: str = "simulator"  # noqa: S105 - a rehearsal server's own token protects nothing
    release: str = "3.19"
    batch: bool = True
    latency: Span = NO_TIME
    processing: Span = NO_TIME
    faults: FaultPlan = NO_FAULTS
    seed: int = 0
    log_requests: bool = True

    @property
    def release_numbers(self) -> tuple[int, ...]:
        """``(3, 19)`` for ``"3.19"``. Raises UsageError."""
        try:
            return tuple(int(part) for part in self.release.split("."))
        except ValueError:
            raise UsageError(f"'{self.release}' is not a release of the dialler; write 3.18 or 3.19.") from None
