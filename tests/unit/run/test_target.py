"""Which campaign a configuration means: the dialler is asked, else the last answer counts, else the whole account."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from dialler_sync.api.client import DiallerClient
from dialler_sync.errors import UsageError
from dialler_sync.journal import Journal
from dialler_sync.run.target import check_target, find_target
from dialler_sync.simulator import SimulatorServer

from ...helpers.records import RUN
from ...helpers.rows import BASIC, settings_of


@dataclass
class Names:
    """A journal that knows the ID that a campaign had. ``renamed``: what was done under the name alone."""

    known: int | None = None
    renamed: list[tuple[str, str]] = field(default_factory=list)

    def known_id(self, _dialler: str, name: str) -> int | None:
        assert name in {"Nightly", "Gone"}
        return self.known

    def rename_target(self, before: str, after: str) -> None:
        self.renamed.append((before.partition("#")[2], after.partition("#")[2]))


def find(dialler: SimulatorServer, campaign: dict[str, Any], names: Names, *, ask: bool = True) -> str:
    settings = settings_of(
        BASIC,
        dialler={"base_url": dialler.base_url, "clients_id": 1, "token": "simulator", "retries": 0},
        campaign=campaign,
    )
    return find_target(settings, cast("Journal", names), ask=ask).partition("#")[2]


@pytest.mark.parametrize(
    ("campaign", "known", "ask", "found"),
    [
        ({"id": 7}, None, True, "7"),
        ({"column": "C"}, None, True, "*"),
        ({"name": "Nightly"}, None, True, "538"),
        ({"name": "Nightly"}, 99, True, "538"),  # its ID of today
        ({"name": "Nightly"}, 99, False, "99"),
        ({"name": "Nightly"}, None, False, "=Nightly"),
        ({"name": "Gone"}, 99, True, "99"),
        ({"name": "Gone"}, None, True, "=Gone"),
    ],
)
def test_the_campaign_that_is_meant(
    campaign: dict[str, Any], known: int | None, ask: bool, found: str, dialler: SimulatorServer
) -> None:
    names = Names(known)

    assert find(dialler, campaign, names, ask=ask) == found
    by_name = campaign.get("name") and found.isdecimal()
    assert names.renamed == ([(f"={campaign['name']}", found)] if by_name else [])
    assert bool(dialler.requests) == (ask and "name" in campaign)


@pytest.mark.parametrize("odd", [None, -1, 1.5, True, "five", "../5", "٥", 10**40, [], {"a": 1}])
def test_an_odd_id_is_none(odd: object, dialler: SimulatorServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the journal knows counts."""

    async def campaigns(_client: DiallerClient) -> list[dict[str, object]]:
        return [{}, {"Name": odd}, {"Name": "Nightly", "ID": odd}]

    monkeypatch.setattr(DiallerClient, "list_campaigns", campaigns)

    assert find(dialler, {"name": "Nightly"}, Names(99)) == "99"


def test_a_run_goes_on_only_where_it_began() -> None:
    check_target(RUN, RUN.target)
    for other in ("http://dialler/rest/v1.0/1#539", "http://dialler/rest/v1.0/1#*", "elsewhere#538"):
        with pytest.raises(UsageError, match="the configuration names"):
            check_target(replace(RUN), other)
