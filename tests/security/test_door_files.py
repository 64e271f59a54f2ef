"""Configurations and plans that somebody has edited; names of files, arguments, variables that nobody expects."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import yaml

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run
from .doors import LENGTHS, Found, attempts, changed, written

Contacts = Callable[..., Path]

FULL = {
    "campaign": {"id": 538},
    "source": {"sheet": None, "encoding": "auto", "delimiter": "auto", "header": "auto", "columns": None},
    "rows": {"duplicate_keys": "last", "too_long": "reject", "phone_format": "plus", "compare": "none"},
    "columns": {
        "UserData": "Key", "Name": {"column": "Name", "trim": True}, "PhoneNumber1": {"column": "Phone"},
        "Comment": {"template": "{Name} / {Key}"}, "Client": {"value": "ACME"},
    },
    "protect": {"follow_up": False, "locked": False},
    "mirror": {"missing": "keep", "max_missing": "5%"},
}  # fmt: skip
_BLOCK = {"dialler": {"timeout": 2, "retries": 0, "concurrency": 4, "rate": 0, "give_up_after": 1, "release": "3.19"}}


@pytest.mark.parametrize("seconds", LENGTHS)
def test_odd_configurations(
    seconds: float, run: Run, contacts_csv: Contacts, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """Each is refused in words, or works; a refused one sends nothing."""
    contacts_csv(2)
    keys = {"base_url": dialler.base_url, "clients_id": 1, "token": "${DIALLER_SYNC_TOKEN}"}
    full = {"dialler": {**keys, **_BLOCK["dialler"]}, **FULL}
    path, found = tmp_path / "dialler-sync.yaml", Found()
    for chance in attempts(seconds, few=4):
        text = written(changed(full, chance))
        if chance.random() < 0.2:
            text = yaml.safe_dump(json.loads(written(full)))
            place = chance.randrange(len(text))
            text = (
                text[:place]
                + chance.choice(("\t", "&a *a", "\0", "!!python/object:x ", "{", "]", "%", "\x85"))
                + text[place:]
            )
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        before = len(dialler.requests)
        command = chance.choice(("config check", "validate contacts.csv", "import contacts.csv --dry-run", "doctor"))
        done = found.attempt(partial(run, *command.split()), f"{command}: {text[:400]}")
        if done and done.code == ExitCode.USAGE and command != "doctor" and len(dialler.requests) > before:
            found.fault("sent", text)
    found.none()


@pytest.mark.parametrize("seconds", LENGTHS)
def test_odd_plans(
    seconds: float, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """A plan that was edited is refused; nothing is written to the dialler but what the file has."""
    configure()
    contacts_csv(2)
    run("plan", "contacts.csv", "-o", "plan.json")
    plan = json.loads(Path("plan.json").read_text(encoding="utf-8"))
    found = Found()
    for chance in attempts(seconds, few=4):
        text = written(changed(plan, chance))
        Path("plan.json").write_bytes(text.encode("utf-8", "surrogatepass"))
        found.attempt(partial(run, "import", "--plan", "plan.json"), text[:600])
    found.none()


NAMES = (
    b"\xff\xfe.csv", b"a\nb.csv", b"\x1b]0;x\x07.csv", "\u202evsc.csv".encode(), b"-.csv", b"--yes.csv",
    b"a" * 250 + b".csv",
    b"{x}.csv", b"%s%n.csv", b"'a\"b.csv", b"a\tb.csv", b"[bold]x.csv", b"\xc3.xlsx", b"a;b.csv", b"~$a.csv",
    b"CON.csv",
)  # fmt: skip


@pytest.mark.parametrize("seconds", LENGTHS)
def test_odd_names(
    seconds: float, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Lists of any name are read, or refused in words."""
    configure()
    path = contacts_csv(2)
    found = Found()
    for chance in attempts(seconds, few=4):
        name = os.fsdecode(bytes(chance.choice(NAMES)))
        shutil.rmtree("inbox", ignore_errors=True)
        Path("inbox").mkdir()
        shutil.copy(path, f"inbox/{name}")
        command = chance.choice(
            (
                ("import", "--inbox", "inbox", "--quiet-for", "0"), ("validate", f"inbox/{name}"),
                ("import", f"inbox/{name}"), ("inspect", f"inbox/{name}"), ("init", f"inbox/{name}", "-o", "new.yaml"),
                ("plan", f"inbox/{name}"), ("validate", f"inbox/{name}.missing"),
            )
        )  # fmt: skip
        Path("new.yaml").unlink(missing_ok=True)
        found.attempt(partial(run, *command), repr(command))
    found.none()


