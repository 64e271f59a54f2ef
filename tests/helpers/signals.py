"""The signals that end a command."""

from __future__ import annotations

import signal

import pytest

ENDING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]

BOTH = pytest.mark.parametrize("number", ENDING, ids=lambda number: number.name)
