"""Wording of the reports: outcomes, actions, numbers, times, and the next step."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from ..exit_codes import ExitCode
from ..model import DID_NOT_SUCCEED, Action, Reason, Status
from ..text.command_line import command

STATUS_MEANINGS: Mapping[Status, str] = {
    Status.SUCCEEDED: "in the dialler as in the file",
    Status.SKIPPED: 'left out on purpose; see "What was done"',
    Status.REJECTED: "not sent: something in the row is wrong",
    Status.FAILED: "not imported: the dialler refused it or could not be reached",
    Status.UNKNOWN: "sent, but not confirmed by the dialler; check these contacts",
    Status.UNPROCESSED: "not reached: the run stopped first",
}

_OTHER_MEANINGS: Mapping[str, Mapping[Status, str]] = {
    "import": {},
    "validation": {Status.SUCCEEDED: "valid, would be sent by an import"},
    "dry run": {Status.SKIPPED: "would be sent by an import, or left out on purpose"},
}

ACTION_MEANINGS: Mapping[str, str] = {
    Action.CREATE: "created in the dialler",
    Action.OVERWRITE: "existing contact, overwritten",
    Action.IMPORT: "created or overwritten; the dialler does not say which",
    Reason.UNCHANGED: "unchanged, so not sent",
    Reason.SUPERSEDED: "another row with the same key or number was used instead",
    Reason.SUPPRESSED: "on a do-not-call list",
    Reason.PROTECTED: "protected (protect:), so left unchanged",
    Reason.FILTERED: "left out by rows.only or rows.skip",
    Reason.EXISTS: "already in the dialler (rows.mode: create)",
    Reason.ABSENT: "not in the dialler (rows.mode: update)",
    Reason.KNOWN_NUMBER: "a contact in the dialler has the number with a different key",
    Action.LOCK: "locked in the dialler",
    Action.UNLOCK: "unlocked in the dialler",
    Action.DELETE: "deleted from the dialler",
}

_SENT = {Action.CREATE: "new", Action.OVERWRITE: "to overwrite", Action.IMPORT: "new or to overwrite"}
LEFT_OUT = (
    Reason.SUPERSEDED,
    Reason.SUPPRESSED,
    Reason.PROTECTED,
    Reason.FILTERED,
    Reason.EXISTS,
    Reason.ABSENT,
    Reason.KNOWN_NUMBER,
)
"""Reasons of rows that were not sent although the dialler does not hold them as the file says."""

_NOT_SENT = (Reason.UNCHANGED, *LEFT_OUT)
_MOVED = {Action.LOCK: "lock", Action.UNLOCK: "unlock", Action.DELETE: "delete"}

_RESUME = "continue with the command below. Settled rows are not sent again."
_NEXT_STEPS: Mapping[int, str] = {
    ExitCode.UNAVAILABLE: f"Once the dialler and the journal can be reached again, {_RESUME}",
    ExitCode.NO_ROW_CAN_SUCCEED: (
        f"Fix the cause ('DOCTOR' finds it), then {_RESUME} If you need a different address, campaign "
        "or mapping, import the files as a new run."
    ),
    ExitCode.SAFETY_LIMIT: (
        "Check the reasons below first. Then fix the rows and import the files as a new run, or raise the limit with "
        "the option named above."
    ),
    ExitCode.USAGE: f"Fix the cause, then {_RESUME}",
    ExitCode.OUT_OF_TIME: f"Within the allowed hours, {_RESUME}",
    ExitCode.INTERRUPTED: f"When nothing stands in the way any more, {_RESUME}",
}


def campaign_of(summary: Mapping[str, Any]) -> str:
    """Return the campaign of a run: ``Nightly (538)``, or what is known of it."""
    name, campaign = summary.get("campaign_name"), str(summary["campaign"])
    return f"{name} ({campaign})" if name else campaign


def nothing_sent(summary: Mapping[str, Any]) -> str:
    """Return ``"validation"`` or ``"dry run"`` if the run sent nothing on purpose, else ``""``."""
    return "validation" if summary["command"] == "validate" else "dry run" if summary.get("dry_run") else ""


def status_meanings(summary: Mapping[str, Any]) -> Mapping[Status, str]:
    """Return the meaning of each status in this run."""
    kind = nothing_sent(summary) or summary["command"]
    return {**STATUS_MEANINGS, **_OTHER_MEANINGS.get(kind, {Status.SUCCEEDED: 'done; see "What was done"'})}


def title(summary: Mapping[str, Any]) -> str:
    """Return the kind of run, as a title."""
    kind = (nothing_sent(summary) or summary["command"]).capitalize()
    if not summary["parent"]:
        return kind
    return f"{kind} of {'' if summary['command'] == 'undo' else 'what did not succeed in '}run {summary['parent']}"


def verdict(summary: Mapping[str, Any]) -> str:
    """Summarise the run in one line."""
    counts = summary["counts"]
    read = counts["read"]
    bad = sum(counts[status] for status in DID_NOT_SUCCEED)
    if summary["stopped_because"]:
        return f"Stopped early: {read - counts[Status.UNPROCESSED]:,} of {rows(read)} are settled"
    if not read:
        return "The files hold no rows"
    left_out = _left_out(summary)
    if bad:
        what = "would be rejected" if nothing_sent(summary) else "did not succeed"
        return f"{bad:,} of {rows(read)} {what}" + (f"; {left_out}" if left_out else "")
    if not_done := mirror_not_done(summary):
        return not_done
    all_rows = f"All {rows(read)}" if read > 1 else "The one row"
    good = {"validation": "valid", "dry run": "ready to be imported"}.get(nothing_sent(summary))
    if left_out:
        settled = counts[Status.SKIPPED] - sum(summary["actions"].get(action, 0) for action in LEFT_OUT)
        done = counts[Status.SUCCEEDED]
        parts = [f"{done + settled:,} {good}"] if good else [f"{done:,} succeeded"]
        return ", ".join([*parts, *([f"{settled:,} needed no change"] if settled and not good else []), left_out])
    if good:
        return f"{all_rows} {'are' if read > 1 else 'is'} {good}"
    if counts[Status.SKIPPED]:
        return f"All is well: {counts[Status.SUCCEEDED]:,} succeeded, {counts[Status.SKIPPED]:,} needed no change"
    return f"{all_rows} succeeded"


def _left_out(summary: Mapping[str, Any]) -> str:
    """Return ``2 left out (1 superseded, 1 suppressed)``, or ``""``."""
    counts = {action: summary["actions"].get(action, 0) for action in LEFT_OUT}
    listed = ", ".join(f"{count:,} {action}" for action, count in counts.items() if count)
    would_be = "would be " if nothing_sent(summary) else ""
    return f"{sum(counts.values()):,} {would_be}left out ({listed})" if listed else ""


def knowledge(summary: Mapping[str, Any], zone: tzinfo | None = None) -> str:
    """Return a sentence on the age of the journal data that rows were compared with, ``""`` if none was used."""
    if not (compared := summary.get("compared")):
        return ""
    first, last = (moment(compared[name], zone) for name in ("from", "to"))
    when = f"at {first}" if first == last else f"between {first} and {last}"
    return f"Compared with what was sent {when}, not with the dialler: changes by others since then are not seen."


def warned(summary: Mapping[str, Any]) -> str:
    """Return the warnings of a run: ``restored 3, double_encoded 2``, or ``""``."""
    return ", ".join(f"{code} {count:,}" for code, count in (summary.get("warnings") or {}).items())


def mirror_not_done(summary: Mapping[str, Any]) -> str:
    """Return how many contacts of mirror.csv could not be changed, or ``""``."""
    count = sum(summary.get("mirror", {}).get(status, 0) for status in DID_NOT_SUCCEED)
    contacts = "1 contact" if count == 1 else f"{count:,} contacts"
    return f"{contacts} could not be locked, unlocked or deleted: mirror.csv says why" if count else ""


def forecast(summary: Mapping[str, Any]) -> str:
    """Predict an import after a dry run, in one or two sentences."""
    actions, bad = summary["actions"], sum(summary["counts"][status] for status in DID_NOT_SUCCEED)
    sent = [f"{actions[name]:,} {what}" for name, what in _SENT.items() if actions[name]]
    left = [f"{actions[name]:,} {name}" for name in _NOT_SENT if actions.get(name)]
    to_send = sum(actions[name] for name in _SENT)
    parts = [f"send {rows(to_send)} to campaign {summary['campaign']}" + (f" ({', '.join(sent)})" if to_send else "")]
    if left:
        parts.append(f"leave out {', '.join(left)}")
    if bad:
        parts.append(f"reject {bad:,}")
    if moved := [
        f"{what} {rows(actions[name]).replace('row', 'contact')}" for name, what in _MOVED.items() if actions[name]
    ]:
        parts += moved
    listed = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    unknown = " Use --compare dialler to see which rows are new." if actions[Action.IMPORT] else ""
    return f"An import would {listed}.{unknown}"


def next_step(summary: Mapping[str, Any]) -> tuple[str, str]:
    """Return the next step after a run that stopped: a sentence, and a command or ``""``."""
    if nothing_sent(summary):
        return "Fix the cause, then run the same command again.", ""
    if not summary.get("resumable", True):
        return "Restore the journal file or start a new one, then import the files again.", ""
    code = summary["exit_code"]
    sentence = _NEXT_STEPS.get(code, f"To send the other rows, {_RESUME}").replace("DOCTOR", command("doctor"))
    return sentence, "" if code == ExitCode.SAFETY_LIMIT else command("resume", summary["run_id"])


def counted(count: int, what: str) -> str:
    """``1 call``, ``2,000 calls``."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def rows(count: int) -> str:
    """``1 row``, ``2,000 rows``."""
    return counted(count, "row")


