"""What holds for every file and every dialler: plans cover both sides, applying them settles, undo puts back."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialler_sync.config import Settings, load_config
from dialler_sync.config.limits import Limit
from dialler_sync.jobs.changes import undo_run
from dialler_sync.jobs.imports import ImportOptions, PlanFile, import_files, plan_files
from dialler_sync.journal import Journal
from dialler_sync.run.options import RunOptions
from dialler_sync.simulator import SimulatorServer, Store

KEYS = st.sampled_from([f"K{n}" for n in range(12)])
NAMES = st.sampled_from(["Anna", "Müller", "O'Neil", "=1+1", " x "])
CITIES = st.sampled_from(["", "Ulm", "Köln"])
ROWS = st.lists(st.tuples(KEYS, NAMES, CITIES), max_size=15)
THERE = st.dictionaries(KEYS, st.tuples(NAMES, CITIES), max_size=12)
OWN = {"ID", "dtImported", "dtModified"}

COLUMNS = {"UserData": "Key", "Name": "Name", "City": "City", "PhoneNumber1": "{column: Phone, region: DE}"}

few = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Site:
    """A dialler, a journal and a folder, for one example."""

    def __init__(self, folder: Path, server: SimulatorServer, journal: Journal) -> None:
        self.folder, self.server, self.journal = folder, server, journal
        self.number = 0

    def settings(self, extra: str = "", campaign: str = "{id: 538}", **rules: str) -> Settings:
        path = self.folder / "config.yaml"
        path.write_text(
            f"dialler: {{base_url: '{self.server.base_url}', clients_id: 1, token: simulator}}\n"
            f"campaign: {campaign}\n"
            f"columns: {{{', '.join(f'{name}: {rule}' for name, rule in (COLUMNS | rules).items())}}}\n" + extra,
            encoding="utf-8",
        )
        return load_config(path)

    def options(self, rows: list[tuple[str, str, str]], **run: Any) -> ImportOptions:
        self.number += 1
        path = self.folder / "rows.csv"
        lines = ["Key,Name,City,Phone", *(f'{key},"{name}",{city},0171 3920012' for key, name, city in rows)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        out = self.folder / f"run{self.number}"
        return ImportOptions((path,), self.folder / "config.yaml", out, RunOptions(**run))

    def state(self) -> dict[str, dict[str, Any]]:
        contacts = deepcopy(self.server.store.contacts).values()
        return {c["UserData"]: {k: v for k, v in c.items() if k not in OWN and v is not None} for c in contacts}

    def there_and_back(
        self, config: Settings, rows: list[tuple[str, str, str]]
    ) -> tuple[PlanFile, dict[str, dict[str, Any]], PlanFile]:
        """Plan, import, plan again and undo; gives the first plan, what the dialler then had, and the second plan.

        No list forbids anything by the time of the undo.
        """
        options = self.options(rows, compare="dialler")
        plan = plan_files(config, options, self.journal)
        imported = import_files(config, options, self.journal)
        state = self.state()
        again = plan_files(config, self.options(rows, compare="dialler"), self.journal)
        free = config.model_copy(update={"suppress": ()})
        undone = undo_run(free, self.journal.run(imported.run_id), self.journal, out=self.folder / "undo")
        assert imported.exit_code == 0, json.dumps(dict(imported.counts))
        assert undone.exit_code == 0, json.dumps(dict(undone.counts))
        return plan, state, again


@cache
def empty_journal() -> bytes:
    """Making the tables takes longer than all else of an example."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "journal.db"
        Journal.open(path).close()
        return path.read_bytes()


@contextmanager
def site(there: dict[str, tuple[str, str]]) -> Iterator[Site]:
    with (
        tempfile.TemporaryDirectory() as name,
        Store({538: "Nightly", 539: "Day"}) as store,
        SimulatorServer(store) as server,
    ):
        path = Path(name) / "journal.db"
        path.write_bytes(empty_journal())
        with Journal.open(path) as journal:
            for key, (person, city) in there.items():
                store.add(
                    DiallerCampaignsID=538, UserData=key, Name=person, City=city or None, PhoneNumber1="+491713920012"
                )
            yield Site(Path(name), server, journal)


