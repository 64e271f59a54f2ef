"""The recipes of docs/addresses.md, with real servers in place of those that it names."""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run
from ..helpers.blocks import blocks, commands
from ..helpers.dialler import line
from ..helpers.stores import Sftp, Share, Web
from .kinds import xlsx

PAGE = Path(__file__).parents[2] / "docs" / "addresses.md"


class Servers:
    """The servers of the page: what it names, and what stands for that here."""

    def __init__(self, sftp: Sftp, share: Share, web: Web, store: str, folder: Path) -> None:
        self.of_ssh, self.of_smb = sftp.files / folder.name, share.files / folder.name
        self._names = {
            '"sftp://crm.example.com"': f'"sftp://127.0.0.1:{sftp.port}"',
            "sftp://crm.example.com/": sftp.url(f"{folder.name}/"),
            '"smb://files.example.com/lists"': f'"smb://127.0.0.1:{share.port}/lists"',
            "smb://files.example.com/lists/": share.url(f"{folder.name}/"),
            "https://crm.example.com": f"https://127.0.0.1:{web.server_address[1]}",
            "https://store.example.com": store,
            "s3://lists/": f"s3://lists/{folder.name}/",
            "{username: dialler, key_file": f"{{username: {getpass.getuser()}, key_file",
            "{username: dialler, password": f"{{username: {getpass.getuser()}, password",
            "pass show crm-token": "echo token",
            "pass show files": "echo password",
        }

    def here(self, text: str) -> str:
        """Return a recipe with the servers of this machine."""
        for named, ours in self._names.items():
            text = text.replace(named, ours)
        return text


@pytest.fixture
def servers(
    sftp: Sftp, share: Share, web: Web, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Servers]:
    """The lists that the page names, and the files that its logins name."""
    import boto3

    found = Servers(sftp, share, web, bucket, tmp_path)
    for folder in (found.of_ssh / "out", found.of_ssh / "answers", found.of_ssh / "results", found.of_smb):
        folder.mkdir(parents=True)
    web.needs = "Bearer token"
    (tmp_path / "www" / "export").mkdir()
    lists = [f"Key,Name,Phone\n{line(f'K{number}')}\n".encode() for number in range(6)]
    (found.of_ssh / "out" / "a.csv").write_bytes(lists[0])
    (found.of_ssh / "out" / "b.csv").write_bytes(lists[1])
    (tmp_path / "www" / "export" / "contacts.csv").write_bytes(lists[2])
    xlsx(found.of_smb, [row.split(",") for row in lists[3].decode().splitlines()], found.of_smb / "contacts.xlsx")
    (tmp_path / "contacts.csv").write_bytes(lists[5])
    shutil.copy(sftp.key, "id_ed25519")
    shutil.copy(sftp.known_hosts, "known_hosts")
    Path("aws").write_text("[nightly]\naws_access_key_id = key\naws_secret_access_key = secret\n")
    for name in [each for each in os.environ if each.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws"))
    client: Any = boto3.Session(profile_name="nightly").client("s3", endpoint_url=bucket, region_name="us-east-1")
    client.put_object(Bucket="lists", Key=f"{tmp_path.name}/out/contacts.csv", Body=lists[4])
    yield found


def test_the_recipes_of_the_page(
    run: Run, configure: Configure, servers: Servers, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """In their order: a list from each kind of server, an inbox, results."""
    lists, logins, inbox, results = (servers.here(block.text) for block in blocks(PAGE) if block.excuse)
    config = configure()
    plain = config.read_text("utf-8")

    config.write_text(plain + logins, "utf-8")
    for command in commands(lists):
        done = run(*shlex.split(command)[1:])
        assert done.code == ExitCode.OK, done.err
    assert keys(dialler) == {"K0", "K1", "K2", "K3", "K4"}

    config.write_text(plain + inbox, "utf-8")
    assert run("import", "--quiet-for", "0").code == ExitCode.OK
    assert [path.name.partition("-")[0] for path in sorted((servers.of_ssh / "out").iterdir())] == ["done"]
    assert len(list((servers.of_ssh / "answers").iterdir())) == 2

    config.write_text(plain + logins, "utf-8")
    out = servers.of_ssh / "results" / "today"
    run_id = ""
    for command in commands(results):
        if "runs report" in command:
            shutil.rmtree(out)
        done = run(*(run_id if word[:8].isdigit() else word for word in shlex.split(command)[1:]))
        run_id = run_id or done.summary["run_id"]
        assert done.code == ExitCode.OK, done.err
        assert (out / "summary.json").is_file()
    assert keys(dialler) == {"K0", "K1", "K2", "K3", "K4", "K5"}


def keys(dialler: SimulatorServer) -> set[str]:
    return {contact["UserData"] for contact in dialler.store.contacts.values()}
