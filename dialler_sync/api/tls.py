"""Certificates: whom to trust, and what to show."""

from __future__ import annotations

import ssl

from ..config.settings import DiallerSettings
from ..errors import ConfigError


def tls_context(settings: DiallerSettings) -> ssl.SSLContext:
    """Trusts ``ca_file``, or the system's authorities, and shows ``client_cert``.

    Raises:
        ConfigError: a file cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"dialler.ca_file: {settings.ca_file} cannot be used: {error}") from error
    if settings.client_cert is None:
        return context
    for name in ("client_cert", "client_key"):
        path = getattr(settings, name)
        try:
            if path is not None:
                path.read_bytes()
        except OSError as error:
            raise ConfigError(f"dialler.{name}: {path} cannot be read: {error.strerror}") from error
    try:
        context.load_cert_chain(settings.client_cert, settings.client_key, password=_no_password)
    except _Encrypted:
        raise ConfigError(
            f"dialler.client_key: {settings.client_key or settings.client_cert} has a password, which nobody can be "
            "asked for: store the key without one (openssl pkey -in KEY -out NEW), readable only by this user"
        ) from None
    except (OSError, ssl.SSLError) as error:
        where = settings.client_key or "the same file"
        raise ConfigError(
            f"dialler.client_cert: {settings.client_cert} and its key ({where}) cannot be used as PEM files that "
            f"belong together: {error}"
        ) from error
    return context


class _Encrypted(Exception):
    """The key has a password."""


def _no_password() -> str:
    raise _Encrypted
