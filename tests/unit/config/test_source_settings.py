"""Settings of the source take names and numbers as a person writes them, and refuse what no file can have."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from dialler_sync.config import SourceSettings


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"delimiter": "tab"}, "\t"),
        ({"delimiter": "\\t"}, "\t"),
        ({"delimiter": "semicolon"}, ";"),
        ({"delimiter": ", "}, ", "),
        ({"header": "3"}, [3]),
        ({"header": 3}, [3]),
        ({"header": ["1", "2"]}, [1, 2]),
        ({"header": "none"}, "none"),
        ({"encoding": "Windows-1252"}, "Windows-1252"),
    ],
)
def test_taken(given: dict[str, object], kept: object) -> None:
    assert getattr(SourceSettings.model_validate(given), next(iter(given))) == kept


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"delimiter": ";;"}, "must be auto, one character, or a comma and a space"),
        ({"delimiter": "\n"}, "must be auto, one character, or a comma and a space"),
        ({"quote": "xx"}, "' must be auto, none, or one character"),
        ({"escape": "slash"}, "'double', 'backslash' or 'none'"),
        ({"header": "first"}, "a row number, or a list of row numbers"),
        ({"header": []}, "a row number, or a list of row numbers"),
        ({"header": ["0"]}, "a row number, or a list of row numbers"),
        ({"encoding": "hex"}, "' is not a text encoding; common ones are utf-8, utf-16, cp1252, cp1250"),
        ({"encoding": "utf8mb4"}, "' is not a text encoding; common ones are utf-8, utf-16, cp1252, cp1250"),
        ({"delimiter": "'", "quote": "'"}, "delimiter and quote must be different characters"),
    ],
)
def test_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        SourceSettings.model_validate(given)
