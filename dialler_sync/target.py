"""What a run works on: an account of a dialler and a campaign of it, named so that no spelling makes two of one.

A target is a text, ``<dialler>#<campaign>``: the campaign is its ID, ``*`` for all campaigns of the account (each row
names its own), or ``=<name>`` as long as the dialler has not been asked which ID a name has.
"""

from __future__ import annotations

import ipaddress
import posixpath
import socket
from urllib.parse import urlsplit

ACCOUNT = "*"
"""Stands for a campaign where a run may touch every campaign of the account."""

_PORTS = {"http": 80, "https": 443}


def dialler_of(base_url: str, clients_id: int, name: str | None = None) -> str:
    """The account of a dialler: host, port, path and ClientsID, or the ``name`` that the configuration gives it.

    Loopback addresses are one host; no DNS is asked. http and https to the same port are the same dialler.
    """
    if name is not None:
        return name
    parts = urlsplit(base_url)
    port = parts.port or _PORTS.get(parts.scheme, 0)
    path = posixpath.normpath("/" + parts.path.strip("/")).strip("/")
    return "/".join(filter(None, (f"{_host(parts.hostname or '')}:{port}", path, str(clients_id))))


def target_of(dialler: str, *, campaign_id: int | None = None, name: str | None = None) -> str:
    """The target of a campaign by ID, else by a name whose ID is not known, else of the whole account."""
    if campaign_id is not None:
        return f"{dialler}#{campaign_id}"
    return f"{dialler}#{ACCOUNT}" if name is None else f"{dialler}#={name}"


def split(target: str) -> tuple[str, str]:
    """(dialler, campaign) of a target."""
    dialler, _, campaign = target.partition("#")
    return dialler, campaign


def is_account(target: str) -> bool:
    """Whether a target may touch every campaign: so does one whose campaign's ID is not known."""
    campaign = split(target)[1]
    return campaign == ACCOUNT or campaign.startswith("=")


def in_words(target: str) -> str:
    """A target as people read it."""
    dialler, campaign = split(target)
    if campaign == ACCOUNT:
        return f"all campaigns on {dialler}"
    return f"campaign {campaign.removeprefix('=')} on {dialler}" if campaign else dialler


def _host(host: str) -> str:
    """A host in one spelling; every loopback address is ``localhost``."""
    host = host.lower().rstrip(".")
    try:
        address = ipaddress.ip_address(_dotted(host).partition("%")[0])
    except ValueError:
        if host == "localhost" or host.endswith(".localhost"):
            return "localhost"
        return _ascii(host)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    address = mapped or address
    if address.is_loopback or address.is_unspecified:  # 0.0.0.0 is connected to as this machine, too
        return "localhost"
    return f"[{address}]" if address.version == 6 else str(address)


def _dotted(host: str) -> str:
    """``127.1`` → ``127.0.0.1``, as the system's own functions read it."""
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return host


def _ascii(host: str) -> str:
    """An international name as DNS has it."""
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host
