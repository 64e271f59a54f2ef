"""Signals reach the processes of a night, however it was begun."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from dialler_sync.files.portable import interrupt


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("begun", [signal.SIG_IGN, signal.default_int_handler])
def test_a_child_hears_that_it_is_to_end(begun: signal.Handlers) -> None:
    """``night &`` in a script ignores SIGINT, which its children inherit: they went on to their end."""
    before = signal.signal(signal.SIGINT, begun)
    try:
        with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as child:
            interrupt(child)
            code = child.wait(20)
    finally:
        signal.signal(signal.SIGINT, before)

    assert code < 0
