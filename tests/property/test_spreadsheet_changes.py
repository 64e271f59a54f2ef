"""What spreadsheet programs do to cells, over any text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dialler_sync.text.spreadsheet_changes import could_be_changed, is_changed, shows_change

CELLS = st.text(st.sampled_from("0123459.,+-eE/: '%€#?²٣MaiMrzDec\n"), max_size=20) | st.text(max_size=10)


@given(CELLS, CELLS, st.booleans())
def test_any_two_texts_can_be_compared(before: str, after: str, mended: bool) -> None:
    """Without an error; a text is no change of itself, and what counts for a mended cell counts for any."""
    found = is_changed(before, after, mended=mended)

    assert not is_changed(before, before)
    if found and mended:
        assert is_changed(before, after)
    if found and after.strip()[:1].isdecimal() and mended and after.strip().isascii():
        assert could_be_changed(after) or "?" in after
    if shows_change(after):
        assert could_be_changed(after)


@given(st.integers(1, 10**15 - 1), st.integers(1, 6), st.booleans())
def test_zeros_and_signs_that_were_lost_are_seen(number: int, zeros: int, sign: bool) -> None:
    """As text, with a point, and in scientific notation with as many digits as programs show."""
    before = ("+" if sign else "0" * zeros) + str(number)
    digits, exponent = f"{number:.5e}".split("e")

    for after in (str(number), f"{number}.0", f"{digits}E{exponent}", f"{digits.replace('.', ',')}E{exponent}"):
        assert is_changed(before, after, mended=True)
    assert not is_changed(before, str(number + 1), mended=False)
