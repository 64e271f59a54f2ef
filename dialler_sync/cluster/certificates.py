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

if TYPE_CHECKING:
    from distributed.security import Security

CONNECT = 10.0
"""Seconds within which a scheduler must answer."""

DOCS = "see docs/cluster.md"

OURS = ("cluster.ca_file", "cluster.cert_file", "cluster.key_file")
_DASKS = (
    "distributed.comm.tls.ca-file in Dask's configuration",
    "distributed.comm.tls.client.cert in Dask's configuration",
    "distributed.comm.tls.client.key in Dask's configuration",
)


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
            f"--cluster {cluster}: without TLS, anyone who reaches the scheduler can run code on the workers and "
            f"read the rows: use tls://, with cluster: {{ca_file, cert_file, key_file}} in the configuration, or "
            f"allow it there with cluster: {{insecure: true}} ({DOCS})"
        )
    tls = security(cluster, settings).get_connection_args("client")["ssl_context"]
    try:
        connection = socket.create_connection((host, port), timeout=CONNECT)
    except OSError as error:
        raise UsageError(
            f"--cluster {cluster}: there is no scheduler ({error.strerror or error}); start one with "
            f"'dask scheduler' ({DOCS})"
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
            f"--cluster {cluster}: the scheduler's certificate is not accepted: {error.verify_message}; is "
            f"cluster.ca_file the authority that signed it? ({DOCS})"
        ) from error
    except ssl.SSLError as error:
        reason = (error.reason or str(error)).lower().replace("_", " ")
        if "alert" in reason:
            fault = (
                f"the scheduler refuses our certificate ({reason}): its authority must have signed cluster.cert_file"
            )
        else:
            fault = f"the server there does not speak TLS ({reason}): start it with --protocol tls"
        raise UsageError(f"--cluster {cluster}: {fault} ({DOCS})") from error
    except OSError as error:
        raise UsageError(f"--cluster {cluster}: the server there is not a Dask scheduler ({error})") from error
    if not answer:
        raise UsageError(f"--cluster {cluster}: the scheduler closes the connection; its log says why ({DOCS})")


def _files(cluster: str, settings: ClusterSettings) -> PemFiles:
    if settings.ca_file:
        return PemFiles(settings.ca_file, settings.cert_file, settings.key_file, OURS)
    from distributed.security import Security

    named = Security().get_tls_config_for_role("client")
    ca, cert, key = (named[name] for name in ("ca_file", "cert", "key"))
    if not ca or not cert:
        raise UsageError(
            f"--cluster {cluster}: TLS needs certificates: set cluster: {{ca_file, cert_file, key_file}} in the "
            f"configuration ({DOCS})"
        )
    if any("\n" in text for text in (ca, cert, key or "")):
        raise UsageError(
            f"--cluster {cluster}: certificates stand in Dask's configuration itself: write them to files, and name "
            f"these under cluster: in the configuration ({DOCS})"
        )
    return PemFiles(Path(ca), Path(cert), Path(key) if key else None, _DASKS)


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
        raise ConfigError(f"{name}: {path} cannot be used: {error}") from error
    if now > first.not_valid_after_utc:
        raise ConfigError(f"{name}: {path} expired on {first.not_valid_after_utc:%Y-%m-%d}: make a new certificate")
    if now < first.not_valid_before_utc:
        raise ConfigError(
            f"{name}: {path} is valid from {first.not_valid_before_utc:%Y-%m-%d %H:%M} UTC on: is the clock right?"
        )
    return first.not_valid_after_utc
