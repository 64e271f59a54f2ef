"""The demo: the whole job on the embedded dialler and the sample data."""

from __future__ import annotations

import csv
import re

from dialler_sync.exit_codes import ExitCode

from ..conftest import Run


def test_the_demo_runs_with_nothing_configured(run: Run) -> None:
    """It shows the counts and where the reports are."""
    done = run("demo")

    assert done.code == ExitCode.OK
    counts = done.summary["counts"]
    assert (counts["read"], counts["succeeded"], counts["rejected"], counts["skipped"]) == (200, 193, 6, 1)
    assert "now holds 193 contacts" in done.out
    rejected = {int(row["_row"]): row["_error_code"] for row in done.rows("failed.csv")}
    assert rejected.keys() == {26, 58, 87, 112, 149, 184}
    assert rejected[87] == "precision_lost"


def test_its_second_half_shows_what_came_of_the_contacts(run: Run) -> None:
    """The dialler dials for a week that lies in the past; the page has what is said."""
    done = run("demo")

    said = re.search(r"dialled for a week, .*: ([\d,]+) calls, (\d+ of \d+ contacts reached)\.", done.out)
    assert said
    page = (done.reports / "calls.html").read_text(encoding="utf-8")
    assert said[2] in page
    assert int(said[1].replace(",", "")) > 300
    for told in ("Nightly", "crm_export.csv", "SALE", "NOANSWER", "Calls by day", "Calls by hour"):
        assert told in page
    with (done.reports / "invalid-numbers.csv").open(encoding="utf-8-sig") as file:
        assert all(row["PhoneNumber"].startswith("+") for row in csv.DictReader(file))
