"""Functions of the API, and the requests that call them. Source: API.md, "Functions"."""

from __future__ import annotations

from collections.abc import Mapping

_CONTACTS = "/dialler/contacts"
_CONTACT = "/dialler/contacts/contact"
_CAMPAIGNS = "/dialler/campaigns"

ROUTES: Mapping[tuple[str, str], str] = {
    ("POST", f"{_CONTACTS}/import"): "import",
    ("GET", _CONTACTS): "list",
    ("GET", f"{_CONTACTS}/{{ID}}"): "get",
    ("GET", _CONTACT): "lookup",
    ("DELETE", f"{_CONTACT}/{{ID}}"): "delete_by_id",
    ("DELETE", _CONTACT): "delete_by_user_data",
    ("PUT", f"{_CONTACT}/{{ID}}/lock"): "lock_by_id",
    ("PUT", f"{_CONTACT}/lock"): "lock_by_user_data",
    ("PUT", f"{_CONTACT}/{{ID}}/unlock"): "unlock_by_id",
    ("PUT", f"{_CONTACT}/unlock"): "unlock_by_user_data",
    ("GET", f"{_CONTACT}/{{ID}}/history"): "history_by_id",
    ("GET", f"{_CONTACT}/history"): "history_by_user_data",
    ("GET", _CAMPAIGNS): "campaigns",
    ("GET", f"{_CAMPAIGNS}/{{ID}}"): "campaign",
    ("POST", _CONTACTS): "batch",
}
"""Method and path → name of the function; ``{ID}`` stands for digits."""

FUNCTIONS = tuple(ROUTES.values())
"""By name, as ``on=`` of a fault and the request log use them."""
