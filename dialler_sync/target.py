"""Target of a run: an account of a dialler and a campaign, in a canonical form.

A target is a text, ``<dialler>#<campaign>``. The campaign is its ID, ``*`` for all campaigns of the account (each row
names its own), or ``=<name>`` while the ID of a name is not yet known.
"""

from __future__ import annotations

import ipaddress
import posixpath
import socket
from urllib.parse import urlsplit

from .text.phrase import phrase

ACCOUNT = "*"
"""Campaign part of a target whose run may touch every campaign of the account."""

_PORTS = {"http": 80, "https": 443}


def dialler_of(base_url: str, clients_id: int, name: str | None = None) -> str:
    """Return the account of a dialler: host, port, path and ClientsID, or the ``name`` from the configuration.

    All loopback addresses count as one host; DNS is not used. http and https on the same port are the same dialler.
    """
    if name is not None:
        return name
    parts = urlsplit(base_url)
    port = parts.port or _PORTS.get(parts.scheme, 0)
    path = posixpath.normpath("/" + parts.path).strip("/")
    return "/".join(filter(None, (f"{_host(parts.hostname or '')}:{port}", path, str(clients_id))))


def target_of(dialler: str, *, campaign_id: int | None = None, name: str | None = None) -> str:
    """Return the target of a campaign by ID, else by name, else of the whole account."""
    if campaign_id is not None:
        return f"{dialler}#{campaign_id}"
    return f"{dialler}#{ACCOUNT}" if name is None else f"{dialler}#={name}"


def split(target: str) -> tuple[str, str]:
    """Split a target into (dialler, campaign)."""
    dialler, _, campaign = target.partition("#")
    return dialler, campaign


def is_account(target: str) -> bool:
    """Whether a target may touch every campaign; this includes a campaign whose ID is not known."""
    campaign = split(target)[1]
    return campaign == ACCOUNT or campaign.startswith("=")


def share_a_campaign(one: str, other: str) -> bool:
    """Whether two targets are the same, or one of them is the whole account of the other."""
    (dialler, mine), (theirs, its) = split(one), split(other)
    return dialler == theirs and (mine == its or ACCOUNT in (mine, its))


def within(target: str, campaign: str) -> str:
    """Return the target of a campaign, by ID, of a target that is the whole account; else, or where it is not known
    (empty), the target itself."""
    dialler, whole = split(target)
    return f"{dialler}#{campaign}" if whole == ACCOUNT and campaign else target


def in_words(target: str) -> str:
    """Format a target for people."""
    dialler, campaign = split(target)
    if campaign == ACCOUNT:
        return phrase("all campaigns on {dialler}", dialler=dialler)
    if not campaign:
        return dialler
    return phrase("campaign {campaign} on {dialler}", campaign=campaign.removeprefix("="), dialler=dialler)


def _host(host: str) -> str:
    """Return a host in canonical spelling; every loopback address is ``localhost``."""
    host = host.lower().rstrip(".")
    if is_this_machine(host) or host.endswith(".localhost"):
        return "localhost"
    address = _address(host)
    if address is None:
        return _ascii(host)
    return f"[{address}]" if address.version == 6 else str(address)


def is_this_machine(host: str) -> bool:
    """Whether a host is this machine, however it is written; names that have to be looked up are not."""
    host = host.lower().rstrip(".")
    address = _address(host)
    # 0.0.0.0 also connects to this machine
    return host == "localhost" or (address is not None and (address.is_loopback or address.is_unspecified))


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(_dotted(host).partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _dotted(host: str) -> str:
    """Expand ``127.1`` to ``127.0.0.1``, as the system's resolver does."""
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return host


def _ascii(host: str) -> str:
    """Encode an international name for DNS."""
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host
