"""Whether the dialler keeps the fields that an overwrite leaves out; API.md assumes it, and does not tell.

So the first contact of which a field is left out is overwritten before all others, and read back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from ..api.client import DiallerClient
from ..api.query import persisting
from ..api.wire import COMMANDS, same_value
from ..errors import RequestError, SafetyLimit
from ..model import SpooledRow
from ..text.phrase import mark, phrase

_RESTORED = mark(
    "the dialler clears fields that an import leaves out: contact {contact} ({key}) lost {fields}, which was restored. "
    "No other contact was affected. Remove overwrite: from columns:, and leave out rows of contacts that must not "
    "change"
)
_LOST = mark(
    "the dialler clears fields that an import leaves out: contact {contact} ({key}) lost {fields}, which could not be "
    "restored: enter it again by hand. No other contact was affected. Remove overwrite: from columns:, and leave out "
    "rows of contacts that must not change"
)


async def is_kept(client: DiallerClient, row: SpooledRow, contact_id: str, kept: Mapping[str, Any]) -> bool:
    """Whether the contact of a sent row still has the values that the row left out; False if it is gone.

    Raises:
        SafetyLimit: it has lost some of it, which was put back if possible; or it cannot be read.
        StopRun: the run has been stopped.
    """
    try:
        contact = await client.get_contact(contact_id)
    except RequestError as error:
        raise SafetyLimit(
            phrase(
                "cannot check whether contact {contact} has kept {fields} (left out by overwrite:): {error}",
                contact=contact_id,
                fields=", ".join(kept),
                error=error,
            )
        ) from error
    if contact is None or contact.user_data != row.user_data:
        return False
    emptied = {name: value for name, value in kept.items() if same_value(None, contact.values.get(name))}
    if not emptied:
        return True
    names = ", ".join(emptied)
    put_back = await _put_back(client, row, contact_id, emptied)
    raise SafetyLimit(phrase(_RESTORED if put_back else _LOST, contact=contact_id, key=row.user_data, fields=names))


async def _put_back(client: DiallerClient, row: SpooledRow, contact_id: str, emptied: Mapping[str, Any]) -> bool:
    """Send the row again with the values that the contact has lost; return whether it has them again."""
    sent = {name: value for name, value in orjson.loads(row.body).items() if name not in COMMANDS}
    body = orjson.dumps({**sent, **emptied})
    try:
        await persisting(client, lambda: client.import_contact(body, overwrite=True, user_data=row.user_data))
        contact = await client.get_contact(contact_id)
    except RequestError:
        return False
    return contact is not None and all(not same_value(None, contact.values.get(name)) for name in emptied)
