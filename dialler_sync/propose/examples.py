"""Commented examples of what else a configuration may say, which fit the file at hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from ..config.texts import fold
from ..fields import PHONE_FIELDS
from ..model import Fault
from ..text.phrase import phrase
from .assigned import Assigned
from .content import fit, forbids_calls, is_date, is_no, is_yes_no
from .regions import read_number
from .sample import Column
from .yaml_text import one_line

_MOST_VALUES = 6
_ROUTES = 2
_FEW_ROWS = 5
"""Fewest rows that let a column's few different cells tell its kind."""


def examples(found: Assigned, *, one_campaign: bool) -> Iterator[str]:
    """Lines below ``columns:``: fields that may be left out or kept, and rows that may be left out."""
    yield from _fields(found)
    yield from _kept(found)
    yield from _rows(found, one_campaign=one_campaign)
    if one_campaign:
        yield from _campaigns(found)


def _campaigns(found: Assigned) -> Iterator[str]:
    """Propose routes by the postal code, if there is one; with a key, shares too."""
    column = found.by_field.get("PostalCode")
    begins = Counter(cell.strip()[:1] for cell in column.cells if cell.strip()[:1].isalnum()) if column else Counter()
    if column is None or len(begins) <= 1:
        return
    routes = [{"pattern": f"^{begin}", "to": f"Campaign {begin}"} for begin, _ in begins.most_common(_ROUTES)]
    yield ""
    yield "# " + phrase(
        "Several campaigns, in place of campaign: above (docs/rows.md), by what stands in a column, or by shares:"
    )
    yield f"# campaign: {one_line({'column': column.name, 'routes': routes, 'otherwise': 'reject'})}"
    if "UserData" in found.rules:
        yield f"# campaign: {one_line({'split': {'Campaign A': '50%', 'Campaign B': '50%'}})}"


def _fields(found: Assigned) -> Iterator[str]:
    """Point out fields whose bad cell need not reject the row."""
    lines = []
    for name in ("Email", *PHONE_FIELDS):
        given = found.rules[name].rule if name in found.rules else None
        column = found.by_field.get(name)
        if given is None or column is None:
            continue
        rule: dict[str, Any] = {"column": given} if isinstance(given, str) else {**given}
        extra: dict[str, Any] = {} if name == "PhoneNumber1" else {"invalid": "empty"}
        if name != "Email" and _lost_zeros(column, rule.get("region")):
            extra["lost_zero"] = "restore"
        if extra:
            lines.append(f"#   {name}: {one_line({**rule, **extra})}")
    if lines:
        yield "# " + phrase(
            "A bad cell of these need not cost the row (docs/rows.md), with such a rule in place of the one above:"
        )
        yield from lines


def _kept(found: Assigned) -> Iterator[str]:
    """Point out the field in which agents write; without a key, nothing is overwritten."""
    if "UserData" in found.rules and "Comment" in found.rules:
        given = found.rules["Comment"].rule
        rule: dict[str, Any] = {"column": given} if isinstance(given, str) else {**given}
        yield "# " + phrase("What agents have written stays, with such a rule in place of the one above:")
        yield f"#   Comment: {one_line({**rule, 'overwrite': 'if_empty'})}"


def _lost_zeros(column: Column, region: object) -> int:
    read = (read_number(cell, region if isinstance(region, str) else None) for cell in column.cells)
    return sum(isinstance(number, Fault) and number.code == "phone_leading_zero_lost" for number in read)


def _rows(found: Assigned, *, one_campaign: bool) -> Iterator[str]:
    """Point out columns that forbid calls, and one that may ask for them."""
    skip: dict[str, Any] = {}
    for column in found.left:
        if column.meaning.of in ("OptOut", "OptIn"):
            skip[column.name], rows = _forbids(column, found.language)
            yield ""
            yield "# CHANGE: " + phrase(
                "{column} says who must not be called ({count} of {all} rows looked at). Take the # away from rows: "
                "below, if that is right; then delete this line.",
                column=one_line(column.name),
                count=rows,
                all=column.rows,
            )
    kinds = next((column for column in found.left if _tells_kinds(column)), None)
    lock = {"skipped_contacts": "lock"} if one_campaign and "UserData" in found.rules else {}
    if skip:
        yield f"# rows: {one_line({'skip': skip, **lock})}"
    if kinds is not None:
        only = {kinds.name: [value for value, _ in Counter(cell.strip() for cell in kinds.cells).most_common()]}
        yield "#   " + phrase("and beside skip:, or alone:") if skip else ""
        yield f"# rows: {{only: {one_line(only)}}}   # " + phrase("of these, those that are to go (docs/rows.md)")
    if "UserData" in found.rules and _shares_numbers(found):
        yield "#   " + phrase("and beside them, or alone:") if skip or kinds is not None else ""
        yield "# rows: {duplicate_phones: warn}   # " + phrase(
            "rows that share a number under different keys (docs/rows.md)"
        )


def _shares_numbers(found: Assigned) -> bool:
    """Whether a phone column has a number in several rows."""
    columns = (found.by_field[name] for name in PHONE_FIELDS if name in found.by_field)
    return any(len({*map(str.strip, column.cells)}) < len(column.cells) for column in columns)


def _tells_kinds(column: Column) -> bool:
    """Whether a column has a few words, each in several rows: a status, a kind of customer."""
    kinds = {fold(cell) for cell in column.cells}
    if column.meaning.of in ("OptOut", "OptIn", "Campaign") or fit("Amount", column) > 0:
        return False
    few = 2 <= len(kinds) <= _MOST_VALUES and len(column.cells) >= _FEW_ROWS * len(kinds)
    return few and not any(is_date(cell) or is_yes_no(cell) for cell in column.cells)


def _forbids(column: Column, language: str) -> tuple[object, int]:
    """Return the values of a column that forbid a call (opt-in: do not allow it), as a filter; and their rows."""
    refused = column.meaning.of == "OptIn"
    forbids = [forbids_calls(cell, opt_in=refused) for cell in column.by_row]
    cells = [cell.strip() for cell, forbid in zip(column.by_row, forbids, strict=True) if forbid]
    by_folded = {fold(cell): cell for cell in reversed(cells)}
    counts = Counter(map(fold, cells))
    if len(counts) > _MOST_VALUES and not refused and not any(map(is_no, column.cells)):
        return {"empty": False}, len(cells)  # a date, or a reason: whatever stands there forbids
    values = [by_folded[value] for value, _ in counts.most_common(_MOST_VALUES)]
    return values or ["ja" if language in ("de", "nl") else "yes"], len(cells)
