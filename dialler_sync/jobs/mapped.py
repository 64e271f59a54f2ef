"""What each row of a validation becomes."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any

from ..config import Settings
from ..errors import InputError, UsageError
from ..journal import Journal
from ..model import Contact, Filtered, Rejection, RowWarning
from ..prepare.sources import Source, open_sources
from ..report.mapped_file import MappedFile, check_ending
from ..run.reports import Summary
from ..text.outward import line

__all__ = ["check_mapped", "write_mapped"]

_Found = Contact | Rejection | Filtered

_log = logging.getLogger(__name__)


def check_mapped(path: Path, files: Sequence[Path]) -> None:
    """Refuse a path that cannot become the file of mapped rows.

    Raises:
        UsageError: its ending is unknown, or it is one of the lists.
    """
    check_ending(path)
    if path.resolve() in (file.resolve() for file in files):
        raise UsageError(f"--mapped {path}: is one of the lists that are read; name another file")


def write_mapped(path: Path, settings: Settings, files: Sequence[Path], summary: Summary, journal: Journal) -> None:
    """Map the rows of a validation once more, and write what each becomes, with its outcome.

    Raises:
        InputError: a file is not what it was when it was validated.
        UsageError: the file cannot be written.
    """
    sources = open_sources(settings, files, _log.debug, journal)
    if [source.sha256 for source in sources] != [file["sha256"] for file in summary.files]:
        raise InputError("a file changed while it was read. Is it still being written? Validate it again.")
    outcomes = journal.rows(journal.run(summary.run_id))
    with MappedFile(path) as mapped:
        for (source, found), entry in zip(_rows(sources), outcomes, strict=True):
            row = entry.result
            own: dict[str, Any] = {
                "_file": line(source.local.name),
                "_sheet": source.table.layout.sheet or "",
                "_row": row.row,
                "_status": str(row.status),
                "_action": str(row.action or ""),
                "_error_code": row.error_code,
                "_error": row.error,
                "_warnings": RowWarning.text(row.warnings),
            }
            mapped.add(own, found.fields if isinstance(found, Contact) else {})
        mapped.write()


def _rows(sources: Sequence[Source]) -> Iterator[tuple[Source, _Found]]:
    for source in sources:
        for chunk in source.table.chunks():
            checked = source.check(chunk)
            found: list[_Found] = [*checked.contacts, *checked.rejections, *checked.filtered]
            yield from ((source, row) for row in sorted(found, key=attrgetter("row")))
