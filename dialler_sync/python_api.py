"""The jobs for notebooks and scripts: plain functions, typed results, text frames.

``from dialler_sync import import_files, reconcile, load_config, DiallerClient``
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from .errors import Interrupted, UsageError
from .files.url import path_of
from .jobs import imports
from .jobs.calls import CallsDone, CallsOptions, Form, calls_options, cell_text, list_calls
from .jobs.imports import ImportOptions, RunOptions
from .jobs.reconcile import ReconcileOptions, ReconciliationSummary, mending_plan, reconcile_files
from .jobs.records import Journal, default_state
from .jobs.results import Summary
from .jobs.settings import Limit, Settings, load_config, row_limit
from .model import Status
from .text.spreadsheet import restore

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")
StrPath = str | os.PathLike[str]
Files = StrPath | Iterable[StrPath]
Config = StrPath | Settings

_POLL_SECONDS = 0.2
"""Seconds between two checks for Ctrl-C, which does not everywhere wake a thread that waits for another (Windows)."""

CONFIG = "dialler-sync.yaml"
"""Default configuration file, as on the command line."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """Result of an import. ``summary.stopped_because`` says what stopped it, if anything."""

    summary: Summary

    @property
    def folder(self) -> Path:
        """Folder of the reports."""
        return Path(self.summary.out)

    @property
    def ok(self) -> bool:
        """Whether every row succeeded or was skipped."""
        return self.summary.exit_code == 0

    def to_pandas(self) -> pd.DataFrame:
        """Return ``results.csv``: one row per source row, in source order; every cell is text."""
        return _text_frame(self.folder / "results.csv")


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Result of a reconciliation. ``summary.stopped_because`` says what stopped it, if anything."""

    summary: ReconciliationSummary

    @property
    def folder(self) -> Path:
        """Folder of the reports."""
        return Path(self.summary.out)

    @property
    def ok(self) -> bool:
        """Whether everything was compared, and everything matches."""
        return self.summary.exit_code == 0 and not self.summary.differs

    def to_pandas(self) -> pd.DataFrame:
        """Return ``reconciliation.csv``: one row per contact, or per row without a contact; every cell is text.

        Raises:
            UsageError: nothing was compared.
        """
        if self.summary.classes is None:
            raise UsageError(f"nothing was compared: {self.summary.stopped_because}")
        return _text_frame(self.folder / "reconciliation.csv")


def import_files(
    files: Files,
    config: Config = CONFIG,
    *,
    out: StrPath | None = None,
    journal: StrPath | None = None,
    dry_run: bool = False,
    compare: str | None = None,
    limit: int | None = None,
    max_errors: str | None = None,
    max_warnings: str | None = None,
    cluster: str | None = None,
) -> ImportResult:
    """Import spreadsheets into the dialler, as ``dialler-sync import`` does.

    ``config`` is a configuration or its path, ``journal`` a path or database URL (default: that of the command line),
    ``max_errors`` and ``max_warnings`` a number of rows or a percentage (``"5%"``); the others are the options of the
    command.

    Raises:
        UsageError, InputError: before anything is sent.
    """
    settings = _settings(config)
    options = ImportOptions(
        _paths(files),
        _config_path(config),
        _path(out),
        RunOptions(
            dry_run=dry_run,
            limit=limit,
            max_errors=_limit("max_errors", max_errors),
            max_warnings=_limit("max_warnings", max_warnings),
            compare=compare or settings.rows.compare,
            max_missing=settings.mirror.max_missing,
            cluster=cluster,
        ),
    )
    return ImportResult(
        _with_journal(journal, lambda store, watch: imports.import_files(settings, options, store, watch))
    )


def reconcile(
    files: Files,
    config: Config = CONFIG,
    *,
    with_history: bool = False,
    extras: bool = True,
    since: str | None = None,
    fix: StrPath | None = None,
    out: StrPath | None = None,
    journal: StrPath | None = None,
) -> Reconciliation:
    """Compare spreadsheets with the dialler, field by field, as ``dialler-sync reconcile`` does; nothing is changed.

    ``config`` is a configuration or its path, ``journal`` a path or database URL (default: that of the command line);
    the others are the options of the command.

    Raises:
        UsageError, InputError: before anything is written.
    """
    settings = _settings(config)
    options = ReconcileOptions(_paths(files), _config_path(config), _path(out), with_history, extras, since)

    def work(store: Journal, watch: _Watch) -> Reconciliation:
        done = reconcile_files(settings, options, store, watch)
        if fix is not None and not done.summary.stopped_because:
            mending_plan(settings, options, store, watch).write(Path(fix))
        return Reconciliation(done.summary)

    return _with_journal(journal, work)


@dataclass(frozen=True, slots=True)
class CallList:
    """Result of :func:`calls`. ``done`` has the counts and remarks; ``file`` is None where no file was named."""

    done: CallsDone
    _frame: Callable[[], pd.DataFrame]

    @property
    def file(self) -> Path | None:
        """The file that holds the calls."""
        return self.done.file

    @property
    def ok(self) -> bool:
        """Whether the calls of every contact could be read."""
        return self.done.exit_code == 0

    def to_pandas(self) -> pd.DataFrame:
        """Return one row per call; every cell is text."""
        return self._frame()


