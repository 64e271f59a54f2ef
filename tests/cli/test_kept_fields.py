"""``overwrite: if_empty | never``: what contacts keep, and a dialler that does not keep it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import COLUMNS, Configure, Run
from ..helpers.dialler import line, seed
from ..helpers.foreign import Answer, ForeignDialler, served

Contacts = Callable[..., Path]

KEEPING = {**COLUMNS, "Comment": '{value: "from the list", overwrite: if_empty}'}
NOTE = "agent's note"


class Emptying(ForeignDialler):
    """A dialler that replaces a contact whole: what an import leaves out is gone. ``stubborn``: also a second time."""

    stubborn = False

    def _import(self, body: dict[str, Any], *, overwrite: bool) -> Answer:
        for contact in self.contacts.values():
            if contact["UserData"] == body["UserData"]:
                for name in contact.keys() - {"ID", "DiallerCampaignsID", "UserData"}:
                    contact[name] = None
        return super()._import({**body, "Comment": None} if self.stubborn else body, overwrite=overwrite)


@pytest.mark.parametrize("stubborn", [False, True])
def test_a_dialler_that_empties_what_is_left_out_costs_one_contact(
    run: Run, configure: Configure, contacts_csv: Contacts, stubborn: bool
) -> None:
    """It gets back what it had, and the run stops; where it cannot, the message says so."""
    with served(Emptying()) as dialler:
        dialler.stubborn = stubborn
        configure(KEEPING, base_url=dialler.base_url)
        for key in ("K1", "K2", "K3"):
            dialler.add(538, key, Comment=NOTE if key != "K1" else None)

        done = run("import", contacts_csv(rows=[line(key, "Changed") for key in ("K1", "K2", "K3")]))

        assert [contact.get("Comment") for contact in dialler.contacts.values()][1:] == [
            None if stubborn else NOTE,
            NOTE,
        ]
        assert dialler.imports == 2
    assert done.code == ExitCode.SAFETY_LIMIT
    assert "contact 2 (K2) lost Comment" in done.err
    assert ("which was restored" in done.err) is not stubborn
    assert done.statuses() == {2: "unprocessed", 3: "succeeded", 4: "unprocessed"}


def test_the_first_contact_alone_is_read_back(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """Two requests in a run, and none without a rule."""
    with served(ForeignDialler()) as dialler:
        for number in range(5):
            dialler.add(538, f"K{number}", Comment=NOTE)
        path = contacts_csv(rows=[line(f"K{number}", "Changed") for number in range(5)])

        configure(KEEPING, base_url=dialler.base_url)
        done = run("import", path)
        kept = len(dialler.requests)
        dialler.requests.clear()
        configure(base_url=dialler.base_url)
        run("import", path)

        assert kept == len(dialler.requests) + 1
        assert {contact["Comment"] for contact in dialler.contacts.values()} == {NOTE}
    assert done.code == ExitCode.OK, done.err


def test_a_limit_counts_the_first_contact(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    with served(ForeignDialler()) as dialler:
        configure(KEEPING, base_url=dialler.base_url)
        dialler.add(538, "K2", Comment=NOTE)

        done = run("import", contacts_csv(rows=[line("K1"), line("K2", "Changed"), line("K3")]), "--limit", "2")

    assert done.statuses() == {2: "succeeded", 3: "succeeded", 4: "unprocessed"}


def test_compare_plan_undo_and_reconcile_know_what_is_kept(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """A contact that differs only in what it keeps is unchanged, matches, and is put back as it was."""
    configure(KEEPING)
    (old,) = seed(dialler, "K1", Comment=NOTE)
    before = dict(dialler.store.contacts[old])
    path = contacts_csv(rows=[line("K1", "Changed"), line("NEW")])

    done = run("import", path)
    again = run("plan", path, "-o", "plan.json")
    reconciled = run("reconcile", path, "--detailed-exitcode")
    undone = run("undo", done.summary["run_id"], "--yes")

    assert dialler.store.contacts[old]["Comment"] == NOTE
    assert json.loads(Path("plan.json").read_text())["counts"] == {"unchanged": 2}
    assert "Nothing would change." in again.out
    assert f'= unchanged K1 (row 2): kept: Comment "{NOTE}"' in again.out
    assert "NEW" not in again.out
    assert reconciled.code == ExitCode.OK, reconciled.out
    assert undone.code == ExitCode.OK, undone.err
    now = dialler.store.contacts[old]
    assert {name: now[name] for name in ("Name", "Comment", "PhoneNumber1")} == {
        name: before[name] for name in ("Name", "Comment", "PhoneNumber1")
    }
    assert len(dialler.store.contacts) == 1


def test_a_field_that_no_record_has_is_not_taken_for_empty(
    run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """The dialler shows empty fields, and not this one: nothing is sent. One that shows none is believed."""

    class Hiding(ForeignDialler):
        shows = True

        def _told(self, contacts: Any) -> Answer:
            status, answer = super()._told(contacts)
            for record in answer["records"] if answer else ():
                record.pop("Comment", None)
                if self.shows:
                    record["City"] = None
            return status, answer

    with served(Hiding()) as dialler:
        configure(KEEPING, base_url=dialler.base_url)
        dialler.add(538, "K1")
        path = contacts_csv(rows=[line("K1", "Changed")])

        refused = run("import", path)
        assert dialler.imports == 0
        dialler.shows = False
        believed = run("import", path)

    assert refused.code == ExitCode.USAGE
    assert "overwrite: if_empty needs the field's present value, but the dialler's records have no" in refused.err
    assert believed.code == ExitCode.OK, believed.err


class Vanishing(Emptying):
    """A dialler whose first contact goes away after it was overwritten: ``deleted``, or given another key."""

    deleted = True

    def _import(self, body: dict[str, Any], *, overwrite: bool) -> Answer:
        if self.imports > 1:
            return ForeignDialler._import(self, body, overwrite=overwrite)
        answer = ForeignDialler._import(self, body, overwrite=overwrite)
        contact = next(each for each in self.contacts.values() if each["UserData"] == body["UserData"])
        if self.deleted:
            del self.contacts[contact["ID"]]
        else:
            contact.update(UserData="of another", Comment=None)
        return answer


@pytest.mark.parametrize("deleted", [True, False])
def test_a_first_contact_that_goes_away_meanwhile_tells_nothing(
    run: Run, configure: Configure, contacts_csv: Contacts, deleted: bool
) -> None:
    """The next one is read back in its place."""
    with served(Vanishing()) as dialler:
        dialler.deleted = deleted
        configure(KEEPING, base_url=dialler.base_url)
        for key in ("K1", "K2", "K3"):
            dialler.add(538, key, Comment=NOTE)

        done = run("import", contacts_csv(rows=[line(key, "Changed") for key in ("K1", "K2", "K3")]))

        read = [request for request in dialler.requests if request.startswith("GET /dialler/contacts/")]
    assert read == ["GET /dialler/contacts/1", "GET /dialler/contacts/2"]
    assert done.code == ExitCode.OK, done.err


class Choosy(Emptying):
    """It empties what is left out, and refuses the first so many contacts."""

    refused = 1

    def _import(self, body: dict[str, Any], *, overwrite: bool) -> Answer:
        if int(body["UserData"][1:]) <= self.refused:
            return 400, {"status": 400, "error": "Name: not allowed"}
        return super()._import(body, overwrite=overwrite)


@pytest.mark.parametrize(
    ("refused", "contacts", "code"),
    [(1, 3, ExitCode.SAFETY_LIMIT), (3, 3, ExitCode.ROWS_FAILED), (20, 21, ExitCode.SAFETY_LIMIT)],
)
def test_a_contact_that_was_not_overwritten_says_nothing_of_what_is_kept(
    run: Run, configure: Configure, contacts_csv: Contacts, refused: int, contacts: int, code: ExitCode
) -> None:
    """The next one is looked at in its place; after twenty the run stops, as nobody can tell."""
    keys = [f"K{number}" for number in range(1, contacts + 1)]
    with served(Choosy()) as dialler:
        dialler.refused = refused
        configure(KEEPING, base_url=dialler.base_url)
        for key in keys:
            dialler.add(538, key, Comment=NOTE)

        done = run("import", contacts_csv(rows=[line(key, "Changed") for key in keys]))

        assert {contact["Comment"] for contact in dialler.contacts.values()} == {NOTE}
    assert done.code == code, done.err


class Forgetting(Emptying):
    """It empties what is left out, and the contact is deleted while it is put back."""

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        if method == "GET" and path.endswith("/contacts/1") and self.imports == 2:
            self.contacts.pop(1, None)
        return super().answer(method, path, query, body)


def test_what_is_put_back_into_a_contact_that_is_deleted_is_not_there(
    run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """And a command for the dialler is not given a second time."""
    bodies: list[dict[str, Any]] = []

    class Noting(Forgetting):
        def _import(self, body: dict[str, Any], *, overwrite: bool) -> Answer:
            bodies.append(body)
            return super()._import(body, overwrite=overwrite)

    with served(Noting()) as dialler:
        configure({**KEEPING, "ResetContact": "{value: true}"}, base_url=dialler.base_url)
        dialler.add(538, "K1", Comment=NOTE)

        done = run("import", contacts_csv(rows=[line("K1", "Changed")]))

    assert "which could not be restored" in done.err
    assert ["ResetContact" in body for body in bodies] == [True, False]
    assert done.code == ExitCode.SAFETY_LIMIT
