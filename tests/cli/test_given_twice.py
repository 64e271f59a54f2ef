"""An option that takes one value, given twice: the first value was dropped without a word."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run
from ..helpers.dialler import seed


def test_forget_of_two_people_is_refused(run: Run, configure: Configure, contacts_csv: Callable[..., Path]) -> None:
    """The first one would still be in the journal and the reports, after exit 0."""
    configure()
    assert run("import", contacts_csv(2), "--out", "r").code == ExitCode.OK

    done = run("forget", "--user-data", "K1", "--user-data", "K2", "--yes")

    assert done.code == ExitCode.USAGE
    assert "--user-data can be given only once" in done.err
    assert "K2" in (Path("r") / "results.csv").read_text("utf-8")


@pytest.mark.parametrize(
    "options", [["--from", "a.csv", "--from", "b.csv"], ["--user-data", "K1", "--user-data", "K2"]]
)
def test_options_that_take_several_values_still_do(
    run: Run, configure: Configure, dialler: SimulatorServer, options: list[str]
) -> None:
    """``--user-data`` of contacts; not ``--from``."""
    configure()
    seed(dialler, "K1", "K2")
    for name in ("a", "b"):
        Path(f"{name}.csv").write_text("UserData\nK1\n", "utf-8")

    done = run("contacts", "get", *options, "-o", "jsonl")

    assert (done.code == ExitCode.OK, len(done.out.splitlines())) == ((True, 2) if "K1" in options else (False, 0))
