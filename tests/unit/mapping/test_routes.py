"""Routes and shares: which campaign a row goes to."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dialler_sync.config.campaign import CampaignSettings
from dialler_sync.mapping.routes import Router
from dialler_sync.model import Fault


def _split(**shares: str) -> Router:
    return Router(CampaignSettings.model_validate({"split": shares}))


def test_shares_are_the_same_on_every_machine() -> None:
    """Known keys: a change of these would call customers by two campaigns."""
    assert _split(A="50%", B="50%").by_key(["K1", "K2", "K3", "K4", "Müller", "\ud800"]) == [
        "B",
        "A",
        "A",
        "B",
        "B",
        "A",
    ]


@given(st.lists(st.text(min_size=1), min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_a_key_goes_to_the_same_campaign_whatever_is_beside_it(keys: list[str], shuffle: random.Random) -> None:
    """Nor does the order of the campaigns matter."""
    one = _split(A="20%", B="30.5%", C="49.5%")
    other = _split(C="49.5%", A="20%", B="30.5%")
    beside = [*keys, "other"]
    shuffle.shuffle(beside)

    assert (
        dict(zip(keys, one.by_key(keys), strict=True)).items()
        <= dict(zip(beside, other.by_key(beside), strict=True)).items()
    )


def test_shares_are_kept() -> None:
    counts = Counter(_split(A="10%", B="30%", C="60%").by_key([f"K{n}" for n in range(20_000)]))

    assert {name: round(count / 20_000, 2) for name, count in counts.items()} == {"A": 0.1, "B": 0.3, "C": 0.6}


def test_a_row_without_a_key_has_no_share() -> None:
    (missing, empty, faulty) = _split(A="100%").by_key([None, "", Fault("damaged_text", "", "")])

    for none in (missing, empty):
        assert isinstance(none, Fault)
        assert none.code == "campaign_not_routed"
    assert faulty == "A"  # it is rejected for what is wrong with it


def test_the_first_route_counts() -> None:
    routes = [{"pattern": "^0", "to": "East"}, {"pattern": "0", "to": 541}, {"pattern": "^$", "to": "None"}]
    router = Router(CampaignSettings.model_validate({"column": "Zip", "routes": routes}))
    other = Router(CampaignSettings.model_validate({"column": "Zip", "routes": routes[:1], "otherwise": 9}))

    *found, missing = router.by_cell(["01099", " 01099", "10115", None, "8"])
    assert found == ["East", "East", "541", "None"]
    assert isinstance(missing, Fault)
    assert other.by_cell(["01099", None, "8"]) == ["East", "9", "9"]
    damaged = Fault("error_cell", "", "")
    assert other.by_cell(["01099", damaged]) == ["East", damaged]  # and not what otherwise says


@pytest.mark.parametrize(
    ("campaign", "said"),
    [
        ({"column": "Zip", "split": {"A": "100%"}}, "exactly one of id, name, column, split"),
        ({"id": 1, "routes": [{"pattern": "0", "to": 1}]}, "routes has no effect without column"),
        ({"column": "Zip", "otherwise": "reject"}, "otherwise has no effect without routes"),
        ({"column": "Zip", "by": "UserData"}, "by has no effect without split"),
        ({"column": "Zip", "routes": [{"pattern": "0", "to": 1}] * 2}, "'0' twice"),
        ({"column": "Zip", "routes": [{"pattern": "(", "to": 1}]}, "not a regular expression"),
        ({"split": {"A": "33.33%", "B": "66.66%"}}, "add up to 99.99%"),
        ({"split": {"A": "0%", "B": "100%"}}, "'0%' is not a share"),
        ({"split": {"A": 50, "B": 50}}, "'50' is not a share"),
        ({"split": {"A": "100%"}, "by": "Name"}, "UserData"),
    ],
)
def test_what_contradicts_itself_is_refused(campaign: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said.replace("(", r"\(")):
        CampaignSettings.model_validate(campaign)
