"""The README's line for completion, in the shells that it names."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ..helpers.blocks import ROOT

TYPED = {"dialler-sync im": "import", "dialler-sync import --dr": "--dry-run", "dialler-sync contacts unl": "unlock"}
"""What somebody types before the tabulator, and what is offered: a command, an option, a command of a group."""

ASK = {
    "bash": "COMPREPLY=(); COMP_WORDS=({typed}); COMP_CWORD={last}; "
    "_dialler_sync_completion dialler-sync; echo $COMPREPLY",
    "zsh": "words=({typed}); CURRENT={last}+1; $_comps[dialler-sync]",
    "fish": "complete -C '{typed}'",
}
BEFORE = {
    "zsh": "autoload -Uz compinit; compinit -u -D; "
    "_describe() { print -rl -- ${(P)3} }; compadd() { print -rl -- ${(P)@[-1]} }; "
}
"""zsh offers something only to somebody who types; here its two ways of offering print it."""


@pytest.mark.parametrize("shell", ASK)
def test_the_shell_completes(shell: str) -> None:
    """Everything that is typed in part."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    (line,) = re.findall(r"^eval .*?\)\"", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    asked = (ASK[shell].format(typed=typed, last=len(typed.split()) - 1) for typed in TYPED)
    script = BEFORE.get(shell, "") + "; ".join([line.replace("bash_source", f"{shell}_source"), *asked])
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    done = subprocess.run([shell, "-c", script], env=environment, capture_output=True, text=True, check=False)

    offered = [re.split(r"[\t:]", answer)[0] for answer in done.stdout.splitlines()]
    assert offered == list(TYPED.values()), done.stderr
