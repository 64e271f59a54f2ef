"""The workers of a Dask cluster: which of them can send rows, and what the others lack."""

from __future__ import annotations

import asyncio
import logging
import pickle
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..version import __version__
from .certificates import CONNECT, DOCS
from .sender import check_version

if TYPE_CHECKING:
    from distributed import Client

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """Is the call of a function, made where it is unpickled.

    Dask's scheduler unpickles every task. What it is given so is ``pickle.loads`` and bytes: it needs no dialler-sync,
    and a worker that has none says so in words of its own.
    """

    function: Callable[[Any], object]
    argument: object

    def __reduce__(self) -> tuple[Callable[[Any], object], tuple[object]]:
        return self.function, (self.argument,)


@dataclass(slots=True)
class Workers:
    """The workers that there are at the moment; ``sealed``: they must be reached by TLS.

    ``lacking``: for the address of each that cannot send, what it lacks.
    """

    client: Client
    sealed: bool
    lacking: dict[str, str] = field(default_factory=dict)
    _fit: set[str] = field(default_factory=set)
    _told: set[str] = field(default_factory=set)
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def fit(self) -> list[str]:
        """Addresses of those that can send. One that does not answer is asked again the next time.

        Raises:
            OSError: the scheduler cannot be reached.
        """
        async with self._looking:
            there = await self.there()
            self._fit &= there
            self.lacking = {address: why for address, why in self.lacking.items() if address in there}
            await asyncio.gather(*(self._look_at(address) for address in there - self._fit - self.lacking.keys()))
            return sorted(self._fit)

    async def there(self) -> set[str]:
        """Addresses of all workers.

        Raises:
            OSError: the scheduler cannot be reached.
        """
        return set(await self.client.nthreads())

    async def refuse(self, address: str, error: BaseException) -> None:
        """Give no more rows to a worker, as an error says what it lacks."""
        self._fit.discard(address)
        host = await self._run(address, socket.gethostname)
        at = f" on host {host}" if isinstance(host, str) else ""
        self.lacking[address] = f"worker {address}{at}: {_said(error)}"

    def tell(self) -> None:
        """Name each that lacks something, once."""
        for address in sorted(self.lacking.keys() - self._told):
            self._told.add(address)
            _log.warning("%s; the run goes on without it", self.lacking[address])

    async def _look_at(self, address: str) -> None:
        if self.sealed and not address.startswith("tls://"):
            return await self.refuse(address, UsageError("what it is sent is readable; start it with --protocol tls"))
        error = await self._run(address, pickle.loads, pickle.dumps(Call(check_version, __version__)))
        if error is None:
            self._fit.add(address)
        elif not isinstance(error, OSError):
            await self.refuse(address, error)
        return None

    async def _run(self, address: str, function: Callable[..., Any], *arguments: object) -> Any:
        """What a function gives on a worker, or the error that it raises; an ``OSError`` where there is no answer."""
        try:
            async with asyncio.timeout(CONNECT):
                answers = await self.client.run(function, *arguments, workers=[address], on_error="return")
            return answers[address]
        except (TimeoutError, OSError, KeyError, ValueError) as error:
            return OSError(str(error))


def line_of(error: BaseException) -> str:
    """The first line of what Dask, or a worker, says."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def _said(error: BaseException) -> str:
    if isinstance(error, (ImportError, AttributeError)):  # AttributeError: a version that is too old to be asked
        return f"{line_of(error)}: install 'dialler-sync[cluster]', the same version, where it is started ({DOCS})"
    return line_of(error)
