"""What is sent of a row to a contact that keeps some of its fields."""

from __future__ import annotations

from typing import Any

import pytest

from dialler_sync.plan.keep import keep

ROW = {"UserData": "K1", "Name": "New", "PhoneNumber1": "+491", "City": "Ulm", "Comment": None}


@pytest.mark.parametrize(
    ("record", "rules", "sent", "kept", "left_out"),
    [
        ({"City": "Bonn"}, {}, ROW, {}, {}),
        ({"City": "Bonn"}, {"City": "if_empty"}, {"City": ...}, {"City": "Bonn"}, {"City": "Bonn"}),
        ({"City": ""}, {"City": "if_empty"}, ROW, {}, {}),
        ({"City": ""}, {"City": "never"}, {"City": ...}, {"City": ""}, {}),
        ({"City": "Ulm"}, {"City": "never"}, {"City": ...}, {}, {"City": "Ulm"}),
        ({"Comment": "Note"}, {"Comment": "if_empty"}, {"Comment": ...}, {"Comment": "Note"}, {"Comment": "Note"}),
        ({"Name": "Old"}, {"Name": "never"}, {"Name": "Old"}, {"Name": "Old"}, {}),
        ({"PhoneNumber1": "+2"}, {"PhoneNumber1": "never"}, {"PhoneNumber1": "+2"}, {"PhoneNumber1": "+2"}, {}),
        ({"Tag": "x"}, {"Tag": "never"}, ROW, {}, {}),
        ({"Name": None}, {"Name": "never"}, {"Name": ...}, {"Name": None}, {}),
    ],
)
def test_what_a_contact_keeps(
    record: dict[str, Any],
    rules: dict[str, str],
    sent: dict[str, Any],
    kept: dict[str, Any],
    left_out: dict[str, Any],
) -> None:
    """The field is left out of the body, unless the dialler demands it: then it says what is there."""
    found = keep(ROW, record, rules)

    wanted = {name: value for name, value in {**ROW, **sent}.items() if value is not ...}
    assert (found.fields, found.kept, found.left_out) == (wanted, kept, left_out)


def test_a_number_is_only_sent_where_there_is_no_other() -> None:
    row = {**ROW, "PhoneNumber2": "+3"}

    assert "PhoneNumber1" not in keep(row, {"PhoneNumber1": "+2"}, {"PhoneNumber1": "never"}).fields


def test_a_reason_shows_values_in_short() -> None:
    assert keep(ROW, {"City": "x" * 100}, {"City": "never"}).reason == f"kept: City '{'x' * 59}…"
    assert keep(ROW, {}, {"City": "never"}).reason == "kept: City (empty)"
    assert keep(ROW, {"City": ""}, {"City": "never"}).reason == "kept: City (empty)"
    assert keep(ROW, {"City": 5}, {"City": "never"}).reason == "kept: City 5"
