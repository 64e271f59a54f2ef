"""Rows per second of mapping and validation with two phone columns, and where the time goes.

``python tests/benchmarks/map_validate.py [rows]``
"""

from __future__ import annotations

import cProfile
import pstats
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from dialler_sync.config import Settings
from dialler_sync.mapping.validate import Checker
from dialler_sync.model import Chunk, Layout

COLUMNS = (
    *("Kundennr", "Anrede", "Vorname", "Nachname", "Straße", "PLZ", "Ort", "E-Mail", "Betrag", "Festnetz", "Mobil"),
    *("Firma", "Notiz", "Kampagne"),
)
SETTINGS = Settings.model_validate(
    {
        "dialler": {"base_url": "http://127.0.0.1/rest/v1.0", "clients_id": 1, "token": "t"},
        "campaign": {"id": 538},
        "columns": {
            "UserData": "Kundennr",
            "Name": "Nachname",
            "FirstName": "Vorname",
            "Salutation": {"column": "Anrede", "values": {"Herr": "Mr.", "Frau": "Mrs."}},
            "Company": "Firma",
            "Address": "Straße",
            "PostalCode": "PLZ",
            "City": "Ort",
            "Email": "E-Mail",
            "Amount": {"column": "Betrag", "decimal": ",", "thousands": "."},
            "PhoneNumber1": {"column": "Festnetz", "region": "DE"},
            "PhoneNumber2": {"column": "Mobil", "region": "DE"},
            "Comment": {"template": "{Notiz} / {Ort}"},
        },
    }
)
LANDLINES = ("0{0}/{1}", "+49 {0} {1}", "(0{0}) {1}", "0{0}-{1}", "0049{0}{1}", "+49 (0){0} {1}")
MOBILES = ("017{0}/{1}", "+49 17{0} {1}", "017{0} {1}", "+4917{0}{1}", "004917{0}{1}")


def rows(count: int) -> Iterator[tuple[str, ...]]:
    chance = random.Random(7)
    for number in range(count):
        landline = chance.choice(LANDLINES).format(
            chance.choice(("89", "30", "6151", "40")), chance.randrange(10**6, 10**7)
        )
        mobile = chance.choice(MOBILES).format(chance.choice("125"), chance.randrange(10**6, 10**7))
        yield (
            *(f"K{number:07}", chance.choice(("Herr", "Frau")), f"Vorname{number % 997}", f"Müller-{number % 4999}"),
            *(f"Hauptstraße {number % 250}", f"{number % 100000:05}", "München", f"kunde{number}@example.com"),
            *(f"{number % 9000 + 1000},{number % 100:02}", landline, mobile, "", "ruft zurück", "Nacht"),
        )


def chunks(table: list[tuple[str, ...]], size: int = 5_000) -> Iterator[Chunk]:
    for start in range(0, len(table), size):
        part = table[start : start + size]
        yield Chunk(
            pd.DataFrame(part, columns=list(COLUMNS), index=range(start + 2, start + 2 + len(part)), dtype=object)
        )


def run(parts: list[Chunk]) -> tuple[int, int]:
    checker = Checker(SETTINGS, Layout(path=Path("generated.csv"), format="csv", columns=COLUMNS))
    sorted_rows = [tuple(map(len, checker.check(chunk))) for chunk in parts]
    return sum(contacts for contacts, _ in sorted_rows), sum(rejections for _, rejections in sorted_rows)


def main(count: int) -> None:
    parts = list(chunks(list(rows(count))))
    start = time.perf_counter()
    contacts, rejections = run(parts)
    seconds = time.perf_counter() - start
    print(f"{count:,} rows, two phone columns: {seconds:.2f} s, {count / seconds:,.0f} rows/s")
    print(f"{contacts:,} contacts, {rejections:,} rejections")
    with cProfile.Profile() as profile:
        run(parts[:4])
    pstats.Stats(profile).sort_stats("tottime").print_stats(22)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
