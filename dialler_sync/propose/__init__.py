"""Proposes a configuration for a spreadsheet, from the names of its columns and their cells."""

from __future__ import annotations

from collections.abc import Iterator

from ..config import SourceSettings
from ..fields import FIELDS, PHONE_FIELDS
from ..model import Layout, Table
from ..text.outward import in_shell, line
from ..text.phrase import phrase
from .assign import assign
from .content import fit
from .examples import examples
from .sample import HALF, Column, Sample, sample
from .yaml_text import one_line

_ONE = "{id: 538}"


def propose_config(table: Table, source: SourceSettings | None = None, try_it: str | None = None) -> str:
    """Write a commented configuration, as YAML, that fits the table.

    Comments mark what the table lacks. The result loads if DIALLER_SYNC_TOKEN is set, and binds to the table if that
    has a column of phone numbers.

    Args:
        table: the spreadsheet.
        source: the settings it was read with; they become part of the configuration.
        try_it: the command that tries the configuration; by default, for one that is named as usual.
    """
    layout = table.layout
    found = sample(table)
    campaign = next((column for column in found.columns if column.meaning.of == "Campaign"), None)
    try_it = try_it or f"dialler-sync validate {in_shell(_relative(layout.path.name))}"
    lines = [*_head(layout.path.name, try_it), *_campaign(campaign)]
    if campaign is not None:
        found.columns.remove(campaign)
    lines += _source_section(layout, source or SourceSettings())
    if layout.vendor:
        lines.append("# " + phrase("The file is in the dialler vendor's own format, which needs no columns:."))
    else:
        lines += _columns_section(found, one_campaign=campaign is None)
    return "\n".join(lines) + "\n"


def _head(name: str, try_it: str) -> Iterator[str]:
    yield "# " + phrase(
        "Proposed by 'dialler-sync init' for {name}. Check it, replace what is marked CHANGE, and try it:",
        name=line(name),
    )
    yield f"#   {line(try_it)}"
    yield "# " + phrase("Editors complete and check it with the schema that 'dialler-sync config schema' prints.")
    yield "dialler:"
    yield "  base_url: https://dialler.example.com/rest/v1.0   # CHANGE: " + phrase("address of the dialler's REST API")
    yield "  clients_id: 1                                     # CHANGE: " + phrase("the ClientsID of your account")
    yield "  token: ${DIALLER_SYNC_TOKEN}                      # " + phrase(
        "set this variable; the token itself does not belong in this file"
    )
    yield ""


def _campaign(column: Column | None) -> Iterator[str]:
    if column is None:
        yield "campaign: {name: CHANGE ME}   # CHANGE: " + phrase("name of the campaign, or {one}", one=_ONE)
    elif "dialler" in column.name.casefold():
        yield f"campaign: {{column: {one_line(column.name)}}}   # " + phrase("or one for all rows: {one}", one=_ONE)
    else:
        yield f"campaign: {{column: {one_line(column.name)}}}   # CHANGE: " + phrase(
            "are these the dialler's campaigns? or one for all rows: {one}", one=_ONE
        )
    yield ""


def _relative(name: str) -> str:
    """Return a file's name in a form that no command takes for an option."""
    return f"./{name}" if name.startswith("-") else name


def _source_section(layout: Layout, source: SourceSettings) -> Iterator[str]:
    given = {
        name: value
        for name in ("encoding", "delimiter", "quote", "escape", "header", "columns")
        if (value := getattr(source, name)) not in ("auto", None)
    }
    if source.takes_several_sheets and layout.sheet is not None:
        given = {"sheets": "all", **given} if source.sheets else {"sheet": source.sheet, **given}
    elif source.sheet is not None and layout.sheet is not None:
        given = {"sheet": layout.sheet, **given}
    if given:
        yield f"source: {one_line(given)}\n"
    elif layout.sheet is not None:
        yield f"# source: {{sheet: {one_line(layout.sheet)}}}   # " + phrase("where several sheets hold data")
        yield ""


def _columns_section(sample: Sample, *, one_campaign: bool) -> Iterator[str]:
    found = assign(sample)
    yield "columns:   # " + phrase("dialler field: source column")
    if "UserData" not in found.rules:
        yield "  # CHANGE: UserData: " + phrase(
            "your own key of the contact. Without it, each import makes new contacts."
        )
    if not any(name in found.rules for name in PHONE_FIELDS):
        yield "  # CHANGE: PhoneNumber1: " + phrase(
            "the column of the phone number. None was found, and one is needed."
        )
    for name in FIELDS:
        if name in found.rules:
            rule = found.rules[name]
            yield f"  {name}: {one_line(rule.rule)}" + (f"   # {line(rule.comment)}" if rule.comment else "")
    for column in found.left:
        of = column.meaning.of
        unused = "  # " + phrase("not used: {column}", column=one_line(column.name))
        if of in FIELDS and fit(of, column) < HALF:
            unused += "   " + phrase("(its cells do not look like {field})", field=of)
        yield unused
    for name in sample.nameless:
        yield "  # " + phrase("not used, as several columns are called so: {column}", column=one_line(name))
    yield from examples(found, one_campaign=one_campaign)
