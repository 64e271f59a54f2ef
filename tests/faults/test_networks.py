"""What stands between us and a dialler: proxies, firewalls, web servers, and what they make of its answers."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode

from ..conftest import Configure, Run
from .foreign import Answer, ForeignDialler

Contacts = Callable[..., Path]

KEYS = [f"K{n}" for n in range(2, 22)]
PAGE = b"<html><head><title>400 Bad Request</title></head><body><hr>nginx</body></html>"
HTML = {"Content-Type": "text/html"}


@pytest.mark.parametrize("status", [400, 402, 403, 407, 415, 421, 511])
@pytest.mark.parametrize("reads", [True, False], ids=["imports", "everything"])
def test_what_refuses_every_row_in_the_diallers_place_stops_the_run(
    status: int, reads: bool, run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """Before a row has succeeded; where reading works, the second row shows that it is not about the first one."""

    def refused(name: str) -> Answer | None:
        return None if reads and name != "import" else (status, PAGE)

    with ForeignDialler(refused=refused, headers=HTML) as dialler:
        configure(base_url=dialler.base_url)

        done = run("import", contacts_csv(20))

    assert done.code == ExitCode.NO_ROW_CAN_SUCCEED, done.err
    assert f"HTTP {status}" in done.err
    assert "400 Bad Request nginx" in done.err
    assert dialler.requests.count("import") <= 1 + reads
    assert sum(row["_status"] == "unprocessed" for row in done.rows()) >= 19


def test_firewall_that_dislikes_the_first_row_stops_no_other(
    run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """That row alone fails."""
    imports = itertools.count()

    def refused(name: str) -> Answer | None:
        return (400, PAGE) if name == "import" and next(imports) == 0 else None

    with ForeignDialler(refused=refused, headers=HTML) as dialler:
        configure(base_url=dialler.base_url)

        done = run("import", contacts_csv(20))

    assert done.code == ExitCode.ROWS_FAILED
    assert dialler.keys() == sorted(KEYS[1:])
    assert [row["_status"] for row in done.rows()] == ["failed"] + ["succeeded"] * 19


@pytest.mark.parametrize("reads", [True, False], ids=["imports", "everything"])
def test_403_before_a_row_has_succeeded_stops_the_run(
    reads: bool, run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """The dialler's own: a token that may read and not import is refused with every row."""
    said = json.dumps({"status": 403, "error": "Forbidden"}).encode()

    with ForeignDialler(refused=lambda name: None if reads and name != "import" else (403, said)) as dialler:
        configure(base_url=dialler.base_url)

        done = run("import", contacts_csv(20))

    assert done.code == ExitCode.NO_ROW_CAN_SUCCEED, done.err
    assert dialler.requests.count("import") <= 1 + reads


@pytest.mark.parametrize(
    ("status", "command"),
    [
        (429, ["import", "contacts.csv"]),
        (503, ["import", "contacts.csv"]),
        (503, ["import", "contacts.csv", "--compare", "dialler"]),
        (503, ["contacts", "list"]),
        (503, ["reconcile", "contacts.csv"]),
        (503, ["calls"]),
    ],
)
def test_longer_patience_is_asked_for_than_there_is(
    status: int, command: list[str], run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """``Retry-After`` is said, and does not outlast ``give_up_after``."""
    with ForeignDialler(refused=lambda _: (status, None), headers={"Retry-After": "3600"}) as dialler:
        configure(base_url=dialler.base_url, give_up_after=0.5, retries=2)
        contacts_csv(20)
        started = time.monotonic()

        done = run(*command)

    assert done.code == ExitCode.UNAVAILABLE
    assert time.monotonic() - started < 10
    assert "asks to wait 3,600 s (Retry-After)" in done.err
    assert dialler.contacts == {}


def test_row_that_is_put_off_for_an_hour_is_sent_again_in_time(
    run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """A dialler that is back sooner than it said loses no row."""
    imports = itertools.count()

    def refused(name: str) -> Answer | None:
        return (429, None) if name == "import" and next(imports) == 3 else None

    with ForeignDialler(refused=refused, headers={"Retry-After": "3600"}) as dialler:
        configure(base_url=dialler.base_url, give_up_after=0.5)
        started = time.monotonic()

        done = run("import", contacts_csv(20))

    assert done.code == ExitCode.OK, done.err
    assert time.monotonic() - started < 10
    assert "asks to wait 3,600 s (Retry-After)" in done.err
    assert dialler.keys() == sorted(KEYS)


@pytest.mark.parametrize("charset", ["ISO-8859-1", "utf-16"])
def test_answers_in_another_character_set_leave_no_row_unknown(
    charset: str, run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """Umlauts included."""

    def shape(_: str, answer: Answer) -> Answer:
        status, body = answer
        return status, json.dumps({**body, "said": "Grüße"}, ensure_ascii=False).encode(charset)

    with ForeignDialler(shape=shape, headers={"Content-Type": f"application/json;charset={charset}"}) as dialler:
        configure(base_url=dialler.base_url)

        done = run("import", contacts_csv(20))

    assert done.code == ExitCode.OK, done.err
    assert dialler.keys() == sorted(KEYS)


def test_proxy_without_a_scheme(
    run: Run, configure: Configure, contacts_csv: Contacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``HOST:PORT`` is what people write."""
    with ForeignDialler() as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.base_url.removeprefix("http://").partition("/")[0])
        configure(base_url="http://dialler.invalid/rest/v1.0", allow_http="true")

        done = run("import", contacts_csv(20))

    assert done.code == ExitCode.OK, done.err
    assert proxy.keys() == sorted(KEYS)


def test_proxy_of_a_kind_that_cannot_be_used(
    run: Run, configure: Configure, contacts_csv: Contacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named by its variable, without its password; nothing is sent."""
    monkeypatch.setenv("HTTPS_PROXY", "socks5h://user:secret@proxy.invalid:1080")
    configure(base_url="https://dialler.invalid/rest/v1.0")

    done = run("import", contacts_csv(2))

    assert done.code == ExitCode.USAGE
    assert "HTTPS_PROXY is a SOCKS proxy" in done.err
    assert "secret" not in done.err
