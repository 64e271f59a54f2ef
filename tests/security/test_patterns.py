"""A list's cell on which the configuration's pattern would try more ways than there are seconds."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.mapping import patience

from ..conftest import Configure, Run

PATTERN = "([A-Za-z]+[ -]?)+"
LIST = f"No,Name,Phone\nK1,Miller,+491711234567\nK2,{'M' * 60}1,+491711234568\n"


@pytest.mark.parametrize(
    ("key", "name", "rows"),
    [
        ("columns.Name.pattern", f'{{column: Name, pattern: "{PATTERN}"}}', {}),
        ("columns.Name.replace", f'{{column: Name, replace: [{{pattern: "{PATTERN}$", with: x}}]}}', {}),
        ("rows.skip.Name", "Name", {"skip": {"Name": {"pattern": f"^{PATTERN}$"}}}),
        ("campaign.routes", "Name", {}),
    ],
)
def test_a_cell_does_not_keep_a_run_busy_for_ever(
    key: str, name: str, rows: dict[str, object], configure: Configure, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "SECONDS", 0.1)
    before = signal.getsignal(signal.SIGVTALRM)
    routed = f'{{column: Name, routes: [{{pattern: "^{PATTERN}$", to: 538}}], otherwise: reject}}'
    campaign = routed if key == "campaign.routes" else "{id: 538}"
    configure({"UserData": "No", "Name": name, "PhoneNumber1": "Phone"}, rows=rows, campaign=campaign)
    Path("list.csv").write_text(LIST)

    done = run("import", "list.csv")

    assert done.code == ExitCode.INPUT, done.err
    assert f"{key}: the pattern did not finish on the cell 'MMM" in done.err
    assert signal.getsignal(signal.SIGVTALRM) == before
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0, 0)
