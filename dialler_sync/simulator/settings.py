"""Settings of one simulated dialler."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import UsageError
from .faults import NO_FAULTS, FaultPlan
from .span import NO_TIME, Span

_RELEASE = re.compile(r"3(?:\.\d{1,4}){1,3}", re.ASCII)
_NEWER = (3, 19)


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one simulated dialler.

    ``latency`` passes before each request is processed; ``processing`` passes between an import's lookup and its
    change, the window in which two requests with one UserData both create. ``batch=False`` removes function 14 from any
    release; ``lock_method`` locks and unlocks, because the vendor's page with the true method is lost; ``dial`` is the
    number of calls that the dialler makes each second (0: it does not dial), ``dial_hours`` the hours in which it does;
    ``seed`` repeats the calls, and the draws of times that are ranges.

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
        if not _RELEASE.fullmatch(self.release):
            raise UsageError(
                f"'{self.release[:40]}' is not a release of the dialler. Write 3.19 (or a newer 3.x), or 3.18 (or an "
                "older 3.x) for short fields, lists that ignore the campaign, and no batch lookup."
            )
        if not (self.token.isascii() and self.token.isprintable() and self.token and " " not in self.token):
            raise UsageError("The simulator's token must be ASCII characters without spaces, and at least one.")

    @property
    def numbers(self) -> tuple[int, ...]:
        """The release by its numbers, ``(3, 19)``."""
        return tuple(map(int, self.release.split(".")))

    @property
    def is_newer(self) -> bool:
        """Whether the release has batch lookups (function 14), and lists that honour ``diallerCampaignsID``.

        The vendor does not say which release introduced them: the first one with long fields has them here.
        """
        return self.numbers >= _NEWER
