"""An answer's JSON is read whole and in one meaning, or not at all."""

from __future__ import annotations

import pytest

from dialler_sync.api.json_text import decode


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"null",
        b"[]",
        b'"x"',
        b"1",
        b"<html>",
        b'{"a": 1',
        b"{'a': 1}",
        b'{"status": 200, "status": 500}',
        b'{"a": "\xff"}',
        b'{"status": 200, "a": ' + b" " * 2**16 + b"1",
        b'{"a": NaN, "a": 1}',
        b'{"a": NaN, "b": ' + 100_000 * b"[" + 100_000 * b"]" + b"}",
        b'[{"status": 200, "status": 200}]',
    ],
)
def test_what_is_no_json_object_is_nothing(body: bytes) -> None:
    """Cut off, HTML, empty: no answer of this API."""
    assert decode(body) is None


def test_object_is_decoded() -> None:
    """Text is text, numbers are numbers, unknown fields are kept."""
    assert decode('{"a": [1, 2.5, null], "ü": {"b": true}}\n'.encode()) == {"a": [1, 2.5, None], "ü": {"b": True}}


def test_key_that_says_the_same_twice_is_read_once() -> None:
    assert decode(b'{"status": 200, "status": 200}') == {"status": 200}


def test_keys_of_a_long_answer_are_not_looked_at_one_by_one() -> None:
    """That would take time; what stands last counts, as in every JSON reader."""
    assert decode(b'{"status": 1, "status": 200, "a": "' + b"x" * 2**16 + b'"}') == {"status": 200, "a": "x" * 2**16}


def test_bytes_that_are_no_characters_are_replaced_where_it_need_not_be_exact() -> None:
    assert decode(b'{"a": "\xff"}', exact=False) == {"a": "\ufffd"}


@pytest.mark.parametrize("half", ["\\ud800", "\\uDFFF", "\\udc00\\ud800"])
def test_half_a_character_is_a_question_mark(half: str) -> None:
    """No file and no database can hold it; whole ones of two halves stay."""
    answer = decode(f'{{"{half}": ["{half}", "\\ud83d\\ude00", {{"a": "x{half}"}}], "status": 200}}'.encode())

    lost = "?" * (len(half) // 6)
    assert answer == {lost: [lost, "\U0001f600", {"a": f"x{lost}"}], "status": 200}
