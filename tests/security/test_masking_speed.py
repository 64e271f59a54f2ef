"""A hostile dialler cannot hold the run up by what is slow to search for secrets, nor hide a secret in it."""

from __future__ import annotations

import base64
import json
import logging
import random
import time
from collections.abc import Callable

import httpx
import pytest

from dialler_sync.api import traffic
from dialler_sync.text.outward import keep_secret, mask

from .encodings import ENCODINGS, found_in
from .shell import TOKEN

SIZE = 60_000
RANDOM = random.Random(11)
BYTES = RANDOM.randbytes(SIZE)

SLOW_TEXTS: dict[str, Callable[[], str]] = {
    "base64": lambda: base64.b64encode(BYTES).decode()[:SIZE],
    "base64 of text": lambda: base64.b64encode(bytes(RANDOM.choices(range(33, 127), k=SIZE))).decode()[:SIZE],
}
"""What has many readings."""


@pytest.mark.parametrize("name", SLOW_TEXTS)
def test_slow_texts(name: str) -> None:
    """They are searched at a million characters in a second, not a tenth of it, with a token in them or without."""
    keep_secret(TOKEN)
    text = SLOW_TEXTS[name]()
    holding = f"{text[: SIZE // 8]} {ENCODINGS['base64, quoted'](TOKEN)} {text[SIZE // 8 :]}"

    begun = time.process_time()
    shown = mask(text), mask(holding)
    seconds = time.process_time() - begun

    assert shown[0] == text
    assert "***" in shown[1]
    assert not found_in(shown[1][SIZE // 8 - 100 : SIZE // 8 + 200], TOKEN)
    assert seconds < 1.6


def test_one_secret_in_several_encodings() -> None:
    """What says the same as another part of the text is masked too, as far as it reaches."""
    keep_secret(TOKEN)
    plain = ENCODINGS["base64"](TOKEN)
    css = ENCODINGS["CSS"](ENCODINGS["base64"](plain).rstrip("="))

    shown = mask(f"{plain}\xf4{css}")

    assert shown == "***\xf4***"


@pytest.mark.parametrize(
    "body",
    [{"error": "x" * 1_000_000}, {"Comment": "x" * 1_000_000}, [{"error": "no"}] * 100_000, {"a": [[]] * 1_000_000}],
    ids=["one text", "one cell", "many records", "nothing"],
)
def test_no_more_of_an_answer_is_masked_than_is_shown(
    body: object, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With ``-vv`` a large answer costs what a small one costs."""
    taken: list[int] = []
    monkeypatch.setattr(traffic, "mask", lambda text: taken.append(len(text)) or text)
    caplog.set_level(logging.DEBUG, logger=traffic.__name__)

    traffic.log_answer(1, httpx.Response(200, text=json.dumps(body)), 0.1)

    assert sum(taken) < 20_000
    assert len(caplog.text) < 5_000
