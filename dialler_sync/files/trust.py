"""Judge whether other users could have changed a file that runs commands, names hosts or holds secrets.

Checks its owner, its mode, the links on the way to it, and the folders above, in which it could be replaced. Access
control lists are not checked, nor anything on Windows.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import UsageError
from ..text.outward import in_shell
from ..text.phrase import mark, phrase

TRUST = "DIALLER_SYNC_TRUST"
"""Environment variable equivalent to ``--trust``."""

_told = {"trust": False}
MOST_LINKS = 40
_GROUP, _OTHERS = stat.S_IWGRP, stat.S_IWOTH
FOREIGN_LINK = mark("{link} is a link that belongs to another user")
_FOREIGN, _FOREIGN_LINK = mark("{path} belongs to {user}"), mark("the link {path} belongs to {user}")
_OPEN = {
    _GROUP: mark("{path} (owner {owner}, mode {mode}) can be written by group"),
    _OTHERS: mark("{path} (owner {owner}, mode {mode}) can be written by everybody"),
}
_SHARED = mark("others can put files into {folder} (mode {mode}), and SQLite reads what lies beside its file")
_OPEN_TO_ALL = mark("{path} (owner {owner}, mode {mode}) can be written by group and everybody")
_ALL_USERS = "         0          0 4294967295"
"""``uid_map`` of a process outside user namespaces."""
_WITHOUT_MODES = {
    "cifs": "uid=, file_mode=0600, dir_mode=0700",
    "smb3": "uid=, file_mode=0600, dir_mode=0700",
    "vfat": "uid=, umask=077",
    "exfat": "uid=, umask=077",
    "ntfs3": "uid=, umask=077",
    "fuseblk": "uid=, umask=077",
    "drvfs": "metadata, uid=, umask=077",
}
"""File systems on which chmod and chown have no effect, with the mount options to use instead."""


@dataclass(frozen=True, slots=True)
class Distrust:
    """The reason why a file is not trusted, and the commands that fix it."""

    said: str
    fix: str


@dataclass(frozen=True, slots=True)
class _Fault:
    """``owner``: the other user to whom it belongs, if that is all. ``shared``: a folder above, of another user, which
    may be meant for several."""

    text: str
    command: str
    owner: int | None = None
    shared: bool = False


def judge(what: str, path: Path, *, shared: bool = False, alone: bool = False, beside: bool = False) -> Distrust | None:
    """Return why users other than this one and root can change a path; None if they cannot, or if it does not exist.

    ``what`` names the path in messages; ``shared``: a group may write to it, too; ``alone``: the folders above are
    judged elsewhere, but not links on the way; ``beside``: it is of SQLite, which reads files beside it at any time, so
    nobody else may create some in its folder, sticky or not.
    """
    if sys.platform == "win32":
        return None
    faults = list(_faults(path, shared=shared, alone=alone))
    folder = Path(os.path.realpath(path)).parent
    if beside and not faults and path.exists() and is_shared(folder):
        text = phrase(_SHARED, folder=folder, mode=f"{stat.S_IMODE(folder.stat().st_mode):04o}")
        faults.append(_Fault(text, phrase("name a new file, or move this one into a folder of your own")))
    if not faults:
        return None
    texts = "; ".join(fault.text for fault in faults)
    commands = dict.fromkeys(fault.command for fault in faults)
    said = phrase("{what} {path} could have been changed by others: {faults}", what=what, path=path, faults=texts)
    fix, owners = " && ".join(commands), {fault.owner for fault in faults}
    if os.geteuid() == 0 and len(owners) == 1 and None not in owners:  # root of a container, in a folder of its host
        fix = phrase("run as user {user} (in a container: --user {user}), or {fix}", user=owners.pop(), fix=fix)
    elif any(fault.shared for fault in faults):
        fix = phrase("keep it in a folder in which only you can write, or {fix}", fix=fix)
    return Distrust(said, fix)


def require(what: str, path: Path, *, trust: bool | None = None, alone: bool = False, beside: bool = False) -> None:
    """Refuse a path that others could have changed. ``trust`` overrides the check; None: as the variable says.
    ``alone``: without the folders above. ``beside``: as in :func:`judge`.

    Raises:
        UsageError: others could have changed it; the message has the commands that fix it.
    """
    if is_overridden() if trust is None else trust:
        return
    if found := judge(what, path, alone=alone, beside=beside):
        raise UsageError(
            phrase(
                "{said}. It is not used. Make it safe: {fix} - or, if you trust everybody who can change it, say "
                "--trust ({trust}=1).",
                said=found.said,
                fix=found.fix,
                trust=TRUST,
            )
        )


def require_usual(*names: str | None) -> None:
    """Refuse a file that a library reads by itself, in the home folder or where a variable says, if others could have
    changed it; of a folder, everything in it. A home may be open to all, as ``/tmp`` is: a file that is
    not there is refused if others could make it until the library looks.

    Raises:
        UsageError: as :func:`require`.
    """
    for name in filter(None, names):
        path = Path(os.path.expanduser(name))  # noqa: PTH111 - as the libraries do, also where there is no home
        inside = path.rglob("*") if os.path.isdir(path) else ()  # noqa: PTH112 - False where it may not look
        for each in (path, *inside):
            if os.path.lexists(each):
                require(phrase("the file"), each)
        if not os.path.exists(path):  # noqa: PTH110 - a link may lead to what is not there yet
            _require_none_can_make(Path(os.path.realpath(path)))


def require_authorities() -> None:
    """Refuse authorities that others could have changed, where OpenSSL's variables name other ones than the system's.

    Raises:
        UsageError: as :func:`require`.
    """
    folders = os.environ.get("SSL_CERT_DIR", "").split(os.pathsep)
    require_usual(os.environ.get("SSL_CERT_FILE"), *folders)


def _require_none_can_make(path: Path) -> None:
    folder = next(each for each in path.parents if os.path.isdir(each))  # noqa: PTH112 - as above
    if not is_overridden() and judge("", folder):
        raise UsageError(
            phrase(
                "others can make {path}, which would be read: {folder} is open to them. Set HOME to a folder of your "
                "own - or, if you trust everybody on this machine, say --trust ({trust}=1).",
                path=path,
                folder=folder,
                trust=TRUST,
            )
        )


def override(said: bool) -> None:
    """Note whether ``--trust`` was said, for what is judged where nobody passes it on."""
    _told["trust"] = said


def is_overridden() -> bool:
    """Whether ``--trust`` or its variable switches the check off."""
    return _told["trust"] or os.environ.get(TRUST, "").strip().casefold() in {"1", "true", "t", "yes", "y", "on"}


def foreign_link(path: Path) -> Path | None:
    """Return the first link on the way to ``path`` that belongs neither to this user nor to root."""
    if sys.platform == "win32":
        return None
    steps = ((step, found) for step, found in _steps(path) if stat.S_ISLNK(found.st_mode))
    return next((step for step, found in steps if found.st_uid not in _trusted()), None)


def is_trusted(user: int) -> bool:
    """Whether files of a user are trusted: this one's, root's, or those of the user who called sudo."""
    return sys.platform == "win32" or user in _trusted()


def is_open(path: Path) -> bool:
    """Whether others can write to a file itself, whatever holds of the folders above it; False if it is not there."""
    try:
        found = path.stat()
    except OSError:
        return False
    return sys.platform != "win32" and (
        found.st_uid not in _trusted() or bool(_open_bits(found, above=False, shared=False))
    )


def is_foreign(path: Path) -> bool:
    """Whether an existing folder, or the link to it, belongs neither to this user, root nor its parent's owner."""
    owners = set()
    for look in (path.lstat, path.stat):
        with suppress(OSError):  # it may lead anywhere, also to what has no name
            owners.add(look().st_uid)
    return sys.platform != "win32" and bool(owners) and not owners <= {path.parent.stat().st_uid, *_trusted()}


