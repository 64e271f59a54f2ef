"""Where a journal and its locks lie: what ``--state`` says, and whether only this user can change what it names."""

from __future__ import annotations

import errno
import math
import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from urllib.parse import unquote

import sqlalchemy as sa
import sqlalchemy.exc

from ..errors import UsageError
from ..files import trust
from ..files.private import make_folder, new_file
from ..text.outward import keep_secret
from ..text.phrase import mark, phrase
from ..text.secrets import url_secrets

MEMORY = ":memory:"

_CONNECTION = re.compile(
    r"\s*(host|hostaddr|port|dbname|user|passfile|service|sslmode|connect_timeout|application_name|options)\s*="
    r"|\s*+\w++\s*+=\s*+('[^']*'|\S++)\s++\w++\s*=|.*(password|passwd|pwd)\s*+="
    r"|\s*(postgres|postgresql|mysql|mariadb|jdbc|sqlite|file)(\+\w+)?:"
    r"|(?![a-z]:\\)\s*([\w+]*:?/+)?[^/\s][^/\s:]*+:[^/\s]*@|\s*([\w+]*:)?//[^/\s]+@",
    re.IGNORECASE | re.DOTALL,
)
"""Names of databases that are not files: a connection string of libpq, a URL without its beginning or some of it."""

_HOST = re.compile(r"[\w.,:%/-]*")

_NO_URL = mark(
    "--state is not a database URL: write postgresql+psycopg://USER:PASSWORD@HOST/DATABASE, with special "
    "characters in names and passwords percent-encoded (@ is %40, / is %2F, : is %3A); name an SQLite file by "
    "its path"
)


def url_of(state: str | Path) -> sa.URL:
    """Return the database that ``--state`` names, by a path or a URL.

    Raises:
        UsageError: there can be no journal.
    """
    text = str(state)
    try:
        text.encode()
    except UnicodeEncodeError:  # which no URL of SQLAlchemy can hold
        raise UsageError(
            phrase("--state: the name has bytes that are not UTF-8 text. Name another journal.")  # it may be a secret
        ) from None
    if "://" not in text and not _CONNECTION.match(text):
        return _file(sa.URL.create("sqlite", database=text))
    keep_secret(*url_secrets(text))
    try:
        url = sa.make_url(text)
    except (sqlalchemy.exc.ArgumentError, ValueError):  # their messages may show a part of the password
        raise UsageError(phrase(_NO_URL)) from None
    if url.drivername == "sqlite":
        if url.host or url.username or url.password or url.query.keys() - {"timeout"} or not url.database:
            raise UsageError(
                phrase("--state: name an SQLite file by its path, or as sqlite:///PATH, without anything else")
            )
        if not _is_seconds(url.query.get("timeout", "0")):
            raise UsageError(phrase("--state: timeout= of an SQLite file must be a number of seconds"))
        return _file(url)
    if text.partition("://")[2].partition("?")[0].count("@") > 1 or not _HOST.fullmatch(url.host or ""):
        raise UsageError(phrase(_NO_URL))
    if url.drivername not in {"postgresql", "postgresql+psycopg"}:
        raise UsageError(
            phrase(
                "--state: a journal is an SQLite file or postgresql+psycopg://..., not {scheme}://...",
                scheme=url.drivername,
            )
        )
    host = unquote(url.host or "")
    if host.startswith("/"):  # the folder of a socket, as libpq writes it: postgresql://USER@%2Frun%2Fpostgresql/NAME
        url = url.set(host="").update_query_dict({"host": host})
    return url.set(drivername="postgresql+psycopg")


