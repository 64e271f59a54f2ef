"""``rows: {mode: create | update}``, through all commands, and where the key comes or goes between look and request."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.exit_codes import ExitCode

from ..conftest import Configure, Run
from ..helpers.dialler import line, seed
from ..helpers.foreign import Answer, ForeignDialler, served

Contacts = Callable[..., Path]


@dataclass
class Moving(ForeignDialler):
    """A dialler in which ``happens`` is done after it was asked for contacts."""

    happens: Callable[[], object] | None = None

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        found = super().answer(method, path, query, body)
        if self.happens and path.endswith("/dialler/contacts"):
            self.happens()
            self.happens = None
        return found


@pytest.mark.parametrize(
    ("mode", "shown", "counts"),
    [
        ("create", "= exists K1 (row 2): contact 1 has this UserData, in campaign 538", {"exists": 1, "create": 1}),
        ("update", "= absent NEW (row 3): not in the dialler", {"absent": 1, "overwrite": 1}),
    ],
)
def test_plan_dry_run_and_import_agree(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: Any, mode: str, shown: str, counts: dict[str, int]
) -> None:
    """The plan says which rows are left, a dry run forecasts it, and the plan is carried out as it stands."""
    configure(rows=f"{{mode: {mode}}}", journal="{before_images: false}")
    seed(dialler, "K1")
    path = contacts_csv(rows=[line("K1", "Changed"), line("NEW")])

    plan = run("plan", path, "-o", "plan.json")
    dry = run("import", path, "--dry-run")
    done = run("import", "--plan", "plan.json")

    assert shown in plan.out
    assert {name: n for name, n in json.loads(Path("plan.json").read_text())["counts"].items() if n} == counts
    for each in (dry, done):
        assert {name: n for name, n in each.summary["actions"].items() if n} == counts
    assert done.code == ExitCode.OK, done.err
    assert run("retry").code == ExitCode.OK


def test_create_does_not_overwrite_a_contact_that_appears_meanwhile(
    run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """Both are there then, and the run names them."""
    with served(Moving()) as dialler:
        configure(base_url=dialler.base_url, rows="{mode: create}")
        dialler.happens = lambda: dialler.add(538, "K1", Name="By an agent")

        done = run("import", contacts_csv(rows=[line("K1", "By the list"), line("K2")]))

        assert [dialler.contacts[number]["Name"] for number in dialler.by_key("K1")] == ["By an agent", "By the list"]
    first, second = done.rows()
    assert (first["_status"], first["_error_code"]) == ("unknown", "possible_duplicate")
    assert "(1, 2)" in first["_error"]
    assert second["_status"] == "succeeded"
    assert done.code == ExitCode.ROWS_FAILED


def test_update_tells_of_a_contact_that_is_deleted_meanwhile(
    run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """What the dialler made of the row is named, and the run goes on."""
    with served(Moving()) as dialler:
        configure(base_url=dialler.base_url, rows="{mode: update}")
        dialler.add(538, "K1")
        dialler.add(538, "K2")
        dialler.happens = lambda: dialler.contacts.pop(1)

        done = run("import", contacts_csv(rows=[line("K1"), line("K2", "Changed")]))

    first, second = done.rows()
    assert (first["_status"], first["_error_code"]) == ("unknown", "contact_changed")
    assert "contact 3 was created or overwritten, not contact 1, which somebody has deleted" in first["_error"]
    assert second["_status"] == "succeeded"


def test_update_stops_where_the_dialler_makes_contacts_all_the_same(
    run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """After the first one."""

    class Doubling(ForeignDialler):
        def _import(self, body: dict[str, Any], *, overwrite: bool) -> Answer:
            return super()._import(body, overwrite=False)

    with served(Doubling()) as dialler:
        configure(base_url=dialler.base_url, rows="{mode: update}", concurrency=1)
        for number in range(5):
            dialler.add(538, f"K{number}")

        done = run("import", contacts_csv(rows=[line(f"K{number}") for number in range(5)]))

        assert dialler.imports == 1
    assert done.code == ExitCode.SAFETY_LIMIT
    assert "rows.mode is update, but contact 6 was created or overwritten, not contact 1" in done.err


@pytest.mark.parametrize("mode", ["create", "update"])
def test_a_dialler_that_cannot_be_read_is_sent_nothing(
    run: Run, configure: Configure, contacts_csv: Contacts, mode: str
) -> None:
    """Whether a row makes a contact would be a guess."""

    class Mute(ForeignDialler):
        def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
            if path.endswith("/dialler/contacts"):
                return 500, {"status": 500, "error": "Internal error"}
            return super().answer(method, path, query, body)

    with served(Mute()) as dialler:
        configure(base_url=dialler.base_url, rows=f"{{mode: {mode}}}", retries=0)

        done = run("import", contacts_csv(rows=[line("K1")]))

        assert dialler.imports == 0
    assert done.code == ExitCode.UNAVAILABLE
    assert done.statuses() == {2: "unprocessed"}


def test_reconcile_knows_what_a_mode_leaves(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: Any
) -> None:
    """A key that update does not make is missing on purpose; what create leaves alone need not be as in the file."""
    seed(dialler, "K1")
    path = contacts_csv(rows=[line("K1", "Changed"), line("NEW")])

    configure(rows="{mode: update}")
    update = run("reconcile", path, "--detailed-exitcode", "--out", "update")
    configure(rows="{mode: create}")
    create = run("reconcile", path, "--detailed-exitcode", "--out", "create")

    def classes(folder: str) -> list[tuple[str, str]]:
        text = Path(folder, "reconciliation.csv").read_text(encoding="utf-8-sig").splitlines()[1:]
        return sorted((each.split(",")[1], each.split(",")[0]) for each in text)

    assert classes("update") == [("K1", "differing"), ("NEW", "missing")]
    assert classes("create") == [("K1", "matching"), ("NEW", "missing")]
    assert (update.code, create.code) == (ExitCode.DIFFERENCES, ExitCode.DIFFERENCES)
