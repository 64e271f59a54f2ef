"""What ``-vv`` shows of requests and answers: no contact, however their values are written."""

from __future__ import annotations

import httpx
import orjson
import pytest

from dialler_sync.api import traffic


def test_numbers_and_names_of_nested_fields_are_masked_like_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {
        "ID": 4711,
        "PhoneNumber1": 491713920012,
        "Amount": 1234.5,
        "Locked": True,
        "Notes": {"Mustermann, Erika": 1},
        "status": 200,
    }
    said: list[str] = []
    monkeypatch.setattr(traffic._log, "debug", lambda form, text: said.append(form % text))

    traffic.log_answer(1, httpx.Response(200, content=orjson.dumps(told)), 0.1)

    (shown,) = said
    assert '"ID":4711' in shown and '"Locked":true' in shown and '"status":200' in shown
    assert not [each for each in ("491713920012", "1234", "Mustermann", "Erika") if each in shown]
