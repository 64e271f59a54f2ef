"""After which failures no row can succeed: the run stops at once, and for a failure of one row it does not."""

from __future__ import annotations

import pytest

from dialler_sync.api.fatal import reason, reason_to_stop
from dialler_sync.errors import DiallerUnavailable, MaybeDone, NoRowCanSucceed, NotDone, Refused, RequestError


def refused(code: str, status: int = 400, *, foreign: bool = False) -> Refused:
    return Refused(code, "said so", http_status=status, foreign=foreign)


@pytest.mark.parametrize(
    ("error", "rows_pass", "stops"),
    [
        (refused("unauthorised", 401), False, True),
        (refused("unauthorised", 401), True, True),
        (refused("unauthorised", 403), False, True),
        (refused("unauthorised", 403), True, False),
        (refused("bad_request", foreign=True), False, True),
        (refused("bad_request", foreign=True), True, False),
        (refused("bad_request"), False, False),
        (refused("conflict", 409), False, False),
        (refused("proxy_refused", 407), True, True),
        (refused("redirected", 301), True, True),
        (refused("endpoint_missing", 405), True, True),
        (NotDone("unavailable", "said so", http_status=503), False, False),
        (MaybeDone("server_error", "said so", http_status=500), False, False),
    ],
)
def test_what_stops_a_run(error: RequestError, rows_pass: bool, stops: bool) -> None:
    assert isinstance(reason_to_stop(error, campaign=None, rows_pass=rows_pass), NoRowCanSucceed) is stops


def test_not_found_speaks_of_the_one_campaign_only() -> None:
    """Where rows name theirs, or a contact is asked for, others may be found."""
    error = refused("not_found", 404)

    assert reason_to_stop(error, campaign=None) is None
    assert "campaign 538" in str(reason_to_stop(error, campaign="538"))
    assert reason_to_stop(refused("conflict", 409), campaign="538") is None


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (NotDone("unavailable", "said so"), DiallerUnavailable, "answer is not usable"),
        (MaybeDone("timeout", "said so"), DiallerUnavailable, "answer is not usable"),
        (refused("unauthorised", 401), NoRowCanSucceed, "dialler.clients_id"),
        (refused("redirected", 301), NoRowCanSucceed, "check dialler.base_url"),
        (refused("proxy_refused", 407), NoRowCanSucceed, "HTTPS_PROXY"),
        (refused("bad_request"), NoRowCanSucceed, "the dialler refuses: said so"),
    ],
)
def test_why_there_is_no_answer(error: RequestError, kind: type[Exception], says: str) -> None:
    """Each with what to do about it."""
    why = reason(error)

    assert type(why) is kind
    assert says in str(why)
