"""Find the contacts that carry a UserData."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ..api.client import DiallerClient
from ..api.retry import NOT_ABOUT_THE_ROW
from ..api.wire import StoredContact, stored_contact
from ..error_codes import ENDPOINT_MISSING
from ..errors import MaybeDone, NotDone, Refused


class Lookup:
    """Looks up a key, by whichever function the dialler has."""

    def __init__(self, client: DiallerClient) -> None:
        self._client = client
        self._functions = [self._by_key, self._in_batch]

    @property
    def possible(self) -> bool:
        """Whether the dialler has a lookup function, as far as is known."""
        return bool(self._functions)

    async def find(self, user_data: str, *, patient: bool = True) -> list[StoredContact] | None:
        """Return the contacts; None if they cannot be determined. ``patient``: wait while the dialler is unreachable.

        Raises:
            StopRun: the run has been stopped.
        """
        for function in tuple(self._functions):
            try:
                return await self._call(function, user_data, patient=patient)
            except Refused as error:
                if error.code == ENDPOINT_MISSING and function in self._functions:
                    self._functions.remove(function)
            except (NotDone, MaybeDone):
                return None
        return None

    async def _call(
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
