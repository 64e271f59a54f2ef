"""The README's line for completion, in the shells that it names."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .blocks import ROOT

COMMANDS = {
    "bash": "{line}; COMP_WORDS=({words}); COMP_CWORD={last}; _dialler_sync_completion dialler-sync; echo $COMPREPLY",
    "zsh": "autoload -Uz compinit; compinit -u -D; {line}; words=({words}); CURRENT={last}+1; "
    "_describe() {{ print -rl -- ${{(P)3}} }}; compadd() {{ print -rl -- ${{(P)@[-1]}} }}; $_comps[dialler-sync]",
    "fish": "{line}; complete -C '{words}'",
}
"""What asks each shell for completions; in zsh, its two ways of offering them print them instead."""


@pytest.mark.parametrize("shell", COMMANDS)
@pytest.mark.parametrize(
    ("words", "offered"),
    [("im", "import"), ("import --dr", "--dry-run"), ("contacts unl", "unlock")],
)
def test_the_shell_completes(shell: str, words: str, offered: str) -> None:
    """Commands, options and their values."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    (line,) = re.findall(r"^eval .*?\)\"", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    line = line.replace("bash_source", f"{shell}_source")
    typed = f"dialler-sync {words}"
    command = COMMANDS[shell].format(line=line, words=typed, last=len(typed.split()) - 1)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

    environment = {**os.environ, "PATH": path}
    done = subprocess.run([shell, "-c", command], env=environment, capture_output=True, text=True, check=False)

    assert re.search(rf"^{offered}\b", done.stdout, re.MULTILINE), done
