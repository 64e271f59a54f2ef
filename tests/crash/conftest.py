"""What all crash tests share: the process that commands are forked from, and a dialler that outlives them."""

from __future__ import annotations

from ..helpers.watched import Watched, _forkserver, configure, dialler, store  # noqa: F401 - fixtures
