"""Certificates that are shown to the dialler."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from pydantic import ValidationError

from dialler_sync.api import DiallerClient
from dialler_sync.config.dialler import DiallerSettings
from dialler_sync.errors import ConfigError, NotDone

from ..helpers.scripted import DONE, Certificate, ScriptedServer, settings

BODY = b'{"Name": "M"}'


@pytest.fixture
def asking(certificate: Certificate) -> ssl.SSLContext:
    """A server that wants a certificate, and trusts the one that it has itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.path, certificate.path.with_name("key.pem"))
    context.load_verify_locations(certificate.path)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


@pytest.mark.anyio
@pytest.mark.parametrize("form", ["two files", "one file"])
async def test_client_certificate_is_shown(
    form: str, certificate: Certificate, asking: ssl.SSLContext, tmp_path: Path
) -> None:
    """Certificate and key, in two files or in one."""
    key = certificate.path.with_name("key.pem")
    both = tmp_path / "both.pem"
    both.touch(mode=0o600)
    both.write_text(certificate.path.read_text() + key.read_text())
    shown = {"client_cert": certificate.path, "client_key": key} if form == "two files" else {"client_cert": both}
    async with (
        ScriptedServer([DONE], tls=asking) as server,
        DiallerClient(server.settings(ca_file=certificate.path, **shown)) as client,
    ):
        assert (await client.import_contact(BODY, overwrite=True)).id == "4711"


@contextmanager
def refusing(context: ssl.SSLContext) -> Iterator[str]:
    """Say by TLS why there is no connection, as servers do."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection, suppress(OSError):
                secure = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
                try:
                    secure.do_handshake()
                except ssl.SSLError:
                    socket.socket.shutdown(secure, socket.SHUT_WR)
                    while socket.socket.recv(secure, 4096):
                        pass
                finally:
                    secure.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}/rest"
        thread.join()


@pytest.mark.anyio
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=lambda v: v.name)
async def test_client_certificate_that_is_wanted_and_not_set(
    version: ssl.TLSVersion, certificate: Certificate, asking: ssl.SSLContext
) -> None:
    """Nothing was done, also where TLS says so only after the handshake; the message names the key to set."""
    asking.maximum_version = version
    with refusing(asking) as url:
        async with DiallerClient(settings(url, ca_file=certificate.path)) as client:
            with pytest.raises(NotDone, match=r"dialler\.client_cert") as caught:
                await client.import_contact(BODY, overwrite=True)

    assert caught.value.code == "unreachable"


def test_client_certificate_that_cannot_be_used(certificate: Certificate, tmp_path: Path) -> None:
    """It is said before anything is sent, and nobody is asked for a password."""
    key, secret = certificate.path.with_name("key.pem"), tmp_path / "secret.pem"
    command = ["openssl", "pkey", "-in", key, "-aes256", "-passout", "pass:word", "-out", secret]
    subprocess.run(command, check=True, capture_output=True)
    other = tmp_path / "other.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", other], check=True, capture_output=True)
    cases: list[tuple[Path, Path | None, str]] = [
        (tmp_path / "none.pem", None, r"dialler\.client_cert: .*none\.pem cannot be read: No such file"),
        (certificate.path, tmp_path / "none.pem", r"dialler\.client_key: .*none\.pem cannot be read"),
        (certificate.path, None, r"dialler\.client_cert: .* are not a matching pair"),
        (certificate.path, other, r"dialler\.client_cert: .*other\.pem.* are not a matching pair"),
        (certificate.path, secret, r"dialler\.client_key: .*secret\.pem has a password"),
    ]
    for shown, its_key, message in cases:
        with pytest.raises(ConfigError, match=message):
            DiallerClient(settings("https://dialler.invalid", client_cert=shown, client_key=its_key))


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o602, 0o611], ids=oct)
def test_key_that_others_can_use(mode: int, certificate: Certificate, tmp_path: Path) -> None:
    """Refused with the command that mends it, also where certificate and key are one file."""
    key, both = tmp_path / "a key.pem", tmp_path / "both.pem"
    key.write_bytes(certificate.path.with_name("key.pem").read_bytes())
    both.write_bytes(certificate.path.read_bytes() + key.read_bytes())
    key.chmod(mode)
    both.chmod(mode)

    with pytest.raises(ConfigError, match=rf"^dialler\.client_key: .*: chmod 600 '{key}'$"):
        DiallerClient(settings("https://dialler.invalid", client_cert=certificate.path, client_key=key))
    with pytest.raises(ConfigError, match=rf"^dialler\.client_cert: .*: chmod 600 {both}$"):
        DiallerClient(settings("https://dialler.invalid", client_cert=both))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root owns files of root's")
def test_key_that_is_mounted(certificate: Certificate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """root's file in a container is not changed there, but where it is mounted."""
    key = tmp_path / "key.pem"
    key.write_bytes(certificate.path.with_name("key.pem").read_bytes())
    key.chmod(0o644)
    monkeypatch.setattr(os, "geteuid", lambda: 54321)

    with pytest.raises(
        ConfigError, match=r"chmod 640 .*key\.pem \(of a Kubernetes secret: defaultMode: 0440, with fsGroup"
    ):
        DiallerClient(settings("https://dialler.invalid", client_cert=certificate.path, client_key=key))
    key.chmod(0o440)
    DiallerClient(settings("https://dialler.invalid", client_cert=certificate.path, client_key=key))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give files away")
def test_key_that_belongs_to_another_user(
    certificate: Certificate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They know it; whoever typed ``sudo`` may."""
    key = tmp_path / "key.pem"
    key.touch(mode=0o600)
    key.write_bytes(certificate.path.with_name("key.pem").read_bytes())
    os.chown(key, 54321, 54321)
    monkeypatch.setenv("SUDO_UID", "54322")

    with pytest.raises(ConfigError, match=r"^dialler\.client_key: .* belongs to another user"):
        DiallerClient(settings("https://dialler.invalid", client_cert=certificate.path, client_key=key))
    monkeypatch.setenv("SUDO_UID", "54321")
    DiallerClient(settings("https://dialler.invalid", client_cert=certificate.path, client_key=key))
    key.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        DiallerClient(settings("https://dialler.invalid", client_cert=certificate.path, client_key=key))


@pytest.mark.parametrize(
    ("base_url", "keys", "message"),
    [
        ("https://dialler.invalid", {"client_key": "k.pem"}, "client_key needs client_cert: set it, too"),
        ("http://127.0.0.1", {"client_cert": "c.pem"}, "client_cert needs https, but base_url is plain http"),
    ],
)
def test_client_certificate_that_would_not_be_shown(base_url: str, keys: dict[str, str], message: str) -> None:
    """A setting that does nothing is an error."""
    with pytest.raises(ValidationError, match=message):
        DiallerSettings.model_validate({"base_url": base_url, "clients_id": 1, "token": "x", **keys})