SURROUNDINGS: tuple[dict[str, str], ...] = (
    {"COLUMNS": "abc", "LINES": "-1"}, {"COLUMNS": "0"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "utf-16"}, {"TZ": "Nowhere/\udcff"},
    {"TZ": ":../../etc/passwd"},
    {"https_proxy": "http://[::1", "http_proxy": "http://[::1"}, {"http_proxy": "\udcff://x"},
    {"no_proxy": "[", "all_proxy": "socks9://x"},
    {"http_proxy": "http://user:pa#ss/w@:99999"}, {"HOME": "/nonexistent"}, {"HOME": ""},
    {"TERM": "\udcff"}, {"TMPDIR": "/nonexistent"},
    {"DIALLER_SYNC_CONFIG": "\udcff.yaml"}, {"DIALLER_SYNC_STATE": "\udcff"}, {"DIALLER_SYNC_IMPORT_MAX_ERRORS": "x"},
    {"NO_COLOR": "\udcff"},
)  # fmt: skip
ARGUMENTS: tuple[tuple[str, ...], ...] = (
    ("doctor",), ("validate", "contacts.csv"), ("import", "contacts.csv"), ("runs", "list"),
    ("-c", "\udcff.yaml", "doctor"),
    ("validate", "\udcff.csv"), ("--state", "\udcff.db", "runs", "list"), ("\udcff",), ("runs", "show", "\udcff"),
    ("import", "contacts.csv", "--out", "\udcff"), ("contacts", "get", "--user-data", "\udcff"), ("campaigns", "list"),
)  # fmt: skip


@pytest.mark.parametrize("seconds", LENGTHS)
def test_odd_surroundings(
    seconds: float, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """Variables and arguments, also of bytes that are no text; and a working folder that is gone."""
    config = configure(retries=0, give_up_after=0.1)
    contacts_csv(2)
    found = Found()
    for chance in attempts(seconds, few=1):
        variables, arguments = chance.choice(SURROUNDINGS), chance.choice(ARGUMENTS)
        gone = chance.random() < 0.15
        folder = tmp_path / "gone"
        folder.mkdir()
        shell = 'cd "$1" && shift && { [ "$GONE" = "" ] || rmdir "$GONE"; } && exec "$@"'
        command = ["sh", "-c", shell, "sh", str(folder if gone else tmp_path), sys.executable, "-m", "dialler_sync"]
        if gone and "-c" not in arguments:
            arguments = ("-c", str(config), *arguments)
        done = subprocess.run(
            [*command, *arguments],
            env={**os.environ, **variables, "GONE": str(folder) if gone else ""},
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=60,
        )
        shutil.rmtree(folder, ignore_errors=True)
        out, err = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
        if variables.get("PYTHONIOENCODING") == "utf-16":
            out, err = (text.replace("\0", "") for text in (out, err))
        what = f"{variables} {arguments} gone={gone}"
        if problem := found.problem(done.returncode, out, err):
            found.fault(f"{problem} {err.splitlines()[-1:]}", f"{what}: {err[-700:]}")
    found.none()


def test_what_the_doors_found(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Each in words, and nothing is sent of what is refused; a list with a name of full length is imported."""
    configure()
    path = contacts_csv(2)
    run("plan", path, "-o", "plan.json")
    plan = json.loads(Path("plan.json").read_text(encoding="utf-8"))
    plan["files"][0]["path"] = False
    Path("plan.json").write_text(json.dumps(plan), encoding="utf-8")
    before = len(dialler.requests)
    edited = run("import", "--plan", "plan.json")
    no_text = run("import", path, "--out", "\udcff")
    assert (edited.code, no_text.code, len(dialler.requests)) == (ExitCode.USAGE, ExitCode.USAGE, before)
    assert "bytes that are not UTF-8" in no_text.err

    (tmp_path / "inbox").mkdir()
    shutil.copy(path, tmp_path / "inbox" / f"{'a' * 250}.csv")
    assert run("import", "--inbox", "inbox", "--quiet-for", "0").code == ExitCode.OK

    (tmp_path / "gone").mkdir()
    monkeypatch.chdir("gone")
    (tmp_path / "gone").rmdir()
    gone = run("runs", "list")
    assert gone.code == ExitCode.USAGE
    assert "the working folder is gone" in gone.err
