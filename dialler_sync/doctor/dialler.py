"""Check the way to the dialler: name, connection, TLS, clock, token, campaign, functions. Nothing is changed."""

from __future__ import annotations

import asyncio
import http.client
import socket
import ssl
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from ..api.client import DiallerClient
from ..api.deadline import ended_after
from ..api.pace import Gate
from ..api.query import override_hint, resolve_campaign, unknown_campaigns
from ..api.tls import tls_context
from ..config import Settings
from ..config.proxy import find_proxy
from ..endpoints import ENDPOINTS
from ..error_codes import ENDPOINT_MISSING, NOT_FOUND, REDIRECTED, UNAUTHORISED
from ..errors import DiallerUnavailable, MaybeDone, NotDone, Refused, RequestError, StopRun, UsageError
from ..exit_codes import ExitCode, exit_code
from ..files.trust import require_authorities
from ..text.forms import milliseconds
from ..text.phrase import counted, figure, mark, phrase
from .calls import check_calls
from .check import Check, failed, fine, warning
from .numbers import check_numbers

LONGEST = 10.0
"""Longest duration of one step, in seconds."""

CLOCK = 60.0
"""Largest tolerated difference of the clocks, in seconds."""

EXPIRES_SOON = 14
"""Days for which a certificate should still be valid."""

_SAMPLES = 5
_SLOW = 2.0
_NOBODY = "dialler-sync doctor: nobody"
"""UserData that no contact carries."""

_AHEAD, _BEHIND = (
    mark("this machine is {seconds} s ahead of the dialler"),
    mark("this machine is {seconds} s behind the dialler"),
)

_NO_ID = 2_147_483_647
"""ID that no contact has; 0 may be refused as an invalid ID (400)."""

Connected = tuple[list[Check], socket.socket | None]


def check_dialler(settings: Settings, now: Callable[[], float]) -> Iterator[Check]:
    """Yield every check on the way, up to the first failure."""
    dialler = settings.dialler
    address = urlsplit(dialler.base_url)
    host, port = address.hostname or "", address.port or (443 if address.scheme == "https" else 80)
    try:
        proxy = find_proxy(dialler.base_url)
        context = tls_context(dialler) if address.scheme == "https" else None
        if settings.notify:
            require_authorities()
    except UsageError as error:
        yield failed("configuration", str(error), phrase("correct what the message names"), ExitCode.USAGE)
        return
    if proxy:
        through = urlsplit(proxy)
        through_port = through.port or (443 if through.scheme == "https" else 80)
        checks, connection = _connect(through.hostname or proxy, through_port, "proxy")
        yield from checks
    else:
        checks, connection = _connect(host, port, "connection")
        yield from checks
        if connection and context:
            check, connection = _secure(connection, host, context)
            yield check
    if connection is None:
        return
    with closing(connection):
        if not proxy:
            yield _clock(connection, f"{host}:{port}", urlsplit(dialler.root).path, now)
    yield from asyncio.run(_functions(settings))


