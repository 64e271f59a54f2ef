"""Patterns of the configuration, on cells that others wrote: one cell must not keep a run busy for ever.

A pattern that repeats what is repeated, such as ``([a-z]+ ?)+``, tries more ways than there are seconds on a cell that
almost fits. Python's ``re`` has no limit of its own; a timer of the process's own time ends it, where there is one: on
POSIX, in the main thread.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from ..errors import InputError
from ..text.phrase import figure, phrase
from ..text.spreadsheet import one_line

T = TypeVar("T")

SECONDS = 5.0
"""Most processor time for one pattern on one cell."""

_SHOWN = 60
"""Most characters of the cell in the message."""


class _TooSlow(BaseException):
    """No Exception: pandera takes those for a failed check."""


def each(apply: Callable[[str], T], texts: Iterable[str], name: str) -> list[T]:
    """Apply a pattern to each text; :func:`impatient` stops it if it takes too long. ``name``: its key."""
    done: list[T] = []
    current = ""

    def said() -> str:
        cell = one_line(current)
        shown = f"{cell[:_SHOWN]}…" if len(cell) > _SHOWN else cell
        return phrase(
            "{name}: the pattern did not finish on the cell '{cell}' within {seconds} seconds: it can match in too "
            "many ways. Avoid nested repetition such as (a+)+, or correct the cell.",
            name=name,
            cell=shown,
            seconds=figure(SECONDS, 1 if SECONDS % 1 else 0),
        )

    with _watched(lambda: len(done), said):
        for text in texts:
            current = text
            done.append(apply(text))
    return done


@contextmanager
def impatient() -> Iterator[None]:
    """Raise InputError, naming pattern and cell, if a pattern in the block takes too long for one cell."""
    try:
        yield
    except _TooSlow as error:
        raise InputError(str(error)) from None


@contextmanager
def _watched(progress: Callable[[], int], said: Callable[[], str]) -> Iterator[None]:
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    seen = -1

    def look(_number: int, _frame: Any) -> None:
        nonlocal seen
        if progress() == seen:
            raise _TooSlow(said())
        seen = progress()

    before = signal.signal(signal.SIGVTALRM, look)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS / 2, SECONDS / 2)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
