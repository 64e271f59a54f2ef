"""Run a command of the user that prints a secret: no shell, limited time and output, its process group ended."""

from __future__ import annotations

import os
import selectors
import shlex
import subprocess
import sys
import time

from ..errors import ConfigError
from ..text.outward import keep_secret
from ..text.phrase import figure, phrase
from .portable import kill_group

TIMEOUT = 60.0
"""Seconds that the command may take."""

LONGEST = 2**16
"""Most bytes that it may print."""

SAFE_PATH = ("PYTHONSAFEPATH", "dialler-sync")
"""Variable and value that keep Python from loading modules from the current folder."""

_BLANK = ord(" ")
"""The first character that is not a control character."""

_LOOK = 0.05
"""Seconds between two checks for its end, if a child process holds its output open."""


def read_secret(command: list[str] | str, name: str) -> str:
    """Return the secret that the command prints, without the end of its line; it is masked from now on.

    Raises:
        ConfigError: as :func:`run_command`, or it prints nothing, or several lines, or control characters.
    """
    secret = run_command(command, name).strip("\r\n")
    if not secret:
        raise ConfigError(phrase("{name} prints nothing; run it by hand to see why", name=name))
    keep_secret(secret)
    if any(ord(character) < _BLANK for character in secret):  # they would end a header, or a string of a library
        raise ConfigError(
            phrase("{name} prints several lines, or control characters: let it print the secret alone", name=name)
        )
    return secret


def run_command(command: list[str] | str, name: str, *, seconds: float = TIMEOUT) -> str:
    """Return the output of the command, which the configuration has as ``name``. It cannot prompt; its error output is
    discarded, as it may hold the secret.

    Raises:
        ConfigError: it cannot be run, fails, takes too long or prints too much. It and its
            process group are ended; a child with a session of its own is not.
    """
    words = _words(command, name)
    try:
        process = subprocess.Popen(  # noqa: S603
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={name: value for name, value in os.environ.items() if (name, value) != SAFE_PATH},
        )
    except OSError as error:
        raise _cannot_run(name, error.strerror or phrase("it cannot be started")) from None
    try:
        printed = _printed(process, time.monotonic() + seconds, name)
        code = process.returncode
    except subprocess.TimeoutExpired:
        raise ConfigError(
            phrase(
                "{name} has not ended within {seconds:g} seconds; run it by hand to see why", name=name, seconds=seconds
            )
        ) from None
    finally:
        kill_group(process)
        process.wait()
        if process.stdout:
            process.stdout.close()
    if code:
        if code < 0:
            raise ConfigError(
                phrase("{name} was ended by signal {signal}; run it by hand to see why", name=name, signal=-code)
            )
        raise ConfigError(
            phrase("{name} failed with exit code {code}; run it by hand to see why", name=name, code=code)
        )
    try:
        return printed.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(phrase("{name} prints what is not UTF-8 text", name=name)) from None


def _words(command: list[str] | str, name: str) -> list[str]:
    try:
        words = shlex.split(command) if isinstance(command, str) else command
    except ValueError:
        raise _cannot_run(name, phrase("a quote in it has no end")) from None
    if not words or not words[0]:
        raise _cannot_run(name, phrase("it is empty"))
    if any("\0" in word for word in words):
        raise _cannot_run(name, phrase("it has a NUL in it"))
    return words


def _cannot_run(name: str, why: str) -> ConfigError:
    return ConfigError(phrase("{name} cannot be run: {why}", name=name, why=why))


def _printed(process: subprocess.Popen[bytes], deadline: float, name: str) -> bytes:
    """Return all output of the process until it ends, or closes its output."""
    assert process.stdout  # noqa: S101 - for mypy
    if sys.platform == "win32":  # selectors know only sockets there
        return _not_too_long(process.communicate(timeout=max(deadline - time.monotonic(), 0))[0], name)
    printed = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            ended = process.poll() is not None
            if selector.select(0 if ended else _LOOK):
                piece = os.read(process.stdout.fileno(), LONGEST)
                if not piece:
                    break
                printed = _not_too_long(printed + piece, name)
            elif ended:
                return printed
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(process.args, 0)
    process.wait(max(deadline - time.monotonic(), 0))
    return printed


def _not_too_long(printed: bytes, name: str) -> bytes:
    if len(printed) > LONGEST:
        raise ConfigError(
            phrase("{name} prints more than {most} bytes, too many for a secret", name=name, most=figure(LONGEST))
        )
    return printed
