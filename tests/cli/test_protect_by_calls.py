"""``protect: {called:, done:, result_codes:}``: who is left alone, and a dialler that cannot tell."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run
from ..helpers.dialler import line, seed
from ..helpers.foreign import Answer, ForeignDialler, served

Contacts = Callable[..., Path]

SALE = {"ID": 2871, "ExportKey": "SALE", "Content": "Verkauf", "bDone": True}
BUSY = {"ID": 2875, "ExportKey": "BUSY", "Content": "Besetzt", "bDone": False}
CALLED = "2199-01-01 10:00:00"


def called(dialler: SimulatorServer) -> None:
    """K1 has bought, K2 was busy, K3 was not called."""
    bought, busy, _ = seed(dialler, "K1", "K2", "K3")
    dialler.store.add_call(bought, StatisticsPartA={"dtCallStart": "2020-01-01 10:00:00"}, **{CODE: SALE})
    dialler.store.add_call(busy, StatisticsPartA={"dtCallStart": CALLED}, **{CODE: BUSY})


CODE = "DiallerCampaignsResultCodes"


@pytest.mark.parametrize(
    ("protect", "left", "why"),
    [
        ("{done: true}", "K1", "the contact is done"),
        ("{result_codes: [sale]}", "K1", "the contact has the result code SALE"),
        ("{result_codes: Verkauf}", "K1", "the contact has the result code Verkauf"),
        ("{result_codes: [2875, OPTOUT]}", "K2", "the contact has the result code 2875"),
        ("{called: 36h}", "K2", f"the contact was called at {CALLED}, less than 36h ago"),
    ],
)
def test_plan_and_import_leave_alone_who_is_protected(
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
    dialler: SimulatorServer,
    protect: str,
    left: str,
    why: str,
) -> None:
    """With the reason; the others are overwritten."""
    configure(protect=protect)
    called(dialler)
    path = contacts_csv(rows=[line(key, "Changed") for key in ("K1", "K2", "K3")])

    plan = run("plan", path, "-o", "plan.json")
    done = run("import", "--plan", "plan.json")

    assert f"= protected {left} (row {left[1]}): {why}".replace(f"row {left[1]}", f"row {int(left[1]) + 1}") in plan.out
    assert json.loads(Path("plan.json").read_text())["counts"] == {"protected": 1, "overwrite": 2}
    assert done.code == ExitCode.OK, done.err
    names = {str(each["UserData"]): each["Name"] for each in dialler.store.contacts.values()}
    assert {key for key, name in names.items() if name == f"Name {key}"} == {left}


def test_a_mirror_leaves_alone_who_is_protected(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """What came of calls is read for a whole campaign, too."""
    configure(protect="{done: true}", mirror="{missing: lock, max_missing: 3}")
    called(dialler)

    done = run("import", contacts_csv(rows=[line("K4")]), "--adopt")

    assert done.code == ExitCode.OK, done.err
    locked = {each["UserData"] for each in dialler.store.contacts.values() if each.get("bLocked")}
    assert locked == {"K2", "K3"}


@pytest.mark.parametrize("protect", ["{done: true}", "{result_codes: [sale]}"])
@pytest.mark.parametrize("extras", ["--extras", "--no-extras"])
def test_reconcile_knows_who_is_protected(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, protect: str, extras: str
) -> None:
    """An import never changes that contact, so it is no difference."""
    configure(protect=protect)
    called(dialler)
    path = contacts_csv(rows=[line("K1", "Changed"), line("K2", "Name K2"), line("K3", "Name K3")])

    done = run("reconcile", path, extras, "--detailed-exitcode", "--out", "r")

    assert done.code == ExitCode.OK, done.out
    lines = (Path("r") / "reconciliation.csv").read_text("utf-8-sig").splitlines()
    assert [each.split(",")[0] for each in lines[1:]] == ["matching"] * 3
    assert "so not changed: Name" in lines[1]


@pytest.mark.parametrize("batch", [True, False])
@pytest.mark.parametrize(
    ("protect", "field"),
    [
        ("{called: 14d}", "dtLastTry or DiallerContactsHistory"),
        ("{done: true}", "bDone or DiallerCampaignsResultCodes"),
        ("{result_codes: [SALE]}", "DiallerCampaignsResultCodes"),
    ],
)
@pytest.mark.parametrize("command", [["import"], ["import", "--dry-run"], ["plan"]])
def test_a_dialler_that_does_not_tell_is_sent_nothing(
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
    protect: str,
    field: str,
    batch: bool,
    command: list[str],
) -> None:
    """The message names the field; where there is no contact yet, there is nobody to protect."""
    with served(ForeignDialler(batch=batch)) as dialler:
        configure(base_url=dialler.base_url, protect=protect)
        path = contacts_csv(rows=[line("K1", "Changed")])
        empty = run(*command, path, *(["--out", "empty"] if command[0] == "import" else []))
        dialler.contacts.clear()
        dialler.add(538, "K1")
        sent = dialler.imports

        refused = run(*command, path)

        assert dialler.imports == sent
    assert empty.code == ExitCode.OK, empty.err
    assert refused.code == ExitCode.USAGE
    assert f"the dialler's records have no {field}" in refused.err


def test_a_list_that_tells_of_the_last_try_is_enough(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """Where there is no batch lookup."""

    class Listing(ForeignDialler):
        def _told(self, contacts: Any) -> Answer:
            return super()._told({"dtLastTry": None, **each} for each in contacts)

    with served(Listing(batch=False)) as dialler:
        configure(base_url=dialler.base_url, protect="{called: 14d}")
        dialler.add(538, "K1", dtLastTry=CALLED)
        dialler.add(538, "K2")

        done = run("import", contacts_csv(rows=[line("K1"), line("K2")]))

    assert [row["_action"] for row in done.rows()] == ["protected", "overwrite"]
