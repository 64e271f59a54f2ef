"""The jobs for notebooks and scripts: plain functions, typed results, text frames.

``from dialler_sync import import_files, reconcile, load_config, DiallerClient``
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from .errors import UsageError
from .files.url import path_of
from .jobs import imports
from .jobs.calls import CallsDone, Form, calls_options, cell_text, list_calls
from .jobs.imports import ImportOptions, RunOptions
from .jobs.notebook import Watch, calls_frame, run_job, text_frame
from .jobs.reconcile import ReconcileOptions, ReconciliationSummary, plan_fixes, reconcile_files
from .jobs.records import Journal, default_state
from .jobs.results import Summary
from .jobs.settings import Limit, Settings, load_config, row_limit
from .text.phrase import phrase

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")
S = TypeVar("S", bound=Summary)
StrPath = str | os.PathLike[str]
Files = StrPath | Iterable[StrPath]
Config = StrPath | Settings

CONFIG = "dialler-sync.yaml"
"""Default configuration file, as on the command line."""


@dataclass(frozen=True, slots=True)
class _Result(Generic[S]):
    """Result of a run. ``summary.stopped_because`` says what stopped it, if anything."""

    summary: S

    @property
    def folder(self) -> Path:
        """Folder of the reports."""
        return Path(self.summary.out)


class ImportResult(_Result[Summary]):
    """Result of an import. ``summary.stopped_because`` says what stopped it, if anything."""

    @property
    def ok(self) -> bool:
        """Whether every row succeeded or was skipped."""
        return self.summary.exit_code == 0

    def to_pandas(self) -> pd.DataFrame:
        """Return ``results.csv``: one row per source row, in source order; every cell is text."""
        return text_frame(self.folder / "results.csv")


class Reconciliation(_Result[ReconciliationSummary]):
    """Result of a reconciliation. ``summary.stopped_because`` says what stopped it, if anything."""

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
            raise UsageError(phrase("nothing was compared: {why}", why=self.summary.stopped_because))
        return text_frame(self.folder / "reconciliation.csv")


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

    def work(store: Journal, watch: Watch) -> Reconciliation:
        done = reconcile_files(settings, options, store, watch)
        if fix is not None and not done.summary.stopped_because:
            plan_fixes(settings, options, store, watch).write(Path(fix))
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

    def work(store: Journal, watch: Watch) -> CallList:
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
        return CallList(done, lambda: calls_frame(settings, options, table))

    return _with_journal(journal, work)


# Shared by all


def _with_journal(journal: StrPath | None, work: Callable[[Journal, Watch], T]) -> T:
    """Run ``work`` with an open journal."""
    watch = Watch()

    def job() -> T:
        state = os.environ.get("DIALLER_SYNC_STATE") if journal is None else os.fspath(journal)
        with Journal.open(state or default_state()) as store:
            return work(store, watch)

    return run_job(job, watch)


def _limit(name: str, given: str | None) -> Limit | None:
    """Parse a limit of rows; ``name`` is its argument."""
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
