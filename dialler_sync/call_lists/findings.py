"""The calls found: lines for the file, notes for the journal, and remarks for people; the result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..contacts.call_records import NotTold
from ..contacts.record_file import RecordFile
from ..journal.calls import Note
from ..text.phrase import figure, mark, phrase


@dataclass(slots=True)
class Findings:
    """The lines, and how many of what; ``notes`` are the :class:`Note` to be made when the file is in place.

    ``going_on`` are calls without an end, by key.
    """

    lines: RecordFile
    notes: RecordFile
    new: int = 0
    updated: int = 0
    contacts: int = 0
    asked: int = 0
    unreadable: list[str] = field(default_factory=list)
    repeated: int = 0
    double_ids: int = 0
    foreign: int = 0
    unasked: int = 0
    gone: int = 0
    contacts_twice: int = 0
    without_id: int = 0
    still_open: int = 0
    forgotten: int = 0
    forgotten_before: str = ""
    going_on: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    not_told: NotTold = field(default_factory=NotTold)
    problems: list[str] = field(default_factory=list)

    def add_note(self, note: Note) -> None:
        """Add a note."""
        self.notes.add(note._asdict())

    def notes_to_make(self) -> Iterator[Note]:
        """Yield the notes."""
        return (Note(**each) for each in self.notes)

    def notes_of_course(self) -> Iterator[str]:
        """Yield a sentence on what any night may bring."""
        if self.going_on:
            yield phrase("{count} still going on: reported when over", count=figure(len(self.going_on)))
        if self.still_open:
            yield phrase("{count} without an end", count=figure(self.still_open))
        if said := str(self.not_told):
            yield said

    def remarks(self) -> Iterator[str]:
        """Yield a sentence on everything that a person must know."""
        told = {
            mark("{count} duplicate call records are counted once"): self.repeated,
            mark("{count} calls share an ID but not a start time: treated as different calls"): self.double_ids,
            mark("{count} call records name another contact than the one queried, and are left out"): self.foreign,
            mark("{count} contacts that were not queried are left out"): self.unasked,
            mark("{count} contacts in the dialler's list have no ID, so their calls cannot be read"): self.without_id,
            mark("{count} contacts appear twice in the dialler's list, and are queried once"): self.contacts_twice,
            mark("{count} calls that were going on last time are gone: reported as they were then"): self.gone,
        }
        yield from (phrase(form, count=figure(count)) for form, count in told.items() if count)
        if self.forgotten and self.forgotten_before:
            yield phrase(
                "{count} calls began before {time}, and are left out: the journal has forgotten which of them were "
                "given (runs prune); without --since last they are in the list",
                count=figure(self.forgotten),
                time=self.forgotten_before,
            )
        if self.unreadable:
            some = ", ".join(self.unreadable[:5]) + (" …" if len(self.unreadable) > 5 else "")
            yield phrase(
                "the calls of {count} contacts cannot be read, as the dialler's answer is not a list of calls "
                "(contacts {contacts}): they are read again next time",
                count=figure(len(self.unreadable)),
                contacts=some,
            )


@dataclass(frozen=True, slots=True)
class CallsDone:
    """The result of a list of calls; ``asked`` of ``contacts`` were looked up.

    ``notes`` are sentences on what any night may bring, ``remarks`` on what a person must know, ``problems`` on rows
    of a list that have no contact.
    """

    file: Path | None
    calls: int
    new: int
    updated: int
    going_on: int
    contacts: int
    asked: int
    requests: int
    saved: int
    since: str
    notes: tuple[str, ...]
    remarks: tuple[str, ...]
    problems: tuple[str, ...]
    exit_code: int
