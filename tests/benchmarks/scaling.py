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

from throughput import dialler, whole_import, write_csv


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=4_000)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--latency", type=float, default=0.02)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    asked = parser.parse_args()
    print(
        f"{asked.rows:,} rows; the dialler answers after {asked.latency * 1000:.0f} ms; {asked.connections} requests "
        f"in flight for each worker; {os.cpu_count()} cores (load {os.getloadavg()[0]:.1f})"
    )
    print("workers   rows/s while sending   of what the connections allow   whole command")
    for workers in (0, *asked.workers):
        with tempfile.TemporaryDirectory() as name, dialler(asked.latency) as base:
            folder = Path(name)
            path = write_csv(folder / "contacts.csv", asked.rows)
            connections = asked.connections * max(workers, 1)
            options = ["--cluster", f"local:{workers}"] if workers else []
            timed = whole_import(base, folder, path, asked.rows, connections, *options)
        rate, most = asked.rows / timed.sending, connections / asked.latency
        print(f"{workers or 'none':>7}   {rate:20,.0f}   {rate / most:29.0%}   {timed.whole:10.1f} s", flush=True)


if __name__ == "__main__":
    main()
