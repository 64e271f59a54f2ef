"""Ctrl-C, SIGTERM and SIGHUP where a command begins and ends: one message, and the exit code that it has earned."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.cli.startup import interrupt
from dialler_sync.errors import Interrupted
from dialler_sync.exit_codes import ExitCode

from ..conftest import Configure, Run
from ..helpers.signals import BOTH, ENDING

MAIN = "dialler_sync.cli.main"


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """What is heard in this process is as before after each test."""
    before = {number: signal.getsignal(number) for number in ENDING}
    yield
    for number, heard in before.items():
        signal.signal(number, heard)


def doing(do: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Have ``runs list`` do this."""
    monkeypatch.setattr("dialler_sync.cli.app.App.journal", lambda _: do())


@BOTH
def test_a_third_signal_while_the_first_two_are_told(
    number: signal.Signals, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Impatient people press more than once, and must still be told how to go on."""

    def stop() -> None:
        try:
            raise Interrupted("Interrupted. Continue with: dialler-sync resume 7")
        finally:
            signal.raise_signal(number)

    doing(stop, monkeypatch)
    main: Any = sys.modules[MAIN]
    whole = main._interrupted_before

    def pressed_again(error: BaseException) -> Interrupted | None:
        signal.raise_signal(number)
        found: Interrupted | None = whole(error)
        return found

    monkeypatch.setattr(main, "_interrupted_before", pressed_again)

    done = run("runs", "list")

    assert done.code == ExitCode.INTERRUPTED
    assert done.err.strip().endswith("Error: Interrupted. Continue with: dialler-sync resume 7")
    assert done.err.count("Error") == 1


def test_a_second_signal_before_the_first_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command that goes on with the run is named all the same."""

    def stop() -> None:
        try:
            raise Interrupted("Interrupted. Continue with: dialler-sync resume 7")
        finally:
            signal.raise_signal(signal.SIGINT)

    doing(stop, monkeypatch)

    done = run("runs", "list")

    assert done.code == ExitCode.INTERRUPTED
    assert done.err.strip().endswith("Error: Interrupted. Continue with: dialler-sync resume 7")
    assert done.err.count("Error") == 1


@BOTH
def test_a_signal_when_the_command_is_over(number: signal.Signals, configure: Configure) -> None:
    """Python still closes this and that: the exit code is that of the command, and nothing is said."""
    configure()
    code = (
        "import atexit, signal, sys\n"
        f"atexit.register(signal.raise_signal, {int(number)})\n"
        "from dialler_sync.cli import main\n"
        "main(['config', 'check'])\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)

    assert (done.returncode, done.stderr) == (ExitCode.OK, "")


def test_the_database_tells_no_traceback_of_its_own(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Ctrl-C while SQLAlchemy takes a transaction back is logged by it, and raised as well."""

    def fail() -> None:
        logging.getLogger("sqlalchemy.pool.impl.QueuePool").error("Exception during reset or similar", exc_info=True)
        raise KeyboardInterrupt

    doing(fail, monkeypatch)

    assert run("runs", "list").err.strip() == "interrupted"


def test_a_signal_while_an_object_goes_is_told_once_it_is_gone(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Python would show a traceback, and go on."""

    class Going:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    def lose() -> None:
        held = weakref.WeakSet([first := Going()])
        del first  # calls __del__, and what the set does then
        for _ in range(500):  # until the second signal
            time.sleep(0.01)
        raise AssertionError(held)

    doing(lose, monkeypatch)

    done = run("runs", "list")

    assert done.code == ExitCode.INTERRUPTED
    assert "Traceback" not in done.err + capsys.readouterr().err


def test_a_hangup_that_is_ignored_stays_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """``nohup dialler-sync …``."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    heard = []

    def look() -> None:
        heard.extend(map(signal.getsignal, ENDING))
        raise Interrupted("enough")

    doing(look, monkeypatch)

    run("runs", "list")

    assert heard == [interrupt, interrupt, signal.SIG_IGN]


@BOTH
def test_a_signal_while_a_command_loads_its_modules(
    number: signal.Signals, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pydantic and others turn a KeyboardInterrupt into errors of their own, which would pass for bugs."""
    source = "import signal\ntry: signal.raise_signal({})\nexcept KeyboardInterrupt: raise RuntimeError('a bug')\n"
    (tmp_path / f"turns_{number.name}.py").write_text(source.format(int(number)), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    def load() -> None:
        import_module(f"turns_{number.name}")
        threading.Event().wait(20)

    doing(load, monkeypatch)

    done = run("runs", "list")

    assert (done.code, done.err.strip()) == (ExitCode.INTERRUPTED, "interrupted")


def test_ctrl_c_while_the_command_line_is_loaded() -> None:
    """It waits for the end of the module, and leaves the handler of whoever imports it."""
    code = (
        "import signal, sys\n"
        "class Pressed:\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'dialler_sync.cli.main':\n"
        "            try: signal.raise_signal(signal.SIGINT)\n"
        "            except KeyboardInterrupt: raise RuntimeError('a bug')\n"
        "sys.meta_path.insert(0, Pressed())\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from dialler_sync.cli import main\n"
        "print(signal.getsignal(signal.SIGINT) is signal.default_int_handler, flush=True)\n"
        "main(['simulator', '--port', '0'])  # until Ctrl-C\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)

    # The simulator is at work, or about to be; or not begun: then it is the interrupt of this script.
    assert done.returncode in {ExitCode.OK, ExitCode.INTERRUPTED, -signal.SIGINT}
    assert done.stdout.startswith("True\n") or done.returncode == -signal.SIGINT
    assert "Error" not in done.stderr


def test_workers_on_this_machine_leave_signals_to_the_coordinator() -> None:
    """Ctrl-C in a terminal reaches every process of the command: those that Dask started would lose their rows."""
    code = (
        "import os, signal\n"
        "from dialler_sync.cluster.uninterrupted import dask_setup\n"
        "dask_setup(None)\n"
        "for name in ('SIGINT', 'SIGTERM', 'SIGHUP'): os.kill(os.getpid(), getattr(signal, name))\n"
        "print('at work')\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)

    assert (done.returncode, done.stdout, done.stderr) == (0, "at work\n", "")
