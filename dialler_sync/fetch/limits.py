"""What a server may cost: the names of a folder, and the time that one answer takes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import TypeVar

from ..errors import InputError
from ..text.phrase import figure, phrase

_T = TypeVar("_T")

MOST_NAMES = 100_000
"""Files of a folder: each takes memory, and no folder of lists has as many."""

SILENCES = 10
"""How often the time that a server may be silent fits into the time of one answer."""


class SlowError(Exception):
    """A server is never silent, but does not come to an end."""


def at_most(found: Iterable[_T], path: object) -> Iterator[_T]:
    """Yield what lies in a folder.

    Raises:
        InputError: too much lies there.
    """
    for number, each in enumerate(found, 1):
        refuse_more(number, path)
        yield each


def refuse_more(number: int, path: object) -> None:
    """Refuse a folder in which ``number`` files have been found.

    Raises:
        InputError: no more are allowed.
    """
    if number > MOST_NAMES:
        raise InputError(
            phrase(
                "{path}: has more than {most} files: take some of them away.",
                path=path,
                most=figure(MOST_NAMES),
            )
        )


def in_time(ask: Callable[[], _T], seconds: float) -> _T:
    """Return the answer of a server. One that sends a byte now and then is never silent: it ends here.

    Raises:
        SlowError: there is no answer after so many seconds; nobody waits for it any more.
        Exception: whatever ``ask`` raises.
    """
    answer: Future[_T] = Future()

    def wait() -> None:
        try:
            answer.set_result(ask())
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            answer.set_exception(error)

    threading.Thread(target=wait, daemon=True).start()
    try:
        return answer.result(seconds)
    except TimeoutError:
        if answer.done():
            raise
        raise SlowError(
            phrase(
                "one answer takes the server longer than {seconds} s. Try again later, or raise sources: timeout.",
                seconds=figure(seconds),
            )
        ) from None
