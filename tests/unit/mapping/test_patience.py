"""A pattern that takes too long for one cell is ended; many cells may take their time."""

from __future__ import annotations

import re
import signal
import threading
import time

import pytest

from dialler_sync.errors import InputError
from dialler_sync.mapping import patience
from dialler_sync.mapping.patience import each, impatient

SLOW = "a" * 70 + "!"


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "SECONDS", 0.2)


def test_the_pattern_and_the_beginning_of_the_cell_are_named() -> None:
    before = signal.getsignal(signal.SIGVTALRM)

    with pytest.raises(InputError, match=r"columns\.A\.pattern: .* cell 'a{60}…' within 0\.2 seconds"), impatient():
        each(re.compile("(a+)+b").match, ["b", SLOW], "columns.A.pattern")

    assert signal.getsignal(signal.SIGVTALRM) is before
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0, 0)


def test_many_cells_may_take_longer_than_one() -> None:
    def busy(text: str) -> str:
        end = time.process_time() + 0.02
        while time.process_time() < end:
            pass
        return text

    with impatient():
        assert each(busy, "x" * 30, "columns.A.pattern") == ["x"] * 30


def test_in_a_thread_there_is_no_timer() -> None:
    done: list[object] = []
    thread = threading.Thread(target=lambda: done.extend(each(str.upper, ["a"], "columns.A.pattern")))

    thread.start()
    thread.join()

    assert done == ["A"]
