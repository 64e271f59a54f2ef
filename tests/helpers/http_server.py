"""An HTTP server that tolerates clients closing their connections."""

from __future__ import annotations

from http.server import ThreadingHTTPServer


class QuietServer(ThreadingHTTPServer):
    """Prints nothing about closed connections, which would mix with the output of the tested command."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore the error."""
