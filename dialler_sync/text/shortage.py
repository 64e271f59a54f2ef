"""What the machine, or a limit of this user, does not give enough of: told in a line, as it is no bug."""

from __future__ import annotations

import errno

from .phrase import phrase

_NO_MEMORY = ("failed to map segment", "cannot allocate memory")
"""What the loader of shared libraries says; Python makes an ImportError of it."""


def shortage(error: BaseException | None) -> str | None:
    """Return what there is too little of, and what to do; None if ``error`` has another cause.

    What failed may have been turned into another error on its way, or have made a clean-up fail.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        number = error.errno if isinstance(error, OSError) else None
        if number in (errno.EMFILE, errno.ENFILE):
            return phrase("too many files are open: raise the limit (ulimit -n) to 256 or more.")
        if isinstance(error, MemoryError) or number == errno.ENOMEM or _is_of_loader(error):
            return phrase(
                "the memory is used up: give this command more (ulimit -v, the limit of a container), or split the "
                "file. A run that had begun is finished by 'resume'."
            )
        if isinstance(error, RuntimeError) and "can't start new thread" in str(error):
            return phrase(
                "no more threads can be started: raise the limit (ulimit -u, ulimit -v, that of a container). A run "
                "that had begun is finished by 'resume'."
            )
        error = error.__cause__ or error.__context__
    return None


def _is_of_loader(error: BaseException) -> bool:
    return isinstance(error, ImportError) and any(said in str(error).lower() for said in _NO_MEMORY)
