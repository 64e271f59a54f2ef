"""Runs dialler-sync as on Windows, as far as that can be had elsewhere: ``python -m tests.helpers.as_on_windows ARG…``.

Our own modules see an ``os``, ``signal`` and ``sys`` without what only POSIX has, and cannot import modules that
Windows lacks; libraries see the real ones. A file that is open cannot be replaced, renamed or deleted by our own code.
Real Windows differs in more: paths, consoles, locks of other kinds.
``--import-all`` imports every module of the package.
"""

from __future__ import annotations

import builtins
import importlib
import os
import pkgutil
import signal
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

MODULES = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}
"""Modules that Windows lacks."""

LACKING = {
    "os": {
        *("chown", "fchmod", "fchown", "fork", "getegid", "geteuid", "getgid", "getgroups", "getpgid", "getuid"),
        *("killpg", "lchown", "mkfifo", "nice", "pread", "pwrite", "register_at_fork", "set_blocking", "setsid"),
        *("statvfs", "sysconf", "uname", "WNOHANG", "O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "O_SYNC"),
    },
    "signal": {
        *("SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGPROF", "SIGQUIT", "SIGSTOP", "SIGTSTP", "SIGUSR1"),
        *("SIGUSR2", "SIGVTALRM", "SIGWINCH", "SIG_BLOCK", "SIG_SETMASK", "SIG_UNBLOCK", "ITIMER_REAL"),
        *("ITIMER_VIRTUAL", "alarm", "pause", "pthread_kill", "pthread_sigmask", "setitimer", "siginterrupt"),
    },
    "sys": {"abiflags"},
}
"""Names that these modules lack there, or have in newer Pythons only."""

AS_IT_IS = {"dialler_sync.files.url"}
"""Modules that make paths: Windows' own exist on Windows only."""


def _open(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
    if dir_fd is not None:
        raise NotImplementedError("dir_fd unavailable on this platform")
    if Path(path).is_dir():
        raise PermissionError(13, "Permission denied", str(path))
    return os.open(path, flags, mode)


DIFFERENT: dict[str, dict[str, Any]] = {
    "os": {"name": "nt", "open": _open, "supports_dir_fd": set(), "supports_fd": set()},
    "sys": {"platform": "win32"},
}


class Seen(ModuleType):
    """A module as Windows has it."""

    def __init__(self, real: ModuleType) -> None:
        super().__init__(real.__name__)
        object.__setattr__(self, "real", real)

    def __getattribute__(self, name: str) -> Any:
        real = object.__getattribute__(self, "real")
        if name in LACKING[real.__name__]:
            raise AttributeError(f"module '{real.__name__}' has no attribute '{name}' on Windows")
        different = DIFFERENT.get(real.__name__, {})
        return different[name] if name in different else getattr(real, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(object.__getattribute__(self, "real"), name, value)


def _refuse_open_files() -> None:
    """Windows neither replaces, renames nor deletes a file that is open."""

    def guarded(name: str) -> None:
        real = getattr(os, name)

        def call(path: Any, *rest: Any, **others: Any) -> Any:
            for each in (path, *rest[:1]):
                if isinstance(each, (str, os.PathLike)) and _is_open(Path(each).resolve()) and _is_ours():
                    raise PermissionError(13, "The process cannot access the file because it is being used", str(each))
            return real(path, *rest, **others)

        setattr(os, name, call)

    for name in ("replace", "rename", "unlink", "remove"):
        guarded(name)


def _is_open(path: Path) -> bool:
    return OPEN.is_dir() and path in {each.resolve() for each in list(OPEN.iterdir())}


def _is_ours() -> bool:
    """Whether our own code asks, if need be by a library of Python's own."""
    frame: Any = sys._getframe(2)
    while frame and str(frame.f_globals.get("__name__")).partition(".")[0] in {"pathlib", "shutil", "os"}:
        frame = frame.f_back
    return bool(frame) and str(frame.f_globals.get("__name__")).startswith("dialler_sync.")


OPEN = Path("/proc/self/fd")
"""Where Linux shows the open files of a process."""

SEEN = {module.__name__: Seen(module) for module in (os, signal, sys)}
_import = builtins.__import__


def _import_on_windows(name: str, *rest: Any, **others: Any) -> ModuleType:
    importing = (rest[0] if rest else others.get("globals")) or {}
    importer = str(importing.get("__name__", ""))
    if importer.partition(".")[0] == "dialler_sync" and importer not in AS_IT_IS:
        if name in MODULES:
            raise ModuleNotFoundError(f"No module named '{name}' on Windows", name=name)
        if name in SEEN:
            return SEEN[name]
    return _import(name, *rest, **others)


def main() -> None:
    """Import every module, or run a command."""
    builtins.__import__ = _import_on_windows
    _refuse_open_files()
    if sys.argv[1:] == ["--import-all"]:
        package = importlib.import_module("dialler_sync")
        for found in pkgutil.walk_packages(package.__path__, "dialler_sync."):
            if not found.name.endswith("__main__"):
                importlib.import_module(found.name)
                print(found.name)
        return
    importlib.import_module("dialler_sync.cli").main()


if __name__ == "__main__":
    main()
