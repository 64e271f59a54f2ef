"""A job to interrupt, and the state it must end in."""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dialler_sync.simulator import SimulatorServer, Store

from ..conftest import Configure

COLUMNS = {"UserData": "Key", "Name": "Name", "PhoneNumber1": "{column: Phone, region: DE}"}
KEYLESS = {name: rule for name, rule in COLUMNS.items() if name != "UserData"}

MODES: dict[str, dict[str, Any]] = {
    "overwrite": {"columns": COLUMNS},
    "create": {"columns": COLUMNS, "rows": "{overwrite_duplicates: false}"},
    "keyless": {"columns": KEYLESS, "rows": "{overwrite_duplicates: false}"},
}
"""``overwrite``: a retry is harmless. ``create``: it is not, but a row can be looked up. ``keyless``: nor that."""

_VARYING = {"_attempts", "_sent_at", "_contact_id"}


@dataclass(frozen=True)
class Ended:
    """Final state of a run: the dialler's contacts without IDs and times, and the reports without those and tries."""

    contacts: Counter[str]
    lines: list[dict[str, str]] = field(repr=False)
    failed: str = field(repr=False)
    counts: dict[str, int]
    actions: dict[str, int]
    exit_code: int


def rows(count: int) -> list[str]:
    """Return good rows, two of them replaced by rejected ones, and two rows with one key."""
    lines = [f"K{n},Name {n},0171 39{n:05}" for n in range(2, count + 2)]
    lines[3], lines[7], lines[9] = "K5,,0171 3900005", "K9,Name 9,12", "K4,Name 4b,0171 3900004"
    return lines


def prepare(configure: Configure, store: Store, mode: str, **dialler: object) -> None:
    """Write the configuration of the mode, and give the dialler some of the contacts."""
    configure(MODES[mode]["columns"], rows=MODES[mode].get("rows", "{}"), concurrency=4, **dialler)
    for n in (3, 6, 12):
        store.add(UserData=f"K{n}", Name="Old", PhoneNumber1="+4930111111", DiallerCampaignsID=538)


def ended(server: SimulatorServer, reports: Path) -> Ended:
    """Return the current state."""
    plain = (
        {name: value for name, value in contact.items() if name not in {"dtImported", "dtModified"}}
        for contact in server.store.contacts.values()
    )
    with (reports / "results.csv").open(encoding="utf-8", newline="") as file:
        lines = [{k: v for k, v in line.items() if k not in _VARYING} for line in csv.DictReader(file)]
    summary = json.loads((reports / "summary.json").read_text(encoding="utf-8"))
    return Ended(
        Counter(json.dumps(contact, sort_keys=True) for contact in plain),
        lines,
        (reports / "failed.csv").read_text(encoding="utf-8-sig").replace(summary["run_id"], "RUN"),
        summary["counts"],
        {name: number for name, number in summary["actions"].items() if number},
        summary["exit_code"],
    )
