"""The runs that the journal has of the files of an inbox."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from ..files.pinned import real
from ..journal import Journal, RunRecord
from ..text.command_line import command
from ..text.phrase import phrase
from .places import Arrival, Claimed, Place

_log = logging.getLogger(__name__)


class Repeat(InputError):
    """The content of a file was imported before."""


@dataclass(frozen=True, slots=True)
class FileRuns:
    """The runs of the files of one inbox, for one campaign (``target``)."""

    journal: Journal
    target: Callable[[], str]
    place: Place

    def in_turn(self, arrivals: Sequence[Arrival]) -> list[Arrival]:
        """Sort the files: those of stopped runs first, in the order in which the runs began."""
        begun = {entry["path"]: run.started_at for run in self._begun() for entry in run.files}
        return sorted(arrivals, key=lambda arrival: begun.get(str(real(arrival.path)), "~"))

    def _begun(self) -> list[RunRecord]:
        """Return the imports that are not finished, and not undone."""
        undone = self.journal.undone()
        runs = (run for run in self.journal.runs() if run.command == "import" and run.state != "finished")
        return [run for run in runs if run.id not in undone]

    def is_begun(self, taken: Claimed) -> bool:
        """Whether an import of this file has begun and is not finished."""
        here = _paths(taken)
        return taken.place.exists() and any(entry["path"] in here for run in self._begun() for entry in run.files)

    def reading(self, place: Path) -> list[RunRecord]:
        """Return the runs that have read the file at this path."""
        there = str(real(place))
        return [run for run in self.journal.runs() if any(entry["path"] == there for entry in run.files)]

    def move(self, place: Path, run: RunRecord) -> None:
        """Note where the file of a run lies now."""
        self.journal.update_run(run.id, files=tuple({**entry, "path": str(real(place))} for entry in run.files))

    def _imports(self, sha256: str) -> Iterator[tuple[RunRecord, list[Path]]]:
        """Yield imports of this content that were not undone, the newest first, with the paths of their files."""
        undone, target = self.journal.undone(), self.target()
        for run in self.journal.runs():
            mine = run.command == "import" and run.target == target and not run.options.get("dry_run")
            if mine and run.id not in undone and any(entry["sha256"] == sha256 for entry in run.files):
                yield run, [Path(entry["path"]) for entry in run.files]

    def earlier(self, taken: Claimed, sha256: str) -> RunRecord | None:
        """Return the run that imported this very file, or stopped at it, if the file was not moved away since.

        A newer export under the same name is a file of its own; the remaining rows of the older run are not sent.
        """
        here = _paths(taken)
        for run, paths in self._imports(sha256):
            same_file = any(map(taken.is_of, run.files))
            same_name = run.state != "finished" and any(str(path) in here for path in paths)
            if (same_file or same_name) and any(str(p) in here or self.place.lies_in(p) for p in paths):
                return run
        there = str(real(taken.home))
        for run in self._begun():
            if any(entry["path"] == there for entry in run.files):
                _log.warning(
                    phrase(
                        "{file} is not the file with which run {run} stopped; it is imported as a new list",
                        file=taken.home,
                        run=run.id,
                    )
                )
        return None

    def refuse_repeat(self, taken: Claimed, sha256: str) -> None:
        """Refuse content that was imported already: without overwriting, its rows would create the same contacts again.

        Raises:
            InputError: this content was imported.
        """
        for run, _ in self._imports(sha256):
            counts = (run.summary or {}).get("counts", {"unknown": 1})
            if counts.get("succeeded", 0) + counts.get("unknown", 0):
                raise Repeat(
                    phrase(
                        "{file}: already imported by {run}. With rows.overwrite_duplicates: false, importing it again "
                        "would create every contact twice. To send its failed rows: {command}",
                        file=taken.home,
                        run=run.id,
                        command=command("retry", run.id),
                    )
                )


def _paths(taken: Claimed) -> set[str]:
    """Return the paths under which a run may have read a claimed file."""
    return {str(real(taken.home)), str(real(taken.place))}
