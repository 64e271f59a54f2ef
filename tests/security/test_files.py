"""Files and commands that hang, have no end, or grow while they are read."""

from __future__ import annotations

import os
import select
import socket
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from dialler_sync.config import load_config
from dialler_sync.errors import ConfigError
from dialler_sync.exit_codes import ExitCode
from dialler_sync.files.own_command import LONGEST, run_command

from ..conftest import Configure, Run
from .limited import configuration, run_limited

LIST = "Key,Name,Phone\nK1,A,0171 3920012\n"


def special(kind: str, folder: Path) -> Path:
    """A path that is there and is no file; a device has no end, and a pipe would be waited for."""
    path = folder / kind
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listener:
            here = Path.cwd()
            os.chdir(folder)  # the path of a socket must be short
            listener.bind(kind)
            os.chdir(here)
    else:
        path.symlink_to("/dev/zero")
    return path


DOORS = {
    "configuration": ("-c", "{path}", "validate", "list.csv"),
    "list": ("-c", "c.yaml", "validate", "{path}"),
    "do-not-call list": ("-c", "suppress.yaml", "import", "--dry-run", "list.csv"),
    "plan": ("-c", "c.yaml", "import", "--plan", "{path}", "list.csv"),
    "names": ("-c", "c.yaml", "contacts", "get", "--from", "{path}"),
    "token": ("-c", "token.yaml", "campaigns", "list"),
    "authorities": ("-c", "tls.yaml", "campaigns", "list"),
    "source of init": ("init", "{path}"),
    "inspected": ("inspect", "{path}"),
}


@pytest.mark.parametrize(
    ("door", "kind"), [*((door, "pipe") for door in DOORS), ("configuration", "device"), ("list", "device")]
)
def test_what_is_no_file_is_refused_at_once(door: str, kind: str, tmp_path: Path) -> None:
    path = special(kind, tmp_path)
    (tmp_path / "list.csv").write_text(LIST)
    configuration(tmp_path / "c.yaml")
    configuration(tmp_path / "token.yaml", token=None, token_file=path)
    configuration(tmp_path / "tls.yaml", "https://127.0.0.1:1", ca_file=path)
    suppress = configuration(tmp_path / "suppress.yaml")
    suppress.write_text(f"{suppress.read_text()}\nsuppress: {{file: {path}, column: Phone}}\n")

    done = run_limited(*(word.format(path=path) for word in DOORS[door]), seconds=20)

    assert done.returncode in {2, 3}, done.stderr
    assert done.stderr.count("\n") <= 3
    assert "not a regular file" in done.stderr


@pytest.mark.parametrize("kind", ["folder", "socket"])
def test_neither_folder_nor_socket_is_a_configuration_or_a_token(kind: str, tmp_path: Path, run: Run) -> None:
    path = special(kind, tmp_path)

    as_configuration = run("-c", path, "config", "check")
    as_token = run("-c", configuration(tmp_path / "c.yaml", token=None, token_file=path), "campaigns", "list")

    for done in (as_configuration, as_token):
        assert done.code == 2
        assert "cannot be read: " in done.err or "not a regular file" in done.err


def test_a_token_file_and_a_configuration_have_a_size(tmp_path: Path, run: Run) -> None:
    """A hole of gigabytes is not read."""
    huge = tmp_path / "huge"
    with huge.open("wb") as file:
        file.truncate(1 << 40)

    as_configuration = run("-c", huge, "config", "check")
    as_token = run("-c", configuration(tmp_path / "c.yaml", token=None, token_file=huge), "campaigns", "list")

    for done in (as_configuration, as_token):
        assert done.code == 2
        assert "has more than " in done.err


