"""Normalization of texts with any number of combining marks."""

from __future__ import annotations

import unicodedata
from itertools import groupby
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialler_sync.text.normal import Form, normalized

FORMS = get_args(Form)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("marks", ["\u0301\u0316", "\u0f73", "\uff9e\u0316"], ids=["two", "one that is two", "wide"])
def test_no_more_marks_follow_each_other_than_can_be_sorted_at_once(form: Form, marks: str) -> None:
    found = normalized(form, f"K1{marks * 10_000}")

    runs = [len(list(run)) for of_marks, run in groupby(found, unicodedata.combining) if of_marks]
    assert max(runs, default=0) <= 62  # thirty in a row, each of which may be two


@given(st.text(max_size=20), st.integers(1, 100), st.sampled_from(FORMS))
def test_all_other_texts_are_what_unicode_says(text: str, times: int, form: Form) -> None:
    text = f"{text}a" * times

    assert normalized(form, text) == unicodedata.normalize(form, text)
