"""Many campaigns, one night: each configuration of a folder works through its inbox, in a process of its own."""

from __future__ import annotations

import json
import logging
import os
import shlex
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ..config import Settings, load_config
from ..config.extends import extended_by
from ..config.notify import NotifySettings
from ..errors import ConfigError, DiallerSyncError, UsageError
from ..exit_codes import ExitCode, exit_code, meaning_of, worst
from ..files import trust
from ..files.pinned import real
from ..files.portable import interrupt
from ..files.private import make_folder
from ..files.whole import spared
from ..journal import Journal, RunRecord
from ..report.night_page import CampaignNight, night_verdict, write_night_page
from ..run.begin import REPORTS, own_folder
from ..text.outward import escaped
from ..text.phrase import figure, phrase
from .digest import Member, ping_starts, tell_of_night
from .notify import WELL

__all__ = [
    "CampaignNight",
    "NightOptions",
    "configurations",
    "night_code",
    "night_verdict",
    "run_night",
    "write_night_page",
]

_log = logging.getLogger(__name__)

_OWN_OF_A_CALL = tuple(f"DIALLER_SYNC_IMPORT_{name}" for name in ("INBOX", "OUT", "PLAN", "FILES", "METRICS_FILE"))
"""Variables that name a file or folder of one run; shared by all campaigns, they would mix them up."""

HISTORY = 12
"""Earlier runs of a campaign that its trend shows."""


@dataclass(frozen=True, slots=True)
class NightOptions:
    """The options of every campaign of a night. ``said`` prints what a campaign says, given its name and a record
    of its log; ``until``: when no more rows are taken; ``found_by``: the options with which a command reaches the same
    journal."""

    trusted: bool
    state: str | None
    options: Sequence[str]
    quiet_for: float | None
    said: Callable[[str, Mapping[str, Any]], None]
    until: datetime | None = None
    found_by: Sequence[str] = ()


def configurations(folder: Path, *, trusted: bool = False) -> list[Path]:
    """Return the configurations of a folder: each ``*.yaml`` that no other extends, and that begins with no ``_``.
    Unless all are ``trusted``, one that others could have changed, which is refused later, takes no other away.

    Raises:
        UsageError: there is no folder, or no configuration in it.
    """
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix == ".yaml" and not path.name.startswith("."))
    except OSError as error:
        raise UsageError(phrase("{folder}: cannot be read: {why}", folder=folder, why=error.strerror)) from error
    bases = set()
    for path in files:
        if not trusted and trust.judge("", path):
            continue
        with suppress(ConfigError):  # its own call will say what is wrong with it
            base = extended_by(path)
            bases |= {real(base)} if base else set()
    found = [path for path in files if not path.name.startswith("_") and real(path) not in bases]
    if not found:
        raise UsageError(
            phrase(
                "{folder}: no configuration found (a *.yaml that no other one extends and that does not begin with _)",
                folder=folder,
            )
        )
    return found


def run_night(folder: Path, journal: Journal, options: NightOptions) -> list[CampaignNight]:
    """Run each configuration of a folder: diallers side by side, the campaigns of one dialler one after the other.

    Raises:
        UsageError: there is nothing to run.
    """
    before = {run.id: (run.finished_at, run.state) for run in journal.runs()}
    work = _Work(options)
    nights: dict[Path, CampaignNight] = {}
    diallers: dict[str, list[Path]] = defaultdict(list)
    used: dict[Path, Settings] = {}
    for path in configurations(folder, trusted=options.trusted or trust.is_overridden()):
        try:
            used[path] = _settings(path, options)
            diallers[used[path].dialler.identity].append(path)
        except DiallerSyncError as error:
            nights[path] = CampaignNight(escaped(path.stem), exit_code(error, {}), "; ".join(map(str, error.args)))
            _log.error("%s: %s", path.stem, error)
    ping_starts(settings.notify for settings in used.values() if settings.notify)
    with ThreadPoolExecutor(max(len(diallers), 1)) as pool:
        futures = [pool.submit(work.one_by_one, paths) for paths in diallers.values()]
        try:
            for future in futures:
                future.result()
        except KeyboardInterrupt:
            work.stop()
    runs = journal.runs()
    ours = {path: [run for run in runs if _is_import_by(path, run)] for path in {*nights, *work.ended}}
    for path, (code, said) in work.ended.items():
        nights[path] = _night_of(path, code, said, ours[path], before)
    members = []
    for path in sorted(nights):
        notify = used[path].notify or NotifySettings() if path in used else None
        members.append(Member(path, nights[path], notify, next((run.target for run in ours[path]), "")))
    with suppress(KeyboardInterrupt):  # it ends only the wait; the next night delivers the message
        tell_of_night(folder, members, journal)
    return [nights[path] for path in sorted(nights)]


def tell(page: Path, nights: Sequence[CampaignNight], began: str) -> None:
    """Write the page of a night; only warn if that fails, as the imports are done."""
    with spared(page):
        try:
            make_folder(own_folder(page.parent) if page.parent == REPORTS else page.parent)
        except UsageError as error:
            _log.warning("%s", error)
            return
        write_night_page(page, nights, began, night_code(nights))


def night_code(nights: Sequence[CampaignNight]) -> int:
    """Return the exit code of a whole night."""
    return worst(night.code for night in nights)


