"""The configuration shared by all jobs: read, checked, described."""

from __future__ import annotations

from ..config import Settings, SourceSettings, load_config, load_source, with_source
from ..config.extends import read_configuration
from ..config.hours import following, read_time
from ..config.inbox import age
from ..config.limits import Limit, row_limit
from ..config.load import still_marked
from ..config.required import lacking
from ..config.schema import json_schema

__all__ = [
    "Limit",
    "Settings",
    "SourceSettings",
    "age",
    "following",
    "json_schema",
    "lacking",
    "load_config",
    "load_source",
    "read_configuration",
    "read_time",
    "row_limit",
    "still_marked",
    "with_source",
]
