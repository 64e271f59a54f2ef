"""Files of web servers: pieces of limited size, as they are sent, and no way that leaves what is encrypted."""

from __future__ import annotations

import re
import ssl
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
from fsspec.implementations.http import HTTPFileSystem
from yarl import URL

from ..config.proxy import find_proxy
from ..text.phrase import phrase
from .copies import BLOCK

_MOST = 4 * BLOCK
"""Most bytes of one piece; fsspec asks for two blocks, and accepts any number."""


class RefusedError(Exception):
    """A web server asks for something that is refused; the message says what, and what to do."""


def require_part(asked: str, told: str, status: int) -> None:
    """Require that an answer begins where it was asked to, which libraries believe. ``asked``: the header Range;
    ``told``: the header Content-Range.

    Raises:
        RefusedError: it begins elsewhere, or is a part where the whole was asked for: such parts would make a list that
            nobody has written.
    """
    begin, end, size = _numbers(_TOLD, told)
    part = status == _PART and not asked and end + 1 != size  # some give the whole as a part
    if status in _GIVEN and (part or begin != _numbers(_ASKED, asked)[0]):
        raise RefusedError(
            phrase("the server gives another part of the file than it was asked for. Start again, or ask who runs it.")
        )


def _numbers(pattern: re.Pattern[str], header: str) -> list[int]:
    found = pattern.match(header)
    return list(map(int, found.groups("0"))) if found else [0] * pattern.groups


_ASKED = re.compile(r"bytes=(\d{1,19})-")
_TOLD = re.compile(r"bytes[ =]\s{0,9}(\d{1,19})-(?:(\d{1,19})/(\d{1,19})?)?", re.IGNORECASE)
_GIVEN, _PART = range(200, 300), 206


class _Piece(aiohttp.ClientResponse):
    async def read(self) -> bytes:
        """Return the body.

        Raises:
            RefusedError: it is longer than what was asked for.
        """
        body = bytearray()
        while piece := await self.content.readany():
            body += piece
            if len(body) > _MOST:
                raise RefusedError(phrase("the server sends more than it was asked for. Ask who runs it."))
        return bytes(body)


async def _follow(_session: aiohttp.ClientSession, _context: SimpleNamespace, step: Any) -> None:
    """Refuse a redirect from https to another scheme, and from http to another machine.

    Raises:
        RefusedError: it is one.
    """
    here: URL = step.response.url
    there = here.join(URL(step.response.headers.get("Location") or step.response.headers.get("URI", "")))
    if there.scheme != "https" and (there.scheme, there.host) != ("http", here.host if here.scheme == "http" else ""):
        raise RefusedError(
            phrase(
                "the server leads on to {url}, which is not encrypted. Ask who runs it for the address that is meant.",
                url=f"{there.scheme}://{there.host or ''}",
            )
        )


async def _by_its_proxy(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Send a request by the proxy of its own address: none to this machine, whatever the variables say.

    aiohttp's way to find it (``trust_env``) would also send what ``~/.netrc`` has for a host that a redirect names.
    """
    proxy = find_proxy(str(request.url))
    request.update_proxy(URL(proxy) if proxy else None, None, None)
    response = await send(request)
    try:
        require_part(request.headers.get("Range", ""), response.headers.get("Content-Range", ""), response.status)
    except RefusedError:
        response.close()
        raise
    return response


def open_web(login: str, ca_file: Path | None, timeout: float) -> HTTPFileSystem:
    """Return the files of web servers. ``login``: the header Authorization, which goes to no other host."""
    steps = aiohttp.TraceConfig()
    steps.on_request_redirect.append(_follow)
    client: dict[str, Any] = {
        "middlewares": (_by_its_proxy,),
        "timeout": aiohttp.ClientTimeout(total=None, connect=timeout, sock_read=timeout),
        "response_class": _Piece,
        "trace_configs": [steps],
        "auto_decompress": False,  # what is packed is unpacked later, with limits
    }
    headers = {"Accept-Encoding": "identity"} | ({"Authorization": login} if login else {})
    tls = {"ssl": ssl.create_default_context(cafile=ca_file)} if ca_file else {}
    return HTTPFileSystem(client_kwargs=client, skip_instance_cache=True, encoded=True, headers=headers, **tls)
