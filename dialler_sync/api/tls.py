"""Certificates: authorities to trust, and the client certificate."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from pathlib import Path

from ..config.dialler import DiallerSettings
from ..errors import ConfigError
from ..files.trust import is_trusted, require_authorities
from ..text.outward import in_shell
from ..text.phrase import mark, phrase


@dataclass(frozen=True, slots=True)
class PemFiles:
    """Authorities to trust (None: the system's) and the client certificate, whose key may be in the same file.

    ``names`` are the configuration keys of the three.
    """

    ca: Path | None
    cert: Path | None
    key: Path | None
    names: tuple[str, str, str]


def tls_context(settings: DiallerSettings, *, shown: bool = True) -> ssl.SSLContext:
    """Make the TLS context, with ``ca_file`` or the system's authorities, and ``client_cert`` if that may be ``shown``.

    Raises:
        ConfigError: a file cannot be used.
        UsageError: others could have changed the authorities.
    """
    names = ("dialler.ca_file", "dialler.client_cert", "dialler.client_key")
    return context_of(PemFiles(settings.ca_file, settings.client_cert if shown else None, settings.client_key, names))


def context_of(files: PemFiles) -> ssl.SSLContext:
    """Make a client's TLS context with these files.

    Raises:
        ConfigError: a file cannot be used, or others can read the key.
        UsageError: others could have changed the authorities.
    """
    if files.ca is None:
        require_authorities()
    ca_name, cert_name, key_name = files.names
    try:
        context = ssl.create_default_context(cafile=files.ca)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            phrase("{ca_name}: {ca} cannot be used: {error}", ca_name=ca_name, ca=files.ca, error=error)
        ) from error
    if files.cert is None:
        return context
    for name, path in ((cert_name, files.cert), (key_name, files.key)):
        try:
            if path is not None:
                path.read_bytes()
        except OSError as error:
            raise ConfigError(
                phrase("{name}: {path} cannot be read: {error}", name=name, path=path, error=error.strerror)
            ) from error
    try:
        context.load_cert_chain(files.cert, files.key, password=_no_password)
    except _Encrypted:
        raise ConfigError(
            phrase(
                "{key_name}: {key} has a password. Store the key without one (openssl pkey -in KEY -out NEW), "
                "readable only by this user",
                key_name=key_name,
                key=files.key or files.cert,
            )
        ) from None
    except (OSError, ssl.SSLError) as error:
        where = files.key or phrase("the same file")
        raise ConfigError(
            phrase(
                "{cert_name}: {cert} and its key ({where}) are not a matching pair of PEM files: {error}",
                cert_name=cert_name,
                cert=files.cert,
                where=where,
                error=error,
            )
        ) from error
    _check_private(*((cert_name, files.cert) if files.key is None else (key_name, files.key)))
    return context


def _check_private(name: str, path: Path) -> None:
    """Refuse a key that anybody but this user and root can read; a group may read a key of root's."""
    if os.name != "posix":
        return
    status = path.stat()
    mine = status.st_uid == os.geteuid() or (status.st_uid != 0 and is_trusted(status.st_uid))
    if not mine and status.st_uid:
        raise ConfigError(
            phrase(
                "{name}: {path} belongs to another user, who therefore knows the key: use a key that this user owns",
                name=name,
                path=path,
            )
        )
    if status.st_mode & (0o077 if mine else 0o037):
        raise ConfigError(phrase(_OWN_KEY if mine else _MOUNTED_KEY, name=name, path=path, file=in_shell(path)))


_OWN_KEY = mark("{name}: {path} is a private key that others can read or change: chmod 600 {file}")
_MOUNTED_KEY = mark(
    "{name}: {path} is a private key that others can read or change: chmod 640 {file} (of a Kubernetes secret: "
    "defaultMode: 0440, with fsGroup)"
)
"""root's file, which this user cannot change, is often mounted."""


class _Encrypted(Exception):
    """The key has a password."""


def _no_password() -> str:
    raise _Encrypted
