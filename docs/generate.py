"""Writes the reference pages from the code: configuration, command line, error codes, JSON Schema.

``python docs/generate.py`` writes them; ``python docs/generate.py --check`` exits 1 where one is stale.
"""

from __future__ import annotations

import json
import sys
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from dialler_sync.cli.main import cli
from dialler_sync.config import ColumnRule
from dialler_sync.config.filters import Condition
from dialler_sync.config.schema import json_schema
from dialler_sync.config.settings import Settings
from dialler_sync.endpoints import ASSUMED, ENDPOINTS
from dialler_sync.error_codes import ERROR_CODES, WARNINGS, ErrorCode
from dialler_sync.fields import FIELDS

HERE = Path(__file__).parent / "reference"
MADE = "<!-- made by docs/generate.py; do not edit -->\n\n"


def configuration() -> str:
    """The configuration reference, from the types of the settings."""
    parts = ["# Configuration\n", "An unknown key is an error with file, line and the nearest name.\n"]
    for name, field in Settings.model_fields.items():
        parts.append(f"\n## `{name}`\n")
        section = _model(field.annotation)
        if field.description:
            parts.append(f"{field.description}\n")
        if name == "columns":
            parts.append("Each entry is `dialler field: source column`, or a rule with these keys:\n")
            parts.extend(_table(ColumnRule))
        elif section:
            parts.append(f"{_first_line(section)}\n")
            parts.extend(_table(section))
        if name == "rows":
            parts.append("\n`only` and `skip` have, for each source column, a text, a list of texts, or these keys:\n")
            parts.extend(_table(Condition))
    parts.append("\n## Contact fields\n")
    parts.append("| field | holds | longest (before 3.19) |\n|---|---|---|")
    for contact_field in FIELDS.values():
        longest = str(contact_field.longest or "")
        if contact_field.longest_before_3_19:
            longest += f" ({contact_field.longest_before_3_19})"
        parts.append(f"| `{contact_field.name}` | {contact_field.kind} | {longest} |")
    parts.append("\n## Functions for `dialler.endpoints`\n")
    parts.append("| function | method and path | |\n|---|---|---|")
    for function, path in ENDPOINTS.items():
        parts.append(f"| `{function}` | `{path}` | {'assumed' if function in ASSUMED else 'documented'} |")
    return MADE + "\n".join(parts) + "\n"


def _table(model: type[BaseModel]) -> Iterator[str]:
    yield "| key | default | what |\n|---|---|---|"
    for name, field in model.model_fields.items():
        default = "" if field.default in (PydanticUndefined, None) else f"`{_shown(field.default)}`"
        if field.is_required():
            default = "*needed*"
        what = (field.description or "").replace("|", "\\|").replace("\n", " ")
        yield f"| `{name}` | {default} | {what} |"


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if typing.get_origin(annotation) in (typing.Union, types.UnionType, tuple):
        return next((found for inner in typing.get_args(annotation) if (found := _model(inner))), None)
    return None


def _first_line(thing: Any) -> str:
    return (thing.__doc__ or "").strip().splitlines()[0]


def command_line() -> str:
    """The command line reference, from --help."""
    parts = ["# Commands\n"]
    for path, command in _commands(cli, ()):
        name = " ".join(("dialler-sync", *path))
        context = click.Context(command, info_name=name, max_content_width=100, terminal_width=100)
        parts.append(f"## `{name}`\n\n```text\n{command.get_help(context)}\n```\n")
    return MADE + "\n".join(parts)


def _commands(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from _commands(inner, (*path, name))


def error_codes() -> str:
    """Every error code with its meaning and its mend."""
    lines = [
        "# Error codes\n",
        "Stable names in `_error_code`. A row with several faults lists them, separated by `; `.\n",
    ]
    lines.append("| code | meaning | what to do |\n|---|---|---|")
    lines.extend(_code_line(entry) for entry in ERROR_CODES.values())
    lines.append("\n## Warnings\n")
    lines.append("A row with a warning is imported. `_warnings` has them as `code:Field`, separated by `; `.\n")
    lines.append("| code | meaning | what to do |\n|---|---|---|")
    lines.extend(_code_line(entry) for entry in WARNINGS.values())
    return MADE + "\n".join(lines) + "\n"


def _code_line(entry: ErrorCode) -> str:
    return f"| `{entry.code}` | {entry.meaning} | {entry.mend} |"


PAGES = {
    "configuration.md": configuration,
    "commands.md": command_line,
    "error-codes.md": error_codes,
    "config.schema.json": lambda: json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n",
}


def stale() -> list[str]:
    """Names of pages that are not what the code says."""
    return [
        name
        for name, make in PAGES.items()
        if not (HERE / name).exists() or (HERE / name).read_text(encoding="utf-8") != make()
    ]


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(f"stale: {', '.join(stale())}; run python docs/generate.py" if stale() else 0)
    HERE.mkdir(exist_ok=True)
    for page, make in PAGES.items():
        (HERE / page).write_text(make(), encoding="utf-8")
