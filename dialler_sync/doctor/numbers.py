"""How the campaign's phone numbers are written, beside how an import would write them."""

from __future__ import annotations

import re
from contextlib import aclosing

from ..api.client import DiallerClient
from ..errors import DiallerSyncError
from ..fields import PHONE_FIELDS
from .check import Check, fine, warning

_SAMPLE = 200
"""Contacts that are looked at; of the rest of the list nothing is read."""

_FORMS = {"plus": re.compile(r"\+[1-9]\d{4,}"), "digits": re.compile(r"[1-9]\d{4,}")}
_EXAMPLE = {"plus": "with + (+49171…)", "digits": "as digits alone (49171…)"}


async def check_numbers(client: DiallerClient, campaign_id: int | None, phone_format: str) -> Check | None:
    """Whether most numbers of the first contacts are in ``phone_format``; None where they do not tell."""
    try:
        found = await _forms(client, campaign_id)
    except DiallerSyncError as error:
        return warning("numbers", f"the contacts cannot be listed: {error}", "ask the dialler's operator")
    ours, other = found[phone_format], sum(found.values()) - found[phone_format]
    if not ours and not other:
        return None
    if ours >= other:
        return fine("numbers", f"the dialler's are written as rows.phone_format says: {_EXAMPLE[phone_format]}")
    theirs = next(form for form in found if form != phone_format)
    said = f"{other:,} of {ours + other:,} numbers in the dialler are written {_EXAMPLE[theirs]}"
    mend = f"set rows: {{phone_format: {theirs}}}, or every number of an import counts as changed"
    return warning("numbers", said, mend)


async def _forms(client: DiallerClient, campaign_id: int | None) -> dict[str, int]:
    """How many numbers are in each form."""
    found, contacts = dict.fromkeys(_FORMS, 0), 0
    async with aclosing(client.list_contacts(campaign_id)) as records:
        async for record in records:
            numbers = [str(record.get(name) or "") for name in PHONE_FIELDS]
            for form, pattern in _FORMS.items():
                found[form] += sum(pattern.fullmatch(number) is not None for number in numbers)
            contacts += 1
            if contacts >= _SAMPLE:
                break
    return found
