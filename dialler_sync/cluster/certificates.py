"""Check the way to a cluster's scheduler before any file is read: TLS, with certificates that both sides accept."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ..api.tls import PemFiles, context_of
from ..config.cluster import ClusterSettings
from ..errors import ConfigError, UsageError
from ..files import trust
from ..text.phrase import mark, phrase

if TYPE_CHECKING:
    from distributed.security import Security

CONNECT = 10.0
"""Seconds within which a scheduler must answer."""

DOCS = "docs/cluster.md"

OURS = ("cluster.ca_file", "cluster.cert_file", "cluster.key_file")
_CA = mark("distributed.comm.tls.ca-file in Dask's configuration")
_CERT = mark("distributed.comm.tls.client.cert in Dask's configuration")
_KEY = mark("distributed.comm.tls.client.key in Dask's configuration")


def security(cluster: str, settings: ClusterSettings) -> Security:
    """Return Dask's TLS settings for the scheduler at an address; plain ones for ``tcp://``.

    Raises:
        UsageError: a certificate is missing or cannot be used.
    """
    from distributed.security import Security

    if not cluster.startswith("tls://"):
        return Security(require_encryption=False)
    files = _files(cluster, settings)
    context_of(files)
    for path, name in zip((files.ca, files.cert), files.names, strict=False):
        if path is not None:
            check_dates(path, name)
    return Security(
        require_encryption=True,
        tls_ca_file=str(files.ca),
        tls_client_cert=str(files.cert),
        tls_client_key=str(files.key) if files.key else None,
    )


def check_scheduler(cluster: str, host: str, port: int, settings: ClusterSettings) -> None:
    """Check that a scheduler listens at the address and, for ``tls://``, that both sides accept each other's
    certificate.

    Raises:
        UsageError: the check failed; the message says why.
    """
    if not cluster.startswith("tls://") and not settings.insecure:
        raise UsageError(
            phrase(
                "--cluster {cluster}: without TLS, anyone who reaches the scheduler can run code on the workers "
                "and read the rows: use tls://, with cluster: {{ca_file, cert_file, key_file}} in the "
                "configuration, or allow it there with cluster: {{insecure: true}} (see {docs})",
                cluster=cluster,
                docs=DOCS,
            )
        )
    tls = security(cluster, settings).get_connection_args("client")["ssl_context"]
    try:
        connection = socket.create_connection((host, port), timeout=CONNECT)
    except OSError as error:
        raise UsageError(
            phrase(
                "--cluster {cluster}: there is no scheduler ({error}); start one with 'dask scheduler' (see {docs})",
                cluster=cluster,
                error=error.strerror or error,
                docs=DOCS,
            )
        ) from error
    with connection:
        if tls:
            _shake_hands(cluster, connection, tls)


def _shake_hands(cluster: str, connection: socket.socket, tls: ssl.SSLContext) -> None:
    try:
        with tls.wrap_socket(connection) as secure:
            # The scheduler speaks first; only its greeting proves that it accepts our certificate.
            answer = secure.recv(1)
    except ssl.SSLCertVerificationError as error:
        raise UsageError(
            phrase(
                "--cluster {cluster}: the scheduler's certificate is not accepted: {reason}; is "
                "cluster.ca_file the authority that signed it? (see {docs})",
                cluster=cluster,
                reason=error.verify_message,
                docs=DOCS,
            )
        ) from error
    except ssl.SSLError as error:
        reason = (error.reason or str(error)).lower().replace("_", " ")
        if "alert" in reason:
            fault = phrase(
                "--cluster {cluster}: the scheduler refuses our certificate ({reason}): its authority must have signed "
                "cluster.cert_file (see {docs})",
                cluster=cluster,
                reason=reason,
                docs=DOCS,
            )
        else:
            fault = phrase(
                "--cluster {cluster}: the server there does not speak TLS ({reason}): start it with --protocol tls "
                "(see {docs})",
                cluster=cluster,
                reason=reason,
                docs=DOCS,
            )
        raise UsageError(fault) from error
    except OSError as error:
        raise UsageError(
            phrase(
                "--cluster {cluster}: the server there is not a Dask scheduler ({error})", cluster=cluster, error=error
            )
        ) from error
    if not answer:
        raise UsageError(
            phrase(
                "--cluster {cluster}: the scheduler closes the connection; its log says why (see {docs})",
                cluster=cluster,
                docs=DOCS,
            )
        )


def _files(cluster: str, settings: ClusterSettings) -> PemFiles:
    if settings.ca_file:
        return PemFiles(settings.ca_file, settings.cert_file, settings.key_file, OURS)
    from distributed.security import Security

    named = Security().get_tls_config_for_role("client")
    ca, cert, key = (named[name] for name in ("ca_file", "cert", "key"))
    if not ca or not cert:
        raise UsageError(
            phrase(
                "--cluster {cluster}: TLS needs certificates: set cluster: {{ca_file, cert_file, key_file}} in the "
                "configuration (see {docs})",
                cluster=cluster,
                docs=DOCS,
            )
        )
    if any("\n" in text for text in (ca, cert, key or "")):
        raise UsageError(
            phrase(
                "--cluster {cluster}: certificates stand in Dask's configuration itself: write them to files, and "
                "name these under cluster: in the configuration (see {docs})",
                cluster=cluster,
                docs=DOCS,
            )
        )
    names = (phrase(_CA), phrase(_CERT), phrase(_KEY))
    for path, name in zip((ca, cert, key), names, strict=True):
        if path:
            trust.require(name, Path(path))
    return PemFiles(Path(ca), Path(cert), Path(key) if key else None, names)


def check_dates(path: Path, name: str) -> datetime:
    """Check that a certificate is valid now; return the end of its validity.

    Raises:
        ConfigError: the certificate is expired, not yet valid, or unreadable.
    """
    from cryptography import x509

    now = datetime.now(UTC)
    try:
        first = x509.load_pem_x509_certificates(path.read_bytes())[0]
    except ValueError as error:
        raise ConfigError(
            phrase("{name}: {path} cannot be used: {error}", name=name, path=path, error=error)
        ) from error
    if now > first.not_valid_after_utc:
        raise ConfigError(
            phrase(
                "{name}: {path} expired on {day:%Y-%m-%d}: make a new certificate",
                name=name,
                path=path,
                day=first.not_valid_after_utc,
            )
        )
    if now < first.not_valid_before_utc:
        raise ConfigError(
            phrase(
                "{name}: {path} is valid from {time:%Y-%m-%d %H:%M} UTC on: is the clock right?",
                name=name,
                path=path,
                time=first.not_valid_before_utc,
            )
        )
    return first.not_valid_after_utc
