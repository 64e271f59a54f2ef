"""What may be resumed, and what is refused."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.load.rules import Rules
from dialler_sync.run import rows as run_rows
from dialler_sync.run.sending import rules_of
from dialler_sync.simulator import FaultPlan, SimulatorServer, Span

from ..conftest import Configure, Run
from ..helpers.commands import killed, start
from ..helpers.watched import Watched

Contacts = Callable[..., Path]


def test_a_second_run_on_a_campaign_is_refused(
    run: Run, configure: Configure, contacts_csv: Contacts, store: Watched, tmp_path: Path
) -> None:
    """Two runs that send the same keys at once would make duplicates; when the first has ended, the second may."""
    began = threading.Event()
    with SimulatorServer(store, processing=Span(0.1, 0.1)) as dialler:
        configure(base_url=dialler.base_url, concurrency=2)
        path = contacts_csv(20)
        store.then(1, began.set)
        first = start("import", path)
        assert began.wait(30)

        second = run("import", path)

        assert first.end() == ExitCode.OK
    assert second.code == ExitCode.USAGE
    assert "another run is working on this campaign" in second.err
    assert len(list((tmp_path / "reports").iterdir())) == 1, "the refused run leaves nothing behind"
    assert len(store.contacts) == 20
    with SimulatorServer(store) as dialler:
        configure(base_url=dialler.base_url)
        assert run("import", path).code == ExitCode.OK


def test_a_second_run_in_one_folder_is_refused(
    run: Run, configure: Configure, contacts_csv: Contacts, store: Watched, tmp_path: Path
) -> None:
    """While the first works the folder is empty: each would delete the drafts of the other, and replace its reports."""
    began = threading.Event()
    with SimulatorServer(store, processing=Span(0.1, 0.1)) as dialler:
        configure(base_url=dialler.base_url, concurrency=1)
        path = contacts_csv(20)
        store.then(1, began.set)
        first = start("import", path, "--out", "out")
        assert began.wait(30)

        second = run("validate", path, "--out", "out")

        assert first.end() == ExitCode.OK, first.err
    assert second.code == ExitCode.USAGE
    assert "another run is writing its reports there" in second.err
    assert first.summary["command"] == "import"
    assert "validate" not in run("runs", "list").out


def test_a_changed_file_is_not_resumed(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Half of one file and half of another would be neither; with the file as it was, the run goes on."""
    configure()
    path = contacts_csv(10)
    original = path.read_bytes()
    killed("after", "planned", "import", path)
    path.write_bytes(original + b"K99,New,0171 3920099\n")

    refused = run("resume")
    path.unlink()
    gone = run("resume")
    path.write_bytes(original)
    resumed = run("resume")

    assert refused.code == ExitCode.USAGE
    assert "contacts.csv is not the file that run" in refused.err
    assert gone.code == ExitCode.INPUT
    assert resumed.code == ExitCode.OK
    assert len(dialler.store.contacts) == 10


