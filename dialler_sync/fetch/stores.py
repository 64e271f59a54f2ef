"""File systems of other machines, opened by fsspec with the login that the configuration names."""

from __future__ import annotations

import base64
import logging
import os
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from aiohttp import TooManyRedirects
from aiohttp.http_exceptions import HttpProcessingError

from ..config.proxy import find_proxy
from ..config.sources import StoreSettings
from ..errors import ConfigError
from ..files import trust
from ..files.own_command import read_secret
from ..files.url import Url
from ..text.outward import in_shell, keep_secret
from ..text.phrase import phrase
from ..text.shortage import behind

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_TALKATIVE = ("paramiko", "smbprotocol", "smbclient")
"""Libraries that log tracebacks of broken connections, even at exit; we report them in our own words."""

_VARIABLES = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "BOTO_CONFIG", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
"""They name other files than those of the home folder, which may name hosts, and programs to run; or authorities."""

_HTTP = range(100, 600)
"""The errors of Windows shares have a ``status``, too, which is a large number; aiohttp's own have 0."""

_SENSELESS = (LookupError, TypeError, ValueError)
"""What the libraries raise of an answer that they cannot read."""

_AMAZON = "https://s3.amazonaws.com"
"""An address for which a proxy is looked for as for any at Amazon."""


def open_store(url: Url, settings: StoreSettings) -> tuple[AbstractFileSystem, str]:
    """Return the file system that an address is in, and its path there.

    Raises:
        ConfigError: a command that prints a password or token fails.
        UsageError: others could have changed what says where to go.
        ImportError: the library for this kind of address is not installed.
        Exception: of that library; :func:`reason` says what it means.
    """
    for name in ("ca_file", "key_file", "known_hosts"):
        if path := getattr(settings, name):
            trust.require(f"sources: {name}", path)
    trust.require_usual("~/.config/fsspec", os.environ.get("FSSPEC_CONFIG_DIR"))
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return {"sftp": _sftp, "s3": _s3, "smb": _smb, "https": _https, "http": _https}[url.scheme](url, settings)


def _sftp(url: Url, settings: StoreSettings) -> tuple[AbstractFileSystem, str]:
    from .sftp import open_sftp

    parts = urlsplit(url.full, allow_fragments=False)
    host, path = parts.hostname or "", unquote(url.full.split("://", 1)[1].partition("/")[2])
    if settings.key_file is not None:
        _require_own(settings.key_file)
    files = open_sftp(
        host,
        parts.port,
        unquote(parts.username) if parts.username else settings.username,
        _secret(settings, "password_command"),
        settings.key_file,
        settings.known_hosts,
        settings.timeout,
    )
    return files, f"/{path}"


def _require_own(key: Path) -> None:
    """Refuse a private key that others can read, as ssh does.

    Raises:
        ConfigError: they can, or it is not there.
    """
    try:
        mode = key.stat().st_mode
    except OSError as error:
        raise ConfigError(
            phrase("sources: key_file {key}: cannot be read: {error}", key=key, error=error.strerror)
        ) from error
    if os.name == "posix" and mode & 0o077:
        raise ConfigError(
            phrase("sources: key_file {key}: others can read it: chmod 600 {file}", key=key, file=in_shell(key))
        )


