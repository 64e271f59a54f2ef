"""Text that was encoded twice is told from text that only looks strange."""

from __future__ import annotations

import pytest

from dialler_sync.text.double_encoding import once_decoded

WORDS = ["Müller", "Łódź", "Иванов", "Παπαδόπουλος", "Großmann–Öz", "Žižková"]


@pytest.mark.parametrize("codec", ["cp1252", "latin-1", "cp1250", "cp850", "cp437", "mac-roman"])
@pytest.mark.parametrize("word", WORDS)
def test_found(word: str, codec: str) -> None:
    """Whichever encoding it was read in."""
    try:
        twice = word.encode().decode(codec)
    except UnicodeDecodeError:
        pytest.skip(f"{codec} cannot read it, so it was not read in it")

    assert once_decoded(twice) is not None


@pytest.mark.parametrize(
    "text",
    [
        *WORDS,
        "CAFÉ…",
        "»Fuß«",
        "50 €",
        "“Nuñez”",
        "ÄÖÜ",
        "№ 5",
        "Різник",
        "İŞÇİ",
        "佐藤",
        "SÃO «X»",
        "ТАРАС",
        "Miller",
        "",
    ],
)
def test_sound_text(text: str) -> None:
    """People's own letters and signs are left alone."""
    assert once_decoded(text) is None