def path_of(url: sa.URL) -> Path | None:
    """Return the file of a journal; None if it is on a server, or in memory."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == MEMORY:
        return None
    return Path(url.database)


def default_state() -> Path:
    """Return the default path of the journal.

    Raises:
        UsageError: the user's home is unknown.
    """
    return _own_folder() / "journal.db"


def instead(path: Path) -> str:
    """Say what to do if a journal cannot be created at a path."""
    if path != _own_folder() / "journal.db":
        return phrase("Name another with --state.")
    for name in ("XDG_STATE_HOME", "HOME"):
        if value := os.environ.get(name):
            return phrase(
                "Its default place is this user's home ({name}={value}): set {name} to a writable folder, or name "
                "another journal with --state.",
                name=name,
                value=value,
            )
    return phrase(
        "Its default place is this user's home: set HOME to a writable folder, or name another journal with --state."
    )


def journal_files(state: str | Path) -> list[Path]:
    """Return the file of a journal and those of SQLite beside it; none if it is on a server, or not a journal."""
    try:
        path = path_of(url_of(state))
    except UsageError:
        return []
    return _files(path) if path else []


def require_trust(path: Path, trusted: bool | None, what: str = "") -> None:
    """Refuse a file of SQLite that other users could have changed, or one beside it that SQLite would read. ``what`` it
    is: the journal, if nothing is said.

    Raises:
        UsageError: it is so, and nobody has said that it is ``trusted``.
    """
    for each in _files(path):
        trust.require(what or phrase("the journal"), each, trust=trusted, beside=True)


def make_file(path: Path, trusted: bool | None, what: str = "") -> None:
    """Create a file of SQLite for its owner only, if it is missing.

    Raises:
        OSError: it cannot be made, or written.
        UsageError: as :func:`require_trust`.
    """
    if os.path.isdir(path):  # noqa: PTH112 - False where others forbid to look
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    _make_place(path)
    require_trust(path, trusted, what)
    make_folder(path.parent)
    with suppress(FileExistsError):
        os.close(new_file(Path(os.path.realpath(path))))
    path.touch()  # says so where the disk is read-only


def _make_place(path: Path) -> None:
    """Make a folder of this user for a new file of SQLite, and a link to it, where others can make files, as in /tmp:
    SQLite takes what lies beside a file for its own.

    Raises:
        OSError: the folder or the link cannot be made.
        UsageError: the folder is there, and others could have changed it.
    """
    path = Path(os.path.realpath(path))
    if os.path.lexists(path) or not trust.is_shared(path.parent):
        return
    folder = folder_beside(path, "files")
    make_folder(folder)
    trust.require(phrase("the folder"), folder)
    name = next(name for name in _names() if not (folder / name).exists())  # who deletes the link wants a new one
    with suppress(FileExistsError):  # of another call at this moment
        path.symlink_to(Path(folder.name, name))


def _names() -> Iterator[str]:
    yield "journal.db"
    yield from (f"journal-{number}.db" for number in count(2))


def log_of(url: sa.URL) -> Path | None:
    """Return the write-ahead log of an SQLite file."""
    return _beside(path, "-wal") if (path := path_of(url)) else None


def folder_of(url: sa.URL, name: str) -> Path:
    """Where the locks of a journal lie, or its copies."""
    return folder_beside(path, name) if (path := path_of(url)) else _own_folder() / name


def folder_beside(path: Path, name: str) -> Path:
    """Return a folder beside a journal's file; in a folder that all users share, as /tmp is, not with theirs."""
    shared = path.parent.stat().st_mode & stat.S_ISVTX
    return path.with_name(f"{path.name}-{name}" if shared else name)


def _files(path: Path) -> list[Path]:
    return [path, *(_beside(path, ending) for ending in ("-wal", "-shm", "-journal"))]


def _beside(path: Path, ending: str) -> Path:
    """Return a file of SQLite, which lies beside what a link leads to."""
    real = Path(os.path.realpath(path))
    return real.with_name(f"{real.name}{ending}")


def _file(url: sa.URL) -> sa.URL:
    """Return the file of a path, with ``~`` expanded."""
    if url.database == MEMORY:
        return url
    try:
        path = Path(url.database or "").expanduser()
    except RuntimeError:
        raise UsageError(
            phrase("--state {name}: nobody knows this home folder; name a file by its path", name=url.database)
        ) from None
    if not path.name.strip():
        raise UsageError(
            phrase(
                "--state '{name}' is not the name of a file: name one, such as state/journal.db",
                name=url.database,
            )
        )
    try:
        if path.is_dir():
            raise UsageError(phrase("--state: {path} is a folder; name a file in it", path=path))
        if path.exists() and not path.is_file():
            raise UsageError(phrase("--state: {path} is not a regular file", path=path))
    except (OSError, ValueError):
        pass  # opening it says why
    return url.set(database=str(path))


def _is_seconds(text: object) -> bool:
    try:
        return isinstance(text, str) and math.isfinite(float(text)) and float(text) >= 0
    except ValueError:
        return False


def _own_folder() -> Path:
    from platformdirs import user_state_path

    try:
        return user_state_path("dialler-sync")
    except RuntimeError:
        raise UsageError(
            phrase("This user has no home folder for the journal. Set HOME, or name a file: --state.")
        ) from None
