"""Seconds, requests and peak memory of a first import, and of the next night's with 1 % of the rows changed.

Against a server that answers at once, so that what is measured is the tool; the second import compares with the
journal::

    python tests/benchmarks/nights.py [--rows 10000 100000 1000000] [--state URL]

Each import is a command of its own. ``--state``: a journal elsewhere than in an SQLite file of the benchmark.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from throughput import CONFIG, dialler, write_csv

CHANGED_EVERY = 100
CONNECTIONS = 32


@dataclass(frozen=True)
class Night:
    """One import of ``rows`` rows; ``peak`` is in MB."""

    name: str
    rows: int
    seconds: float
    requests: int
    peak: int

    def __str__(self) -> str:
        return f"{self.rows:>11,}  {self.name:<12}{self.seconds:>9.1f} s{self.requests:>11,} requests{self.peak:>7,} MB"


def change(path: Path) -> None:
    """Change one row of every hundred."""
    lines = path.read_text(encoding="utf-8").split("\n")
    for at in range(1, len(lines), CHANGED_EVERY):
        lines[at] = lines[at].replace("München", "Augsburg")
    path.write_text("\n".join(lines), encoding="utf-8")


def run(folder: Path, name: str, rows: int, *options: str) -> Night:
    """One import as a command."""
    out = folder / name.replace(" ", "-")
    command = [sys.executable, "-m", "dialler_sync", "-q", "-c", str(folder / "dialler-sync.yaml"), "import"]
    started = time.monotonic()
    pid = os.spawnve(
        os.P_NOWAIT,
        sys.executable,
        [*command, str(folder / "contacts.csv"), "--out", str(out), *options],
        {"DIALLER_SYNC_STATE": str(folder / "journal.db"), **os.environ},
    )
    _, status, used = os.wait4(pid, 0)
    assert status == 0, f"{name}: the import failed"
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    return Night(name, rows, time.monotonic() - started, summary["requests"], used.ru_maxrss // 1024)


def nights(rows: int) -> list[Night]:
    """The first import, and the next one."""
    with dialler(0.0) as base, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = CONFIG.format(base=f"{base}/rest/v1.0", connections=CONNECTIONS)
        (folder / "dialler-sync.yaml").write_text(config, encoding="utf-8")
        path = write_csv(folder / "contacts.csv", rows)
        first = run(folder, "first", rows)
        change(path)
        return [first, run(folder, "1 % changed", rows, "--compare", "journal")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--state", help="URL of a journal")
    options = parser.parse_args()
    if options.state:
        os.environ["DIALLER_SYNC_STATE"] = options.state
    for rows in options.rows:
        for night in nights(rows):
            print(night, flush=True)


if __name__ == "__main__":
    main()
