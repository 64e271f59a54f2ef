"""JSON Schema of the configuration, for editors that complete and check YAML."""

from __future__ import annotations

from typing import Any

from .extends import KEY
from .settings import Settings


def json_schema() -> dict[str, Any]:
    """Return the schema of a whole configuration file. One that extends another may leave out what must be set."""
    schema = Settings.model_json_schema()
    schema["title"] = "dialler-sync configuration"
    sections = {
        name: {"required": needed}
        for name, setting in schema["properties"].items()
        if (section := schema["$defs"].get(str(setting.get("$ref")).rpartition("/")[2]))
        if (needed := section.pop("required", None))
    }
    schema["if"] = {"required": [KEY], "properties": {KEY: {"type": "string"}}}
    schema["else"] = {"required": schema.pop("required"), "properties": sections}
    return schema
