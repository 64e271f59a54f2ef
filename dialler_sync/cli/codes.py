"""Exit codes of the commands, as their help lists them."""

from __future__ import annotations

from ..exit_codes import MEANINGS, ExitCode

VALIDATES = (ExitCode.OK, ExitCode.USAGE, ExitCode.INPUT, ExitCode.ROWS_FAILED, ExitCode.SAFETY_LIMIT)

ASKS = (ExitCode.OK, ExitCode.USAGE, ExitCode.UNAVAILABLE, ExitCode.NO_ROW_CAN_SUCCEED)
"""Of a command that only asks the dialler."""

LOOKS_UP = (*ASKS, ExitCode.INPUT, ExitCode.ROWS_FAILED)
"""Of one that asks about each contact named."""

COMPARES = (*ASKS, ExitCode.INPUT, ExitCode.DIFFERENCES, ExitCode.SAFETY_LIMIT, ExitCode.INTERRUPTED)
"""Of one that compares files with the dialler."""

CHANGES = (*LOOKS_UP, ExitCode.OUT_OF_TIME, ExitCode.INTERRUPTED)
"""Of one that changes the contacts named."""

UNDOES = (*CHANGES, ExitCode.SAFETY_LIMIT)

IMPORTS = (*UNDOES, ExitCode.NONE_SUCCEEDED)


def exit_codes(*codes: ExitCode) -> str:
    """Return the exit codes section of a command's help."""
    listed = "\n".join(f"  {code:>3}  {MEANINGS[code]}" for code in sorted(codes))
    return f"\b\nExit codes:\n{listed}"
