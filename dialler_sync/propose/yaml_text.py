"""Values as YAML that stands on one line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from ..text.outward import escaped


def one_line(value: Any) -> str:
    """One line of YAML; a ``$`` that the configuration would take for a variable is doubled."""
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
    return escaped(text.strip()[1:-1])  # YAML has the same escapes, within the quotes that such a text stands in
