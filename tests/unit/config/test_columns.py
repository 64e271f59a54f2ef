"""The rules of ``columns:`` that a configuration may have, and those that are refused when it is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from dialler_sync.config import ColumnRule, Settings, load_config
from dialler_sync.config.columns import ColumnRules, fold, template_parts
from dialler_sync.errors import ConfigError

RULES = TypeAdapter(dict[str, ColumnRule])
FITTING = TypeAdapter(ColumnRules)


def test_a_plain_text_is_a_column() -> None:
    """The short form and the long form are the same rule."""
    assert ColumnRule.model_validate("Mobile") == ColumnRule(column="Mobile")


def test_a_single_text_is_a_list_of_one() -> None:
    """``formats: "%d.%m.%Y"`` needs no brackets."""
    rule = ColumnRule.model_validate({"column": "Due", "formats": "%d.%m.%Y"})

    assert rule.formats == ("%d.%m.%Y",)


def test_an_empty_replacement_is_an_empty_text() -> None:
    """``values: {none: }`` arrives as None from YAML."""
    assert ColumnRule.model_validate({"column": "Phone", "values": {"none": None}}).values == {"none": ""}


@pytest.mark.parametrize(
    ("rule", "sources"),
    [
        ({"column": "A"}, ("A",)),
        ({"first_of": ["A", "B"]}, ("A", "B")),
        ({"template": "{A} and {B}, {A}"}, ("A", "B")),
        ({"join": {"columns": ["B", "A"]}}, ("B", "A")),
        ({"value": "01099"}, ()),
    ],
)
def test_sources_are_the_columns_that_a_rule_reads(rule: dict[str, Any], sources: tuple[str, ...]) -> None:
    """Binding looks for exactly these columns."""
    assert ColumnRule.model_validate(rule).sources == sources


def test_template_parts_keep_every_sign() -> None:
    """Doubled braces are text; a column's name may hold anything but braces."""
    assert template_parts("{{{Tel: 1.x!r}}} {B}") == (("{", "Tel: 1.x!r"), ("} ", "B"), ("", None))


def test_fold_ignores_case_space_and_unicode_form() -> None:
    """Names that look the same are the same."""
    assert fold(" E-Mail\u00a0Adresse ") == fold("e-mailadresse")
    assert fold("Stra\u00dfe") == fold("STRASSE")
    assert fold("Mu\u0308ller") == fold("M\u00fcller")


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({}, "set one of column, first_of, template, join, value"),
        ({"column": "A", "value": "x"}, "column and value cannot be combined"),
        ({"value": "x", "trim": "true"}, "trim has no effect"),
        ({"column": "A", "unlisted": "reject"}, "unlisted has no effect without values"),
        ({"column": "A", "decimal": ",", "thousands": ","}, "both ','"),
        ({"column": "A", "thousands": "."}, "both '.'"),
        ({"column": "A", "decimal": ";"}, "Input should be '.' or ','"),
        ({"column": "A", "region": "XX"}, "' is not a two-letter country code such as DE"),
        ({"column": "A", "region": "Germany"}, "' is not a two-letter country code such as DE"),
        ({"column": "A", "formats": ["%d.%m."]}, "does not give a day, a month and a year"),
        ({"column": "A", "formats": ["%Q"]}, "does not give a day, a month and a year"),
        ({"column": "A", "formats": ["%d.%m.%Y %H:%M:%M"]}, "has one of its parts twice"),
        ({"column": "A", "values": {"Herr": "Mr.", "herr ": "Mister"}}, "'Herr' and 'herr ' differ only in case"),
        ({"column": "A", "values": "Herr"}, "valid dictionary"),
        ({"template": "{A"}, "stray '{'"),
        ({"template": "plain"}, "no column in braces"),
        ({"column": "A", "split": {"separator": ";", "part": "0"}}, "greater than or equal to 1"),
        ({"column": "A", "colum": "B"}, "Extra inputs are not permitted"),
        ({"column": ""}, "at least 1 character"),
        ({"first_of": []}, "at least 1 item"),
    ],
)
def test_a_rule_that_contradicts_itself_is_refused(rule: dict[str, Any], says: str) -> None:
    """What cannot work is a fault of the configuration, not of every row."""
    with pytest.raises(ValidationError, match=says.replace("[", r"\[").replace("{", r"\{")):
        ColumnRule.model_validate(rule)


@pytest.mark.parametrize(
    ("field", "rule", "key"),
    [
        ("Name", {"column": "A", "region": "DE"}, "region"),
        ("Email", {"column": "A", "region_column": "B"}, "region_column"),
        ("City", {"column": "A", "decimal": ","}, "decimal"),
        ("RandomSortOrder", {"column": "A", "thousands": ","}, "thousands"),
        ("Comment", {"column": "A", "formats": ["%d.%m.%Y"]}, "formats"),
        ("Amount", {"column": "A", "case": "upper"}, "case"),
        ("Name", {"column": "A", "several": "reject"}, "several"),
        ("FaxNumber", {"column": "A", "several": "spread"}, "several"),
    ],
)
def test_a_key_that_makes_no_sense_for_its_field_is_refused_there(field: str, rule: dict[str, Any], key: str) -> None:
    """A region on a name is a misunderstanding, and the error names field and key."""
    with pytest.raises(ValidationError) as raised:
        FITTING.validate_python({field: rule})

    assert [error["loc"] for error in raised.value.errors()] == [(field, key)]


def test_every_key_fits_some_field() -> None:
    """What a rule may say of phones, amounts and dates is taken where it belongs."""
    rules = {
        "PhoneNumber1": {"column": "A", "region": "de", "region_column": "B", "several": "spread", "extension": "drop"},
        "FaxNumber": {"column": "A", "several": "reject"},
        "Amount": {"column": "A", "decimal": ",", "thousands": ".", "currency": "€"},
        "FollowUpDateTime": {"column": "A", "formats": ["%d.%m.%Y"]},
        "Name": {"column": "A", "case": "title", "trim": "true"},
    }

    assert FITTING.validate_python(rules)["PhoneNumber1"].region == "DE"


CONFIG = """\
dialler: {base_url: "https://dialler.example.com/rest/v1.0", clients_id: 1, token: t}
campaign: {id: 538}
columns:
  UserData: Customer No
  Name: {column: Last name, region: DE}
  Amount: {column: Balance, decimal: ","}
  Client: {value: 01099}
"""


def test_the_file_names_line_and_key_of_a_contradiction(tmp_path: Path) -> None:
    """The user finds the fault at once."""
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG, encoding="utf-8")

    with pytest.raises(ConfigError, match=r"config\.yaml:5: columns\.Name\.region: is only for phone numbers"):
        load_config(path)


def test_values_stay_the_text_that_the_user_wrote(tmp_path: Path) -> None:
    """YAML would make a number of 01099."""
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG.replace(", region: DE", ""), encoding="utf-8")

    assert load_config(path).columns["Client"].value == "01099"


def test_the_schema_for_editors_knows_both_forms() -> None:
    """An editor does not underline ``Name: Last name``."""
    rule = Settings.model_json_schema()["$defs"]["ColumnRule"]

    assert {"string", "object"} == {form.get("type") for form in rule["anyOf"]}


def test_every_key_is_documented() -> None:
    """The reference is made from the descriptions."""
    assert all(key.description for key in ColumnRule.model_fields.values())
