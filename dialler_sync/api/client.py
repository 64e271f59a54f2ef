"""The dialler's functions, one method each.

Methods that read, and changes whose repeat is harmless, are repeated by themselves. ``import_contact``,
``delete_by_user_data``, ``lock_by_user_data`` and ``unlock_by_user_data`` are sent once, as their caller knows
whether a repeat does harm; so is ``list_contacts``.

All methods raise :class:`~dialler_sync.errors.Refused` where the dialler refuses,
:class:`~dialler_sync.errors.NotDone` where it certainly did nothing, and
:class:`~dialler_sync.errors.MaybeDone` where nobody knows.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Self, TypeVar

import httpx
import orjson

from ..config.dialler import DiallerSettings
from ..endpoints import ENDPOINTS, Endpoint, endpoint
from ..error_codes import NOT_FOUND, UNREADABLE
from ..errors import MaybeDone, Refused, RequestError
from . import traffic
from .about import Meant, ToldIds, change_is_about, is_about, of_any, of_calls, of_user_data
from .latency import Latencies
from .listing import record_stream
from .pace import Gate
from .proxy import find_proxy
from .retry import Clock, is_too_long, judge, judge_failure, repeating, unreadable
from .tls import tls_context
from .token import read_token
from .transport import LONGEST_OF_ONE, AiohttpTransport
from .wire import StoredContact, campaign_of, id_number, imported_contact, is_elsewhere, records, stored_contact

_log = logging.getLogger(__name__)

T = TypeVar("T")
Records = list[Mapping[str, Any]]


class DiallerClient:
    """A client for one dialler and ClientsID; an asynchronous context manager.

    ``requests`` counts what was sent, ``latencies`` how long each took; all of it passes ``gate``.
    ``transport`` and ``clock`` are there for other networks and times.

    Raises:
        ConfigError: the token, the certificates or the proxy cannot be used.
    """

    def __init__(
        self,
        settings: DiallerSettings,
        *,
        gate: Gate | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self.settings = settings
        self.gate = gate or Gate(
            settings.concurrency, rate=settings.rate, give_up_after=settings.give_up_after, clock=clock
        )
        self.requests = 0
        self._finds = False
        self._told = ToldIds()
        self.latencies = Latencies(clock)
        self._clock = clock
        self._endpoints = {name: endpoint(name, settings.endpoints.get(name)) for name in ENDPOINTS}
        root = httpx.URL(settings.root)
        self._transport = transport or AiohttpTransport(
            verify=tls_context(settings) if root.scheme == "https" else True,
            connections=settings.concurrency + 4,
            timeout=settings.timeout,
            proxy=find_proxy(settings.base_url),
        )
        # What is the same for a hundred thousand rows is prepared once.
        self._headers = [
            (b"Host", root.netloc),
            (b"Authorization", f"Bearer {read_token(settings)}".encode()),
            (b"Accept", b"application/json"),
            (b"Accept-Encoding", b"gzip, deflate"),
            (b"Content-Type", b"application/json"),
            (b"User-Agent", b"dialler-sync"),
        ]
        self._import_urls = {
            overwrite: self._url("import_contact", overwrite=str(overwrite).lower()) for overwrite in (False, True)
        }

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._transport.aclose()

    def endpoint(self, name: str) -> Endpoint:
        """Return the method and path that this client uses for a function."""
        return self._endpoints[name]

    # One request

    async def _send(
        self, request: httpx.Request, judged: Callable[[httpx.Response], T], *, as_probe: bool = False
    ) -> T:
        """Send once, when the gate lets it, and report the result to the gate."""
        gate = self.gate
        if not gate.try_enter():
            await gate.enter(as_probe=as_probe)
        started = self._clock()
        try:
            answer = judged(await self._exchange(request))
        except RequestError as error:
            self._leave(error, started, request)
            raise
        except BaseException:
            gate.abandon()
            raise
        self._leave(None, started, request)
        return answer

    def _leave(self, error: RequestError | None, started: float, request: httpx.Request) -> None:
        ended = self._clock()
        if "streamed" not in request.extensions:  # the duration of a list does not show how fast the dialler is
            self.latencies.add(ended, ended - started)
        self.gate.leave(error, ended - started)

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        if traffic.is_wanted():
            return await self._exchange_aloud(self.requests, request)
        return await self._exchange_once(request)

    async def _exchange_aloud(self, number: int, request: httpx.Request) -> httpx.Response:
        """Send once, and log the exchange."""
        traffic.log_request(number, request)
        started = self._clock()
        try:
            reply = await self._exchange_once(request)
        except RequestError as error:
            traffic.log_failure(number, error, self._clock() - started)
            raise
        traffic.log_answer(number, reply, self._clock() - started)
        return reply

    async def _exchange_once(self, request: httpx.Request) -> httpx.Response:
        try:
            reply = await self._transport.handle_async_request(request)
            if reply.status_code != 200 or "streamed" not in request.extensions:
                await reply.aread()
        except httpx.TransportError as error:
            raise judge_failure(error, request) from error
        except httpx.DecodingError as error:
            raise unreadable(f"the answer cannot be decoded ({error})") from error
        return reply

    def _url(self, name: str, **values: str | int) -> httpx.URL:
        return httpx.URL(self.settings.root + self._endpoints[name].target(**values))

    def _request(self, method: str, url: httpx.URL, body: bytes = b"", **extensions: object) -> httpx.Request:
        # Request(content=body) does the same and takes four times as long.
        length = [(b"Content-Length", str(len(body)).encode())] if body or method != "GET" else []
        return httpx.Request(
            method, url, headers=self._headers + length, stream=httpx.ByteStream(body), extensions=extensions
        )

    async def _change(self, name: str, **values: str | int) -> None:
        """Send a change once."""
        contact_id = str(values["id"]) if "id" in values else ""
        user_data = str(values["user_data"]) if "user_data" in values else None

        def judged(reply: httpx.Response) -> None:
            if not change_is_about(judge(reply), contact_id, user_data):
                raise self._misdirected()

        method, url = self._endpoints[name].method, self._url(name, **values)
        await self._send(self._request(method, url, longest=LONGEST_OF_ONE), judged)

    def _misdirected(self) -> MaybeDone:
        """Make the error for an answer that names another contact than the request: it may belong to another request,
        and so may all later answers on its connection."""
        if isinstance(self._transport, AiohttpTransport):
            self._transport.distrust()
        return MaybeDone(UNREADABLE, "the answer names another contact than the request", http_status=200)

    async def _change_by_id(self, name: str, contact_id: int | str, *, missing_is_done: bool = False) -> bool:
        """Send a change by ID, which may be retried; return False if there is no such contact.

        ``missing_is_done``: a contact that is gone after a retry counts as changed by an earlier try.
        """
        maybe_done = False

        async def once() -> bool:
            nonlocal maybe_done
            try:
                await self._change(name, id=contact_id)
            except Refused as error:
                if error.code != NOT_FOUND:
                    raise
                return maybe_done and missing_is_done
            except MaybeDone:
                maybe_done = True
                raise
            return True

        return await self._repeating(once)

    async def _repeating(self, once: Callable[[], Awaitable[T]]) -> T:
        started = self._clock()
        return await repeating(
            once, retries=self.settings.retries, sleep=self.gate.rest, left=lambda: self.gate.left(started)
        )

    async def _read(self, name: str, body: bytes = b"", meant: Meant | None = None, **values: str | int) -> Records:
        """Read records, with retries.

        ``meant``: whether the records answer this question.
        """

        def judged(reply: httpx.Response) -> Records:
            found = _records(reply)
            if meant and found and not meant(found):
                raise self._misdirected()
            return found

        method, url = self._endpoints[name].method, self._url(name, **values)
        if "languagesID" in values:  # not sent by default: an older dialler may not know the parameter
            url = url.copy_merge_params({"languagesID": values["languagesID"]})
        return await self._repeating(lambda: self._send(self._request(method, url, body), judged, as_probe=True))

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

        An answer that names another contact than the one with this ``user_data`` in the campaign of ``body`` is not
        understood: it may belong to another request.
        """

        def judged(reply: httpx.Response) -> StoredContact:
            contact = imported_contact(judge(reply))
            if user_data is not None and (
                not self._told.is_own(contact, user_data) or is_elsewhere(orjson.loads(body), contact.values, {})
            ):
                raise self._misdirected()
            return contact

        method, url = self._endpoints["import_contact"].method, self._import_urls[overwrite]
        return await self._send(self._request(method, url, body, longest=LONGEST_OF_ONE), judged)

    async def get_contact(self, contact_id: int | str) -> StoredContact | None:
        """Return a contact by its ID (function 2); None if there is no such contact."""
        found = await self._find("get_contact", contact_id)
        return stored_contact(found[0]) if found else None

    async def find_contacts(self, user_data: str, *, proof: bool = False) -> list[StoredContact]:
        """Function 3: all contacts that carry this UserData.

        ``proof``: "not found" is an answer only where the function has shown that it is there; else it is raised,
        as it may speak of the path.
        """
        try:
            meant = of_user_data(user_data)
            found = map(stored_contact, await self._read("find_contacts", meant=meant, user_data=user_data))
        except Refused as error:
            if error.code != NOT_FOUND or (proof and not self._finds):
                raise
            return []
        self._finds = True
        # A server may compare without regard to case or trailing blanks; the key is exact.
        return [contact for contact in found if contact.user_data == user_data]

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
        return _of_campaign(self._stream("list_campaign_contacts", campaign_id=campaign_id), campaign_id, others)

    def _stream(self, name: str, **values: str | int) -> AsyncGenerator[Mapping[str, Any], None]:
        method, url = self._endpoints[name].method, self._url(name, **values)
        # The gate is left when the list begins: who reads it may send other requests meanwhile.
        return record_stream(lambda: self._send(self._request(method, url, streamed=True), _opened))

    async def batch_contacts(
        self, *, user_data: Sequence[str] = (), ids: Sequence[int | str] = (), language: int | None = None
    ) -> Records:
        """Function 14: records with their result code and history. Older servers: ``endpoint_missing``.

        ``language`` is the dialler's languagesID for its texts. Of what is too long, the halves are asked for.
        """
        numbers = [i if (number := id_number(str(i))) is None else number for i in ids]
        body = orjson.dumps({"UserDataList": list(user_data), "IDList": numbers})
        spoken = {} if language is None else {"languagesID": language}
        try:
            return await self._read("batch_contacts", body, of_any(user_data, ids), **spoken)
        except MaybeDone as error:
            if not is_too_long(error) or len(user_data) + len(ids) < 2:
                raise
        first, second = len(user_data) // 2, len(ids) // 2
        halves = ((user_data[:first], ids[second:]), (user_data[first:], ids[:second]))
        found = [await self.batch_contacts(user_data=keys, ids=some, language=language) for keys, some in halves]
        seen = {stored_contact(record).id for record in found[0]}  # by its UserData here, by its ID there
        return [*found[0], *(record for record in found[1] if stored_contact(record).id not in seen)]

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
        return await self._read("list_campaigns")

    async def get_campaign(self, campaign_id: int) -> Mapping[str, Any] | None:
        """Return a campaign by its ID (function 13); None if there is no such campaign."""
        found = await self._find("get_campaign", campaign_id)
        return found[0] if found else None


def _records(reply: httpx.Response) -> Records:
    """Return the records of an answer. An answer without them is an error, not an empty list, which may prove
    something."""
    found = records(judge(reply, exact=True))
    if found is None:
        raise unreadable("the answer has no 'records', or not as many as its 'count' says")
    return found


async def _of_campaign(
    stream: AsyncGenerator[Mapping[str, Any], None],
    campaign_id: int,
    aside: Callable[[Mapping[str, Any]], object],
) -> AsyncGenerator[Mapping[str, Any], None]:
    """Yield the records of this campaign, and those without a campaign."""
    others = 0
    async with aclosing(stream) as records_:
        async for record in records_:
            if campaign_of(record) in {str(campaign_id), ""}:
                yield record
            else:
                others += 1
                aside(record)
    if others:
        _log.info(
            "This dialler ignores the filter on campaign %s: %d contacts of other campaigns are left out",
            campaign_id,
            others,
        )


def _opened(reply: httpx.Response) -> httpx.Response:
    if reply.status_code != 200:
        judge(reply)
    return reply
