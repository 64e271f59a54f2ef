"""What is meant for one host goes to no other: by redirects, by proxies, by certificates and by files of others."""

from __future__ import annotations

import getpass
import os
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import pytest

from dialler_sync.api.tls import tls_context
from dialler_sync.api.transport import _Connector
from dialler_sync.config.dialler import DiallerSettings
from dialler_sync.config.proxy import find_proxy
from dialler_sync.config.sources import StoreSettings
from dialler_sync.errors import InputError, UsageError
from dialler_sync.fetch.folder import RemoteFolder
from dialler_sync.fetch.remote import download, expand
from dialler_sync.files.url import Url, path_of
from dialler_sync.jobs.receivers import _call

from ..helpers.authority import Authority
from ..helpers.http_server import QuietServer
from ..helpers.scripted import settings
from ..helpers.stores import Sftp, Share
from ..sources.conftest import bucket, sftp, share

__all__ = ["bucket", "sftp", "share"]

LIST = b"Key,Name\nK1,A\n"


class Seen(QuietServer):
    """A web server; ``leads_on``: where it redirects to; ``endless``: what it answers has no end."""

    leads_on = ""
    endless = False
    asked: list[tuple[str, dict[str, str]]]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = cast("Seen", self.server)
        server.asked.append((self.path, dict(self.headers)))
        self.send_response(307 if server.leads_on else 200)
        if server.leads_on:
            self.send_header("Location", server.leads_on)
        self.send_header("Content-Length", str(10**12 if server.endless else len(LIST)))
        self.end_headers()
        while self.command != "HEAD":
            self.wfile.write(b"x" * 2**20 if server.endless else LIST)
            if not server.endless:
                break

    do_HEAD = do_POST = do_GET  # noqa: N815 - as the library wants it

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the library has it
        pass


