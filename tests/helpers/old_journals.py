"""Journals as earlier versions wrote them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

SPELLINGS = pytest.mark.parametrize(
    ("spelled", "old"), [("{id: 538}", "538"), ("{name: Nightly}", "Nightly")], ids=["id", "name"]
)
"""A campaign as a configuration spells it, and as an old target held it."""


def age(path: Path, target: str) -> None:
    """Downgrade a journal to version 4, whose targets were ``<base URL>/<ClientsID>#<campaign as it was spelled>``."""
    with closing(sqlite3.connect(path)) as base, base:
        for table in ("runs", "sent", "mirror_locks"):
            base.execute(f"UPDATE {table} SET target = ?", (target,))
        base.execute("UPDATE schema_version SET version = 4")
