"""Imports contacts from spreadsheets into a call-centre dialler, and reports the outcome of every row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .version import __version__  # noqa: F401 - part of the API

if TYPE_CHECKING:
    from .api import DiallerClient
    from .config import Settings, load_config
    from .python_api import CallList, ImportResult, Reconciliation, calls, import_files, reconcile

__all__ = [
    "CallList",
    "DiallerClient",
    "ImportResult",
    "Reconciliation",
    "Settings",
    "calls",
    "import_files",
    "load_config",
    "reconcile",
]

_HOMES = {"DiallerClient": "api", "Settings": "config", "load_config": "config"}


def __getattr__(name: str) -> Any:
    """Load a name of the Python API on first use, so that the command line starts without them."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOMES.get(name, 'python_api')}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
