"""Reads the dialler's contacts that a run needs to know before it decides, and checks what decides."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
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
    need = _need(settings, prepared, compare, dry_run=dry_run, mirrors=mirrors, numbers=numbers, locked=locked)
    if need is None:
        return None
    try:
        snapshot = await _read(client, settings, need.keys)
    except RequestError as error:
        _do_without(need, error, settings.campaign.common)
        return None
    overwrites, several = settings.rows.overwrite_duplicates, settings.campaign.several
    asked = False
    if need.numbers and settings.rows.phones_in == "account" and not several:
        await _read_others(snapshot, client)
    elif snapshot.whole and not snapshot.knows_others and not several and overwrites:
        asked = await look_beside(snapshot, client, _keys(prepared))
    if snapshot.whole and overwrites and not asked:
        await look_alike(snapshot, client, _keys(prepared))
    if snapshot.whole and need.to_call:
        await look_alike(snapshot, client, prepared.filtered_keys())
    try:
        require_answers(snapshot, settings)
    except UsageError:
        snapshot.close()
        raise
    return snapshot


@dataclass(frozen=True, slots=True)
class _Need:
    """What a run needs to know of the dialler's contacts; without what ``must`` be known, it cannot go on."""

    must: bool
    to_undo: bool
    to_call: bool
    numbers: bool
    keys: list[str] | None


def _need(
    settings: Settings,
    prepared: Prepared,
    compare: str,
    *,
    dry_run: bool,
    mirrors: bool,
    numbers: bool,
    locked: Collection[str],
) -> _Need | None:
    """Return what :func:`survey` has to read; None: nothing. ``keys`` are None where it is the whole campaign."""
    rows, protect = settings.rows, settings.protect
    todo, filtered = sum(prepared.todo), prepared.filtered
    numbers = numbers and todo > 0
    # Contacts to lock need not be in the file.
    whole = mirrors or numbers or any(each.lock for each in settings.suppress)
    must = (
        whole
        or compare == "dialler"
        or (filtered > 0 and rows.skipped_contacts == "lock")
        or settings.looks
        or protect.follow_up
        or protect.locked
        or (not dry_run and (settings.looks_for_listed or bool(locked and settings.suppress)))
    )
    to_undo = settings.journal.before_images and rows.overwrite_duplicates and not dry_run
    if not (must or to_undo or filtered) or not (todo or whole or filtered or locked):
        return None
    few = todo + filtered + len(locked) <= (FEW_TO_COMPARE if compare == "dialler" else FEW_TO_KEEP)
    by_keys = not whole and (few or protect.of_calls)  # a list of the campaign tells less of calls
    keys = [*_keys(prepared), *prepared.filtered_keys(), *locked] if by_keys else None
    return _Need(must, to_undo, filtered > 0, numbers, keys)


def _do_without(need: _Need, error: RequestError, campaign: str | None) -> None:
    """Warn of what is not known if the contacts cannot be read.

    Raises:
        StopRun: it must be known, or no request of the run can succeed.
    """
    # An error that may be of this function alone does not stop a run that can do without.
    if need.must or is_of_every_request(error):
        stop = reason_to_stop(error, campaign=campaign)
        if stop is not None:
            raise stop from error
    if need.must:
        why = phrase("the dialler's contacts cannot be read: {error}", error=error)
        raise DiallerUnavailable(f"{why} {phrase(_NUMBERS)}" if need.numbers else why) from error
    if need.to_undo:
        _log.warning(phrase("the dialler's contacts cannot be read ({error}): this run cannot be undone", error=error))
    if need.to_call:
        _log.warning(
            phrase(
                "it is not known whether contacts of rows that are left out can still be called ({error})",
                error=error,
            )
        )


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
