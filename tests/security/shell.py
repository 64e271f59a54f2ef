"""The command line as a process of its own, and all that it leaves behind, as a reader of it would look at it."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ..helpers.commands import start

TOKEN = "Tk+9/aB3xQ==zZ7~pL.k_2wV"
"""With signs that every encoding changes."""

CONFIG = """\
dialler:
  base_url: {url}
  clients_id: 1
  token: ${{DIALLER_SYNC_TOKEN}}
  retries: 0
  give_up_after: 0.1
  timeout: 1
campaign: {{id: 538}}
columns: {{UserData: No, Name: Name, PhoneNumber1: Phone}}
"""


def configuration(url: str, more: str = "") -> None:
    """Write ``dialler-sync.yaml`` for a dialler."""
    Path("dialler-sync.yaml").write_text(CONFIG.format(url=url) + more, encoding="utf-8")


def contacts(keys: list[str], path: str = "list.csv") -> None:
    """Write a list with these keys."""
    lines = [f"{key},Miller,+49171{1_000_000 + number}" for number, key in enumerate(keys)]
    Path(path).write_text("\n".join(["No,Name,Phone", *lines, ""]), encoding="utf-8")


def shell(*arguments: object, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """Run ``dialler-sync``; what it prints is left in no file."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"DIALLER_SYNC_TOKEN": TOKEN, **variables}.items():
            patch.setenv(name, value)
        command = start(*arguments)
    code = command.end()
    printed = [command.folder / f"{command.process.name}.{kind}" for kind in ("out", "err")]
    out, err = (path.read_bytes() for path in printed)
    for path in printed:
        path.unlink()
    return subprocess.CompletedProcess(list(arguments), code, out, err)


def said(done: subprocess.CompletedProcess[bytes]) -> str:
    """What a command printed."""
    return (done.stdout + done.stderr).decode()


def left_behind(folder: Path, but: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Every text in every file: (where, text); of workbooks what is packed, of SQLite both its cells and its bytes."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.name in but:
            continue
        content = path.read_bytes()
        if content.startswith(b"SQLite"):
            yield from _cells(path)
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as book:
                for name in book.namelist():
                    yield from _lines(f"{path}!{name}", book.read(name).replace(b"</", b"\n</"))
        elif content.startswith(b"SQLite") or path.name.endswith("-wal"):
            yield from ((str(path), text.decode()) for text in re.findall(rb"[ -~]{16,}", content))
        else:
            yield from _lines(str(path), content)


def _lines(where: str, content: bytes) -> Iterator[tuple[str, str]]:
    for line in content.decode("utf-8", "replace").splitlines():
        yield where, line


def _cells(path: Path) -> Iterator[tuple[str, str]]:
    with sqlite3.connect(path) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in connection.execute(f"SELECT * FROM {table}"):
                yield from ((f"{path}: {table}", cell) for cell in row if isinstance(cell, str))


def terminal(*arguments: object, **variables: str) -> str:
    """Run ``dialler-sync`` on a terminal of its own; gives all that it was sent."""
    environment = {**os.environ, "DIALLER_SYNC_TOKEN": TOKEN, "TERM": "xterm-256color", **variables}
    ours, its = os.openpty()
    try:
        command = [sys.executable, "-m", "dialler_sync", *map(str, arguments)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=its, stderr=its, env=environment)
    finally:
        os.close(its)
    shown = b""
    with os.fdopen(ours, "rb", buffering=0) as screen, suppress(OSError):  # Linux says so at the end of a terminal
        while piece := screen.read(65_536):
            shown += piece
    process.wait()
    return shown.decode()
