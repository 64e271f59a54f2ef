"""Find the proxy for requests to an address, in the environment or the system settings."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from ..errors import ConfigError
from ..text.outward import keep_secret
from ..text.phrase import phrase
from ..text.secrets import url_secrets
from .dialler import is_loopback

_PORTS = {"http": 80, "https": 443}


def find_proxy(url: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the URL of the proxy for requests to ``url``; None for direct requests, such as to this machine.

    Variables: ``https_proxy`` or ``http_proxy``, else ``all_proxy``, and ``no_proxy``; names in lower case go first.

    Raises:
        ConfigError: what is named cannot be used. The message names the variable, and never holds a password.
    """
    address = urlsplit(url)
    host, port = address.hostname or "", address.port or _PORTS[address.scheme]
    if is_loopback(url) or _goes_directly(host, port, _first("no_proxy", environment)[1]):
        return None
    for variable in (f"{address.scheme}_proxy", "all_proxy"):
        name, value = _first(variable, environment)
        if value:
            return _usable(name, value)
    system = None if proxy_bypass(host) else getproxies().get(address.scheme)
    return _usable(phrase("the system's proxy"), system) if system else None


def _first(variable: str, environment: Mapping[str, str]) -> tuple[str, str]:
    for name in (variable, variable.upper()):
        # In a CGI program HTTP_PROXY is what a client writes into a header "Proxy".
        if name in environment and not (name == "HTTP_PROXY" and "REQUEST_METHOD" in environment):
            return name, environment[name].strip()
    return variable, ""


def _usable(name: str, value: str) -> str:
    keep_secret(*url_secrets(value))
    written = value if "://" in value else f"http://{value}"
    scheme = written.partition("://")[0].lower()
    if scheme not in _PORTS:
        kind = (
            phrase("a SOCKS proxy")
            if scheme.startswith("socks")
            else phrase("a proxy of the kind '{scheme}'", scheme=scheme)
        )
        raise ConfigError(
            phrase(
                "{name} is {kind}, which dialler-sync cannot use: set it to http://HOST:PORT, or list the "
                "dialler's host in NO_PROXY",
                name=name,
                kind=kind,
            )
        )
    try:
        address = urlsplit(written)
        usable = bool(address.hostname) and (address.port is None or address.port > 0)
        # A password with a sign of URLs in it ends up where the path is, and its first half where the port is.
        usable = usable and address.path in {"", "/"} and not address.query and not address.fragment
        usable = usable and address.netloc.count("@") < 2
    except ValueError:
        usable = False
    if not usable or re.search(r"\s", value):
        raise ConfigError(
            phrase(
                "{name} is not a proxy address: write http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, with "
                "special characters in the password percent-encoded (/ is %2F, # is %23, @ is %40, % is %25)",
                name=name,
            )
        )
    user, password = (unquote(part or "", errors="ignore") for part in (address.username, address.password))
    if ":" in user or not _fits(user + password):
        raise ConfigError(
            phrase(
                "{name} is an address with a login that cannot be sent: its user has a colon, or it has a sign beyond "
                "Latin-1, such as €. Use another login.",
                name=name,
            )
        )
    return f"{scheme}{written[len(scheme) :]}"


def _fits(login: str) -> bool:
    """Whether the libraries can send a login: in Latin-1."""
    try:
        login.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def _goes_directly(host: str, port: int, exceptions: str) -> bool:
    """Whether ``no_proxy`` lists a host: by name, by a domain that it is in, by address or network, with or without
    port, or by ``*``."""
    for entry in re.split(r"[\s,|]+", exceptions.lower()):
        match = re.fullmatch(r"\[?(.+?)\]?(?::(\d{1,5}))?", entry) if entry.count(":") < 2 or "]" in entry else None
        name, only = (match[1], match[2]) if match else (entry, None)
        if name and (only is None or int(only) == port) and (name == "*" or _covers(name, host.lower())):
            return True
    return False


def _covers(name: str, host: str) -> bool:
    domain = name.removeprefix("*").lstrip(".").rstrip(".")
    if domain and (host == domain or host.rstrip(".").endswith(f".{domain}")):
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(name, strict=False)
    except ValueError:
        return False
