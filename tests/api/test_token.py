"""The token: from wherever it comes, whole or not at all, and never in a message."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from dialler_sync.api import DiallerClient
from dialler_sync.api.token import read_token
from dialler_sync.errors import ConfigError, Refused

from ..helpers.scripted import TOKEN, settings

URL = "https://dialler.invalid/rest"


def token_of(**source: object) -> str:
    return read_token(settings(URL, **{"token": None, **source}))


def printing(text: str) -> list[str]:
    return [sys.executable, "-c", f"import sys; sys.stdout.buffer.write({text.encode()!r})"]


GOOD = {
    "plain": TOKEN,
    "line break": f"{TOKEN}\n",
    "Windows line break": f"{TOKEN}\r\n",
    "byte order mark": f"\ufeff{TOKEN}\n",
    "blanks around": f"  {TOKEN}\t\n\n",
}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_token_from_file_and_command(text: str, tmp_path: Path) -> None:
    """What editors and programs put around a token is no part of it."""
    (tmp_path / "token").write_bytes(text.encode())

    assert token_of(token_file=tmp_path / "token") == TOKEN
    assert token_of(token_command=printing(text)) == TOKEN


def test_token_from_settings() -> None:
    """A token that a variable brought with a line break is taken without."""
    assert token_of(token=SecretStr(f"{TOKEN}\n")) == TOKEN


@pytest.mark.parametrize("token", ["abc.DEF-123_~+/=", "!#$%&'*^`|", "x", "x" * 5000])
def test_any_visible_character_may_be_in_a_token(token: str) -> None:
    """The vendor does not say what tokens look like."""
    assert token_of(token=SecretStr(token)) == token


def test_command_as_text_is_split_without_a_shell(tmp_path: Path) -> None:
    """Quotes hold words together; nothing else means anything."""
    command = f"'{sys.executable}' -c \"import sys; print('-'.join(sys.argv[1:]))\" $HOME '*' ; echo"

    assert token_of(token_command=command) == "$HOME-*-;-echo"


def test_command_cannot_ask() -> None:
    """A command that asks would wait for ever at night, or take what is meant for another: it finds no input."""
    typed, keyboard = os.pipe()
    os.write(keyboard, b"what was typed\n")
    before = os.dup(0)
    os.dup2(typed, 0)
    try:
        found = token_of(token_command=[sys.executable, "-c", "import sys; print(f'<{sys.stdin.read()}>')"])
    finally:
        os.dup2(before, 0)
        for number in (typed, keyboard, before):
            os.close(number)

    assert found == "<>"


BAD = {
    "empty": ("", "is empty"),
    "blank": (" \n\t", "is empty"),
    "two lines": (f"{TOKEN}\nsecond", "characters that no token has"),
    "two words": (f"Bearer {TOKEN}", "characters that no token has"),
    "not ASCII": (f"{TOKEN}ä", "characters that no token has"),
    "typographic quotes": (f"“{TOKEN}”", "characters that no token has"),
    "control character": (f"{TOKEN}\x00", "characters that no token has"),
    "header injection": (f"{TOKEN}\r\nX-Evil: 1", "characters that no token has"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_token_is_said_and_not_shown(name: str, tmp_path: Path) -> None:
    """The message names the source and the fault, and never holds what was read."""
    text, fault = BAD[name]
    (tmp_path / "token").write_bytes(text.encode())
    sources: dict[str, object] = {
        "dialler.token": SecretStr(text),
        "dialler.token_file": tmp_path / "token",
        "dialler.token_command": printing(text),
    }
    for source, value in sources.items():
        with pytest.raises(ConfigError) as caught:
            token_of(**{source.removeprefix("dialler."): value})

        assert str(caught.value).startswith(source)
        assert fault in str(caught.value)
        assert TOKEN not in repr(caught.value) + repr(caught.value.__cause__)


def test_no_source_at_all() -> None:
    """The message says what can be set."""
    with pytest.raises(ConfigError, match=r"set dialler\.token, token_file or token_command"):
        token_of()


def test_file_that_cannot_be_read(tmp_path: Path) -> None:
    """Missing, a folder, or no text."""
    (tmp_path / "binary").write_bytes(TOKEN.encode("utf-16"))
    for path, fault in (
        (tmp_path / "missing", r"No such file or directory \(.*\)"),
        (tmp_path, "Is a directory|Permission denied"),
        (tmp_path / "binary", "not text"),
    ):
        with pytest.raises(ConfigError, match=rf"^dialler\.token_file \(.*\) cannot be read: ({fault})$"):
            token_of(token_file=path)


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        (["/no/such/program"], "cannot be run: No such file or directory"),
        ("'unclosed", "cannot be run: a quote in it has no end"),
        ("", "cannot be run: it is empty"),
        ([], "cannot be run: it is empty"),
        ([""], "cannot be run: it is empty"),
        (["nul\0byte"], "cannot be run: it has a NUL in it"),
        ([sys.executable, "-c", f"import sys; print('{TOKEN}'); sys.exit(3)"], "failed with exit code 3"),
        ([sys.executable, "-c", f"import sys; sys.exit('{TOKEN}')"], "failed with exit code 1"),
        ([sys.executable, "-c", r"import sys; sys.stdout.buffer.write(b'\xff')"], "prints what is not UTF-8 text"),
    ],
    ids=[
        "not there",
        "unclosed",
        "empty text",
        "empty list",
        "empty name",
        "NUL",
        "exit code 3",
        "exit code 1",
        "no text",
    ],
)
def test_command_that_fails(command: object, fault: str) -> None:
    """What it printed is kept back, on success as on failure."""
    with pytest.raises(ConfigError) as caught:
        token_of(token_command=command)

    assert str(caught.value).startswith(f"dialler.token_command {fault}")
    assert TOKEN not in str(caught.value)


@pytest.mark.anyio
async def test_client_shows_no_token() -> None:
    """Nothing of a client or a request that is printed or logged holds the token."""
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(401, request=request)

    async with DiallerClient(settings(URL), transport=httpx.MockTransport(answer)) as client:
        with pytest.raises(Refused) as caught:
            await client.list_campaigns()

    assert requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    shown = (client, client.settings, client.gate, requests[0], requests[0].headers, caught.value)
    assert not [thing for thing in shown if TOKEN in repr(thing)]
