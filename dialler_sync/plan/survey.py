"""Reads the dialler's contacts that a run needs to know before it decides, and checks what decides."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ..api.client import DiallerClient
from ..api.fatal import is_of_every_request, reason, reason_to_stop
from ..api.query import calling, id_of, persisting, unknown_campaigns
from ..api.retry import NOT_ABOUT_THE_ROW, pause
from ..api.wire import DONE, HISTORY, RESULT_CODE
from ..config import Settings
from ..config.campaign import CampaignSettings
from ..config.protect import ProtectSettings
from ..errors import DiallerUnavailable, MaybeDone, NoRowCanSucceed, NotDone, Refused, RequestError, UsageError
from ..prepare.prepared import Prepared
from ..text.command_line import command
from ..text.forms import either
from ..text.phrase import mark, phrase
from .called import LAST_TRY
from .fill import look_alike, look_beside, read_account, read_calls, read_campaign, read_contacts
from .snapshot import Snapshot

_NUMBERS = mark(
    "Nothing was sent: rows.duplicate_phones_in_dialler needs the contact list. Try again later, or set "
    "duplicate_phones_in_dialler: allow."
)

_log = logging.getLogger(__name__)

FEW_TO_COMPARE, FEW_TO_KEEP = 20, 2_000
"""Most rows whose contacts are looked up instead of listing the campaign: if rows are compared (one list is one
request), and if only before-images are wanted."""


async def survey(
    client: DiallerClient,
    settings: Settings,
    prepared: Prepared,
    compare: str,
    *,
    dry_run: bool,
    mirrors: bool,
    numbers: bool = False,
    locked: Collection[str] = (),
) -> Snapshot | None:
    """Return the dialler's contacts that a run needs; None if it needs none, or can do without.

    ``compare``: ``none``, ``journal`` or ``dialler``. ``mirrors``, ``numbers``: the whole campaign is needed.
    ``locked``: UserData of contacts to be unlocked, whose rows may be unchanged.

    Raises:
        StopRun: contacts that are needed cannot be read.
        UsageError: their records lack a field that decides.
    """
    by_dialler = compare == "dialler"
    whole = mirrors or any(each.lock for each in settings.suppress)  # contacts to lock need not be in the file
    todo = sum(prepared.todo)
    numbers = numbers and todo > 0
    whole = whole or numbers
    left_out = prepared.filtered > 0
    locks = left_out and settings.rows.skipped_contacts == "lock"
    needed = by_dialler or whole or locks or settings.looks or settings.protect.follow_up or settings.protect.locked
    needed = needed or (settings.looks_for_listed and not dry_run)
    needed = needed or bool(locked and settings.suppress and not dry_run)
    overwrites = settings.rows.overwrite_duplicates
    wanted = settings.journal.before_images and overwrites and not dry_run
    if not (needed or wanted or left_out) or not (todo or whole or left_out or locked):
        return None
    few = todo + prepared.filtered + len(locked) <= (FEW_TO_COMPARE if by_dialler else FEW_TO_KEEP)
    by_keys = few or settings.protect.of_calls  # a list of the campaign tells less of calls
    keys = [*_keys(prepared), *prepared.filtered_keys(), *locked] if by_keys and not whole else None
    try:
        snapshot = await _read(client, settings, keys)
    except RequestError as error:
        # An error that may be of this function alone does not stop a run that can do without.
        if needed or is_of_every_request(error):
            stop = reason_to_stop(error, campaign=settings.campaign.common)
            if stop is not None:
                raise stop from error
        if needed:
            why = phrase("the dialler's contacts cannot be read: {error}", error=error)
            raise DiallerUnavailable(f"{why} {phrase(_NUMBERS)}" if numbers else why) from error
        if wanted:
            _log.warning(
                phrase("the dialler's contacts cannot be read ({error}): this run cannot be undone", error=error)
            )
        if left_out:
            _log.warning(
                phrase(
                    "it is not known whether contacts of rows that are left out can still be called ({error})",
                    error=error,
                )
            )
        return None
    asked = False
    if numbers and settings.rows.phones_in == "account" and not settings.campaign.several:
        await _read_others(snapshot, client)
    elif snapshot.whole and not snapshot.knows_others and not settings.campaign.several and overwrites:
        asked = await look_beside(snapshot, client, _keys(prepared))
    if snapshot.whole and overwrites and not asked:
        await look_alike(snapshot, client, _keys(prepared))
    try:
        require_answers(snapshot, settings)
    except UsageError:
        snapshot.close()
        raise
    return snapshot


async def _read_others(snapshot: Snapshot, client: DiallerClient) -> None:
    """Read the contacts of other campaigns, unless the dialler has listed them.

    Raises:
        DiallerUnavailable: they could not be read.
    """
    if not snapshot.knows_others:
        await read_account(snapshot, client)
    if snapshot.may_move:
        snapshot.close()
        why = phrase("contacts of other campaigns cannot be read.")
        raise DiallerUnavailable(f"{why} {phrase(_NUMBERS)}")


def _keys(prepared: Prepared) -> Iterator[str]:
    """Yield the UserData of rows to be sent."""
    return (row.user_data for row in prepared.to_send() if row.user_data)


async def _read(client: DiallerClient, settings: Settings, keys: list[str] | None) -> Snapshot:
    """Read the contacts of these keys (None: of the whole campaign); retry until the dialler has answered once."""
    attempt, started = 0, time.monotonic()
    while True:
        try:
            campaign, campaigns = settings.campaign.id, await _campaigns(client, settings.campaign)
            if settings.campaign.name is not None:
                campaign = id_of(settings.campaign.name, campaigns)
            wanted = wanted_fields(settings)
            if keys is None:
                snapshot = await read_campaign(client, campaign, wanted)
            else:
                snapshot = await read_contacts(client, keys, campaign, wanted)
            if not calls_are_told(snapshot, settings):
                await read_calls(snapshot, client)
        except (NotDone, MaybeDone) as error:
            if error.code not in NOT_ABOUT_THE_ROW or client.gate.last_success > float("-inf"):
                raise
            attempt += 1
            await client.gate.rest(pause(attempt, error, client.gate.left(started)))
        else:
            snapshot.campaign_ids = {str(each.get("Name")): str(each.get("ID")) for each in campaigns}
            return snapshot


async def _campaigns(client: DiallerClient, named: CampaignSettings) -> list[Mapping[str, Any]]:
    """Return the dialler's campaigns; ``[]`` if the configuration has the ID of the only one."""
    if named.id is not None:
        return []
    try:
        return await client.list_campaigns()
    except Refused:
        if named.name is not None:
            raise
        return []


