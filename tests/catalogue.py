"""Every sentence that the code says, for translators: ``python -m tests.catalogue FILE.pot`` writes them (gettext)."""

from __future__ import annotations

import re
import sys
from functools import cache
from gettext import NullTranslations
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

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
    return found


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
