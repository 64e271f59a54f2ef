"""Servers of files on loopback, and the logins to them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ..conftest import Configure
from ..helpers.authority import Authority
from ..helpers.stores import SMBD, SSHD, Sftp, Share, Web, sftp_server, smb_server, web_server


@pytest.fixture(scope="session")
def sftp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sftp]:
    if SSHD is None:
        pytest.skip("OpenSSH's server is not installed")
    with sftp_server(tmp_path_factory.mktemp("sftp")) as server:
        yield server


@pytest.fixture(scope="session")
def share(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Share]:
    if SMBD is None:
        pytest.skip("Samba is not installed")
    with smb_server(tmp_path_factory.mktemp("smb")) as server:
        yield server


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    (tmp_path / "www").mkdir()
    with web_server(tmp_path / "www", Authority(tmp_path, "own")) as server:
        yield server


@pytest.fixture(scope="session")
def bucket() -> Iterator[str]:
    """An object store with the bucket ``lists``; its address."""
    boto3 = pytest.importorskip("boto3")
    server = pytest.importorskip("moto.server").ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    boto3.client("s3", endpoint_url=address, **KEYS, region_name="us-east-1").create_bucket(Bucket="lists")
    try:
        yield address
    finally:
        server.stop()


KEYS = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}


def logins(*entries: str) -> str:
    return "".join(f"\n  {entry}" for entry in entries)


def of_web(web: Web, more: str = "") -> str:
    return f'"https://127.0.0.1:{web.server_address[1]}": {{ca_file: {Path("own-ca.pem").resolve()}{more}}}'


def at(web: Web, name: str) -> str:
    return f"https://127.0.0.1:{web.server_address[1]}/{name}"


@dataclass(frozen=True)
class Remote:
    """A folder at an address that nobody else uses. ``client``: of an object store; else ``here`` is the folder."""

    kind: str
    url: str
    login: str
    here: Path
    client: Any = None

    def put(self, name: str, content: bytes) -> None:
        """Put a file there, as another program does."""
        if self.client:
            self.client.put_object(Bucket="lists", Key=f"{self.here.name}/{name}", Body=content)
        else:
            (self.here / name).parent.mkdir(exist_ok=True)
            (self.here / name).write_bytes(content)

    def delete(self, name: str) -> None:
        """Delete a file there."""
        if self.client:
            self.client.delete_object(Bucket="lists", Key=f"{self.here.name}/{name}")
        else:
            (self.here / name).unlink()

    def files(self) -> dict[str, bytes]:
        """Return what lies there."""
        if not self.client:
            paths = sorted(path for path in self.here.rglob("*") if path.is_file())
            return {path.relative_to(self.here).as_posix(): path.read_bytes() for path in paths}
        found = self.client.list_objects_v2(Bucket="lists", Prefix=f"{self.here.name}/").get("Contents", ())
        read = {each["Key"]: self.client.get_object(Bucket="lists", Key=each["Key"])["Body"].read() for each in found}
        return {key.partition("/")[2]: content for key, content in read.items()}


@pytest.fixture(params=["sftp", "s3", "smb"])
def remote(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Remote:
    """A folder at an address, which the configuration of the test is to know the ``login`` of."""
    name = f"{tmp_path.name}-{uuid4().hex}"
    if request.param == "s3":
        import boto3

        store = request.getfixturevalue("bucket")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        client = boto3.client("s3", endpoint_url=store, region_name="us-east-1")
        return Remote("s3", f"s3://lists/{name}", f'"s3://lists": {{endpoint_url: "{store}"}}', Path(name), client)
    server = request.getfixturevalue({"sftp": "sftp", "smb": "share"}[request.param])
    (server.files / name).mkdir()
    return Remote(request.param, server.url(name), server.login, server.files / name)


Place = Callable[[str, bytes], str]
Pipe = Callable[[bytes], None]


@pytest.fixture(params=["sftp", "https", "s3", "smb", "file"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> Place:
    """Put a file there and return its address; the configuration knows the login."""
    kind = request.param
    if kind in {"sftp", "smb"}:
        server: Sftp | Share = request.getfixturevalue({"sftp": "sftp", "smb": "share"}[kind])
        configure(sources=logins(server.login))

        def put(name: str, content: bytes) -> str:
            (server.files / name).write_bytes(content)
            return server.url(name)

    elif kind == "https":
        web: Web = request.getfixturevalue("web")
        configure(sources=logins(of_web(web)))

        def put(name: str, content: bytes) -> str:
            (tmp_path / "www" / name).write_bytes(content)
            return at(web, name)

    elif kind == "s3":
        store = request.getfixturevalue("bucket")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        configure(sources=logins(f'"s3://lists": {{endpoint_url: "{store}"}}'))
        client = pytest.importorskip("boto3").client("s3", endpoint_url=store, region_name="us-east-1")

        def put(name: str, content: bytes) -> str:
            client.put_object(Bucket="lists", Key=f"nightly/{name}", Body=content)
            return f"s3://lists/nightly/{name}"

    else:
        configure()

        def put(name: str, content: bytes) -> str:
            (tmp_path / name).write_bytes(content)
            return (tmp_path / name).as_uri()

    return put


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Pipe:
    """Have standard input hold something."""

    def pipe(content: bytes) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))

    return pipe
