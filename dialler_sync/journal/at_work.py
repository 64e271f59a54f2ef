"""Which runs are at work: each holds a lock of its own, which goes with its process, however that ends."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import filelock
import sqlalchemy as sa

from ..files.private import make_folder
from .place import folder_of

_log = logging.getLogger(__name__)

_PATIENCE = 5
"""Seconds to wait for a process that looks whether the run is at work."""


@contextmanager
def shown_at_work(engine: sa.Engine, run_id: str) -> Iterator[None]:
    """Show other processes that a run is at work, until the block or the process ends."""
    if engine.dialect.name == "postgresql":
        from . import postgres

        with postgres.advisory_lock(engine, _number(run_id)):
            yield
        return
    path = _file(engine, run_id)
    lock = filelock.FileLock(path, timeout=_PATIENCE, mode=0o600)
    try:
        make_folder(path.parent)
        lock.acquire()
    except (OSError, filelock.Timeout) as error:  # then it cannot be seen: no reason not to do it
        _log.debug("%s: %s", path, error)
    try:
        yield
    finally:
        lock.release()
        forget(engine, run_id)


def is_at_work(connection: sa.Connection, run_id: str) -> bool | None:
    """Whether a run that has not ended is at work; None where that is not known: an older version has begun it."""
    if connection.dialect.name == "postgresql":
        from . import postgres

        return postgres.is_locked(connection, _number(run_id))
    path = _file(connection.engine, run_id)
    if not path.exists():
        return None
    try:
        with filelock.FileLock(path, timeout=0, mode=0o600):
            return False
    except filelock.Timeout:
        return True
    except OSError:
        return None


def forget(engine: sa.Engine, run_id: str) -> None:
    """Delete the lock of a run that is not at work."""
    if engine.dialect.name != "postgresql":
        with suppress(OSError):
            _file(engine, run_id).unlink()


def _file(engine: sa.Engine, run_id: str) -> Path:
    return folder_of(engine.url, "locks") / f"run-{run_id}.lock"


def _number(run_id: str) -> int:
    return int.from_bytes(hashlib.sha256(f"run {run_id}".encode()).digest()[:8], signed=True)
