"""Wording of the reports: outcomes, actions, and the next step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..exit_codes import ExitCode
from ..model import DID_NOT_SUCCEED, Action, Reason, Status
from ..text.command_line import command
from ..text.forms import listed, moment
from ..text.phrase import counted, figure, mark, marks, phrase

STATUS_MEANINGS: Mapping[Status, str] = {
    Status.SUCCEEDED: mark("in the dialler as in the file"),
    Status.SKIPPED: mark('left out on purpose; see "What was done"'),
    Status.REJECTED: mark("not sent: something in the row is wrong"),
    Status.FAILED: mark("not imported: the dialler refused it or could not be reached"),
    Status.UNKNOWN: mark("sent, but not confirmed by the dialler; check these contacts"),
    Status.UNPROCESSED: mark("not reached: the run stopped first"),
}

_OTHER_MEANINGS: Mapping[str, Mapping[Status, str]] = {
    "import": {},
    "validation": {Status.SUCCEEDED: mark("valid, would be sent by an import")},
    "dry_run": {Status.SKIPPED: mark("would be sent by an import, or left out on purpose")},
}

ACTION_MEANINGS: Mapping[str, str] = {
    Action.CREATE: mark("created in the dialler"),
    Action.OVERWRITE: mark("existing contact, overwritten"),
    Action.IMPORT: mark("created or overwritten; the dialler does not say which"),
    Reason.UNCHANGED: mark("unchanged, so not sent"),
    Reason.SUPERSEDED: mark("another row with the same key or number was used instead"),
    Reason.SUPPRESSED: mark("on a do-not-call list"),
    Reason.PROTECTED: mark("protected (protect:), so left unchanged"),
    Reason.FILTERED: mark("left out by rows.only or rows.skip"),
    Reason.EXISTS: mark("already in the dialler (rows.mode: create)"),
    Reason.ABSENT: mark("not in the dialler (rows.mode: update)"),
    Reason.KNOWN_NUMBER: mark("a contact in the dialler has the number with a different key"),
    Action.LOCK: mark("locked in the dialler"),
    Action.UNLOCK: mark("unlocked in the dialler"),
    Action.DELETE: mark("deleted from the dialler"),
}

_SENT = {
    Action.CREATE: mark("{count} new"),
    Action.OVERWRITE: mark("{count} to overwrite"),
    Action.IMPORT: mark("{count} new or to overwrite"),
}
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
_MOVED = {
    Action.LOCK: marks("lock {count} contact", "lock {count} contacts"),
    Action.UNLOCK: marks("unlock {count} contact", "unlock {count} contacts"),
    Action.DELETE: marks("delete {count} contact", "delete {count} contacts"),
}

_SEND_THE_OTHERS = mark("To send the other rows, continue with the command below. Settled rows are not sent again.")
_NEXT_STEPS: Mapping[int, str] = {
    ExitCode.UNAVAILABLE: mark(
        "Once the dialler and the journal can be reached again, continue with the command below. Settled rows are not "
        "sent again."
    ),
    ExitCode.NO_ROW_CAN_SUCCEED: mark(
        "Fix the cause ('{doctor}' finds it), then continue with the command below. Settled rows are not "
        "sent again. If you need a different address, campaign or mapping, import the files as a new run."
    ),
    ExitCode.SAFETY_LIMIT: mark(
        "Check the reasons below first. Then fix the rows and import the files as a new run, or raise the limit with "
        "the option named above."
    ),
    ExitCode.USAGE: mark("Fix the cause, then continue with the command below. Settled rows are not sent again."),
    ExitCode.OUT_OF_TIME: mark(
        "Within the allowed hours, continue with the command below. Settled rows are not sent again."
    ),
    ExitCode.INTERRUPTED: mark(
        "When nothing stands in the way any more, continue with the command below. Settled rows are not sent again."
    ),
}

_TITLES: Mapping[str, str] = {
    "import": mark("Import"),
    "validation": mark("Validation"),
    "dry_run": mark("Dry run"),
    "retry": mark("Retry"),
    "undo": mark("Undo"),
    "lock": mark("Lock"),
    "unlock": mark("Unlock"),
    "delete": mark("Delete"),
}


def campaign_of(summary: Mapping[str, Any]) -> str:
    """Return the campaign of a run: ``Nightly (538)``, or what is known of it."""
    name, campaign = summary.get("campaign_name"), str(summary["campaign"])
    return f"{name} ({campaign})" if name else campaign


def nothing_sent(summary: Mapping[str, Any]) -> str:
    """Return ``"validation"`` or ``"dry_run"`` if the run sent nothing on purpose, else ``""``."""
    return "validation" if summary["command"] == "validate" else "dry_run" if summary.get("dry_run") else ""


def status_meanings(summary: Mapping[str, Any]) -> Mapping[Status, str]:
    """Return the meaning of each status in this run."""
    kind = nothing_sent(summary) or summary["command"]
    meanings = {**STATUS_MEANINGS, **_OTHER_MEANINGS.get(kind, {Status.SUCCEEDED: mark('done; see "What was done"')})}
    return {status: phrase(meaning) for status, meaning in meanings.items()}


def action_meaning(action: str) -> str:
    """Return what became of rows or contacts with an action; ``""`` for one that is not known."""
    return phrase(ACTION_MEANINGS[action]) if action in ACTION_MEANINGS else ""


def title(summary: Mapping[str, Any]) -> str:
    """Return the kind of run, as a title."""
    kind, parent = nothing_sent(summary) or summary["command"], summary["parent"]
    name = phrase(_TITLES[kind]) if kind in _TITLES else kind.capitalize()
    if not parent:
        return name
    if kind == "undo":
        return phrase("Undo of run {run}", run=parent)
    return phrase("{kind} of what did not succeed in run {run}", kind=name, run=parent)


def verdict(summary: Mapping[str, Any]) -> str:
    """Summarise the run in one line."""
    counts = summary["counts"]
    read = counts["read"]
    bad = sum(counts[status] for status in DID_NOT_SUCCEED)
    if summary["stopped_because"]:
        return counted(
            read,
            "Stopped early: {settled} of {count} row are settled",
            "Stopped early: {settled} of {count} rows are settled",
            settled=figure(read - counts[Status.UNPROCESSED]),
        )
    if not read:
        return phrase("The files hold no rows")
    left_out = _left_out(summary)
    if bad:
        return "; ".join(filter(None, (_bad(summary, bad, read), left_out)))
    if not_done := mirror_not_done(summary):
        return not_done
    if left_out:
        return ", ".join([*_good(summary), left_out])
    return _all_good(summary)


def _bad(summary: Mapping[str, Any], bad: int, read: int) -> str:
    if nothing_sent(summary):
        return counted(
            read,
            "{bad} of {count} row would be rejected",
            "{bad} of {count} rows would be rejected",
            bad=figure(bad),
        )
    return counted(
        read, "{bad} of {count} row did not succeed", "{bad} of {count} rows did not succeed", bad=figure(bad)
    )


def _good(summary: Mapping[str, Any]) -> list[str]:
    """Return how many rows are well, beside those that were left out."""
    counts = summary["counts"]
    settled = counts[Status.SKIPPED] - sum(summary["actions"].get(action, 0) for action in LEFT_OUT)
    done = counts[Status.SUCCEEDED]
    kind = nothing_sent(summary)
    if kind == "validation":
        return [phrase("{count} valid", count=figure(done + settled))]
    if kind:
        return [phrase("{count} ready to be imported", count=figure(done + settled))]
    unchanged = [phrase("{count} needed no change", count=figure(settled))] if settled else []
    return [phrase("{count} succeeded", count=figure(done)), *unchanged]


def _all_good(summary: Mapping[str, Any]) -> str:
    counts, kind = summary["counts"], nothing_sent(summary)
    if kind == "validation":
        return counted(counts["read"], "The one row is valid", "All {count} rows are valid")
    if kind:
        return counted(
            counts["read"], "The one row is ready to be imported", "All {count} rows are ready to be imported"
        )
    if unchanged := counts[Status.SKIPPED]:
        return phrase(
            "All is well: {succeeded} succeeded, {unchanged} needed no change",
            succeeded=figure(counts[Status.SUCCEEDED]),
            unchanged=figure(unchanged),
        )
    return counted(counts["read"], "The one row succeeded", "All {count} rows succeeded")


def _left_out(summary: Mapping[str, Any]) -> str:
    """Return ``2 left out (1 superseded, 1 suppressed)``, or ``""``."""
    counts = {action: summary["actions"].get(action, 0) for action in LEFT_OUT}
    reasons = ", ".join(f"{figure(count)} {action}" for action, count in counts.items() if count)
    if not reasons:
        return ""
    total = figure(sum(counts.values()))
    if nothing_sent(summary):
        return phrase("{count} would be left out ({reasons})", count=total, reasons=reasons)
    return phrase("{count} left out ({reasons})", count=total, reasons=reasons)


def knowledge(summary: Mapping[str, Any]) -> str:
    """Return a sentence on the age of the journal data that rows were compared with, ``""`` if none was used."""
    if not (compared := summary.get("compared")):
        return ""
    first, last = (moment(compared[name]) for name in ("from", "to"))
    if first == last:
        return phrase(
            "Compared with what was sent at {time}, not with the dialler: changes by others since then are not seen.",
            time=first,
        )
    return phrase(
        "Compared with what was sent between {first} and {last}, not with the dialler: changes by others since then "
        "are not seen.",
        first=first,
        last=last,
    )


def warned(summary: Mapping[str, Any]) -> str:
    """Return the warnings of a run: ``restored 3, double_encoded 2``, or ``""``."""
    return ", ".join(f"{code} {figure(count)}" for code, count in (summary.get("warnings") or {}).items())


def mirror_not_done(summary: Mapping[str, Any]) -> str:
    """Return how many contacts of mirror.csv could not be changed, or ``""``."""
    count = sum(summary.get("mirror", {}).get(status, 0) for status in DID_NOT_SUCCEED)
    if not count:
        return ""
    return counted(
        count,
        "1 contact could not be locked, unlocked or deleted: mirror.csv says why",
        "{count} contacts could not be locked, unlocked or deleted: mirror.csv says why",
    )


def forecast(summary: Mapping[str, Any]) -> str:
    """Predict an import after a dry run, in one or two sentences."""
    actions, bad = summary["actions"], sum(summary["counts"][status] for status in DID_NOT_SUCCEED)
    steps = [_would_send(summary)]
    if left := [f"{figure(actions[name])} {name}" for name in _NOT_SENT if actions.get(name)]:
        steps.append(phrase("leave out {rows}", rows=", ".join(left)))
    if bad:
        steps.append(phrase("reject {count}", count=figure(bad)))
    steps += [counted(actions[name], *forms) for name, forms in _MOVED.items() if actions[name]]
    told = phrase("An import would {steps}.", steps=listed(steps))
    unknown = phrase("Use --compare dialler to see which rows are new.") if actions[Action.IMPORT] else ""
    return f"{told} {unknown}".rstrip()


def _would_send(summary: Mapping[str, Any]) -> str:
    actions, campaign = summary["actions"], summary["campaign"]
    sent = [phrase(form, count=figure(actions[name])) for name, form in _SENT.items() if actions[name]]
    total = sum(actions[name] for name in _SENT)
    if not sent:
        return counted(
            total, "send {count} row to campaign {campaign}", "send {count} rows to campaign {campaign}",
            campaign=campaign,
        )  # fmt: skip
    return counted(
        total,
        "send {count} row to campaign {campaign} ({kinds})",
        "send {count} rows to campaign {campaign} ({kinds})",
        campaign=campaign,
        kinds=", ".join(sent),
    )


def next_step(summary: Mapping[str, Any]) -> tuple[str, str]:
    """Return the next step after a run that stopped: a sentence, and a command or ``""``."""
    if nothing_sent(summary):
        return phrase("Fix the cause, then run the same command again."), ""
    if not summary.get("resumable", True):
        return phrase("Restore the journal file or start a new one, then import the files again."), ""
    code = summary["exit_code"]
    sentence = phrase(_NEXT_STEPS.get(code, _SEND_THE_OTHERS), doctor=command("doctor"))
    return sentence, "" if code == ExitCode.SAFETY_LIMIT else command("resume", summary["run_id"])
