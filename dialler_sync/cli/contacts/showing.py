"""Show records on stdout, or in a file that is written whole or not at all."""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar

import click

from ...text.phrase import figure, phrase
from ..echo import echo
from ..options import with_options
from ..streams import exact, styled

if TYPE_CHECKING:
    from ...jobs.contacts import Listing, Record

F = TypeVar("F", bound=Callable[..., object])

_FORMATS = ("table", "csv", "json", "jsonl", "xlsx")

_OPTIONS = (
    click.option(
        "-o",
        "--output",
        type=click.Choice(_FORMATS),
        help="Format; json: one array, jsonl: one object per line.  [default: by the ending of --out, else table]",
    ),
    click.option("--fields", metavar="A,B", help="Only these fields, in this order."),
    click.option(
        "--out", type=click.Path(path_type=Path), metavar="FILE", help="Write to this file, in place of stdout."
    ),
)


def showing_options(command: F) -> F:
    """Add the options; :class:`Showing` takes their values."""
    return with_options(command, _OPTIONS)


@dataclass(frozen=True, slots=True)
class Showing:
    """Values of the options. ``form`` is one of the formats, or ``vendor``."""

    form: str
    fields: tuple[str, ...]
    out: Path | None

    @classmethod
    def of(cls, output: str | None, fields: str | None, out: Path | None, *, vendor: bool = False) -> Showing:
        """Put the options together.

        Raises:
            UsageError: they do not go together.
        """
        names = tuple(name for name in map(str.strip, (fields or "").split(",")) if name)
        if vendor and (names or output not in (None, "csv")):
            raise click.UsageError(
                phrase("--format vendor cannot be combined with -o or --fields: its columns are fixed")
            )
        ending = out.suffix.lower().removeprefix(".") if out else ""
        if out and not (vendor or output) and ending not in {*_FORMATS, "", "txt"}:
            raise click.UsageError(
                phrase(
                    "--out {path}: the name must end in .csv, .json, .jsonl, .xlsx or .txt (a table), unless -o names "
                    "the format",
                    path=out,
                )
            )
        form = "vendor" if vendor else output or (ending if ending in _FORMATS else "table")
        if form == "xlsx" and not out:
            raise click.UsageError(phrase("-o xlsx needs --out FILE"))
        return cls(form, names, out)

    def folder(self) -> Path:
        """Where records may wait on disk."""
        return self.out.absolute().parent if self.out else Path(tempfile.gettempdir())

    def show(self, records: Iterable[Record], columns: Sequence[str], in_table: Sequence[str] = ()) -> None:
        """Write the records; ``in_table`` are the columns of a table for which none were chosen.

        Raises:
            UsageError: the file cannot be written, or a field does not exist.
        """
        from ...jobs.contacts import Listing

        listing = Listing(columns, records)
        if self.fields:
            listing = listing.select(self.fields)
        elif self.form == "table":
            listing = listing.select([name for name in in_table if name in columns] or columns)
        self._write(listing)

    def _write(self, listing: Listing) -> None:
        from ...jobs.contacts import output_file, write_xlsx

        with output_file(self.out) if self.out else nullcontext() as draft:
            if draft and self.form == "xlsx":
                for remark in write_xlsx(listing, draft):
                    echo(remark, err=True)
            elif draft:
                # With its mark, Excel reads UTF-8; no program minds it in a CSV.
                encoding = "utf-8-sig" if self.form == "csv" else "utf-8"
                with draft.open("w", encoding=encoding, errors="backslashreplace", newline="") as file:
                    self._write_text(listing, file)
            else:
                if isinstance(sys.stdout, io.TextIOWrapper):
                    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
                with nullcontext() if self.form == "table" else exact(sys.stdout):
                    self._write_text(listing, sys.stdout)

    def _write_text(self, listing: Listing, file: IO[str]) -> None:
        from ...jobs.contacts import WRITERS, write_table

        if self.form != "table":
            WRITERS[self.form](listing, file)
        elif left_out := write_table(listing, styled(sys.stdout) if file.isatty() else file):
            echo(
                phrase("… and {number} more: use --out FILE or -o csv for all of them", number=figure(left_out)),
                err=True,
            )
