"""Passwords in URLs and connection strings, also in those that are misspelt: never shown, never the name of a file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ..conftest import Run
from .encodings import found_in
from .hostile import answer, hostile_dialler
from .shell import TOKEN, configuration, contacts, left_behind, said, shell

PASSWORD = "gEh3im-Wort9"

STATES = (
    f"host=db.example.com user=app password={PASSWORD} dbname=journal",
    f"user=app password='{PASSWORD} x' host=db.example.com",
    f"dbname=journal password = {PASSWORD}",
    f"postgresql://app:{PASSWORD[:6]}@{PASSWORD[6:]}@db.example.com/journal",
    f"postgresql://app:{PASSWORD}@db.example.com:99999x/journal",
    f"postgresql://app:{PASSWORD[:6]}/{PASSWORD[6:]}:x@127.0.0.1:1/journal",
    f"postgresql:app:{PASSWORD}@db.example.com/journal",
    f"postgresql:/app:{PASSWORD}@db.example.com/journal",
    f"app:{PASSWORD}@db.example.com/journal",
    f"//app:{PASSWORD}@db.example.com/journal",
    f"/app:{PASSWORD}@db.example.com/journal",
    f"postgres//app:{PASSWORD}@db.example.com/journal",
    f"postgresql+psycopg///app:{PASSWORD}@db.example.com/journal",
    f"sqlite://app:{PASSWORD}@host/x.db",
    f"sqlite:///x.db?password={PASSWORD}",
    f"mysql://app:{PASSWORD}@db.example.com/journal",
    f"postgresql://127.0.0.1:1/journal?user=app&password={PASSWORD}",
    f"postgresql://app:{PASSWORD}@127.0.0.1:1/journal?password={PASSWORD}&unknown={PASSWORD}",
    f"jdbc:postgresql://127.0.0.1:1/journal?user=app&password={PASSWORD}",
)


@pytest.mark.parametrize("state", STATES, ids=[str(number) for number in range(len(STATES))])
def test_state(run: Run, tmp_path: Path, state: str) -> None:
    """A journal that is no file is refused, or not reached: exit 2, one message, and no file of that name."""
    before = {path.name for path in tmp_path.rglob("*")}

    done = run("--state", state, "-vv", "runs", "list")

    assert done.code == 2
    assert "--state" in done.err or "the journal postgresql+psycopg://" in done.err
    assert not found_in(done.out + done.err, PASSWORD)
    assert PASSWORD[:6] not in done.out + done.err
    assert PASSWORD[6:] not in done.out + done.err
    assert {path.name for path in tmp_path.rglob("*")} <= {*before, "state", "journal.db"}


PROXIES = (
    f"http://user:{PASSWORD[:6]}/{PASSWORD[6:]}@127.0.0.1:9",
    f"http://user:{PASSWORD[:6]}#{PASSWORD[6:]}@127.0.0.1:9",
    f"http://user:{PASSWORD[:6]}?{PASSWORD[6:]}@127.0.0.1:9",
    f"http://user:{PASSWORD[:6]}@{PASSWORD[6:]}@127.0.0.1:9",
    f"http://user:{PASSWORD[:6]}/{PASSWORD[6:]}@host:99999",
    f"http://user:12/{PASSWORD}@127.0.0.1:9",
    f"http://user:{PASSWORD}@127.0.0.1:99999",
    f"http://user:{PASSWORD}@127.0.0.1:",
    f"http://user:{PASSWORD}%@127.0.0.1:9",
    f"socks5://user:{PASSWORD}@127.0.0.1:9",
    f"user:{PASSWORD}@127.0.0.1:9",
    f"http://user:{PASSWORD}@[::1",
    f"http://user:{PASSWORD}@exa mple:9",
    f"http://user:{PASSWORD}@127.0.0.1:9",
)


@pytest.mark.parametrize("proxy", PROXIES, ids=[str(number) for number in range(len(PROXIES))])
def test_proxy(run: Run, tmp_path: Path, proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither half of a proxy's password is on the terminal, in a report or in the journal."""
    monkeypatch.setenv("http_proxy", proxy)
    configuration("http://dialler.example.com/rest/v1.0", "\n")
    text = Path("dialler-sync.yaml").read_text(encoding="utf-8").replace("retries:", "allow_http: true\n  retries:")
    Path("dialler-sync.yaml").write_text(text, encoding="utf-8")
    contacts(["1"])

    for command in (("-vv", "import", "list.csv"), ("doctor",)):
        done = run(*command)

        assert done.code in {2, 5, 7}
        shown = [done.out + done.err, *(text for _, text in left_behind(tmp_path))]
        for half in (PASSWORD[:6], PASSWORD[6:]):
            assert not [text for text in shown if half in text]


