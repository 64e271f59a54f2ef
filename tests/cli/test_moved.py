"""Contacts of other campaigns: an import that moves one says so, and stops where the dialler makes it twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.exit_codes import ExitCode

from ..conftest import Configure, Done, Run
from ..helpers.dialler import line
from ..helpers.foreign import Answer, ForeignDialler, served

Contacts = Callable[..., Path]

SPELLINGS = ["{id: 538}", "{name: Nightly}", "{column: Campaign}"]


def outcome(done: Done, row: int = 2) -> tuple[str, str, str, str]:
    """Status, action, error code and warnings of a row."""
    (found,) = [each for each in done.rows() if each["_row"] == str(row)]
    return found["_status"], found["_action"], found["_error_code"], found["_warnings"]


def listed(contacts_csv: Contacts, *rows: str, campaign: str = "Nightly") -> Path:
    """A list with a column that names the campaign."""
    path = contacts_csv(rows=list(rows))
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([f"{lines[0]},Campaign", *(f"{each},{campaign}" for each in lines[1:])]) + "\n")
    return path


MOVED = ("succeeded", "overwrite", "", "moved:DiallerCampaignsID")


@pytest.mark.parametrize("campaign", SPELLINGS)
@pytest.mark.parametrize("batch", [True, False])
@pytest.mark.parametrize("compare", ["none", "dialler"])
def test_a_contact_of_another_campaign_is_moved(
    run: Run, configure: Configure, contacts_csv: Contacts, campaign: str, batch: bool, compare: str
) -> None:
    """It is an overwrite with a warning, the key is looked up afterwards, and undo puts the contact back."""
    with served(ForeignDialler(batch=batch)) as dialler:
        configure(base_url=dialler.base_url, campaign=campaign)
        theirs = dialler.add(539, "K2")
        path = listed(contacts_csv, line("K2"), line("NEW"))

        done = run("import", path, "--compare", compare)

        assert done.code == ExitCode.OK, done.err
        assert outcome(done) == MOVED
        assert outcome(done, 3) == ("succeeded", "create", "", "")
        assert done.summary["warnings"] == {"moved": 1}
        assert dialler.by_key("K2") == {theirs: 538}
        sent = next(n for n, request in enumerate(dialler.requests) if "/import" in request)
        assert "GET /dialler/contacts/contact?userData=K2" in dialler.requests[sent:]
        assert "GET /dialler/contacts/contact?userData=NEW" not in dialler.requests[sent:]

        undone = run("undo", done.summary["run_id"], "--yes")

        assert undone.code == ExitCode.OK, undone.err
        assert dialler.by_key("K2") == {theirs: 539}
        assert dialler.by_key("NEW") == {}


@pytest.mark.parametrize("campaign", SPELLINGS)
@pytest.mark.parametrize("batch", [True, False])
def test_a_contact_that_is_made_again_stops_the_run(
    run: Run, configure: Configure, contacts_csv: Contacts, campaign: str, batch: bool
) -> None:
    """After the first such row, whatever the concurrency; undo deletes what was made and leaves the other."""
    with served(ForeignDialler(matches="campaign", batch=batch)) as dialler:
        configure(base_url=dialler.base_url, campaign=campaign)
        theirs = [dialler.add(539, f"K{n}") for n in range(2, 42)]
        path = listed(contacts_csv, *(line(f"K{n}", "New") for n in range(2, 42)))

        done = run("import", path)

        assert done.code == ExitCode.SAFETY_LIMIT, done.err
        assert dialler.imports == 1
        assert len(dialler.contacts) == len(theirs) + 1
        doubled = [row for row in done.rows() if row["_status"] == "unknown"]
        assert [(row["_action"], row["_error_code"], row["_warnings"]) for row in doubled] == [
            ("overwrite", "possible_duplicate", "")
        ]
        assert "contact 1 in campaign 539" in doubled[0]["_error"]
        assert done.summary["counts"]["unprocessed"] == len(theirs) - 1
        assert "moved" not in done.summary["warnings"]
        assert "K2" not in done.err

        again = run("resume", done.summary["run_id"])
        retried = run("retry", done.summary["run_id"])

        assert (again.code, retried.code) == (ExitCode.SAFETY_LIMIT, ExitCode.SAFETY_LIMIT), retried.err
        assert outcome(retried)[2] == "possible_duplicate"
        assert len(dialler.contacts) == len(theirs) + 1

        undone = run("undo", done.summary["run_id"], "--yes")

        assert undone.code == ExitCode.OK, undone.err
        assert list(dialler.contacts) == theirs
        assert {contact["Name"] for contact in dialler.contacts.values()} == {f"Name K{n}" for n in range(2, 42)}


def test_rows_of_one_s_own_campaign_are_sent_beside_those_that_move(
    run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """A retry after the double has been deleted goes on."""
    with served(ForeignDialler(matches="campaign")) as dialler:
        configure(base_url=dialler.base_url)
        theirs = dialler.add(539, "K2")
        done = run("import", contacts_csv(rows=[line("K2"), line("K3")]))
        assert done.code == ExitCode.SAFETY_LIMIT
        del dialler.contacts[theirs]

        retried = run("retry", done.summary["run_id"])

        assert retried.code == ExitCode.OK, retried.err
        assert list(dialler.by_key("K2").values()) == [538]
        assert list(dialler.by_key("K3").values()) == [538]


@pytest.mark.parametrize("campaign", SPELLINGS)
@pytest.mark.parametrize("rows", [3, 30])
@pytest.mark.parametrize("matches", ["campaign"])
def test_a_key_of_two_campaigns_is_that_of_the_row_s_campaign(
    run: Run, configure: Configure, contacts_csv: Contacts, campaign: str, rows: int, matches: str
) -> None:
    """Few rows and many: what other campaigns hold makes no row ambiguous, and is not compared; nor does undo mind."""
    with served(ForeignDialler(matches=matches)) as dialler:
        configure(base_url=dialler.base_url, campaign=campaign)
        same, changed = dialler.add(538, "SAME"), dialler.add(538, "CHANGED")
        others = [dialler.add(539, key, Name="Other") for key in ("SAME", "CHANGED", "SAME")]
        more = [line(f"K{n}") for n in range(rows - 2)]
        path = listed(contacts_csv, line("SAME"), line("CHANGED", "New"), *more)

        done = run("import", path, "--compare", "dialler")

        assert done.code == ExitCode.OK, done.err
        assert outcome(done) == ("skipped", "unchanged", "", "")
        assert outcome(done, 3) == ("succeeded", "overwrite", "", "")
        assert dialler.contacts[changed]["Name"] == "New"
        assert all(dialler.contacts[other]["Name"] == "Other" for other in others)

        undone = run("undo", done.summary["run_id"], "--yes")

        assert undone.code == ExitCode.OK, undone.err
        assert dialler.contacts[changed]["Name"] == "Name CHANGED"
        assert all(dialler.contacts[other]["Name"] == "Other" for other in others)
        assert len(dialler.contacts) == len(others) + len([same, changed])


@pytest.mark.parametrize("batch", [True, False])
@pytest.mark.parametrize("campaigns", [(538, 538), (539, 539)])
def test_a_key_of_which_one_contact_cannot_be_told_is_not_sent(
    run: Run, configure: Configure, contacts_csv: Contacts, batch: bool, campaigns: tuple[int, int]
) -> None:
    """Several contacts of the campaign, or none of it and several of others: which one would change is not known."""
    with served(ForeignDialler(batch=batch)) as dialler:
        configure(base_url=dialler.base_url)
        carriers = {dialler.add(campaign, "K2"): campaign for campaign in campaigns}

        done = run("import", contacts_csv(rows=[line("K2", "New name"), line("NEW")]))

        assert done.code == ExitCode.ROWS_FAILED
        assert outcome(done) == ("failed", "", "ambiguous_user_data", "")
        assert outcome(done, 3)[0] == "succeeded"
        assert dialler.by_key("K2") == carriers
        assert sum("/import" in request for request in dialler.requests) == 1


def test_a_dialler_that_overwrites_the_contact_of_another_campaign_stops_the_run(
    run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """Where one's own campaign has a contact with the key, too."""
    with served(ForeignDialler()) as dialler:
        configure(base_url=dialler.base_url)
        keys = [f"K{n}" for n in range(2, 22)]
        for campaign in (539, 538):
            for key in keys:
                dialler.add(campaign, key)

        done = run("import", contacts_csv(rows=[line(key, "New") for key in keys]))

        assert done.code == ExitCode.SAFETY_LIMIT, done.err
        assert dialler.imports == 1
        assert outcome(done)[2] == "possible_duplicate"


