"""Lists at addresses: sftp, https and s3 by real servers on loopback."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run
from ..helpers.authority import Authority
from ..helpers.dialler import line
from ..helpers.stores import SSHD, Sftp, Web, basic, sftp_server, web_server
from .kinds import zipped

HEAD = "Key,Name,Phone"
LIST = "\n".join((HEAD, line("K1"), line("K2"), "")).encode()
PRINTS = f"[{sys.executable}, -c, 'print(\"p@ss word\")']"

Place = Callable[[str, bytes], str]


@pytest.fixture(scope="module")
def sftp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sftp]:
    if SSHD is None:
        pytest.skip("OpenSSH's server is not installed")
    with sftp_server(tmp_path_factory.mktemp("sftp")) as server:
        yield server


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    (tmp_path / "www").mkdir()
    with web_server(tmp_path / "www", Authority(tmp_path, "own")) as server:
        yield server


@pytest.fixture(scope="module")
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


@pytest.fixture(params=["sftp", "https", "s3", "file"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> Place:
    """Put a file there and return its address; the configuration knows the login."""
    kind = request.param
    if kind == "sftp":
        server: Sftp = request.getfixturevalue("sftp")
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

        def put(name: str, content: bytes) -> str:
            import boto3

            boto3.client("s3", endpoint_url=store, region_name="us-east-1").put_object(
                Bucket="lists", Key=f"nightly/{name}", Body=content
            )
            return f"s3://lists/nightly/{name}"

    else:
        configure()

        def put(name: str, content: bytes) -> str:
            (tmp_path / name).write_bytes(content)
            return (tmp_path / name).as_uri()

    return put


def test_a_list_at_an_address_is_imported_as_a_file_is(run: Run, place: Place, dialler: SimulatorServer) -> None:
    """Also an archive; reports name the file, and what failed can be sent again."""
    address = place("list.csv", b"Key,Name,Phone\nK1,Ann,0171 3920011\nK2,Bob,nobody\n")

    done = run("import", address)

    assert done.code == ExitCode.ROWS_FAILED, done.err
    assert [(row["_file"], row["_status"]) for row in done.rows()] == [("list.csv", "succeeded"), ("list.csv", "rejected")]
    assert run("retry").code == ExitCode.ROWS_FAILED
    assert [contact["UserData"] for contact in dialler.store.contacts.values()] == ["K1"]
    inspected = run("inspect", address)
    assert inspected.code == ExitCode.OK
    assert "list.csv" in inspected.out
    archive = place("list.zip", zipped(Path("made.zip"), {"old.csv": b"", "out/new.csv": LIST}).read_bytes())
    assert run("validate", f"{archive}/out/new.csv").code == ExitCode.OK


def test_there_is_no_such_file(run: Run, place: Place) -> None:
    address = place("there.csv", LIST).replace("there", "gone")

    done = run("import", address)

    assert done.code == ExitCode.INPUT
    assert "gone.csv: there is no such file." in done.err
    assert done.err.count("\n") <= 2
