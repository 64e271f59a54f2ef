"""The dialler's functions, one method each.

Methods that read, and changes whose repeat is harmless, are repeated by themselves. ``import_contact``,
``delete_by_user_data``, ``lock_by_user_data`` and ``unlock_by_user_data`` are sent once, as their caller knows
whether a repeat does harm; so is ``list_contacts``.

All methods raise :class:`~dialler_sync.errors.Refused` where the dialler refuses,
:class:`~dialler_sync.errors.NotDone` where it certainly did nothing, and
:class:`~dialler_sync.errors.MaybeDone` where nobody knows.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from types import MappingProxyType
from typing import Any, TypeVar

import httpx
import orjson

from ..error_codes import NOT_FOUND, UNREADABLE
from ..errors import DiallerUnavailable, Doubt, MaybeDone, Refused
from ..text.phrase import phrase
from .about import (
    Meant,
    ToldIds,
    change_is_about,
    is_about,
    names_another,
    of_any,
    of_calls,
    of_user_data,
    spelt_otherwise,
)
from .connection import Connection
from .json_text import HEAVIEST, weight
from .listing import of_campaign, record_stream
from .retry import is_too_long, judge, unreadable
from .transport import LONGEST_ANSWER, LONGEST_OF_ONE, TooLong
from .wire import (
    CAMPAIGN_NAME,
    StoredContact,
    campaign_of,
    each_once,
    id_number,
    imported_contact,
    records,
    stored_contact,
    without_calls,
)

T = TypeVar("T")

Records = list[Mapping[str, Any]]

_LONGEST_NAME, _MOST = 200, 1_000
"""Characters of a campaign's name, and campaigns, that are remembered."""

_MOST_ASKED_AGAIN = 20
"""Contacts of a batch lookup that are asked for one by one."""

MOST_HELD = 2**31
"""Bytes of memory, as estimated, that the answers to one page take, or those to all rows in flight."""

PARKED = 4
"""Rows that may wait to be sent again, per request in flight, each with an answer."""


