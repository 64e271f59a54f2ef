"""Servers that send, but next to nothing: one byte within each time limit would hold a run for ever."""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from dialler_sync.config.sources import StoreSettings
from dialler_sync.errors import InputError
from dialler_sync.fetch import limits
from dialler_sync.fetch.remote import download
from dialler_sync.fetch.sftp import _Client
from dialler_sync.files.url import Url

from .test_lists_from_elsewhere import Answer, server

__all__ = ["server"]

TIMEOUT = 0.2
SLOW = "sends fewer than 1,000 bytes a second. Try again later, or raise sources: timeout."
over = Event()
"""Never set: to wait for it is to wait."""


def drip(request: BaseHTTPRequestHandler, text: str) -> None:
    """Send a text byte by byte, each well within the time limit."""
    for sign in text:
        request.wfile.write(sign.encode())
        over.wait(TIMEOUT / 4)


def slow_body(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200 if request.command == "HEAD" else 206)
    for name, value in {"Content-Length": "1000", "Accept-Ranges": "bytes", "ETag": '"a"'}.items():
        request.send_header(name, value)
    request.send_header("Last-Modified", "Sun, 29 Nov 2026 20:15:12 GMT")
    if request.command == "GET":
        request.send_header("Content-Range", "bytes 0-999/1000")
    request.end_headers()
    if request.command == "GET":
        drip(request, "K" * 1000)


def of_unknown_length(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Connection", "close")
    request.end_headers()
    if request.command == "GET":
        drip(request, "K" * 1000)


def slow_head(request: BaseHTTPRequestHandler) -> None:
    drip(request, "HTTP/1.1 200 OK\r\n" + "X-More: x\r\n" * 100)


@pytest.mark.parametrize(
    ("answer", "message"),
    [(slow_body, SLOW), (of_unknown_length, SLOW), (slow_head, "does not answer in time")],
)
def test_a_web_server(server: tuple[str, list[Answer]], answer: Answer, message: str) -> None:
    address, answers = server
    answers.append(answer)

    with pytest.raises(InputError, match=message):
        download(Url(f"{address}/list.csv"), {address: StoreSettings(timeout=TIMEOUT)}, 100, pause=0)


def test_an_object_store(server: tuple[str, list[Answer]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s3fs.S3FileSystem.retries", 1)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    address, answers = server
    answers.append(slow_body)
    store = StoreSettings(timeout=TIMEOUT, endpoint_url=address)

    with pytest.raises(InputError, match=SLOW):
        download(Url("s3://lists/list.csv"), {"s3://lists": store}, 100, pause=0)


def test_an_sftp_server(clock: Callable[[float], None]) -> None:
    """Each byte comes well within the time limit of the channel."""

    def recv(_: int) -> bytes:
        clock(20)
        return b"K"

    channel = SimpleNamespace(gettimeout=lambda: 30.0, recv=recv)
    client: Any = SimpleNamespace(get_channel=lambda: channel)

    with pytest.raises(TimeoutError, match=SLOW):
        _Client._read_all(client, 1000)


def test_a_slow_link_is_no_broken_one(clock: Callable[[float], None]) -> None:
    """What comes is counted over the whole time limit, and a new one begins then."""
    pace = limits.Pace(30)
    for _ in range(100):
        pace.add(10_000)
        clock(9)
    clock(1_000)

    with pytest.raises(limits.TooSlowError):
        pace.add(10_000)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Put the clock forward."""
    now = [0.0]
    monkeypatch.setattr(limits.time, "monotonic", lambda: now[0])

    def later(seconds: float) -> None:
        now[0] += seconds

    return later
