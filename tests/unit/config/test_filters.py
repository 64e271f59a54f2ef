"""Filters and checks that a configuration may have, and those that contradict each other."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from dialler_sync.config import ColumnRule, changes, fingerprint
from dialler_sync.config.days import day_of
from dialler_sync.config.filters import Condition
from dialler_sync.config.rows import RowSettings
from dialler_sync.config.schema import json_schema

from ...helpers.rows import settings_of

TODAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("given", "values"),
    [("ja", ("ja",)), (["ja", "x"], ("ja", "x")), ("", ("",)), (["nein", None], ("nein", ""))],
)
def test_a_text_or_a_list_is_short_for_values(given: Any, values: tuple[str, ...]) -> None:
    """In a list, YAML's empty value is the empty cell; alone, it is a value that somebody forgot."""
    assert Condition.model_validate(given).values == values


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-01-31", date(2026, 1, 31)),
        ("today", TODAY),
        ("today-30d", date(2026, 1, 30)),
        ("today + 1d", date(2026, 3, 2)),
    ],
)
def test_days_are_told_from_today(text: str, day: date) -> None:
    """The day on which a run began."""
    assert day_of(text, TODAY) == day


@pytest.mark.parametrize("text", ["2026-02-30", "31.01.2026", "yesterday", "today-1", "today-1w", "", "20260131"])
def test_what_is_no_day_is_refused(text: str) -> None:
    """With the forms that there are."""
    with pytest.raises(ValidationError, match=r"is (not a day|a day that does not exist)"):
        Condition.model_validate({"before": text})


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        ({}, "is empty"),
        (None, "is empty"),
        ([], "at least 1 item"),
        ({"empty": "true", "min": "1"}, "empty: true and min contradict each other"),
        ({"empty": "true", "values": ["x"]}, "empty: true and values contradict each other"),
        ({"min": "1", "before": "today"}, "for dates: no cell can be both"),
        ({"min": "2", "max": "1"}, r"min \(2\) is greater than max \(1\)"),
        ({"min": "inf"}, "finite number"),
        ({"after": "2026-01-31", "before": "2026-02-01"}, "no day is after 2026-01-31 and before 2026-02-01"),
        ({"after": "today", "before": "today-1d"}, "no day is after today and before today-1d"),
        ({"pattern": "("}, "not a regular expression"),
        ({"values": ["1"], "decimal": ","}, "no effect without min or max"),
        ({"min": "1", "decimal": ",", "thousands": ","}, "both ','"),
        ({"min": "1", "formats": ["%d.%m.%Y"]}, "formats has no effect"),
        ({"after": "today", "formats": ["%d.%m."]}, "does not give a day, a month and a year"),
    ],
)
def test_a_condition_that_cannot_be_meant_is_refused(condition: Any, says: str) -> None:
    """What no cell could hold is a fault of the configuration."""
    with pytest.raises(ValidationError, match=says):
        Condition.model_validate(condition)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ({"only": {"A": ["x", "y"]}, "skip": {"A": [" Y"]}}, "only and skip both list 'y' for A"),
        (
            {"only": {"A": {"empty": "false"}}, "skip": {"A": {"empty": "false"}}},
            "skip leaves out everything that only accepts in",
        ),
        ({"only": {"A": {"min": "5"}}, "skip": {"A": {"min": "5"}}}, "skip leaves out everything that only accepts in"),
        ({"only": {"A": {"min": "5"}}, "skip": {"A": {"min": "0"}}}, "skip leaves out everything that only accepts in"),
        (
            {"only": {"A": {"min": "5", "max": "6"}}, "skip": {"A": {"max": "7"}}},
            "skip leaves out everything that only accepts in",
        ),
        (
            {"only": {"A": {"after": "today"}}, "skip": {"A": {"after": "today"}}},
            "skip leaves out everything that only accepts in",
        ),
        ({"skipped_contacts": "lock"}, "no effect without only or skip"),
    ],
)
def test_rows_that_contradict_themselves_are_refused(rows: Any, says: str) -> None:
    """Where no row would be left, or a key does nothing."""
    with pytest.raises(ValidationError, match=says):
        RowSettings.model_validate(rows)


