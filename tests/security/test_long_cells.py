"""A cell of a million characters costs no more than one of a few thousand: what is not shown is not searched."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.report.records import LONGEST, _cut
from dialler_sync.text import secrets
from dialler_sync.text.outward import keep_secret, mask
from dialler_sync.text.readings import Reading, Sought, readings
from dialler_sync.text.secrets import Secrets

from ..conftest import Configure, Run
from .rawdialler import RawDialler, respond

SECRET = "tK9vB3zQw7RxYp4Lm2NcD8sG"


def test_of_a_long_cell_only_what_is_shown_is_searched_for_secrets(
    run: Run, configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched = []
    mask = Secrets.mask

    def counted(self: Secrets, text: str, *, bulk: bool = False) -> str:
        searched.append(len(text))
        return mask(self, text, bulk=bulk) if len(text) < 100_000 else text

    monkeypatch.setattr(Secrets, "mask", counted)
    path = tmp_path / "long.csv"
    path.write_text(f"K,N,P\nK1,x,{'1' * 900_000}\nK2,{'a' * 900_000},+4917112345\n", encoding="ascii")
    configure({"UserData": "K", "Name": "N", "PhoneNumber1": "P"})
    keep_secret(SECRET)

    done = run("validate", path)

    assert (done.code, done.summary["counts"]["rejected"]) == (ExitCode.ROWS_FAILED, 2), done.err
    assert max(searched) < 100_000


def test_a_secret_at_the_edge_of_what_is_shown_is_masked_whole() -> None:
    keep_secret(SECRET)

    for before in range(LONGEST - len(SECRET), LONGEST + 1):
        shown = _cut(f"{'-' * before}{SECRET}{'-' * 10 * LONGEST}")

        assert shown.endswith("…")
        assert SECRET[:4] not in shown


def test_a_long_run_of_escapes_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What repeats itself is not searched for each of its pieces, and a secret at its end is masked."""
    read = []

    def counted(reading: Reading, *rest: Any) -> Iterator[Reading]:
        read.append(reading)
        return readings(reading, *rest)

    monkeypatch.setattr(secrets, "readings", counted)
    keep_secret(SECRET)
    coded = "".join(f"%{ord(sign):02x}" for sign in SECRET)

    assert mask(f"{'%41' * 300_000}{coded}") == f"{'%41' * 300_000}***"
    assert len(read) < 100


def test_places_are_found_only_where_a_secret_is() -> None:
    """They take far longer than to read the text."""
    asked: list[str] = []
    text = "%41%42&#67;QUFBQUFBQUFBQUFB\\x41" * 20

    def places() -> tuple[range, range]:
        asked.append(text)
        return range(len(text)), range(1, len(text) + 1)

    first, sought = Reading(text, places), Sought(shortest=8, fewest=8)

    assert [other.text for reading in readings(first, sought) for other in readings(reading, sought)]
    assert not asked


MARKS = "\u0301\u0316" * 450_000
"""To sort them takes hours, if it is done at once."""


def test_a_list_of_combining_marks(run: Run, configure: Configure, tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    path.write_text(f"Key,Name,Phone\nK1,A{MARKS},+4917112345\nK2{MARKS},A,0171{MARKS}\n", encoding="utf-8-sig")
    configure()

    done = run("validate", path)

    assert (done.code, done.summary["counts"]["rejected"]) == (ExitCode.ROWS_FAILED, 2), done.err
    assert run("init", path).code in (ExitCode.OK, ExitCode.USAGE)


def test_an_answer_of_combining_marks(run: Run, configure: Configure, contacts_csv: Callable[..., Path]) -> None:
    """The time of a request is that of its answer: nothing interrupts what is done with it."""
    body = json.dumps({"records": [{"ID": 5, "UserData": f"K2{MARKS}"}], "status": 200}, ensure_ascii=False).encode()
    with RawDialler(lambda asked, answer: [respond(body) if asked.name == "import" else answer]).listening() as dialler:
        configure(base_url=dialler.base_url, timeout=5)
        done = run("import", contacts_csv(1))

    assert done.code == ExitCode.OK, done.err
