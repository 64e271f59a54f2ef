"""The code blocks of the documentation, and the excuses of those that cannot be run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [*(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "SECURITY")), *(ROOT / "docs").glob("*.md")]
)

_BLOCK = re.compile(
    r"^(?: *<!-- (?P<remark>[^\n]+) -->\n\n?)?(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^ *```$",
    re.DOTALL | re.MULTILINE,
)
_RUN_BY_CI = ("demo", "test")
"""The README's own two commands: .ci/run extracts them, and runs each in a clean virtual environment."""


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block. ``excuse`` is the reason for not running it, from the invisible comment before it."""

    page: str
    line: int
    language: str
    text: str
    excuse: str | None


def blocks(page: Path) -> list[Block]:
    """Return all blocks of a page, in order."""
    content = page.read_text(encoding="utf-8")
    found = []
    for match in _BLOCK.finditer(content):
        remark = (match["remark"] or "").strip()
        excuse = remark.removeprefix("not run: ") if remark.startswith("not run: ") or remark in _RUN_BY_CI else None
        line = content.count("\n", 0, match.start("language")) + 1
        text = re.sub(f"^{match['indent']}", "", match["text"], flags=re.MULTILINE)
        found.append(Block(page.name, line, match["language"], text, excuse))
    return found


def commands(script: str) -> list[str]:
    """Return the commands of a shell block, one per item: comments removed, continued lines joined."""
    lines = script.replace("\\\n", " ").splitlines()
    return [line for each in lines if (line := re.sub(r"(^|\s)#.*", "", each).strip())]


def said_in_passing(page: Path) -> list[str]:
    """Return commands within the text: `dialler-sync …` between backticks."""
    text = _BLOCK.sub("", page.read_text(encoding="utf-8"))
    return [found for found in re.findall(r"`(dialler-sync [^`]+)`", text) if "…" not in found]
