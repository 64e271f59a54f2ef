"""Questions to the dialler outside a run: one client, one answer, and errors that say what to do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from ..config import Settings
from ..error_codes import ENDPOINT_MISSING
from ..errors import MaybeDone, NoRowCanSucceed, NotDone, Refused, RequestError
from ..text.command_line import command
from ..text.nearest import nearest
from ..text.phrase import mark, phrase
from .client import DiallerClient
from .fatal import reason
from .pace import Gate
from .retry import NOT_ABOUT_THE_ROW, pause
from .wire import id_number, stored_contact

T = TypeVar("T")

_NO_CAMPAIGN = mark("the dialler has no campaign '{name}'; '{list}' shows which it has")
_NO_CAMPAIGN_BUT = mark("the dialler has no campaign '{name}'{near} ('{list}' shows which it has)")
PATIENCE = 30.0
"""Seconds of retries for an unreachable dialler while a person waits."""


def query(settings: Settings, question: Callable[[DiallerClient], Awaitable[T]]) -> T:
    """Return the answer to ``question``.

    Raises:
        DiallerUnavailable: the dialler does not answer, or not as it must.
        NoRowCanSucceed: it refuses.
    """
    dialler = settings.dialler

    async def asked() -> T:
        gate = Gate(dialler.concurrency, rate=dialler.rate, give_up_after=min(dialler.give_up_after, PATIENCE))
        async with DiallerClient(dialler, gate=gate) as client:
            return await question(client)

    try:
        return asyncio.run(asked())
    except RequestError as error:
        raise reason(error) from error


@contextmanager
def calling(client: DiallerClient, name: str) -> Iterator[None]:
    """Name the configuration line for another path if the function ``name`` is not on this server.

    Raises:
        NoRowCanSucceed: it is not.
    """
    try:
        yield
    except Refused as error:
        if error.code != ENDPOINT_MISSING:
            raise
        raise NoRowCanSucceed(f"{error}. {override_hint(client, name)}") from error


def override_hint(client: DiallerClient, name: str) -> str:
    """Return the configuration line that sets another path for a function."""
    here = client.endpoint(name)
    if here.method == "PUT":  # the vendor's pages nowhere change state by PUT
        lines = " or ".join(f'dialler.endpoints: {{{name}: "{way} {here.path}"}}' for way in ("GET", "PATCH"))
        return phrase("If this server uses another method for it, set it in the configuration: {line}", line=lines)
    line = f'dialler.endpoints: {{{name}: "{here.method} {here.path}"}}'
    return phrase("If this server has it at another path, set it in the configuration: {line}", line=line)


async def persisting(client: DiallerClient, once: Callable[[], Awaitable[T]], *, repeatable: bool = True) -> T:
    """Call ``once`` again while the dialler is unreachable; the client's gate ends the wait.

    A call that is not ``repeatable`` is repeated only if it was certainly not done, at most ``retries`` times.

    Raises:
        RequestError: the dialler is there, and this request fails all the same.
        StopRun: the dialler stays away.
    """
    started, attempt = time.monotonic(), 0
    while True:
        attempt += 1
        try:
            return await once()
        except (NotDone, MaybeDone) as error:
            away = error.code in NOT_ABOUT_THE_ROW and client.gate.last_success < started
            passing = not repeatable and attempt <= client.settings.retries
            if not (away or passing) or not (repeatable or isinstance(error, NotDone)):
                raise
            await client.gate.rest(pause(attempt, error, client.gate.left(started)))


async def resolve_campaign(client: DiallerClient, campaign: str) -> int:
    """Resolve ``538`` to 538, a name to the ID of the one campaign that has it.

    Raises:
        NoRowCanSucceed: there is no such campaign, or there are several.
    """
    if not (campaign.isascii() and campaign.isdecimal()):
        with calling(client, "list_campaigns"):
            return await campaign_id(client, campaign)
    with calling(client, "get_campaign"):
        if await client.get_campaign(int(campaign)) is None:
            raise NoRowCanSucceed(
                phrase(
                    "the dialler has no campaign {campaign}: '{list}' shows which it has",
                    campaign=campaign,
                    list=command("campaigns", "list"),
                )
            )
    return int(campaign)


async def campaign_id(client: DiallerClient, name: str) -> int:
    """Return the ID of the campaign with this name.

    Raises:
        NoRowCanSucceed: there is none, or there are several.
    """
    return id_of(name, await client.list_campaigns())


def id_of(name: str, campaigns: Sequence[Mapping[str, Any]]) -> int:
    """Return the ID of the one of these campaigns that has this name.

    Raises:
        NoRowCanSucceed: there is none, or there are several.
    """
    found = [campaign for campaign in campaigns if campaign.get("Name") == name]
    if len(found) == 1 and (number := id_number(stored_contact(found[0]).id)) is not None:
        return number
    if len(found) > 1:
        ids = ", ".join(str(campaign.get("ID")) for campaign in found)
        raise NoRowCanSucceed(
            phrase("the dialler has several campaigns named '{name}' ({ids}): set campaign.id", name=name, ids=ids)
        )
    if not found:
        near = nearest(name, (str(campaign.get("Name")) for campaign in campaigns))
        raise NoRowCanSucceed(
            phrase(_NO_CAMPAIGN_BUT if near else _NO_CAMPAIGN, name=name, near=near, list=command("campaigns", "list"))
        )
    raise NoRowCanSucceed(
        phrase(
            "the dialler gives no usable ID for its campaign '{name}': set campaign.id in the configuration", name=name
        )
    )


def unknown_campaigns(named: Iterable[str], campaigns: Sequence[Mapping[str, Any]]) -> list[str]:
    """Describe those of the ``named`` campaigns, by ID (digits) or name, that are not exactly one of these."""
    ids = {str(campaign.get("ID")) for campaign in campaigns}
    names = [campaign.get("Name") for campaign in campaigns]
    problems = []
    for campaign in named:
        if campaign.isascii() and campaign.isdecimal():
            if str(int(campaign)) not in ids:
                problems.append(phrase("the dialler has no campaign {campaign}", campaign=campaign))
        elif not names.count(campaign):
            problems.append(
                phrase(
                    "the dialler has no campaign '{campaign}'{nearest}",
                    campaign=campaign,
                    nearest=nearest(campaign, map(str, names)),
                )
            )
        elif names.count(campaign) > 1:
            problems.append(
                phrase("the dialler has several campaigns named '{campaign}': write the ID", campaign=campaign)
            )
    return problems
