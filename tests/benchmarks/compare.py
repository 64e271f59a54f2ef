"""Seconds and peak memory of ``plan`` against a large campaign: ``python tests/benchmarks/compare.py [CONTACTS …]``.

The file has 1,000 rows, so that what grows is the campaign alone; its contacts have the 150 fields of a record. Three
ways: compared with the dialler, with a mirror that finds nearly all of them missing and stops, and with a do-not-call
file of 1,000 numbers.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from reconcile import CONFIG, contact, serve, write_file

ROWS = 1_000
WAYS = {
    "compare: dialler": "",
    "mirror, stopped by its limit": "mirror: {missing: delete, max_missing: 5%}\n",
    "suppress, lock": "suppress: {file: dnc.csv, column: Phone, region: DE, lock: true}\n",
}


def main(contacts: int) -> None:
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(contacts, theirs), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{ours.recv()}/rest/v1.0"
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as folder:
        place = Path(folder)
        write_file(place / "rows.csv", ROWS, same=True)
        numbers = (f"{contact(n)['PhoneNumber1']}\n" for n in range(0, contacts, max(contacts // ROWS, 1)))
        (place / "dnc.csv").write_text(f"Phone\n{''.join(numbers)}", encoding="utf-8")
        for way, section in WAYS.items():
            (place / "dialler-sync.yaml").write_text(CONFIG.format(url=url) + section, encoding="utf-8")
            command = [sys.executable, "-m", "dialler_sync", "-q", "--state", "journal.db", "plan", "rows.csv"]
            started = time.perf_counter()
            with subprocess.Popen([*command, "--adopt"], cwd=place, stdout=subprocess.DEVNULL) as process:
                _, _, used = os.wait4(process.pid, 0)
                process.returncode = 0  # it has been waited for
            seconds = time.perf_counter() - started
            print(f"{contacts:>11,}  {way:<30}{seconds:>8.1f} s{used.ru_maxrss // 1024:>7,} MB", flush=True)
    server.terminate()


if __name__ == "__main__":
    for number in map(int, sys.argv[1:] or ("10000", "100000", "1000000")):
        main(number)
