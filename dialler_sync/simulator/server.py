"""Serve the simulated dialler: in a thread of its own, or until a signal."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_address
from types import TracebackType
from typing import Any, Self

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from ..errors import UsageError
from .app import BASE_PATH, Application, LoggedRequest
from .clock import Clock
from .faults import FaultDice, FaultPlan
from .settings import Settings
from .store import Store
from .strikes import TRANSPORT

_Address = IPv4Address | IPv6Address

_SAVE_EVERY = 0.25
"""Seconds between two saves of the state file, and the longest that due calls wait."""


class SimulatorServer:
    """A dialler on a loopback port, in a thread with its own event loop, for the duration of the ``with`` block.

    ``options`` are fields of Settings. Port 0 picks a free one. On exit, connections are cut, waiting requests are
    dropped, the store is saved (and stays open), and an error of the simulator itself is raised. The block may be
    entered again, on the same port.

    Raises:
        UsageError: the address cannot be bound, or is reachable from other machines without ``exposed``.
    """

    def __init__(
        self,
        store: Store | None = None,
        settings: Settings | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        exposed: bool = False,
        **options: Any,
    ) -> None:
        self.store = store or Store()
        self.application = Application(self.store, replace(settings or Settings(), **options))
        self._host, self._port, self._exposed = host, port, exposed
        self._address: _Address | None = None

    def __enter__(self) -> Self:
        self._socket = _listen(self._host, self._port, exposed=self._exposed)
        self._port, self._address = self._socket.getsockname()[1], _address(self._socket)
        self._server = _Server(self.application, self.store)
        self._thread = threading.Thread(target=self._run, name="dialler simulator", daemon=True)
        self._thread.start()
        self._server.ready.wait()
        if not self._server.started:
            raise self.application.crashes[0]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()
        self._thread.join()
        if self.application.crashes and not isinstance(error, Exception):
            raise self.application.crashes[0]
        self.store.save()

    def wait(self) -> None:
        """Block while the server runs."""
        self._thread.join()

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        except Exception as error:  # noqa: BLE001 - raised in the thread that leaves the block
            self.application.crashes.append(error)
        finally:
            self._server.ready.set()  # also after a failed start: nobody waits for ever

    @property
    def base_url(self) -> str:
        """``http://127.0.0.1:PORT/rest/v1.0``: ``dialler.base_url`` on this machine, without the ClientsID."""
        everywhere = self._address is not None and self._address.is_unspecified
        host = ("::1" if ":" in self._host else "127.0.0.1") if everywhere else self._host
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{self._port}{BASE_PATH}"

    @property
    def exposed(self) -> bool:
        """Whether other machines can reach it."""
        return self._address is not None and not _is_loopback(self._address)

    @property
    def account_url(self) -> str:
        """``base_url`` with the ClientsID: the prefix of every request."""
        return f"{self.base_url}/{self.store.clients_id}"

    @property
    def token(self) -> str:
        """The current token; setting a new one invalidates the old one at once."""
        return self.application.token

    @token.setter
    def token(self, token: str) -> None:
        self.application.token = token

    @property
    def requests(self) -> list[LoggedRequest]:
        """All requests so far, in order of arrival; empty if ``log_requests`` is off."""
        return self.application.requests

    def pass_time(self, seconds: float) -> None:
        """Put the dialler's clock forward, and let it dial as long, before the next request is answered.

        Raises:
            TypeError: the store has a clock of its own.
        """
        if not isinstance(self.store.clock, Clock):
            raise TypeError("only a simulator.Clock can be put forward")
        self.store.clock.skip(seconds)
        self._server.call(self.application.dial)

    def order(self, faults: FaultPlan) -> None:
        """Replace the faults from now on; their request counters restart."""
        self.application.dice = FaultDice(faults)


def serve_forever(
    store: Store,
    settings: Settings,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    exposed: bool = False,
    ready: Callable[[SimulatorServer], None],
) -> None:
    """Serve until Ctrl-C or SIGTERM; ``ready`` is called once the server answers. Main thread only."""
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with SimulatorServer(store, settings, host=host, port=port, exposed=exposed) as server:
            ready(server)
            server.wait()
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, previous)


class _Server(uvicorn.Server):
    """A uvicorn server that signals readiness, saves the store periodically, and stops at once."""

    def __init__(self, application: Application, store: Store) -> None:
        config = uvicorn.Config(
            application,
            http=_exposing_transport(AutoHTTPProtocol),
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=75,
        )
        super().__init__(config)
        self.ready = threading.Event()
        self._application, self._store = application, store

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        self.ready.set()

    def stop(self) -> None:
        """Stop, called from another thread; no effect if it has stopped by itself."""
        with suppress(RuntimeError):  # its loop is closed
            self._loop.call_soon_threadsafe(self._stopped.set)

    def call(self, what: Callable[[], None]) -> None:
        """Call ``what`` in the server's loop, from another thread, and wait for its end."""

        async def called() -> None:
            what()

        asyncio.run_coroutine_threadsafe(called(), self._loop).result()

    async def main_loop(self) -> None:
        try:
            while not self._stopped.is_set():
                await self.on_tick(0)  # renews the Date header
                self._application.dial()
                self._store.save()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopped.wait(), _SAVE_EVERY)
        except BaseException:
            await self.shutdown()
            raise

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - uvicorn passes them
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)  # let requests notice the closed connection before they are cancelled
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _exposing_transport(base: type[asyncio.Protocol]) -> type[asyncio.Protocol]:
    """Return uvicorn's protocol, extended to put the transport into each request's scope, so that faults can cut it."""

    class Protocol(base):  # type: ignore[valid-type, misc]  # the base depends on the installed packages
        app_state: dict[str, Any]

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            self.app_state = {**self.app_state, TRANSPORT: transport}

    return Protocol


def _listen(host: str, port: int, *, exposed: bool) -> socket.socket:
    if not 0 <= port <= 65535:
        raise _cannot_listen(host, port, "ports go from 0 to 65535")
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, ValueError) as error:  # ValueError: not a valid host name
        raise _cannot_listen(host, port, error) from None
    if not exposed and not _is_loopback(
        _address(listening)
    ):  # checked on the bound address, since names and spellings of addresses prove nothing
        listening.close()
        raise UsageError(
            f"Other machines could reach the simulator on {host or 'all addresses'}. Give it a token of its own with "
            "--token, or leave --host as it is (127.0.0.1)."
        )
    # Connections inherit it. Header and body are two writes: without it, the second waits for the client's delayed ACK.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def _is_loopback(address: _Address) -> bool:
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _address(listening: socket.socket) -> _Address:
    return ip_address(listening.getsockname()[0].partition("%")[0])


def _cannot_listen(host: str, port: int, why: object) -> UsageError:
    return UsageError(
        f"The simulator cannot listen on {host}, port {port} ({why}). Choose another with --port; 0 takes a free one."
    )
