"""JSON Schema of the configuration, for editors that complete and check YAML."""

from __future__ import annotations

from typing import Any

from ..text.phrase import phrase
from .extends import KEY
from .settings import Settings


def json_schema() -> dict[str, Any]:
    """Return the schema of a whole configuration file. One that extends another may leave out what must be set."""
    schema: dict[str, Any] = _spoken(Settings.model_json_schema())
    schema["title"] = phrase("dialler-sync configuration")
    sections = {
        name: {"required": needed}
        for name, setting in schema["properties"].items()
        if (section := schema["$defs"].get(str(setting.get("$ref")).rpartition("/")[2]))
        if (needed := section.pop("required", None))
    }
    schema["if"] = {"required": [KEY], "properties": {KEY: {"type": "string"}}}
    schema["else"] = {"required": schema.pop("required"), "properties": sections}
    return schema


def _spoken(schema: Any) -> Any:
    """Return a schema with its descriptions in the language that is spoken."""
    if isinstance(schema, dict):
        return {
            key: phrase(inner) if key == "description" and isinstance(inner, str) else _spoken(inner)
            for key, inner in schema.items()
        }
    return list(map(_spoken, schema)) if isinstance(schema, list) else schema