def test_a_changed_configuration_is_not_resumed(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """The refusal names what changed; what only decides how fast it goes may change."""
    configure()
    killed("after", "planned", "import", contacts_csv(10))

    configure(rows="{overwrite_duplicates: false}", release="3.18")
    refused = run("resume")
    configure(concurrency=3, retries=2)
    resumed = run("resume")

    assert refused.code == ExitCode.USAGE
    assert "rows.overwrite_duplicates was true, is false" in refused.err
    assert "dialler.release was" in refused.err
    assert not [request for request in dialler.requests if request.function == "import" and request.started < 0]
    assert resumed.code == ExitCode.OK


def test_a_finished_run_is_not_resumed(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """There is nothing left of it, named or not."""
    configure()
    done = run("import", contacts_csv(3))

    unnamed, named = run("resume"), run("resume", done.summary["run_id"])

    assert (unnamed.code, named.code) == (ExitCode.OK, ExitCode.OK)
    assert "nothing to resume" in unnamed.err
    assert "nothing to resume" in named.err


def test_a_new_token_lets_a_run_go_on(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that were refused for the old token's sake are sent by the resume; no row is sent twice."""
    configure(concurrency=4)
    dialler.order(FaultPlan.parse("401_from:20"))

    stopped = run("import", contacts_csv(50))
    before = stopped.summary["counts"]
    dialler.order(FaultPlan())
    dialler.token = "new"
    monkeypatch.setenv("DIALLER_SYNC_TOKEN", "new")
    resumed = run("resume")

    assert stopped.code == ExitCode.NO_ROW_CAN_SUCCEED
    assert before["succeeded"] + before["unprocessed"] == 50
    assert resumed.code == ExitCode.OK, resumed.err
    done = Counter(r.user_data for r in dialler.requests if r.function == "import" and r.status == 200)
    assert len(done) == 50
    assert set(done.values()) == {1}


def test_suppressed_contacts_are_locked_and_not_imported_by_a_resume(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """Who must not be called is not imported because the run was killed between planning and locking."""
    there = dialler.store.add(UserData="K3", Name="Old", PhoneNumber1="+4917139200013", DiallerCampaignsID=538)
    (tmp_path / "dnc.csv").write_text("Key\nK3\nK5\n", encoding="utf-8")
    configure(suppress="{file: dnc.csv, column: Key, by: user_data, lock: true}")
    killed("after", "planned", "import", contacts_csv(6))

    resumed = run("resume")

    assert resumed.summary["actions"]["lock"] == 1, resumed.rows()
    assert resumed.summary["actions"]["suppressed"] == 2
    contacts = {contact["UserData"]: contact for contact in dialler.store.contacts.values()}
    assert contacts.keys() == {"K2", "K3", "K4", "K6", "K7"}
    assert (contacts["K3"]["Name"], contacts["K3"]["bLocked"]) == ("Old", True)
    assert there in dialler.store.contacts


@pytest.mark.parametrize(("when", "boundary"), [("before", "planned"), ("after", "planned"), ("after", "outcomes")])
def test_a_mirror_is_finished_by_a_resume(
    when: str, boundary: str, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Contacts that the file no longer has are deleted once, whether the plan of that was whole or not."""
    configure(mirror="{missing: delete, max_missing: 50%}")
    assert run("import", contacts_csv(10)).code == ExitCode.OK
    killed(when, boundary, "import", contacts_csv(7))

    resumed = run("resume")

    assert resumed.code == ExitCode.OK, resumed.err
    assert resumed.summary["actions"]["delete"] == 3
    assert {contact["UserData"] for contact in dialler.store.contacts.values()} == {f"K{n}" for n in range(2, 9)}


@pytest.mark.parametrize("kind", ["lock", "delete"])
def test_what_a_killed_mirror_has_done_is_undone_too(
    kind: str, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Its outcomes were not written down; and a contact that it has locked is unlocked when it returns."""
    configure(mirror=f'{{missing: {kind}, max_missing: "100%"}}', rows="{compare: journal}")
    assert run("import", contacts_csv(6)).code == ExitCode.OK
    killed("before", "outcomes", "import", contacts_csv(2, "two.csv"))
    resumed = run("resume")
    assert resumed.summary["actions"][kind] == 4, resumed.err

    undone = run("undo", "--yes")

    assert undone.code == ExitCode.OK, undone.err
    contacts = dialler.store.contacts.values()
    assert sorted((each["UserData"], bool(each["bLocked"])) for each in contacts) == [
        (f"K{n}", False) for n in range(2, 8)
    ]


def test_contacts_whose_lock_was_killed_are_unlocked_by_undo(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """One that was locked before stays locked."""
    configure()
    path = contacts_csv(3)
    assert run("import", path).code == ExitCode.OK
    first = min(dialler.store.contacts)
    dialler.store.update(first, bLocked=True)
    killed("before", "outcomes", "contacts", "lock", "--from", path, "--column", "Key", "--yes")
    assert run("resume").code == ExitCode.OK

    assert run("undo", "--yes").code == ExitCode.OK

    assert [number for number, each in dialler.store.contacts.items() if each["bLocked"]] == [first]


def test_a_resume_knows_the_campaigns_that_the_run_knew(
    run: Run, configure: Configure, contacts_csv: Contacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By name, so that a contact of another campaign proves nothing of a row that may have been sent."""
    known = []

    def watched(*arguments: Any) -> Rules:
        rules = rules_of(*arguments)
        known.append(rules.campaign_ids)
        return rules

    monkeypatch.setattr(run_rows, "rules_of", watched)
    columns = {"UserData": "Key", "Name": "Name", "PhoneNumber1": "{column: Phone, region: DE}"}
    configure(columns, campaign="{column: Campaign}")
    path = contacts_csv()
    path.write_text("Key,Name,Phone,Campaign\nA,a,0171 3920010,Nightly\nB,b,0171 3920011,Nightly\n", encoding="utf-8")

    first = run("import", path, "--limit", "1")
    done = run("resume")

    assert (first.code, done.code) == (ExitCode.ROWS_FAILED, ExitCode.OK), done.err
    assert known == [{"Nightly": "538"}] * 2


@pytest.mark.parametrize("mode", ["create", "update"])
def test_a_resume_looks_again_where_a_mode_needs_it(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, mode: str
) -> None:
    """A contact that came or went since the run was planned is neither overwritten nor made."""
    configure(rows=f"{{mode: {mode}}}")
    path = contacts_csv(3)
    there = [dialler.store.add(UserData=f"K{n}", Name="Old") for n in (2, 3)] if mode == "update" else []
    killed("after", "planned", "import", path)
    if mode == "create":
        dialler.store.add(UserData="K2", Name="Old")
    else:
        dialler.store.delete(there[0])

    resumed = run("resume")

    assert resumed.code == ExitCode.OK, resumed.err
    found = Counter((row["_user_data"], row["_action"]) for row in resumed.rows())
    left = "exists" if mode == "create" else "absent"
    assert found[("K2", left)] == 1
    names = {str(c["UserData"]): c["Name"] for c in dialler.store.contacts.values()}
    assert names.get("K2") == ("Old" if mode == "create" else None)
    assert len(dialler.store.contacts) == (3 if mode == "create" else 1)


def test_a_resume_keeps_what_was_written_meanwhile(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """An empty field was to be filled, and an agent has filled it while the run lay still."""
    columns = {"UserData": "Key", "Name": "Name", "PhoneNumber1": "{column: Phone, region: DE}"}
    configure({**columns, "Comment": "{value: list, overwrite: if_empty}"})
    ids = [dialler.store.add(UserData=f"K{number}", Name="Old") for number in (2, 3)]
    killed("after", "planned", "import", contacts_csv(3))
    dialler.store.update(ids[0], Comment="agent")

    resumed = run("resume")

    assert resumed.code == ExitCode.OK, resumed.err
    comments = {str(c["UserData"]): c["Comment"] for c in dialler.store.contacts.values()}
    assert comments == {"K2": "agent", "K3": "list", "K4": "list"}
