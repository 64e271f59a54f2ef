"""Ignore Ctrl-C, SIGTERM and SIGHUP in the workers of a local cluster: the coordinator handles them."""

from __future__ import annotations

import signal
import threading


def dask_setup(_worker: object) -> None:
    """Ignore the signals; Dask calls this when a worker starts."""
    if threading.current_thread() is threading.main_thread():
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            if number := getattr(signal, name, None):
                signal.signal(number, signal.SIG_IGN)
