"""Every status and body, and what it must be judged as."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from dialler_sync.api import DiallerClient
from dialler_sync.api.network_errors import TunnelRefused
from dialler_sync.api.retry import (
    LONGEST_WAIT,
    LONGEST_WAIT_FOR_LOAD,
    TURNED_AWAY,
    backoff,
    judge,
    judge_failure,
    pause,
    repeating,
    unreadable,
)
from dialler_sync.api.transport import TooLong
from dialler_sync.errors import MaybeDone, NotDone, Refused, RequestError

from ..helpers.scripted import TOKEN, ScriptedServer, respond

HTML = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


def said(status: object, error: str = "said so") -> dict[str, object]:
    return {"status": status, "error": error}


def request(token: str = TOKEN) -> httpx.Request:
    return httpx.Request("GET", "https://dialler.example.com/", headers={"Authorization": f"Bearer {token}"})


def reply(status: int, *, token: str = TOKEN, **parts: Any) -> httpx.Response:
    return httpx.Response(status, request=request(token), **parts)


@dataclass(frozen=True)
class Case:
    """``status`` is what the report must show, where that is not the status of the answer."""

    answer: int
    body: object
    kind: type[RequestError]
    code: str
    message: str = "said so"
    status: int | None = None


CASES = [
    # 200 is success only with status 200 inside
    Case(200, {"records": []}, MaybeDone, "unreadable_answer", "HTTP 200 OK"),
    Case(200, {}, MaybeDone, "unreadable_answer", "HTTP 200 OK"),
    Case(200, {"status": None}, MaybeDone, "unreadable_answer", "HTTP 200 OK"),
    Case(200, {"status": "OK"}, MaybeDone, "unreadable_answer", "HTTP 200 OK"),
    Case(200, {"status": True}, MaybeDone, "unreadable_answer", "HTTP 200 OK"),
    Case(200, {"status": 0}, MaybeDone, "unreadable_answer", "HTTP 200 OK"),
    Case(200, {"status": 204}, MaybeDone, "unreadable_answer", "HTTP 200 OK"),
    Case(200, {"status": 200.0}, MaybeDone, "unreadable_answer", "HTTP 200 OK"),
    Case(200, {"status": [200]}, MaybeDone, "unreadable_answer", "HTTP 200 OK"),
    Case(200, {"status": 10**30}, MaybeDone, "unreadable_answer", "HTTP 200 OK"),
    Case(200, [{"status": 200}], MaybeDone, "unreadable_answer", "HTTP 200 OK"),
    Case(200, b"", MaybeDone, "unreadable_answer", "HTTP 200 OK"),
    Case(200, b'{"status": 200, "records": [{"ID": 1', MaybeDone, "unreadable_answer", "HTTP 200 OK"),
    Case(200, b'{"status": 200} trailing', MaybeDone, "unreadable_answer", "HTTP 200 OK"),
    Case(200, b'{"status": 200, "status": 500}', MaybeDone, "unreadable_answer", "HTTP 200 OK"),
    Case(200, b'{"status": 500, "status": 200}', MaybeDone, "unreadable_answer", "HTTP 200 OK"),
    Case(200, b'{"status": 200, "records": [{"ID": 1, "ID": 2}]}', MaybeDone, "unreadable_answer", "HTTP 200 OK"),
    Case(200, HTML, MaybeDone, "unreadable_answer", "HTTP 200 OK"),
    # ... and the true status may stand inside
    Case(200, said(404), Refused, "not_found", status=404),
    Case(200, said(400), Refused, "bad_request", status=400),
    Case(200, said(401), Refused, "unauthorised", status=401),
    Case(200, said(500), MaybeDone, "server_error", status=500),
    Case(200, said(503), NotDone, "unavailable", status=503),
    Case(200, said("409"), Refused, "conflict", status=409),
    Case(200, said(600), MaybeDone, "unreadable_answer"),
    # successes that are none of this API's
    Case(201, b"", MaybeDone, "unreadable_answer", "HTTP 201 Created"),
    Case(202, said(200), MaybeDone, "unreadable_answer"),
    Case(202, b"", MaybeDone, "unreadable_answer", "HTTP 202 Accepted"),
    Case(204, b"", MaybeDone, "unreadable_answer", "HTTP 204 No Content"),
    # certainly not done, and will not be
    Case(300, b"", Refused, "redirected", "HTTP 300 Multiple Choices"),
    Case(301, b"", Refused, "redirected", "HTTP 301 Moved Permanently"),
    Case(304, b"", Refused, "redirected", "HTTP 304 Not Modified"),
    Case(400, said(400), Refused, "bad_request"),
    Case(400, HTML, Refused, "bad_request", "HTTP 400 Bad Request"),
    Case(400, {"detail": "x"}, Refused, "bad_request", "HTTP 400 Bad Request ("),
    Case(401, said(401), Refused, "unauthorised"),
    Case(401, b"", Refused, "unauthorised", "HTTP 401 Unauthorized"),
    Case(403, HTML, Refused, "unauthorised", "HTTP 403 Forbidden"),
    Case(404, said(404), Refused, "not_found"),
    Case(404, {"error": "said so"}, Refused, "not_found"),
    Case(404, {"status": 404}, Refused, "not_found", "HTTP 404 Not Found"),
    Case(404, {"detail": "Not Found"}, Refused, "endpoint_missing", "(404 without the JSON"),
    Case(404, b"{}", Refused, "endpoint_missing", "(404 without the JSON"),
    Case(404, b"", Refused, "endpoint_missing", "no 'POST /rest/v1.0/7/dialler/contacts/import' (404 without the JSON"),
    Case(
        404, HTML, Refused, "endpoint_missing", "no 'POST /rest/v1.0/7/dialler/contacts/import' (404 without the JSON"
    ),
    Case(405, HTML, Refused, "endpoint_missing", "/dialler/contacts/import' (HTTP 405 Method Not Allowed"),
    Case(407, HTML, Refused, "proxy_refused", "HTTP 407 Proxy Authentication Required"),
    Case(511, HTML, Refused, "proxy_refused", "HTTP 511 Network Authentication Required"),
    Case(409, said(409), Refused, "conflict"),
    Case(413, HTML, Refused, "refused", "HTTP 413 Request Entity Too Large"),
    Case(418, said(418), Refused, "refused"),
    Case(499, b"", Refused, "refused", "HTTP 499"),
    Case(501, HTML, Refused, "endpoint_missing", "/dialler/contacts/import' (HTTP 501 Not Implemented"),
    # certainly not done, and may pass
    Case(429, b"", NotDone, "rate_limited", "HTTP 429 Too Many Requests"),
    Case(503, HTML, NotDone, "unavailable", "HTTP 503 Service Unavailable"),
    Case(503, said(503), NotDone, "unavailable"),
    *(
        Case(
            503,
            b"upstream connect error or disconnect/reset before headers. reset reason: " + why,
            NotDone,
            "unavailable",
            "",
        )
        for why in (b"connection failure", b"remote connection failure, transport failure reason: refused", b"overflow")
    ),
    # nobody knows
    Case(408, b"", MaybeDone, "timeout", "HTTP 408 Request Timeout"),
    Case(500, said(500), MaybeDone, "server_error"),
    Case(500, b"", MaybeDone, "server_error", "HTTP 500 Internal Server Error"),
    Case(502, HTML, MaybeDone, "bad_gateway", "HTTP 502 Bad Gateway"),
    *(
        Case(503, body, MaybeDone, "unavailable", "")
        for body in (
            b"upstream connect error or disconnect/reset before headers. reset reason: connection termination",
            b"upstream connect error or disconnect/reset before headers. retried and the latest reset reason: overflow",
            b"<h1>Error 503 Backend fetch failed</h1><p>Backend fetch failed</p>",
            b"<title>503 first byte timeout</title>",
        )
    ),
    Case(504, HTML, MaybeDone, "gateway_timeout", "HTTP 504 Gateway Timeout"),
    Case(507, b"", MaybeDone, "server_error", "HTTP 507 Insufficient Storage"),
    Case(599, b"", MaybeDone, "server_error", "HTTP 599"),
]


@pytest.mark.anyio
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.answer}-{str(case.body)[:24]}")
async def test_answer_is_judged(case: Case) -> None:
    """An answer's class, code, status and words, as the report will show them."""
    async with (
        ScriptedServer([respond(case.answer, case.body)]) as server,
        DiallerClient(server.settings()) as client,
    ):
        with pytest.raises(RequestError) as caught:
            await client.import_contact(b"{}", overwrite=True)

    error = caught.value
    assert (type(error), error.code, error.http_status) == (case.kind, case.code, case.status or case.answer)
    assert case.message in str(error)
    assert not str(error).endswith("?"), "it names nothing"
    assert len(server.received) == 1


