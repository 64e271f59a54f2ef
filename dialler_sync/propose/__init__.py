"""Proposes a configuration for a spreadsheet, from the names of its columns and their cells."""

from __future__ import annotations

from collections.abc import Iterator

from ..config import SourceSettings
from ..fields import FIELDS, PHONE_FIELDS
from ..model import Layout, Table
from ..text.outward import in_shell, line
from .assign import assign
from .content import fit
from .examples import examples
from .sample import HALF, Sample, sample
from .yaml_text import one_line

_HEAD = """\
# Proposed by 'dialler-sync init' for {name}. Check it, replace what is marked CHANGE, and try it:
#   {try_it}
# Editors complete and check it with the schema that 'dialler-sync config schema' prints.
dialler:
  base_url: https://dialler.example.com/rest/v1.0   # CHANGE: address of the dialler's REST API
  clients_id: 1                                     # CHANGE: the ClientsID of your account
  token: ${{DIALLER_SYNC_TOKEN}}                      # set this variable; the token itself does not belong in this file
"""


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
    lines = [_HEAD.format(name=line(layout.path.name), try_it=line(try_it))]
    if campaign is None:
        lines.append("campaign: {name: CHANGE ME}   # CHANGE: name of the campaign, or {id: 538}\n")
    else:
        ask = "" if "dialler" in campaign.name.casefold() else "CHANGE: are these the dialler's campaigns? "
        lines.append(f"campaign: {{column: {one_line(campaign.name)}}}   # {ask}or one for all rows: {{id: 538}}\n")
        found.columns.remove(campaign)
    lines += _source_section(layout, source or SourceSettings())
    if layout.vendor:
        lines.append("# The file is in the dialler vendor's own format, which needs no columns:.")
    else:
        lines += _columns_section(found, one_campaign=campaign is None)
    return "\n".join(lines) + "\n"


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
        yield f"# source: {{sheet: {one_line(layout.sheet)}}}   # where several sheets hold data\n"


def _columns_section(sample: Sample, *, one_campaign: bool) -> Iterator[str]:
    found = assign(sample)
    yield "columns:   # dialler field: source column"
    if "UserData" not in found.rules:
        yield "  # CHANGE: UserData: your own key of the contact. Without it, each import makes new contacts."
    if not any(name in found.rules for name in PHONE_FIELDS):
        yield "  # CHANGE: PhoneNumber1: the column of the phone number. None was found, and one is needed."
    for name in FIELDS:
        if name in found.rules:
            rule = found.rules[name]
            yield f"  {name}: {one_line(rule.rule)}" + (f"   # {line(rule.comment)}" if rule.comment else "")
    for column in found.left:
        of = column.meaning.of
        unlike = of in FIELDS and fit(of, column) < HALF
        yield f"  # not used: {one_line(column.name)}" + (f"   (its cells do not look like {of})" if unlike else "")
    for name in sample.nameless:
        yield f"  # not used, as several columns are called so: {one_line(name)}"
    yield from examples(found, one_campaign=one_campaign)
