"""Fatal errors: reasons why no request can succeed any more, with the fix."""

from __future__ import annotations

from http import HTTPStatus

from ..error_codes import ENDPOINT_MISSING, NOT_FOUND, PROXY_REFUSED, REDIRECTED, UNAUTHORISED
from ..errors import DiallerUnavailable, MaybeDone, NoRowCanSucceed, NotDone, Refused, RequestError, StopRun
from ..text.phrase import phrase


def is_of_every_request(error: RequestError, *, only_way: bool = False) -> bool:
    """Whether a refusal is fatal for every request to the dialler.

    A 403 may concern this function alone, unless no other function can replace it (``only_way``).
    """
    if error.code == UNAUTHORISED:
        return only_way or error.http_status != HTTPStatus.FORBIDDEN
    return error.code in {REDIRECTED, PROXY_REFUSED}


def reason(error: RequestError) -> StopRun:
    """Return the error for a request without a usable answer, with its fix."""
    if isinstance(error, NotDone | MaybeDone):
        return DiallerUnavailable(phrase("the dialler's answer is not usable: {error}", error=error))
    if error.code == UNAUTHORISED:
        return NoRowCanSucceed(
            phrase(
                "the dialler refuses the token or the ClientsID ({error}). A new token replaces the old one: get "
                "the current one from the dialler's portal, and check dialler.clients_id.",
                error=error,
            )
        )
    if error.code == REDIRECTED:
        return NoRowCanSucceed(phrase("{error}: check dialler.base_url", error=error))
    if error.code == PROXY_REFUSED:
        return NoRowCanSucceed(foreign(error))
    return NoRowCanSucceed(phrase("the dialler refuses: {error}", error=error))


def foreign(error: RequestError) -> str:
    """Name the server that answers in the dialler's place, and where to look."""
    return phrase(
        "a proxy, firewall or web server answered in place of the dialler ({error}): check dialler.base_url and "
        "the variables HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY",
        error=error,
    )


def reason_to_stop(error: RequestError, *, campaign: str | None, rows_pass: bool = False) -> StopRun | None:
    """Return why no row can succeed after this, None if others may.

    ``rows_pass``: other rows were accepted, so a 403, or a refusal by a proxy before the dialler, may concern this row
    alone.
    """
    if error.code == UNAUTHORISED and not (rows_pass and error.http_status == HTTPStatus.FORBIDDEN):
        return NoRowCanSucceed(
            phrase(
                "the dialler refuses the token or the ClientsID ({error}). A new token replaces the old one: get "
                "the current token, and check dialler.clients_id.",
                error=error,
            )
        )
    if error.code == PROXY_REFUSED or (isinstance(error, Refused) and error.foreign and not rows_pass):
        return NoRowCanSucceed(foreign(error))
    if error.code in {REDIRECTED, ENDPOINT_MISSING}:
        return NoRowCanSucceed(phrase("{error}: check dialler.base_url and dialler.endpoints", error=error))
    if error.code == NOT_FOUND and campaign is not None:
        return NoRowCanSucceed(
            phrase(
                "the dialler does not have the campaign {campaign} ({error}): check campaign: in the configuration",
                campaign=campaign,
                error=error,
            )
        )
    return None
