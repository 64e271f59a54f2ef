"""Tables that we wrote ourselves are read as they were written: nothing about them is guessed."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from ...config import SourceSettings
from ...text.own_csv import marked_header, table_writer
from ..layout.mended import is_ours
from .grammar import Dialect
from .lines import MARK

_CHARS = 1 << 22
"""Characters in which the header and the first row are looked for."""


def own_settings(path: Path, encoding: str, source: SourceSettings) -> SourceSettings | None:
    """Return the settings of a table of ours, which it tells by its first line; None for any other. What is configured
    stays."""
    with path.open(encoding=encoding, newline="") as file:
        text = (file.read(1).removeprefix(MARK) or file.read(1)) + file.read(_CHARS)
        is_whole = not file.read(1)
    names = Dialect(",").cut(text).cells
    if not (is_ours(names) or _is_marked(text, is_whole=is_whole)):
        return None
    form: dict[str, object] = {"delimiter": ",", "quote": '"', "escape": "double"}
    if not source.columns:
        form["header"] = [1]
    return source.model_copy(update={name: value for name, value in form.items() if getattr(source, name) == "auto"})


def _is_marked(text: str, *, is_whole: bool) -> bool:
    """Whether a text begins with a header that :func:`marked_header` wrote, above a row of :func:`table_writer`."""
    dialect, start = Dialect(","), StringIO()
    header = dialect.cut(text)
    marked_header(start).writerow(header.cells)
    if not all(header.quoted) or not text.startswith(start.getvalue()):
        return False
    row = dialect.cut(text, header.end)
    seen = row.cells if is_whole or row.end < len(text) else row.cells[:-1]
    if seen and header.end < len(text):
        table_writer(start).writerow(seen)
    return text.startswith(start.getvalue().removesuffix("\r\n"))
