"""What a server may cost: the names of a folder, and the time that one answer takes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from ..errors import InputError
from ..text.phrase import figure, phrase

_T = TypeVar("_T")

MOST_NAMES = 100_000
"""Files of a folder, or of all folders of a pattern: each takes memory, and no folder of lists has as many."""

MOST_LETTERS = 500 * MOST_NAMES
"""Characters of all their names, with the folder: a server may give one of any length. An object store tells more of
each."""

SILENCES = 10
"""How often the time that a server may be silent fits into the time of one answer."""


class SlowError(Exception):
    """A server is never silent, but does not come to an end."""


class Names:
    """The names of a folder, or of all those of a pattern, which are counted before they fill the memory."""

    def __init__(self, path: object) -> None:
        self._path = path
        self._number = self._letters = 0

    def count(self, name: str) -> None:
        """Count one more, with its folder.

        Raises:
            InputError: no more are allowed.
        """
        self._number += 1
        self._letters += len(name)
        if self._number > MOST_NAMES:
            raise InputError(
                phrase(
                    "{path}: has more than {most} files: take some of them away.",
                    path=self._path,
                    most=figure(MOST_NAMES),
                )
            )
        if self._letters > MOST_LETTERS:
            raise InputError(
                phrase(
                    "{path}: its names have more than {most} characters in all: take some of the files away.",
                    path=self._path,
                    most=figure(MOST_LETTERS),
                )
            )


def declares_entities(xml: bytes) -> bool:
    """Whether an XML text declares entities: one may stand for a million others. Neither object stores nor spreadsheet
    programs write any."""
    return b"<!DOCTYPE" in xml.replace(b"\0", b"")  # UTF-16 has zeros between


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