class DiallerClient(Connection):
    """A client for one dialler and ClientsID, as its :class:`Connection` is."""

    campaign_ids: Mapping[str, str] = MappingProxyType({})
    """IDs of campaigns by name, as far as they are known: a row may have only the name."""

    _held: int | None = None
    """What the answers to the questions of a page weigh, while there is one."""

    _finds = False
    """Whether function 3 has shown that it is there."""

    @cached_property
    def _told(self) -> ToldIds:
        return ToldIds()

    @cached_property
    def campaign_names(self) -> dict[str, str]:
        """Names of campaigns by ID, as far as imported contacts have told them."""
        return {}

    @cached_property
    def _import_urls(self) -> Mapping[bool, httpx.URL]:
        """By ``overwrite``; prepared once, as they are the same for a hundred thousand rows."""
        return {overwrite: self._url("import_contact", overwrite=str(overwrite).lower()) for overwrite in (False, True)}

    async def _change(self, name: str, **values: str | int) -> None:
        """Send a change once."""
        contact_id = str(values["id"]) if "id" in values else ""
        user_data = str(values["user_data"]) if "user_data" in values else None

        def judged(reply: httpx.Response) -> None:
            if not change_is_about(judge(reply), contact_id, user_data):
                raise self._misdirected()

        method, url = self._endpoints[name].method, self._url(name, **values)
        await self._send(self._request(method, url, longest=LONGEST_OF_ONE), judged)

    async def _change_by_id(self, name: str, contact_id: int | str, *, missing_is_done: bool = False) -> bool:
        """Send a change by ID, which may be retried; return False if there is no such contact.

        ``missing_is_done``: a contact that is gone after a retry counts as changed by an earlier try.

        Raises:
            MaybeDone: a try may have made the change, whatever the answers to later ones.
            Refused: also where the dialler has told no ID of the contact.
        """
        if contact_id == "":
            raise Refused(UNREADABLE, phrase("the dialler tells no ID of the contact"))

        async def once() -> bool:
            try:
                await self._change(name, id=contact_id)
            except Refused as error:
                if error.code != NOT_FOUND:
                    raise
                return doubt.error is not None and missing_is_done
            except MaybeDone as error:
                doubt.error = error
                raise
            return True

        with Doubt() as doubt:
            return await self.repeating(once)

    def paged(self, pages: Iterable[T]) -> Iterator[T]:
        """Yield the pages of something that is asked for. All answers to one page are held at once: what they weigh is
        limited.

        Raises:
            DiallerUnavailable: on asking, where they weigh too much.
        """
        return (page for [page] in self.several(pages, 1))

    def several(self, pages: Iterable[T], most: int, first: int = 1) -> Iterator[list[T]]:
        """Yield such pages, or keys, to be asked for at once: the ``first`` ones, then up to ``most``, as many as can
        be held if they weigh as much as the last ones."""
        rest, number = iter(pages), first
        try:
            while some := list(islice(rest, number)):
                self._held = 0
                yield some
                number = max(1, min(most, MOST_HELD // 2 * len(some) // max(1, self._held)))
        finally:
            self._held = None

    def _light(self, answer: bytes, found: Records) -> Records:
        """Return records that each row in flight, and each that waits, can hold: without their calls where they weigh
        much."""
        share = MOST_HELD // (self.settings.concurrency * (2 + PARKED))
        if len(answer) <= share // HEAVIEST or weight(answer) <= share:
            return found
        light = list(map(without_calls, found))
        if weight(json.dumps(light).encode()) > share:
            why = phrase("the answer is too large to be held in memory while others are in flight")
            raise unreadable(why) from TooLong(why)
        return light

    def _hold(self, answer: bytes) -> None:
        self._held = (self._held or 0) + weight(answer)
        if self._held > MOST_HELD:
            raise DiallerUnavailable(
                phrase("the dialler's answers about a few contacts are too large to be held in memory")
            )

    async def _read(
        self, name: str, body: bytes = b"", meant: Meant | None = None, *, alone: bool = False, **values: str | int
    ) -> Records:
        """Read records, with retries.

        ``meant``: whether the records answer this question. ``alone``: no other answer is held meanwhile.
        """

        def judged(reply: httpx.Response) -> Records:
            if self._held is not None and not alone:
                self._hold(reply.content)
            found = _records(reply)
            if meant and found and not meant(found):
                raise self._misdirected()
            return found if alone or self._held is not None else self._light(reply.content, found)

        method, url = self._endpoints[name].method, self._url(name, **values)
        if "languagesID" in values:  # not sent by default: an older dialler may not know the parameter
            url = url.copy_merge_params({"languagesID": values["languagesID"]})
        longest = LONGEST_ANSWER if alone else min(LONGEST_ANSWER, MOST_HELD // self.settings.concurrency)
        return await self.repeating(
            lambda: self._send(self._request(method, url, body, longest=longest), judged, as_probe=True)
        )

    async def _find(self, name: str, wanted: int | str) -> Records:
        """Read the records with this ID; "not found" is an answer too."""

        def is_wanted(record: Mapping[str, Any]) -> bool:
            return is_about(record, str(wanted))

        try:
            found = await self._read(name, meant=lambda found: any(map(is_wanted, found)), id=wanted)
            return list(filter(is_wanted, found))
        except Refused as error:
            if error.code == NOT_FOUND:
                return []
            raise

    # Contacts

    async def import_contact(self, body: bytes, *, overwrite: bool, user_data: str | None = None) -> StoredContact:
        """Function 4, sent once. ``body`` is the JSON of one contact; returns the contact as it is now.

        An answer that names another contact than the one with this ``user_data`` in the campaign of ``body``, or has
        no UserData and is somebody else, is not understood: it may belong to another request.
        """

        def judged(reply: httpx.Response) -> StoredContact:
            answer = judge(reply)
            contact = imported_contact(answer)
            if user_data is not None and (
                not change_is_about(answer, user_data=user_data)
                or names_another(answer, orjson.loads(body), self.campaign_ids)
                or not self._told.is_own(answer, user_data)
            ):
                raise self._misdirected()
            self._note_campaign(contact)
            return contact._replace(values=self._light(reply.content, [contact.values])[0])

        method, url = self._endpoints["import_contact"].method, self._import_urls[overwrite]
        return await self._send(self._request(method, url, body, longest=LONGEST_OF_ONE), judged)

    def _note_campaign(self, contact: StoredContact) -> None:
        """Note the name of a campaign; few and short ones, as each answer may tell of another."""
        number, name = campaign_of(contact.values), contact.values.get(CAMPAIGN_NAME)
        if isinstance(name, str) and max(len(number), len(name)) <= _LONGEST_NAME and len(self.campaign_names) < _MOST:
            self.campaign_names.setdefault(number, name)

    async def get_contact(self, contact_id: int | str) -> StoredContact | None:
        """Return a contact by its ID (function 2); None if there is no such contact."""
        found = await self._find("get_contact", contact_id)
        return stored_contact(found[0]) if found else None

    async def find_contacts(self, user_data: str, *, proof: bool = False) -> list[StoredContact]:
        """Function 3: all contacts that carry this UserData.

        ``proof``: "not found" is an answer only where the function has shown that it is there; else it is raised,
        as it may speak of the path.
        """
        # A server may compare without regard to case or trailing blanks; the key is exact.
        return [contact for contact in await self.find_alike(user_data, proof=proof) if contact.user_data == user_data]

    async def find_alike(self, user_data: str, *, proof: bool = False) -> list[StoredContact]:
        """Function 3: all contacts that the dialler gives for this UserData, whatever theirs is."""
        try:
            meant = of_user_data(user_data)
            told = await self._read("find_contacts", meant=meant, user_data=user_data)
        except Refused as error:
            if error.code != NOT_FOUND or (proof and not self._finds):
                raise
            return []
        self._finds = True
        return list(map(stored_contact, each_once(told)))

    def list_contacts(
        self, campaign_id: int | None = None, *, others: Callable[[Mapping[str, Any]], object] = lambda _: None
    ) -> AsyncGenerator[Mapping[str, Any], None]:
        """Function 1: the records of the account, or of one campaign, as they come over the network.

        The iterator ends only where the list came whole (its JSON is complete, ``status`` is 200 and
        ``count`` fits); else it raises, and what it gave before is not the list. Sent once: who repeats it
        must drop what it gave. Of one campaign, records of others are left out: an older dialler ignores the
        question and answers with the whole account; ``others`` gets them.
        """
        if campaign_id is None:
            return self._stream("list_contacts")
        return of_campaign(self._stream("list_campaign_contacts", campaign_id=campaign_id), campaign_id, others)

    def _stream(self, name: str, **values: str | int) -> AsyncGenerator[Mapping[str, Any], None]:
        method, url = self._endpoints[name].method, self._url(name, **values)
        # The gate is left when the list begins: who reads it may send other requests meanwhile.
        return record_stream(lambda: self._send(self._request(method, url, streamed=True), _opened))

    async def batch_contacts(
        self, *, user_data: Sequence[str] = (), ids: Sequence[int | str] = (), language: int | None = None
    ) -> Records:
        """Function 14: records with their result code and history. Older servers: ``endpoint_missing``.

        A dialler may answer for some of those it was asked for: the others are asked for again until an answer brings
        none of them. Where it gives a contact under another spelling of its UserData alone, function 3 is asked, too.

        ``language`` is the dialler's languagesID for its texts. Of what is too long, the halves are asked for.
        """
        found: Records = []
        while True:
            told = await self._batch(user_data, ids, language)
            found += told
            brought = list(map(stored_contact, told))
            keys, numbers = {each.user_data for each in brought}, {each.id for each in brought}
            left = [key for key in user_data if key not in keys], [i for i in ids if str(i) not in numbers]
            if len(left[0]) + len(left[1]) in (0, len(user_data) + len(ids)):
                return each_once(found)
            user_data, ids = left

    async def _batch(self, user_data: Sequence[str], ids: Sequence[int | str], language: int | None) -> Records:
        numbers = [i if (number := id_number(str(i))) is None else number for i in ids]
        body = orjson.dumps({"UserDataList": list(user_data), "IDList": numbers})
        spoken: dict[str, Any] = {} if language is None else {"languagesID": language}
        try:
            told = await self._read("batch_contacts", body, of_any(user_data, ids), **spoken)
            return each_once([*told, *await self._asked_again(spelt_otherwise(user_data, told))])
        except MaybeDone as error:
            if not is_too_long(error) or len(user_data) + len(ids) < 2:
                raise
        first, second = len(user_data) // 2, len(ids) // 2
        halves = ((user_data[:first], ids[second:]), (user_data[first:], ids[:second]))
        found = [await self._batch(keys, some, language) for keys, some in halves]
        return each_once([*found[0], *found[1]])  # by its UserData here, by its ID there

    async def _asked_again(self, user_data: Sequence[str]) -> Records:
        """Ask another function for contacts that one lookup has given under other names alone.

        Raises:
            Misdirected: it cannot be asked, or about too many.
        """
        if len(user_data) > _MOST_ASKED_AGAIN:
            raise self._misdirected()
        try:
            return [contact.values for key in user_data for contact in await self.find_alike(key)]
        except Refused as error:
            raise self._misdirected() from error

    async def delete_by_id(self, contact_id: int | str) -> bool:
        """Delete a contact and all its related data (function 5); return False if there is none."""
        return await self._change_by_id("delete_by_id", contact_id, missing_is_done=True)

    async def delete_by_user_data(self, user_data: str) -> None:
        """Function 6, sent once: if several contacts match, the dialler's choice is undefined."""
        await self._change("delete_by_user_data", user_data=user_data)

    async def lock_by_id(self, contact_id: int | str) -> bool:
        """Lock a contact by its ID (function 7); return False if there is no such contact."""
        return await self._change_by_id("lock_by_id", contact_id)

    async def lock_by_user_data(self, user_data: str) -> None:
        """Function 8, sent once: if several contacts match, the dialler's choice is undefined."""
        await self._change("lock_by_user_data", user_data=user_data)

    async def unlock_by_id(self, contact_id: int | str) -> bool:
        """Unlock a contact by its ID (function 9); return False if there is no such contact."""
        return await self._change_by_id("unlock_by_id", contact_id)

    async def unlock_by_user_data(self, user_data: str) -> None:
        """Function 10, sent once: if several contacts match, the dialler's choice is undefined."""
        await self._change("unlock_by_user_data", user_data=user_data)

    async def history_by_id(self, contact_id: int | str) -> Records:
        """Return the calls of one contact (function 11)."""
        return await self._read("history_by_id", meant=of_calls(contact_id), id=contact_id)

    async def history_by_user_data(self, user_data: str) -> Records:
        """Return the calls of all contacts that carry this UserData (function 12)."""
        return await self._read("history_by_user_data", user_data=user_data)

    # Campaigns

    async def list_campaigns(self) -> Records:
        """Return all campaigns (function 13)."""
        return await self._read("list_campaigns", alone=True)

    async def get_campaign(self, campaign_id: int) -> Mapping[str, Any] | None:
        """Return a campaign by its ID (function 13); None if there is no such campaign."""
        found = await self._find("get_campaign", campaign_id)
        return found[0] if found else None


def _records(reply: httpx.Response) -> Records:
    """Return the records of an answer. An answer without them is an error, not an empty list, which may prove
    something."""
    found = records(judge(reply, exact=True))
    if found is None:
        raise unreadable(phrase("the answer has no 'records', or not as many as its 'count' says"))
    return found


def _opened(reply: httpx.Response) -> httpx.Response:
    if reply.status_code != 200:
        judge(reply)
    return reply
