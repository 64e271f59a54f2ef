"""Hooks of ``mkdocs.yml``: pages from the top of the repository, and no script from the network."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parent.parent
TOP = {"README.md": "index.md", "CHANGELOG.md": "", "CONTRIBUTING.md": "", "SECURITY.md": ""}
"""Files of the top → their name on the site, where it is another."""

_LINK = re.compile(r"(?<=\]\()(?:docs/)?([\w./-]+)(?=[#)])")
_FENCED = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)
_IN_A_LIST = re.compile(r"^   (?=\S)", re.MULTILINE)
_MERMAID = re.compile(r"^```mermaid\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def on_files(files: Files, config: Any) -> Files:
    """Add the pages of the top; their links to ``docs/`` are links within the site."""
    for name, there in TOP.items():
        text = _LINK.sub(lambda found: TOP.get(found[1]) or found[1], (ROOT / name).read_text(encoding="utf-8"))
        files.append(File.generated(config, there or name, content=text))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Fold Mermaid's drawings, as its script comes from the network: the tables beside them say the same. Indent what
    belongs to an item of a numbered list as MkDocs wants it."""
    markdown = _MERMAID.sub(
        "<details markdown><summary>The same as a drawing, in Mermaid's words</summary>\n\n"
        "```text\n\\1```\n\n</details>",
        markdown,
    )
    parts = _FENCED.split(markdown)
    parts[::2] = [_IN_A_LIST.sub("    ", part) for part in parts[::2]]
    return "".join(parts)
