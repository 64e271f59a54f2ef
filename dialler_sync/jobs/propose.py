"""A configuration proposed from a spreadsheet."""

from __future__ import annotations

from pathlib import Path

from ..config import SourceSettings
from ..errors import InputError
from ..propose import propose_config
from ..read import first_rows, open_selected
from ..text.phrase import phrase


def propose(path: Path, source: SourceSettings, try_it: str | None = None) -> str:
    """Write a commented configuration, as YAML, that fits a file: its table, or the sheets that ``source`` takes.

    ``try_it`` is the command that the configuration names.

    Raises:
        InputError: the file cannot be read, or holds several tables, or sheets with other columns.
    """
    local, _ = first_rows(path, source)
    first, *others = open_selected(path, source, local)
    for other in others:
        if other.layout.columns != first.layout.columns:
            differing = [*({*first.layout.columns} ^ {*other.layout.columns})] or [phrase("their order")]
            raise InputError(
                phrase(
                    "{where}: its columns are not those of sheet '{sheet}' ({columns}). Make a configuration "
                    "from each, or give them the same header.",
                    where=other.layout.where,
                    sheet=first.layout.sheet,
                    columns=", ".join(sorted(differing)),
                )
            )
    return propose_config(first, source, try_it)
