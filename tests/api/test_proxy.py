"""Which proxy the environment names."""

from __future__ import annotations

import pytest

from dialler_sync.config.proxy import find_proxy
from dialler_sync.errors import ConfigError

HTTPS = "https://dialler.example.com/rest/v1.0"
PROXY = "http://proxy:3128"

FOUND: list[tuple[str, dict[str, str], str | None]] = [
    (HTTPS, {}, None),
    (HTTPS, {"HTTPS_PROXY": "proxy:3128"}, PROXY),
    (HTTPS, {"https_proxy": PROXY, "HTTPS_PROXY": "other:1"}, PROXY),
    (HTTPS, {"https_proxy": "", "ALL_PROXY": "proxy:3128"}, PROXY),
    (HTTPS, {"http_proxy": "other:1", "all_proxy": "HTTP://proxy:3128"}, PROXY),
    (HTTPS, {"HTTPS_PROXY": "proxy:3128", "ALL_PROXY": "socks5://other:1"}, PROXY),
    (HTTPS, {"HTTPS_PROXY": "https://user:p%40ss@proxy"}, "https://user:p%40ss@proxy"),
    (HTTPS, {"HTTPS_PROXY": "[::1]:3128"}, "http://[::1]:3128"),
    (HTTPS, {"HTTP_PROXY": "proxy:3128"}, None),
    ("http://dialler/", {"HTTP_PROXY": "proxy:3128"}, PROXY),
    ("http://dialler/", {"HTTP_PROXY": "proxy:3128", "REQUEST_METHOD": "GET"}, None),
    ("http://127.0.0.1:1/", {"http_proxy": "proxy:3128", "all_proxy": "proxy:3128"}, None),
]


@pytest.mark.parametrize(("url", "environment", "proxy"), FOUND)
def test_proxy(url: str, environment: dict[str, str], proxy: str | None) -> None:
    """The variable of the scheme before that of all, lower case before upper case; a scheme is not needed."""
    assert find_proxy(url, environment) == proxy


@pytest.mark.parametrize(
    ("url", "exceptions", "direct"),
    [
        (HTTPS, "dialler.example.com", True),
        (HTTPS, "Dialler.Example.com:443", True),
        (HTTPS, "dialler.example.com:8443", False),
        (HTTPS.replace("com/", "com:8443/"), "dialler.example.com:8443", True),
        (HTTPS, "localhost, example.com", True),
        (HTTPS, "localhost .example.com", True),
        (HTTPS, "*.example.com", True),
        (HTTPS, "*", True),
        (HTTPS, "ample.com", False),
        (HTTPS, "", False),
        (HTTPS, ",", False),
        ("https://10.1.2.3/", "10.0.0.0/8", True),
        ("https://10.1.2.3/", "10.1.2.3:443", True),
        ("https://11.1.2.3/", "10.0.0.0/8", False),
        ("https://[fd00::1]:8443/", "[fd00::1]:8443", True),
        ("https://[fd00::1]/", "fd00::1", True),
        ("https://[fd00::1]/", "fd00::/8", True),
    ],
)
def test_no_proxy(url: str, exceptions: str, direct: bool) -> None:
    """By name, domain, address or network, with or without a port."""
    for name in ("NO_PROXY", "no_proxy"):
        assert (find_proxy(url, {"all_proxy": PROXY, name: exceptions}) is None) is direct


@pytest.mark.parametrize(
    "value",
    [
        "socks5://u:secret@h:1", "socks4a://h", "ftp://u:secret@h", "http://", "h:secret", "h h", "u%3Ax:secret@h",
        "http://u:secret%E2%82%AC@h", "u%E2%82%AC:secret@h",
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "all_proxy"])
def test_proxy_that_cannot_be_used(name: str, value: str) -> None:
    """The message names the variable, and no password."""
    with pytest.raises(ConfigError, match=rf"^{name} is") as caught:
        find_proxy(HTTPS, {name: value})

    assert "secret" not in str(caught.value)
