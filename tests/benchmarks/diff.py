"""What a run costs when 1 % of the rows has changed, beside a full one: ``python tests/benchmarks/diff.py [ROWS]``.

Against the embedded dialler in a process of its own, with 20 ms latency, and connections as the configuration has them
by default. Prints seconds, requests, and the share of the full run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

LATENCY = "0.02"
ROWS = 200_000


@dataclass(frozen=True)
class Diff:
    """One import; ``share`` is its time as a part of the full one's."""

    name: str
    seconds: float
    requests: int
    share: float

    def __str__(self) -> str:
        return f"{self.name:<24}{self.seconds:>8.1f} s{self.requests:>9,} requests{self.share:>8.1%}"


def write(path: Path, rows: int, *, changed: bool = False) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write("Key,Name,City,Phone\n")
        for n in range(rows):
            name = f"New {n}" if changed and n % 100 == 0 else f"Name {n}"
            file.write(f"K{n:07},{name},Ulm,0171 39200{n % 90 + 10}\n")


def measure(rows: int) -> list[Diff]:
    """A full import with an empty journal, and nights after it on each of which 1 % of the rows has changed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = {**os.environ, "DIALLER_SYNC_STATE": str(folder / "journal.db")}
        command = [sys.executable, "-m", "dialler_sync"]
        simulator = subprocess.Popen(
            [*command, "simulator", "--port", "0", "--latency", LATENCY], stdout=subprocess.PIPE, text=True
        )
        assert simulator.stdout
        url = simulator.stdout.readline().split(": ", 1)[1].strip()
        (folder / "dialler-sync.yaml").write_text(
            f"dialler: {{base_url: '{url}', clients_id: 1, token: simulator}}\n"
            "campaign: {id: 538}\n"
            "columns: {UserData: Key, Name: Name, City: City, PhoneNumber1: {column: Phone, region: DE}}\n",
            encoding="utf-8",
        )

        def run(out: str, *options: str) -> tuple[float, int]:
            started = time.perf_counter()
            subprocess.run(
                [*command, "-q", "import", "rows.csv", "--out", out, *options],
                cwd=folder, env=environment, check=True, capture_output=True,
            )  # fmt: skip
            took = time.perf_counter() - started
            return took, json.loads((folder / out / "summary.json").read_text(encoding="utf-8"))["requests"]

        try:
            write(folder / "rows.csv", rows)
            full, requests = run("full", "--compare", "journal")
            found = [Diff("all", full, requests, 1.0)]
            for night, compare in enumerate(("journal", "journal", "dialler"), 1):
                write(folder / "rows.csv", rows, changed=night % 2 == 1)
                took, requests = run(f"night-{night}", "--compare", compare)
                found.append(Diff(f"1 %, {compare}, night {night}", took, requests, took / full))
            return found
        finally:
            simulator.terminate()
            simulator.wait()


if __name__ == "__main__":
    for each in measure(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS):
        print(each)
