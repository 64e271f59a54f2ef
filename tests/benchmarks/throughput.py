"""Rows per second of the whole ``import`` command, beside what is possible and what is usual.

In one run, against one local server that answers at once (or after ``--latency``)::

    a  dialler-sync import, as a command: reading, validation, journal, requests, reports
    b  bare aiohttp that posts the same bodies over as many connections: what the network code could do at best
    c  the naive loop: pandas.read_csv, one httpx.Client, tenacity, row by row

``python tests/benchmarks/throughput.py [--rows 20000] [--naive-rows 1000] [--connections 32]`` prints a table for no
latency and for 20 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import httpx
import orjson
import pandas as pd
import tenacity

from dialler_sync.config import load_config
from dialler_sync.journal import Journal
from dialler_sync.prepare.sources import open_sources

COLUMNS = ("Key", "Salutation", "FirstName", "Name", "Street", "Zip", "City", "Email", "Phone", "Balance")
CONFIG = """\
dialler: {{base_url: "{base}", clients_id: 1, token: benchmark, concurrency: {connections}}}
campaign: {{id: 538}}
columns:
  UserData: Key
  Salutation: Salutation
  FirstName: FirstName
  Name: Name
  Address: Street
  PostalCode: Zip
  City: City
  Email: Email
  PhoneNumber1: {{column: Phone, region: DE}}
  Amount: {{column: Balance, decimal: "."}}
