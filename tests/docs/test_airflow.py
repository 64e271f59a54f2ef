"""The shell command of the Airflow task in docs/operations.md, without Airflow."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ..helpers.blocks import ROOT, blocks

MODULES = ("airflow", "airflow.sdk", "airflow.providers", "airflow.providers.standard")
OPERATORS = "airflow.providers.standard.operators"


@pytest.fixture
def task(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """What the DAG gives its operator; ``dag_retries`` is the DAG's own default."""
    given: dict[str, Any] = {}
    names = (*MODULES, OPERATORS, f"{OPERATORS}.bash")
    modules = {name: ModuleType(name) for name in names}
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)

    def dag(_name: str, *, default_args: dict[str, int], **_rest: object) -> nullcontext[None]:
        given["dag_retries"] = default_args["retries"]
        return nullcontext()

    vars(modules["airflow.sdk"])["DAG"] = dag
    vars(modules[f"{OPERATORS}.bash"])["BashOperator"] = lambda **task: given.update(task)
    (tmp_path / "winback.yaml").touch()
    (code,) = (block.text for block in blocks(ROOT / "docs" / "operations.md") if "BashOperator" in block.text)
    exec(code.replace("/etc/dialler-sync/campaigns", str(tmp_path)), {})
    return given


def repeated(command: str, codes: list[int], folder: Path) -> tuple[int, list[str]]:
    """The exit code of the task whose calls end with these codes, and the calls and pauses."""
    said = folder / "said"
    said.write_text("")
    (folder / "codes").write_text("".join(f"{code}\n" for code in codes))
    programs = {
        "dialler-sync": 'echo call >>said; code=$(head -n 1 codes); sed -i 1d codes; exit "$code"',
        "sleep": 'echo "sleep $1" >>said',
    }
    for name, script in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    environment = {"PATH": f"{folder}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, check=False)
    return done.returncode, said.read_text().splitlines()


@pytest.mark.parametrize("code", [1, 2, 3, 7, 8, 9, 10])
def test_a_failure_is_not_repeated(task: dict[str, Any], code: int, tmp_path: Path) -> None:
    """A second call would find the inbox empty, and the task would be green."""
    assert task["dag_retries"] == task.get("retries", 0) == 0
    assert repeated(task["bash_command"], [code, 0], tmp_path) == (code, ["call"])


@pytest.mark.parametrize("code", [0, 4])
def test_an_ordinary_night_is_a_success(task: dict[str, Any], code: int, tmp_path: Path) -> None:
    """With rejected rows, too."""
    assert repeated(task["bash_command"], [code], tmp_path) == (0, ["call"])


@pytest.mark.parametrize("code", [5, 130])
def test_what_can_be_resumed_is_repeated(task: dict[str, Any], code: int, tmp_path: Path) -> None:
    """Until it is done, and three times at most."""
    command, pause = task["bash_command"], "sleep 600"

    assert repeated(command, [code, 0], tmp_path) == (0, ["call", pause, "call"])
    often = ["call", pause, "call", pause, "call", pause, "call", "sleep 0"]
    assert repeated(command, [code] * 4, tmp_path) == (code, often)