@few
@given(rows=ROWS, there=THERE)
def test_a_plan_covers_every_row_and_applying_it_settles(
    rows: list[tuple[str, str, str]], there: dict[str, tuple[str, str]]
) -> None:
    """Every key of the file is planned once; after the import a plan finds only what is unchanged."""
    with site(there) as here:
        config = here.settings()
        options = here.options(rows, compare="dialler")
        plan = plan_files(config, options, here.journal)
        keys = {key for key, _, _ in rows}
        assert sum(plan.counts.values()) == len(rows)
        assert plan.counts.get("superseded", 0) == len(rows) - len(keys)
        assert plan.counts.get("create", 0) == len(keys - there.keys())

        summary = import_files(config, options, here.journal)
        again = plan_files(config, here.options(rows, compare="dialler"), here.journal)

        assert summary.exit_code == 0
        assert summary.actions["create"] == plan.counts.get("create", 0)
        assert summary.actions["overwrite"] == plan.counts.get("overwrite", 0)
        assert set(again.counts) <= {"unchanged", "superseded"}
        assert not again.differs


@few
@given(rows=ROWS, there=THERE)
def test_undo_after_import_gives_the_earlier_state(
    rows: list[tuple[str, str, str]], there: dict[str, tuple[str, str]]
) -> None:
    """Field by field, but for the dialler's own time stamps."""
    with site(there) as here:
        config = here.settings("rows: {empty_cells: clear}\n")
        before = here.state()
        imported = import_files(config, here.options(rows), here.journal)

        undone = undo_run(config, here.journal.run(imported.run_id), here.journal, out=here.folder / "undo")

        assert undone.exit_code == 0, json.dumps(dict(undone.counts))
        assert here.state() == before


@few
@given(rows=ROWS, there=THERE)
def test_rows_that_are_left_out_are_planned_settled_and_undone(
    rows: list[tuple[str, str, str]], there: dict[str, tuple[str, str]]
) -> None:
    """Every row has its place in the plan; contacts of which every row is left out are locked, and only those; a second
    plan finds nothing to do, and undo unlocks them."""
    with site(there) as here:
        config = here.settings("rows: {skip: {City: [Ulm]}, skipped_contacts: lock, empty_cells: clear}\n")
        before = here.state()
        options = here.options(rows, compare="dialler")
        goes = {key for key, _, city in rows if city != "Ulm"}
        out = {key for key, _, city in rows if city == "Ulm"} - goes

        plan = plan_files(config, options, here.journal)
        imported = import_files(config, options, here.journal)
        state = here.state()
        again = plan_files(config, here.options(rows, compare="dialler"), here.journal)
        undone = undo_run(config, here.journal.run(imported.run_id), here.journal, out=here.folder / "undo")

        assert sum(plan.counts.values()) - plan.counts.get("lock", 0) == len(rows)
        assert plan.counts.get("filtered", 0) == sum(city == "Ulm" for _, _, city in rows)
        assert {key for key, contact in state.items() if contact.get("bLocked")} == out & there.keys()
        assert set(again.counts) <= {"unchanged", "superseded", "filtered"}
        assert not again.differs
        assert undone.exit_code == 0, json.dumps(dict(undone.counts))
        assert here.state() == before


@few
@given(files=st.lists(ROWS, min_size=1, max_size=4), limit=st.integers(0, 6))
def test_no_sequence_of_files_deletes_more_than_the_limit_allows(
    files: list[list[tuple[str, str, str]]], limit: int
) -> None:
    """Truncated, empty, reordered, duplicated: each run deletes at most what it may, and only what it knows."""
    with site({"FOREIGN": ("Anna", "")}) as here:
        config = here.settings("mirror: {missing: delete}\n")
        for rows in files:
            before = len(here.server.store.contacts)
            summary = import_files(config, here.options(rows, max_missing=Limit(rows=limit)), here.journal)
            deleted = summary.actions["delete"]

            assert deleted <= limit
            assert summary.exit_code in (0, 8)
            assert len(here.server.store.contacts) == before + summary.actions["create"] - deleted
            assert "FOREIGN" in here.state()