@pytest.fixture
def servers() -> Iterator[list[Seen]]:
    found = [Seen(("127.0.0.1", 0), Handler) for _ in range(2)]
    threads = [Thread(target=each.serve_forever, args=(0.02,)) for each in found]
    for each, thread in zip(found, threads, strict=True):
        each.asked, each.daemon_threads = [], True
        thread.start()
    yield found
    for each, thread in zip(found, threads, strict=True):
        each.shutdown()
        thread.join()
        each.server_close()


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("s3fs")
    for name, value in {
        "ACCESS_KEY_ID": "key",
        "SECRET_ACCESS_KEY": "s3cret-key",
        "SESSION_TOKEN": "s3ssion-t0ken",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.mark.usefixtures("keys")
def test_an_object_store_leads_nobody_with_the_token_to_another_host(servers: list[Seen]) -> None:
    """Its session token is a header of its own, which no library takes away at a redirect."""
    first, other = servers
    first.leads_on = f"{other.address}/list.csv"
    stores = {"s3://lists": StoreSettings(endpoint_url=first.address, timeout=5)}

    with pytest.raises(InputError, match="leads on to another one"):
        download(Url("s3://lists/list.csv"), stores, 100, pause=0)
    assert first.asked
    assert other.asked == []


@pytest.mark.usefixtures("keys")
def test_an_answer_of_an_object_store_without_an_end_is_not_kept_in_memory(
    servers: list[Seen], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The libraries read a page of a listing, and an error, at once."""
    monkeypatch.setattr("dialler_sync.fetch.s3._MOST", 2**21)
    store = servers[0]
    store.endless = True
    stores = {"s3://lists": StoreSettings(endpoint_url=store.address, timeout=5)}

    with pytest.raises(InputError, match="sends more than it was asked for"):
        download(Url("s3://lists/list.csv"), stores, 10_000_000, pause=0)


@pytest.mark.usefixtures("keys")
def test_a_page_of_a_listing_is_shorter_than_an_object(servers: list[Seen], monkeypatch: pytest.MonkeyPatch) -> None:
    """It is XML: 60 MB of it took 1.5 GB."""
    said: list[int] = []
    monkeypatch.setattr("dialler_sync.fetch.s3._Content.__init__", lambda _, __, longest: said.append(longest))
    stores = {"s3://lists": StoreSettings(endpoint_url=servers[0].address, timeout=5)}

    with suppress(InputError):
        expand(Url("s3://lists/*.csv"), stores)

    assert "list-type" in servers[0].asked[0][0]
    assert said[0] == 4 * 2**20


@pytest.mark.parametrize("what", ["list", "message"])
def test_nothing_for_this_machine_goes_to_a_proxy(
    servers: list[Seen], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not encrypted, so it must not leave: neither the login to a list nor a webhook's address."""
    here, proxy = servers
    for name in ("http_proxy", "all_proxy"):
        monkeypatch.setenv(name, proxy.address)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)

    if what == "list":
        stores = {here.address: StoreSettings(token_command=["echo", "t0ken-of-lists"])}
        assert download(Url(f"{here.address}/list.csv"), stores, 100).path.read_bytes() == LIST
    else:
        assert _call("notify.webhook", "", "POST", f"{here.address}/hook", json={})
    assert here.asked
    assert proxy.asked == []


THIS_MACHINE = [
    *("localhost", "LOCALHOST.", "127.0.0.1", "127.1.2.3", "127.1", "2130706433", "0x7f000001", "0.0.0.0"),
    *("[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]"),
]


@pytest.mark.parametrize("host", THIS_MACHINE)
def test_this_machine_however_it_is_written(host: str) -> None:
    proxies = {"http_proxy": "http://proxy:3128", "https_proxy": "http://proxy:3128"}
    assert find_proxy(f"https://{host}:8443/rest", proxies) is None
    assert isinstance(path_of(f"http://{host}/list.csv"), Url)


@pytest.mark.parametrize("host", ["127.999.1.1", "127.0.0.1.example.com", "localhost.example.com", "x.localhost"])
def test_a_name_that_looks_like_this_machine(host: str) -> None:
    """Whoever answers for it in DNS would get what is not encrypted."""
    with pytest.raises(UsageError, match="is not encrypted"):
        path_of(f"http://{host}/list.csv")
    with pytest.raises(ValueError, match=r"plain http would make the token readable|is not a URL that can be called"):
        DiallerSettings(base_url=f"http://{host}/rest", clients_id=1)


@pytest.mark.parametrize(
    ("by_config", "password", "expected"),
    [(False, "p@ss of the key", []), (True, "p@ss of the key", []), (True, "p@ss of the host", ["p@ss of the host"])],
)
@pytest.mark.parametrize("kind", [("ed25519",), ("rsa", "-m", "PKCS8")], ids=" ".join)
def test_the_password_of_a_key_is_not_sent_to_a_host_that_refuses_the_key(
    by_config: bool,
    password: str,
    expected: list[str],
    kind: tuple[str, ...],
    sftp: Sftp,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """paramiko would then log in with it, as with a password of the host's. ``~/.ssh/config`` may name a key for all
    hosts, also for those that want a password; and ssh takes more kinds of keys than paramiko."""
    key = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-N", "p@ss of the key", "-f", key, "-t", *kind], check=True)
    sent: list[str] = []

    def refuse(_: object, __: str, password: str, **___: object) -> None:
        sent.append(password)
        raise paramiko.AuthenticationException

    paramiko = pytest.importorskip("paramiko")
    monkeypatch.setattr("paramiko.Transport.auth_password", refuse)
    monkeypatch.setattr("dialler_sync.fetch.sftp._ssh_config", lambda _: {"identityfile": [str(key)]})
    login = StoreSettings(
        key_file=None if by_config else key, known_hosts=sftp.known_hosts, password_command=["echo", password]
    )

    with pytest.raises(InputError, match=r"the host refuses the login|the private key is in a form that is not read"):
        download(Url(sftp.url("list.csv")), {f"sftp://127.0.0.1:{sftp.port}": login}, 100, pause=0)
    assert sorted(set(sent)) == expected


@pytest.mark.parametrize("accepted", [False, True])
def test_a_host_may_want_a_key_and_a_password(
    accepted: bool, sftp: Sftp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The key has none, so the password is the host's; what else the host asks, nobody is asked at the terminal."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "own"], check=True)
    sent: list[str] = []

    def refuse(_: object, __: str, password: str, **___: object) -> None:
        sent.append(password)
        raise paramiko.AuthenticationException

    paramiko = pytest.importorskip("paramiko")
    monkeypatch.setattr("paramiko.Transport.auth_password", refuse)
    if accepted:
        monkeypatch.setattr("paramiko.Transport.auth_publickey", lambda *_: ["keyboard-interactive"])
        monkeypatch.setattr(
            "paramiko.Transport.auth_interactive", lambda _, __, answer, *___: answer("\x1b[2J", "", [("Code:", True)])
        )
    login = StoreSettings(key_file=tmp_path / "own", known_hosts=sftp.known_hosts)
    address = f"sftp://127.0.0.1:{sftp.port}"

    with_password = login.model_copy(update={"password_command": ["echo", "p@ss of the host"]})
    for each in (with_password, login):
        with pytest.raises(InputError, match="the host refuses the login"):
            download(Url(sftp.url("list.csv")), {address: each}, 100, pause=0)
    assert set(sent) == {"p@ss of the host"}
    assert capsys.readouterr().out == ""


def test_a_share_leads_to_no_other_server(share: Share) -> None:
    """The login that this process has there would read, rename and delete files of that one."""
    (share.files / "link").symlink_to("msdfs:127.0.0.2\\lists")
    login = StoreSettings(username=getpass.getuser(), password_command=["echo", "password"])
    address = f"smb://127.0.0.1:{share.port}"

    with pytest.raises(InputError, match=r"the server leads on to smb://127\.0\.0\.2/lists"):
        download(Url(f"{address}/leading/link/list.csv"), {address: login}, 100, pause=0)
    with pytest.raises(InputError, match="no such file"):
        download(Url(f"{address}/leading/missing.csv"), {address: login}, 100, pause=0)


@pytest.mark.usefixtures("keys")
def test_the_name_of_an_object_leads_to_no_other_object(bucket: str) -> None:
    """s3fs takes what follows ``?versionId=`` for no part of the name."""
    client = pytest.importorskip("boto3").client("s3", endpoint_url=bucket, region_name="us-east-1")
    forged, other = b"Key,Name\nK1,Forged\n", b"Key,Name\nK2,Secret\n"
    client.put_object(Bucket="lists", Key="named/list?versionId=.csv", Body=forged)
    client.put_object(Bucket="lists", Key="named/list", Body=other)
    stores = {"s3://lists": StoreSettings(endpoint_url=bucket, timeout=5)}

    (found,) = expand(Url("s3://lists/named/*.csv"), stores)
    assert download(found, stores, 100).path.read_bytes() == forged

    folder = RemoteFolder(Url("s3://lists/named"), stores)
    folder.delete("list?versionId=.csv")
    assert [each.name for each in folder.listed()] == ["list"]


def test_a_netrc_logs_in_nowhere(servers: list[Seen], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its login would go to whatever host a redirect names, and is nowhere masked."""
    (tmp_path / "netrc").write_text("default login me password n3trc-password\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))

    download(Url(f"{servers[0].address}/list.csv"), {}, 100)

    assert servers[0].asked
    assert not any("Authorization" in headers for _, headers in servers[0].asked)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("name", ["ca_file", "key_file", "known_hosts"])
def test_a_file_of_another_user_decides_on_no_login(name: str, tmp_path: Path) -> None:
    """Who can change the authorities, or the known hosts, can be the server that gets the password."""
    file = tmp_path / "file"
    file.touch(mode=0o600)
    os.chown(file, 54321, 54321)
    scheme = "https" if name == "ca_file" else "sftp"

    with pytest.raises(UsageError, match=rf"sources: {name}.*belongs to"):
        download(
            Url(f"{scheme}://127.0.0.1:1/list.csv"), {f"{scheme}://127.0.0.1:1": StoreSettings(**{name: file})}, 100
        )


@pytest.mark.anyio
async def test_a_client_certificate_is_for_the_dialler_and_not_for_its_proxy(tmp_path: Path) -> None:
    """A proxy that is reached by TLS may ask for one, too."""
    authority = Authority(tmp_path)
    cert, key = authority.certify("me.example")
    ours = settings("https://dialler.invalid", ca_file=authority.ca, client_cert=cert, client_key=key)
    shown, plain = tls_context(ours), tls_context(ours, shown=False)
    connector = _Connector(ssl=shown, to_proxy=plain)

    def context(proxy: str | None) -> Any:
        request = SimpleNamespace(proxy=proxy, is_ssl=lambda: True, ssl=True)
        return connector._get_ssl_context(cast("aiohttp.ClientRequest", request))

    assert (context(None), context("https://proxy")) == (plain, shown)
    assert plain.verify_mode == ssl.CERT_REQUIRED
    await connector.close()
