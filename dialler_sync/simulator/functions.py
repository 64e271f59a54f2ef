"""Functions of the API: their effect on the store, and their answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from starlette.responses import Response

from .answers import Refusal, streamed, success
from .calls import CODE, translated
from .record import RESET_STATE, ContactRules
from .settings import Settings
from .store import Store


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a function: the ID in its path, its query, its JSON body; None for what it lacks."""

    record_id: int | None
    query: Mapping[str, str]
    body: Any


class Functions:
    """All functions over one store; ``by_name`` holds those of this server. Each answers 200 or raises Refusal."""

    def __init__(self, store: Store, settings: Settings, random: Random) -> None:
        self._store = store
        self._filters_lists = settings.is_newer
        self._rules = ContactRules(settings.numbers)
        self._processing = settings.processing
        self._random = random
        self.by_name: dict[str, Callable[[Call], Awaitable[Response]]] = {
            "import": self._import,
            "list": self._list,
            "get": self._get,
            "lookup": self._lookup,
            "delete_by_id": self._delete,
            "delete_by_user_data": self._delete,
            "lock_by_id": self._lock,
            "lock_by_user_data": self._lock,
            "unlock_by_id": self._unlock,
            "unlock_by_user_data": self._unlock,
            "history_by_id": self._history_by_id,
            "history_by_user_data": self._history_by_user_data,
            "campaigns": self._campaigns,
            "campaign": self._campaign,
        }
        if settings.batch and settings.is_newer:
            self.by_name["batch"] = self._batch

    async def _import(self, call: Call) -> Response:
        overwrite = _flag(call, "overwriteDuplicates")
        fields = self._importable(call.body)
        user_data = fields.get("UserData")
        matches = self._store.matches(user_data) if overwrite and user_data else []
        match = self._store.pick(matches) if matches else None
        # Requests with one UserData are not serialised: both may look before either creates.
        await asyncio.sleep(self._processing.draw(self._random))
        if match is not None and match in self._store.contacts:
            self._store.update(match, **fields)
        else:
            match = self._store.add(**fields)
        return success([self._store.record(match)])

    def _importable(self, body: object) -> dict[str, Any]:
        fields = dict(self._rules.check(body))
        campaign_id, name = fields.get("DiallerCampaignsID"), fields.pop("DiallerCampaignsName", None)
        if campaign_id is None:
            campaign_id = next((known for known, its_name in self._store.campaigns.items() if its_name == name), None)
        if campaign_id not in self._store.campaigns:
            raise _no_campaign()
        fields["DiallerCampaignsID"] = campaign_id
        return {**RESET_STATE, **fields} if fields.pop("ResetContact", None) else fields

    async def _list(self, call: Call) -> Response:
        filtered = self._filters_lists and "diallerCampaignsID" in call.query
        campaign_id = _integer(call, "diallerCampaignsID") if filtered else None
        if campaign_id is not None and campaign_id not in self._store.campaigns:
            raise _no_campaign()
        contacts = self._store.contacts
        ids = [i for i, c in contacts.items() if campaign_id is None or c.get("DiallerCampaignsID") == campaign_id]
        return streamed(
            # The contact may be deleted while the list is streamed.
            (self._store.record(i) for i in ids if i in contacts),
            {"filter": "", "limitStart": 0, "limitPageSize": -1},
            {"orderBy": "ID", "ascending": True},
        )

    async def _get(self, call: Call) -> Response:
        return success([self._store.record(self._named(call))])

    async def _lookup(self, call: Call) -> Response:
        return success([self._store.record(i) for i in self._store.matches(_text(call, "userData"))])

    async def _delete(self, call: Call) -> Response:
        self._store.delete(self._named(call))
        return success()

    async def _lock(self, call: Call) -> Response:
        self._store.update(self._named(call), bLocked=True)
        return success()

    async def _unlock(self, call: Call) -> Response:
        self._store.update(self._named(call), bLocked=False)
        return success()

    async def _history_by_id(self, call: Call) -> Response:
        return success(self._calls(self._named(call)))

    async def _history_by_user_data(self, call: Call) -> Response:
        matches = self._store.matches(_text(call, "userData"))
        if not matches:
            raise _no_contact()
        return success([history for contact_id in matches for history in self._calls(contact_id)])

    async def _campaigns(self, _call: Call) -> Response:
        return success([self._campaign_record(campaign_id) for campaign_id in self._store.campaigns])

    async def _campaign(self, call: Call) -> Response:
        campaign_id = call.record_id
        if campaign_id is None or campaign_id not in self._store.campaigns:
            raise _no_campaign()
        return success([self._campaign_record(campaign_id)])

    async def _batch(self, call: Call) -> Response:
        body = call.body
        if not isinstance(body, dict) or not ({"UserDataList", "IDList"} & body.keys()):
            raise Refusal(400, "The body must be a JSON object with UserDataList, IDList or both")
        user_data = _list_of(str, body.get("UserDataList"), "UserDataList must be a list of texts")
        ids = _list_of(int, body.get("IDList"), "IDList must be a list of integers")
        contacts = self._store.contacts
        found = dict.fromkeys(i for text in user_data for i in self._store.matches(text))
        found |= dict.fromkeys(i for i in ids if i in contacts)
        language = _integer(call, "languagesID") if "languagesID" in call.query else None
        return streamed((self._with_calls(i, language) for i in found if i in contacts), {}, {})

    def _named(self, call: Call) -> int:
        """Return the ID of the contact that a request names; among several with the UserData, an arbitrary one."""
        if call.record_id is not None:
            if call.record_id not in self._store.contacts:
                raise _no_contact()
            return call.record_id
        matches = self._store.matches(_text(call, "userData"))
        if not matches:
            raise _no_contact()
        return self._store.pick(matches)

    def _calls(self, contact_id: int) -> list[dict[str, Any]]:
        return self._store.calls.get(contact_id, [])

    def _with_calls(self, contact_id: int, language: int | None) -> dict[str, Any]:
        calls = self._calls(contact_id)
        if language is not None:
            calls = [call | {CODE: translated(call[CODE], language)} if CODE in call else call for call in calls]
        code = translated(self._store.result_code(contact_id), language)
        return self._store.record(contact_id) | {CODE: code, "DiallerContactsHistory": calls}

    def _campaign_record(self, campaign_id: int) -> dict[str, Any]:
        name = self._store.campaigns[campaign_id]
        return {"ID": campaign_id, "ClientsID": self._store.clients_id, "Name": name, "bActive": True, "Comment": None}


def _no_contact() -> Refusal:
    return Refusal(404, "Dialler contact not found")


def _no_campaign() -> Refusal:
    return Refusal(404, "Dialler campaign not found")


def _text(call: Call, parameter: str) -> str:
    value = call.query.get(parameter)
    if not value:
        raise Refusal(400, f"Mandatory parameter {parameter} is missing")
    return value


def _integer(call: Call, parameter: str) -> int:
    value = _text(call, parameter)
    if not (value.isascii() and value.isdigit() and len(value) < 19):
        raise Refusal(400, f"Parameter {parameter} must be an integer")
    return int(value)


def _flag(call: Call, parameter: str) -> bool:
    value = _text(call, parameter)
    if value not in {"true", "false"}:
        raise Refusal(400, f"Parameter {parameter} must be true or false")
    return value == "true"


def _list_of(kind: type, value: object, error: str) -> list[Any]:
    items = [] if value is None else value
    if not isinstance(items, list) or any(type(item) is not kind for item in items):
        raise Refusal(400, error)
    return items
