"""Loaded by the workers of a cluster on this machine: Ctrl-C and SIGTERM are for the coordinator, which ends them."""

from __future__ import annotations

import signal
import threading


def dask_setup(_worker: object) -> None:
    """Called by Dask in each worker when it starts."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
