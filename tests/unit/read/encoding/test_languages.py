"""The models of languages, which are trained with every start that needs them."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest

from dialler_sync.read.encoding import languages as module
from dialler_sync.read.encoding.languages import folded, languages

WORDS = {
    path.name.removesuffix(".txt"): path.read_text(encoding="utf-8")
    for path in files(module.__package__).joinpath("words").iterdir()
    if path.name.endswith(".txt")
}


def test_word_lists_are_in_lower_case() -> None:
    """They are read as they are, without folding each letter."""
    assert [name for name, text in WORDS.items() if text.translate(module._ONE_FORM) != folded(text)] == []


@pytest.mark.parametrize("trigram", ["  m", "mül", "er ", "n a", "東京 ", "q$€"])
def test_likelihood_is_that_of_counting_words(trigram: str) -> None:
    likely = np.exp(languages().letter(trigram))

    for name, probability in zip(languages().names, likely, strict=True):
        padded = [f"  {word} " for word in WORDS[name].translate(module._ONE_FORM).split()]
        letters = "".join(word[2:] for word in padded)
        if name in module._COMMON:
            letters += module._common_signs(*module._COMMON[name])
        expected = (letters.count(trigram[2]) + 0.02) / len(letters)
        for size in (2, 3):
            text = trigram[-size:]
            grams = [word[at : at + size] for word in padded for at in range(3 - size, len(word) - size + 1)]
            same = [gram for gram in grams if gram[:-1] == text[:-1]]
            new = len(set(same)) + 0.5
            expected = (same.count(text) + new * expected) / (len(same) + new)
        assert probability == pytest.approx(expected)
