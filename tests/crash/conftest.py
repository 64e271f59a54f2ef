"""What all crash tests share: a dialler that outlives the commands."""

from __future__ import annotations

from ..helpers.watched import Watched, configure, dialler, store  # noqa: F401 - fixtures
