"""Rules of rows in any combination: an import does what its plan said, a second plan finds nothing, undo puts back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dialler_sync.errors import ConfigError, UsageError
from dialler_sync.jobs.changes import undo_run
from dialler_sync.jobs.imports import ImportOptions, import_files, plan_files
from dialler_sync.model import ACTIONS
from dialler_sync.run.options import RunOptions

from .test_plan import OWN, Site, site

KEYS = st.integers(0, 11).map("K{}".format)
NUMBERS = st.integers(10, 20)
CITIES = st.sampled_from(["", "Ulm", "gone", "Köln"])


def some(**values: list[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Some of these settings, each with one of its values."""
    return st.fixed_dictionaries({}, optional={name: st.sampled_from(each) for name, each in values.items()})


CONTACTS = st.dictionaries(
    KEYS,
    st.fixed_dictionaries(
        {"DiallerCampaignsID": st.sampled_from([538, 539]), "Name": st.just("Anna"), "PhoneNumber1": NUMBERS},
        optional={"City": CITIES, "Comment": st.just("note"), "bLocked": st.just(True)},
    ),
    max_size=9,
)
LIST = st.lists(
    st.tuples(KEYS, st.sampled_from(["Anna", "Bo"]), CITIES, NUMBERS, st.none() | NUMBERS, st.sampled_from(["", "hi"])),
    max_size=14,
)
SECTIONS = st.fixed_dictionaries(
    {
        "rows": some(
            duplicate_phones=["warn", "first", "last", "reject"],
            duplicate_phones_in_dialler=["warn", "skip"],
            duplicate_keys=["first", "last", "reject"],
            mode=["create", "update"],
            empty_cells=["clear"],
            skip=[{"City": ["gone"]}],
            skipped_contacts=["lock"],
        )
    },
    optional={
        "suppress": some(action=["number", "contact"]).map(
            lambda chosen: {"file": "dnc.csv", "column": "Number", **chosen}
        ),
        "protect": st.just({"locked": True}),
        "mirror": some(missing=["lock", "delete"]).map(lambda chosen: {"max_missing": "100%", **chosen}),
    },
)
CAMPAIGNS = st.sampled_from(
    [
        "{id: 538}",
        "{name: Nightly}",
        "{split: {Nightly: 50%, 539: 50%}}",
        '{column: City, routes: [{pattern: "^U", to: Day}], otherwise: Nightly}',
    ]
)
FIELDS = st.fixed_dictionaries(
    {"PhoneNumber2": st.just("{column: Second, region: DE}")},
    optional={"Comment": st.sampled_from(["if_empty", "never"]).map("{{column: Note, overwrite: {}}}".format)},
)


def phone(number: int | None) -> str:
    return "" if number is None else f"+4917139200{number}"


def state(here: Site) -> dict[str, dict[str, Any]]:
    """What the dialler has, of fields that hold something."""
    contacts = [dict(contact) for contact in here.server.store.contacts.values()]
    return {
        each["UserData"]: {k: v for k, v in each.items() if k not in OWN and v not in (None, False)}
        for each in contacts
    }


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(CONTACTS, LIST, SECTIONS, CAMPAIGNS, FIELDS)
def test_any_rules_together(
    there: dict[str, dict[str, Any]],
    rows: list[tuple[str, str, str, int, int | None, str]],
    sections: dict[str, dict[str, Any]],
    campaign: str,
    fields: dict[str, str],
) -> None:
    with site({}) as here:
        for key, contact in there.items():
            here.server.store.add(UserData=key, **{**contact, "PhoneNumber1": phone(contact["PhoneNumber1"])})
        (here.folder / "dnc.csv").write_text(f"Number\n{phone(12)}\n{phone(17)}\n", encoding="utf-8")
        lines = [(key, name, city, phone(one), phone(two), note) for key, name, city, one, two, note in rows]
        path = here.folder / "rows.csv"
        path.write_text("\n".join(map(",".join, [("Key", "Name", "City", "Phone", "Second", "Note"), *lines])) + "\n")
        try:
            extra = "".join(f"{name}: {json.dumps(section)}\n" for name, section in sections.items())
            config = here.settings(extra, campaign, **fields)
        except (ConfigError, UsageError):
            assume(False)  # they contradict each other, and it says so

        def options(name: str, compare: str = "none") -> ImportOptions:
            return ImportOptions((path,), here.folder / "config.yaml", here.folder / name, RunOptions(compare=compare))

        before = state(here)
        plan = plan_files(config, options("plan"), here.journal)
        assert state(here) == before
        done = import_files(config, options("import"), here.journal)
        again = plan_files(config, options("again", "dialler"), here.journal)
        undone = undo_run(config, here.journal.run(done.run_id), here.journal, out=here.folder / "undo")

        assert done.exit_code in (0, 4)
        assert done.counts["rejected"] == plan.rejected
        assert {name: done.actions.get(name, 0) for name in ACTIONS} == {
            name: plan.counts.get(name, 0) for name in ACTIONS
        }
        assert not again.differs
        assert undone.exit_code == 0
        assert state(here) == before


def test_the_rules_are_not_all_refused() -> None:
    """Else the test above would say nothing."""
    with site({}) as here:
        config = here.settings(
            "rows: {duplicate_phones: first, duplicate_phones_in_dialler: skip, skip: {City: [gone]}}\n",
            "{split: {Nightly: 50%, 539: 50%}}",
        )

    assert config.campaign.several
    with pytest.raises(ConfigError, match="skipped_contacts: lock"), site({}) as other:
        other.settings("rows: {skipped_contacts: lock}\n")
