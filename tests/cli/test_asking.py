"""What cannot be put back is asked for, and a scheduler that cannot answer is told what to add."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run


@pytest.mark.parametrize(
    "command", [("undo",), ("forget", "--user-data", "K0"), ("contacts", "delete", "--user-data", "K0")]
)
@pytest.mark.parametrize(
    ("answer", "code", "said"), [("", ExitCode.USAGE, "add --yes"), ("n\n", ExitCode.INTERRUPTED, "interrupted")]
)
def test_nothing_changes_without_a_yes(
    run: Run, configure: Configure, contacts_csv: Callable[..., Path], dialler: SimulatorServer,
    monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], answer: str, code: ExitCode, said: str,
) -> None:  # fmt: skip
    configure()
    run("import", contacts_csv(2))
    monkeypatch.setattr("sys.stdin", StringIO(answer))

    asked = run(*command)

    assert asked.code == code
    assert said in asked.err
    assert len(dialler.store.contacts) == 2
    assert run("runs", "list", "--json").out.count('"run_id"') == 1
