"""One message for all runs of a night (``notify: {digest: true}``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ..config.notify import NotifySettings
from ..exit_codes import ExitCode, worst
from ..files.pinned import real
from ..journal import Journal
from ..journal.notices import NewNotice
from ..report.night_page import CampaignNight, night_verdict
from ..text.outward import escaped
from ..text.stamp import stamp
from .message import DIGEST
from .notify import WELL, is_part, ping_end
from .receivers import Receiver, ping, receivers, stored_names


@dataclass(frozen=True, slots=True)
class Member:
    """A configuration of a night. ``target`` is that of its newest run, if any. One that could not be read has no
    ``notify``: every digest names it."""

    path: Path
    night: CampaignNight
    notify: NotifySettings | None
    target: str = ""


@dataclass(frozen=True, slots=True)
class _Judged:
    """The state of a campaign: ``event`` is ``failing`` or ``recovered`` where that has changed."""

    member: Member
    failing: bool
    event: str

    @property
    def noted_as(self) -> str:
        return self.member.target or _name_of(self.member.path)

    def is_told(self, on: str) -> bool:
        night = self.member.night
        failed = night.bad and on == "failed"
        return bool(self.event) or failed or on == "always"

    def facts(self) -> dict[str, Any]:
        night = self.member.night
        return {
            "name": night.name,
            "event": self.event or ("still failing" if self.failing else ""),
            "failing": self.failing,
            "exit_code": night.code,
            "needs": night.needs,
            "alarm": night.alarm,
            "runs": [run["run_id"] for run in night.runs],
            "files": [file["name"] for run in night.runs for file in run["files"]],
            "counts": dict(sum((Counter(run["counts"]) for run in night.runs), Counter())),
            "errors": dict(sum((Counter(run.get("errors", {})) for run in night.runs), Counter())),
        }


def _name_of(path: Path) -> str:
    """Return under which name the journal, which stores text only, has a night or a configuration."""
    return f"night {escaped(str(real(path)))}"


def ping_starts(all_notify: Iterable[NotifySettings]) -> None:
    """Ping the start of a night, once for each address."""
    for notify in {each.ping: each for each in all_notify if each.digest}.values():
        ping(notify, "start")


def tell_of_night(folder: Path, members: Sequence[Member], journal: Journal) -> None:
    """Tell each receiver of all its campaigns at once, those that fail first."""
    judged = [_judge(each, journal) for each in members if each.notify is None or each.notify.digest]
    what, by_receiver = _name_of(folder), list(_by_receiver(judged, journal))
    found = [NewNotice(each.noted_as, each.event, {}, delivered=True) for each in judged if each.event]
    for receiver, ours in by_receiver:
        if any(each.is_told(each.member.notify.on if each.member.notify else "change") for each in ours):
            found.append(NewNotice(receiver.noted_as(what), DIGEST, _body(ours)))
    journal.add_notices(found)
    for receiver, ours in by_receiver:  # one that could not be read is named to all, and says of no message whose it is
        own = {each.member.night.name for each in ours if each.member.notify}
        receiver.deliver(journal, what, partial(_is_about, own))
    pings = {each.member.notify.ping: each.member.notify for each in judged if each.member.notify}
    for url, notify in pings.items():
        bad = [each for each in judged if each.member.notify and each.member.notify.ping == url and each.failing]
        ping_end(notify, worst(each.member.night.code for each in bad), _verdict(bad), failing=bool(bad))


def _judge(member: Member, journal: Journal) -> _Judged:
    night = member.night
    before = journal.last_event(*stored_names(member.target), _name_of(member.path)) == "failing"
    newest = next((run for run in night.history if not is_part(run["files"])), {})
    failing = night.code not in WELL or bool(newest.get("alarm"))
    if night.code == ExitCode.OK and not night.runs:
        failing = before  # nothing came, so nothing has changed
    return _Judged(member, failing, "" if failing == before else "failing" if failing else "recovered")


def _is_about(names: Container[str], body: Mapping[str, Any]) -> bool:
    return any(each["name"] in names for each in body.get("campaigns", ()))


def _by_receiver(judged: Sequence[_Judged], journal: Journal) -> Iterator[tuple[Receiver, list[_Judged]]]:
    found: dict[tuple[str, str], tuple[Receiver, list[_Judged]]] = {}
    for each in judged:
        for receiver in receivers(each.member.notify, journal) if each.member.notify else ():
            found.setdefault((receiver.name, receiver.who), (receiver, []))[1].append(each)
    for receiver, ours in found.values():
        yield receiver, ours + [each for each in judged if each.member.notify is None]


def _body(judged: Sequence[_Judged]) -> dict[str, Any]:
    ours = sorted(judged, key=lambda each: (not each.failing, not each.member.night.left, each.member.night.name))
    nights = [each.member.night for each in ours]
    return {
        "event": DIGEST,
        "verdict": _verdict(ours),
        "run_id": None,
        "campaign": None,
        "finished_at": stamp(),
        "exit_code": worst(night.code for night in nights),
        "stopped_because": None,
        "alarm": None,
        "counts": dict(sum((Counter(run["counts"]) for night in nights for run in night.runs), Counter())),
        "campaigns": [each.facts() for each in ours],
    }


def _verdict(judged: Sequence[_Judged]) -> str:
    return night_verdict([each.member.night for each in judged])