def percent(part: float, whole: float) -> str:
    """Return a percentage for people: never 0 % for more than nothing, never 100 % for less than all."""
    if not whole:
        return "–"
    share = 100 * part / whole
    if 0 < share < 0.1:
        return "< 0.1 %"
    if 99.9 < share < 100:
        return "> 99.9 %"
    return f"{share:.1f} %".replace(".0 %", " %")


def duration(seconds: float) -> str:
    """``0.4 s``, ``5 min 12 s``, ``2 h 5 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    whole = round(seconds)
    for unit, size, below, small in (("d", 86_400, "h", 3_600), ("h", 3_600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            rest = whole % size // small
            return f"{whole // size} {unit}" + (f" {rest} {below}" if rest else "")
    return f"{whole} s"


def milliseconds(time: float) -> str:
    """``0.4 ms``, ``12 ms``, ``2.1 s``: two significant digits."""
    if time >= 1_000:
        return duration(time / 1_000)
    return f"{time:.1f} ms" if time < 10 else f"{time:.0f} ms"


def moment(text: str, zone: tzinfo | None, form: str = "%d %b %Y, %H:%M %Z") -> str:
    """Return a time of a summary (ISO 8601) in ``zone`` (None: the zone of this machine); ``""`` stays."""
    return datetime.fromisoformat(text).astimezone(zone).strftime(form) if text else ""
