"""Messages on events, in words for mail and chat."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..exit_codes import MEANINGS, ExitCode
from ..report.words import moment
from ..text.outward import line

DIGEST = "digest"
"""The event of a message about a whole night."""

_LINK, _TO_ALL = str.maketrans("<>", "‹›"), re.compile(r"@(?=(?:all|channel|everyone|here)\b)", re.IGNORECASE)


def subject(body: Mapping[str, Any]) -> str:
    """Return what happened in one line: ``dialler-sync: campaign 538 failing: 0 of 10 imported``."""
    if body.get("event") == DIGEST:
        return line(f"dialler-sync: {body['verdict']}", 200)
    done = f": {_imported(body)}" if body.get("counts") else ""
    return line(f"dialler-sync: campaign {body.get('campaign')} {body.get('event')}{done}", 200)


def facts(body: Mapping[str, Any]) -> dict[str, str]:
    """Return what there is to say about a run; of a night, a sentence for each campaign."""
    if body.get("event") == DIGEST:
        return {line(each["name"]): line(_sentence(each), 1000) for each in body["campaigns"]}
    code = body.get("exit_code")
    found = {
        "Run": body.get("run_id"),
        "Ended": moment(body.get("finished_at") or "", None) or None,
        "Exit code": None if code is None else f"{code:d} ({MEANINGS[ExitCode(code)]})",
        "Stopped because": body.get("stopped_because"),
        "Alarm": body.get("alarm"),
        **{f"Rows {name}": f"{count:,}" for name, count in (body.get("counts") or {}).items() if count},
        **{f"Reason {code}": f"{count:,}" for code, count in (body.get("errors") or {}).items()},
    }
    return {name: line(value, 1000) for name, value in found.items() if value is not None}


def plain(text: str) -> str:
    """Return a text in which a chat finds no link with a name of its own, and no call to everybody: whoever names
    a file or a column writes into messages."""
    return _TO_ALL.sub("@ ", text.translate(_LINK).replace("](", "] ("))


def chat_text(body: Mapping[str, Any]) -> str:
    """Return the text for a chat: the subject; of a night, also a line for each campaign that is not well."""
    said = [f"{line(each['name'])}: {line(_sentence(each))}" for each in body.get("campaigns", ()) if each["event"]]
    return plain("\n".join([subject(body), *said]))


def _sentence(campaign: Mapping[str, Any]) -> str:
    """``failing: HTTP 401: the token is refused; 0 of 10 imported``."""
    why = [campaign["event"], campaign["needs"], campaign["alarm"]]
    done = _imported(campaign) if campaign["counts"].get("read") else "" if campaign["needs"] else "no list"
    left = [f"{name} {count:,}" for name, count in campaign["errors"].items()]
    return "; ".join(filter(None, (": ".join(filter(None, why)), done, ", ".join(left))))


def _imported(body: Mapping[str, Any]) -> str:
    counts = body["counts"]
    return f"{counts.get('succeeded', 0):,} of {counts.get('read', 0):,} imported"