def _connect(host: str, port: int, name: str) -> Connected:
    """Resolve the name and connect."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        fix = phrase("check dialler.base_url and this machine's DNS")
        said = phrase("cannot look up {host}: {why}", host=host, why=error.strerror)
        return [failed("name", said, fix, ExitCode.UNAVAILABLE)], None
    addresses = ", ".join(dict.fromkeys(str(entry[4][0]) for entry in found))
    checks = [fine("name", f"{host} is {addresses}")]
    started = time.monotonic()
    try:
        connection = socket.create_connection((host, port), LONGEST)
    except OSError as error:
        fix = phrase("check the port in dialler.base_url, the firewall, and whether the dialler is up")
        said = phrase("{address} does not answer: {why}", address=f"{host}:{port}", why=error.strerror or str(error))
        return [*checks, failed(name, said, fix, ExitCode.UNAVAILABLE)], None
    took = figure((time.monotonic() - started) * 1000, 1)
    said = phrase("{address} answers after {took} ms", address=f"{host}:{port}", took=took)
    return [*checks, fine(name, said)], connection


def _secure(connection: socket.socket, host: str, context: ssl.SSLContext) -> tuple[Check, socket.socket | None]:
    try:
        secure = context.wrap_socket(connection, server_hostname=host)
    except OSError as error:  # every TLS error is an OSError
        connection.close()
        why = getattr(error, "verify_message", "") or error.strerror or str(error)
        fix = phrase(
            "check the scheme and port in dialler.base_url; if a private authority signed the certificate, set "
            "dialler.ca_file"
        )
        return failed(
            "TLS", phrase("no secure connection to {host}: {why}", host=host, why=why), fix, ExitCode.UNAVAILABLE
        ), None
    until = ssl.cert_time_to_seconds(str((secure.getpeercert() or {})["notAfter"]))
    days = int((until - time.time()) // 86_400)
    text = phrase(
        "{version}; the certificate is valid until {day}",
        version=secure.version(),
        day=datetime.fromtimestamp(until, UTC).date(),
    )
    if days < EXPIRES_SOON:
        left = counted(days, "{count} day", "{count} days")
        return warning("TLS", f"{text}, {left}", phrase("ask the dialler's operator to renew it")), secure
    return fine("TLS", text), secure


def _clock(connection: socket.socket, host: str, path: str, now: Callable[[], float]) -> Check:
    """Compare the clocks by the Date header of a response; the request carries no token, as none is needed."""
    exchange = http.client.HTTPConnection(host)
    exchange.sock = connection
    try:
        with ended_after(LONGEST, connection):
            exchange.request("GET", f"{path}/dialler/campaigns")
            date = exchange.getresponse().headers["Date"]
        ahead = now() - parsedate_to_datetime(date).timestamp()
    except (OSError, http.client.HTTPException, TypeError, ValueError, OverflowError):
        return warning("clock", phrase("the dialler does not send its time"), phrase("compare the clocks by hand"))
    if abs(ahead) > CLOCK:
        which = _AHEAD if ahead > 0 else _BEHIND
        text = phrase(which, seconds=figure(abs(ahead)))
        return warning(
            "clock", text, phrase("set both clocks by NTP: otherwise reports and follow-ups show wrong times")
        )
    return fine("clock", phrase("this machine and the dialler agree on the time"))


async def _functions(settings: Settings) -> list[Check]:
    """Check token, campaign, speed and functions, by requests that change nothing."""
    limits = {"retries": 1, "timeout": min(settings.dialler.timeout, LONGEST), "give_up_after": LONGEST}
    dialler = settings.dialler.model_copy(update=limits)
    gate = Gate(dialler.concurrency, give_up_after=LONGEST)
    async with DiallerClient(dialler, gate=gate) as client:
        try:
            campaigns = await client.list_campaigns()
        except (RequestError, StopRun) as error:
            return [_refused(client, error)]
        known = phrase("the dialler accepts the token for ClientsID {clients_id}", clients_id=dialler.clients_id)
        campaign, number = await _campaign(client, settings, campaigns)
        contacts = []
        if number is not None:
            contacts.append(await check_numbers(client, number, settings.rows.phone_format))
            contacts.append(await check_calls(client, number))
        return [
            fine("access", known),
            campaign,
            *contacts,
            await _speed(client),
            *await _endpoints(client),
        ]


def _refused(client: DiallerClient, error: RequestError | StopRun) -> Check:
    if isinstance(error, NotDone | MaybeDone | DiallerUnavailable):
        fix = phrase("ask the dialler's operator whether it is up; check dialler.base_url")
        return failed(
            "access", phrase("the dialler's answer is not usable: {why}", why=error), fix, ExitCode.UNAVAILABLE
        )
    code = getattr(error, "code", "")
    fix = {
        UNAUTHORISED: (
            phrase(
                "get the current token from the dialler's portal (a new one replaces the old), and check "
                "dialler.clients_id"
            )
        ),
        ENDPOINT_MISSING: ". ".join((phrase("check dialler.base_url"), override_hint(client, "list_campaigns"))),
        REDIRECTED: phrase("set dialler.base_url to the address it redirects to"),
    }.get(code, phrase("check dialler.base_url"))
    return failed("access", phrase("the dialler refuses: {why}", why=error), fix, ExitCode.NO_ROW_CAN_SUCCEED)


async def _campaign(
    client: DiallerClient, settings: Settings, campaigns: list[Mapping[str, Any]]
) -> tuple[Check, int | None]:
    """Return the check, and the campaign's ID if it is known."""
    wanted = settings.campaign
    if problems := unknown_campaigns(wanted.named, campaigns):
        code = ExitCode.NO_ROW_CAN_SUCCEED
        return failed("campaign", "; ".join(problems), phrase("correct campaign: in the configuration"), code), None
    if wanted.named:
        return fine("campaign", phrase("{campaigns}: the dialler has them", campaigns=", ".join(wanted.named))), None
    if wanted.column is not None:
        text = phrase(
            "from column '{column}' of each row; the dialler has {number}", column=wanted.column, number=len(campaigns)
        )
        return fine("campaign", text), None
    try:
        found = await resolve_campaign(client, str(wanted.id) if wanted.id is not None else wanted.name or "")
    except (RequestError, StopRun) as error:
        code = exit_code(error, {}) if isinstance(error, StopRun) else ExitCode.NO_ROW_CAN_SUCCEED
        return failed("campaign", str(error), phrase("correct campaign: in the configuration"), code), None
    names = [str(campaign.get("Name")) for campaign in campaigns if str(campaign.get("ID")) == str(found)]
    return fine("campaign", f"{found} {', '.join(names)}".strip()), found


