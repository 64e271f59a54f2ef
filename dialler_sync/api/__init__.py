"""The dialler's REST API (API.md): transport → retry → client, and the JSON in :mod:`.wire`."""

from __future__ import annotations

from .client import DiallerClient
from .wire import StoredContact

__all__ = ["DiallerClient", "StoredContact"]