def test_a_plan_says_what_is_moved(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """As an overwrite that changes the campaign; a dry run, too."""
    with served(ForeignDialler()) as dialler:
        configure(base_url=dialler.base_url)
        dialler.add(539, "K2")
        path = contacts_csv(rows=[line("K2")])

        plan = json.loads(run("plan", path, "--json").out)
        dry = run("import", path, "--dry-run", "--compare", "dialler")

        assert plan["counts"] == {"overwrite": 1}
        assert plan["warnings"] == {"moved": 1}
        assert plan["entries"][0]["changes"] == {"DiallerCampaignsID": [539, 538]}
        assert outcome(dry) == ("skipped", "overwrite", "", "moved:DiallerCampaignsID")
        assert dialler.imports == 0


def test_workers_of_a_cluster_move_contacts_and_stop(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """After the first that is made again, as without."""
    pytest.importorskip("distributed")
    with served(ForeignDialler(matches="campaign")) as dialler:
        configure(base_url=dialler.base_url, timeout=2)
        keys = [f"K{n}" for n in range(2, 30)]
        for key in keys:
            dialler.add(539, key)
        path = contacts_csv(rows=[line(key) for key in (*keys, "NEW")])

        stopped = run("import", path, "--cluster", "local")

        assert stopped.code == ExitCode.SAFETY_LIMIT, stopped.err
        assert dialler.imports == 1

        dialler.matches = "account"
        del dialler.contacts[max(dialler.contacts)]
        done = run("resume", stopped.summary["run_id"], "--cluster", "local")

        assert done.code == ExitCode.OK, done.err
        assert [each["_warnings"] for each in done.rows()] == ["moved:DiallerCampaignsID"] * len(keys) + [""]
        assert set(dialler.by_key("K2").values()) == {538}


@pytest.mark.parametrize("way", ["delete", "lock"])
def test_a_mirror_leaves_other_campaigns_alone(
    run: Run, configure: Configure, contacts_csv: Contacts, way: str
) -> None:
    """Where the dialler ignores the question for one campaign and answers with the whole account."""
    with served(ForeignDialler(filters=False)) as dialler:
        configure(base_url=dialler.base_url, mirror=f"{{missing: {way}, max_missing: 60%}}")
        here, there = dialler.add(538, "GONE"), dialler.add(539, "THEIRS")
        dialler.add(538, "K2")

        done = run("import", contacts_csv(rows=[line("K2")]), "--adopt")

        assert done.code == ExitCode.OK, done.err
        assert "bLocked" not in dialler.contacts[there]
        assert here not in dialler.contacts if way == "delete" else dialler.contacts[here]["bLocked"]


@pytest.mark.parametrize("told", [(), ("DiallerCampaignsName",)])
def test_a_mirror_changes_nobody_whose_campaign_is_not_told(
    run: Run, configure: Configure, contacts_csv: Contacts, told: tuple[str, ...]
) -> None:
    """Exit 8, and nothing is sent; with the campaign's name in configuration and records it is known."""
    with served(ForeignDialler(filters=False, told=told)) as dialler:
        configure(base_url=dialler.base_url, mirror="{missing: delete, max_missing: 100%}")
        dialler.add(538, "GONE")
        theirs = dialler.add(539, "THEIRS")
        path = contacts_csv(rows=[line("K2")])

        done = run("import", path, "--adopt")

        assert done.code == ExitCode.SAFETY_LIMIT, done.err
        assert "DiallerCampaignsID" in done.err
        assert (len(dialler.contacts), dialler.imports) == (2, 0)

        configure(base_url=dialler.base_url, campaign="{name: Nightly}", mirror="{missing: delete, max_missing: 100%}")
        named = run("import", path, "--adopt")

        assert named.code == (ExitCode.OK if told else ExitCode.SAFETY_LIMIT), named.err
        assert theirs in dialler.contacts


def test_a_dialler_that_locks_by_another_method(run: Run, configure: Configure) -> None:
    """Where PUT is refused, the lines of the configuration to try next are named (exit 7)."""

    class ByPatch(ForeignDialler):
        def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
            if path.endswith("/lock"):
                return (200, {"status": 200}) if method == "PATCH" else (405, None)
            return super().answer(method, path, query, body)

    with served(ByPatch()) as dialler:
        configure(base_url=dialler.base_url)
        dialler.add(538, "K2")

        refused = run("contacts", "lock", "--user-data", "K2", "--yes")
        configure(base_url=dialler.base_url, endpoints='{lock_by_id: "PATCH /dialler/contacts/contact/{id}/lock"}')
        done = run("contacts", "lock", "--user-data", "K2", "--yes")

    assert refused.code == ExitCode.NO_ROW_CAN_SUCCEED
    for way in ("GET", "PATCH"):
        assert f'dialler.endpoints: {{lock_by_id: "{way} /dialler/contacts/contact/{{id}}/lock"}}' in refused.err
    assert done.code == ExitCode.OK, done.err


@pytest.mark.parametrize("batch", [True, False])
@pytest.mark.parametrize("looks", [True, False])
@pytest.mark.parametrize("lists", [True, False])
def test_undo_deletes_no_contact_that_the_run_moved(
    run: Run, configure: Configure, contacts_csv: Contacts, batch: bool, looks: bool, lists: bool
) -> None:
    """With more keys than are looked up one by one the account is read; where it cannot be, nothing is called new."""
    dialler = ForeignDialler(batch=batch)
    answer = dialler.answer

    def without(method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        if method == "GET" and path.endswith("/contacts/contact") and not looks:
            return 404, None
        if method == "GET" and path.endswith("/contacts") and not query and not lists:
            return 403, {"status": 403, "error": "too many contacts"}
        return answer(method, path, query, body)

    dialler.answer = without  # type: ignore[method-assign]
    with served(dialler):
        configure(base_url=dialler.base_url)
        count = 201 if looks else 3
        theirs = {dialler.add(539, f"K{n}") for n in range(2, count + 2)}
        path = contacts_csv(count)

        done = run("-q", "import", path)
        run("undo", "--yes")

        assert theirs <= set(dialler.contacts), "contacts that the run did not make are gone"
        summaries = [json.loads((each / "summary.json").read_text()) for each in Path("reports").iterdir()]
        (actions,) = [each["actions"] for each in summaries if each["command"] == "import"]
        assert actions["create"] == 0, done.err
        assert actions["import" if not (batch or lists) else "overwrite"] == count