BILLION = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))]
)
HOSTILE = {
    "a billion laughs": (BILLION, "aliases"),
    "long texts": (f"a: &a {'x' * 100_000}\nb: [{', '.join(['*a'] * 1_000)}]", "aliases"),
    "itself": ("a: &a [*a, *a, *a]", "nested too deeply, or refers to itself"),
    "deep": ("a: " + "[" * 100_000, "nested too deeply"),
    "deep keys": ("{a: " * 5_000, "nested too deeply"),
    "deep sequences": ("- " * 50_000 + "a", "nested too deeply"),
    "no character": (r'a: "\UFFFFFFFF"', "not valid YAML"),
    "not valid YAML: it contains a character or a YAML version that does not exist": (
        f"%YAML {'1' * 5_000}.1\n---\na: b",
        "not valid YAML",
    ),
    "a key twice": ("campaign: {id: 1}\ncampaign: {id: 2}", "duplicate key"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_configuration_that_grows_or_nests(what: str, tmp_path: Path) -> None:
    """It is refused with one message, as the file's."""
    text, said = HOSTILE[what]
    path = tmp_path / "c.yaml"
    path.write_text(text)

    done = run_limited("-c", path, "config", "check", seconds=20)

    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1
    assert str(path) in done.stderr
    assert said in done.stderr


def test_aliases_that_do_not_multiply_are_read(configure: Configure) -> None:
    path = configure(columns={"UserData": "&key {column: Key}", "Name": "*key", "PhoneNumber1": "Phone"})

    assert load_config(path).columns


@pytest.mark.parametrize(
    "text", ["[" * 200_000, '{"format":' * 100_000, '{"format": 1, "entries": ' + "[" * 900 + "]" * 900]
)
def test_a_plan_that_nests(text: str, tmp_path: Path, run: Run, configure: Configure) -> None:
    configure()
    Path("list.csv").write_text(LIST)
    (tmp_path / "plan.json").write_text(text)

    done = run("import", "--plan", "plan.json", "list.csv")

    assert done.code == 2
    assert "is not a plan" in done.err


def python(code: str) -> list[str]:
    return [sys.executable, "-S", "-c", code]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("while True: print('x' * 1000)", f"prints more than {LONGEST:,} bytes"),
        ("import sys\nwhile True: sys.stderr.write('x' * 1000)", "has not ended within 0.5 seconds"),
        ("import time; print('token', flush=True); time.sleep(600)", "has not ended within 0.5 seconds"),
        ("import os, time; os.close(1); time.sleep(600)", "has not ended within 0.5 seconds"),
        ("import signal; signal.signal(15, signal.SIG_IGN); signal.pause()", "has not ended within 0.5 seconds"),
        ("import os; os.kill(os.getpid(), 9)", "was ended by signal 9"),
        ("raise SystemExit(7)", "failed with exit code 7"),
    ],
)
def test_a_command_for_the_token_has_an_end(code: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        run_command(python(code), "dialler.token_command", seconds=0.5)


def test_what_the_command_leaves_behind_is_ended(tmp_path: Path) -> None:
    """A process that it began holds its output open, and is not waited for."""
    code = "import subprocess; print('t0ken')\nprint(subprocess.Popen(['sleep', '600']).pid, file=open('pid', 'w'))"

    assert run_command(python(code), "dialler.token_command", seconds=30).strip() == "t0ken"

    with suppress(ProcessLookupError):
        left = os.pidfd_open(int(Path("pid").read_text()))
        ended, _, _ = select.select([left], [], [], 10)
        os.close(left)
        assert ended


def test_a_configuration_from_a_pipe(run: Run) -> None:
    """The usual sign for it is answered with the name that works."""
    done = run("-c", "-", "campaigns", "list")

    assert done.code == ExitCode.USAGE
    assert "-c /dev/stdin" in done.err


def test_a_name_too_long_for_a_table_is_told_as_what_it_is(tmp_path: Path, run: Run) -> None:
    """No journal has what was to be written there."""
    path = tmp_path / f"{'a' * 250}.csv"
    path.write_text(LIST)

    done = run("inspect", path, "--to", "tables")

    assert done.code == ExitCode.USAGE
    assert "cannot be written: File name too long. Fix that" in done.err
    assert "journal" not in done.err
