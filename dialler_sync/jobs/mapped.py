"""Writes the fields of each row, as a validation maps them."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import orjson

from ..journal import Journal
from ..model import RowWarning
from ..prepare.prepared import Prepared
from ..report.mapped_file import MappedFile, check_ending, not_written
from ..run.reports import Summary
from ..text.outward import line

__all__ = ["check_ending", "write_mapped"]


def write_mapped(path: Path, journal: Journal, summary: Summary, prepared: Prepared) -> None:
    """Write what each row of a validation becomes, with its outcome.

    Raises:
        UsageError: the file cannot be written.
    """
    bodies = chain.from_iterable(prepared.bodies.batches())
    body = next(bodies, None)
    try:
        with MappedFile(path) as mapped:
            for entry in journal.rows(journal.run(summary.run_id)):
                row, fields = entry.result, {}
                if body and body[0] == row.seq:
                    fields, body = orjson.loads(body[2]), next(bodies, None)
                own = {
                    "_file": line(row.file),
                    "_sheet": row.sheet or "",
                    "_row": row.row,
                    "_status": str(row.status),
                    "_action": str(row.action or ""),
                    "_error_code": row.error_code,
                    "_error": row.error,
                    "_warnings": RowWarning.text(row.warnings),
                }
                mapped.add(own, fields)
            mapped.write()
    except OSError as error:  # of the temporary file
        raise not_written(path, error) from error
