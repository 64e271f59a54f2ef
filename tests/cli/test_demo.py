"""The demo: the whole job on the embedded dialler and the sample data."""

from __future__ import annotations

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
