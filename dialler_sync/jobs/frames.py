"""Reports as data frames, for notebooks: every cell is text, without the protection against formulas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from ..call_lists.run import CallsOptions
from ..config import Settings
from ..report.contacts_output import cell_text
from ..text.spreadsheet import restore

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
