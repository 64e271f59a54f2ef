"""Check everything a run needs before it starts, each check with its fix. The token is never shown."""

from __future__ import annotations

import os
import platform
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from importlib import metadata
from pathlib import Path

from ..api.token import read_token
from ..config import Settings, load_config
from ..config.document import read_document
from ..config.extends import read_configuration
from ..config.load import CONFIGURATION, files_to_trust, still_marked
from ..config.required import lacking
from ..config.sources import files_of_stores
from ..errors import ConfigError, DiallerSyncError, JournalError, UsageError
from ..exit_codes import ExitCode
from ..fetch.folder import RemoteFolder
from ..files.trust import FOREIGN_LINK, TRUST, foreign_link, is_foreign, judge
from ..files.url import Url
from ..journal import Journal
from ..journal.place import journal_files
from ..text.command_line import command
from ..text.phrase import counted, figure, phrase
from .check import Check, failed, fine, warning
from .cluster import check_cluster
from .dialler import check_dialler

LITTLE_SPACE = 1_000_000_000
"""Bytes that should be free for reports and the journal."""

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def examine(
    config_path: Path,
    state: str | Path,
    reports: Path,
    now: Callable[[], float] = time.time,
    *,
    trusted: bool = False,
) -> Iterator[Check]:
    """Check everything: this machine first, then the dialler, up to the first failure that prevents further checks.

    ``state`` is the journal, ``reports`` the folder for reports, ``now`` returns seconds since 1970. ``trusted``: files
    that other users could have changed are only a warning.
    """
    yield _libraries()
    unsafe = yield from _trust([(phrase("the journal"), path) for path in journal_files(state)], trusted, beside=True)
    if trusted or not unsafe:
        yield from _journal(state, trusted)
    yield _folder(reports)
    yield _space(reports)
    unsafe = yield from _trust([(phrase(CONFIGURATION), config_path)], trusted)
    try:
        settings = load_config(config_path, trusted=True)  # parsing it runs nothing
        document = read_configuration(config_path)
        files = document.files
    except ConfigError as error:
        fix = phrase("correct it, then check with '{command}'", command=command("config", "check"))
        yield failed("configuration", "; ".join(error.args), fix, ExitCode.USAGE)
        return
    for file, lines in document.unfinished.items():
        fix = phrase("fill in what these comments ask for, and remove them")
        yield failed("configuration", f"{file}: {still_marked(lines)}", fix, ExitCode.USAGE)
    if document.unfinished:
        return
    named = [*((phrase(CONFIGURATION), path) for path in files[1:]), *files_to_trust(settings)]
    named += files_of_stores(settings.sources)
    unsafe |= yield from _trust(named, trusted)
    inbox = settings.inbox.dir
    if inbox and not isinstance(inbox, Url):
        yield from _inbox(inbox)
    yield from _named_lists(settings)
    if unsafe and not trusted:
        return
    if not unsafe:
        yield fine(
            "trust", phrase("only this user and root can change configuration, journal and the files of the token")
        )
    yield _configuration(files, settings)
    yield from _addresses(settings)
    yield from check_cluster(settings.cluster)
    try:
        token = read_token(settings.dialler)
    except ConfigError as error:
        mend = phrase("get the current token from the dialler's portal (a new one replaces the old)")
        yield failed("token", "; ".join(error.args), mend, ExitCode.USAGE)
        return
    yield _token(files, settings, token)
    yield from check_dialler(settings, now)


def _inbox(folder: Path) -> Iterator[Check]:
    if link := foreign_link(folder):
        mend = phrase("name the folder that it leads to")
        yield failed("inbox", phrase(FOREIGN_LINK, link=link), mend, ExitCode.USAGE)
    elif found := judge(phrase("the inbox"), folder, shared=True):
        yield warning("inbox", phrase("{said}: anyone who can write there can import", said=found.said), found.fix)


def _named_lists(settings: Settings) -> Iterator[Check]:
    """Yield a warning for each list of the configuration that others could have changed. It is used all the same."""
    lists = [("suppress.file", each.file) for each in settings.suppress]
    lists += [(f"columns.{name}.lookup", rule.lookup.file) for name, rule in settings.columns.items() if rule.lookup]
    for what, path in dict.fromkeys(lists):
        if found := judge(what, path, shared=True):
            yield warning(
                "lists", phrase("{said}: these files decide who is called, or what is sent", said=found.said), found.fix
            )


def _addresses(settings: Settings) -> Iterator[Check]:
    """List each folder at an address; nothing is put there."""
    for name in ("dir", "answers"):
        url = getattr(settings.inbox, name)
        if isinstance(url, Url):
            yield _listed(f"inbox.{name}", url, settings)


def _listed(name: str, url: Url, settings: Settings) -> Check:
    try:
        number = len(RemoteFolder(url, settings.sources).listed())
    except DiallerSyncError as error:
        code = ExitCode.USAGE if isinstance(error, UsageError) else ExitCode.INPUT
        return failed(name, "; ".join(error.args), phrase("make the folder, or correct inbox: and sources:"), code)
    return fine(name, phrase("{url} can be listed ({number} entries)", url=url, number=figure(number)))


