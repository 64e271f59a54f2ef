"""An answer that names another contact than the request is not a success: it is not understood, and looked up."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dialler_sync.api.wire import stored_contact
from dialler_sync.exit_codes import ExitCode

from ..conftest import Configure, Run
from .rawdialler import Asked, RawDialler, records, respond

Contacts = Callable[..., Path]

OTHER = {"ID": 999, "UserData": "SOMEBODY ELSE", "Name": "Else", "DiallerCampaignsID": 538}
SEVERAL = '{column: Phone, routes: [{pattern: ".", to: 538}]}'
"""Several campaigns, as far as the configuration tells: all of the account is read."""

CREATE = "{overwrite_duplicates: false}"


def instead(name: str, body: bytes, *, of: str = "") -> Callable[[Asked, bytes], list[bytes]]:
    """Answer a function with ``body``; ``of``: only where it names this UserData."""

    def answers(asked: Asked, answer: bytes) -> list[bytes]:
        meant = asked.name == name and of in ("", asked.user_data, asked.sent.get("UserData"))
        return [body if meant else answer]

    return answers


@pytest.mark.parametrize(
    "answer",
    [records(OTHER), records({}, OTHER), respond({"status": 200, "count": 1, **OTHER})],
    ids=["first", "behind an empty one", "beside the records"],
)
@pytest.mark.parametrize("rows", ["{}", CREATE], ids=["overwrite", "create"])
def test_an_import_answered_with_another_contact_is_looked_up(
    rows: str, answer: bytes, run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """It was done: the lookup finds the contact, and the report has its ID and not the other one."""
    with RawDialler(instead("import", answer, of="K4")).listening() as dialler:
        configure(base_url=dialler.base_url, rows=rows, timeout=0.3, concurrency=1)
        done = run("import", contacts_csv(5))

    (row,) = [row for row in done.rows() if row["_user_data"] == "K4"]
    assert done.code == ExitCode.OK, done.err
    assert (row["_status"], row["_contact_id"]) == ("succeeded", "3")
    assert dialler.keys() == ["K2", "K3", "K4", "K5", "K6"]
    assert any(asked.name == "find" and asked.user_data == "K4" for asked in dialler.asked)


LONG = "550e8400-e29b-41d4-a716-446655440000"
SPELT = [(f"{LONG}-2", LONG), ("K1a", "k1A"), ("Müller-1", "Muller-1"), ("Strasse-1", "Straße-1")]
"""Keys, and others that some diallers write for them."""


@pytest.mark.parametrize(("ours", "theirs"), SPELT)
def test_an_import_answered_with_somebody_under_another_spelling_is_looked_up(
    ours: str, theirs: str, run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    other = {"ID": 999, "UserData": theirs, "Name": "Somebody Else", "PhoneNumber1": "+498912345678"}
    with RawDialler(instead("import", records(other))).listening() as dialler:
        configure(base_url=dialler.base_url, timeout=0.3, concurrency=1)
        done = run("import", contacts_csv(rows=[f"{ours},New,030 39200121"]))

    (row,) = done.rows()
    assert (row["_status"], row["_contact_id"]) == ("succeeded", "1"), done.err


NOBODY = {"ID": 999, "Name": "Somebody Else", "PhoneNumber1": "+498912345678", "DiallerCampaignsID": 538}


@pytest.mark.parametrize("key", ["", "K1"])
@pytest.mark.parametrize(
    "answer",
    [
        records(NOBODY), records({**NOBODY, "UserData": ""}), records({**NOBODY, "UserData": None}),
        records({}, NOBODY),
        respond({"status": 200, **NOBODY}), respond({"status": 200, "records": NOBODY}),
    ],
    ids=["missing", "empty", "null", "behind an empty one", "beside the records", "no list"],
)  # fmt: skip
def test_a_row_answered_with_somebody_else_without_a_userdata_is_no_success(
    key: str, answer: bytes, run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """The name and the numbers tell. One without a key of its own cannot be looked up."""
    with RawDialler(instead("import", answer)).listening() as dialler:
        configure(base_url=dialler.base_url, timeout=0.3, concurrency=1)
        done = run("import", contacts_csv(rows=[f"{key},New,030 39200121"]))

    (row,) = done.rows()
    assert (row["_status"], row["_contact_id"]) == (("succeeded", "1") if key else ("unknown", "")), done.err


@pytest.mark.parametrize(
    "more",
    [
        {"ID": 7}, {"request": {"Name": "Somebody Else"}}, {"records": [{"ID": 538, "Name": "Nightly"}]},
        {"records": [NOBODY]},
    ],
    ids=["an ID of the answer", "another field", "the campaign", "another record"],
)  # fmt: skip
def test_what_stands_beside_the_contact_is_not_the_rows(
    more: dict[str, object], run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """The first record counts, also for rows without UserData."""

    def answers(asked: Asked, answer: bytes) -> list[bytes]:
        if asked.name != "import":
            return [answer]
        told = json.loads(answer.partition(b"\r\n\r\n")[2])
        return [respond({**told, **more, "records": told["records"] + more.get("records", []), "count": None})]

    with RawDialler(answers).listening() as dialler:
        configure(base_url=dialler.base_url, timeout=0.3, concurrency=1)
        done = run("import", contacts_csv(rows=[f",New {each},030 3920012{each}" for each in range(1, 5)]))

    assert done.code == ExitCode.OK, done.err
    assert [row["_contact_id"] for row in done.rows()] == ["1", "2", "3", "4"]


def test_a_row_without_a_userdata_is_not_answered_with_the_id_of_another(
    run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """Which had its own answer."""

    def answers(asked: Asked, answer: bytes) -> list[bytes]:
        return [records({"ID": 1}) if asked.name == "import" and not asked.sent.get("UserData") else answer]

    with RawDialler(answers).listening() as dialler:
        configure(base_url=dialler.base_url, timeout=0.3, concurrency=1)
        done = run("import", contacts_csv(rows=["K1,New,030 39200121", ",Newer,030 39200122"]))

    assert [(row["_status"], row["_contact_id"]) for row in done.rows()] == [("succeeded", "1"), ("unknown", "")]


def test_an_undo_of_a_delete_answered_with_somebody_else_is_no_success(run: Run, configure: Configure) -> None:
    """Nor is that one locked, as ours was."""
    nobody = {"UserData": None, "DiallerCampaignsID": 538}
    mine = {"ID": 60, "Name": "Meier", "PhoneNumber1": "+49301234561", "bLocked": True, **nobody}
    other = {**NOBODY, **nobody}
    with RawDialler(instead("import", records(other)), {60: mine, 999: dict(other)}).listening() as dialler:
        configure(base_url=dialler.base_url, timeout=0.3, concurrency=1)
        assert run("contacts", "delete", "--id", 60, "--yes").code == ExitCode.OK
        done = run("undo", "--yes")

    assert done.code != ExitCode.OK
    assert [row["_status"] for row in done.rows()] == ["unknown"], done.err
    assert not [asked for asked in dialler.asked if asked.name.startswith("lock")]


@pytest.mark.parametrize("key", ["K60", None])
@pytest.mark.parametrize(
    "answer",
    [
        respond({"status": 200}), records(),
        records({"UserData": "K60", "Name": "Meier", "PhoneNumber1": "+49301234561", "DiallerCampaignsID": 538}),
    ],
    ids=["nothing", "no records", "no ID"],
)  # fmt: skip
def test_a_locked_contact_that_an_undo_makes_again_without_an_id_is_locked_or_told_of(
    key: str | None, answer: bytes, run: Run, configure: Configure
) -> None:
    """With UserData, it is looked up. Without, the run stops, and says that it can be called."""
    mine = {"ID": 60, "Name": "Meier", "PhoneNumber1": "+49301234561", "bLocked": True}
    mine |= {"UserData": key, "DiallerCampaignsID": 538}

    def answers(asked: Asked, honest: bytes) -> list[bytes]:
        return [answer if asked.name == "import" else honest]

    with RawDialler(answers, {60: mine}).listening() as dialler:
        configure(base_url=dialler.base_url, timeout=0.3, concurrency=1)
        assert run("contacts", "delete", "--id", 60, "--yes").code == ExitCode.OK
        done = run("undo", "--yes")

    (contact,) = dialler.contacts.values()
    if key:
        assert (done.code, contact["bLocked"]) == (ExitCode.OK, True), done.err
    else:
        assert done.code not in (ExitCode.OK, ExitCode.USAGE), done.err
        assert [row["_status"] for row in done.rows()] == ["unknown"]


@pytest.mark.parametrize(("ours", "theirs"), SPELT)
def test_a_contact_under_another_spelling_proves_none_missing(
    ours: str, theirs: str, run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path
) -> None:
    """Another function is asked: ours keeps a number that is on a do-not-call list."""
    other = {"ID": 1, "UserData": theirs, "Name": "Somebody Else", "PhoneNumber1": "+498912345678"}
    mine = {"ID": 2, "UserData": ours, "Name": "Old", "PhoneNumber2": "+493039201107", "DiallerCampaignsID": 538}
    (tmp_path / "dnc.csv").write_text("Number\n030 39201107\n", encoding="utf-8")
    with RawDialler(instead("batch", records(other)), {1: other, 2: mine}).listening() as dialler:
        configure(base_url=dialler.base_url, timeout=0.3, suppress="{file: dnc.csv, column: Number, region: DE}")
        done = run("import", contacts_csv(rows=[f"{ours},New,030 39200121"]))

    assert [(row["_status"], row["_action"]) for row in done.rows()] == [("skipped", "suppressed")], done.err
    assert dialler.contacts[2] == mine


def test_where_the_other_function_is_lacking_the_list_is_read(
    run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path
) -> None:
    """A dialler that compares without case gives somebody else."""
    other = {"ID": 1, "UserData": "k1A", "Name": "Somebody Else", "PhoneNumber1": "+498912345678"}
    mine = {"ID": 2, "UserData": "K1a", "Name": "Old", "PhoneNumber2": "+493039201107", "DiallerCampaignsID": 538}
    (tmp_path / "dnc.csv").write_text("Number\n030 39201107\n", encoding="utf-8")
    lacking = respond({"timestamp": "2026-11-30", "path": "/x"}, 404)

    def answers(asked: Asked, answer: bytes) -> list[bytes]:
        return [{"batch": records(other), "find": lacking}.get(asked.name, answer)]

    with RawDialler(answers, {1: other, 2: mine}).listening() as dialler:
        configure(base_url=dialler.base_url, timeout=0.3, suppress="{file: dnc.csv, column: Number, region: DE}")
        done = run("import", contacts_csv(rows=["K1a,New,030 39200121"]))

    assert [(row["_status"], row["_action"]) for row in done.rows()] == [("skipped", "suppressed")], done.err
    assert dialler.contacts[2] == mine


@pytest.mark.parametrize("named", [respond, records], ids=["beside the records", "in the records"])
@pytest.mark.parametrize(
    ("campaign", "told"),
    [
        ("{name: Nightly}", {"DiallerCampaignsName": "Winback"}),
        ("{name: Nightly}", {"DiallerCampaignsID": 541, "DiallerCampaignsName": "Nightly"}),
        ("{id: 538}", {"DiallerCampaignsID": 541}),
        (SEVERAL, {"DiallerCampaignsName": "Winback"}),
    ],
    ids=["name", "ID and our name", "ID", "name, where we send the ID"],
)
def test_an_import_answered_with_another_campaign_is_looked_up(
    campaign: str,
    told: dict[str, object],
    named: Callable[[dict[str, object]], bytes],
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
) -> None:
    """It was done: the lookup finds the contact, and the report has its ID and not the other one."""
    contact = {"ID": 999, "UserData": "K4", **told}
    with RawDialler(instead("import", named(contact), of="K4")).listening() as dialler:
        configure(base_url=dialler.base_url, campaign=campaign, timeout=0.3, concurrency=1)
        done = run("import", contacts_csv(5))

    (row,) = [row for row in done.rows() if row["_user_data"] == "K4"]
    assert (row["_status"], row["_contact_id"]) == ("succeeded", "3"), done.err
    assert any(asked.name == "find" and asked.user_data == "K4" for asked in dialler.asked)


def test_undo_finds_a_contact_whose_key_the_dialler_writes_in_its_own_way(
    run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """In capitals: the import takes it for the row's, so undo must not take it for gone."""

    def answers(asked: Asked, answer: bytes) -> list[bytes]:
        return [answer.replace(b'"k1"', b'"K1"')]

    with RawDialler(answers).listening() as dialler:
        configure(base_url=dialler.base_url, timeout=0.3)
        assert run("import", contacts_csv(rows=["k1,A,0171 3920011"])).code == ExitCode.OK
        told = run("undo", "--yes")
        left = dict(dialler.contacts)
        forced = run("undo", "--yes", "--force")

    assert left
    assert told.code == ExitCode.ROWS_FAILED
    assert "changed since the run: UserData" in told.rows()[0]["_error"]
    assert forced.code == ExitCode.OK, forced.err
    assert not dialler.contacts


