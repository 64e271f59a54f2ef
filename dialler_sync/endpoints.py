"""Endpoints of the dialler: method and path of each function, under the base URL and ClientsID.

Source: API.md, "Functions". The vendor does not document those in ``ASSUMED``; one line of configuration
(``dialler.endpoints``) replaces any of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import quote

from .errors import UsageError
from .text.forms import listed
from .text.phrase import figure, mark, phrase

ENDPOINTS: Mapping[str, str] = MappingProxyType(
    {
        "list_contacts": "GET /dialler/contacts",
        "list_campaign_contacts": "GET /dialler/contacts?diallerCampaignsID={campaign_id}",
        "get_contact": "GET /dialler/contacts/{id}",
        "find_contacts": "GET /dialler/contacts/contact?userData={user_data}",
        "import_contact": "POST /dialler/contacts/import?overwriteDuplicates={overwrite}",
        "delete_by_id": "DELETE /dialler/contacts/contact/{id}",
        "delete_by_user_data": "DELETE /dialler/contacts/contact?userData={user_data}",
        "lock_by_id": "PUT /dialler/contacts/contact/{id}/lock",
        "lock_by_user_data": "PUT /dialler/contacts/contact/lock?userData={user_data}",
        "unlock_by_id": "PUT /dialler/contacts/contact/{id}/unlock",
        "unlock_by_user_data": "PUT /dialler/contacts/contact/unlock?userData={user_data}",
        "history_by_id": "GET /dialler/contacts/contact/{id}/history",
        "history_by_user_data": "GET /dialler/contacts/contact/history?userData={user_data}",
        "list_campaigns": "GET /dialler/campaigns",
        "get_campaign": "GET /dialler/campaigns/{id}",
        "batch_contacts": "POST /dialler/contacts",
    }
)

ASSUMED = frozenset(
    {
        "find_contacts",
        "lock_by_id",
        "lock_by_user_data",
        "unlock_by_id",
        "unlock_by_user_data",
        "history_by_id",
        "history_by_user_data",
    }
)

LONGEST_PATH = 2_000
"""Characters of a base URL, and of an endpoint's path."""

_LONGEST_VALUE = 8_000
"""Characters of a value in an address; servers accept hardly more, and a key has up to 64."""

_SHAPE = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/[^\s#]*)")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One function: HTTP method, and path with query, where ``{name}`` is a placeholder."""

    name: str
    method: str
    path: str

    def target(self, **values: str | int) -> str:
        """Return the path with its placeholders filled in, each value percent-encoded.

        Raises:
            UsageError: a value is empty, too long for an address, or ``.`` or ``..`` within the path, which would
                address another function.
        """

        def encoded(match: re.Match[str]) -> str:
            value = str(values[match[1]])
            in_path = "?" not in self.path[: match.start()]
            if not value or (in_path and value in {".", ".."}):
                raise UsageError(
                    phrase("{function}: '{value}' is not a {part}", function=self.name, value=value, part=match[1])
                )
            quoted = quote(value, safe="")
            if len(quoted) > _LONGEST_VALUE:
                raise UsageError(
                    phrase(
                        "{function}: {part} has {length} characters, too many for an address",
                        function=self.name,
                        part=match[1],
                        length=figure(len(value)),
                    )
                )
            return quoted

        return _PLACEHOLDER.sub(encoded, self.path)


def endpoint(name: str, override: str | None = None) -> Endpoint:
    """Return the function ``name``, or its override from the configuration.

    Raises:
        ValueError: the override is not ``METHOD /path``, or its placeholders are not those of the function.
    """
    text = override or ENDPOINTS[name]
    match = _SHAPE.fullmatch(text)
    if not match or not text.isprintable() or len(text) > LONGEST_PATH:
        raise ValueError(
            phrase("'{text}' is not a method and a path, such as \"{example}\"", text=text, example=ENDPOINTS[name])
        )
    meant, given = set(_PLACEHOLDER.findall(ENDPOINTS[name])), set(_PLACEHOLDER.findall(text))
    if meant != given:
        wanted = [f"{{{each}}}" for each in sorted(meant)]
        needs = (
            mark("'{text}' must have {wanted}, as in \"{example}\"")
            if wanted
            else mark("'{text}' must have no placeholder, as in \"{example}\"")
        )
        raise ValueError(phrase(needs, text=text, wanted=wanted and listed(wanted), example=ENDPOINTS[name]))
    return Endpoint(name, match[1], match[2])