@pytest.mark.anyio
@pytest.mark.parametrize(("answer", "inside"), [(200, 200), (200, "200"), (201, 201), (201, 200), (200, 201)])
async def test_done(answer: int, inside: object) -> None:
    """An answer that says so twice is done, whatever else stands there."""
    async with (
        ScriptedServer([respond(answer, {"status": inside, "new": [1], "records": [{"ID": 1}]})]) as server,
        DiallerClient(server.settings()) as client,
    ):
        assert (await client.import_contact(b"{}", overwrite=True)).id == "1"


@pytest.mark.parametrize(("status", "running"), [(500, False), (502, True), (504, True), (507, True), (200, True)])
def test_dialler_that_has_answered_itself_is_not_at_work_any_more(status: int, running: bool) -> None:
    """Behind a gateway, also one whose page has status 200, the dialler may still be at work; after a 500 it is not."""
    with pytest.raises(MaybeDone) as caught:
        judge(reply(status))

    assert caught.value.running is running


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        ("Name\tis\r\n missing", "Name is missing"),
        ("\x1b[31mred\x07", "[31mred"),
        ("x" * 20_000, "x" * 500),
        ({"field": "Name"}, "{'field': 'Name'}"),
        (["a", "b"], "['a', 'b']"),
        (17, "17"),
        ("", "HTTP 400 Bad Request"),
    ],
)
def test_what_the_dialler_says_is_shown_on_one_harmless_line(error: object, shown: str) -> None:
    """An error text goes to terminals and reports: no line breaks, no control characters, no novels."""
    with pytest.raises(Refused) as caught:
        judge(reply(400, json={"status": 400, "error": error}))

    assert str(caught.value) == shown


