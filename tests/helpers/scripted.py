"""A server that plays a script byte by byte: the test decides what is sent, and when the connection drops."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import unquote

from dialler_sync.config.dialler import DiallerSettings

TOKEN = "s3cret-t0ken"


@dataclass(frozen=True)
class Received:
    """A request as received: ``target`` is undecoded, ``headers`` are in order, with names in lower case."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    connection: int

    def header(self, name: str) -> str:
        """Return the only header of this name."""
        (value,) = [value for key, value in self.headers if key == name]
        return value

    def query(self, name: str) -> str:
        """Return a query value, percent-decoded once, ``+`` left as it is."""
        pairs = dict(part.split("=", 1) for part in self.target.partition("?")[2].split("&"))
        return unquote(pairs[name])


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate for 127.0.0.1, and a server context that uses it."""

    path: Path
    server: ssl.SSLContext


Step = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class ScriptedServer:
    """Answers the n-th request with ``steps[n]``, and all later ones with the last step.

    A step is bytes to send, or a coroutine function that takes the writer. ``greeting`` is played when a connection is
    made. ``received`` and ``writers`` (one per connection) accumulate; ``ended`` is released once per ended connection.
    """

    steps: list[bytes | Step] = field(default_factory=list)
    greeting: Step | None = None
    tls: ssl.SSLContext | None = None
    received: list[Received] = field(default_factory=list)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    ended: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    async def __aenter__(self) -> Self:
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls)
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.url = f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/rest/v1.0"
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def settings(self, **changes: object) -> DiallerSettings:
        """Return the settings of a client for this server."""
        return settings(self.url, **changes)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        self.writers.append(writer)
        connection = len(self.writers)
        try:
            if self.greeting:
                await self.greeting(writer)
            while not writer.is_closing():
                self.received.append(await _read(reader, connection))
                step = self.steps[min(len(self.received), len(self.steps)) - 1]
                if isinstance(step, bytes):
                    writer.write(step)
                else:
                    await step(writer)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError, asyncio.CancelledError):
            pass  # the client disconnected, or the test is over
        finally:
            writer.transport.abort()
            self.ended.release()


def settings(base_url: str, **changes: object) -> DiallerSettings:
    """Return the settings of a client with a single retry."""
    return DiallerSettings.model_validate(
        {"base_url": base_url, "clients_id": 7, "token": TOKEN, "timeout": 10, "retries": 1, **changes}
    )


async def _read(reader: asyncio.StreamReader, connection: int) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    method, target, _ = first.split(" ")
    headers = [(name.lower(), value.strip()) for name, value in (line.split(":", 1) for line in lines)]
    body = await reader.readexactly(int(dict(headers).get("content-length", 0)))
    return Received(method, target, headers, body, connection)


# Answers


def respond(status: int, body: bytes | object = b"", **headers: str) -> bytes:
    """Return a whole answer: bytes as they are, anything else as JSON. ``retry_after="1"`` is a header."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + content


def records(*found: object, **more: object) -> bytes:
    """Return the answer of a function that returns records."""
    return respond(200, {"records": list(found), "count": len(found), "status": 200, **more})


DONE = records({"ID": 4711, "UserData": "K1", "Name": "Müller"})
NOT_FOUND = respond(404, {"status": 404, "error": "Dialler contact not found"})


# Ways to end


def then_close(data: bytes = b"") -> Step:
    """Send ``data`` and close the connection."""

    async def step(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        writer.close()

    return step


def half_close(data: bytes = b"") -> Step:
    """Send ``data`` and an EOF; the connection stays until the client closes its half."""

    async def step(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        writer.write_eof()

    return step


def then_reset(data: bytes = b"") -> Step:
    """Send ``data`` and reset the connection."""

    async def step(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return step


def then_silence(data: bytes = b"") -> Step:
    """Send ``data``, then nothing until the client gives up."""

    async def step(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await asyncio.Event().wait()

    return step


def dripping(data: bytes, pause: float = 0.05) -> Step:
    """Send ``data`` byte by byte."""

    async def step(writer: asyncio.StreamWriter) -> None:
        for byte in data:
            writer.write(bytes([byte]))
            await asyncio.sleep(pause)

    return step
