"""A length of time, fixed or drawn from a range."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random
from typing import Self

from ..errors import UsageError


@dataclass(frozen=True, slots=True)
class Span:
    """Seconds from ``low`` to ``high``, both included."""

    low: float = 0.0
    high: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse ``"0.02"`` or ``"0.01-0.05"``, in seconds.

        Raises:
            UsageError: the text is not a time or a range.
        """
        low, dash, high = text.partition("-")
        try:
            span = cls(float(low), float(high if dash else low))
        except ValueError:
            span = cls(math.nan)
        if not 0 <= span.low <= span.high < math.inf:
            raise UsageError(f"'{text}' is not a time in seconds; write 0.02, or 0.01-0.05 for a range.")
        return span

    def draw(self, random: Random) -> float:
        """Draw a length of time, in seconds."""
        return self.low if self.low == self.high else random.uniform(self.low, self.high)


NO_TIME = Span()
