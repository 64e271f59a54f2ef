"""One list of calls: look, write, put in place."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from ..api.client import DiallerClient
from ..api.fatal import reason
from ..api.query import calling, campaign_id, resolve_campaign
from ..config import Settings
from ..config.inbox import age
from ..contacts.record_file import RecordFile
from ..contacts.targets import Named, Targets
from ..contacts.telling import Choice
from ..errors import RequestError
from ..exit_codes import ExitCode
from ..files.url import Url
from ..journal import Journal
from ..journal.calls import CallNotes
from ..observer import Observer
from ..report.calls_output import Form, write_calls
from ..run.session import session
from ..target import target_of
from ..text.phrase import phrase
from ..text.stamp import stamp
from .address import ListAtAddress
from .ask import OfCampaign, of_named
from .collect import CONTACT_COLUMNS, Collector, ContactLines, Taker
from .findings import CallsDone, Findings
from .forgotten import forgotten_before
from .lines import CALL_COLUMNS
from .page import ListsOf, Page, summary_facts
from .place import check_place, draft_beside, put_in_place, recover, rename_or_discard
from .since import Since
from .source_columns import Joined, SourceColumns

Record = Mapping[str, Any]
Show = Callable[[Form, Iterable[Record]], object]


@dataclass(frozen=True, slots=True)
class CallsOptions:
    """The options of ``calls``. ``campaign`` None: that of the configuration. ``receiver``: ``--for``."""

    campaign: str | None = None
    files: tuple[Path, ...] = ()
    to: Path | None = None
    form: str = "csv"
    since: Since = field(default_factory=Since)
    language: int | None = None
    receiver: str = ""
    contacts: bool = False
    with_columns: tuple[str, ...] = ()
    mask: bool = False


class CallsRun:
    """One list of calls while it is made."""

    def __init__(
        self, settings: Settings, options: CallsOptions, journal: Journal, observer: Observer, folder: Path
    ) -> None:
        self._settings = settings
        self._options = options
        self._journal = journal
        self._observer = observer
        self._folder = folder
        self._now = datetime.now(UTC)
        self._target = ""
        self._names: dict[str, str] = {}
        self._since = ""
        self._requests = 0
        self._saved = 0
        self._page = Page(options.since, mask=options.mask)
        self._address: ListAtAddress | None = None
        if isinstance(options.to, Url):
            receiver = f"{options.campaign or settings.campaign} {options.receiver}" if options.since.last else None
            self._address = ListAtAddress(options.to, settings.source.stores, journal.make_copies(), receiver)

    def carry_out(self, show: Show | None = None) -> CallsDone:
        """Make the list; ``show(form, records)`` prints it if no file is named.

        Raises:
            UsageError, InputError, StopRun: nothing is given.
        """
        if self._address:
            self._address.check()
        elif self._to:
            check_place(self._to)
        with ExitStack() as held:
            columns = held.enter_context(self._source_columns())
            found, notes, pending = asyncio.run(self._look(held))
            if columns and not self._options.files:
                columns.want(str(line["UserData"] or "") for line in found.lines)
                columns.add_imports(self._journal, self._target, self._settings.source)
            if self._to:
                self._write(found, notes, pending, columns, self._to)
                if not self._options.contacts:
                    self._page.write(found, self._now, self._to.parent, self._lists_of())
                    if self._address:
                        self._address.put_page()
            elif show:
                show(self._form(found), self._lines(found, columns))
            return self._done(found, columns)

    def _lists_of(self) -> ListsOf:
        runs = self._journal.runs()
        return lambda keys: self._journal.lists_of(self._target, runs, keys)

    @contextmanager
    def _source_columns(self) -> Iterator[SourceColumns | None]:
        """Hold the cells of the source that are wanted beside the calls."""
        if not self._options.with_columns:
            yield None
            return
        columns = SourceColumns(self._options.with_columns)
        try:
            for file in self._options.files:
                columns.add_file(file, self._settings)
            yield columns
        finally:
            columns.close()

    # What is shown

    def _first(self) -> tuple[str, ...]:
        return CONTACT_COLUMNS if self._options.contacts else CALL_COLUMNS

    def _source_names(self) -> dict[str, str]:
        """Return the source's columns and what they are called in the list."""
        return {name: f"source.{name}" if name in self._first() else name for name in self._options.with_columns}

    def _columns(self, found: Findings) -> dict[str, str]:
        """Return the columns of the list: those of the configuration, else the facts and all fields of the records."""
        chosen, source = self._settings.calls.columns, self._source_names().values()
        if chosen and not self._options.contacts:
            return chosen | {name: name for name in source if name not in chosen.values()}
        return {name: name for name in dict.fromkeys((*self._first(), *source, *found.lines.columns))}

    def _form(self, found: Findings) -> Form:
        calls = self._settings.calls
        return Form(self._options.form, self._columns(found), calls.delimiter, calls.decimal, calls.encoding)

    def _lines(self, found: Findings, columns: SourceColumns | None) -> Iterable[Record]:
        return found.lines if columns is None else Joined(found.lines, columns, self._source_names())

    # Looking

    async def _look(self, held: ExitStack) -> tuple[Findings, CallNotes | None, Record | None]:
        """Ask for the calls; return them, and a file that is in place and still to be settled."""
        try:
            async with session(self._settings.dialler) as client:
                campaign = await self._campaign(client)
                self._target = target_of(self._settings.dialler.identity, campaign_id=campaign)
                notes = self._notes(held)
                pending = recover(notes, self._whose, self._to) if notes else None
                if notes and pending and pending["path"] != str(self._to):
                    notes.settle()
                    pending = None
                self._since = notes.looked_at() if notes else ""
                found, taker = await self._ask(client, campaign, notes, held)
                if notes and pending and isinstance(taker, Collector) and taker.lacks(notes.pending()):
                    notes.settle()  # what it holds is not to be had again, so it stays as it is
                    pending = None
                    found, taker = await self._ask(client, campaign, notes, held)
                self._requests = client.requests
        except RequestError as error:
            raise reason(error) from error
        if isinstance(taker, Collector):
            taker.give_vanished()
        return found, notes, pending

    @property
    def _whose(self) -> str:
        """Return the name of the writer, which no two processes have at once."""
        options = self._options
        return f"{self._target} {options.receiver} last" if options.since.last else f"{os.getpid()} {id(self)}"

    @property
    def _to(self) -> Path | None:
        return self._address.here.absolute() if self._address else self._options.to and self._options.to.absolute()

    async def _campaign(self, client: DiallerClient) -> int | None:
        """Return the campaign that is meant, None for the whole account; note the names that are known, by ID."""
        ours = self._settings.campaign
        if self._options.campaign is not None:
            number = await resolve_campaign(client, self._options.campaign)
            if self._options.campaign != str(number):
                self._names = {str(number): self._options.campaign}
            return number
        if ours.column is not None:
            with calling(client, "list_campaigns"):
                listed = await client.list_campaigns()
            self._names = {str(each.get("ID")): str(each["Name"]) for each in listed if each.get("Name")}
            return None
        if ours.name is None:
            return ours.id
        with calling(client, "list_campaigns"):
            number = await campaign_id(client, ours.name)
        self._names = {str(number): ours.name}
        return number

    def _notes(self, held: ExitStack) -> CallNotes | None:
        if not self._options.since.last:
            return None
        held.enter_context(self._journal.calls_lock(self._target, self._options.receiver))
        return self._journal.call_notes(self._target, self._options.receiver)

    async def _ask(
        self, client: DiallerClient, campaign: int | None, notes: CallNotes | None, held: ExitStack
    ) -> tuple[Findings, Taker]:
        options = self._options
        lines, to_note = (held.enter_context(RecordFile(self._folder)) for _ in range(2))
        found = Findings(lines, to_note)
        taker: Collector | ContactLines
        if options.contacts:
            taker = ContactLines(found, options.since, self._names)
        else:
            taker = Collector(found, options.since, notes, self._names, self._now)
        held.callback(taker.close)
        self._observer.stage(phrase("reading calls"), None)
        listed = self._page.listed
        for file in options.files:
            targets = Targets(Named(file=file), self._settings)
            await of_named(client, targets, campaign, taker, found, options.language, self._observer.advance, listed)
        if not options.files:
            forgotten = forgotten_before(notes)
            if forgotten and (not self._since or datetime.fromisoformat(self._since) < forgotten):
                found.forgotten_before = stamp(forgotten)[:10]
                forgotten = None  # ask for them, so that they are counted
            choice = Choice(age(self._settings.calls.look_back), self._now, options.since.begin, forgotten)
            asking = OfCampaign(client, taker, found, choice, notes, options.language, listed)
            await asking.ask(campaign, self._folder, self._observer.advance)
            self._saved = asking.saved
        return found, taker

    # Writing

    def _write(
        self,
        found: Findings,
        notes: CallNotes | None,
        pending: Record | None,
        columns: SourceColumns | None,
        path: Path,
    ) -> None:
        """Write the file, and put it in place; the notes count from then on."""

        def write(file: IO[bytes], draft: Path) -> None:
            write_calls(self._form(found), self._lines(found, columns), file, draft, summary_facts(found, self._now))

        draft = draft_beside(path, self._whose, write)
        if notes is None:
            rename_or_discard(draft.path, path)
            if self._address:
                self._address.put(once=False, ours=())
            return
        intent = {
            "path": str(path),
            "draft": str(draft.path),
            "sha256": draft.sha256,
            "calls": found.new + found.updated,
            "updated": found.updated,
            "looked_at": stamp(self._now, "milliseconds"),
            "replaces": pending["sha256"] if pending else "",
        }
        last = notes.file()
        notes.intend(intent, found.notes_to_make())
        put_in_place(intent, last)
        if self._address:
            empty = [last["sha256"]] if last and not last["calls"] else []
            self._address.put(once=True, ours=(draft.sha256, str(intent["replaces"]), *empty))
        notes.settle(found.going_on.items())

    def _done(self, found: Findings, columns: SourceColumns | None) -> CallsDone:
        remarks = [*found.remarks(), *(columns.remarks() if columns else ())]
        chosen = set() if self._options.contacts else set(self._settings.calls.columns.values())
        lacking = chosen - {*CALL_COLUMNS, *found.lines.columns, *self._source_names().values()}
        if lacking and len(found.lines):
            remarks.append(
                phrase("calls.columns: no call has the field {fields}: left empty", fields=", ".join(sorted(lacking)))
            )
        return CallsDone(
            self._options.to, found.new + found.updated, found.new, found.updated,
            len(found.going_on) or found.still_open, found.contacts, found.asked, self._requests, self._saved,
            self._since, tuple(found.notes_of_course()), tuple(remarks), tuple(found.problems),
            int(ExitCode.ROWS_FAILED if found.unreadable else ExitCode.OK),
        )  # fmt: skip
