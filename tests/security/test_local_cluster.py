"""``--cluster local``: whoever else is on this machine reaches nothing of it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from tempfile import gettempdir

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure
from ..helpers.commands import start
from ..helpers.watched import Watched, configure, dialler, store  # noqa: F401 - fixtures
from .users import INTRUDER, is_root

psutil = pytest.importorskip("psutil", reason="Dask is not installed: pip install 'dialler-sync[cluster]'")
pytest.importorskip("distributed", reason="Dask is not installed: pip install 'dialler-sync[cluster]'")

Contacts = Callable[..., Path]

TOKEN = "tok-not-for-others-on-this-machine"

ATTACK = """
import asyncio, os, socket, sys, warnings
warnings.simplefilter("ignore")
from distributed import Client
from distributed.core import connect
from distributed.security import Security

async def attempt(name, done, port):
    try:
        print("GOT", port, name, await asyncio.wait_for(done, 8), flush=True)
    except Exception as error:
        print("nothing", port, name, type(error).__name__, flush=True)

async def run_code(port, scheme, security):
    async with Client(f"{scheme}://127.0.0.1:{port}", security=security, asynchronous=True, timeout=2) as client:
        return await client.run_on_scheduler(os.getuid)

async def ask(port, scheme, security):
    args = security.get_connection_args("client") if security else {}
    comm = await connect(f"{scheme}://127.0.0.1:{port}", timeout=2, **args)
    await comm.write({"op": "identity", "reply": True})
    return await comm.read()

