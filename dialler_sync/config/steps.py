"""Steps of a column's rule that have keys of their own: how a text is put together, cut, replaced and looked up."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, model_validator

from ..text.phrase import phrase
from .section import Section
from .sources import NamedFile, Naming
from .texts import Pattern

_TEMPLATE = re.compile(r"(?P<double>\{\{|\}\})|\{(?P<column>[^{}]+)\}|(?P<stray>[{}])")


class Part(Section):
    """One piece of a text that is cut at a separator."""

    separator: str = Field(min_length=1, description="Separator between the parts.")
    part: int = Field(ge=1, description="Part to take, counted from 1; a missing part is empty.")


class Join(Section):
    """Several columns in one text; empty ones are left out."""

    columns: tuple[Annotated[str, Field(min_length=1)], ...] = Field(min_length=1, description="Source columns.")
    separator: str = Field(" ", description="Separator between the columns.")


class Replacement(Section):
    """A pattern, and what stands in its place wherever it is found in a text."""

    pattern: Pattern = Field(description="Regular expression, found anywhere in the text.")
    with_: str = Field("", alias="with", description="Replacement; \1 is the first group. Empty: remove the match.")

    @model_validator(mode="before")
    @classmethod
    def _empty_text(cls, given: object) -> object:
        return {**given, "with": given.get("with") or ""} if isinstance(given, dict) else given

    @model_validator(mode="after")
    def _fitting(self) -> Replacement:
        try:
            found = re.compile(f"{self.pattern}|").match("")
            if found:
                found.expand(self.with_)
        except (re.error, IndexError) as error:
            raise ValueError(
                phrase(
                    "'{text}' does not fit the pattern '{pattern}': {why}",
                    text=self.with_,
                    pattern=self.pattern,
                    why=error,
                )
            ) from None
        return self


class Lookup(Naming):
    """A table of keys and values: a CSV or Excel file."""

    file: NamedFile = Field(description="CSV or Excel file, relative to the folder of the configuration.")
    key: str = Field(min_length=1, description="Column to look the text up in.")
    value: str = Field(min_length=1, description="Column with the value for the field.")

    def __hash__(self) -> int:  # ``source`` may have lists in it
        return hash((self.file, self.key, self.value))


def template_parts(template: str) -> tuple[tuple[str, str | None], ...]:
    """Parse ``"a {B} c"`` to ``(("a ", "B"), (" c", None))``: literal text, each with the column that follows it.

    Raises:
        ValueError: a brace that is neither doubled nor part of ``{column}``.
    """
    parts: list[tuple[str, str | None]] = []
    literal, end = "", 0
    for match in _TEMPLATE.finditer(template):
        literal += template[end : match.start()]
        end = match.end()
        if match["stray"]:
            raise ValueError(
                phrase("stray '{brace}' in the template; write a literal brace twice", brace=match["stray"])
            )
        if match["double"]:
            literal += match["double"][0]
        else:
            parts.append((literal, match["column"]))
            literal = ""
    return (*parts, (literal + template[end:], None))
