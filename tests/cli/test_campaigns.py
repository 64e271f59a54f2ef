"""The campaigns of the dialler."""

from __future__ import annotations

import csv
import json

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run


def test_campaigns_in_every_format(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """ID and name for people; every field that the dialler tells for programs."""
    configure()
    dialler.store.campaigns[540] = "=2+3"

    shown = run("campaigns", "list")
    as_csv = list(csv.DictReader(run("campaigns", "list", "-o", "csv").out.splitlines()))
    as_json = json.loads(run("campaigns", "list", "-o", "json").out)

    assert shown.code == ExitCode.OK
    assert [line.split(maxsplit=1) for line in shown.out.splitlines()] == [
        ["ID", "Name"],
        ["538", "Nightly"],
        ["539", "Trade fair callbacks"],
        ["540", "=2+3"],
    ]
    assert [(row["ID"], row["Name"]) for row in as_csv][2] == ("540", "'=2+3")
    assert as_json[0] == {"ID": 538, "ClientsID": 1, "Name": "Nightly", "bActive": True, "Comment": None}


def test_a_dialler_without_campaigns(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """An empty list is a list."""
    configure()
    dialler.store.campaigns.clear()

    assert run("campaigns", "list", "-o", "json").out == "[]\n"
    assert run("campaigns", "list", "-o", "csv").out.split() == ['"ID","Name"']


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"token": "wrong"}, ExitCode.NO_ROW_CAN_SUCCEED, "dialler.clients_id"),
        ({"endpoints": '{list_campaigns: "GET /campaigns"}'}, ExitCode.NO_ROW_CAN_SUCCEED, "GET /campaigns"),
        ({"base_url": "http://127.0.0.1:9/rest/v1.0", "give_up_after": 0}, ExitCode.UNAVAILABLE, "127.0.0.1:9"),
    ],
)
def test_what_is_wrong_is_said(
    run: Run, configure: Configure, changes: dict[str, object], code: ExitCode, said: str
) -> None:
    """With the exit code that scripts look at."""
    configure(**changes)

    done = run("campaigns", "list")

    assert (done.code, done.out) == (code, "")
    assert said in done.err