def _s3(url: Url, settings: StoreSettings) -> tuple[AbstractFileSystem, str]:
    folders = os.environ.get("AWS_DATA_PATH", "").split(os.pathsep)
    trust.require_usual("~/.aws", "~/.boto", *map(os.environ.get, _VARIABLES), *folders)
    from .s3 import LimitedS3, OneHostSession, session_of

    keep_secret(*map(os.environ.get, ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")))
    session = session_of(settings.profile)
    trust.require_usual(session.get_config_variable("ca_bundle"))
    client = {"verify": str(settings.ca_file)} if settings.ca_file else {}
    config = {"connect_timeout": settings.timeout, "read_timeout": settings.timeout, "http_session_cls": OneHostSession}
    proxy = find_proxy(settings.endpoint_url or _AMAZON)
    if settings.endpoint_url:  # else botocore finds it for the host that it makes of region and bucket
        config["proxies"] = {urlsplit(settings.endpoint_url).scheme: proxy} if proxy else {}
    files = LimitedS3(
        session=session,
        endpoint_url=settings.endpoint_url,
        client_kwargs=client,
        config_kwargs=config,
        use_listings_cache=False,
        skip_instance_cache=True,
    )
    files.keep_keys()
    return files, url.full.split("://", 1)[1]


def _smb(url: Url, settings: StoreSettings) -> tuple[AbstractFileSystem, str]:
    from .smb import Smb

    parts = urlsplit(url.full, allow_fragments=False)
    files = Smb(
        parts.hostname or "",
        port=parts.port,
        username=unquote(parts.username) if parts.username else settings.username,
        password=_secret(settings, "password_command"),
        timeout=int(settings.timeout),
        share_access="r",
        skip_instance_cache=True,
    )
    return files, f"/{unquote(url.full.split('://', 1)[1].partition('/')[2])}"


def _https(url: Url, settings: StoreSettings) -> tuple[AbstractFileSystem, str]:
    if url.scheme == "https" and settings.ca_file is None:
        trust.require_authorities()
    from .web import open_web

    token, password = _secret(settings, "token_command"), _secret(settings, "password_command")
    login = f"Bearer {token}" if token else ""
    if settings.username and not token:
        login = "Basic " + base64.b64encode(f"{settings.username}:{password or ''}".encode()).decode()
    return open_web(login, settings.ca_file if url.scheme == "https" else None, settings.timeout), url.full


def _secret(settings: StoreSettings, name: str) -> str | None:
    command = getattr(settings, name)
    return None if command is None else read_secret(command, f"sources: {name}")


def reason(error: BaseException, *, writing: bool) -> str:
    """Return what went wrong with a server, and what to do about it."""
    from .limits import SlowError
    from .sftp import reason as of_ssh

    if found := of_ssh(error):
        return found
    from .web import RefusedError

    causes = list(_causes(error))
    # aiohttp says 400 of what its parser cannot read
    unread = next((each for each in causes if isinstance(each, HttpProcessingError)), None)
    for each in causes:
        if isinstance(each, (RefusedError, SlowError)):
            return str(each)
        if isinstance(each, TooManyRedirects):
            return phrase("the server redirects in circles. Ask who runs it for the address that is meant.")
        status = None if unread else _status(each)
        if status in (401, 403):
            return phrase(
                "the server refuses the login (HTTP {status}): check sources: in the configuration.", status=status
            )
        if isinstance(status, int) and status in _HTTP:
            return phrase("the server answers with HTTP {status}. Try again later, or ask who runs it.", status=status)
        if isinstance(each, ssl.SSLCertVerificationError):
            why = getattr(each, "verify_message", "") or each
            return phrase("the server's certificate is not accepted ({why}): set sources: ca_file.", why=why)
        if isinstance(each, socket.gaierror):
            return phrase("there is no such host. Check its name, and this machine's network.")
        name = type(each).__name__
        if name in ("LogonFailure", "SMBAuthenticationError"):
            return phrase("the server refuses the login: set sources: username and password_command.")
        if name in ("NoCredentialsError", "ProfileNotFound", "InvalidAccessKeyId", "SignatureDoesNotMatch"):
            return phrase(
                "there is no valid login ({name}): set the usual AWS variables, or sources: profile.", name=name
            )
        if isinstance(each, TimeoutError) or "Timeout" in name:
            return phrase("the server does not answer in time. Try again later, or raise sources: timeout.")
        if isinstance(each, ConnectionRefusedError):
            return phrase("the server refuses the connection: check host and port.")
    kind = type(error).__name__
    if unread or isinstance(error, _SENSELESS):
        why = unread.message.partition("\n")[0].rstrip(" :") if unread else f"{kind}: {error}"
        return phrase("that makes no sense ({why}). Check the address, or ask who runs the server.", why=why)
    if isinstance(error, ConnectionError | EOFError) or kind == "SMBConnectionClosed":
        return phrase("the connection breaks off ({kind}: {error}). Try again later.", kind=kind, error=error)
    if writing:
        return phrase(
            "cannot be written ({kind}: {error}). Is the disk there full? Try again later.", kind=kind, error=error
        )
    return phrase("cannot be read ({kind}: {error}). Try again later.", kind=kind, error=error)


def _status(error: BaseException) -> object:
    """Return the HTTP status that an error stands for; the libraries of object stores have it in a dictionary."""
    answer = getattr(error, "response", None)
    if isinstance(answer, dict):
        return answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return getattr(error, "status", None)


def _causes(error: BaseException) -> Iterator[BaseException]:
    for each in behind(error):
        yield each
        inner = (getattr(each, name, None) for name in ("os_error", "certificate_error"))
        yield from (found for found in inner if isinstance(found, BaseException))
