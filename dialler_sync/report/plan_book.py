"""``plan.xlsx``: what an import would do, as a workbook; every cell is text, whatever it looks like."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..text.command_line import command
from ..text.outward import mask_cells
from ..text.phrase import phrase
from ..text.spreadsheet import harmless_row
from . import plan_words
from .sheets import Book, Table
from .words import campaign_of


def write_plan_book(path: Path, plan: Mapping[str, Any]) -> None:
    """Write the workbook of a plan, by the keys of its JSON: a line for each field that changes or is set.

    Raises:
        JournalError: the file cannot be written.
    """
    with Book(path) as book:
        page = book.add_page(phrase("Summary"), (26, 12, 90))
        table = book.add_table(phrase("Changes"), path.with_suffix(".json").name)
        who, column = phrase("who"), phrase("column")
        table.writerow(("row", "action", who, "user_data", "contact_id", column, "field", "is", "becomes", "reason"))
        for entry in plan["entries"]:
            _write(table, entry, plan["labels"])
        note = table.close()
        page.line(plan_words.verdict(plan), style=page.title)
        page.line()
        page.line(phrase("Files"), ", ".join(dict.fromkeys(file["name"] for file in plan["files"])))
        page.line(phrase("Campaign"), campaign_of(plan))
        page.line(phrase("Planned at (UTC)"), plan["created_at"])
        page.line(phrase("Execute it with"), command("import", "--plan", str(path.with_suffix(".json"))))
        if note:
            page.line(phrase("Note"), note)
        page.line()
        page.line(phrase("Action"), phrase("Rows"), phrase("Meaning"), style=page.bold)
        for name, number in plan_words.counts(plan).items():
            page.line(name, number, plan_words.meaning(name))
        page.line()
        page.line(phrase("Field"), phrase("Changed"), style=page.bold)
        for name, number in plan["changed_fields"].items():
            page.line(name, number)
        page.line()
        page.line(phrase("Rule"), phrase("Rows"), style=page.bold)
        for rule, number in plan_words.what_rules_did(plan["entries"]):
            page.line("", number, rule)
        book.save()


def _write(table: Table, entry: Mapping[str, Any], labels: Mapping[str, str]) -> None:
    row, known = str(entry["row"] or ""), (entry["action"], entry["name"], entry["user_data"], entry["contact_id"])
    for change in plan_words.changes(entry) or [("", "", "")]:
        table.writerow(harmless_row(mask_cells([row, *known, labels.get(change[0], ""), *change, entry["reason"]])))
