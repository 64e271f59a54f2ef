"""Locks of this machine: files that every user can reach, held by ``flock`` until the process ends.

Two journals in two folders, or of two users, know nothing of each other; these files keep their runs apart.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ..files.portable import CLOEXEC, DIRECTORY, NOFOLLOW, NONBLOCK, user_name
from ..target import is_account, split
from ..text.phrase import mark, phrase

_log = logging.getLogger(__name__)

LOCK_DIR = "DIALLER_SYNC_LOCK_DIR"
"""Environment variable for another lock folder; all users of a dialler must name the same."""

_TO_SHARE = (
    mark("Let all users of this dialler have one journal: --state")
    if sys.platform == "win32"
    else mark("Name a folder that all of them can write to: {variable}")
)

_DELETED = mark(
    "this machine's lock {name} was deleted while it was held: a run with another journal or by another user may have "
    "worked on the same contacts meanwhile. Only root, and the owner of the locks' folder, can delete it."
)

SHARED = Path("/run/lock/dialler-sync")

_TRIES = 10


class Busy(Exception):
    """Another process holds it; the message names its user and process, where that is known."""


def folders() -> list[Path]:
    """Return the folders of the locks. All usable ones are used, as not every user can create a folder in the first."""
    chosen = os.environ.get(LOCK_DIR)
    return [Path(chosen).absolute()] if chosen else [SHARED, Path(tempfile.gettempdir()) / "dialler-sync"]


@contextmanager
def machine_lock(target: str) -> Iterator[str]:
    """Hold the lock of a campaign, or of an account with all its campaigns.

    Yields the reason why there is no lock, ``""`` if it is held.

    Raises:
        Busy: another process of this machine holds it.
    """
    with _held(target) as problem:
        if problem:
            _log.warning(
                phrase(
                    "this machine's lock cannot be taken ({problem}): runs with another journal or by another user "
                    "are not kept out. {otherwise}",
                    problem=problem,
                    otherwise=phrase(_TO_SHARE, variable=LOCK_DIR),
                )
            )
        yield problem


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, whatever path leads to it; where there is none, the runs in it warn of that.

    Raises:
        Busy: another process of this machine holds it.
    """
    try:
        found = folder.stat()
    except (OSError, ValueError):  # an address, or no folder
        yield
        return
    with _held(f"folder {found.st_dev}:{found.st_ino}#"):
        yield


@contextmanager
def _held(target: str) -> Iterator[str]:
    problems = []
    with ExitStack() as stack:
        held = False
        for folder in folders():
            try:
                _make(folder)
                _hold(stack, _opened(stack, folder), target)
                held = True
            except OSError as error:
                problems.append(f"{folder}: {error.strerror}")
            except ImportError:
                problems.append(phrase("this system has no flock"))
        yield "" if held else "; ".join(dict.fromkeys(problems))


def _make(folder: Path) -> None:
    """Create a missing folder for all users, with the mode of /tmp."""
    try:
        folder.mkdir(parents=LOCK_DIR in os.environ)
    except FileExistsError:
        return
    if sys.platform == "win32":
        return
    number = os.open(folder, os.O_RDONLY | DIRECTORY | NOFOLLOW | CLOEXEC)
    try:  # others may have put a link, or another folder of this user, in its place
        inside = os.listdir(number)  # noqa: PTH208 - a descriptor
        if os.fstat(number).st_uid == os.geteuid() and all(name.endswith(".lock") for name in inside):
            os.fchmod(number, 0o1777)  # mkdir's mode is subject to the umask
    finally:
        os.close(number)


def _opened(stack: ExitStack, folder: Path) -> int:
    """The folder, opened, so that nobody can put another in its place. No link is followed: another user may have made
    it; and where everybody may write, the locks of others must be safe from being deleted."""
    import fcntl  # noqa: F401 - without it there is no lock

    number = os.open(folder, os.O_RDONLY | DIRECTORY | NOFOLLOW | CLOEXEC)
    stack.callback(os.close, number)
    mode = os.fstat(number).st_mode
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        raise PermissionError(errno.EPERM, phrase("anyone can delete files in it (chmod +t)"))
    return number