def test_what_the_dialler_says_may_be_its_message() -> None:
    """Where it gives no ``error``, as some of its functions do."""
    with pytest.raises(Refused, match=r"^Name is missing$"):
        judge(reply(400, json={"status": 400, "message": "Name is missing"}))


@pytest.mark.parametrize(
    ("error", "kind", "code", "message"),
    [
        (httpx.ConnectError("no route"), NotDone, "unreachable", "the dialler cannot be reached: no route"),
        (httpx.ConnectTimeout("too late"), NotDone, "unreachable", "the dialler cannot be reached: too late"),
        (httpx.ReadTimeout("secret detail"), MaybeDone, "timeout", "no answer within the time limit"),
        (
            httpx.RemoteProtocolError("illegal\r\n  line"),
            MaybeDone,
            "unreadable_answer",
            "the answer is not HTTP (illegal line)",
        ),
        (
            httpx.ReadError("reset"),
            MaybeDone,
            "connection_lost",
            "the connection was lost after the request was sent (reset)",
        ),
        (
            httpx.WriteError(f"Bearer {TOKEN}"),
            MaybeDone,
            "connection_lost",
            "the connection was lost after the request was sent (Bearer ***)",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_answer_is_judged(error: httpx.TransportError, kind: type[RequestError], code: str, message: str) -> None:
    """By whether the request had left; in one line, and without the token."""
    judged = judge_failure(error, request())

    assert (type(judged), judged.code, str(judged)) == (kind, code, message)


def test_after_an_answer_that_cannot_be_read_the_dialler_may_be_at_work() -> None:
    """It may be the page of a proxy."""
    error = unreadable("cut off")

    assert (error.code, error.http_status, error.running, str(error)) == ("unreadable_answer", 200, True, "cut off")


def test_redirect_says_where_to() -> None:
    """A redirect is not followed, as a POST would become a GET; base_url is what is to be mended."""
    with pytest.raises(Refused, match=r"^HTTP 302 Found to https://login\.example\.com/$") as caught:
        judge(reply(302, headers={"Location": "https://login.example.com/"}))

    assert caught.value.code == "redirected"


def test_a_token_that_an_answer_repeats_is_not_shown() -> None:
    """What an answer says goes to reports, journal and terminal; the token must not, also not cut off at the end."""
    for answer in (
        reply(401, json={"status": 401, "error": f"Bearer {TOKEN} is not valid"}),
        reply(401, json={"status": 401, "error": "x" * 495 + TOKEN}),
        reply(302, headers={"Location": f"https://login.example.com/?token={TOKEN}"}),
    ):
        with pytest.raises(Refused) as caught:
            judge(answer)

        assert TOKEN[:5] not in str(caught.value)
        assert "***" in str(caught.value)


@pytest.mark.parametrize(
    ("token", "said", "shown"),
    [
        ("a/b+c==", f"see /login?t={quote('a/b+c==', safe='')}.", "see /login?t=***."),
        ("a/b+c==", "not a/b+c==!", "not ***!"),
        ("abcd", "abcd is not valid", "*** is not valid"),
        ("abc", "abc is not valid", "abc is not valid"),
    ],
    ids=["as part of a URL", "as it is", "the shortest that is looked for", "too short to tell from a word"],
)
def test_a_token_is_hidden_in_each_form(token: str, said: str, shown: str) -> None:
    """And nothing but the token."""
    with pytest.raises(Refused) as caught:
        judge(reply(401, token=token, json={"status": 401, "error": said}))

    assert str(caught.value) == shown


def test_a_request_without_a_token_has_nothing_to_hide() -> None:
    """Its answer is judged all the same."""
    answer = httpx.Response(400, request=httpx.Request("GET", "https://x/"), json={"status": 400, "error": "said so"})

    with pytest.raises(Refused, match=r"^said so$"):
        judge(answer)


# Retry-After

NOW = 1_700_000_000.0
RETRY_AFTER = {
    "0": 0,
    "7": 7,
    " 7 ": 7,
    "0.25": 0.25,
    "1e2": 100,
    "299": 299,
    "301": 301,
    "86400": 86_400,
    "9" * 400: None,
    "-5": 0,
    "nan": None,
    "inf": None,
    "-inf": None,
    "": None,
    "soon": None,
    "7 seconds": None,
    "7, 8": None,
    formatdate(NOW + 30, usegmt=True): 30,
    formatdate(NOW + 30): 30,  # "-0000"
    formatdate(NOW - 30, usegmt=True): 0,
    formatdate(NOW + 86_400, usegmt=True): 86_400,
    "Tuesday, 14-Nov-23 22:13:50 GMT": 30,
    "Tue Nov 14 22:13:50 2023": 30,
    "Tue, 14 Nov 2023 23:13:50 +0100": 30,
    "Tue, 14 Nov 2023 22:13:50 +9999": None,
    "Tue, 14 Nov 9999 22:13:50 GMT": 251_698_233_630,
    "Tue, 14 Nov 0001 00:00:00 +0100": 0,
    "Tue, 14 Nov 99999 22:13:50 GMT": None,
    "Tue, 32 Nov 2023 22:13:50 GMT": None,
    "Tue, 14 Nov 2023": None,
}


@pytest.mark.parametrize(("text", "seconds"), RETRY_AFTER.items())
@pytest.mark.parametrize("status", [429, 503, 502, 504])
def test_retry_after(status: int, text: str, seconds: float | None) -> None:
    """Seconds and dates are honoured; what is neither is as if it were not there."""
    with pytest.raises((NotDone, MaybeDone)) as caught:
        judge(reply(status, headers={"Retry-After": text}), now=lambda: NOW)

    assert caught.value.retry_after == seconds


def test_a_date_without_a_zone_is_not_the_local_time(in_zone: Callable[[str], None]) -> None:
    """HTTP dates are in GMT, wherever dialler-sync runs."""
    with pytest.raises(NotDone) as caught:
        judge(reply(503, headers={"Retry-After": "Tue Nov 14 22:13:50 2023"}), now=lambda: NOW)

    assert caught.value.retry_after == 30


def test_no_retry_after() -> None:
    """Without the header our own pauses hold."""
    with pytest.raises(NotDone) as caught:
        judge(reply(503))

    assert caught.value.retry_after is None


# Pauses and repeats


@pytest.mark.parametrize(("step", "seconds"), [(0, 0.25), (1, 0.5), (2, 1), (6, 16), (7, 30), (10**6, 30)])
def test_backoff_doubles_up_to_its_limit(step: int, seconds: float) -> None:
    """However long a dialler is away, the next pause can be calculated."""
    assert backoff(step, 30) == seconds


@pytest.mark.parametrize("attempt", [1, 2, 5, 20, 10**6])
def test_pause_has_full_jitter(attempt: int) -> None:
    """Rows that failed together do not come back together."""
    pauses = {pause(attempt, None, math.inf) for _ in range(200)}

    assert len(pauses) > 190
    assert 0 <= min(pauses) < max(pauses) <= backoff(attempt - 1, LONGEST_WAIT)
    assert max(pauses) > 0.8 * backoff(attempt - 1, LONGEST_WAIT)


@pytest.mark.parametrize("code", sorted(TURNED_AWAY))
def test_a_row_does_not_wait_long_for_itself_where_all_are_slowed_down(code: str) -> None:
    """After refusals for load; after all else that fails for long it does."""
    turned_away = [pause(9, NotDone(code, ""), math.inf) for _ in range(200)]
    failed = [pause(9, MaybeDone("server_error", ""), math.inf) for _ in range(200)]

    assert LONGEST_WAIT_FOR_LOAD / 2 < max(turned_away) <= LONGEST_WAIT_FOR_LOAD
    assert LONGEST_WAIT / 2 < max(failed) <= LONGEST_WAIT


@pytest.mark.parametrize("asked", [0.0, 0.1, 3.0, 300.0])
def test_pause_is_at_least_what_the_dialler_asks_for(asked: float) -> None:
    """``Retry-After: 0`` is no leave to hammer."""
    pauses = [pause(3, NotDone("unavailable", "", retry_after=asked), math.inf) for _ in range(100)]

    assert min(pauses) >= asked
    assert max(pauses) > 0


class Tries:
    """A call that fails with each of ``errors``, and then succeeds; ``pauses`` are what was slept."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0
        self.pauses: list[float] = []

    async def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


@pytest.mark.anyio
async def test_repeats_until_done() -> None:
    """What may pass, and what is not known, is repeated after a pause."""
    tries = Tries(NotDone("unavailable", "", retry_after=7), MaybeDone("server_error", ""))

    assert await repeating(tries, retries=5, sleep=tries.sleep, left=lambda: math.inf) == "done"
    assert tries.calls == 3
    assert tries.pauses[0] == 7
    assert 0 <= tries.pauses[1] <= 0.5


@pytest.mark.anyio
@pytest.mark.parametrize("retries", [0, 1, 3])
async def test_repeats_no_more_than_it_may(retries: int) -> None:
    """The last failure is what the caller gets, as it is."""
    errors = [MaybeDone("server_error", str(number)) for number in range(10)]
    tries = Tries(*errors)

    with pytest.raises(MaybeDone) as caught:
        await repeating(tries, retries=retries, sleep=tries.sleep, left=lambda: math.inf)
    assert caught.value is errors[retries]
    assert (tries.calls, len(tries.pauses)) == (retries + 1, retries)


@pytest.mark.anyio
@pytest.mark.parametrize("error", [Refused("not_found", "", http_status=404), KeyError("a bug")], ids=repr)
async def test_what_will_not_pass_is_not_repeated(error: Exception) -> None:
    """A refusal ends it, and a bug shows as one."""
    tries = Tries(error)

    with pytest.raises(type(error)):
        await repeating(tries, retries=5, sleep=tries.sleep, left=lambda: math.inf)
    assert tries.calls == 1


@pytest.mark.parametrize("error", ["Internal failure", {"code": 3}])
def test_a_success_that_reports_an_error_proves_nothing(error: object) -> None:
    with pytest.raises(MaybeDone, match="contradicts itself"):
        judge(reply(200, json={"status": 200, "error": error, "records": [], "count": 0}))


@pytest.mark.parametrize("error", [None, ""])
def test_an_empty_error_is_none(error: object) -> None:
    assert judge(reply(200, json={"status": 200, "error": error}))["status"] == 200


LATIN = '{"status": %d, "%s": "Straße"}'


@pytest.mark.parametrize(("kind", "shown"), [("application/json; charset=latin-1", "Straße"), ("text/json", "Stra�e")])
def test_an_answer_is_read_in_its_own_characters(kind: str, shown: str) -> None:
    """Where they cannot be told, the outcome is judged all the same, unless the content counts."""
    headers = {"Content-Type": kind}

    with pytest.raises(Refused, match=f"^{shown}$"):
        judge(reply(400, headers=headers, content=(LATIN % (400, "error")).encode("latin-1")))
    done = reply(200, headers=headers, content=(LATIN % (200, "City")).encode("latin-1"))
    assert judge(done) == {"status": 200, "City": shown}
    if shown == "Straße":
        assert judge(done, exact=True) == {"status": 200, "City": shown}
    else:
        with pytest.raises(MaybeDone):
            judge(done, exact=True)


@pytest.mark.parametrize(
    ("status", "body", "foreign"),
    [
        (400, b"", False),
        (400, b" ", False),
        (400, HTML, True),
        (400, b'{"error": "x"}', False),
        (400, b'{"detail": "x"}', True),
        (401, b"", True),
        (403, HTML, True),
        (407, b'{"error": "x"}', True),
        (413, HTML, False),
        (414, b"", False),
        (422, b"", False),
    ],
)
def test_who_refuses(status: int, body: bytes, foreign: bool) -> None:
    """The dialler, or a proxy, a firewall or a web server before it; a row may be too long for those."""
    with pytest.raises(Refused) as caught:
        judge(reply(status, content=body))

    assert caught.value.foreign is foreign


@pytest.mark.parametrize(("method", "hint"), [("PUT", True), ("GET", False), ("PATCH", False)])
def test_a_function_that_is_missing_as_put_may_be_there_as_another(method: str, hint: bool) -> None:
    with pytest.raises(Refused) as caught:
        judge(httpx.Response(405, request=httpx.Request(method, "https://dialler/x")))

    assert caught.value.code == "endpoint_missing"
    assert str(caught.value).startswith(f"this dialler has no '{method} /x' (HTTP 405 Method Not Allowed")
    assert str(caught.value).endswith(")") is not hint
    assert ("GET, then PATCH" in str(caught.value)) is hint


def test_only_a_message_about_the_row_repeats_what_the_row_holds() -> None:
    """It goes to the row's report; all others go to logs, too. Nor does an address that an answer names."""
    contact = httpx.Request("POST", "https://dialler/x", json={"Name": "Musterfrau"})
    shown = {}
    for status in (400, 401, 409, 422, 500):
        with pytest.raises(RequestError) as caught:
            judge(httpx.Response(status, request=contact, json={"status": status, "error": "not Musterfrau"}))
        shown[status] = str(caught.value)
    with pytest.raises(Refused) as moved:
        judge(httpx.Response(302, request=contact, headers={"Location": "https://a/Musterfrau?b=1&c=2#d"}))

    assert shown == {n: "not Musterfrau" if n in (400, 409, 422) else "not ***" for n in shown}
    assert str(moved.value) == "HTTP 302 Found to https://a/***?b=***&c=***#d"


def test_a_proxy_that_refuses_a_tunnel() -> None:
    """For good, or for load: then it may pass."""
    refused = judge_failure(TunnelRefused("no\r\n entry", 403), request())
    busy = [judge_failure(TunnelRefused("busy", status), request()) for status in (408, 429, 503)]

    assert isinstance(refused, Refused)
    assert (refused.code, refused.http_status, refused.foreign) == ("proxy_refused", 403, True)
    assert str(refused) == "the proxy refuses to connect to dialler.example.com: HTTP 403 no entry"
    assert {(type(error), error.code) for error in busy} == {(NotDone, "unreachable")}


def test_an_answer_that_is_too_long_says_so() -> None:
    error = judge_failure(TooLong("more than 16 MB"), request())

    assert (type(error), error.code, str(error)) == (MaybeDone, "unreadable_answer", "more than 16 MB")


@pytest.mark.anyio
async def test_what_is_left_of_the_time_limits_what_the_dialler_asks_for() -> None:
    tries = Tries(NotDone("unavailable", "", retry_after=300))

    await repeating(tries, retries=1, sleep=tries.sleep, left=lambda: 2.0)

    assert tries.pauses == [2.0]
