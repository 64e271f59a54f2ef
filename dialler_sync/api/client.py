"""The dialler's functions, one method each.

Methods that read, and changes whose repeat is harmless, are repeated by themselves. ``import_contact``,
``delete_by_user_data``, ``lock_by_user_data`` and ``unlock_by_user_data`` are sent once: their caller knows
whether a repeat does harm.

All methods raise :class:`~dialler_sync.errors.Refused` where the dialler refuses,
:class:`~dialler_sync.errors.NotDone` where it certainly did nothing, and
:class:`~dialler_sync.errors.MaybeDone` where nobody knows.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Self

import httpx
import orjson

from ..config.settings import DiallerSettings, is_loopback
from ..endpoints import ENDPOINTS, Endpoint, endpoint
from ..errors import ConfigError, MaybeDone, NotDone, Refused
from .listing import record_stream
from .pace import Clock, Gate
from .retry import judge, judge_failure, repeating
from .token import read_token
from .transport import AiohttpTransport
from .wire import StoredContact, records, stored_contact


class DiallerClient:
    """A client for one dialler and ClientsID; an asynchronous context manager.

    ``requests`` counts what was sent; all of it passes ``gate``. ``transport`` and ``clock`` are
    there for other networks and times.
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
        self._clock = clock
        self._endpoints = {name: endpoint(name, settings.endpoints.get(name)) for name in ENDPOINTS}
        self._transport = transport or AiohttpTransport(
            verify=_tls(settings),
            connections=settings.concurrency + 4,
            timeout=settings.timeout,
            trust_env=not is_loopback(settings.base_url),
        )
        root = httpx.URL(settings.root)
        self._headers = httpx.Headers(
            {
                "Host": root.netloc.decode(),
                "Authorization": f"Bearer {read_token(settings)}",
                "Accept": "application/json",
                "Content-Type": "application/json",
                "User-Agent": "dialler-sync",
            }
        )
        # What is the same for a hundred thousand rows is prepared once.
        self._import_urls = {
            overwrite: self._url("import_contact", overwrite=str(overwrite).lower()) for overwrite in (False, True)
        }

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._transport.aclose()

    # One request

    async def _send(self, method: str, url: httpx.URL, body: bytes = b"") -> dict[str, Any]:
        """Send once, when the gate lets it, and tell the gate how it went."""
        gate = self.gate
        if not gate.try_enter():
            await gate.enter()
        started = self._clock()
        try:
            answer = await self._exchange(httpx.Request(method, url, headers=self._headers, content=body))
        except (NotDone, MaybeDone) as error:
            gate.leave(error, self._clock() - started)
            raise
        except Refused:
            gate.leave(None, self._clock() - started)
            raise
        except BaseException:
            gate.abandon()
            raise
        gate.leave(None, self._clock() - started)
        return answer

    async def _exchange(self, request: httpx.Request) -> dict[str, Any]:
        """Send once and judge the answer."""
        self.requests += 1
        try:
            reply = await self._transport.handle_async_request(request)
        except httpx.TransportError as error:
            raise judge_failure(error) from error
        except httpx.DecodingError as error:
            raise MaybeDone("unreadable_answer", f"the answer cannot be decoded ({error})", running=False) from error
        return judge(reply)

    def _url(self, name: str, **values: str | int) -> httpx.URL:
        return httpx.URL(self.settings.root + self._endpoints[name].target(**values))

    async def _once(self, name: str, body: bytes = b"", **values: str | int) -> dict[str, Any]:
        return await self._send(self._endpoints[name].method, self._url(name, **values), body)

    async def _repeated(self, name: str, body: bytes = b"", **values: str | int) -> dict[str, Any]:
        return await repeating(
            lambda: self._once(name, body, **values), retries=self.settings.retries, sleep=self.gate.rest
        )

    def endpoint(self, name: str) -> Endpoint:
        """Method and path that this client uses for a function."""
        return self._endpoints[name]

    # Contacts

    async def import_contact(self, body: bytes, *, overwrite: bool) -> StoredContact:
        """Function 4, sent once. ``body`` is the JSON of one contact; gives the contact as it is now."""
        answer = await self._send(self._endpoints["import_contact"].method, self._import_urls[overwrite], body)
        found = records(answer)
        return stored_contact(found[0] if found else {})

    async def get_contact(self, contact_id: int | str) -> StoredContact | None:
        """Function 2. None where there is no such contact."""
        try:
            found = records(await self._repeated("get_contact", id=contact_id))
        except Refused as error:
            if error.code == "not_found":
                return None
            raise
        return stored_contact(found[0]) if found else None

    async def find_contacts(self, user_data: str) -> list[StoredContact]:
        """Function 3: all contacts that carry this UserData."""
        try:
            answer = await self._repeated("find_contacts", user_data=user_data)
        except Refused as error:
            if error.code == "not_found":
                return []
            raise
        # A server may compare without regard to case or trailing blanks; the key is exact.
        found = [stored_contact(record) for record in records(answer)]
        return [contact for contact in found if contact.user_data == user_data]

    def list_contacts(self, campaign_id: int | None = None) -> AsyncIterator[Mapping[str, Any]]:
        """Function 1: the records of the account, or of one campaign, as they come over the network.

        The iterator ends only where the list came whole (its JSON is complete, ``status`` is 200 and
        ``count`` fits); else it raises, and what it gave before is not the list.
        """
        if campaign_id is None:
            url, method = self._url("list_contacts"), self._endpoints["list_contacts"].method
        else:
            url = self._url("list_campaign_contacts", campaign_id=campaign_id)
            method = self._endpoints["list_campaign_contacts"].method
        self.requests += 1
        request = httpx.Request(method, url, headers=self._headers, extensions={"streamed": True})
        return record_stream(self._transport, request)

    async def batch_contacts(
        self, *, user_data: Sequence[str] = (), ids: Sequence[int | str] = ()
    ) -> list[Mapping[str, Any]]:
        """Function 14: records with their result code and history. Older servers: ``endpoint_missing``."""
        body = orjson.dumps({"UserDataList": list(user_data), "IDList": [_number(i) for i in ids]})
        return records(await self._repeated("batch_contacts", body))

    async def delete_by_id(self, contact_id: int | str) -> bool:
        """Function 5: delete a contact and all its related data. False where there was none."""
        return await self._change("delete_by_id", id=contact_id)

    async def delete_by_user_data(self, user_data: str) -> None:
        """Function 6, sent once: where several contacts match, it is not determined which one goes."""
        await self._once("delete_by_user_data", user_data=user_data)

    async def lock_by_id(self, contact_id: int | str) -> bool:
        """Function 7. False where there is no such contact."""
        return await self._change("lock_by_id", id=contact_id)

    async def lock_by_user_data(self, user_data: str) -> None:
        """Function 8, sent once: where several contacts match, it is not determined which one is locked."""
        await self._once("lock_by_user_data", user_data=user_data)

    async def unlock_by_id(self, contact_id: int | str) -> bool:
        """Function 9. False where there is no such contact."""
        return await self._change("unlock_by_id", id=contact_id)

    async def unlock_by_user_data(self, user_data: str) -> None:
        """Function 10, sent once: where several contacts match, it is not determined which is unlocked."""
        await self._once("unlock_by_user_data", user_data=user_data)

    async def history_by_id(self, contact_id: int | str) -> list[Mapping[str, Any]]:
        """Function 11: the calls of one contact."""
        return records(await self._repeated("history_by_id", id=contact_id))

    async def history_by_user_data(self, user_data: str) -> list[Mapping[str, Any]]:
        """Function 12: the calls of all contacts that carry this UserData."""
        return records(await self._repeated("history_by_user_data", user_data=user_data))

    # Campaigns

    async def list_campaigns(self) -> list[Mapping[str, Any]]:
        """Function 13, all of them."""
        return records(await self._repeated("list_campaigns"))

    async def get_campaign(self, campaign_id: int) -> Mapping[str, Any] | None:
        """Function 13, by ID. None where there is no such campaign."""
        try:
            found = records(await self._repeated("get_campaign", id=campaign_id))
        except Refused as error:
            if error.code == "not_found":
                return None
            raise
        return found[0] if found else None

    async def _change(self, name: str, **values: str | int) -> bool:
        """A change by ID, whose repeat is harmless. A 404 after a try that may have been done is its trace."""
        maybe_done = False

        async def once() -> bool:
            nonlocal maybe_done
            try:
                await self._once(name, b"", **values)
            except Refused as error:
                if error.code != "not_found":
                    raise
                return maybe_done
            except MaybeDone:
                maybe_done = True
                raise
            return True

        return await repeating(once, retries=self.settings.retries, sleep=self.gate.rest)


def _number(contact_id: int | str) -> int | str:
    return int(contact_id) if str(contact_id).isdecimal() else contact_id


def _tls(settings: DiallerSettings) -> ssl.SSLContext | bool:
    if not settings.base_url.startswith("https:"):
        return False
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"dialler.ca_file: {settings.ca_file} cannot be used: {error}") from error
