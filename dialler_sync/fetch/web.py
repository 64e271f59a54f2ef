"""Files of web servers: pieces of limited size, as they are sent, and no way that leaves what is encrypted."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import aiohttp
from fsspec.implementations.http import HTTPFileSystem
from yarl import URL

from .copies import BLOCK
from .limits import Pace

_MOST = 4 * BLOCK
"""Bytes of one piece; fsspec asks for two blocks, and takes whatever comes."""


class RefusedError(Exception):
    """What a web server does is not followed; the message says what, and what to do."""


class _Content:
    """The content of an answer, whose pace is watched: aiohttp's time limit is for silence."""

    def __init__(self, content: aiohttp.StreamReader, window: float) -> None:
        self._content = content
        self._pace = Pace(window)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._content, name)

    async def read(self, most: int = -1) -> bytes:
        """Return what has come, at most so much; all there is without ``most``.

        Raises:
            TooSlowError: it comes byte by byte.
        """
        if most < 0:
            pieces = []
            while piece := await self.readany():
                pieces.append(piece)
            return b"".join(pieces)
        return self._counted(await self._content.read(most))

    async def readany(self) -> bytes:
        """Return what has come.

        Raises:
            TooSlowError: it comes byte by byte.
        """
        return self._counted(await self._content.readany())

    def _counted(self, piece: bytes) -> bytes:
        self._pace.add(len(piece))
        return piece


class Answer(aiohttp.ClientResponse):
    """An answer that comes to an end. ``window``: seconds for its head, and over which its content may be slow."""

    window: ClassVar[float]

    async def start(self, connection: Any) -> Any:
        """Read the head; of what is sent, the answer comes when all has been taken."""
        async with asyncio.timeout(self.window if self.method in ("GET", "HEAD") else None):
            started = await super().start(connection)
        self.content = _Content(self.content, self.window)  # type: ignore[assignment]
        return started


class _Piece(Answer):
    async def read(self) -> bytes:
        """Return the body.

        Raises:
            RefusedError: it is longer than what was asked for.
        """
        body = bytearray()
        while piece := await self.content.readany():
            body += piece
            if len(body) > _MOST:
                raise RefusedError("the server sends more than it was asked for. Ask who runs it.")
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
            f"the server leads on to {there.scheme}://{there.host or ''}, which is not encrypted. Ask who runs it for "
            "the address that is meant."
        )


def open_web(login: str, ca_file: Path | None, timeout: float) -> HTTPFileSystem:
    """Return the files of web servers. ``login``: the header Authorization, which goes to no other host."""
    steps = aiohttp.TraceConfig()
    steps.on_request_redirect.append(_follow)
    client: dict[str, Any] = {
        "trust_env": True,
        "timeout": aiohttp.ClientTimeout(total=None, connect=timeout, sock_read=timeout),
        "response_class": type("Piece", (_Piece,), {"window": timeout}),
        "trace_configs": [steps],
        "auto_decompress": False,  # what is packed is unpacked later, with limits
    }
    headers = {"Accept-Encoding": "identity"} | ({"Authorization": login} if login else {})
    tls = {"ssl": ssl.create_default_context(cafile=ca_file)} if ca_file else {}
    return HTTPFileSystem(client_kwargs=client, skip_instance_cache=True, encoded=True, headers=headers, **tls)
