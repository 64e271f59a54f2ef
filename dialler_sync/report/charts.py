"""Geometry of the charts, in units of a drawing that the templates turn into SVG.

Charts hold no text, because the page stretches them to its width: labels stand beside them, at reading size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..text.phrase import figure

WIDTH = 1000.0
HEIGHT = 100.0

_LEAST = 0.012
"""Smallest share of the width for a part that is not 0, so that 3 rows of a million stay visible."""

_GAP = 0.15
"""Gap between columns, as a share of the column's width."""

_SEAM = 3.0
"""Gap between two parts of a bar."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle. ``tone`` is the CSS class that colours it, ``tip`` its tooltip."""

    x: float
    y: float
    width: float
    height: float
    tone: str
    tip: str


def stacked_bar(parts: Mapping[str, int]) -> list[Box]:
    """Return one full-width bar of several parts, in order; ``parts`` is tone → count."""
    total = sum(parts.values())
    shares = {tone: max(count / total, _LEAST) for tone, count in parts.items() if count}
    scale = (WIDTH + _SEAM) / sum(shares.values()) if shares else 0.0
    boxes, x = [], 0.0
    for tone, share in shares.items():
        boxes.append(
            Box(round(x, 2), 0, round(share * scale - _SEAM, 2), HEIGHT, tone, f"{tone}: {figure(parts[tone])}")
        )
        x += share * scale
    return boxes


def stacked_columns(columns: Sequence[Sequence[tuple[str, float]]], tips: Iterable[str]) -> list[Box]:
    """Return stacked columns of (tone, value) parts, scaled so that the highest fills the drawing."""
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
    """One line of a bar list: label, value as text, and length (0 to 1)."""

    label: str
    value: str
    share: float
    tone: str = "plain"


def bars(values: Iterable[tuple[str, float, str]]) -> list[Bar]:
    """Return a bar for each (label, value, value as text), scaled so that the longest has length 1."""
    listed = list(values)
    highest = max((value for _, value, _ in listed), default=0) or 1
    return [Bar(label, text, round(max(value / highest, _LEAST), 4) if value else 0.0) for label, value, text in listed]
