"""Requests a second of ``DiallerClient.import_contact``, beside bare aiohttp that posts the same bodies.

A minimal keep-alive server in a process of its own answers at once, so that what is measured is the client. The two
take turns, as the machine may have other work. ``CPU`` is the client's own processor time for one request, which
other work disturbs less::

    python tests/benchmarks/api_requests.py [--seconds 8] [--connections 32] [--uvloop] [--profile]
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import itertools
import pstats
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import aiohttp
import orjson

from dialler_sync.api import DiallerClient
from dialler_sync.api.pace import Gate
from dialler_sync.config.dialler import DiallerSettings

CONTACT = {
    "DiallerCampaignsID": 538,
    "UserData": "4711-000815",
    "Name": "Müller-Lüdenscheidt",
    "FirstName": "Anna",
    "City": "Berlin",
    "PhoneNumber1": "+491713920011",
    "Amount": 12.5,
}
ROUNDS = 4

Post = Callable[[bytes], Awaitable[object]]


class Answering(asyncio.Protocol):
    """Answers every request alike, as soon as its body is there."""

    record = orjson.dumps({"records": [{"ID": 4711, **CONTACT}], "count": 1, "status": 200})
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        len(record),
        record,
    )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.received = transport, b""

    def data_received(self, data: bytes) -> None:
        self.received += data
        while (end := self.received.find(b"\r\n\r\n")) >= 0:
            head = self.received[:end].lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
            if len(self.received) < end + 4 + length:
                return
            self.received = self.received[end + 4 + length :]
            self.transport.write(self.answer)


async def serve() -> None:
    """Print the port and answer until stdin ends."""
    server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


@dataclass
class Measured:
    """What one of the two has done so far."""

    requests: int = 0
    seconds: float = 0.0
    cpu: float = 0.0

    async def post(self, send: Post, bodies: list[bytes], connections: int, seconds: float) -> None:
        """Post with ``connections`` workers for about ``seconds``."""
        started, cpu = time.perf_counter(), time.process_time()
        deadline, source = started + seconds, itertools.cycle(bodies)

        async def work() -> None:
            while time.perf_counter() < deadline:
                await send(next(source))
                self.requests += 1

        await asyncio.gather(*(work() for _ in range(connections)))
        self.seconds += time.perf_counter() - started
        self.cpu += time.process_time() - cpu


async def measure(port: int, seconds: float, connections: int) -> dict[str, Measured]:
    """Let the two take turns for ``seconds`` together."""
    url = f"http://127.0.0.1:{port}/rest/v1.0"
    bodies = [orjson.dumps({**CONTACT, "UserData": f"4711-{n:06}"}) for n in range(1000)]
    settings = DiallerSettings(base_url=url, clients_id=1, token="benchmark", concurrency=connections)
    headers = {"Authorization": "Bearer benchmark", "Content-Type": "application/json"}
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(DiallerClient(settings, gate=Gate(connections)))
        session = await stack.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=connections), headers=headers)
        )

        async def bare(body: bytes) -> None:
            async with session.post(f"{url}/1/dialler/contacts/import?overwriteDuplicates=true", data=body) as reply:
                assert orjson.loads(await reply.read())["status"] == 200

        async def ours(body: bytes) -> None:
            await client.import_contact(body, overwrite=True)

        ways: dict[str, Post] = {"bare aiohttp": bare, "import_contact": ours}
        done = {name: Measured() for name in ways}
        for _ in range(ROUNDS):
            for name, send in ways.items():
                await done[name].post(send, bodies, connections, seconds / ROUNDS / len(ways))
    return done


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--uvloop", action="store_true")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve())
        return
    factory = None
    if options.uvloop:
        import uvloop

        factory = uvloop.new_event_loop
    profile = cProfile.Profile()
    command = [sys.executable, __file__, "--serve"]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server,
        asyncio.Runner(loop_factory=factory) as runner,
    ):
        assert server.stdout and server.stdin
        if options.profile:
            profile.enable()
        found = runner.run(measure(int(server.stdout.readline()), options.seconds, options.connections))
        profile.disable()
        server.stdin.close()
    for name, one in found.items():
        rate, cpu = one.requests / one.seconds, one.cpu / one.requests * 1e6
        print(f"{name:16} {rate:8,.0f} requests/s   {cpu:6.1f} µs CPU a request")
    bare, ours = found.values()
    print(f"{'ratio':16} {ours.requests * bare.seconds / ours.seconds / bare.requests:8.2f}")
    if options.profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(35)


if __name__ == "__main__":
    main()
