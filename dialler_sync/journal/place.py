"""Where a journal and its locks lie on this machine, and whether only its user can change them."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
import sqlalchemy.exc

from ..errors import UsageError
from ..files import trust


def default_state() -> Path:
    """Where the journal is when nothing else is said.

    Raises:
        UsageError: nobody knows where the user's home is.
    """
    return _own_folder() / "journal.db"


def journal_files(state: str | Path) -> list[Path]:
    """The file of a journal, and those that SQLite keeps beside it; none where it is on a server, or is no URL."""
    text = str(state)
    try:
        return _files(sa.make_url(text) if "://" in text else sa.URL.create("sqlite", database=text))
    except (sqlalchemy.exc.ArgumentError, ValueError):
        return []


def require_trust(url: sa.URL, trusted: bool | None) -> None:
    """Refuse a journal that other users could have changed, or beside which lies a file that SQLite would take up.

    Raises:
        UsageError: it is so, and nobody has said that it is ``trusted``.
    """
    for path in _files(url):
        trust.require("the journal", path, trust=trusted)


def lock_folder(url: sa.URL) -> Path:
    """Where the locks of a journal lie."""
    files = _files(url)
    return (files[0].parent if files else _own_folder()) / "locks"


def _files(url: sa.URL) -> list[Path]:
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return []
    path = Path(url.database).expanduser()
    return [path, *(path.with_name(f"{path.name}{ending}") for ending in ("-wal", "-shm", "-journal"))]


def _own_folder() -> Path:
    from platformdirs import user_state_path

    try:
        return user_state_path("dialler-sync")
    except RuntimeError:
        raise UsageError("This user has no home folder for the journal. Set HOME, or name a file: --state.") from None
