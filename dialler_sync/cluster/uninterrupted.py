"""Loaded by the workers of a cluster on this machine: Ctrl-C, SIGTERM and SIGHUP are for the coordinator."""

from __future__ import annotations

import signal
import threading


def dask_setup(_worker: object) -> None:
    """Called by Dask in each worker when it starts."""
    if threading.current_thread() is threading.main_thread():
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            if number := getattr(signal, name, None):
                signal.signal(number, signal.SIG_IGN)
