"""Teams and pings, in the forms that their receivers want."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.jobs.message import DIGEST
from dialler_sync.jobs.receivers import _card
from dialler_sync.simulator import FaultPlan, SimulatorServer

from ..conftest import Configure, Run
from ..helpers.receivers import Hook, hook

Contacts = Callable[..., Path]


@pytest.fixture
def receiver() -> Iterator[Hook]:
    with hook() as taken:
        yield taken


def test_teams_gets_an_adaptive_card(run: Run, configure: Configure, contacts_csv: Contacts, receiver: Hook) -> None:
    """As a workflow takes it (202), with phone numbers masked; the address is no part of any message."""
    receiver.answer = 202
    configure(notify=f"{{teams: '{receiver.url}/s3cr3t-of-the-workflow', on: always}}")

    done = run("import", contacts_csv(rows=["K1,Anna,0171 3920011", "K2,Eva,0171 12"]))
    receiver.answer = 400
    refused = run("doctor", "--notify")

    message = receiver.told[0]
    (attached,) = message["attachments"]
    title, facts = attached["content"]["body"]
    assert message["type"] == "message"
    assert attached["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert (attached["content"]["type"], attached["content"]["version"]) == ("AdaptiveCard", "1.4")
    assert title["text"] == "dialler-sync: campaign 538 finished: 1 of 2 imported"
    assert {"title": "Reason phone_too_short", "value": "1"} in facts["facts"]
    assert refused.code == ExitCode.USAGE
    assert "notify.teams could not be called: it answered 400." in refused.err
    assert "s3cr3t" not in done.err + refused.err


def test_a_card_of_many_campaigns_stays_below_what_teams_takes() -> None:
    """28 KB."""
    of_one = {"event": "failing", "failing": True, "needs": "x" * 900, "alarm": "", "counts": {}, "errors": {}}
    body = {"event": DIGEST, "verdict": "v", "campaigns": [{**of_one, "name": f"campaign {n}"} for n in range(99)]}

    card = _card(body)

    assert len(str(card)) < 28_000
    assert card["attachments"][0]["content"]["body"][1]["facts"][-1]["value"] == "and 39 more"


def test_pings_tell_start_success_and_failure_as_healthchecks_wants(
    run: Run, configure: Configure, contacts_csv: Contacts, receiver: Hook, dialler: SimulatorServer
) -> None:
    """A run that goes on starts again; a failure says its exit code and reason, also where no run began."""
    configure(concurrency=1, notify=f"{{ping: '{receiver.url}/id'}}")
    path = contacts_csv(10)
    dialler.order(FaultPlan.parse("401_from:5"))
    stopped = run("import", path)
    dialler.order(FaultPlan())
    run("resume")
    Path("broken.xlsx").write_bytes(b"PK\x03\x04 broken" * 10)
    unread = run("import", "broken.xlsx")
    run("import", path, "--dry-run")
    run("validate", path)

    assert (stopped.code, unread.code) == (ExitCode.NO_ROW_CAN_SUCCEED, ExitCode.INPUT)
    assert [(method, address) for method, address, _ in receiver.came] == [
        ("GET", "/hook/id/start"), ("POST", "/hook/id/fail"), ("GET", "/hook/id/start"), ("GET", "/hook/id"),
        ("GET", "/hook/id/start"), ("POST", "/hook/id/fail"),
    ]  # fmt: skip
    said = [body for _, _, body in receiver.came if body]
    assert said[0].startswith("exit 7: the dialler refuses the token")
    assert said[1].startswith("exit 3: broken.xlsx")


def test_a_ping_that_is_refused_is_said(run: Run, configure: Configure, contacts_csv: Contacts, receiver: Hook) -> None:
    """A mistyped address would else be watched by nobody; the import is not touched."""
    receiver.answer = 404
    configure(notify=f"{{ping: '{receiver.url}/id'}}")

    done = run("import", contacts_csv(2))

    assert done.code == ExitCode.OK
    assert done.err.count("notify.ping could not be called: it answered 404.") == 2
