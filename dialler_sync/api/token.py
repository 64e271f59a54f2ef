"""The bearer token: read where it is needed, kept nowhere else."""

from __future__ import annotations

import shlex
import subprocess

from ..config.settings import DiallerSettings
from ..errors import ConfigError
from ..outward import keep_secret

COMMAND_TIMEOUT = 60.0
"""Seconds that ``token_command`` may take."""

_LONG = 12
"""Characters of a word that may be a secret where the whole is not a token."""


def read_token(settings: DiallerSettings) -> str:
    """The token from ``token``, ``token_file`` or ``token_command``.

    Raises:
        ConfigError: there is none, or it cannot be a token. The message never holds what was read.
    """
    if settings.token is not None:
        token, source = settings.token.get_secret_value(), "dialler.token"
    elif settings.token_file is not None:
        source = f"dialler.token_file ({settings.token_file})"
        try:
            token = settings.token_file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{source} cannot be read: {getattr(error, 'strerror', None) or 'not text'}") from None
    elif settings.token_command is not None:
        token, source = _run(settings.token_command), "dialler.token_command"
    else:
        raise ConfigError("there is no token: set dialler.token, token_file or token_command")
    keep_secret(token, *(word for word in token.split() if len(word) >= _LONG))  # also of what is not a token
    token = token.strip()
    if not token:
        raise ConfigError(f"{source} is empty: the dialler's token is made in its portal")
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise ConfigError(
            f"{source} holds characters that no token has; is it the token alone, copied whole, on one line?"
        )
    return token


def _run(command: list[str] | str) -> str:
    """What the user's own command prints. It runs without a shell, and cannot ask."""
    try:
        words = shlex.split(command) if isinstance(command, str) else command
        done = subprocess.run(  # noqa: S603
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8-sig",
            timeout=COMMAND_TIMEOUT,
            check=False,
        )
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise ConfigError(f"dialler.token_command cannot be run: {reason}") from None
    if done.returncode:
        raise ConfigError(f"dialler.token_command failed with exit code {done.returncode}; run it by hand to see why")
    return done.stdout
