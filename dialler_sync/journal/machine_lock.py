"""Locks of this machine: files that every user of it reaches, held by ``flock`` for as long as the process lives.

Two journals in two folders, or of two users, know nothing of each other; these files keep their runs apart.
"""

from __future__ import annotations

import errno
import getpass
import hashlib
import logging
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ..target import is_account, split

_log = logging.getLogger(__name__)

LOCK_DIR = "DIALLER_SYNC_LOCK_DIR"
"""Variable that names another folder for the locks; all users of a dialler must name the same."""

SHARED = Path("/run/lock/dialler-sync")

_TRIES = 10


class Busy(Exception):
    """Another process holds it; the message names its user and process, where that is known."""


def folders() -> list[Path]:
    """Where the locks lie. All that can be used are: not every user can make a folder in the first."""
    chosen = os.environ.get(LOCK_DIR)
    return [Path(chosen).absolute()] if chosen else [SHARED, Path(tempfile.gettempdir()) / "dialler-sync"]


@contextmanager
def machine_lock(target: str) -> Iterator[str]:
    """Hold a campaign, or a whole account against all of its campaigns. Yields why it cannot be had, ``""`` if it is.

    Raises:
        Busy: another process of this machine holds it.
    """
    problems = []
    with ExitStack() as stack:
        held = False
        for folder in folders():
            try:
                _make(folder)
                _hold(stack, folder, target)
                held = True
            except OSError as error:
                problems.append(f"{folder}: {error.strerror}")
            except ImportError:
                problems.append("this system has no flock")
        problem = "" if held else "; ".join(dict.fromkeys(problems))
        if problem:
            _log.warning(
                "the machine's lock cannot be had (%s): runs by another journal or user are not kept out. Name a "
                "folder that all of them can write to: %s",
                problem,
                LOCK_DIR,
            )
        yield problem


def _make(folder: Path) -> None:
    """Make the folder for everybody, as /tmp is, where it is not there."""
    try:
        folder.mkdir(parents=LOCK_DIR in os.environ)
        folder.chmod(0o1777)  # mkdir's mode is subject to the umask
    except FileExistsError:
        if not stat.S_ISDIR(folder.lstat().st_mode):  # no link is followed: another user may have made it
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None


def _hold(stack: ExitStack, folder: Path, target: str) -> None:
    dialler, campaign = split(target)
    account = folder / f"{_digest(dialler)}.lock"
    if is_account(target):
        if not stack.enter_context(_locked(account, exclusive=True)):
            at_work = folder.glob(f"{_digest(dialler)}-*.lock")
            raise Busy(next(filter(None, map(_holder, [*at_work, account])), ""))
        return
    if not stack.enter_context(_locked(account, exclusive=False)):
        raise Busy(_holder(account))
    one = folder / f"{_digest(dialler)}-{_digest(campaign)}.lock"
    if not stack.enter_context(_locked(one, exclusive=True)):
        raise Busy(_holder(one))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


@contextmanager
def _locked(path: Path, *, exclusive: bool) -> Iterator[bool]:
    """Hold a file, alone or with others; False where somebody else has it. Who holds it alone is named in it."""
    import fcntl

    for _ in range(_TRIES):
        number = _open(path)
        try:
            fcntl.flock(number, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(number)
            yield False
            return
        except BaseException:
            os.close(number)
            raise
        if _is_there(path, number):
            break
        os.close(number)  # somebody tidied up in between
    else:
        raise FileNotFoundError(errno.ENOENT, f"{path.name} is deleted over and over")
    try:
        if exclusive:
            _write(number, who())
        yield True
    finally:
        if exclusive:
            _write(number, "")
        os.close(number)


def _open(path: Path) -> int:
    """Open a lock file; first without creating it, which the kernel refuses in folders such as /tmp for the file of
    another user. No link is followed."""
    flags = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    for _ in range(_TRIES):
        try:
            try:
                number = os.open(path, os.O_RDWR | flags)
            except PermissionError:
                number = os.open(path, os.O_RDONLY | flags)  # it can be held all the same
        except FileNotFoundError:
            with suppress(FileExistsError):
                number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | flags, 0o666)
                os.fchmod(number, 0o666)  # for all users, whatever the umask says
                return number
            continue
        found = os.fstat(number)
        if stat.S_ISREG(found.st_mode) and found.st_nlink <= 1:
            return number
        os.close(number)
        raise OSError(errno.EINVAL, f"{path.name} is not an ordinary file")
    raise FileNotFoundError(errno.ENOENT, f"{path.name} is deleted over and over")


def _is_there(path: Path, number: int) -> bool:
    """Whether the file that is open still has this name."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(number))
    except FileNotFoundError:
        return False


def _write(number: int, text: str) -> None:
    with suppress(OSError):  # a file that another user has made read-only, or a full disk
        os.ftruncate(number, 0)
        os.pwrite(number, text.encode(), 0)


def _holder(path: Path) -> str:
    """Who holds a file alone, as it says; ``""`` where that process has died."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            said = os.read(number, 200).decode(errors="replace")
        finally:
            os.close(number)
        process = int(said.rpartition(" ")[2])
        with suppress(PermissionError):  # it is another user's, and alive
            os.kill(process, 0)
    except (OSError, ValueError, OverflowError):
        return ""
    return said if said.isprintable() else ""


def who() -> str:
    """This process, for those that meet its locks."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # a user without a name; the newer Python raises the first
        user = str(os.getuid())
    return f"user {user}, process {os.getpid()}"
