"""Geometry of the page's charts: pure, in units of a drawing that templates turn into SVG.

Charts are stretched to the width there is, so they hold no text: labels stand beside them, at reading size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

WIDTH = 1000.0
HEIGHT = 100.0

_LEAST = 0.012
"""Share of the width that a part which is there at all is given, so that 3 rows of a million are seen."""

_GAP = 0.15
"""Share of a column's width that is left free beside it."""

_SEAM = 3.0
"""Width that is left free between two parts of a bar."""


@dataclass(frozen=True, slots=True)
class Box:
    """One rectangle. ``tone`` is the class that colours it, ``tip`` what is said of it."""

    x: float
    y: float
    width: float
    height: float
    tone: str
    tip: str


def stacked_bar(parts: Mapping[str, int]) -> list[Box]:
    """One bar of several parts, in order, over the whole width; ``parts`` is tone → count."""
    total = sum(parts.values())
    shares = {tone: max(count / total, _LEAST) for tone, count in parts.items() if count}
    scale = (WIDTH + _SEAM) / sum(shares.values()) if shares else 0.0
    boxes, x = [], 0.0
    for tone, share in shares.items():
        boxes.append(Box(round(x, 2), 0, round(share * scale - _SEAM, 2), HEIGHT, tone, f"{tone}: {parts[tone]:,}"))
        x += share * scale
    return boxes


def stacked_columns(columns: Sequence[Sequence[tuple[str, float]]], tips: Iterable[str]) -> list[Box]:
    """Columns of (tone, value) parts that stand on each other, the highest as high as the drawing."""
    highest = max((sum(value for _, value in column) for column in columns), default=0) or 1
    step = WIDTH / max(len(columns), 1)
    boxes = []
    for place, (column, tip) in enumerate(zip(columns, tips, strict=True)):
        y = HEIGHT
        for tone, value in column:
            if value:
                height = max(value / highest * HEIGHT, 1.0)
                y -= height
                x = (place + _GAP / 2) * step
                boxes.append(Box(round(x, 2), round(y, 2), round(step * (1 - _GAP), 2), round(height, 2), tone, tip))
    return boxes


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a bar list: a label, the text of its value, and how long it is (0 to 1)."""

    label: str
    value: str
    share: float
    tone: str = "plain"


def bars(values: Iterable[tuple[str, float, str]]) -> list[Bar]:
    """(label, value, its text) → bars, the longest as long as the drawing."""
    listed = list(values)
    highest = max((value for _, value, _ in listed), default=0) or 1
    return [Bar(label, text, round(max(value / highest, _LEAST), 4) if value else 0.0) for label, value, text in listed]
