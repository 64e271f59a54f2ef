"""Messages on events, in words for mail and chat."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..exit_codes import meaning_of
from ..report.words import campaign_of
from ..text.forms import moment
from ..text.outward import line
from ..text.phrase import figure, mark, phrase

_EVENTS: Mapping[str, str] = {
    "failing": mark("failing"),
    "finished": mark("finished"),
    "missing": mark("missing"),
    "recovered": mark("recovered"),
    "still failing": mark("still failing"),
    "test": mark("test"),
}

DIGEST = "digest"
"""The event of a message about a whole night."""

_LINK = str.maketrans("<>", "‹›")
_CALL = re.compile(r"@(?=(?:all|channel|everyone|here)\b)|(?<![^\W_])@(?=\S)", re.IGNORECASE)
"""A call to everybody, or to whoever has the name that follows: an ``@`` that is not within an address of mail."""


def subject(body: Mapping[str, Any]) -> str:
    """Return what happened in one line: ``dialler-sync: campaign 538 failing: 0 of 10 imported``."""
    if body.get("event") == DIGEST:
        return line(f"dialler-sync: {body['verdict']}", 200)
    campaign, event = body.get("campaign"), str(body.get("event"))
    said = phrase("dialler-sync: campaign {campaign} {event}", campaign=campaign, event=event_name(event))
    return line(": ".join(filter(None, (said, _imported(body) if body.get("counts") else ""))), 200)


def event_name(event: str) -> str:
    """Return an event of a message for people."""
    return phrase(_EVENTS[event]) if event in _EVENTS else event


def facts(body: Mapping[str, Any]) -> dict[str, str]:
    """Return what there is to say about a run; of a night, a sentence for each campaign."""
    if body.get("event") == DIGEST:
        return {line(each["name"]): line(_sentence(each), 1000) for each in body["campaigns"]}
    code, counts = body.get("exit_code"), body.get("counts") or {}
    found = {
        phrase("Run"): body.get("run_id"),
        phrase("Campaign"): campaign_of(body) if body.get("campaign_name") else None,
        phrase("Ended"): moment(body.get("finished_at") or "") or None,
        phrase("Exit code"): None if code is None else f"{code:d} ({meaning_of(code)})",
        phrase("Stopped because"): body.get("stopped_because"),
        phrase("Alarm"): body.get("alarm"),
        **{phrase("Rows {status}", status=name): figure(count) for name, count in counts.items() if count},
        **{phrase("Reason {code}", code=name): figure(count) for name, count in (body.get("errors") or {}).items()},
    }
    return {name: line(value, 1000) for name, value in found.items() if value is not None}


def plain(text: str) -> str:
    """Return a text in which a chat finds no link with a name of its own, and no call to anybody: whoever names
    a file or a column writes into messages."""
    return _CALL.sub("@ ", text.translate(_LINK).replace("](", "] ("))


def chat_text(body: Mapping[str, Any]) -> str:
    """Return the text for a chat: the subject; of a night, also a line for each campaign that is not well."""
    said = [f"{line(each['name'])}: {line(_sentence(each))}" for each in body.get("campaigns", ()) if each["event"]]
    return plain("\n".join([subject(body), *said]))


def _sentence(campaign: Mapping[str, Any]) -> str:
    """``failing: HTTP 401: the token is refused; 0 of 10 imported``."""
    why = filter(None, (campaign["needs"], campaign["alarm"]))
    told = ": ".join(filter(None, (event_name(campaign["event"]), "; ".join(why))))
    done = _imported(campaign) if campaign["counts"].get("read") else "" if campaign["needs"] else phrase("no list")
    left = [f"{name} {figure(count)}" for name, count in campaign["errors"].items()]
    return "; ".join(filter(None, (told, done, ", ".join(left))))


def _imported(body: Mapping[str, Any]) -> str:
    counts = body["counts"]
    done, read = (figure(counts.get(name, 0)) for name in ("succeeded", "read"))
    return phrase("{done} of {read} imported", done=done, read=read)