def _hold(stack: ExitStack, folder: int, target: str) -> None:
    dialler, campaign = split(target)
    account = f"{_digest(dialler)}.lock"
    if is_account(target):
        if not stack.enter_context(_locked(folder, account, exclusive=True)):
            at_work = [name for name in os.listdir(folder) if name.startswith(f"{_digest(dialler)}-")]
            raise Busy(next(filter(None, (_holder(folder, name) for name in (*at_work, account))), ""))
        return
    if not stack.enter_context(_locked(folder, account, exclusive=False)):
        raise Busy(_holder(folder, account))
    one = f"{_digest(dialler)}-{_digest(campaign)}.lock"
    if not stack.enter_context(_locked(folder, one, exclusive=True)):
        raise Busy(_holder(folder, one))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


@contextmanager
def _locked(folder: int, name: str, *, exclusive: bool) -> Iterator[bool]:
    """Lock a file, exclusively or shared; False if another process has it. It names an exclusive holder."""
    import fcntl

    for _ in range(_TRIES):
        number = _open(folder, name)
        try:
            fcntl.flock(number, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(number)
            yield False
            return
        except BaseException:
            os.close(number)
            raise
        if _is_there(folder, name, number):
            break
        os.close(number)  # somebody tidied up in between
    else:
        raise FileNotFoundError(errno.ENOENT, phrase("{name} keeps being deleted", name=name))
    try:
        if exclusive:
            _write(number, who())
        yield True
    finally:
        if exclusive:
            _write(number, "")
        if not _is_there(folder, name, number):
            _log.warning(phrase(_DELETED, name=name))
        os.close(number)


def _open(folder: int, name: str) -> int:
    """Open a lock file; first without creating it, which the kernel refuses in folders such as /tmp for the file of
    another user. No link is followed."""
    flags = NOFOLLOW | NONBLOCK | CLOEXEC
    for _ in range(_TRIES):
        try:
            try:
                number = os.open(name, os.O_RDWR | flags, dir_fd=folder)
            except PermissionError:
                number = os.open(name, os.O_RDONLY | flags, dir_fd=folder)  # it can be held all the same
        except FileNotFoundError:
            with suppress(FileExistsError):
                number = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | flags, 0o666, dir_fd=folder)
                os.fchmod(number, 0o666)  # for all users, whatever the umask says
                return number
            continue
        found = os.fstat(number)
        if stat.S_ISREG(found.st_mode) and found.st_nlink <= 1:
            return number
        os.close(number)
        raise OSError(errno.EINVAL, phrase("{name} is not an ordinary file", name=name))
    raise FileNotFoundError(errno.ENOENT, phrase("{name} keeps being deleted", name=name))


def _is_there(folder: int, name: str, number: int) -> bool:
    """Whether the open file still has this name."""
    try:
        return os.path.samestat(os.lstat(name, dir_fd=folder), os.fstat(number))
    except FileNotFoundError:
        return False


def _write(number: int, text: str) -> None:
    with suppress(OSError):  # a file that another user has made read-only, or a full disk
        os.ftruncate(number, 0)
        os.pwrite(number, text.encode(), 0)


def _holder(folder: int, name: str) -> str:
    """Return the holder of a file, from the system or else from the file; ``""`` if that process has died."""
    try:
        number = os.open(name, os.O_RDONLY | NOFOLLOW | NONBLOCK, dir_fd=folder)
        try:
            known = _holder_by_system(os.fstat(number))
            said = os.read(number, 200).decode(errors="replace")
        finally:
            os.close(number)
        if known:
            return known
        process = int(said.rpartition(" ")[2])
        with suppress(PermissionError):  # it is another user's, and alive
            os.kill(process, 0)
    except (OSError, ValueError, OverflowError):
        return ""
    return said if said.isprintable() else ""


def _holder_by_system(file: os.stat_result) -> str:
    """Return the holder of a ``flock`` as Linux knows it: anybody can have written the text in the file."""
    place = f"{os.major(file.st_dev):02x}:{os.minor(file.st_dev):02x}:{file.st_ino}"
    for line in Path("/proc/locks").read_text(encoding="ascii").splitlines() if Path("/proc/locks").exists() else ():
        words = line.split()
        if words[1:2] == ["FLOCK"] and words[5:6] == [place] and int(words[4]) > 0:
            with suppress(FileNotFoundError):
                return f"user {user_name(Path(f'/proc/{words[4]}').stat().st_uid)}, process {words[4]}"
    return ""


def who() -> str:
    """Return user and process ID, for the messages of processes that find this lock."""
    return f"user {user_name()}, process {os.getpid()}"
