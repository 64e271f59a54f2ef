"""Every sentence that the code says, for translators: ``python -m tests.catalogue FILE.pot`` writes them (gettext)."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from functools import cache
from gettext import NullTranslations
from pathlib import Path
from typing import Any

import click
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from dialler_sync.cli.main import cli
from dialler_sync.config.schema import json_schema

ROOT = Path(__file__).parent.parent / "dialler_sync"
_METHODS = [("**.py", "python"), ("**.j2", "jinja2.ext:babel_extract")]
_KEYWORDS = {"phrase": None, "mark": None, "counted": (2, 3), "marks": (1, 2)}
_A_FORM = re.compile(r"(%\w|[^\w%])*|[\d,.]+")
"""A form of dates or numbers, which has no word."""


@cache
def catalogue() -> Catalog:
    """Return all sentences, each with the places where it is said: a folder of the code is a stage."""
    found = Catalog(project="dialler-sync")
    for file, line, message, comments, context in extract_from_dir(ROOT, _METHODS, keywords=_KEYWORDS):
        found.add(message, locations=[(file, line)], auto_comments=comments, context=context)
    for text in help_of(cli):
        found.add(text, locations=[("cli", 0)])
    for text in descriptions_in(json_schema()):
        found.add(text, locations=[("config", 0)])
    return found


def help_of(command: click.Command) -> Iterator[str]:
    """Yield the help of a command, its options and its subcommands."""
    yield inspect.cleandoc(command.help or "")
    yield from (param.help for param in command.params if isinstance(param, click.Option) and param.help)
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        yield from help_of(inner)


def descriptions_in(schema: Any) -> Iterator[str]:
    """Yield what a JSON Schema says of its keys."""
    for key, inner in schema.items() if isinstance(schema, dict) else enumerate(schema):
        if key == "description" and isinstance(inner, str):
            yield inner
        elif isinstance(inner, dict | list):
            yield from descriptions_in(inner)


class Bracketed(NullTranslations):
    """A made-up language: each sentence of the catalogue in ``⟦…⟧``. ``unknown`` are those that it lacks."""

    def __init__(self) -> None:
        super().__init__()
        self._known = {each.id for each in catalogue() if each.id}
        self.unknown: set[str] = set()

    def gettext(self, message: str) -> str:
        """Return a sentence in brackets; a form stays, as it must fit what reads it."""
        if _A_FORM.fullmatch(message):
            return message
        if message not in self._known and not any(message in each for each in self._known if isinstance(each, tuple)):
            self.unknown.add(message)
            return message
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Return the sentence that fits a number, in brackets."""
        if (msgid1, msgid2) not in self._known:
            self.unknown.add(msgid1)
        return f"⟦{super().ngettext(msgid1, msgid2, n)}⟧"


if __name__ == "__main__":
    with Path(sys.argv[1]).open("wb") as target:
        write_po(target, catalogue(), sort_by_file=True, width=120)