def test_one_contact_for_two_rows_is_known_to_a_run_that_goes_on(
    run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    path = contacts_csv(rows=["K2,B,0171 3920012", "k2,C,0171 3920013"])
    with Lenient().listening() as dialler:
        configure(base_url=dialler.base_url, timeout=0.3)
        run("import", path, "--limit", 1)
        done = run("resume")

    assert done.code == ExitCode.SAFETY_LIMIT, done.err
    assert "for 'k2' and for 'K2': one has overwritten the other" in done.err


def test_one_contact_for_two_rows_stops_the_run(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """A database that compares keys without case overwrites the contact of the one with the other."""

    def answers(asked: Asked, answer: bytes) -> list[bytes]:
        return [records({**asked.sent, "ID": 5}) if asked.sent.get("UserData") in ("K2", "k2") else answer]

    path = contacts_csv(rows=["K1,A,0171 3920011", "K2,B,0171 3920012", "k2,C,0171 3920013", "K4,D,0171 3920014"])
    with RawDialler(answers).listening() as dialler:
        configure(base_url=dialler.base_url, timeout=0.3, concurrency=1)
        done = run("import", path)

    assert done.code == ExitCode.SAFETY_LIMIT
    assert "names contact 5 for 'k2' and for 'K2': one has overwritten the other" in done.err
    assert [row["_status"] for row in done.rows()] == ["succeeded", "succeeded", "unknown", "unprocessed"]
    assert done.rows()[2]["_error_code"] == "possible_duplicate"


@pytest.mark.parametrize("rows", ["{}", CREATE], ids=["overwrite", "create"])
def test_an_import_that_was_not_done_is_no_success_by_the_name_of_another(
    rows: str, run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """Where the lookup does not find it, nobody knows."""
    dialler = RawDialler(instead("import", records(OTHER), of="K4"))
    whole = dialler._import
    dialler._import = lambda sent, overwrite: {} if sent["UserData"] == "K4" else whole(sent, overwrite=overwrite)  # type: ignore[method-assign]
    with dialler.listening():
        configure(base_url=dialler.base_url, rows=rows, timeout=0.3, retries=1)
        done = run("import", contacts_csv(5))

    (row,) = [row for row in done.rows() if row["_user_data"] == "K4"]
    assert done.code == ExitCode.ROWS_FAILED
    assert (row["_status"], row["_error_code"]) in {("unknown", "unreadable_answer"), ("failed", "unreadable_answer")}
    assert "another contact" in row["_error"]
    assert "SOMEBODY ELSE" not in done.out + done.err + row["_error"]


def test_a_contact_of_another_campaign_is_another_contact(
    run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """The key counts within its campaign: the row is looked up."""
    elsewhere = {"ID": 999, "UserData": "K4", "Name": "Else", "DiallerCampaignsID": 541}
    with RawDialler(instead("import", records(elsewhere), of="K4")).listening() as dialler:
        configure(base_url=dialler.base_url, timeout=0.3, concurrency=1)
        done = run("import", contacts_csv(5))

    (row,) = [row for row in done.rows() if row["_user_data"] == "K4"]
    assert (row["_status"], row["_contact_id"]) == ("succeeded", "3")
    assert any(asked.name == "find" and asked.user_data == "K4" for asked in dialler.asked)


def test_a_campaign_that_is_set_by_its_name_has_an_id(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """Rows then have no ID of it, and any other campaign passed for theirs."""
    elsewhere = {"ID": 999, "UserData": "K4", "DiallerCampaignsID": 541, "DiallerCampaignsName": "Other"}
    with RawDialler(instead("import", records(elsewhere), of="K4")).listening() as dialler:
        configure(base_url=dialler.base_url, timeout=0.3, concurrency=1, campaign="{name: Nightly}")
        done = run("import", contacts_csv(5))

    (row,) = [row for row in done.rows() if row["_user_data"] == "K4"]
    assert (row["_status"], row["_contact_id"]) == ("succeeded", "3")
    assert any(asked.name == "find" and asked.user_data == "K4" for asked in dialler.asked)


def test_one_id_is_not_told_to_two_rows(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """Where answers tell an ID and no UserData, an ID that another row has got already shows the mistake."""
    with RawDialler(instead("import", respond({"status": 200, "records": [{"ID": 1}]}))).listening() as dialler:
        configure(base_url=dialler.base_url, timeout=0.3)
        done = run("import", contacts_csv(5))

    assert done.code == ExitCode.OK, done.err
    assert sorted(row["_contact_id"] for row in done.rows()) == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize(
    "told",
    [{"Name": "Else", "PhoneNumber1": "+4930999999"}, {"Name": "Else", "PhoneNumber1": "+4930999999", "UserData": ""}],
)
def test_a_record_of_somebody_else_without_a_userdata_is_looked_up(
    told: dict[str, str], run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """Its ID was told to no other row; the report has the row's own one."""
    with RawDialler(instead("import", records({"ID": 999, **told}), of="K4")).listening() as dialler:
        configure(base_url=dialler.base_url, timeout=0.3, concurrency=1)
        done = run("import", contacts_csv(5))

    (row,) = [row for row in done.rows() if row["_user_data"] == "K4"]
    assert (row["_status"], row["_contact_id"]) == ("succeeded", "3"), done.err


@pytest.mark.parametrize(
    "left", [{}, {"Name": "", "PhoneNumber1": ""}, {"Name": "NAME", "PhoneNumber1": "0049 171 3920012"}]
)
def test_an_answer_with_little_in_it_is_the_rows(
    left: dict[str, str], run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """Only an ID, empty fields, or values in the dialler's own spelling: nobody is looked up."""
    body = records({"ID": 1, "UserData": None, **left})
    with RawDialler(instead("import", body, of="K2")).listening() as dialler:
        configure(base_url=dialler.base_url)
        done = run("import", contacts_csv(1))

    assert done.code == ExitCode.OK, done.err
    assert [asked.name for asked in dialler.asked if asked.name == "find"] == []


@pytest.mark.parametrize("key", ["K2", " k2 "])
def test_a_userdata_as_the_dialler_keeps_it_is_the_rows(
    key: str, run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """In another case, or with blanks: no reason to look."""
    body = records({"ID": 1, "UserData": key})
    with RawDialler(instead("import", body, of="K2")).listening() as dialler:
        configure(base_url=dialler.base_url)
        done = run("import", contacts_csv(1))

    assert done.code == ExitCode.OK
    assert [asked.name for asked in dialler.asked if asked.name == "find"] == []


@pytest.mark.parametrize("told", [respond({"status": 200, "records": [OTHER]}), respond({"status": 200, "ID": 999})])
@pytest.mark.parametrize("command", ["lock", "unlock", "delete"])
def test_a_change_answered_with_another_contact_is_not_a_success(
    command: str, told: bytes, run: Run, configure: Configure
) -> None:
    """Of a contact that is deleted, a lookup can tell; of the others it is unknown."""
    with RawDialler(instead(command, told)).listening() as dialler:
        dialler.contacts.update({n: {"ID": n, "UserData": f"K{n}", "DiallerCampaignsID": 538} for n in (1, 2)})
        configure(base_url=dialler.base_url, retries=1, timeout=0.3)
        done = run("contacts", command, "--user-data", "K1", "--yes")

    (row,) = done.rows()
    expected = ("succeeded", "") if command == "delete" else ("unknown", "unreadable_answer")
    assert (row["_status"], row["_error_code"]) == expected, done.err
    assert done.code == (ExitCode.OK if command == "delete" else ExitCode.ROWS_FAILED)


def test_a_change_by_userdata_answered_with_another_contact_is_sent_once(run: Run, configure: Configure) -> None:
    """The dialler has picked another contact than the one that is meant, or this is the answer to another request."""
    told = respond({"status": 200, "records": [OTHER]})
    with RawDialler(instead("delete", told)).listening() as dialler:
        dialler.contacts[1] = {"ID": 1, "UserData": "K1", "DiallerCampaignsID": 538}
        configure(base_url=dialler.base_url, retries=3, timeout=0.3)
        done = run("contacts", "delete", "--user-data", "K1", "--yes", "--unchecked")

    (row,) = done.rows()
    assert row["_status"] == "unknown"
    assert sum(asked.name == "delete" for asked in dialler.asked) == 1


def test_an_undo_answered_with_another_contact_is_looked_up(
    run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """What was overwritten is back by the lookup, and never by the answer alone."""
    with RawDialler().listening() as dialler:
        dialler.contacts[1] = {
            "ID": 1, "UserData": "K2", "Name": "Before", "PhoneNumber1": "+4917139200", "DiallerCampaignsID": 538
        }  # fmt: skip
        configure(base_url=dialler.base_url, retries=0, timeout=0.3)
        run("import", contacts_csv(1), "--compare", "dialler")
        dialler.answers = instead("import", records(OTHER))
        done = run("undo", "--yes")
        run("import", contacts_csv(1), "--compare", "dialler")
        dialler._import = lambda sent, overwrite: {}  # type: ignore[method-assign]
        lost = run("undo", "--yes")

    assert done.rows()[0]["_status"] == "succeeded"
    assert lost.rows()[0]["_status"] == "unknown"
    assert lost.code == ExitCode.ROWS_FAILED


@pytest.mark.parametrize("name", ["get", "find"])
def test_a_look_up_answered_with_another_contact_shows_nobody(name: str, run: Run, configure: Configure) -> None:
    """Neither the other contact, nor that there is none."""
    with RawDialler(instead(name, records(OTHER))).listening() as dialler:
        dialler.contacts[1] = {"ID": 1, "UserData": "K1", "DiallerCampaignsID": 538}
        configure(base_url=dialler.base_url, retries=0)
        done = run("contacts", "get", *(("--id", "1") if name == "get" else ("--user-data", "K1")))

    assert done.code != ExitCode.OK
    assert "Else" not in done.out
    assert "no such contact" not in done.err


def test_a_campaign_answered_with_another_one_does_not_exist_by_that(
    run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """Nothing is sent to a campaign that the dialler has not confirmed."""
    with RawDialler(instead("campaign", records({"ID": 77, "Name": "Other"}))).listening() as dialler:
        configure(base_url=dialler.base_url, retries=0)
        done = run("contacts", "list", "--campaign", "538")

    assert done.code == ExitCode.UNAVAILABLE
    assert not [asked for asked in dialler.asked if asked.name == "list"]


@pytest.mark.parametrize("rows", ["{}", CREATE], ids=["overwrite", "create"])
def test_an_extra_answer_shifts_no_row(rows: str, run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """The server answers one request twice: from there on each answer on that connection is that to the one before."""

    def twice(asked: Asked, answer: bytes) -> list[bytes]:
        return [answer, answer] if asked.name == "import" and asked.number % 7 == 3 else [answer]

    with RawDialler(twice).listening() as dialler:
        configure(base_url=dialler.base_url, concurrency=2, rows=rows, timeout=2)
        done = run("import", contacts_csv(40))
        ids = {str(contact["UserData"]): str(number) for number, contact in dialler.contacts.items()}

    assert done.code == ExitCode.OK, done.err
    assert {row["_user_data"]: row["_contact_id"] for row in done.rows()} == ids
    assert len(dialler.contacts) == 40


def test_an_answer_held_back_until_the_next_request_shifts_no_row(
    run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """Nothing on the connection tells: the extra answer comes as if it were that to the request."""
    held: dict[int, bytes] = {}

    def shifted(asked: Asked, answer: bytes) -> list[bytes]:
        if asked.name != "import":
            return [answer]
        thread = threading.get_ident()
        before, held[thread] = held.get(thread), answer
        return [answer] if before is None or asked.number < 5 else [before]

    with RawDialler(shifted).listening() as dialler:
        configure(base_url=dialler.base_url, concurrency=2, timeout=0.3)
        done = run("import", contacts_csv(20))
        ids = {str(contact["UserData"]): str(number) for number, contact in dialler.contacts.items()}

    assert done.code == ExitCode.OK, done.err
    assert {row["_user_data"]: row["_contact_id"] for row in done.rows()} == ids


@pytest.mark.parametrize("written", ["1e30", "9007199254740993.0", "1e16"])
def test_a_number_that_is_not_exact_names_no_other_contact(written: str) -> None:
    """As whole numbers these would be 1000000000000000019884624838656, 9007199254740992 and ten quadrillions."""
    found = stored_contact({"ID": float(written), "UserData": float(written)})

    assert not found.id.isdecimal()
    assert not found.user_data.isdecimal()


@pytest.mark.parametrize("rows", ["{mode: create}", "{}"], ids=["create", "overwrite"])
def test_a_batch_with_a_contact_under_another_userdata_proves_no_absence(
    rows: str, run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """The campaign's list is read instead, and no row makes its contact twice."""

    def renamed(asked: Asked, answer: bytes) -> list[bytes]:
        return [answer.replace(b'"K2"', b'"ZZ"') if asked.name == "batch" else answer]

    with RawDialler(renamed).listening() as dialler:
        dialler.contacts.update({n: {"ID": n, "UserData": f"K{n}", "DiallerCampaignsID": 538} for n in (2, 3)})
        configure(base_url=dialler.base_url, rows=rows, retries=0, timeout=0.3)
        done = run("import", contacts_csv(3), "--compare", "dialler")
        compared = run("reconcile", contacts_csv(3))

    assert done.code == ExitCode.OK, done.err
    assert dialler.keys() == ["K2", "K3", "K4"]
    assert compared.code == ExitCode.OK, compared.out


NOT_FOUND = {"status": 404, "error": "Dialler contact not found"}
FOUND = {"records": [{"ID": 1, "UserData": "K1", "DiallerCampaignsID": 538}], "count": 1}


@pytest.mark.parametrize("name", ["get", "change"])
@pytest.mark.parametrize(
    "told",
    [respond(NOT_FOUND, 404), respond(NOT_FOUND | FOUND, 404), respond({"status": 200}, 404)],
    ids=["bare", "with its record", "with a success"],
)
@pytest.mark.parametrize("command", ["lock", "unlock", "delete"])
def test_a_contact_that_is_there_is_not_missing_by_a_404(
    command: str, told: bytes, name: str, run: Run, configure: Configure
) -> None:
    """Function 3 has given it, or still gives it: nothing was changed, and that is no success."""
    dialler = RawDialler(instead(command if name == "change" else name, told))
    whole = dialler._done
    dialler._done = lambda asked, overwrite: told if asked.name == command else whole(asked, overwrite=overwrite)  # type: ignore[method-assign]
    with dialler.listening():
        dialler.contacts[1] = {"ID": 1, "UserData": "K1", "DiallerCampaignsID": 538}
        configure(base_url=dialler.base_url, retries=0, timeout=0.3)
        done = run("contacts", command, "--user-data", "K1", "--yes")

    assert done.code == ExitCode.ROWS_FAILED, done.err
    assert done.rows()[0]["_status"] in {"failed", "unknown"}
    assert dialler.keys() == ["K1"]


@pytest.mark.parametrize("lost", ["get", "find"])
@pytest.mark.parametrize("command", ["unlock", "delete"])
def test_one_function_that_still_gives_a_contact_is_enough(
    lost: str, command: str, run: Run, configure: Configure
) -> None:
    """After the 404 another one is refused, which says nothing."""

    def answers(asked: Asked, answer: bytes) -> list[bytes]:
        if asked.name == command:
            return [respond(NOT_FOUND, 404)]
        later = any(each.name == command for each in dialler.asked)
        return [respond({"status": 400, "error": "bad"}, 400) if later and asked.name == lost else answer]

    dialler = RawDialler(answers)
    whole = dialler._done
    dialler._done = lambda asked, overwrite: b"" if asked.name == command else whole(asked, overwrite=overwrite)  # type: ignore[method-assign]
    with dialler.listening():
        dialler.contacts[1] = {"ID": 1, "UserData": "K1", "DiallerCampaignsID": 538}
        configure(base_url=dialler.base_url, retries=0, timeout=0.3)
        done = run("contacts", command, "--user-data", "K1", "--yes")

    assert done.code == ExitCode.ROWS_FAILED, done.err
    assert (done.rows()[0]["_status"], done.rows()[0]["_error_code"]) == ("failed", "not_found")


@pytest.mark.parametrize("told", [respond(NOT_FOUND, 404), respond({"records": [], "count": 0, "status": 200})])
@pytest.mark.parametrize(("named", "denies"), [("--user-data=K1", "find"), ("--id=1", "get")])
@pytest.mark.parametrize("command", ["lock", "unlock", "delete"])
def test_the_batch_lookup_gives_a_contact_that_another_function_denies(
    command: str, named: str, denies: str, told: bytes, run: Run, configure: Configure
) -> None:
    """It is changed, or that it could not be is told."""
    with RawDialler(instead(denies, told)).listening() as dialler:
        dialler.contacts[1] = {"ID": 1, "UserData": "K1", "DiallerCampaignsID": 538, "bLocked": command == "unlock"}
        configure(base_url=dialler.base_url, retries=0, timeout=0.3)
        done = run("contacts", command, named, "--yes")

    left = dialler.contacts.get(1)
    changed = left is None if command == "delete" else left is not None and left["bLocked"] == (command == "lock")
    assert done.code == (ExitCode.OK if changed else ExitCode.ROWS_FAILED), done.err


@pytest.mark.parametrize("has_batch", [True, False])
def test_an_undo_of_a_row_whose_answer_was_lost_asks_a_second_function(
    has_batch: bool, run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """The first denies the contact, whose ID is not known."""
    undoing: list[bool] = []

    def answers(asked: Asked, answer: bytes) -> list[bytes]:
        if undoing:
            denied = asked.name == "find" or (asked.name == "batch" and not has_batch)
            return [respond(NOT_FOUND, 404) if denied else answer]
        fails = asked.name in {"find", "batch"} and any(each.name == "import" for each in dialler.asked)
        return [b"" if asked.name == "import" else respond({"status": 500, "error": "bad"}, 500) if fails else answer]

    with RawDialler(answers).listening() as dialler:
        configure(base_url=dialler.base_url, retries=0, timeout=0.3, give_up_after=1)
        assert run("import", contacts_csv(1), "--compare", "dialler").statuses() == {2: "unknown"}
        undoing.append(True)
        undone = run("undo", "--yes")

    assert undone.code == ExitCode.OK, undone.err
    assert bool(dialler.contacts) is not has_batch, "no function says otherwise"


@pytest.mark.parametrize("command", ["import", "lock"])
def test_an_undo_refused_as_not_found_is_no_success(
    command: str, run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """The contact that the run created or locked is still as it made it."""
    with RawDialler().listening() as dialler:
        configure(base_url=dialler.base_url, retries=0, timeout=0.3)
        run("import", contacts_csv(1), "--compare", "dialler")
        if command == "lock":
            run("contacts", "lock", "--user-data", "K2", "--yes")
        whole = dialler._done
        dialler._done = lambda asked, overwrite: (  # type: ignore[method-assign]
            respond(NOT_FOUND, 404) if asked.name in ("delete", "unlock") else whole(asked, overwrite=overwrite)
        )
        done = run("undo", "--yes")

    assert done.code == ExitCode.ROWS_FAILED, done.err
    assert (done.rows()[0]["_status"], done.rows()[0]["_error_code"]) == ("failed", "not_found")
    assert dialler.keys() == ["K2"]


@pytest.mark.parametrize(
    "command",
    [
        ("calls", "--to", "calls.csv"),
        ("calls", "--to", "calls.xlsx"),
        ("contacts", "lock", "--user-data", "K1", "--yes"),
        ("contacts", "delete", "--user-data", "K1", "--yes"),
    ],
    ids=" ".join,
)
def test_half_a_character_stops_nothing(command: tuple[str, ...], run: Run, configure: Configure) -> None:
    call = {"ID": 1, "dtCallStart": "2026-01-01 10:00:00", "Agent": "\ud800", "\udc00": "x"}
    told = {"ID": 1, "UserData": "K1", "Name": "A\ud800", "DiallerCampaignsID": 538}
    history = [{"StatisticsPartA": call}]
    with RawDialler(contacts={1: {**told, "DiallerContactsHistory": history}}).listening() as dialler:
        configure(base_url=dialler.base_url)
        done = run(*command)

    assert done.code == ExitCode.OK, done.err


@pytest.mark.parametrize("odd", [json.loads("[" * 300 + "]" * 300), 10**30, "\ud800"], ids=["nested", "large", "half"])
@pytest.mark.parametrize("command", [("contacts", "delete", "--id", "1", "--yes"), ("import", "contacts.csv")], ids=str)
def test_a_field_that_cannot_be_kept_as_it_is_stops_nothing(
    odd: object, command: tuple[str, ...], run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    contacts_csv(1)
    told = {"ID": 1, "UserData": "K2", "Name": "A", "DiallerCampaignsID": 538, "Tag": odd, "City": odd}
    with RawDialler(contacts={1: told}).listening() as dialler:
        configure(base_url=dialler.base_url, timeout=0.3, mirror="{missing: delete, max_missing: 100%}")
        done = run(*command)

    assert done.code == ExitCode.OK, done.err


class Lenient(RawDialler):
    """A dialler whose database compares without case; ``lacks``: functions that it does not have."""

    lacks: tuple[str, ...] = ()

    def _same(self, key: str) -> str:
        found = (str(c["UserData"]) for c in self.contacts.values() if str(c["UserData"]).casefold() == key.casefold())
        return next(found, key)

    def _done(self, asked: Asked, *, overwrite: bool) -> bytes:
        if asked.name in self.lacks:
            return respond(b"", 404)
        if asked.name == "find":
            asked = replace(asked, user_data=self._same(asked.user_data))
        if asked.name == "batch":
            asked.sent["UserDataList"] = list(map(self._same, asked.sent["UserDataList"]))
        return super()._done(asked, overwrite=overwrite)

    def _import(self, sent: dict[str, object], *, overwrite: bool) -> dict[str, object]:
        there = self._same(str(sent["UserData"]))
        told = super()._import({**sent, "UserData": there}, overwrite=overwrite)
        self.contacts[int(str(told["ID"]))]["UserData"] = sent["UserData"]
        return {**told, "UserData": sent["UserData"]}


def lenient(*lacks: str) -> Lenient:
    there = {"UserData": "k2", "Name": "A", "DiallerCampaignsID": 538, "PhoneNumber1": "+4917139200", "bLocked": False}
    dialler = Lenient(contacts={n: {**there, "ID": n, "UserData": f"k{n}"} for n in (2, 3)})
    dialler.lacks = lacks
    return dialler


LACKS = pytest.mark.parametrize("lacks", [(), ("batch",), ("batch", "find")])
"""Functions that a dialler may lack: it lists its contacts then, and is asked for each in doubt, if it can be."""


@LACKS
@pytest.mark.parametrize("campaign", ["{id: 538}", SEVERAL])
def test_a_contact_whose_key_differs_only_in_case_is_not_taken_for_a_new_one(
    campaign: str, lacks: tuple[str, ...], run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """The dialler overwrites it: undo must not delete it."""
    with lenient(*lacks).listening() as dialler:
        configure(base_url=dialler.base_url, campaign=campaign)
        done = run("import", contacts_csv(3))
        undone = run("undo", "--yes")

    assert [row["_action"] for row in done.rows()] == ["import", "import", "create"], done.err
    assert set(dialler.contacts) == {2, 3}
    assert undone.code == ExitCode.ROWS_FAILED  # it says what it could not restore


@LACKS
@pytest.mark.parametrize("goes", [False, True])
def test_a_left_out_contact_whose_key_differs_only_in_case_is_told_of(
    goes: bool, lacks: tuple[str, ...], run: Run, configure: Configure, tmp_path: Path
) -> None:
    """The row is an opt-out; but not if a row of the contact's own key, or of another spelling, is sent."""
    rows = ["K2,Ann,0171 3920012,x", *(["k2,Ann,0171 3920012,"] if goes else []), "k3,Bob,0171 3920013,"]
    (tmp_path / "list.csv").write_text("\n".join(["Key,Name,Phone,Out", *rows, ""]), encoding="utf-8")
    with lenient(*lacks).listening() as dialler:
        configure(base_url=dialler.base_url, rows="{skip: {Out: [x]}, skipped_contacts: lock}")
        done = run("import", "list.csv")

    assert done.code == ExitCode.OK, done.err
    assert [dialler.contacts[number]["bLocked"] for number in (2, 3)] == [False, False]
    assert ("1 contact of rows left out" in done.err) is not goes


@LACKS
def test_a_protected_contact_whose_key_differs_only_in_case_is_protected(
    lacks: tuple[str, ...], run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    dialler = lenient(*lacks)
    dialler.contacts[2]["bLocked"] = True
    with dialler.listening():
        configure(base_url=dialler.base_url, protect="{locked: true}")
        done = run("import", contacts_csv(3))

    assert [row["_action"] for row in done.rows()] == ["protected", "import", "create"], done.err


@LACKS
def test_where_keys_are_only_to_be_created_one_that_differs_in_case_is_not_made_twice(
    lacks: tuple[str, ...], run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    with lenient(*lacks).listening() as dialler:
        configure(base_url=dialler.base_url, rows="{mode: create}")
        done = run("import", contacts_csv(3))

    assert [row["_error_code"] for row in done.rows()][:2] == ["lookup_failed"] * 2, done.err
    assert set(dialler.contacts) <= {2, 3, 4}


def test_keys_that_the_dialler_tells_apart_are_two_contacts(
    run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """As in an older Salesforce: it is asked, not guessed."""
    dialler = RawDialler(contacts={7: {"ID": 7, "UserData": "k7", "Name": "A", "DiallerCampaignsID": 538}})
    dialler.answers = instead("batch", respond(b"", 404))
    with dialler.listening():
        configure(base_url=dialler.base_url, campaign=SEVERAL)
        done = run("import", contacts_csv(rows=["K7,Name 7,0171 3920017"]))

    assert [row["_action"] for row in done.rows()] == ["create"], done.err


@pytest.mark.parametrize("rows", ["{}", "{duplicate_phones_in_dialler: skip}"])
@pytest.mark.parametrize("phone", ["0171 3920012", "damaged"])
def test_a_mirror_does_not_lock_the_contact_that_a_row_overwrites(
    phone: str, rows: str, run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """Nor that of a row which is rejected."""
    path = contacts_csv(rows=[f"K2,Name 2,{phone}", "K3,Name 3,0171 3920013"])
    with lenient().listening() as dialler:
        configure(base_url=dialler.base_url, mirror="{missing: lock, max_missing: 100%}", rows=rows)
        done = run("import", path, "--adopt")

    assert not done.summary["actions"]["lock"], done.err
    assert not any(contact.get("bLocked") for contact in dialler.contacts.values())
