"""Result of one check of ``doctor``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..exit_codes import ExitCode


@dataclass(frozen=True, slots=True)
class Check:
    """One line: the subject, its state, a message, and the fix. ``code`` is the exit code of a failure."""

    name: str
    status: Literal["OK", "WARN", "FAIL"]
    message: str
    mend: str = ""
    code: ExitCode = ExitCode.OK


def fine(name: str, message: str) -> Check:
    """Return a passed check."""
    return Check(name, "OK", message)


def warning(name: str, message: str, mend: str) -> Check:
    """Return a check of something that does not keep runs from working, but should be fixed."""
    return Check(name, "WARN", message, mend)


def failed(name: str, message: str, mend: str, code: ExitCode) -> Check:
    """Return a check of something that keeps runs from working until it is fixed."""
    return Check(name, "FAIL", message, mend, code)
