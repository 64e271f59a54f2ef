"""An interpreter that has dialler-sync imported already, for processes that a test does not start itself.

Imports take a second of each process. The fixture ``warm`` puts a small program in the place of ``sys.executable``: it
hands arguments, folder, environment and descriptors to a server that has imported everything, and forks the command.
Signals and the exit code go through. How a process begins, and what a kill leaves, is tested with real ones.
"""

from __future__ import annotations

import atexit
import json
import multiprocessing
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from dialler_sync.cli import main

from .commands import forked, stream

_LAUNCHER = """#!{python} -SEI
import json, os, signal, socket, sys

def is_open(number):
    try:
        return bool(os.fstat(number))
    except OSError:
        return False

numbers = [number for number in range(3) if is_open(number)]
heard = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
deaf = [number for number in heard if signal.getsignal(number) == signal.SIG_IGN]
server = socket.socket(socket.AF_UNIX)
server.connect({address!r})
os.umask(umask := os.umask(0o77))
given = dict(arguments=sys.argv[1:], folder=os.getcwd(), environment=dict(os.environ), umask=umask, numbers=numbers)
socket.send_fds(server, [b"."], numbers)
server.sendall(json.dumps(given | dict(deaf=deaf)).encode())
server.shutdown(socket.SHUT_WR)
answers = server.makefile()
pid = int(answers.readline())
for number in set(heard) - set(deaf):
    signal.signal(number, lambda number, _: os.kill(pid, number))
status = os.waitstatus_to_exitcode(int(answers.readline()))
if status < 0:
    signal.signal(-status, signal.SIG_DFL)
    os.kill(os.getpid(), -status)
os._exit(status)
"""


@contextmanager
def launcher(folder: Path) -> Iterator[Path]:
    """Make the small program, and ``dialler-sync`` beside it, for as long as its server runs."""
    address, path, installed = folder / "socket", folder / "warm", folder / "dialler-sync"
    path.write_text(_LAUNCHER.format(python=sys.executable, address=str(address)), encoding="utf-8")
    installed.write_text(f'#!/bin/sh\nexec {path} -m dialler_sync "$@"\n', encoding="utf-8")
    for program in (path, installed):
        program.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        listener.listen(50)
        server = forked(_serve, listener)
    try:
        yield path
    finally:
        server.kill()
        server.join()


def _serve(listener: socket.socket) -> None:
    """Fork a process for each command, until the test run has ended."""
    tests = multiprocessing.parent_process()
    assert tests
    listener.settimeout(10)
    while tests.is_alive():
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        with suppress(TimeoutError):
            asked, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _command(asked)
            asked.close()


def _command(asked: socket.socket) -> NoReturn:
    """Fork the command, and tell its process and its end."""
    asked.setblocking(True)
    _, received, *_ = socket.recv_fds(asked, 1, 3)
    with asked.makefile("rb") as file:
        given = json.load(file)
    pid = os.fork()
    if pid == 0:
        asked.close()
        _run(given, received)
    for number in received:
        os.close(number)
    asked.sendall(b"%d\n" % pid)
    _, status = os.waitpid(pid, 0)
    asked.sendall(b"%d\n" % status)
    os._exit(0)


def _run(given: dict[str, Any], received: list[int]) -> NoReturn:
    """Run the command as a process that has just been started."""
    os.environ.clear()
    os.environ.update(given["environment"])
    time.tzset()
    os.chdir(given["folder"])
    os.umask(given["umask"])
    os.setpgid(0, 0)
    for number in given["deaf"]:
        signal.signal(number, signal.SIG_IGN)
    places = dict(zip(given["numbers"], received, strict=True))
    sys.stdin = sys.__stdin__ = stream(0, places.get(0), "strict")
    sys.stdout = sys.__stdout__ = stream(1, places.get(1), "strict")
    sys.stderr = sys.__stderr__ = stream(2, places.get(2), "backslashreplace")
    words = given["arguments"]
    sys.argv = words[words.index("dialler_sync") :]
    code = 1
    try:
        main()
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:  # noqa: BLE001 - as an interpreter ends
        traceback.print_exc()
    atexit._run_exitfuncs()
    for each in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            each.flush()
    os._exit(code)