def calls(
    files: Files = (),
    config: Config = CONFIG,
    *,
    campaign: str | int | None = None,
    to: StrPath | None = None,
    since: str | None = None,
    receiver: str | None = None,
    language: int | None = None,
    contacts: bool = False,
    with_columns: Iterable[str] = (),
    mask: bool = False,
    journal: StrPath | None = None,
) -> CallList:
    """Read the calls of a campaign, or of the contacts of ``files``, as ``dialler-sync calls`` does.

    ``config`` is a configuration or its path, ``journal`` a path or database URL (default: that of the command line),
    ``receiver`` is ``--for``; the others are the options of the command.

    Raises:
        UsageError, InputError, StopRun: nothing is given.
    """
    settings = _settings(config)

    def work(store: Journal, watch: _Watch) -> CallList:
        options = calls_options(
            store, campaign=None if campaign is None else str(campaign), files=_paths(files), to=_path(to),
            since_text=since, language=language, receiver=receiver, contacts=contacts,
            with_columns=tuple(with_columns), mask=mask,
        )  # fmt: skip
        table: list[list[str]] = []

        def show(form: Form, records: Iterable[Mapping[str, object]]) -> None:
            table.append(list(form.columns))
            table.extend([cell_text(record.get(name)) for name in form.columns.values()] for record in records)

        done = list_calls(settings, options, store, watch, show)
        return CallList(done, lambda: _calls_frame(settings, options, table))

    return _with_journal(journal, work)


def _calls_frame(settings: Settings, options: CallsOptions, table: list[list[str]]) -> pd.DataFrame:
    import pandas as pd

    if options.to is None:
        return pd.DataFrame(table[1:], columns=table[0], dtype=object)
    if options.form == "csv":
        form = settings.calls
        encoding = "utf-8-sig" if form.encoding == "utf-8" else form.encoding
        return _text_frame(options.to, encoding=encoding, delimiter=form.delimiter)
    if options.form == "jsonl":
        with options.to.open(encoding="utf-8") as file:
            records = list(map(json.loads, file))
        columns = list(dict.fromkeys(name for record in records for name in record))
        return pd.DataFrame([[cell_text(record.get(name)) for name in columns] for record in records], columns=columns)
    return _restored(pd.read_excel(options.to, sheet_name="Calls", dtype=str, keep_default_na=False, engine="openpyxl"))


# Shared by all


class _Watch:
    """Observes a run in another thread, and stops it when the user interrupts the notebook's cell."""

    def __init__(self) -> None:
        self.interrupted = False

    def stage(self, name: str, total: int | None) -> None:  # noqa: ARG002 - every stage alike
        """Stop the run if the user interrupted."""
        self._check()

    def advance(self, rows: int, status: Status | None = None) -> None:  # noqa: ARG002
        """Stop the run if the user interrupted."""
        self._check()

    def _check(self) -> None:
        if self.interrupted:
            self.interrupted = False  # only once, so that rows in flight are recorded afterwards
            raise Interrupted("interrupted")


def _with_journal(journal: StrPath | None, work: Callable[[Journal, _Watch], T]) -> T:
    """Run ``work`` with an open journal: here, or in its own thread if an event loop is running (Jupyter)."""
    watch = _Watch()

    def job() -> T:
        state = os.environ.get("DIALLER_SYNC_STATE") if journal is None else os.fspath(journal)
        with Journal.open(state or default_state()) as store:
            return work(store, watch)

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return job()
    return _in_thread(job, watch)


def _in_thread(job: Callable[[], T], watch: _Watch) -> T:
    outcome: Future[T] = Future()

    def target() -> None:
        try:
            outcome.set_result(job())
        except BaseException as error:  # noqa: BLE001 - raised again by result()
            outcome.set_exception(error)

    threading.Thread(target=target, name="dialler-sync", daemon=True).start()
    try:
        while not outcome.done():
            wait([outcome], timeout=_POLL_SECONDS)
    except KeyboardInterrupt:
        watch.interrupted = True
    return outcome.result()


def _limit(name: str, given: str | None) -> Limit | None:
    """A limit of rows, by the name of its argument."""
    try:
        return row_limit(given)
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from None


def _settings(config: Config) -> Settings:
    return config if isinstance(config, Settings) else load_config(os.fspath(config), finished=True)


def _config_path(config: Config) -> Path:
    """Return the path that the journal stores: ``resume`` uses it unless -c names another."""
    return Path(CONFIG if isinstance(config, Settings) else config)


def _paths(files: Files) -> tuple[Path, ...]:
    return (path_of(files),) if isinstance(files, (str, os.PathLike)) else tuple(map(path_of, files))


def _path(path: StrPath | None) -> Path | None:
    return None if path is None else path_of(path)


def _text_frame(path: Path, *, encoding: str = "utf-8", delimiter: str = ",") -> pd.DataFrame:
    """Read a CSV report as text, undoing the protection against formulas."""
    import pandas as pd

    return _restored(pd.read_csv(path, dtype=str, keep_default_na=False, encoding=encoding, sep=delimiter))


def _restored(frame: pd.DataFrame) -> pd.DataFrame:
    for column in frame.columns:
        marked = frame[column].str.startswith("'")
        if marked.any():
            frame.loc[marked, column] = frame.loc[marked, column].map(restore)
    return frame
