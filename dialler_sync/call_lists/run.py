"""One list of calls: look, write, put in place."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
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
from ..errors import RequestError
from ..exit_codes import ExitCode
from ..journal import Journal
from ..journal.calls import CallNotes
from ..observer import Observer
from ..report.calls_output import Facts, Form, write_calls
from ..run.session import session
from ..target import target_of
from ..text.stamp import stamp
from .ask import OfCampaign, of_named
from .collect import Collector
from .findings import Findings, Notes
from .lines import CALL_COLUMNS
from .place import check_place, draft_beside, put_in_place, recover, rename
from .since import Since
from .telling import Choice

Record = Mapping[str, Any]


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


@dataclass(frozen=True, slots=True)
class CallsDone:
    """What came of it. ``remarks`` are sentences for people; ``asked`` of ``contacts`` were asked."""

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
    remarks: tuple[str, ...]
    problems: tuple[str, ...]
    exit_code: int


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
        self._since = ""
        self._requests = 0
        self._saved = 0

    def carry_out(self, show: Any = None) -> CallsDone:
        """Make the list; ``show(columns, records)`` shows it where no file is named.

        Raises:
            UsageError, InputError, StopRun: nothing is given.
        """
        options = self._options
        if options.to:
            check_place(options.to.absolute())
        with ExitStack() as held:
            found = Findings(RecordFile(self._folder), Notes(self._folder))
            held.callback(found.notes.close)
            held.enter_context(found.lines)
            asyncio.run(self._look(found, held))
            columns = self.columns(found.lines.columns)
            if options.to is None:
                show(list(columns), found.lines)
            return self._done(found)

    def columns(self, told: Iterable[str]) -> dict[str, str]:
        """Return the columns of the file: those of the configuration, else the facts and all fields of the records."""
        chosen = self._settings.calls.columns
        return dict(chosen) if chosen else {name: name for name in dict.fromkeys((*CALL_COLUMNS, *told))}

    async def _look(self, found: Findings, held: ExitStack) -> None:
        """Ask, and put the file in place, with one client."""
        options = self._options
        try:
            async with session(self._settings.dialler) as client:
                campaign, names = await self._campaign(client)
                notes = self._notes(campaign, held)
                pending = recover(notes) if notes else None
                if notes and pending and options.to and pending["path"] != str(options.to.absolute()):
                    notes.settle()
                    pending = None
                self._since = notes.looked_at() if notes else ""
                collector = Collector(found, options.since, notes, names, self._now)
                held.callback(collector.close)
                await self._ask(client, campaign, collector, found, notes)
                self._requests = client.requests
        except RequestError as error:
            raise reason(error) from error
        collector.give_vanished()
        if options.to:
            self._write(found, notes, pending, options.to.absolute())

    async def _campaign(self, client: DiallerClient) -> tuple[int | None, dict[str, str]]:
        """Return the campaign that is meant, None for the whole account; and the names that are known, by ID."""
        ours = self._settings.campaign
        if self._options.campaign is not None:
            number = await resolve_campaign(client, self._options.campaign)
            return number, {str(number): self._options.campaign} if self._options.campaign != str(number) else {}
        if ours.column is not None:
            with calling(client, "list_campaigns"):
                listed = await client.list_campaigns()
            return None, {str(each.get("ID")): str(each["Name"]) for each in listed if each.get("Name")}
        if ours.name is None:
            return ours.id, {}
        with calling(client, "list_campaigns"):
            number = await campaign_id(client, ours.name)
        return number, {str(number): ours.name}

    def _notes(self, campaign: int | None, held: ExitStack) -> CallNotes | None:
        if not self._options.since.last:
            return None
        target = target_of(self._settings.dialler.identity, campaign_id=campaign)
        held.enter_context(self._journal.calls_lock(target, self._options.receiver))
        return self._journal.call_notes(target, self._options.receiver)

    async def _ask(
        self,
        client: DiallerClient,
        campaign: int | None,
        collector: Collector,
        found: Findings,
        notes: CallNotes | None,
    ) -> None:
        options = self._options
        self._observer.stage("reading calls", None)
        if options.files:
            for file in options.files:
                targets = Targets(Named(file=file), self._settings)
                await of_named(client, targets, campaign, collector, found, options.language, self._observer.advance)
            return
        choice = Choice(age(self._settings.calls.look_back), self._now, options.since.begin)
        asking = OfCampaign(client, collector, found, choice, notes, options.language)
        await asking.ask(campaign, self._folder, self._observer.advance)
        self._saved = asking.saved

    def _write(self, found: Findings, notes: CallNotes | None, pending: Record | None, path: Path) -> None:
        """Write the file, and put it in place; the notes count from then on."""
        calls = self._settings.calls
        columns = self.columns(found.lines.columns)
        form = Form(self._options.form, columns, calls.delimiter, calls.decimal, calls.encoding)

        def write(file: IO[bytes], draft: Path) -> None:
            write_calls(form, found.lines, file, draft, self._facts(found))

        draft = draft_beside(
            path, f"{self._settings.dialler.identity} {self._options.receiver} {notes and 'last'}", write
        )
        if notes is None:
            rename(draft.path, path)
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
        notes.intend(intent, found.notes)
        put_in_place(intent, last)
        notes.settle(found.going_on.items())

    def _facts(self, found: Findings) -> Facts:
        """Return what the summary of a workbook tells."""
        by_result: dict[str, int] = {}
        by_day: dict[str, int] = {}
        for line in found.lines:
            result = str(line.get("ResultCode") or "(none)")
            by_result[result] = by_result.get(result, 0) + 1
            day = str(line.get("CallStart") or "(not told)")[:10]
            by_day[day] = by_day.get(day, 0) + 1
        told = [
            ("Calls", f"{found.new + found.updated:,}"),
            ("of them changed since they were given", f"{found.updated:,}"),
            ("Still going on", f"{len(found.going_on) or found.still_open:,}"),
            ("Contacts", f"{found.contacts:,}, of which {found.asked:,} were asked"),
            ("Looked at (UTC)", stamp(self._now)),
            *(("Note", remark) for remark in found.remarks()),
        ]
        return Facts(told, dict(sorted(by_result.items(), key=lambda item: -item[1])), dict(sorted(by_day.items())))

    def _done(self, found: Findings) -> CallsDone:
        remarks = list(found.remarks())
        wanted = set(self._settings.calls.columns.values()) - {*CALL_COLUMNS, *found.lines.columns}
        if wanted and len(found.lines):
            remarks.append(f"calls.columns: no call has a field {', '.join(sorted(wanted))}: left empty")
        failed = bool(found.unreadable)
        return CallsDone(
            self._options.to, found.new + found.updated, found.new, found.updated,
            len(found.going_on) or found.still_open, found.contacts, found.asked, self._requests, self._saved,
            self._since, tuple(remarks), tuple(found.problems),
            int(ExitCode.ROWS_FAILED if failed else ExitCode.OK),
        )  # fmt: skip
