"""Folders as killed processes leave them."""

from __future__ import annotations

import os
from pathlib import Path

from dialler_sync.files.drafts import make_draft


def made_draft(beside: Path, prefix: str, suffix: str = "") -> Path:
    """Make one that nobody holds."""
    path, number = make_draft(beside, prefix, suffix)
    if number is not None:
        os.close(number)
    return path
