"""Track the workers of a Dask cluster: which can send rows, and why the others cannot."""

from __future__ import annotations

import asyncio
import logging
import pickle
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..text.phrase import mark, phrase
from ..version import __version__
from .certificates import CONNECT, DOCS
from .sender import check_version

if TYPE_CHECKING:
    from distributed import Client

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """A function call that is made by unpickling.

    Dask's scheduler unpickles every task. Wrapped this way, a task is ``pickle.loads`` with bytes: the scheduler needs
    no dialler-sync, and a worker without it reports its own error.
    """

    function: Callable[[Any], object]
    argument: object

    def __reduce__(self) -> tuple[Callable[[Any], object], tuple[object]]:
        return self.function, (self.argument,)


_LACKING, _LACKING_ON = mark("worker {address}: {reason}"), mark("worker {address} on host {host}: {reason}")


@dataclass(slots=True)
class Workers:
    """The current workers; ``sealed``: they must be reached by TLS.

    ``lacking``: address → reason, for workers that cannot send.
    """

    client: Client
    sealed: bool
    lacking: dict[str, str] = field(default_factory=dict)
    _fit: set[str] = field(default_factory=set)
    _reported: set[str] = field(default_factory=set)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def fit(self) -> list[str]:
        """Return the addresses of workers that can send. A worker that does not answer is asked again next time.

        Raises:
            OSError: the scheduler cannot be reached.
        """
        async with self._lock:
            there = await self.there()
            self._fit &= there
            self.lacking = {address: why for address, why in self.lacking.items() if address in there}
            await asyncio.gather(*(self._examine(address) for address in there - self._fit - self.lacking.keys()))
            return sorted(self._fit)

    async def there(self) -> set[str]:
        """Return the addresses of all workers.

        Raises:
            OSError: the scheduler cannot be reached.
        """
        return set(await self.client.nthreads())

    async def refuse(self, address: str, error: BaseException) -> None:
        """Exclude a worker; ``error`` says why."""
        self._fit.discard(address)
        host = await self._run(address, socket.gethostname)
        form = _LACKING_ON if isinstance(host, str) else _LACKING
        self.lacking[address] = phrase(form, address=address, host=host, reason=_reason(error))

    def warn(self) -> None:
        """Warn about each worker that cannot send, once."""
        for address in sorted(self.lacking.keys() - self._reported):
            self._reported.add(address)
            _log.warning(phrase("{worker}; the run continues without it", worker=self.lacking[address]))

    async def _examine(self, address: str) -> None:
        if self.sealed and not address.startswith("tls://"):
            return await self.refuse(
                address, UsageError(phrase("its connection is not encrypted; start it with --protocol tls"))
            )
        error = await self._run(address, pickle.loads, pickle.dumps(Call(check_version, __version__)))
        if error is None:
            self._fit.add(address)
        elif not isinstance(error, OSError):
            await self.refuse(address, error)
        return None

    async def _run(self, address: str, function: Callable[..., Any], *arguments: object) -> Any:
        """Return the function's result on a worker, or its error; an ``OSError`` if there is no answer."""
        try:
            async with asyncio.timeout(CONNECT):
                answers = await self.client.run(function, *arguments, workers=[address], on_error="return")
            return answers[address]
        except (TimeoutError, OSError, KeyError, ValueError) as error:
            return OSError(str(error))


def line_of(error: BaseException) -> str:
    """Return the first line of an error of Dask or of a worker."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def _reason(error: BaseException) -> str:
    if isinstance(error, (ImportError, AttributeError)):  # AttributeError: a version too old to have check_version
        return phrase(
            "{error}: install 'dialler-sync[cluster]', the same version, where it is started (see {docs})",
            error=line_of(error),
            docs=DOCS,
        )
    return line_of(error)
