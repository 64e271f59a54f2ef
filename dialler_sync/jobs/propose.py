"""A configuration proposed from a spreadsheet."""

from __future__ import annotations

from pathlib import Path

from ..config import SourceSettings
from ..propose import propose_config
from ..read import open_table


def propose(path: Path, source: SourceSettings) -> str:
    """Write a commented configuration, as YAML, that fits the one table of a file.

    Raises:
        InputError: the file cannot be read, or holds several tables.
    """
    return propose_config(open_table(path, source), source)
