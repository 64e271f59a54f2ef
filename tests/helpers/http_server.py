"""A server whose clients may go away."""

from __future__ import annotations

from http.server import ThreadingHTTPServer


class QuietServer(ThreadingHTTPServer):
    """Says nothing about connections that a client has closed: it would stand among the words of the tested command."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Leave it."""
