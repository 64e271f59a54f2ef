"""What counts as the same dialler, however its address is spelled."""

from __future__ import annotations

import pytest

from dialler_sync.target import dialler_of

ONE = "localhost:8080/rest/v1.0/1"


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8080/rest/v1.0",
        "http://LocalHost.:8080/rest/v1.0/",
        "http://127.0.0.1:8080/rest/v1.0",
        "http://127.1:8080//rest/v1.0",
        "http://127.9.8.7:8080/rest/v1.0",
        "http://[::1]:8080/rest/v1.0",
        "http://[0:0:0:0:0:0:0:1]:8080/rest/v1.0",
        "http://[::ffff:127.0.0.1]:8080/rest/v1.0",
        "https://localhost:8080/rest/v1.0",
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
