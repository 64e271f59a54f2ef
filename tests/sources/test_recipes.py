"""The examples of docs/addresses.md, one after another, with servers in place of those that they name."""

from __future__ import annotations

import getpass
import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run
from ..helpers.blocks import ROOT, blocks, commands
from ..helpers.dialler import line
from ..helpers.stores import Sftp, Web
from .conftest import at

RUN_OF_THE_PAGE = "20261123-201512-4f3a9c"


def a_list(*keys: str) -> bytes:
    return "\n".join(("Key,Name,Phone", *map(line, keys), "")).encode()


@pytest.fixture
def here(sftp: Sftp, web: Web, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Prepare what the page takes for granted; return what has the servers in place of those of the page."""
    crm = sftp.files / tmp_path.name
    (crm / "out").mkdir(parents=True)
    (crm / "answers").mkdir()
    (crm / "results").mkdir()
    for number, key in enumerate(("K1", "K2")):
        (crm / "out" / f"{number}.csv").write_bytes(a_list(key))
    (tmp_path / ".ssh").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    known = sftp.known_hosts
    for name, source in (("id_ed25519", sftp.key), ("known_hosts", known), (".ssh/known_hosts", known)):
        (tmp_path / name).write_bytes(source.read_bytes())
        (tmp_path / name).chmod(0o600)
    (tmp_path / "contacts.csv").write_bytes(a_list("K3"))
    (tmp_path / "www" / "export").mkdir()
    (tmp_path / "www" / "export" / "list.csv").write_bytes(a_list("K4"))
    web.needs = "Bearer secret of crm-token"
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pass").write_text('#!/bin/sh\necho "secret of $2"\n', encoding="utf-8")
    (tmp_path / "bin" / "pass").chmod(0o700)
    (tmp_path / "aws").write_text(
        "[nightly]\naws_access_key_id = key\naws_secret_access_key = secret\n", encoding="utf-8"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")

    def theirs(text: str) -> str:
        for name, real in (
            ("sftp://crm.example.com", sftp.url(tmp_path.name)),
            ("username: dialler, key_file", f"username: {getpass.getuser()}, key_file"),
            ("https://store.example.com", bucket),
            ("https://crm.example.com", at(web, "").rstrip("/")),
        ):
            text = text.replace(name, real)
        return text

    return theirs


def test_the_examples_of_the_page(
    run: Run, configure: Configure, here: Callable[[str], str], dialler: SimulatorServer
) -> None:
    """Each works as it is printed: lists, logins, an inbox with answers, reports and calls."""
    page = [block for block in blocks(ROOT / "docs" / "addresses.md") if block.language in {"sh", "yaml"}]
    logins, *_ = settings = [yaml.safe_load(here(block.text)) for block in page if block.language == "yaml"]

    configure(**{name: json.dumps(value) for name, value in logins.items()})
    newest = ""
    for command in (each for block in page if block.language == "sh" for each in commands(block.text)):
        done = run(*shlex.split(here(command).replace(RUN_OF_THE_PAGE, newest))[1:])
        assert done.code == ExitCode.OK, f"{command}\n{done.err}"
        newest = json.loads(run("runs", "list", "--json").out)[0]["run_id"]
    assert run("import", here("https://crm.example.com/export/list.csv")).code == ExitCode.OK
    for each in settings[1:]:
        configure(**{name: json.dumps(value) for name, value in each.items()})
        assert run("import", "--inbox", each["inbox"]["dir"], "--quiet-for", "0").code == ExitCode.OK

    assert len(settings) == 2
    assert [contact["UserData"] for contact in dialler.store.contacts.values()] == ["K1", "K2", "K3", "K4"]