def night_facts(nights: Sequence[CampaignNight], began: str, page: Path) -> dict[str, Any]:
    """Return all that a night brought, as plain values; ``runs`` are what summary.json holds."""
    campaigns = [
        {
            "name": night.name,
            "exit_code": int(night.code),
            "needs": night.needs or None,
            "alarm": night.alarm or None,
            "to_do": night.to_do,
            "runs": list(night.runs),
        }
        for night in nights
    ]
    code, verdict = int(night_code(nights)), night_verdict(nights)
    return {"began": began, "exit_code": code, "verdict": verdict, "page": str(page), "campaigns": campaigns}


def _settings(path: Path, options: NightOptions) -> Settings:
    """Load a configuration.

    Raises:
        UsageError: it cannot be used, or has no inbox.
    """
    settings = load_config(path, token_needed=False, finished=True, trusted=options.trusted)
    if settings.inbox.dir is None:
        raise UsageError(phrase("inbox.dir is not set: 'night' reads each campaign's lists from its inbox"))
    return settings


@dataclass(slots=True)
class _Work:
    """The processes of a night. ``ended`` has the exit code of each, and the errors that it told."""

    options: NightOptions
    ended: dict[Path, tuple[int, list[str]]] = field(default_factory=dict)
    _running: set[subprocess.Popen[str]] = field(default_factory=set)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def one_by_one(self, paths: Sequence[Path]) -> None:
        for path in paths:
            if self._stopped.is_set():
                self.ended[path] = (ExitCode.INTERRUPTED, [phrase("interrupted before it started")])
            elif self.options.until and datetime.now().astimezone() >= self.options.until:
                self.ended[path] = (ExitCode.OUT_OF_TIME, [phrase("not started: the time was up (--until)")])
            else:
                self.ended[path] = self._import(path)

    def stop(self) -> None:
        """Interrupt every campaign; each ends as after Ctrl-C."""
        self._stopped.set()
        for process in list(self._running):
            interrupt(process)

    def _import(self, path: Path) -> tuple[int, list[str]]:
        # -P: no modules of the working folder. A group of its own: Ctrl-C comes from here, once. Its standard input is
        # closed when this process ends, even when it is killed; then it ends, too.
        words = [sys.executable, "-P", "-m", "dialler_sync", "--config", str(path), *self.options.options]
        words += ["--log-format", "json", "import", "--of-night", shlex.join(self.options.found_by)]
        if self.options.quiet_for is not None:
            words += ["--quiet-for", str(self.options.quiet_for)]
        if self.options.until:
            words += ["--until", self.options.until.isoformat()]
        try:
            process = subprocess.Popen(  # noqa: S603 - ourselves
                words, env=self._environment(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, text=True, encoding="utf-8", errors="replace", process_group=0,
            )  # fmt: skip
        except OSError as error:  # the others still have their turn
            said = phrase("its import cannot be started: {why}", why=error.strerror or error)
            _log.error("%s: %s", path.stem, said)
            return ExitCode.USAGE, [said]
        self._running.add(process)
        if self._stopped.is_set():
            interrupt(process)
        errors = []
        with process:
            for text in process.stderr or ():
                record = _record(text.rstrip("\n"))
                self.options.said(path.stem, record)
                if record.get("level") == "error" and "time" in record:
                    errors.append(str(record["message"]).removeprefix("Error: "))
        self._running.discard(process)
        code = process.returncode
        if code not in list(ExitCode):
            errors.append(phrase("the process ended with {code}", code=code))
            code = ExitCode.INTERRUPTED if code < 0 else ExitCode.BUG
        return code, errors

    def _environment(self) -> dict[str, str]:
        """Return this environment, with the journal: its URL may hold a password, and every user sees argv."""
        given = {name: value for name, value in os.environ.items() if name not in _OWN_OF_A_CALL}
        given |= {"DIALLER_SYNC_STATE": self.options.state} if self.options.state else {}
        return given | ({"DIALLER_SYNC_TRUST": "1"} if self.options.trusted else {})


def _record(text: str) -> Mapping[str, Any]:
    """Return a record of a process's log. What is none, a library's warning or a bug's traceback, is told as it is."""
    with suppress(ValueError):
        found = json.loads(text)
        if isinstance(found, dict) and "message" in found:
            return found
    return {"level": "error", "message": text}


def _is_import_by(path: Path, run: RunRecord) -> bool:
    return run.command == "import" and real(Path(run.config_path)) == real(path)


def _night_of(
    path: Path, code: int, errors: Sequence[str], ours: Sequence[RunRecord], before: dict[str, tuple[str | None, str]]
) -> CampaignNight:
    ended = [run for run in ours if run.summary and not run.options.get("dry_run")]
    tonight = [run for run in ended if run.id not in before or before[run.id] != (run.finished_at, run.state)]
    summaries = [dict(run.summary or {}) for run in tonight]
    history = [dict(run.summary or {}) for run in ended[:HISTORY]]
    needs = "" if code in WELL else _needs(summaries, errors) or meaning_of(code)
    return CampaignNight(escaped(path.stem), code, needs, summaries, history)


_REASONS = 3
"""Most reasons shown for one campaign."""


def _needs(summaries: Sequence[Mapping[str, Any]], errors: Sequence[str]) -> str:
    """Return why a campaign needs a hand: why its runs stopped, and what else its process said."""
    known = [summary[name] for summary in summaries for name in ("stopped_because", "alarm") if summary.get(name)]
    stopped = [summary["stopped_because"] for summary in summaries if summary.get("stopped_because")]
    others = [error for error in errors if not any(text in error for text in known)]
    found = list(dict.fromkeys([*stopped, *others]))
    told = [text.rstrip(".") for text in found[:_REASONS]]
    more = [phrase("and {count} more", count=figure(len(found) - _REASONS))] if found[_REASONS:] else []
    return "; ".join([*told, *more])
