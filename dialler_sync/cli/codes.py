"""Exit codes of the commands, as their help lists them."""

from __future__ import annotations

from ..exit_codes import ExitCode, meaning_of
from ..text.phrase import phrase

VALIDATES = (ExitCode.OK, ExitCode.USAGE, ExitCode.INPUT, ExitCode.ROWS_FAILED, ExitCode.SAFETY_LIMIT)

ASKS = (ExitCode.OK, ExitCode.USAGE, ExitCode.UNAVAILABLE, ExitCode.NO_ROW_CAN_SUCCEED)
"""Commands that only ask the dialler."""

LOOKS_UP = (*ASKS, ExitCode.INPUT, ExitCode.ROWS_FAILED)
"""Commands that look up the contacts named."""

COMPARES = (*ASKS, ExitCode.INPUT, ExitCode.DIFFERENCES, ExitCode.SAFETY_LIMIT, ExitCode.INTERRUPTED)
"""Commands that compare files with the dialler."""

CHANGES = (*LOOKS_UP, ExitCode.OUT_OF_TIME, ExitCode.INTERRUPTED)
"""Commands that change the contacts named."""

UNDOES = (*CHANGES, ExitCode.SAFETY_LIMIT)

IMPORTS = (*UNDOES, ExitCode.NONE_SUCCEEDED)


def exit_codes(*codes: ExitCode) -> str:
    """Return the exit codes section of a command's help."""
    listed = "\n".join(f"  {code:>3}  {meaning_of(code)}" for code in sorted(codes))
    return "\n".join(("\b", phrase("Exit codes:"), listed))
