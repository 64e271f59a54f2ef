"""What counts as the same dialler, however its address is spelled."""

from __future__ import annotations

import pytest

from dialler_sync.target import dialler_of, in_words, is_account, share_a_campaign, split, target_of, within

ONE = "localhost:8080/rest/v1.0/1"


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8080/rest/v1.0",
        "http://LocalHost.:8080/rest/v1.0/",
        "http://127.0.0.1:8080/rest/v1.0",
        "http://127.1:8080//rest/v1.0",
        "http://localhost:8080///rest//v1.0//",
        "http://127.9.8.7:8080/rest/v1.0",
        "http://[::1]:8080/rest/v1.0",
        "http://[0:0:0:0:0:0:0:1]:8080/rest/v1.0",
        "http://[::ffff:127.0.0.1]:8080/rest/v1.0",
        "https://localhost:8080/rest/v1.0",
        "http://dialler.localhost:8080/rest/v1.0",
        "http://0.0.0.0:8080/rest/v1.0",
        "http://[::]:8080/rest/v1.0",
    ],
)
def test_loopback_names_are_one(url: str) -> None:
    assert dialler_of(url, 1) == ONE


@pytest.mark.parametrize(
    ("url", "clients_id"),
    [
        ("http://localhost:8081/rest/v1.0", 1),
        ("http://localhost:8080/rest/v2", 1),
        ("http://localhost:8080/rest/v1.0", 2),
        ("http://localhost.example.com:8080/rest/v1.0", 1),
        ("http://128.0.0.1:8080/rest/v1.0", 1),
    ],
)
def test_others_are_others(url: str, clients_id: int) -> None:
    assert dialler_of(url, clients_id) != ONE


def test_case_and_usual_ports_are_no_difference() -> None:
    assert dialler_of("https://Dialler.Example.COM/rest/v1.0", 7) == "dialler.example.com:443/rest/v1.0/7"
    assert dialler_of("https://dialler.example.com.:443/rest/v1.0/", 7) == "dialler.example.com:443/rest/v1.0/7"
    assert dialler_of("https://Dialler.müller.de/rest", 7) == dialler_of("https://dialler.xn--mller-kva.de/rest", 7)


def test_a_name_replaces_the_address() -> None:
    assert dialler_of("https://a.example.com/rest", 1, "Headquarters") == "Headquarters"


def test_addresses_that_are_no_names() -> None:
    assert dialler_of("http://[2001:DB8::1]:80/rest", 1) == "[2001:db8::1]:80/rest/1"
    assert dialler_of("http://010.0.0.1:80/rest", 1) == dialler_of("http://8.0.0.1:80/rest", 1) == "8.0.0.1:80/rest/1"


@pytest.mark.parametrize(
    ("target", "account", "words"),
    [
        (target_of("dialler", campaign_id=538), False, "campaign 538 on dialler"),
        (target_of("dialler", campaign_id=0), False, "campaign 0 on dialler"),
        (target_of("dialler", campaign_id=538, name="Nightly"), False, "campaign 538 on dialler"),
        (target_of("dialler", name="Nightly"), True, "campaign Nightly on dialler"),
        (target_of("dialler"), True, "all campaigns on dialler"),
        ("dialler", False, "dialler"),
    ],
)
def test_what_a_target_holds(target: str, account: bool, words: str) -> None:
    """All campaigns, too, where nobody knows the ID of the one that is meant."""
    assert (is_account(target), in_words(target), split(target)[0]) == (account, words, "dialler")


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [
        ("dialler#538", "dialler#538", True),
        ("dialler#538", "dialler#*", True),
        ("dialler#*", "dialler#538", True),
        ("dialler#538", "dialler#539", False),
        ("dialler#538", "another#538", False),
        ("dialler#*", "another#538", False),
        ("dialler#*", "another#*", False),
    ],
)
def test_runs_that_may_have_met_the_same_contacts(one: str, other: str, share: bool) -> None:
    assert share_a_campaign(one, other) == share


@pytest.mark.parametrize(
    ("target", "campaign", "expected"),
    [("d#*", "538", "d#538"), ("d#*", "", "d#*"), ("d#539", "538", "d#539"), ("d#=Night", "538", "d#=Night")],
)
def test_a_campaign_within_a_target(target: str, campaign: str, expected: str) -> None:
    """Only the whole account has several."""
    assert within(target, campaign) == expected
