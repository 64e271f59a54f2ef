"""``plan.html``: what an import would do, for a person's yes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..text.command_line import command
from ..text.phrase import figure, mark, phrase
from . import charts, plan_words
from .page import write_page
from .records import Column, Records, spoken
from .words import campaign_of

_COLUMNS = (
    Column(mark("Who"), "text"),
    Column("UserData", "text"),
    Column(mark("Action"), "chip", shared=True),
    Column(mark("Row"), "text"),
    Column(mark("Contact ID"), "text"),
    Column(mark("Fields"), "codes", shared=True),
    Column(mark("Changes"), "text"),
    Column(mark("Reason"), "more", shared=True),
)


def write_plan_page(path: Path, plan: Mapping[str, Any]) -> None:
    """Write the page of a plan, by the keys of its JSON.

    Raises:
        JournalError: the file cannot be written.
    """
    records = Records(spoken(_COLUMNS), ())
    for entry in plan["entries"]:
        if records.has_room():
            records.add(_values(entry, plan["labels"]), 0, ())
    fields = sorted(plan["changed_fields"].items(), key=lambda item: -item[1])
    context = {
        "plan": plan,
        "campaign": campaign_of(plan),
        "verdict": plan_words.verdict(plan),
        "counts": [(name, count, plan_words.meaning(name)) for name, count in plan_words.counts(plan).items()],
        "rules": plan_words.what_rules_did(plan["entries"]),
        "names": list(dict.fromkeys(file["name"] for file in plan["files"])),
        "fields": charts.bars((plan["labels"].get(name, name), count, figure(count)) for name, count in fields),
        "records": records,
        "full": path.with_suffix(".json").name,
        "run_it": command("import", "--plan", str(path.with_suffix(".json"))),
    }
    write_page(path, "plan.html.j2", context)


def _values(entry: Mapping[str, Any], labels: Mapping[str, str]) -> tuple[str, ...]:
    changes = [(labels.get(name, name), *change) for name, *change in plan_words.changes(entry)]
    if entry["fields"]:
        said = "; ".join(f"{name}: {after}" for name, _, after in changes)
    else:
        empty = phrase("(empty)")
        said = "; ".join(f"{name}: {before or empty} → {after or empty}" for name, before, after in changes)
    names = "" if entry["fields"] else "; ".join(name for name, _, _ in changes)
    row = str(entry["row"] or "")
    return (
        entry["name"],
        entry["user_data"],
        entry["action"],
        row,
        entry["contact_id"],
        names,
        said or entry["reason"],
        entry["reason"],
    )