@pytest.mark.parametrize(
    "rows",
    [
        {"only": {"A": {"min": "5"}}, "skip": {"A": {"max": "3"}}},
        {"only": {"A": {"min": "5"}}, "skip": {"A": {"min": "10"}}},
        {"only": {"A": {"min": "5"}}, "skip": {"A": {"min": "0", "pattern": "x"}}},
        {"only": {"A": {"pattern": "x"}}, "skip": {"A": {"empty": "false", "pattern": "y"}}},
        {"only": {"A": ["x"]}, "skip": {"A": ["y"]}},
        {"only": {"A": {"after": "today-1d", "before": "2026-01-01"}}},
        {"only": None, "skip": None},
    ],
)
def test_what_can_be_meant_is_taken(rows: Any) -> None:
    """Also sections that are still empty, and days that can only be compared when they come."""
    assert RowSettings.model_validate(rows)


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"required": "true", "invalid": "empty"}, "required: true and invalid: empty contradict each other"),
        ({"required": "true", "default": "x"}, "required and default contradict each other"),
        ({"min": "2", "max": "1"}, r"min \(2\) is greater than max \(1\)"),
        ({"after": "today", "before": "today+1d"}, "no day is after today and before"),
        ({"lost_zero": "restore"}, "lost_zero: restore has no effect without region"),
        ({"one_of": ["a", "bb"], "max_length": "1"}, "one_of lists 'bb', and max_length is 1"),
        ({"one_of": ["a1"], "pattern": "[a-z]+"}, "one_of lists 'a1', and pattern"),
        ({"one_of": ["A"], "default": "b"}, "default is 'b', and one_of does not list it"),
        ({"default": "x", "pattern": "[0-9]+"}, "default is 'x', and pattern"),
        ({"default": "long", "max_length": "3"}, "default is 'long', and max_length is 3"),
        ({"replace": [{"pattern": "(a)", "with": r"\2"}]}, r"does not fit the pattern '\(a\)'"),
        ({"replace": [{"pattern": "(", "with": ""}]}, "not a regular expression"),
        ({"pattern": "["}, "not a regular expression"),
        ({"max_length": "0"}, "greater than or equal to 1"),
    ],
)
def test_checks_and_steps_that_contradict_each_other_are_refused(rule: Any, says: str) -> None:
    """Else every row would be rejected, or a key would do nothing."""
    with pytest.raises(ValidationError, match=says):
        ColumnRule.model_validate({"column": "A", **rule})


def test_a_default_is_compared_in_its_case() -> None:
    """As it will be when it is checked."""
    assert ColumnRule.model_validate({"column": "A", "one_of": ["X"], "default": "x", "case": "upper"})


@pytest.mark.parametrize(
    ("field", "rule", "key"),
    [
        ("City", {"min": "1"}, "min"),
        ("City", {"before": "today"}, "before"),
        ("City", {"type": "mobile"}, "type"),
        ("Amount", {"pattern": "1"}, "pattern"),
        ("Amount", {"one_of": ["1"]}, "one_of"),
        ("Amount", {"max_length": "1"}, "max_length"),
        ("Name", {"invalid": "empty"}, "invalid"),
        ("UserData", {"invalid": "empty"}, "invalid"),
        ("UserData", {"default": "x"}, "default"),
        ("PhoneNumber1", {"default": "x"}, "default"),
        ("UserData", {"lookup": {"file": "t.csv", "key": "A", "value": "B"}}, "lookup"),
    ],
)
def test_a_key_that_would_do_harm_in_a_field_is_refused_there(field: str, rule: Any, key: str) -> None:
    """A default key would make one contact of many."""
    with pytest.raises(ValidationError) as raised:
        settings_of({field: {"column": "A", **rule}})

    assert [error["loc"] for error in raised.value.errors()] == [("columns", field, key)]


def test_editors_know_the_short_and_the_long_form() -> None:
    """Of filters, in the JSON Schema."""
    forms = json_schema()["$defs"]["Condition"]["anyOf"]

    assert [form.get("type") for form in forms] == ["string", "array", "object"]
    assert "with" in json_schema()["$defs"]["Replacement"]["properties"]


def test_what_an_older_version_did_not_know_is_no_change() -> None:
    """A run that it began can be resumed, unless one of its new keys is set."""
    plain = fingerprint(settings_of({"Name": "A", "Email": "B"}))
    filtered = fingerprint(
        settings_of({"Name": "A", "Email": {"column": "B", "invalid": "empty"}}, rows={"only": {"C": "x"}})
    )
    older = {name: value for name, value in plain.items() if not name.startswith(("rows.", "columns.Email."))}

    assert changes(older, plain) == ['columns.Email.column was not set, is "B"']
    assert [change.split(" ")[0] for change in changes(older, filtered)] == [
        "columns.Email.column",
        "columns.Email.invalid",
        "rows.only.C.values",
    ]
