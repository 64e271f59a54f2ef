"""Streams in pages."""

from __future__ import annotations

import pytest

from dialler_sync.pages import CHARS, batched, batched_rows, chars_of


@pytest.mark.parametrize(
    ("items", "pages"), [([], []), ([1, 2], [[1, 2]]), ([1, 2, 3], [[1, 2], [3]]), ([1, 2, 3, 4], [[1, 2], [3, 4]])]
)
def test_no_item_is_lost_and_no_page_is_empty(items: list[int], pages: list[list[int]]) -> None:
    """The last page may be shorter."""
    assert list(batched(items, 2)) == list(batched(iter(items), 2)) == pages


def test_a_page_is_taken_only_when_it_is_asked_for() -> None:
    """What a page's user changes counts for the next one."""
    taken: list[int] = []
    pages = batched((taken.append(number) or number for number in range(9)), 2)

    assert (next(pages), taken) == ([0, 1], [0, 1])


def test_a_page_of_long_rows_has_few() -> None:
    """As many as have :data:`CHARS` characters, with the last of them; no row is lost."""
    rows = [["x" * length, ""] for length in (CHARS - 1, 1, CHARS * 2, 5, 5, 5)]

    assert [len(page) for page in batched_rows(rows, 2, chars_of)] == [2, 1, 2, 1]
    assert [row for page in batched_rows(rows, 2, chars_of) for row in page] == rows
