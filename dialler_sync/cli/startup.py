"""Set-up before a command and clean-up after it: garbage collection, and the time zone."""

from __future__ import annotations

import gc
import logging
import os
import time
from contextlib import suppress
from datetime import datetime

_log = logging.getLogger(__name__)
_WINTER, _SUMMER = datetime(2030, 1, 1), datetime(2030, 7, 1)  # noqa: DTZ001 - they get the zone of this machine


def delay_collector() -> None:
    """Delay collections while modules are loaded: their objects stay."""
    gc.set_threshold(500_000)


def skip_last_collection() -> None:
    """Skip the last collection at exit, which takes longer than many a command."""
    gc.freeze()


def settle_time_zone() -> None:
    """Set the time zone to UTC, with a warning, if Python cannot use the one of ``TZ``."""
    with suppress(ValueError, OverflowError):
        _WINTER.astimezone()
        _SUMMER.astimezone()
        return
    _log.warning("TZ=%s is not a time zone: times are in UTC", os.environ.get("TZ"))
    os.environ["TZ"] = "UTC"
    if hasattr(time, "tzset"):
        time.tzset()
