"""Real servers of files on loopback: OpenSSH's sftp, Samba, a web server with its own authority."""

from __future__ import annotations

import base64
import functools
import getpass
import http.server
import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .authority import Authority
from .http_server import QuietServer

SSHD = shutil.which("sshd") or ("/usr/sbin/sshd" if Path("/usr/sbin/sshd").is_file() else None)
SMBD = shutil.which("smbd") or ("/usr/sbin/smbd" if Path("/usr/sbin/smbd").is_file() else None)


@dataclass(frozen=True)
class Sftp:
    """A running sftp server: ``key`` logs in, ``known_hosts`` holds its host key. ``files`` is a folder that it has."""

    port: int
    key: Path
    known_hosts: Path
    files: Path

    def url(self, name: str) -> str:
        """Return the address of a file."""
        return f"sftp://127.0.0.1:{self.port}{self.files}/{name}"

    @property
    def login(self) -> str:
        """Its entry under ``sources:``."""
        return f'"sftp://127.0.0.1:{self.port}": {{key_file: {self.key}, known_hosts: {self.known_hosts}}}'


@contextmanager
def sftp_server(folder: Path) -> Iterator[Sftp]:
    """Run an OpenSSH server as this user, in a folder of its own."""
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    port = free_port()
    host_key = (folder / "host.pub").read_text().split()[:2]
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {' '.join(host_key)}\n")
    (folder / "files").mkdir()
    (folder / "sshd_config").write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/user.pub\n"
        "StrictModes no\nUsePAM no\nPidFile none\nPermitRootLogin prohibit-password\nPasswordAuthentication no\n"
        "Subsystem sftp internal-sftp\n"
    )
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where root's server shuts itself in
    assert SSHD
    server = subprocess.Popen([SSHD, "-D", "-e", "-f", folder / "sshd_config"], stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr
        while "listening" not in (line := server.stderr.readline()):
            assert line, "sshd ended"
        yield Sftp(port, folder / "user", folder / "known_hosts", folder / "files")
    finally:
        server.terminate()
        server.wait()
        server.stderr.close()


@dataclass(frozen=True)
class Share:
    """A running Samba server with the share ``lists``, which is the folder ``files``; so is ``leading``, where a link
    to ``msdfs:host\\share`` leads to another server."""

    port: int
    files: Path

    def url(self, name: str) -> str:
        """Return the address of a file."""
        return f"smb://127.0.0.1:{self.port}/lists/{name}"

    @property
    def login(self) -> str:
        """Its entry under ``sources:``."""
        return f'"smb://127.0.0.1:{self.port}": {{username: {getpass.getuser()}, password_command: echo password}}'


_NT_HASH_OF_PASSWORD = "8846F7EAEE8FB117AD06BDD830B7586C"


@contextmanager
def smb_server(folder: Path) -> Iterator[Share]:
    """Run a Samba server as this user, in a folder of its own; the password of this user, and of ``daemon``, is
    ``password``."""
    (folder / "files").mkdir()
    of_samba = ("private dir", "lock directory", "state directory", "cache directory", "pid directory", "ncalrpc dir")
    folders = [f"{name} = {folder}/{name.partition(' ')[0]}" for name in of_samba]
    for name in of_samba:
        (folder / name.partition(" ")[0]).mkdir()
    users = {getpass.getuser(): os.getuid(), "daemon": 1}
    lines = [f"{user}:{n}:{'X' * 32}:{_NT_HASH_OF_PASSWORD}:[U          ]:LCT-60000000:\n" for user, n in users.items()]
    (folder / "smbpasswd").write_text("".join(lines))
    (folder / "smbpasswd").chmod(0o600)
    port = free_port()
    (folder / "smb.conf").write_text(
        "\n".join((
            "[global]", "server role = standalone server", f"smb ports = {port}", "interfaces = 127.0.0.1",
            "bind interfaces only = yes", *folders, "passdb backend = smbpasswd",
            f"smb passwd file = {folder}/smbpasswd",
            f"log file = {folder}/log", "disable spoolss = yes", "load printers = no",
            "[lists]", f"path = {folder}/files", "read only = no",
            "[leading]", f"path = {folder}/files", "msdfs root = yes", "",
        ))
    )  # fmt: skip
    assert SMBD  # which, when it ends, ends its whole group
    words = [SMBD, "-s", folder / "smb.conf", "--foreground", "--no-process-group", "--debug-stdout"]
    with (folder / "out").open("wb") as out:
        server = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )  # it ends its whole group
    try:
        while not answers(port):
            assert server.poll() is None, (folder / "out").read_text()
        yield Share(port, folder / "files")
    finally:
        server.terminate()
        server.wait()


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def answers(port: int) -> bool:
    """Whether somebody takes connections at a port."""
    with socket.socket() as one:
        one.settimeout(1)
        return one.connect_ex(("127.0.0.1", port)) == 0


class Files(http.server.SimpleHTTPRequestHandler):
    """Files of a folder with ranges; ``needs`` a header Authorization, and counts requests."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Web)
        server.asked.append(f"{self.command} {self.path}")
        if server.needs and self.headers.get("Authorization") != server.needs:
            self.send_error(401)
            return
        path = Path(self.directory) / self.path.lstrip("/").partition("?")[0]
        if not path.is_file():
            self.send_error(404)
            return
        content = path.read_bytes()
        begin, end = 0, len(content)
        if asked := self.headers.get("Range"):
            first, _, last = asked.removeprefix("bytes=").partition("-")
            begin, end = int(first), min(end, int(last) + 1 if last else end)
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(end - begin))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", f'"{hash(content)}"')
        if asked:
            self.send_header("Content-Range", f"bytes {begin}-{end - 1}/{len(content)}")
        self.end_headers()
        if self.command == "GET":
            if server.breaks and end - begin > server.breaks:
                self.wfile.write(content[begin : begin + server.breaks])
                server.breaks = 0
                self.close_connection = True
                return
            self.wfile.write(content[begin:end])

    do_HEAD = do_GET  # noqa: N815 - as the library wants it

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the library has it
        pass


class Web(QuietServer):
    """``needs``: the header that logs in. ``breaks``: bytes after which the next long answer ends."""

    needs = ""
    breaks = 0
    asked: list[str]


@contextmanager
def web_server(folder: Path, authority: Authority | None) -> Iterator[Web]:
    """Serve a folder, over TLS where there is an authority."""
    web = Web(("127.0.0.1", 0), functools.partial(Files, directory=str(folder)))
    web.asked = []
    web.daemon_threads = True
    if authority:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*authority.certify("127.0.0.1"))
        web.socket = context.wrap_socket(web.socket, server_side=True)
    thread = threading.Thread(target=web.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield web
    finally:
        web.shutdown()
        thread.join()
        web.server_close()


def basic(user: str, password: str) -> str:
    """Return the header value of a login by user and password."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