@few
@given(rows=ROWS, there=THERE, rule=st.sampled_from(["keep", "create", "update"]))
def test_what_contacts_keep_is_planned_settled_and_undone(
    rows: list[tuple[str, str, str]], there: dict[str, tuple[str, str]], rule: str
) -> None:
    """A city that is there stays, or one side is not touched; a second plan finds nothing to do, and undo puts back."""
    with site(there) as here:
        cities = {"City": "{column: City, overwrite: if_empty}"} if rule == "keep" else {}
        mode = "upsert" if rule == "keep" else rule
        config = here.settings(f"rows: {{mode: {mode}, empty_cells: clear}}\n", **cities)
        before = here.state()
        plan, state, again = here.there_and_back(config, rows)

        assert sum(plan.counts.values()) == len(rows)
        if rule == "keep":
            assert all(state[key].get("City") == city for key, (_, city) in there.items() if city)
        elif rule == "create":
            assert {key: state[key] for key in before} == before
        else:
            assert state.keys() == before.keys()
        assert not again.differs
        assert here.state() == before


SPLIT = "{split: {Nightly: 50%, 539: 50%}}"
ROUTES = '{column: City, routes: [{pattern: "^$", to: 539}, {pattern: "^U", to: Day}], otherwise: Nightly}'


@few
@given(rows=ROWS, there=THERE, campaign=st.sampled_from([SPLIT, ROUTES]))
def test_rows_of_several_campaigns_without_a_number_are_planned_settled_and_undone(
    rows: list[tuple[str, str, str]], there: dict[str, tuple[str, str]], campaign: str
) -> None:
    """A second plan finds nothing to do, whatever was moved and whatever number left out; undo puts back."""
    with site(there) as here:
        (here.folder / "dnc.csv").write_text("Number\n+491713920012\n", encoding="utf-8")
        suppress = "suppress: {file: dnc.csv, column: Number, action: number}\nrows: {empty_cells: clear}\n"
        config = here.settings(suppress, campaign, PhoneNumber2="{value: '+493039200121'}")
        before = here.state()
        plan, state, again = here.there_and_back(config, rows)

        assert sum(plan.counts.values()) == len(rows)
        assert state.keys() == there.keys() | {key for key, _, _ in rows}
        assert all("PhoneNumber1" not in state[key] for key, _, _ in rows)
        assert set(again.counts) <= {"unchanged", "superseded"}
        assert not again.differs
        assert here.state() == before


@few
@given(
    st.lists(st.tuples(KEYS, st.sampled_from("23456")), max_size=12),
    st.sampled_from(["allow", "reject", "first", "last"]),
    st.sampled_from(["allow", "warn", "skip"]),
)
def test_shared_numbers_are_settled_by_one_run(rows: list[tuple[str, str]], shared: str, known: str) -> None:
    """Planned again, nothing is to do; and no two rows that went share a number, unless that is allowed."""
    extra = f"rows: {{duplicate_phones: {shared}, duplicate_phones_in_dialler: {known}}}\n"
    with site({"K1": ("Anna", ""), "K2": ("Anna", "")}) as place:
        rules = place.settings(extra)
        options = place.options([], compare="dialler")
        lines = ["Key,Name,City,Phone", *(f"{key},Anna,,0171 392001{digit}" for key, digit in rows)]
        options.files[0].write_text("\n".join(lines) + "\n", encoding="utf-8")
        plan = plan_files(rules, options, place.journal)
        done = import_files(rules, options, place.journal)
        again = plan_files(rules, place_again(options), place.journal)

    moved = ("create", "overwrite", "import")
    assert sum(plan.counts.get(name, 0) for name in moved) == done.counts["succeeded"]
    assert sum(plan.counts.values()) == len(rows)
    assert not again.differs


def place_again(options: ImportOptions) -> ImportOptions:
    """The same, with another folder."""
    return replace(options, out=options.out.with_name("again") if options.out else None)