async def http(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /info/main/workers.html HTTP/1.0\\r\\n\\r\\n")
    answer = await reader.read()
    if b"HTTP/" not in answer:
        raise ConnectionError("no page")
    return answer

async def main(ports):
    foreign = Security.temporary()
    tries = []
    for port in ports:
        for name, scheme, security in (("plain", "tcp", None), ("foreign", "tls", foreign)):
            tries.append(attempt(f"run_code {name}", run_code(port, scheme, security), port))
            tries.append(attempt(f"identity {name}", ask(port, scheme, security), port))
        tries.append(attempt("http", http(port), port))
    await asyncio.gather(*tries)

user, *ports = map(int, sys.argv[1:])
with socket.create_server(("127.0.0.1", 0)) as nobody:
    unused = nobody.getsockname()[1]
asyncio.run(main([unused]))  # so that all is imported
if user:
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
print("user", os.getuid(), flush=True)
asyncio.run(main(ports))
"""


def looked_at(pid: int, user: int | None) -> tuple[list[int], int, str]:
    """Ports that a command and its children listen on, how many processes they are, and what an attack on these gives.

    Raises:
        AssertionError: a secret stands where others see it.
    """
    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    ports = []
    for process in processes:
        listening = [c for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN]
        assert {c.laddr.ip for c in listening} <= {"127.0.0.1"}
        ports += [c.laddr.port for c in listening]
        assert not [word for word in process.cmdline() if TOKEN in word or "PRIVATE KEY" in word]
    command = [sys.executable, "-c", ATTACK, str(user or 0), *map(str, ports)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return ports, len(processes), done.stdout.partition("user ")[2] + done.stderr


def nobody() -> int:
    """The user ID of somebody else."""
    import pwd

    return pwd.getpwnam("nobody").pw_uid


@pytest.mark.parametrize("who", ["this user, without a certificate", "another user"])
def test_others_reach_nothing_of_a_local_cluster(
    who: str,
    configure: Configure,  # noqa: F811
    contacts_csv: Contacts,
    dialler: SimulatorServer,  # noqa: F811
    store: Watched,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While its rows are sent: no port answers, no code is run, and no secret stands where others see it."""
    user = None
    if who == "another user":
        if os.getuid():
            pytest.skip("only root can be another user")
        user = nobody()
    monkeypatch.setenv("DIALLER_SYNC_TOKEN", TOKEN)
    dialler.token = TOKEN
    configure(timeout=60)
    found: list[tuple[list[int], int, str]] = []
    modes: list[int] = []

    def look() -> None:
        modes.extend(path.stat().st_mode & 0o077 for path in Path(gettempdir()).glob("dialler-sync-cluster-*"))
        found.append(looked_at(command.pid, user))

    def look_meanwhile() -> None:
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()

    store.then(3, look_meanwhile)
    command = start("import", contacts_csv(20), "--cluster", "local:2")

    assert command.end() == ExitCode.OK, command.err
    ((ports, processes, said),) = found
    assert said.startswith(f"{os.getuid() if user is None else user}\n"), said
    assert processes >= 3
    assert len(ports) == 5, said  # the scheduler, and for each worker itself and its nanny
    assert said.count("nothing") == 5 * len(ports), said
    assert "GOT" not in said
    assert set(modes) == {0}


def test_modules_of_others_are_not_loaded(
    configure: Configure,  # noqa: F811
    contacts_csv: Contacts,
    tmp_path: Path,
) -> None:
    """Dask looks for modules in a folder in /tmp first, which anybody may have made before; and Python, as it begins a
    worker, in the working folder. A command for the token finds its environment as it was."""
    token = tmp_path / "token.sh"
    token.write_text("#!/bin/sh\necho ${PYTHONSAFEPATH:-simulator}\n")
    token.chmod(0o700)
    config = configure(timeout=60)
    config.write_text(config.read_text().replace("token: ${DIALLER_SYNC_TOKEN}", f"token_command: [{token}]"))
    common, here = tmp_path / "tmp", tmp_path / "here"
    planted = common / "dask-scratch-space"
    code = "import sys\nfrom pathlib import Path\nPath(__file__).with_name('owned').touch()\nraise ImportError\n"
    modules = {
        f"{name}.py"
        for name in ("dialler_sync", "sqlalchemy", "httptools", "aiohttp", "multiprocessing", "signal", "sitecustomize")
    }
    for folder in (planted, here):
        folder.mkdir(parents=True)
        folder.chmod(0o1777)
        for name in modules:
            (folder / name).write_text(code)
    start = "import sys; sys.path.pop(0); from dialler_sync.cli import main; main()"  # as the command that is installed
    command = [sys.executable, "-c", start, "-c", str(config), "import", str(contacts_csv(5)), "--cluster", "local:1"]
    variables = {"TMPDIR": str(common), "PYTHONPATH": str(Path(__file__).parents[2])}

    done = subprocess.run(
        command, env=os.environ | variables, cwd=here, capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == ExitCode.OK, done.stderr
    assert [path.name for path in common.iterdir()] == ["dask-scratch-space"]
    assert {path.name for path in planted.iterdir()} == modules
    assert {path.name for path in here.iterdir()} == {*modules, "reports"}


@is_root
def test_what_is_trusted_here_is_trusted_by_the_workers(
    configure: Configure,  # noqa: F811
    contacts_csv: Contacts,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They are processes of their own; the dialler is not there."""
    (tmp_path / "theirs").write_text("")
    os.chown(tmp_path / "theirs", INTRUDER, INTRUDER)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "theirs"))
    config = configure()
    config.write_text(
        re.sub("base_url: .*", "base_url: https://127.0.0.1:1\n  give_up_after: 1\n  retries: 0", config.read_text())
        + "journal: {before_images: false}\n"
    )

    command = start("--trust", "import", contacts_csv(2), "--cluster", "local:1")

    assert command.end() == ExitCode.UNAVAILABLE, command.err
    assert "Connection refused" in command.err


def test_a_folder_for_temporary_files_that_others_can_change_is_refused(
    configure: Configure,  # noqa: F811
    contacts_csv: Contacts,
    store: Watched,  # noqa: F811
    tmp_path: Path,
) -> None:
    """Dask loads modules from it, in the workers and here: others could rename it and put theirs in its place."""
    configure()
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(shared))
        command = start("import", contacts_csv(2), "--cluster", "local:1")

    assert command.end() == ExitCode.USAGE
    assert "the folder for temporary files (TMPDIR names another)" in command.err
    assert f"chmod o-w {shared}" in command.err
    assert not store.contacts
