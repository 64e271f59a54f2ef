"""Errors of aiohttp → errors of httpx, in words; some of them show that the request was not sent."""

from __future__ import annotations

import errno
import os
import re
import ssl

import aiohttp
import httpx
from aiohttp.http_exceptions import ContentEncodingError

from ..text.phrase import phrase

NOT_SENT: tuple[type[httpx.TransportError], ...] = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
"""Errors after which the request was certainly not sent; after any other it may have been."""


class TunnelRefused(httpx.ProxyError):
    """A proxy answered ``status`` to the request for a tunnel."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


FOREIGN = (aiohttp.ClientError, OSError)
"""All errors of aiohttp about networks; TimeoutError and the TLS errors are OSErrors."""


_MEANINGS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], type[httpx.TransportError]], ...] = (
    (aiohttp.RedirectClientError, httpx.RemoteProtocolError),
    ((aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError), httpx.UnsupportedProtocol),
    (aiohttp.ClientConnectorError, httpx.ConnectError),  # refused, DNS, TLS handshake, certificate; also a proxy's
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout),
    (aiohttp.ClientHttpProxyError, httpx.ProxyError),  # refused the tunnel that the request was to go through
    (aiohttp.ClientResponseError, httpx.RemoteProtocolError),
    (TimeoutError, httpx.ReadTimeout),
    (Exception, httpx.ReadError),
)
"""The first line that fits counts, as aiohttp's classes overlap; in doubt the request was sent."""


def translate(error: Exception, *, connected: bool = True) -> httpx.TransportError:
    """Translate an error of aiohttp to httpx. ``connected``: there was a connection that the request could go by.

    Without one, what fails as an answer does is a proxy's answer to the request for a tunnel.
    """
    meaning = next(meaning for kinds, meaning in _MEANINGS if isinstance(error, kinds))
    if not connected and not issubclass(meaning, NOT_SENT):
        return httpx.ProxyError(phrase("the proxy opens no tunnel: {said}", said=_words(error)))
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return TunnelRefused(_words(error), error.status)
    if isinstance(error.__cause__, ContentEncodingError):
        return httpx.RemoteProtocolError(error.__cause__.message)
    if isinstance(error, OSError) and _NO_CERTIFICATE.search(str(error)):  # TLS 1.3 says so after the handshake
        return httpx.ConnectError(_words(error))
    return meaning(_words(error))


_NO_CERTIFICATE = re.compile("ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED)")
"""TLS alerts on our certificate, or its absence; the server then takes no request."""


def _words(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return phrase(
            "the certificate of {host}:{port} is not trusted ({certificate_error})",
            host=error.host,
            port=error.port,
            certificate_error=error.certificate_error,
        )
    if _NO_CERTIFICATE.search(str(error)) or "ALERT_HANDSHAKE_FAILURE" in str(error):
        return phrase(
            "the server refuses the TLS handshake; it may require a dialler.client_cert ({error})", error=error
        )
    if isinstance(error, aiohttp.ClientConnectorError):
        cause = error.os_error
        number = cause.errno or 0
        if number in errno.errorcode and not isinstance(cause, ssl.SSLError):  # TLS has numbers of its own
            return f"{error.host}:{error.port}: {os.strerror(number)}"  # asyncio words it "Connect call failed"
        if "WRONG_VERSION_NUMBER" in str(cause):
            return phrase(
                "{host}:{port} answers without TLS: check the port of dialler.base_url ({error})",
                host=error.host,
                port=error.port,
                error=cause,
            )
        why = str(cause).strip() or phrase("the connection broke off")
        return f"{error.host}:{error.port}: {why}"
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return phrase("no connection within the time limit")
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return phrase("the server closed it")
    if isinstance(error, aiohttp.ClientPayloadError):
        return phrase("the answer broke off")
    text = error.message if isinstance(error, aiohttp.ClientResponseError) else str(error)
    return _QUOTED.sub("", text) or type(error).__name__


_QUOTED = re.compile(r"""(?:(?<![\s:])[\s:]++)?\bb['"].*""", re.DOTALL)
"""The part of an answer that aiohttp's parser quotes; it may be a contact."""
