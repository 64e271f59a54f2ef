"""Folders for temporary files, in whose place nobody else can put another."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import UsageError
from ..text.phrase import phrase
from .trust import TRUST, Distrust, is_overridden, judge


def judge_place() -> Distrust | None:
    """Return why other users could rename what lies in the system's folder for temporary files; None: they cannot."""
    return judge(phrase("the folder for temporary files"), Path(tempfile.gettempdir()), entries=True)


def temporary_place() -> Path:
    """Return the system's folder for temporary files.

    Raises:
        UsageError: other users could rename what lies in it, and put theirs in its place.
        OSError: there is none.
    """
    if not is_overridden() and (found := judge_place()):
        raise UsageError(
            phrase(
                "{said}. It is not used, as they could swap lists and reports in it. Name another one in TMPDIR, or "
                "make it safe: {fix} (chmod +t, if it is to stay open) - or, if you trust everybody who can change it, "
                "say --trust ({trust}=1).",
                said=found.said,
                fix=found.fix,
                trust=TRUST,
            )
        )
    return Path(tempfile.gettempdir())


@contextmanager
def private_folder(prefix: str = "dialler-sync-") -> Iterator[Path]:
    """Make a folder for temporary files of this user, which is deleted at the end of the block.

    Raises:
        UsageError: others could put another in its place.
        OSError: it cannot be made.
    """
    place = temporary_place()
    with tempfile.TemporaryDirectory(prefix=prefix, dir=place, ignore_cleanup_errors=True) as name:
        yield Path(name)
