"""The result of a list of calls."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class CallsDone:
    """The result of a list of calls; ``asked`` of ``contacts`` were looked up.

    ``notes`` are sentences on what any night may bring, ``remarks`` on what a person must know, ``problems`` on rows
    of a list that have no contact.
    """

    file: Path | None
    calls: int
    new: int
    updated: int
    going_on: int
    contacts: int
    asked: int
    requests: int
    saved: int
    since: str
    notes: tuple[str, ...]
    remarks: tuple[str, ...]
    problems: tuple[str, ...]
    exit_code: int
