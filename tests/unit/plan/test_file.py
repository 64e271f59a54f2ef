"""A plan file is carried out as it is, or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.errors import UsageError
from dialler_sync.plan.file import PlanFile, read_plan
from dialler_sync.plan.planned import PlanEntry, Planned

from ...helpers.records import RUN

ENTRIES = (
    PlanEntry(2, "overwrite", "K1", "7", {"Name": ("A", "B")}),
    PlanEntry(0, "lock", "K2", "8"),
    PlanEntry(0, "lock", "K2", "9"),
)
FILES = [{"name": "a.csv", "path": "/a.csv", "sheet": "One", "sha256": "aa", "rows": 3, "layout": {}}]


def planned(*entries: PlanEntry, **counts: int) -> Planned:
    found = Planned(entries=list(entries))
    found.counts.update(counts)
    return found


@pytest.fixture
def plan() -> PlanFile:
    options = {"compare": "dialler", "adopt": False, "max_missing": "5%", "suppress": {}}
    run = replace(RUN, files=FILES, options=options)
    return PlanFile.of(run, planned(*ENTRIES, overwrite=1, lock=2), 0)


@pytest.mark.parametrize(
    ("counts", "differs"),
    [
        *(({name: 1}, True) for name in ("create", "overwrite", "import", "lock", "unlock", "delete")),
        ({"unchanged": 3, "suppressed": 1, "create": 0}, False),
    ],
)
def test_whether_there_is_anything_to_do(counts: dict[str, int], differs: bool, plan: PlanFile) -> None:
    assert replace(plan, counts=counts).differs is differs


@pytest.mark.parametrize("change", [{"sha256": "bb"}, {"sheet": "Two"}])
def test_other_files_are_refused(change: dict[str, str], plan: PlanFile) -> None:
    with pytest.raises(UsageError, match="the files are not the ones the plan was made from: make a new plan"):
        plan.check_inputs([{**FILES[0], **change}], RUN.config, "dialler")
    with pytest.raises(UsageError, match="the files are not the ones the plan was made from: make a new plan"):
        plan.check_inputs([*FILES, *FILES], RUN.config, "dialler")
    plan.check_inputs([{**FILES[0], "path": "/elsewhere/b.csv"}], RUN.config, "dialler")


def test_another_configuration_is_refused(plan: PlanFile) -> None:
    with pytest.raises(UsageError, match="overwrite_duplicates"):
        plan.check_inputs(FILES, {"rows.overwrite_duplicates": "false"}, "dialler")
    with pytest.raises(UsageError, match="--compare was dialler, is none"):
        plan.check_inputs(FILES, RUN.config, "none")


MOVED = [
    planned(*ENTRIES, overwrite=1, lock=2, unchanged=1),  # counts alone
    planned(*ENTRIES[:2], overwrite=1, lock=2),
    planned(replace(ENTRIES[0], contact_id="70"), *ENTRIES[1:], overwrite=1, lock=2),
    planned(replace(ENTRIES[0], changes={"Name": ("C", "B")}), *ENTRIES[1:], overwrite=1, lock=2),
    planned(*ENTRIES[:2], replace(ENTRIES[2], contact_id="10"), overwrite=1, lock=2),
    planned(*ENTRIES, PlanEntry(3, "create", "K3"), overwrite=1, lock=2),
]


@pytest.mark.parametrize("now", MOVED)
def test_a_dialler_that_has_moved_is_refused(now: Planned, plan: PlanFile) -> None:
    """Even where as much would be done as before."""
    with pytest.raises(UsageError, match="the dialler has changed since the plan was made"):
        plan.check_decisions(now)


def test_a_contact_that_moved_is_named(plan: PlanFile) -> None:
    now = planned(replace(ENTRIES[0], contact_id="70"), *ENTRIES[1:], overwrite=1, lock=2)

    with pytest.raises(UsageError, match="the dialler has changed since the plan was made"):
        plan.check_decisions(now)


def test_the_order_of_what_is_planned_does_not_matter(plan: PlanFile) -> None:
    plan.check_decisions(planned(*reversed(ENTRIES), overwrite=1, lock=2))


def written(plan: PlanFile, path: Path, **changes: Any) -> Path:
    plan.write(path)
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")
    return path


def test_a_plan_is_read_as_it_was_written(plan: PlanFile, tmp_path: Path) -> None:
    assert read_plan(written(plan, tmp_path / "plan.json")) == plan
    assert plan.max_missing == "5%"


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"entries": [{"row": "two"}]},
        {"files": [{name: entry for name, entry in FILES[0].items() if name != "sheet"}]},
        {"files": [{"sheet": "One"}]},
        {"files": None},
        {"max_missing": "many"},
    ],
)
def test_what_is_no_plan_is_refused(changes: dict[str, Any], plan: PlanFile, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"plan\.json"):
        read_plan(written(plan, tmp_path / "plan.json", **changes))


def test_a_plan_that_others_can_change_is_refused(plan: PlanFile, tmp_path: Path) -> None:
    path = written(plan, tmp_path / "plan.json")
    path.chmod(0o666)

    with pytest.raises(UsageError, match="chmod"):
        read_plan(path)
    assert read_plan(path, trusted=True) == plan


def test_rows_of_another_type_are_other_rows(plan: PlanFile) -> None:
    """Whoever edits a plan may write a number as text; it is refused like any other change."""
    first, *others = plan.entries
    edited = replace(plan, entries=[{**first, "row": str(first["row"])}, *others])

    with pytest.raises(UsageError, match="Make a new plan"):
        edited.check_decisions(planned(*ENTRIES, overwrite=1, lock=2))
