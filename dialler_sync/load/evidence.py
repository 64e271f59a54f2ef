"""What the dialler's contacts tell of a row that may have been sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping

from ..api.client import DiallerClient
from ..api.retry import NOT_ABOUT_THE_ROW
from ..api.wire import COMMANDS, StoredContact, differences, id_number, is_elsewhere, plainly_different, stored_contact
from ..error_codes import ENDPOINT_MISSING
from ..errors import MaybeDone, NotDone, Refused
from ..model import Value


class LookUp:
    """Finds the contacts that carry a UserData, by whichever function the dialler has."""

    def __init__(self, client: DiallerClient) -> None:
        self._client = client
        self._functions = [self._by_key, self._in_batch]

    @property
    def possible(self) -> bool:
        """Whether there is a function for it, by what is known so far."""
        return bool(self._functions)

    async def __call__(self, user_data: str, *, patient: bool = True) -> list[StoredContact] | None:
        """The contacts; None where that cannot be found out. ``patient``: while the dialler is away, wait for it.

        Raises:
            StopRun: the run has been stopped.
        """
        for function in tuple(self._functions):
            try:
                return await self._ask(function, user_data, patient=patient)
            except Refused as error:
                if error.code == ENDPOINT_MISSING and function in self._functions:
                    self._functions.remove(function)
            except (NotDone, MaybeDone):
                return None
        return None

    async def _ask(
        self, function: Callable[[str], Awaitable[list[StoredContact]]], user_data: str, *, patient: bool
    ) -> list[StoredContact]:
        while True:
            last_success = self._client.gate.last_success
            try:
                return await function(user_data)
            except (NotDone, MaybeDone) as error:
                is_away = error.code in NOT_ABOUT_THE_ROW and self._client.gate.last_success == last_success
                if not (patient and is_away):
                    raise

    async def _by_key(self, user_data: str) -> list[StoredContact]:
        return await self._client.find_contacts(user_data, proof=True)

    async def _in_batch(self, user_data: str) -> list[StoredContact]:
        found = map(stored_contact, await self._client.batch_contacts(user_data=[user_data]))
        return [contact for contact in found if contact.user_data == user_data]


def trace(
    fields: Mapping[str, Value],
    found: Iterable[StoredContact],
    newest_before: int | None,
    campaign_ids: Mapping[str, str],
) -> StoredContact | None:
    """The contact that shows that a row was done; never one of another campaign.

    When overwriting (``newest_before`` is None), a contact that is as we want it is enough. Else it must also be
    newer than every contact that the dialler had told us of before we sent: IDs are given in ascending order.
    """
    if COMMANDS & fields.keys():
        return None
    alike = [
        contact
        for contact in found
        if not differences(fields, contact.values) and not is_elsewhere(fields, contact.values, campaign_ids)
    ]
    if newest_before is None:
        return alike[0] if alike else None
    newer = [contact for contact in alike if (id_number(contact.id) or 0) > newest_before >= 0]
    return newer[0] if len(newer) == 1 else None


def may_be_trace(
    fields: Mapping[str, Value], contact: StoredContact, newest_before: int | None, campaign_ids: Mapping[str, str]
) -> bool:
    """Whether a contact may come from a row, also where the dialler has tidied what we sent."""
    if is_elsewhere(fields, contact.values, campaign_ids):
        return False
    number = id_number(contact.id)
    older = newest_before is not None and number is not None and number <= newest_before
    return not older and not plainly_different(fields, contact.values)