"""
HEADERS = {"Authorization": "Bearer benchmark", "Content-Type": "application/json"}


def write_csv(path: Path, rows: int) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for n in range(rows):
            name = ("Frau" if n % 2 else "Herr", f"Vorname{n % 997}", f"Müller-{n % 4999}")
            address = (f"Hauptstraße {n % 250}", f"{n % 90000 + 10000}", "München", f"kunde{n}@example.com")
            phone = f"0{171 + n % 5}/{3000000 + n}"
            writer.writerow((f"K{n:07}", *name, *address, phone, f"{n % 9000}.{n % 100:02}"))
    return path


@contextmanager
def dialler(latency: float) -> Iterator[str]:
    """The fast server in a process of its own; gives its address."""
    command = [sys.executable, str(Path(__file__).with_name("fast_server.py")), "--latency", str(latency)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin
        assert server.stdout
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        server.stdin.close()


@dataclass(frozen=True)
class Timed:
    """Seconds of the whole command, until its first request, and from its first import to its last."""

    whole: float
    first_request: float
    sending: float


def whole_import(base: str, folder: Path, path: Path, rows: int, connections: int, *options: str) -> Timed:
    config = folder / "dialler-sync.yaml"
    config.write_text(CONFIG.format(base=f"{base}/rest/v1.0", connections=connections), encoding="utf-8")
    httpx.get(f"{base}/times", trust_env=False)
    command = [sys.executable, "-m", "dialler_sync", "-q", "-c", str(config), "--state", str(folder / "journal.db")]
    started = time.monotonic()
    subprocess.run([*command, "import", str(path), *options], check=True, cwd=folder, stdout=subprocess.DEVNULL)
    ended = time.monotonic()
    times = httpx.get(f"{base}/times", trust_env=False).json()
    assert times["imports"] == rows, times
    return Timed(ended - started, times["first_request"] - started, times["last_import"] - times["first_import"])


def bare_aiohttp(base: str, bodies: list[bytes], connections: int) -> float:
    """Seconds for posting ``bodies``."""
    url = f"{base}/rest/v1.0/1/dialler/contacts/import?overwriteDuplicates=true"

    async def work(session: aiohttp.ClientSession, left: Iterator[bytes]) -> None:
        for body in left:
            async with session.post(url, data=body) as reply:
                assert orjson.loads(await reply.read())["status"] == 200

    async def run() -> float:
        connector = aiohttp.TCPConnector(limit=connections)
        async with aiohttp.ClientSession(connector=connector, headers=HEADERS) as session:
            started, left = time.monotonic(), iter(bodies)
            await asyncio.gather(*(work(session, left) for _ in range(connections)))
            return time.monotonic() - started

    return asyncio.run(run())


def naive_loop(base: str, path: Path, rows: int) -> float:
    """Seconds for the first ``rows`` rows."""
    url = f"{base}/rest/v1.0/1/dialler/contacts/import?overwriteDuplicates=true"
    started = time.monotonic()
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, nrows=rows)
    with httpx.Client(headers=HEADERS, trust_env=False) as client:

        @tenacity.retry(stop=tenacity.stop_after_attempt(5), wait=tenacity.wait_random_exponential(max=30))
        def post(contact: dict[str, object]) -> None:
            client.post(url, json=contact).raise_for_status()

        for _, row in frame.iterrows():
            post({"DiallerCampaignsID": 538, "UserData": row["Key"], "Name": row["Name"], "PhoneNumber1": row["Phone"]})
    return time.monotonic() - started


def same_bodies(folder: Path, path: Path) -> list[bytes]:
    """What the import posts."""
    with Journal.open(":memory:") as journal:
        (source,) = open_sources(load_config(folder / "dialler-sync.yaml"), [path], str, journal)
    return [
        orjson.dumps(contact.fields) for chunk in source.table.chunks() for contact in source.checker.check(chunk)[0]
    ]


@dataclass(frozen=True)
class Throughput:
    """Rows a second of the three; ``first_request`` in seconds, for 1,000 rows and for all."""

    latency: float
    connections: int
    rows: int
    whole: float
    sending: float
    bare: float
    naive: float
    first_request: tuple[float, float]

    @property
    def most(self) -> float:
        """Rows a second that the connections allow."""
        return self.connections / self.latency if self.latency else float("inf")

    def __str__(self) -> str:
        few, all_rows = self.first_request
        told = (
            f"latency {self.latency * 1000:.0f} ms, {self.connections} connections, {self.rows:,} rows\n"
            f"  a  dialler-sync import   {self.whole:8,.0f} rows/s   (while it sends {self.sending:,.0f} rows/s)\n"
            f"  b  bare aiohttp          {self.bare:8,.0f} rows/s\n"
            f"  c  naive loop            {self.naive:8,.0f} rows/s\n"
            f"  a/b {self.whole / self.bare:.2f}   sending/b {self.sending / self.bare:.2f}   "
            f"a/c {self.whole / self.naive:.1f}\n"
        )
        if self.latency:
            told += (
                f"  of {self.most:,.0f} rows/s that {self.connections} connections allow: "
                f"a {self.whole / self.most:.0%}, sending {self.sending / self.most:.0%}, "
                f"b {self.bare / self.most:.0%}\n"
            )
        return told + f"  first request after {few:.2f} s of 1,000 rows, {all_rows:.2f} s of {self.rows:,} rows"


def measure(latency: float, rows: int, naive_rows: int, connections: int) -> Throughput:
    with dialler(latency) as base, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = write_csv(folder / "contacts.csv", rows)
        ours = whole_import(base, folder, path, rows, connections)
        few = whole_import(base, folder, write_csv(folder / "few.csv", 1_000), 1_000, connections)
        bare = rows / bare_aiohttp(base, same_bodies(folder, path), connections)
        naive = naive_rows / naive_loop(base, path, naive_rows)
    first_request = (few.first_request, ours.first_request)
    return Throughput(latency, connections, rows, rows / ours.whole, rows / ours.sending, bare, naive, first_request)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--naive-rows", type=int, default=1_000)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--latency", type=float, nargs="*", default=[0.0, 0.020], help="seconds")
    options = parser.parse_args()
    print(json.dumps({"python": sys.version.split()[0], "cpus": os.cpu_count(), "load": os.getloadavg()[0]}))
    for latency in options.latency:
        print(measure(latency, options.rows, options.naive_rows, options.connections), flush=True)


if __name__ == "__main__":
    main()