def is_shared(folder: Path) -> bool:
    """Whether others can make files in a folder, but not replace those of others (sticky, as /tmp); False if it is not
    there."""
    try:
        found = folder.stat()
    except OSError:
        return False
    sticky = sys.platform != "win32" and found.st_mode & stat.S_ISVTX
    return bool(sticky and _open_bits(found, above=False, shared=False))


if sys.platform != "win32":
    import grp
    import pwd

    def _faults(path: Path, *, shared: bool, alone: bool) -> Iterator[_Fault]:
        trusted, unmapped = _trusted(), _unmapped()
        steps = list(_steps(path))
        for at, (step, found) in enumerate(steps):
            above = at < len(steps) - 1 or not _is_whole(path, steps)
            if alone and above and not stat.S_ISLNK(found.st_mode):
                continue
            foreign = found.st_uid not in trusted and not (above and found.st_uid == unmapped)
            if foreign:
                yield _owner_fault(step, found)
            if not stat.S_ISLNK(found.st_mode) and (bits := _open_bits(found, above=above, shared=shared)):
                yield _mode_fault(step, found, bits, shared=above and found.st_uid != os.geteuid())

    def _is_whole(path: Path, steps: list[tuple[Path, os.stat_result]]) -> bool:
        """Whether the last step is the file itself, with no step of the way missing."""
        there = os.path.exists(path)  # noqa: PTH110 - not where this user may not look
        return bool(steps) and there and not stat.S_ISLNK(steps[-1][1].st_mode)

    def _open_bits(found: os.stat_result, *, above: bool, shared: bool) -> int:
        """Return the write permissions that are too wide; ``shared`` folders may belong to a group.

        A sticky folder above, such as /tmp, is safe: nobody can replace the files of others in it.
        """
        if above and found.st_mode & stat.S_ISVTX:
            return 0
        if not stat.S_ISDIR(found.st_mode) and (above or not stat.S_ISREG(found.st_mode)):
            return 0  # a device or pipe: its reader refuses it, and nothing is below it
        bits = found.st_mode & (_GROUP | _OTHERS)
        if bits & _GROUP and (shared or _is_private(found.st_gid, found.st_uid)):
            bits &= ~_GROUP
        return bits

    def _is_private(group: int, owner: int) -> bool:
        """Whether the known members of a group are only the owner of the file, this user and root."""
        members = {user.pw_uid for user in pwd.getpwall() if user.pw_gid == group}
        with suppress(KeyError):  # a GID without a name has no members in the system's lists
            for name in grp.getgrgid(group).gr_mem:
                with suppress(KeyError):  # a name without a UID cannot log in
                    members.add(pwd.getpwnam(name).pw_uid)
        return members <= {owner, *_trusted()}

    def _owner_fault(step: Path, found: os.stat_result) -> _Fault:
        link = stat.S_ISLNK(found.st_mode)
        no_follow = "-h " if link else ""
        command = f"{_sudo(0)}chown {no_follow}{_name(os.geteuid())} {in_shell(step)}"
        text = _FOREIGN_LINK if link else _FOREIGN
        said = phrase(text, path=step, user=_name(found.st_uid))
        mount = _on_mount(found)
        return _Fault(said, mount or command, None if mount else found.st_uid)

    def _mode_fault(step: Path, found: os.stat_result, bits: int, *, shared: bool) -> _Fault:
        mode = f"{stat.S_IMODE(found.st_mode):04o}"
        text = phrase(_OPEN.get(bits, _OPEN_TO_ALL), path=step, owner=_name(found.st_uid), mode=mode)
        minus = {_GROUP: "g-w", _OTHERS: "o-w"}.get(bits, "go-w")
        mount = _on_mount(found)
        command = f"{_sudo(found.st_uid)}chmod {minus} {in_shell(step)}"
        return _Fault(text, mount or command, shared=shared and not mount)

    def _on_mount(found: os.stat_result) -> str:
        """Return the mount options to set, on a file system without modes and owners."""
        kind, point = _mount_of(found.st_dev)
        options = _WITHOUT_MODES.get(kind)
        if not options:
            return ""
        point = in_shell(Path(point))
        return phrase("mount {point} ({kind}) with the options {options}", point=point, kind=kind, options=options)

    def _mount_of(device: int) -> tuple[str, str]:
        """Return type and mount point of a file system, ``""`` if unknown."""
        number = f"{os.major(device)}:{os.minor(device)}"
        try:
            lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return "", ""
        for line in lines:
            before, _, after = line.partition(" - ")
            if before.split()[2:3] == [number]:
                kind = "drvfs" if "aname=drvfs" in after else after.split()[0]  # drives of Windows, mounted by WSL
                return kind, before.split()[4]
        return "", ""

    def _trusted() -> set[int]:
        """Return this user and root; for root by sudo, also the user who called sudo."""
        me = os.geteuid()
        by = os.environ.get("SUDO_UID", "") if me == 0 else ""
        return {0, me, int(by)} if by.isascii() and by.isdecimal() else {0, me}

    def _unmapped() -> int | None:
        """Return the user ID that stands for all users unknown to this container, such as the host's root."""
        try:
            if Path("/proc/self/uid_map").read_text(encoding="ascii").rstrip("\n") == _ALL_USERS:
                return None
            return int(Path("/proc/sys/kernel/overflowuid").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None

    def _sudo(owner: int) -> str:
        return "" if os.geteuid() in (0, owner or -1) else "sudo "

    def _name(user: int) -> str:
        try:
            return pwd.getpwuid(user).pw_name
        except KeyError:
            return str(user)


def _steps(path: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield every folder and link on the way to ``path``, then the file, as the system resolves them.

    Stops at a missing step.
    """
    here, left = Path("/"), [*reversed(path.absolute().parts[1:])]
    yield here, here.lstat()
    links = 0
    while left:
        name = left.pop()
        if name == "..":
            here = here.parent
            continue
        step = here / name
        try:
            found = step.lstat()
            to = step.readlink() if stat.S_ISLNK(found.st_mode) else None
        except OSError:
            return  # reading the file will report why
        yield step, found
        if to is None:
            here = step
            continue
        links += 1
        if links > MOST_LINKS or (here.parts[1:2] == ("proc",) and here.name == "fd"):
            return  # a loop; or an open descriptor, passed by the parent process
        left += reversed(to.parts[1:] if to.is_absolute() else to.parts)
        here = Path("/") if to.is_absolute() else here
