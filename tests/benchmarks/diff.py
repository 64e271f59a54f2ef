"""What a run costs when 1 % of the rows has changed, beside a full one: ``python tests/benchmarks/diff.py [ROWS]``.

Against the embedded dialler in a process of its own, with 20 ms latency and 32 connections. Prints seconds,
requests, and the share of the full run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LATENCY = "0.02"


def write(path: Path, rows: int, changed: int = 0) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write("Key,Name,City,Phone\n")
        for n in range(rows):
            name = f"Name {n}" if n % 100 or not changed else f"New {n}"
            file.write(f"K{n:07},{name},Ulm,0171 39200{n % 90 + 10}\n")


def main(rows: int) -> None:
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
            f"dialler: {{base_url: '{url}', clients_id: 1, token: simulator, concurrency: 32}}\n"
            "campaign: {id: 538}\n"
            "columns: {UserData: Key, Name: Name, City: City, PhoneNumber1: {column: Phone, region: DE}}\n",
            encoding="utf-8",
        )

        def run(out: str, *options: str) -> tuple[float, dict[str, int]]:
            started = time.perf_counter()
            subprocess.run(
                [*command, "-q", "import", "rows.csv", "--out", out, *options],
                cwd=folder, env=environment, check=True, capture_output=True,
            )  # fmt: skip
            summary = json.loads((folder / out / "summary.json").read_text(encoding="utf-8"))
            return time.perf_counter() - started, summary

        try:
            write(folder / "rows.csv", rows)
            full, summary = run("full")
            print(f"{'run':<22}{'seconds':>9}{'requests':>10}{'of full':>9}")
            print(f"{'full':<22}{full:>9.1f}{summary['requests']:>10}{'100 %':>9}")
            write(folder / "rows.csv", rows, changed=1)
            for compare in ("journal", "dialler"):
                took, summary = run(compare, "--compare", compare)
                print(f"{'1 % new, ' + compare:<22}{took:>9.1f}{summary['requests']:>10}{took / full:>9.1%}")
                write(folder / "rows.csv", rows)
        finally:
            simulator.terminate()
            simulator.wait()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
