"""The options of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..config.limits import Limit


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The command line's options, beside the configuration.

    ``source`` overrides ``source:``, and is part of the run's settings already. ``mark``: also write copies of the
    workbooks with the faulty cells marked. ``cluster``: address of the Dask scheduler whose workers send the rows, or
    ``local``.
    """

    source: Mapping[str, Any] = field(default_factory=dict)
    dry_run: bool = False
    limit: int | None = None
    max_errors: Limit | None = None
    max_warnings: Limit | None = None
    compare: str = "none"
    max_missing: Limit | None = None
    adopt: bool = False
    mask: bool = False
    mark: bool = False
    cluster: str | None = None