def _libraries() -> Check:
    required = metadata.requires("dialler-sync") or []
    names = [re.split(r"[^\w.-]", line)[0] for line in required if "extra ==" not in line]
    found, missing = [f"Python {platform.python_version()}"], []
    for name in names:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        fix = phrase("reinstall dialler-sync, in its own environment")
        return failed("libraries", phrase("not installed: {missing}", missing=", ".join(missing)), fix, ExitCode.USAGE)
    return fine("libraries", f"dialler-sync {metadata.version('dialler-sync')}, {', '.join(found)}")


def _trust(files: Iterable[tuple[str, Path]], trusted: bool, *, beside: bool = False) -> Generator[Check, None, bool]:
    """Yield a check for files that other users could have changed; return whether there are any. ``beside``: they are
    of SQLite."""
    unsafe = False
    for what, path in files:
        if found := judge(what, path, beside=beside):
            unsafe = True
            if trusted:
                yield warning("trust", phrase("{said}; accepted by --trust", said=found.said), found.fix)
            else:
                yield failed("trust", found.said, f"{found.fix} (or --trust, {TRUST}=1)", ExitCode.USAGE)
            break  # the files beside a journal lie in the same folders
    return unsafe


def _journal(state: str | Path, trusted: bool) -> Iterator[Check]:
    try:
        with Journal.open(state, trusted=trusted) as journal:
            journal.require_rights()
    except (JournalError, UsageError) as error:
        yield failed("journal", "; ".join(error.args), phrase("name another journal with --state"), ExitCode.USAGE)
        return
    path = next(iter(journal_files(state)), None)
    if path is None:
        yield fine("journal", phrase("the database can be used"))
    elif path.stat().st_mode & _OTHERS:
        yield warning(
            "journal", phrase("{path} has personal data, and others can read it", path=path), f"chmod 600 {path}"
        )
    else:
        yield fine("journal", phrase("{path} is writable, and readable by its owner only", path=path))


def _folder(reports: Path) -> Check:
    there = _existing(reports)
    if is_foreign(reports):
        fix = phrase("work in a folder of your own, or name another with --out or reports.dir")
        return failed(
            "report folder", phrase("{folder} belongs to another user", folder=reports.absolute()), fix, ExitCode.USAGE
        )
    try:
        with tempfile.TemporaryFile(dir=there):
            return fine("report folder", phrase("{folder} is writable", folder=reports))
    except OSError as error:
        fix = phrase("run it in another folder, or name one with --out or reports.dir")
        return failed(
            "report folder",
            phrase("{folder} cannot be written: {why}", folder=there, why=error.strerror),
            fix,
            ExitCode.USAGE,
        )


def _space(reports: Path) -> Check:
    free = [shutil.disk_usage(folder).free for folder in (_existing(reports), Path(tempfile.gettempdir()))]
    gigabytes = (figure(number / 1e9, 1) for number in free)
    text = phrase(
        "{reports} GB free for reports, {others} GB free for temporary files",
        reports=next(gigabytes),
        others=next(gigabytes),
    )
    if min(free) < LITTLE_SPACE:
        return warning("disk", text, phrase("free some space: a run of a million rows needs about 1 GB"))
    return fine("disk", text)


def _existing(folder: Path) -> Path:
    return next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())


def _configuration(files: Sequence[Path], settings: Settings) -> Check:
    dialler = settings.dialler
    first, *others = map(str, files)
    text = counted(
        dialler.concurrency,
        "{dialler}, {count} request in flight",
        "{dialler}, {count} requests in flight",
        dialler=dialler.root,
    )
    named = phrase("{file}, extending {others}", file=first, others=", ".join(others)) if others else first
    text = f"{named}: {text}"
    if settings.columns and (lack := lacking(settings, settings.columns)):
        return warning("configuration", lack, phrase("correct it, unless every list is in the vendor's own format"))
    if dialler.base_url.startswith("http:") and dialler.allow_http:
        return warning(
            "configuration",
            phrase("{said}, without TLS: the token is readable on the network", said=text),
            phrase("use https"),
        )
    return fine("configuration", text)


def _token(files: Sequence[Path], settings: Settings, token: str) -> Check:
    """Report the source of the token, and whether others can read it there; never the token itself."""
    dialler = settings.dialler
    source = next(name for name in ("token", "token_file", "token_command") if getattr(dialler, name) is not None)
    text = phrase("{key} gives a token of {length} characters", key=f"dialler.{source}", length=len(token))
    file = dialler.token_file
    if file is None:
        file = next((path for path in files if _stands_in(path, token)), None)
    if file is not None and _is_open_to_read(file):
        return warning(
            "token",
            phrase("{said}, and others can read {file}", said=text, file=file),
            phrase("chmod 600 {file}, or use a variable", file=file),
        )
    return fine("token", text)


def _is_open_to_read(file: Path) -> bool:
    """Whether others can read a file; the group of root's, which this user cannot change, was meant to: a mounted
    secret."""
    found = file.stat()
    mounted = found.st_uid == 0 and not os.access(file, os.W_OK)
    return bool(found.st_mode & (_OTHERS & ~stat.S_IRGRP if mounted else _OTHERS))


def _stands_in(path: Path, token: str) -> bool:
    """Whether a configuration file itself has the token, in place of a variable or a file that has it."""
    written = read_document(path, {}).values.get("dialler")  # without variables: literal values only
    values = [written.get(name) for name in ("token", "token_command")] if isinstance(written, dict) else []
    return any(token in str(value) for value in values)
