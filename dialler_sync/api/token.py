"""The bearer token: read on demand, stored nowhere else."""

from __future__ import annotations

from ..config.dialler import DiallerSettings
from ..errors import ConfigError
from ..files.own_command import LONGEST, run_command
from ..files.small import read_small
from ..text.outward import keep_secret
from ..text.phrase import phrase

NAME = "dialler.token_command"

_LONG = 12
"""Fewest characters of a word that may be a secret within a text that is not a token."""


def read_token(settings: DiallerSettings) -> str:
    """Return the token from ``token``, ``token_file`` or ``token_command``.

    Raises:
        ConfigError: there is none, or it cannot be a token. The message never holds what was read.
    """
    if settings.token is not None:
        token, source = settings.token.get_secret_value(), "dialler.token"
    elif settings.token_file is not None:
        source = f"dialler.token_file ({settings.token_file})"
        try:
            token = read_small(settings.token_file, LONGEST)
        except FileNotFoundError:
            raise ConfigError(
                phrase(
                    "{source} cannot be read: No such file or directory (if that is the token itself, set "
                    "dialler.token)",
                    source=source,
                )
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                phrase(
                    "{source} cannot be read: {error}",
                    source=source,
                    error=getattr(error, "strerror", None) or phrase("not text"),
                )
            ) from None
    elif settings.token_command is not None:
        token, source = run_command(settings.token_command, NAME), NAME
    else:
        raise ConfigError(phrase("there is no token: set dialler.token, token_file or token_command"))
    keep_secret(token, *(word for word in token.split() if len(word) >= _LONG))  # masked also if it is not a token
    token = token.strip()
    if not token:
        raise ConfigError(
            phrase("{source} is empty: check the variable, file or command that gives the token", source=source)
        )
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise ConfigError(
            phrase(
                "{source} has characters that no token has: it must be the token alone, complete, on one line",
                source=source,
            )
        )
    return token
