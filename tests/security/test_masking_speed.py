"""A hostile dialler cannot hold the run up by what is slow to search for secrets, nor hide a secret in it."""

from __future__ import annotations

import base64
import random
import time
from collections.abc import Callable

import pytest

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
    assert seconds < 0.8


def test_one_secret_in_several_encodings() -> None:
    """What says the same as another part of the text is masked too, as far as it reaches."""
    keep_secret(TOKEN)
    plain = ENCODINGS["base64"](TOKEN)
    css = ENCODINGS["CSS"](ENCODINGS["base64"](plain).rstrip("="))

    shown = mask(f"{plain}\xf4{css}")

    assert shown == "***\xf4***"
