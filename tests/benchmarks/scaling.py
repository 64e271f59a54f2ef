"""Rows per second of ``import --cluster local:N`` for 1, 2 and 4 workers, against a dialler that answers after 20 ms.

Each worker may have ``--connections`` requests in flight, so that what the dialler allows grows with the workers: on a
machine with enough cores the rate grows with it, on a small one the cores are the limit. Coordinator, workers and the
dialler share this machine; what one process sends without a cluster stands beside it.

``python tests/benchmarks/scaling.py [--rows 4000] [--connections 4] [--latency 0.02]`` prints a table.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from throughput import Timed, dialler, whole_import, write_csv

ROWS, CONNECTIONS, LATENCY = 4_000, 4, 0.02
WORKERS = (0, 1, 2, 4)
"""0: without a cluster."""


def measure(workers: int, rows: int = ROWS, connections: int = CONNECTIONS, latency: float = LATENCY) -> Timed:
    """One import by so many workers, ``connections`` each."""
    with tempfile.TemporaryDirectory() as name, dialler(latency) as base:
        folder = Path(name)
        path = write_csv(folder / "contacts.csv", rows)
        options = ["--cluster", f"local:{workers}"] if workers else []
        return whole_import(base, folder, path, rows, connections * max(workers, 1), *options)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    parser.add_argument("--latency", type=float, default=LATENCY)
    parser.add_argument("--workers", type=int, nargs="+", default=WORKERS)
    asked = parser.parse_args()
    print(
        f"{asked.rows:,} rows; the dialler answers after {asked.latency * 1000:.0f} ms; {asked.connections} requests "
        f"in flight for each worker; {os.cpu_count()} cores (load {os.getloadavg()[0]:.1f})"
    )
    print("workers   rows/s while sending   of what the connections allow   whole command")
    for workers in asked.workers:
        timed = measure(workers, asked.rows, asked.connections, asked.latency)
        rate, most = asked.rows / timed.sending, asked.connections * max(workers, 1) / asked.latency
        print(f"{workers or 'none':>7}   {rate:20,.0f}   {rate / most:29.0%}   {timed.whole:10.1f} s", flush=True)


if __name__ == "__main__":
    main()
