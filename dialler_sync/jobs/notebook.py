"""Jobs from a notebook, which may run an event loop of its own (Jupyter), and interrupt a cell; data frames."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..call_lists.run import CallsOptions
from ..config import Settings
from ..errors import Interrupted
from ..model import Status
from ..report.contacts_output import cell_text
from ..text.spreadsheet import restore

T = TypeVar("T")

_POLL_SECONDS = 0.2
"""Seconds between two checks for Ctrl-C, which does not everywhere wake a thread that waits for another (Windows)."""


class Watch:
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


def run_job(job: Callable[[], T], watch: Watch) -> T:
    """Run ``job`` here, or in its own thread if an event loop is running.

    Raises:
        Interrupted: the cell was interrupted; ``watch`` has stopped the job.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return job()
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


if TYPE_CHECKING:
    import pandas as pd


def text_frame(path: Path, *, encoding: str = "utf-8", delimiter: str = ",") -> pd.DataFrame:
    """Read a CSV report as text, undoing the protection against formulas."""
    import pandas as pd

    return _restored(pd.read_csv(path, dtype=str, keep_default_na=False, encoding=encoding, sep=delimiter))


def _restored(frame: pd.DataFrame) -> pd.DataFrame:
    for column in frame.columns:
        marked = frame[column].str.startswith("'")
        if marked.any():
            frame.loc[marked, column] = frame.loc[marked, column].map(restore)
    return frame


def calls_frame(settings: Settings, options: CallsOptions, table: list[list[str]]) -> pd.DataFrame:
    """Return one row per call: of the file written, else of ``table``, whose first line names the columns."""
    import pandas as pd

    if options.to is None:
        return pd.DataFrame(table[1:], columns=table[0], dtype=object)
    if options.form == "csv":
        form = settings.calls
        encoding = "utf-8-sig" if form.encoding == "utf-8" else form.encoding
        return text_frame(options.to, encoding=encoding, delimiter=form.delimiter)
    if options.form == "jsonl":
        with options.to.open(encoding="utf-8") as file:
            records = list(map(json.loads, file))
        columns = list(dict.fromkeys(name for record in records for name in record))
        return pd.DataFrame([[cell_text(record.get(name)) for name in columns] for record in records], columns=columns)
    return _restored(pd.read_excel(options.to, sheet_name="Calls", dtype=str, keep_default_na=False, engine="openpyxl"))