async def _speed(client: DiallerClient) -> Check:
    times = []
    try:
        for _ in range(_SAMPLES):
            started = time.monotonic()
            await client.list_campaigns()
            times.append(time.monotonic() - started)
    except (RequestError, StopRun) as error:
        return warning(
            "speed", phrase("it does not always answer: {why}", why=error), phrase("ask the dialler's operator")
        )
    median = statistics.median(times)
    text = phrase(
        "{time} for a small request (median of {samples})", time=milliseconds(median * 1000), samples=_SAMPLES
    )
    if median > _SLOW:
        return warning("speed", text, phrase("expect slow runs; ask the dialler's operator before raising concurrency"))
    return fine("speed", text)


async def _endpoints(client: DiallerClient) -> list[Check]:
    """Report which functions this server has, among those that can be tried without changing anything."""
    probes: Mapping[str, Callable[[], Awaitable[object]]] = {
        "get_contact": lambda: client.get_contact(_NO_ID),
        "find_contacts": lambda: client.find_contacts(_NOBODY),
        "history_by_id": lambda: client.history_by_id(_NO_ID),
        "history_by_user_data": lambda: client.history_by_user_data(_NOBODY),
        "batch_contacts": lambda: client.batch_contacts(user_data=[_NOBODY]),
    }
    checks, there = [], []
    for name, probe in probes.items():
        try:
            await probe()
        except (RequestError, StopRun) as error:
            if isinstance(error, Refused) and error.code == NOT_FOUND:
                there.append(name)
            elif isinstance(error, Refused) and error.code == ENDPOINT_MISSING:
                checks.append(_missing(client, name, error))
            else:
                fix = ". ".join((phrase("ask the dialler's operator"), override_hint(client, name)))
                checks.append(warning("functions", phrase("{function} fails: {why}", function=name, why=error), fix))
        else:
            there.append(name)
    untried = phrase("functions that change contacts are not tried")
    if ways := _other_ways(client):
        untried += "; " + phrase("if the dialler refuses to lock or unlock (404, 405), try {ways}", ways=ways)
    text = phrase("available: {functions}", functions=", ".join(there)) if there else phrase("none of those tried")
    return [
        *checks,
        (fine if there else partial(warning, mend=phrase("check dialler.base_url")))("functions", f"{text}; {untried}"),
    ]


def _other_ways(client: DiallerClient) -> str:
    """Return configuration lines with other methods for lock and unlock; the vendor's pages do not confirm PUT."""
    lines = []
    for method in ("GET", "PATCH"):
        mine = [client.endpoint(name) for name in ENDPOINTS if name.startswith(("lock_", "unlock_"))]
        named = ", ".join(f'{each.name}: "{method} {each.path}"' for each in mine if each.method == "PUT")
        lines += [f"dialler.endpoints: {{{named}}}"] if named else []
    return " / ".join(lines)


def _missing(client: DiallerClient, name: str, error: Refused) -> Check:
    hint = override_hint(client, name)
    if name == "batch_contacts":
        slower = phrase("an older dialler: contacts are looked up one by one, which is slower.")
        hint = f"{slower} {hint}"
    return warning("functions", str(error), hint)
