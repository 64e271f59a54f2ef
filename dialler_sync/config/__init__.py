"""YAML → typed, frozen settings.

The file is read in two steps: :mod:`.document` turns YAML into text values that remember their line, :mod:`.settings`
(with :mod:`.columns`) defines the allowed keys and checks the values.
"""

from __future__ import annotations

from .columns import ColumnRule
from .load import changes, fingerprint, load_config, load_source, with_source
from .settings import Settings
from .source import SourceSettings

__all__ = [
    "ColumnRule",
    "Settings",
    "SourceSettings",
    "changes",
    "fingerprint",
    "load_config",
    "load_source",
    "with_source",
]
