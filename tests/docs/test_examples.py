"""Every example of the documentation runs, or says why it does not."""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from dialler_sync.config import load_config
from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run
from ..helpers.blocks import PAGES, ROOT, blocks, commands, said_in_passing

WORKED = (ExitCode.OK, ExitCode.ROWS_FAILED)
RUN_ID = re.compile(r"\b\d{8}-\d{6}-[0-9a-f]{6}\b")
FOLDERS = ("/etc/dialler-sync", "/srv/export", "/var/lib/node_exporter")
"""Folders that the examples name, and that the test has elsewhere."""


class Reader:
    """Somebody who follows one page from its top to its end, with one dialler, in one folder.

    The folder holds what the page takes for granted; of the commands only what cannot be the same for everybody
    is replaced: token, port, the ID of a run, folders of the system.
    """

    def __init__(
        self, run: Run, monkeypatch: pytest.MonkeyPatch, folder: Path, dialler: SimulatorServer, stack: ExitStack
    ) -> None:
        self._run, self._monkeypatch, self._folder = run, monkeypatch, folder
        self._names: dict[str, object] = {}
        self._stack = stack
        self._dialler = {"base_url": dialler.base_url, "clients_id": "1", "campaign": "{id: 538}"}
        self.try_: dict[str, Callable[[str], None]] = {
            "sh": self._shell,
            "cron": self._cron,
            "ini": self._units,
            "csv": self._list,
            "yaml": self._settings,
            "python": self._python,
        }

    def _here(self, command: str) -> str:
        for name in FOLDERS:
            command = command.replace(name, str(self._folder / name[1:]))
        command = command.replace("/opt/dialler-sync/bin", str(Path(sys.executable).parent))
        if RUN_ID.search(command):
            command = RUN_ID.sub(RUN_ID.findall(self._run("runs", "list").out)[0], command)
        return command.replace("…", "simulator").replace("--port 8080", "--port 0")

    def _shell(self, script: str) -> None:
        for command in map(self._here, commands(script)):
            words = shlex.split(command)
            if words[0] == "export":
                self._monkeypatch.setenv(*words[1].split("=", 1))
            elif words[:2] == ["dialler-sync", "simulator"]:
                self._in_a_second_terminal(words[1:])
            elif words[0] == "dialler-sync":
                self._monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))  # where it asks
                done = self._run(*words[1:])
                assert done.code in WORKED, f"{command}\n{done.err}"
                if words[1] == "init":
                    self._complete(Path(words[-1]))
            else:
                self._real_shell(command)

    def _in_a_second_terminal(self, words: list[str]) -> None:
        server = subprocess.Popen([sys.executable, "-m", "dialler_sync", *words], stdout=subprocess.PIPE, text=True)
        self._stack.callback(server.wait)
        self._stack.callback(server.terminate)
        assert server.stdout
        self._stack.enter_context(server.stdout)
        for key in self._dialler:
            said = server.stdout.readline()
            assert said.startswith(f"{key}: ")
            self._dialler[key] = said.partition(": ")[2]

    def _complete(self, path: Path) -> None:
        """Put in what the simulator says, where ``init`` left a mark, and agree to the rest."""
        text = path.read_text(encoding="utf-8")
        for key, value in self._dialler.items():
            text = re.sub(rf"^( *{key}:).*# CHANGE.*", rf"\1 {value.strip()}", text, flags=re.MULTILINE)
        text = re.sub(r" *# CHANGE.*", "", text)
        path.write_text(text, encoding="utf-8")

    def _real_shell(self, command: str, **environment: str) -> None:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        done = subprocess.run(
            ["sh", "-c", command],
            env=environment or {**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in WORKED, done.stderr
        assert not Path("failed.txt").exists(), done.stderr

    def _cron(self, text: str) -> None:
        """As cron does: five fields, then a command for sh with hardly any environment."""
        (line,) = text.splitlines()
        match = re.fullmatch(r"(?:[\d*/,-]+\s+){5}(.+)", line)
        assert match
        assert "%" not in match[1], "cron takes it for the end of the line"
        locks = os.environ["DIALLER_SYNC_LOCK_DIR"]
        self._real_shell(
            self._here(match[1]),
            HOME=str(self._folder), LOGNAME="x", SHELL="/bin/sh", PATH="/usr/bin:/bin", DIALLER_SYNC_LOCK_DIR=locks,
            DIALLER_SYNC_IMPORT_QUIET_FOR="0.1",
        )  # fmt: skip
        if " import " in match[1]:
            assert list((self._folder / "srv/export/nightly/done").iterdir()), "a night that imported nothing"
        else:
            assert list((self._folder / "srv/export").glob("calls*.csv")), "a night that gave no file"

    def _units(self, text: str) -> None:
        """Ask systemd what it makes of them, where it is there; the program is one that exists here."""
        kind = "timer" if "[Timer]" in text else "service"
        assert text == (ROOT / "docs" / "systemd" / f"dialler-sync.{kind}").read_text(encoding="utf-8"), (
            "not what is packaged"
        )
        Path(f"dialler-sync.{kind}").write_text(text.replace("/opt/dialler-sync/bin/dialler-sync", "/bin/true"))
        if kind == "timer" and shutil.which("systemd-analyze"):
            units = ["./dialler-sync.service", "./dialler-sync.timer"]
            done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
            assert (done.returncode, done.stderr) == (0, "")

    def _list(self, text: str) -> None:
        """Save it, as the page says."""
        Path("list.csv").write_text(text, encoding="utf-8")

    def _settings(self, text: str) -> None:
        """A whole configuration, or sections that go with the one of the README."""
        if not text.startswith("dialler:"):
            text += next(block.text for block in blocks(ROOT / "README.md") if block.language == "yaml")
        path = self._folder / "example.yaml"
        path.write_text(text, encoding="utf-8")
        assert load_config(path)

    def _python(self, code: str) -> None:
        """After the examples before it; what a comment promises of a line holds."""
        exec(compile(code, "example", "exec"), self._names)
        for line in code.splitlines():
            promise = re.fullmatch(r"(\S.*?) {2,}# (True|None|\d+|\{.*?\})(:.*)?", line)
            if promise and "…" not in promise[2]:
                assert str(eval(promise[1], self._names)) == promise[2], line


@pytest.fixture
def reader(
    warm: None, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, dialler: SimulatorServer
) -> Iterator[Reader]:
    """In a folder that holds a list, and the folders of a machine on which the tool is installed."""
    shutil.copy(ROOT / "sample_data" / "team_list.xlsx", "list.xlsx")
    for name in ("sample_data", "configs"):
        shutil.copytree(ROOT / name, name)
    for name in FOLDERS:
        (tmp_path / name[1:]).mkdir(parents=True)
    with ExitStack() as stack:
        yield Reader(run, monkeypatch, tmp_path, dialler, stack)


def installed(configure: Configure, contacts_csv: Callable[..., Path], folder: Path) -> None:
    """A configuration and a list where the pages take them for granted."""
    config = configure()
    source = contacts_csv(3)
    etc, export = folder / "etc/dialler-sync", folder / "srv/export"
    (etc / "campaigns").mkdir()
    (etc / "token").write_text("simulator\n")
    for path in (etc / "nightly.yaml", etc / "campaigns" / "winback.yaml"):
        shutil.copy(config, path)
    (export / "nightly").mkdir()
    for path in (export / "nightly" / "crm.csv", export / "winback.csv"):
        shutil.copy(source, path)
        os.utime(path, (0, 0))  # nobody has written to it for long


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_run(
    page: Path, reader: Reader, configure: Configure, contacts_csv: Callable[..., Path], tmp_path: Path
) -> None:
    """One after the other, as somebody would who follows the page."""
    if page.parent.name == "docs" and page.name != "first-import.md":
        installed(configure, contacts_csv, tmp_path)

    for block in blocks(page):
        if not block.excuse:
            assert block.language in reader.try_, f"{page.name}, line {block.line}: neither run nor excused"
            reader.try_[block.language](block.text)


def known(run: Run, command: str) -> bool:
    """Whether there is such a command with such options; ``--help`` keeps it from doing anything."""
    words = shlex.split(command)
    return run(*words[words.index("dialler-sync") + 1 :], "--help").code == ExitCode.OK


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_that_are_not_run_exist(page: Path, run: Run) -> None:
    """Those in the text, and those in blocks that are excused; Python that is not run is Python."""
    excused = [block for block in blocks(page) if block.excuse]
    lines = [line for block in excused if block.language == "sh" for line in commands(block.text)]

    for command in [*said_in_passing(page), *(line for line in lines if line.startswith("dialler-sync "))]:
        assert known(run, command), command
    for block in excused:
        if block.language == "python":
            compile(block.text, block.page, "exec")
