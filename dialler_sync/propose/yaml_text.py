"""Values as one-line YAML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from ..text.outward import escaped


def one_line(value: Any) -> str:
    """Write one line of YAML; double any ``$`` that the configuration would read as a variable."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{one_line(key)}: {one_line(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(one_line, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    style = None if value.isprintable() else '"'
    listed = [re.sub(r"\$(?=[${])", "$$", value)]
    text: str = yaml.safe_dump(
        listed, default_style=style, default_flow_style=True, allow_unicode=True, width=float("inf")
    )
    return escaped(text.strip()[1:-1])  # YAML has the same escapes inside its quotes
