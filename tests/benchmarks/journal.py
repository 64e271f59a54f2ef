"""What the journal costs a row: ``python -m tests.benchmarks.journal [ROWS] [URL…]``; without a URL, SQLite alone.

Prints microseconds a row for writing rows down before they are sent, for their outcomes in commits of 500 as a run
makes them, for taking in what was sent, for writing the same rows down again of which none has changed, and for reading
them all for the reports.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from dialler_sync.journal import Journal, Outcome, PlannedRow, RunRecord
from dialler_sync.load.recorder import FULL
from dialler_sync.model import Action, Status

_AT = "2026-01-01T00:00:00.000Z"


def measure(state: str, count: int) -> dict[str, float]:
    """Step → microseconds a row. The run is deleted in the end."""
    took: dict[str, float] = {}

    @contextmanager
    def timed(step: str) -> Iterator[None]:
        start = perf_counter()
        yield
        took[step] = (perf_counter() - start) / count * 1e6

    with Journal.open(state) as journal, journal.campaign_lock("benchmark"):
        run = RunRecord(
            "benchmark",
            "import",
            "benchmark",
            "",
            "",
            "",
            {},
            {},
            _AT,
            files=[{"name": "a.csv", "path": "", "sha256": ""}],
        )
        journal.add_run(run)
        rows = [PlannedRow(n, 0, n, f"K{n}", f"{n:032}") for n in range(count)]
        with timed("write down"):
            for at in range(0, count, 5_000):
                journal.add_rows(run.id, rows[at : at + 5_000])
        with timed("outcomes"):
            for at in range(0, count, FULL):
                journal.record(
                    run.id,
                    [
                        Outcome(n, Status.SUCCEEDED, Action.IMPORT, str(n), 200, 1, sent_at=_AT)
                        for n in range(at, at + FULL)
                    ],
                )
        with timed("take in"):
            journal.fold_runs(run.target)
        with timed("write down unchanged"):
            for at in range(0, count, 5_000):
                assert not journal.add_changed("next", run.target, rows[at : at + 5_000])
        with timed("read"):
            assert sum(1 for _ in journal.rows(run)) == count
        journal.delete_run(run.id)
        journal.delete_run("next")
    return took


def main() -> None:
    """Print a table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    with tempfile.TemporaryDirectory() as folder:
        for state in (str(Path(folder) / "journal.db"), *sys.argv[2:]):
            took = measure(state, count)
            name = "PostgreSQL" if "://" in state else "SQLite"
            print(
                f"{name:<11}",
                *(f"{step} {us:.1f} µs  " for step, us in took.items()),
                f"sum {sum(took.values()):.1f} µs",
            )


if __name__ == "__main__":
    main()
