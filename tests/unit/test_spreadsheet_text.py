"""Text that a spreadsheet program would run."""

from __future__ import annotations

import pytest

from dialler_sync.spreadsheet_text import harmless, restore


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+A1", "-1+1", "+1E5+A1", "-e5", "--5", "+49|cmd", "\tx", "'=1"])
def test_formulas(text: str) -> None:
    """Whatever could run is made text, and comes back as it was."""
    assert harmless(text) == f"'{text}"
    assert restore(harmless(text)) == text


@pytest.mark.parametrize(
    "text", ["-5", "+49 171", "-1.45e-16", "+1E+05", "-£45,550.00", "-5,5 %", "- 5 €", "-", "'s", "1=1"]
)
def test_numbers_and_words(text: str) -> None:
    """A signed number or amount runs nothing, and stands in reports as it stands in the source."""
    assert harmless(text) == text
    assert restore(text) == text
