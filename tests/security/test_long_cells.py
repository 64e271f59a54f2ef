"""A cell of a million characters costs no more than one of a few thousand: what is not shown is not searched."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.report.records import LONGEST, _cut
from dialler_sync.text.outward import keep_secret
from dialler_sync.text.secrets import Secrets

from ..conftest import Configure, Run

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
