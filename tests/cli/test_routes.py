"""Rows for several campaigns, by routes and by shares: planned, moved, taken back, and interrupted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run
from ..helpers.dialler import line, seed

Contacts = Callable[..., Path]

KEYS = ("K1", "K2", "K3", "K4")
HALVES = [538, 539, 539, 538]
SPLIT = "{split: {Nightly: 50%, 539: 50%}}"
ROUTES = '{column: Key, routes: [{pattern: "[23]$", to: Trade fair callbacks}], otherwise: 538}'


def _campaigns(dialler: SimulatorServer) -> list[object]:
    held = sorted(dialler.store.contacts.values(), key=lambda contact: str(contact["UserData"]))
    return [contact["DiallerCampaignsID"] for contact in held]


@pytest.mark.parametrize("campaign", [SPLIT, ROUTES])
def test_a_contact_of_another_campaign_is_moved_and_an_undo_brings_it_back(
    run: Run, configure: Configure, dialler: SimulatorServer, contacts_csv: Contacts, campaign: str
) -> None:
    """A plan after the import finds nothing to do, nor does a reconciliation."""
    configure(campaign=campaign)
    seed(dialler, *KEYS)
    path = contacts_csv(rows=[line(key) for key in KEYS])

    planned = run("plan", path)
    done = run("import", path)
    moved = _campaigns(dialler)
    again = run("plan", path, "--detailed-exitcode")
    matching = run("reconcile", path, "--detailed-exitcode")
    undone = run("undo", done.summary["run_id"], "--yes")

    assert "~ overwrite K2" in planned.out
    assert "moved" in planned.out
    assert [row["_warnings"] for row in done.rows()] == ["", *["moved:DiallerCampaignsID"] * 2, ""]
    assert moved == HALVES
    assert (again.code, matching.code, undone.code) == (ExitCode.OK, ExitCode.OK, ExitCode.OK), again.out
    assert _campaigns(dialler) == [538] * 4


def test_an_interrupted_split_goes_on_as_it_began(
    run: Run, configure: Configure, dialler: SimulatorServer, contacts_csv: Contacts
) -> None:
    """The order of the campaigns is no change of the configuration; a retry sends each key where it belongs."""
    configure(campaign=SPLIT)
    path = contacts_csv(rows=[line(key) for key in KEYS])
    assert run("import", path, "--limit", "1").code != ExitCode.OK
    configure(campaign="{split: {539: 50%, Nightly: 50%}}")

    resumed = run("resume")

    assert resumed.code == ExitCode.OK, resumed.err
    assert "A new run" not in resumed.err
    assert _campaigns(dialler) == HALVES
    assert len(dialler.store.contacts) == len(KEYS)


def test_a_doctor_names_campaigns_that_are_not_there(run: Run, configure: Configure) -> None:
    configure(campaign="{split: {Nightly: 50%, 540: 50%}}")
    assert "the dialler has no campaign 540" in run("doctor").out

    configure(campaign=SPLIT)
    assert "Nightly, 539: the dialler has them" in run("doctor").out


def test_a_validation_needs_no_dialler(
    run: Run, configure: Configure, dialler: SimulatorServer, contacts_csv: Contacts
) -> None:
    configure(campaign=SPLIT)

    assert run("validate", contacts_csv(2)).code == ExitCode.OK
    assert not dialler.requests
