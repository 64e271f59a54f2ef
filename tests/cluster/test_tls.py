"""The way to a cluster: TLS with certificates that both sides accept, or nothing unless the configuration allows it."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from urllib.parse import urlsplit

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run
from ..helpers.authority import Authority
from .conftest import Workers, cluster

Contacts = Callable[..., Path]

TOKEN = "tok-never-to-be-seen-on-the-way"


@pytest.fixture(scope="module")
def plain(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    """A cluster without TLS, whose worker has a token."""
    with cluster(tmp_path_factory.mktemp("plain"), 1, authority, None, DIALLER_SYNC_TOKEN=TOKEN) as workers:
        yield workers


@pytest.fixture
def token(dialler: SimulatorServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The dialler wants a token that nobody else has."""
    monkeypatch.setenv("DIALLER_SYNC_TOKEN", TOKEN)
    dialler.token = TOKEN


@contextmanager
def relay(address: str) -> Iterator[tuple[str, bytearray]]:
    """Listens on the way to an address; gives the one to use instead, and what passes."""
    parts = urlsplit(address)
    heard = bytearray()

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                heard.extend(data)
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    class Both(BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection((parts.hostname or "", parts.port or 0)) as far:
                back = threading.Thread(target=pump, args=(far, self.request))
                back.start()
                pump(self.request, far)
                back.join()

    with ThreadingTCPServer(("127.0.0.1", 0), Both) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"{parts.scheme}://127.0.0.1:{server.server_address[1]}", heard
        server.shutdown()


@pytest.mark.usefixtures("token")
def test_nothing_can_be_read_on_the_way(
    workers: Workers,
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
) -> None:
    """By TLS neither rows nor token can, though the workers get both."""
    configure()

    with relay(workers.address) as (address, heard):
        done = run("import", contacts_csv(5), "--cluster", address)

    assert done.code == ExitCode.OK, done.err
    assert len(heard) > 10_000
    assert TOKEN.encode() not in heard
    assert b"+4917139200" not in heard


@pytest.mark.usefixtures("token")
def test_the_token_does_not_travel_without_tls(
    plain: Workers,
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
) -> None:
    """Where the configuration allows it, a cluster without TLS sends, with the workers' own token, and it is said."""
    configure(cluster="{insecure: true}")

    with relay(plain.address) as (address, heard):
        done = run("import", contacts_csv(5), "--cluster", address)

    assert done.code == ExitCode.OK, done.err
    assert "rows are sent unencrypted, and anyone who reaches the" in done.err
    assert b"+4917139200" in heard
    assert TOKEN.encode() not in heard


@pytest.mark.parametrize("shown", ["{}", "{insecure: false}", "as they are"])
def test_a_cluster_without_tls_is_refused(
    shown: str, plain: Workers, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Also on this machine, and with certificates; in one message, before a file is read."""
    configure(**{} if shown == "as they are" else {"cluster": shown})

    done = run("import", contacts_csv(5), "--cluster", plain.address)

    assert done.code == ExitCode.USAGE
    assert "use tls://" in done.err and "insecure: true" in done.err
    assert done.err.count("\n") == 1
    assert not dialler.requests


def test_certificates_that_cannot_be_used(
    workers: Workers,
    authority: Authority,
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
    dialler: SimulatorServer,
    tmp_path: Path,
) -> None:
    """Each is one message that names the key and what to do; nothing is sent."""
    cert, key = authority.certify("ours")
    stranger = Authority(tmp_path, "stranger")
    foreign, foreign_key = stranger.certify("theirs")
    old, old_key = authority.certify("old", -3, -1)
    early, early_key = authority.certify("early", 1, 2)
    readable = tmp_path / "readable key.pem"
    readable.write_bytes(key.read_bytes())
    readable.chmod(0o644)
    both = tmp_path / "both.pem"
    both.write_bytes(cert.read_bytes() + key.read_bytes())
    both.chmod(0o640)
    encrypted = tmp_path / "encrypted.pem"
    encrypted.touch(mode=0o600)
    command = ["openssl", "pkey", "-in", key, "-aes256", "-passout", "pass:word", "-out", encrypted]
    subprocess.run(command, check=True, capture_output=True)
    empty = tmp_path / "empty.pem"
    empty.touch(mode=0o600)
    cases: list[tuple[dict[str, Path], str]] = [
        ({}, "TLS needs certificates: set cluster: {ca_file, cert_file, key_file}"),
        ({"ca_file": tmp_path / "no.pem", "cert_file": cert, "key_file": key}, "cluster.ca_file: "),
        ({"ca_file": empty, "cert_file": cert, "key_file": key}, "cluster.ca_file: "),
        ({"ca_file": authority.ca, "cert_file": tmp_path / "no.pem"}, "cluster.cert_file: "),
        ({"ca_file": authority.ca, "cert_file": cert, "key_file": tmp_path / "no.pem"}, "cluster.key_file: "),
        ({"ca_file": authority.ca, "cert_file": cert, "key_file": foreign_key}, "matching pair"),
        ({"ca_file": authority.ca, "cert_file": cert, "key_file": encrypted}, "has a password"),
        ({"ca_file": authority.ca, "cert_file": cert, "key_file": readable}, f"chmod 600 '{readable}'"),
        (
            {"ca_file": authority.ca, "cert_file": both},
            f"cluster.cert_file: {both} is a private key that others can read",
        ),
        ({"ca_file": authority.ca, "cert_file": old, "key_file": old_key}, "expired on"),
        ({"ca_file": authority.ca, "cert_file": early, "key_file": early_key}, "is the clock right?"),
        ({"ca_file": authority.ca, "cert_file": foreign, "key_file": foreign_key}, "the scheduler refuses our"),
        ({"ca_file": stranger.ca, "cert_file": cert, "key_file": key}, "the scheduler's certificate is not accepted"),
        ({"cert_file": cert, "key_file": key}, "ca_file and cert_file belong together"),
        ({"key_file": key}, "key_file needs ca_file and cert_file: set them, too"),
    ]
    file = contacts_csv(5)
    for shown, message in cases:
        configure(cluster=json.dumps({name: str(path) for name, path in shown.items()}))

        done = run("import", file, "--cluster", workers.address)

        assert done.code == ExitCode.USAGE, (shown, done.err)
        assert message in done.err, (shown, done.err)
        assert done.err.count("\n") == 1, (shown, done.err)
    assert not dialler.requests
    assert not Path("reports").exists()


def test_a_scheduler_that_shows_an_expired_certificate(
    authority: Authority, run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path
) -> None:
    """It is said what is wrong with it."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.certify("expired", -3, -1))
    configure()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection, pytest.raises(ssl.SSLError):
                context.wrap_socket(connection, server_side=True)

        thread = threading.Thread(target=serve)
        thread.start()
        done = run("import", contacts_csv(5), "--cluster", f"tls://127.0.0.1:{listening.getsockname()[1]}")
        thread.join()

    assert done.code == ExitCode.USAGE
    assert "the scheduler's certificate is not accepted: certificate has expired" in done.err


def test_certificates_of_dasks_own_configuration_are_used(
    workers: Workers,
    authority: Authority,
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
    dialler: SimulatorServer,
) -> None:
    """Where the configuration names none; they are held to the same."""
    import dask

    cert, key = map(str, authority.certify("dasks"))
    tls = {"ca-file": str(authority.ca), "client.cert": cert, "client.key": key}
    configure(cluster="{}")
    file = contacts_csv(5)

    with dask.config.set({f"distributed.comm.tls.{name}": path for name, path in tls.items()}):
        done = run("import", file, "--cluster", workers.address)
        Path(key).chmod(0o604)
        refused = run("import", file, "--cluster", workers.address)
        Path(key).chmod(0o600)
        authority.ca.chmod(0o666)
        open_to_all = run("import", file, "--cluster", workers.address)
        authority.ca.chmod(0o600)
    with dask.config.set({f"distributed.comm.tls.{name}": Path(path).read_text() for name, path in tls.items()}):
        inline = run("import", file, "--cluster", workers.address)

    assert done.code == ExitCode.OK, done.err
    assert len(dialler.store.contacts) == 5
    assert refused.code == ExitCode.USAGE
    assert "distributed.comm.tls.client.key in Dask's configuration" in refused.err
    assert open_to_all.code == ExitCode.USAGE
    assert "distributed.comm.tls.ca-file in Dask's configuration" in open_to_all.err
    assert inline.code == ExitCode.USAGE
    assert "write them to files" in inline.err and "PRIVATE" not in inline.err
