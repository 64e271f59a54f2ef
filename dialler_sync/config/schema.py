"""JSON Schema of the configuration, for editors that complete and check YAML."""

from __future__ import annotations

from typing import Any

from .settings import Settings


def json_schema() -> dict[str, Any]:
    """Return the schema of a whole configuration file."""
    schema = Settings.model_json_schema()
    schema["title"] = "dialler-sync configuration"
    return schema