def test_secrets_of_a_configuration(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in a configuration as a secret, or comes from a variable that is called so, is masked everywhere."""
    monkeypatch.setenv("CRM_PASSWORD", PASSWORD)
    path = "T024/B0123456/XyZabcdefghij1234567890"
    more = f"notify: {{webhook: 'http://127.0.0.1:1/services/{path}'}}\nprotect: {{locked: '${{CRM_PASSWORD}}'}}\n"
    configuration("http://127.0.0.1:1/rest/v1.0", more)

    wrong = run("config", "check")
    configuration("http://127.0.0.1:1/rest/v1.0", more.partition("protect")[0])
    missing = run("import", f"{path.replace('/', '%2f')}.csv")

    assert (wrong.code, missing.code) == (2, 3)
    assert "***" in missing.err
    assert not found_in(wrong.err, PASSWORD)
    assert not found_in(missing.err, path.rpartition("/")[2])


@pytest.mark.parametrize("form", ["{0}", "error: {0} for user x\n", "{0}\n{0}\n"])
def test_what_the_token_command_prints(tmp_path: Path, form: str) -> None:
    """It may be a token with words about it: nothing of that is shown when a dialler repeats it."""
    Path("secret.txt").write_text(form.format(TOKEN), encoding="utf-8")
    with hostile_dialler(lambda _: answer({"status": 401, "error": f"old: {TOKEN}"}, 401, "No")) as url:
        configuration(url)
        text = Path("dialler-sync.yaml").read_text(encoding="utf-8")
        command = "token_command: [cat, secret.txt]"
        Path("dialler-sync.yaml").write_text(text.replace("token: ${DIALLER_SYNC_TOKEN}", command), encoding="utf-8")
        contacts(["1"])
        done = shell("-vv", "import", "list.csv", DIALLER_SYNC_TOKEN="")

    assert done.returncode in {2, 7}
    assert not found_in(said(done), TOKEN)
    assert not [text for where, text in left_behind(tmp_path, ("secret.txt",)) if found_in(text, TOKEN)]


@pytest.mark.parametrize("name", ["CREDENTIALS_DIRECTORY", "DIALLER_TOKEN_FILE", "CRM_SECRETS_PATH", "TOKEN_DIR"])
def test_a_variable_that_holds_a_path_is_no_secret(name: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """As systemd's; the message must say which file is missing."""
    monkeypatch.setenv(name, "/run/credentials/nightly.service")
    configuration("http://127.0.0.1:1")
    text = Path("dialler-sync.yaml").read_text(encoding="utf-8")
    text = text.replace("token: ${DIALLER_SYNC_TOKEN}", f"token_file: ${{{name}}}/token")
    Path("dialler-sync.yaml").write_text(text, encoding="utf-8")

    assert "(/run/credentials/nightly.service/token)" in run("campaigns", "list").err


@pytest.mark.parametrize(
    "door", ["token_file: {0}", "token_file: ${{X}}", "token_command: {0}", "token_command: [{0}]"]
)
def test_a_token_in_the_place_of_something_else_is_not_shown(
    door: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no file, and no command; the message goes into logs and mails."""
    token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.4711"
    monkeypatch.setenv("X", token)
    configuration("http://127.0.0.1:1")
    text = Path("dialler-sync.yaml").read_text(encoding="utf-8")
    text = text.replace("token: ${DIALLER_SYNC_TOKEN}", door.format(token))
    Path("dialler-sync.yaml").write_text(text, encoding="utf-8")

    done = run("-vv", "campaigns", "list")

    assert done.code == 2
    assert "No such file" in done.err
    assert not found_in(done.err, token)


def test_a_bug_shows_no_secret() -> None:
    """Python quotes values in its own words of an error; they go into the report of the bug, and so do the words of
    libraries and of threads."""
    code = (
        "import os\nfrom dialler_sync.cli import main\nfrom dialler_sync.cli.app import App\n"
        "def bug(*_, **__):\n    import logging, threading\n    token = os.environ['DIALLER_SYNC_TOKEN']\n"
        "    logging.getLogger('asyncio').error('x %s', token, exc_info=KeyError(token))\n"
        "    thread = threading.Thread(target=lambda: {}[token])\n    thread.start()\n    thread.join()\n"
        "    raise ValueError(os.environ['DIALLER_SYNC_TOKEN'] + '\\x1b[2J')\n"
        "App.settings = bug\nmain()"
    )
    command = [sys.executable, "-c", code, "campaigns", "list"]
    done = subprocess.run(command, capture_output=True, check=False, env={**os.environ, "DIALLER_SYNC_TOKEN": TOKEN})

    assert done.returncode == 1
    assert "ValueError: ***\\x1b[2J" in done.stderr.decode()
    assert done.stderr.count(b"KeyError") == 2
    assert done.stderr.count(b"Traceback") == 2
    assert not found_in(done.stderr.decode(), TOKEN)
