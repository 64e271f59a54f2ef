"""Wording of a plan: what would be done, what each rule does, and each change of a field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ..error_codes import LOOKUP_FAILED
from ..model import Action, Reason
from ..text.phrase import figure, mark, phrase
from . import words

WOULD_BE: Mapping[str, str] = {
    Action.CREATE: mark("contacts that would be created"),
    Action.OVERWRITE: mark("contacts that would change"),
    Action.IMPORT: mark("contacts that would be created or overwritten; the dialler does not say which"),
    Action.LOCK: mark("contacts that would be locked"),
    Action.UNLOCK: mark("contacts that would be unlocked"),
    Action.DELETE: mark("contacts that would be deleted"),
    "ambiguous": mark("rows that would fail: several contacts have the key"),
    LOOKUP_FAILED: mark("rows that would fail: the contact cannot be looked up"),
    "rejected": mark("rows that would not be sent: something in them is wrong"),
}
"""In this order they are told; then follows what is left out."""

_TO_DO: Mapping[str, str] = {
    Action.CREATE: mark("{count} new"),
    Action.OVERWRITE: mark("{count} to change"),
    Action.IMPORT: mark("{count} new or to change"),
    Action.LOCK: mark("{count} to lock"),
    Action.UNLOCK: mark("{count} to unlock"),
    Action.DELETE: mark("{count} to delete"),
}

_RULES: Mapping[str, str] = {
    Reason.EXISTS: mark("already in the dialler, so left unchanged (rows.mode: create)"),
    Reason.ABSENT: mark("not in the dialler, so not created (rows.mode: update)"),
    Reason.SUPERSEDED: mark("left out: another row with the same key or number is used"),
    Reason.KNOWN_NUMBER: mark("left out: a contact has the same number (rows.duplicate_phones_in_dialler)"),
}
"""Reasons whose texts name rows or contacts, and so differ from row to row."""

LISTED_IN = mark("{entry} is in {list}")
"""Why a contact is suppressed."""

_MOST = 12
"""Rules of one action that are told apart."""


def counts(plan: Mapping[str, Any]) -> dict[str, int]:
    """Return action → number of rows or contacts, in the order of telling."""
    found = {**plan["counts"], **({"rejected": plan["rejected"]} if plan["rejected"] else {})}
    return {name: found[name] for name in (*WOULD_BE, *found) if found.get(name)}


def meaning(action: str) -> str:
    """Return what becomes of rows with an action."""
    return phrase(WOULD_BE[action]) if action in WOULD_BE else words.action_meaning(action)


def verdict(plan: Mapping[str, Any]) -> str:
    """Summarise a plan in one line."""
    found = counts(plan)
    parts = [phrase(form, count=figure(found[name])) for name, form in _TO_DO.items() if name in found]
    return ", ".join(parts) if parts else phrase("Nothing would change")


def what_rules_did(entries: Iterable[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """Return what each rule leaves out, protects or keeps, with the number of its rows, the commonest first."""
    found: Counter[tuple[str, str]] = Counter()
    kinds: Counter[str] = Counter()
    for entry in entries:
        action = entry["action"]
        if action == "rejected" or not entry["reason"]:
            continue
        reason = entry["reason"]
        if action == Reason.SUPPRESSED:
            reason = phrase("listed in {list}", list=_list_in(reason))  # one rule, whichever entry it was
        rule = (action, phrase(_RULES[action]) if action in _RULES else f"{action}: {reason}")
        if rule not in found:
            kinds[action] += 1
        found[
            rule
            if kinds[action] <= _MOST or rule in found
            else (action, phrase("{action}, for other reasons", action=action))
        ] += 1
    return [(rule, number) for (_, rule), number in found.most_common()]


def _list_in(reason: str) -> str:
    """Return the do-not-call file that a reason names last."""
    between = phrase(LISTED_IN, entry="\0", list="\0").split("\0")[1]
    return reason.rpartition(between)[2]


def shown(value: object) -> str:
    """Return a value of the dialler, or what it becomes, as text."""
    return "" if value is None else str(value)


def changes(entry: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return field, what it is, and what it becomes; of a new contact, all of its fields."""
    changed = [(name, shown(before), shown(after)) for name, (before, after) in entry["changes"].items()]
    return changed + [(name, "", shown(value)) for name, value in entry["fields"].items()]
