"""A sender on a worker: one answer to one order, no request after its lease, and whose token it uses."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pydantic import SecretStr

from dialler_sync.cluster.messages import Order, Share
from dialler_sync.cluster.sender import TOKEN_VARIABLE, UNHEARD, Sender, check_version, with_token
from dialler_sync.config.dialler import DiallerSettings
from dialler_sync.errors import ConfigError, UsageError
from dialler_sync.load.rules import Rules
from dialler_sync.version import __version__

TOKEN = SecretStr("travelled")
DIALLER = DiallerSettings(base_url="http://127.0.0.1:9/rest/v1.0", clients_id=1, token=SecretStr("x"))


def share(lease: float = 60.0, version: str = __version__) -> Share:
    dialler = DIALLER.model_copy(update={"token": None})
    return Share("run-1of1", version, dialler, 0.0, Rules(True, None, 0, 0.1), lease)


def test_the_same_order_gives_the_same_answer() -> None:
    """It comes again where the answer was lost on the way; what it said is not forgotten."""

    async def go() -> None:
        sender = Sender(share())
        first = await sender.exchange(Order(0, token=TOKEN))
        second = await sender.exchange(Order(1))
        assert await sender.exchange(Order(1)) is second
        assert second is not first
        ended = await sender.exchange(Order(2, stop=True))
        assert ended.ended
        assert await sender.exchange(Order(2, stop=True)) is ended

    asyncio.run(go())


def test_a_sender_that_hears_nothing_comes_to_rest() -> None:
    async def go() -> None:
        sender = Sender(share(0.05))
        await sender.exchange(Order(0, token=TOKEN))
        await asyncio.sleep(0.15)
        with pytest.raises(ConnectionError, match=UNHEARD):
            await sender.exchange(Order(1))

    asyncio.run(go())


def test_a_sender_that_is_done_ends() -> None:
    async def go() -> None:
        sender = Sender(share())
        await sender.exchange(Order(0, token=TOKEN, last=True))
        report = await sender.exchange(Order(1, last=True))
        assert report.ended

    asyncio.run(asyncio.wait_for(go(), 20))


def test_without_a_token_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN_VARIABLE)

    report = asyncio.run(Sender(share()).exchange(Order(0)))

    assert report.ended
    assert isinstance(report.error, ConfigError)


def test_the_token_that_travelled_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the one that the configuration names on this machine, then the variable."""
    file = tmp_path / "token"
    file.write_text("of-the-file\n", encoding="utf-8")
    file.chmod(0o600)
    named = DIALLER.model_copy(update={"token": None, "token_file": file})
    made = DIALLER.model_copy(update={"token": None, "token_command": ["printf", "of-the-command"]})
    nameless = DIALLER.model_copy(update={"token": None})
    monkeypatch.setenv(TOKEN_VARIABLE, "of-the-variable")

    found = [with_token(named, TOKEN), with_token(named, None), with_token(made, None), with_token(nameless, None)]

    assert [each.token and each.token.get_secret_value() for each in found] == [
        *("travelled", "of-the-file", "of-the-command", "of-the-variable")
    ]
    assert {(each.token_file, each.token_command) for each in found} == {(None, None)}
    monkeypatch.delenv(TOKEN_VARIABLE)
    with pytest.raises(
        ConfigError, match="where the worker is started, use token_file or token_command, or connect by tls://"
    ):
        with_token(nameless, None)


def test_only_the_same_version_sends() -> None:
    check_version(__version__)
    with pytest.raises(UsageError, match="install the same"):
        Sender(share(version="0.0.1"))
