"""Exports of well-known programs: each column goes where a person would put it.

``propose_cases/<program>-<language>.csv`` is such an export with one line put in below its header: the field that
``init`` must propose for each column, ``Field?`` where it must mark it with CHANGE, nothing where no field holds it.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
import yaml

from dialler_sync.config import load_config
from dialler_sync.propose import propose_config

from ...helpers.rows import Rows, layout_of

CASES = sorted((Path(__file__).parent / "cases").glob("*.csv"))
OPT_OUT = re.compile(r"# CHANGE: (.*) says who must not be called")


def read_case(path: Path) -> tuple[Rows, list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        header, expected, *rows = csv.reader(file)
    return Rows(layout_of(*header), tuple(map(tuple, rows))), expected


def fields_by_column(proposal: str) -> dict[str, list[str]]:
    """Column → the fields that it goes to, each with ``?`` where the line is marked."""
    found: dict[str, list[str]] = {}
    marked = {match[1] for match in re.finditer(r"^ *(\w+): .*# CHANGE", proposal, re.MULTILINE)}
    document = yaml.safe_load(proposal)
    for field, rule in document["columns"].items():
        parts = {"column": rule} if isinstance(rule, str) else rule
        for column in parts["join"]["columns"] if "join" in parts else [parts.get("column")]:
            found.setdefault(column, []).append(field + "?" * (field in marked))
    if "column" in document["campaign"]:
        found.setdefault(document["campaign"]["column"], []).append("Campaign" + "?" * ("campaign" in marked))
    for match in OPT_OUT.finditer(proposal):
        found.setdefault(yaml.safe_load(match[1]), []).append("OptOut")
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_each_column_goes_where_a_person_would_put_it(case: Path, tmp_path: Path) -> None:
    """The whole proposal, column by column; it is a valid configuration."""
    table, expected = read_case(case)
    proposal = propose_config(table)
    found = fields_by_column(proposal)

    assert [" + ".join(found.get(column, [])) for column in table.layout.columns] == expected
    path = tmp_path / "proposed.yaml"
    path.write_text(proposal, encoding="utf-8")
    assert load_config(path, {"DIALLER_SYNC_TOKEN": "t"})


@pytest.mark.parametrize(
    ("case", "region"),
    [
        ("ch", "CH"),
        ("outlook-fr", "FR"),
        ("google-old", "DE"),
        ("zoho-en", "US"),
        ("hubspot-fr", "FR"),
        ("hubspot-es", "ES"),
        ("hubspot-it", "IT"),
        ("hubspot-nl", "NL"),
        ("hubspot-pl", "PL"),
    ],
)
def test_the_region_is_that_of_the_numbers(case: str, region: str) -> None:
    """The country that reads most of them; addresses break a tie."""
    table, _ = read_case(Path(__file__).parent / "cases" / f"{case}.csv")
    columns = yaml.safe_load(propose_config(table))["columns"]

    assert columns["PhoneNumber1"]["region"] == region
