"""Rows per second and peak memory of a reconciliation: as many contacts as rows, with the 150 fields of a record.

``python tests/benchmarks/reconcile.py [rows] [--same]``: every 100th row differs, is missing, or is extra; ``--same``:
none is.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

import orjson

from dialler_sync.simulator.record import EMPTY_RECORD

CONFIG = """
dialler: {{base_url: "{url}", clients_id: 1, token: benchmark}}
campaign: {{id: 538}}
columns:
  UserData: Key
  Name: Name
  FirstName: First name
  Company: Company
  City: City
  PostalCode: Postal code
  Email: Email
  Amount: Amount
  PhoneNumber1: {{column: Phone, region: DE}}
"""
HEAD = "Key,Name,First name,Company,City,Postal code,Email,Amount,Phone\n"


def contact(number: int) -> dict[str, object]:
    return {
        "UserData": f"K{number:08}",
        "Name": f"Müller-{number % 4999}",
        "FirstName": f"Vorname{number % 997}",
        "Company": f"Firma {number % 313} GmbH",
        "City": "München",
        "PostalCode": f"{number % 100000:05}",
        "Email": f"kunde{number}@example.com",
        "Amount": number % 9000 + 0.5,
        "PhoneNumber1": f"+4930{1_000_000 + number % 9_000_000}",
    }


def write_file(path: Path, rows: int, *, same: bool) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(HEAD)
        for number in range(rows):
            if same or number % 100 != 1:
                name = "Changed" if not same and number % 100 == 2 else contact(number)["Name"]
                values = contact(number) | {"Name": name}
                phone = str(values["PhoneNumber1"]).replace("+49", "0")
                cells = [*list(values.values())[:-1], phone]
                if not same and number % 100 == 3:
                    cells[0] = f"X{number:08}"
                file.write(",".join(map(str, cells)) + "\n")


def serve(contacts: int, ready: Connection) -> None:
    """Answer every request with the list of all contacts."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")
        writer.write(b'{"records": [')
        told = {"bLocked": False, "nTriesPhoneNumber1": 2, "bPhoneNumber1Invalid": False, "dtNextTry": "2026-01-01"}
        page = []
        for number in range(contacts):
            record = {**EMPTY_RECORD, "ID": number + 1, "DiallerCampaignsID": 538, **contact(number), **told}
            page.append(orjson.dumps(record))
            if len(page) == 100 or number == contacts - 1:
                writer.write((b"," if number >= 100 else b"") + b",".join(page))
                page.clear()
                await writer.drain()
        writer.write(b'], "count": %d, "status": 200}' % contacts)
        await writer.drain()
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


def main(rows: int, *, same: bool) -> None:
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(rows, theirs), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{ours.recv()}/rest/v1.0"
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as folder:
        place = Path(folder)
        (place / "dialler-sync.yaml").write_text(CONFIG.format(url=url), encoding="utf-8")
        write_file(place / "rows.csv", rows, same=same)
        command = [
            sys.executable,
            "-m",
            "dialler_sync",
            "--state",
            "journal.db",
            "reconcile",
            "rows.csv",
            "--out",
            "out",
        ]
        started = time.perf_counter()
        subprocess.run(command, cwd=place, check=True)
        seconds = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        classes = json.loads((place / "out" / "summary.json").read_text(encoding="utf-8"))["classes"]
        sizes = {path.name: f"{path.stat().st_size / 2**20:.1f} MB" for path in (place / "out").iterdir()}
    server.terminate()
    print(f"{rows:,} contacts against {rows:,} rows: {seconds:.1f} s, {rows / seconds:,.0f} rows/s, peak {peak:.0f} MB")
    print(classes, sizes)


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdecimal()]
    main(numbers[0] if numbers else 100_000, same="--same" in sys.argv)