def wanted_fields(settings: Settings) -> frozenset[str]:
    """Return the fields of records that decide something."""
    return _if_empty(settings).union(*_of_calls(settings.protect).values())


def calls_are_told(snapshot: Snapshot, settings: Settings) -> bool:
    """Whether the records have all fields on calls that protect contacts."""
    return not snapshot.some or all(snapshot.told.intersection(names) for names in _of_calls(settings.protect).values())


def require_answers(snapshot: Snapshot, settings: Settings) -> None:
    """Check that the records have the fields that decide.

    A field for ``if_empty`` may be missing if the dialler leaves empty fields out: it is empty in all records.

    Raises:
        UsageError: a field is missing; the message names it.
    """
    if not snapshot.some:
        return
    for setting, names in _of_calls(settings.protect).items():
        if not snapshot.told.intersection(names):
            raise UsageError(
                phrase(
                    "protect.{setting}: the dialler's records have no {names}, so it is not known which contacts "
                    "are protected. Nothing was sent. Remove protect.{setting}, or protect contacts in another way.",
                    setting=setting,
                    names=either(names),
                )
            )
    missing = sorted(_if_empty(settings) - snapshot.told) if snapshot.told_empty else []
    if missing:
        raise UsageError(
            phrase(
                "columns.{field}: overwrite: if_empty needs the field's present value, but the dialler's records "
                "have no {fields}. Nothing was sent. Set overwrite: never or always.",
                field=missing[0],
                fields=", ".join(missing),
            )
        )


def _if_empty(settings: Settings) -> frozenset[str]:
    return frozenset(name for name, rule in settings.kept_fields.items() if rule == "if_empty")


def _of_calls(protect: ProtectSettings) -> Mapping[str, tuple[str, ...]]:
    """Return setting → fields, of which the records must have one."""
    every = {"called": (LAST_TRY, HISTORY), "done": (DONE, RESULT_CODE), "result_codes": (RESULT_CODE,)}
    return {name: fields for name, fields in every.items() if getattr(protect, name)}


async def require_campaigns(client: DiallerClient, settings: CampaignSettings) -> None:
    """Check the campaigns, if the configuration names several.

    Raises:
        NoRowCanSucceed: the dialler lacks some, or has several of one name.
        StopRun: the dialler does not answer.
    """
    if not settings.named:
        return
    try:
        with calling(client, "list_campaigns"):
            campaigns = await persisting(client, client.list_campaigns)
    except RequestError as error:
        if isinstance(error, Refused) and not is_of_every_request(error):
            _log.warning(
                phrase("cannot check whether the dialler has the campaigns under campaign: ({error})", error=error)
            )
            return
        raise reason(error) from error
    if problems := unknown_campaigns(settings.named, campaigns):
        raise NoRowCanSucceed(
            phrase(
                "campaign: {problems}. '{command}' shows which it has. Nothing was sent.",
                problems="; ".join(problems),
                command=command("campaigns", "list"),
            )
        )
