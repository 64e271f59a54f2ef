"""What the machine, or a limit of this user, does not give enough of: told in a line, as it is no bug."""

from __future__ import annotations

import errno
from collections.abc import Iterator

from .phrase import phrase

_NO_MEMORY = ("failed to map segment", "cannot allocate memory")
"""What the loader of shared libraries says; Python makes an ImportError of it."""


def behind(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the error, and all that it was made of or raised after; of several connections that were tried, all."""
    seen: dict[int, BaseException] = {}
    left = [error]
    while left:
        each = left.pop()
        if each is not None and id(each) not in seen:
            seen[id(each)] = each
            yield each
            left += (each.__context__, each.__cause__)
            left += reversed(each.exceptions) if isinstance(each, BaseExceptionGroup) else ()


def shortage(error: BaseException | None) -> str | None:
    """Return what there is too little of, and what to do; None if ``error`` has another cause.

    What failed may have been turned into another error on its way, or have made a clean-up fail.
    """
    for each in behind(error):
        number = each.errno if isinstance(each, OSError) else None
        if number in (errno.EMFILE, errno.ENFILE):
            return phrase("too many files are open: raise the limit (ulimit -n) to 256 or more.")
        if isinstance(each, MemoryError) or number == errno.ENOMEM or _is_of_loader(each):
            return phrase(
                "the memory is used up: give this command more (ulimit -v, the limit of a container), or split the "
                "file. A run that had begun is finished by 'resume'."
            )
        if isinstance(each, RuntimeError) and "can't start new thread" in str(each):
            return phrase(
                "no more threads can be started: raise the limit (ulimit -u, ulimit -v, that of a container). A run "
                "that had begun is finished by 'resume'."
            )
    return None


def _is_of_loader(error: BaseException) -> bool:
    return isinstance(error, ImportError) and any(said in str(error).lower() for said in _NO_MEMORY)
