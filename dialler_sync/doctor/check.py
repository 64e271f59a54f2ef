"""What one check of ``doctor`` found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..exit_codes import ExitCode


@dataclass(frozen=True, slots=True)
class Check:
    """One line: what was looked at, how it is, and what to do about it. ``code`` is the exit code of a failure."""

    name: str
    status: Literal["OK", "WARN", "FAIL"]
    message: str
    mend: str = ""
    code: ExitCode = ExitCode.OK


def fine(name: str, message: str) -> Check:
    """It is as it should be."""
    return Check(name, "OK", message)


def warning(name: str, message: str, mend: str) -> Check:
    """Runs work, and this should still be mended."""
    return Check(name, "WARN", message, mend)


def failed(name: str, message: str, mend: str, code: ExitCode) -> Check:
    """No run works, or ends well, before this is mended."""
    return Check(name, "FAIL", message, mend, code)
