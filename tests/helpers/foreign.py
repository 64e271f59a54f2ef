"""A dialler that is not our simulator: tests set the behaviour that API.md leaves open."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .http_server import QuietServer

ROOT = "/rest/v1.0/1"

Answer = tuple[int, dict[str, Any] | None]


@dataclass
class ForeignDialler:
    """A dialler with configurable behaviour.

    ``matches``: UserData is matched in the whole ``account``, or in the row's ``campaign``. ``filters``: lists honour
    the campaign filter. ``batch``: there is a batch lookup. ``told``: the fields of a record that name its campaign.
    ``contacts`` are its contacts by ID, ``requests`` the requests received: method and path with query.
    """

    matches: str = "account"
    filters: bool = True
    batch: bool = True
    told: tuple[str, ...] = ("DiallerCampaignsID",)
    campaigns: dict[int, str] = field(default_factory=lambda: {538: "Nightly", 539: "Trade fair"})
    contacts: dict[int, dict[str, Any]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    base_url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, campaign: int, key: str, **fields: Any) -> int:
        """Add a contact with the fields of a ``contacts_csv`` row; return its ID."""
        number = max(self.contacts, default=0) + 1
        made = {"UserData": key, "Name": f"Name {key}", "PhoneNumber1": "+491713920012", **fields}
        self.contacts[number] = {"ID": number, "DiallerCampaignsID": campaign, **made}
        return number

    def by_key(self, key: str) -> dict[int, int]:
        """Return ID → campaign of the contacts that carry a key."""
        return {i: c["DiallerCampaignsID"] for i, c in self.contacts.items() if c.get("UserData") == key}

    @property
    def imports(self) -> int:
        """The number of contacts sent."""
        return sum("/import" in request for request in self.requests)

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        """Return status and JSON of the answer to a request; with status 0 the connection is closed without one."""
        parts = path.removeprefix(f"{ROOT}/dialler/").split("/")
        key = query.get("userData")
        match method, parts:
            case "GET", ["campaigns"]:
                return _records({"ID": number, "Name": name} for number, name in self.campaigns.items())
            case "GET", ["campaigns", number]:
                known = int(number) in self.campaigns
                return _records([{"ID": int(number), "Name": self.campaigns[int(number)]}]) if known else _NOT_FOUND
            case "GET", ["contacts"]:
                wanted = query.get("diallerCampaignsID") if self.filters else None
                every = self.contacts.values()
                return self._told(c for c in every if wanted in {None, str(c["DiallerCampaignsID"])})
            case "POST", ["contacts"] if self.batch:
                keys, ids = body.get("UserDataList") or [], body.get("IDList") or []
                return self._told(c for c in self.contacts.values() if c.get("UserData") in keys or c["ID"] in ids)
            case "POST", ["contacts", "import"]:
                return self._import(body, overwrite=query["overwriteDuplicates"] == "true")
            case "GET", ["contacts", "contact"]:
                return self._told(c for c in self.contacts.values() if c.get("UserData") == key)
            case "GET", ["contacts", number]:
                contact = self.contacts.get(int(number))
                return self._told([contact]) if contact else _NOT_FOUND
            case "DELETE", ["contacts", "contact", number]:
                return _records([]) if self.contacts.pop(int(number), None) else _NOT_FOUND
            case "PUT", ["contacts", "contact", number, change]:
                self.contacts[int(number)]["bLocked"] = change == "lock"
                return _records([])
        return 404, None

    def _import(self, body: dict[str, Any], *, overwrite: bool) -> Answer:
        fields = dict(body)
        name = fields.pop("DiallerCampaignsName", None)
        ids = {its_name: number for number, its_name in self.campaigns.items()}
        campaign = fields.setdefault("DiallerCampaignsID", ids.get(name))
        for contact in self.contacts.values() if overwrite else ():
            if contact.get("UserData") == fields.get("UserData") and (
                self.matches == "account" or contact["DiallerCampaignsID"] == campaign
            ):
                contact.update(fields)
                return self._told([contact])
        del fields["DiallerCampaignsID"]
        return self._told([self.contacts[self.add(campaign, fields.pop("UserData"), **fields)]])

    def _told(self, contacts: Any) -> Answer:
        told = []
        for contact in contacts:
            known = {**contact, "DiallerCampaignsName": self.campaigns[contact["DiallerCampaignsID"]]}
            hidden = {"DiallerCampaignsID", "DiallerCampaignsName"} - set(self.told)
            told.append({name: value for name, value in known.items() if name not in hidden})
        return _records(told)


_NOT_FOUND: Answer = (404, {"status": 404, "error": "Dialler contact not found"})


def _records(records: Any) -> Answer:
    records = list(records)
    return 200, {"status": 200, "count": len(records), "records": records}


@contextmanager
def served(dialler: ForeignDialler) -> Iterator[ForeignDialler]:
    """Serve the dialler on a loopback port for the duration of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            url = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            with dialler.lock:
                dialler.requests.append(f"{self.command} {self.path.removeprefix(ROOT)}")
                status, answer = dialler.answer(self.command, url.path, query, json.loads(body) if body else None)
            if not status:
                self.close_connection = True
                return
            data = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer  # noqa: N815 - as the library wants them

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the library has it
            pass

    server = QuietServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    dialler.base_url = f"http://127.0.0.1:{server.server_address[1]}/rest/v1.0"
    try:
        yield dialler
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
