"""Many campaigns, one night: each configuration of a folder works through its inbox, in a process of its own."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ..config import load_config
from ..config.extends import extended_by
from ..errors import ConfigError, DiallerSyncError, UsageError
from ..exit_codes import MEANINGS, ExitCode, exit_code, worst
from ..files.portable import interrupt
from ..files.private import make_folder
from ..files.whole import spared
from ..journal import Journal, RunRecord
from ..report.night_page import CampaignNight, night_verdict, write_night_page
from ..target import dialler_of

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
"""Variables that name a file or folder of one call: for all campaigns alike, they would mix them up."""

_ERROR = re.compile(r"(?:[\d-]{10} [\d:]{8} )?Error: ")
"""How an error begins in what a process says."""

HISTORY = 12
"""Earlier runs of a campaign that its trend shows."""


@dataclass(frozen=True, slots=True)
class NightOptions:
    """What every campaign of a night is called with. ``said`` prints a line of a campaign, given its name; ``until``:
    when no more rows are taken."""

    trusted: bool
    state: str | None
    options: Sequence[str]
    quiet_for: float | None
    said: Callable[[str, str], None]
    until: datetime | None = None


def configurations(folder: Path) -> list[Path]:
    """Return the configurations of a folder: each ``*.yaml`` that no other extends, and that begins with no ``_``.

    Raises:
        UsageError: there is no folder, or no configuration in it.
    """
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix == ".yaml" and not path.name.startswith("."))
    except OSError as error:
        raise UsageError(f"{folder}: cannot be read: {error.strerror}") from error
    bases = set()
    for path in files:
        with suppress(ConfigError):  # its own call will say what is wrong with it
            base = extended_by(path)
            bases |= {base.resolve()} if base else set()
    found = [path for path in files if not path.name.startswith("_") and path.resolve() not in bases]
    if not found:
        raise UsageError(f"{folder}: holds no configuration (*.yaml that no other extends, and without _ at its start)")
    return found


def run_night(folder: Path, journal: Journal, options: NightOptions) -> list[CampaignNight]:
    """Run each configuration of a folder: diallers side by side, the campaigns of one dialler one after the other.

    Raises:
        UsageError: there is nothing to run.
    """
    before = {run.id: run.finished_at for run in journal.runs()}
    work = _Work(options)
    nights: dict[Path, CampaignNight] = {}
    diallers: dict[str, list[Path]] = defaultdict(list)
    for path in configurations(folder):
        try:
            diallers[_dialler(path, options)].append(path)
        except DiallerSyncError as error:
            nights[path] = CampaignNight(path.stem, exit_code(error, {}), "; ".join(map(str, error.args)))
            _log.error("%s: %s", path.stem, error)
    with ThreadPoolExecutor(max(len(diallers), 1)) as pool:
        futures = [pool.submit(work.one_by_one, paths) for paths in diallers.values()]
        try:
            for future in futures:
                future.result()
        except KeyboardInterrupt:
            work.stop()
    for path, (code, said) in work.ended.items():
        nights[path] = _night_of(path, code, said, journal.runs(), before)
    return [nights[path] for path in sorted(nights)]


def tell(page: Path, nights: Sequence[CampaignNight], began: str) -> None:
    """Write the page of a night; where that fails, warn: what was imported is imported."""
    with spared(page):
        make_folder(page.parent)
        write_night_page(page, nights, began, night_code(nights))


def night_code(nights: Sequence[CampaignNight]) -> int:
    """Return the exit code of a whole night."""
    return worst(night.code for night in nights)


def _dialler(path: Path, options: NightOptions) -> str:
    """Return the account of the dialler that a configuration sends to.

    Raises:
        UsageError: it cannot be used, or has no inbox.
    """
    settings = load_config(path, token_needed=False, finished=True, trusted=options.trusted)
    if settings.inbox.dir is None:
        raise UsageError("inbox.dir is not set: 'night' takes the lists of each campaign from its inbox")
    ours = settings.dialler
    return dialler_of(ours.base_url, ours.clients_id, ours.name)


@dataclass(slots=True)
class _Work:
    """The processes of a night. ``ended`` has the exit code of each, and the last that it said."""

    options: NightOptions
    ended: dict[Path, tuple[int, str]] = field(default_factory=dict)
    _running: set[subprocess.Popen[str]] = field(default_factory=set)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def one_by_one(self, paths: Sequence[Path]) -> None:
        for path in paths:
            if self._stopped.is_set():
                self.ended[path] = (ExitCode.INTERRUPTED, "interrupted before it began")
            elif self.options.until and datetime.now().astimezone() >= self.options.until:
                self.ended[path] = (ExitCode.OUT_OF_TIME, "not begun, as the time was over (--until)")
            else:
                self.ended[path] = self._import(path)

    def stop(self) -> None:
        """Interrupt every campaign; each ends as after Ctrl-C."""
        self._stopped.set()
        for process in list(self._running):
            interrupt(process)

    def _import(self, path: Path) -> tuple[int, str]:
        # -P: no modules of the working folder. A group of its own: Ctrl-C comes from here, once.
        words = [sys.executable, "-P", "-m", "dialler_sync", "--config", str(path), *self.options.options, "import"]
        if self.options.quiet_for is not None:
            words += ["--quiet-for", str(self.options.quiet_for)]
        if self.options.until:
            words += ["--until", self.options.until.isoformat()]
        process = subprocess.Popen(  # noqa: S603 - ourselves
            words, env=self._environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, encoding="utf-8", errors="replace", process_group=0,
        )  # fmt: skip
        self._running.add(process)
        if self._stopped.is_set():
            interrupt(process)
        last: deque[str] = deque(maxlen=50)
        with process:
            for text in process.stderr or ():
                last.append(text.rstrip("\n"))
                self.options.said(path.stem, last[-1])
        self._running.discard(process)
        code = process.returncode
        if code not in list(ExitCode):
            last.append(f"Error: the process ended with {code}")
            code = ExitCode.INTERRUPTED if code < 0 else ExitCode.BUG
        return code, _error_in(last)

    def _environment(self) -> dict[str, str]:
        """The environment of this process, with the journal: a URL may hold a password, and argv is seen by all."""
        given = {name: value for name, value in os.environ.items() if name not in _OWN_OF_A_CALL}
        given |= {"DIALLER_SYNC_STATE": self.options.state} if self.options.state else {}
        return given | ({"DIALLER_SYNC_TRUST": "1"} if self.options.trusted else {})


def _error_in(lines: Sequence[str]) -> str:
    """Return the last error that a process told, without its first word."""
    for text in reversed(lines):
        message = text
        with suppress(ValueError, AttributeError):
            message = str(json.loads(text).get("message", ""))
        if found := _ERROR.match(message):
            return message[found.end() :]
    return ""


def _night_of(
    path: Path, code: int, said: str, runs: Sequence[RunRecord], before: dict[str, str | None]
) -> CampaignNight:
    ours = [run for run in runs if run.command == "import" and Path(run.config_path).resolve() == path.resolve()]
    ended = [run for run in ours if run.summary and not run.options.get("dry_run")]
    tonight = [run for run in ended if run.id not in before or before[run.id] != run.finished_at]
    summaries = [dict(run.summary or {}) for run in tonight]
    stopped = next((each["stopped_because"] for each in summaries if each.get("stopped_because")), "")
    history = [dict(run.summary or {}) for run in ended[:HISTORY]]
    needs = "" if code in (ExitCode.OK, ExitCode.ROWS_FAILED) else said or stopped or MEANINGS[ExitCode(code)]
    return CampaignNight(path.stem, code, needs, summaries, history)
