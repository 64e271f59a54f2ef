"""Classify each contact and each row, file against dialler. Pure: no requests, no files.

=========  ============================================================================================
matching   one contact and one row carry the UserData, and the dialler holds every field of the row
differing  one contact and one row carry the UserData, and at least one field differs; or the dialler
           has the contact of a row that an import would not send (rejected, suppressed, or left out by
           a filter that locks the contact)
missing    the file has the row, but the dialler no such contact; also every row without UserData
extra      the campaign has the contact, but the file no such row; also every contact without UserData
duplicate  several contacts, or several valid rows of the file, carry the UserData
=========  ============================================================================================

UserData decides the class, so the classes partition both sides: every contact is in one line, and every valid row in
one class. Rejected and filtered rows have no class, and their contacts are never extra: the contact of a filtered row
is matching, unless it is to be locked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..api.wire import StoredContact, differences, is_locked
from ..config.rows import Mode
from ..errors import UsageError
from ..model import ContactClass, Reason, Value
from ..plan.decide import PlanRules, protection
from ..plan.keep import keep
from ..plan.suppress import SuppressionLists
from ..text.phrase import figure, phrase

LONGEST = 1_000
"""Longest value shown, in characters."""


@dataclass(frozen=True, slots=True)
class Carriers:
    """The contacts that carry one UserData: their number, and the IDs of the first few."""

    contacts: int
    ids: Sequence[str]

    def remarks(self) -> tuple[str, ...]:
        """Return a remark if several contacts carry the UserData."""
        if self.contacts < 2:
            return ()
        ids = ", ".join(self.ids)
        if (more := self.contacts - len(self.ids)) > 0:
            ids = phrase("{ids} and {count} more", ids=ids, count=figure(more))
        return (phrase("{count} contacts have this UserData ({ids})", count=figure(self.contacts), ids=ids),)


@dataclass(frozen=True, slots=True)
class FileRow:
    """The row that counts among those with one UserData. ``seq`` is its place in the run, ``number`` its row number.

    ``rows`` is the number of valid rows with the UserData, ``first`` and ``last`` are the row numbers of the outermost
    of them. ``suppressed`` is the reason why the row must not be imported, if any; ``known`` that the dialler has its
    number under another key, which an import then leaves it to.
    """

    seq: int
    number: int
    fields: Mapping[str, Value]
    rows: int = 1
    first: int = 0
    last: int = 0
    suppressed: str = ""
    known: str = ""

    @property
    def user_data(self) -> str:
        """The UserData, ``""`` if the row has none."""
        return str(self.fields.get("UserData") or "")

    def remarks(self) -> tuple[str, ...]:
        """Return a remark if several rows carry the UserData."""
        if self.rows < 2:
            return ()
        places = {"count": figure(self.rows), "first": self.first, "last": self.last, "row": self.number}
        if self.rows == 2:
            told = phrase("{count} rows have this UserData ({first} and {last}); row {row} is compared", **places)
        else:
            told = phrase("{count} rows have this UserData ({first} to {last}); row {row} is compared", **places)
        return (told,)


@dataclass(frozen=True, slots=True)
class Line:
    """One contact, or a UserData of the file that no contact carries. ``seq`` is the place of the row that counts.

    ``rows`` is the number of valid rows behind the line: of several lines with one UserData, the first stands for all.
    ``expected``: missing on purpose.
    """

    kind: ContactClass
    user_data: str
    contact: StoredContact | None = None
    seq: int | None = None
    rows: int = 0
    differences: Mapping[str, tuple[Value, Any]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    expected: bool = False

    @property
    def contact_id(self) -> str:
        """The contact's ID, ``""`` if there is no contact."""
        return self.contact.id if self.contact else ""

    @property
    def text(self) -> str:
        """Remarks, then ``Field: dialler … ≠ file …`` for each field; the dialler comes first, as in a plan."""
        fields = (
            phrase("{field}: dialler {theirs} ≠ file {ours}", field=name, theirs=shown(theirs), ours=shown(ours))
            for name, (ours, theirs) in self.differences.items()
        )
        return "; ".join((*self.remarks, *fields))

    @property
    def in_dialler(self) -> str:
        """The dialler's values of the fields that differ, as ``Field: value``."""
        return "; ".join(f"{name}: {shown(theirs)}" for name, (_, theirs) in self.differences.items())

    @property
    def in_file(self) -> str:
        """The file's values of the fields that differ, as ``Field: value``."""
        return "; ".join(f"{name}: {shown(ours)}" for name, (ours, _) in self.differences.items())


@dataclass(frozen=True, slots=True)
class May:
    """The limits of an import: ``rows.mode``, the fields that contacts keep (see :func:`plan.keep.keep`), the numbers
    that are left out, and whom ``protect:`` protects."""

    mode: Mode = Mode.UPSERT
    keeps: Mapping[str, str] = field(default_factory=dict)
    suppressed: SuppressionLists = field(default_factory=SuppressionLists)
    rules: PlanRules = field(default_factory=PlanRules)

    def protected(self, contact: StoredContact) -> str:
        """Return why an import leaves a contact alone; ``""`` if it does not, or the records do not tell."""
        try:
            return protection(contact.values, self.rules)
        except UsageError:
            return ""


EVERYTHING = May()


def compare(
    row: FileRow, contacts: Iterable[StoredContact], carriers: Carriers, may: May = EVERYTHING
) -> Iterator[Line]:
    """Yield the lines of a row: one per contact with its UserData, or a single one if there is no contact.

    What an import ``may`` not do is no difference: ``mode: update`` makes no contact, ``create`` leaves alone what is
    there, and a field that a contact keeps need not be as in the file.
    """
    key = row.user_data
    if not key:
        remark = phrase("the row has no UserData, so its contact is not known")
        yield Line(ContactClass.MISSING, "", seq=row.seq, rows=1, remarks=(remark,))
        return
    several = (*carriers.remarks(), *row.remarks())
    if not carriers.contacts:
        kind = ContactClass.DUPLICATE if several else ContactClass.MISSING
        reasons = [phrase("suppressed: {reason}", reason=row.suppressed)] if row.suppressed else []
        reasons += [f"{Reason.KNOWN_NUMBER}: {row.known}"] if row.known else []
        reasons += [phrase("rows.mode: update does not create it")] if may.mode is Mode.UPDATE else []
        expected = bool(reasons) and not several
        yield Line(kind, key, None, row.seq, row.rows, {}, (*several, *reasons), expected=expected)
    rows = row.rows
    for contact in contacts:
        sent = may.suppressed.sent_to(row.fields, contact.values)
        keeping = keep(sent, contact.values, may.suppressed.may_be_kept(contact.values, may.keeps))
        suppressed = row.suppressed or may.suppressed.reason_after(row.fields, keeping.fields, contact.values)
        changed = differences(keeping.fields, contact.values)
        remarks = several
        if suppressed and not is_locked(contact.values):
            told = phrase("suppressed, but not locked in the dialler: {reason}", reason=suppressed)
            remarks = (*several, told)
        kind = ContactClass.DIFFERING if changed or remarks else ContactClass.MATCHING
        if changed and ((why := may.protected(contact)) or may.mode is Mode.CREATE):
            kind = ContactClass.DIFFERING if remarks else ContactClass.MATCHING
            told = phrase("not changed, as rows.mode is create: {fields}", fields=", ".join(changed))
            if why:
                told = phrase("protected ({reason}), so not changed: {fields}", reason=why, fields=", ".join(changed))
            remarks = (*remarks, told)
            changed = {}
        if keeping.kept:
            remarks = (*remarks, keeping.reason)
        yield Line(ContactClass.DUPLICATE if several else kind, key, contact, row.seq, rows, changed, remarks)
        rows = 0


def unmatched(
    contact: StoredContact,
    carriers: Carriers,
    rejected: str,
    filtered: str = "",
    superseded: str = "",
    *,
    locks: bool = False,
) -> Line:
    """Return the line of a contact that no valid row names; ``rejected`` describes a rejected row with its UserData,
    ``filtered`` a filtered one, whose contact is to be locked if it ``locks``; ``superseded`` one that is left to a row
    with the same number."""
    remarks = (phrase("rejected: {reason}", reason=rejected),) if rejected else ()
    kind = ContactClass.DIFFERING if rejected else ContactClass.EXTRA
    if filtered:
        callable_ = locks and not is_locked(contact.values)
        kind = ContactClass.DIFFERING if rejected or callable_ else ContactClass.MATCHING
        remarks = (
            *remarks,
            phrase("filtered, but not locked in the dialler: {reason}", reason=filtered)
            if callable_
            else phrase("filtered: {reason}", reason=filtered),
        )
    if superseded:
        kind = kind if rejected or filtered else ContactClass.MATCHING
        remarks = (*remarks, phrase("superseded: {reason}", reason=superseded))
    if not contact.user_data:
        remarks = (phrase("the contact has no UserData, so its row is not known"),)
    elif several := carriers.remarks():
        kind, remarks = ContactClass.DUPLICATE, (*several, *remarks)
    return Line(kind, contact.user_data, contact, remarks=remarks)


def shown(value: object) -> str:
    """Format a value for people: text as it is, quoted if it could be misread."""
    if value is None or value == "":
        return phrase("(empty)")
    plain = isinstance(value, str) and value.strip() == value and value.isprintable() and not set(value) & set(';≠"')
    text = str(value) if plain else json.dumps(value, ensure_ascii=False, default=str)
    if len(text) <= LONGEST:
        return text
    return phrase("{beginning}… ({length} characters)", beginning=text[:LONGEST], length=figure(len(text)))


_DIALLER_FIELDS = tuple(
    map(
        re.compile,
        (
            *(
                "DiallerCampaignsID",
                "DiallerCampaignsName",
                "dtImported",
                "dtModified",
                r"(?i:\w*lock\w*)",
                "bFinished",
            ),
            *("DiallerCampaignsResultCodes", "DiallerCampaignsResultCodesID", "LastAcdAgentEndReasonsID"),
            *("LastUsersUID", "nTries", "dtLastTry", "dtNextTry", "FollowUpDateTime"),
            *(rf"bPhoneNumber{n}Invalid" for n in range(1, 7)),
            *(rf"nTriesPhoneNumber{n}" for n in range(1, 7)),
            *(rf"nPhoneNumber{n}LastCause" for n in range(1, 7)),
        ),
    )
)
"""Fields that only the dialler sets (patterns), in the order of reports."""


def said_fields(names: Iterable[str]) -> list[str]:
    """Return those of ``names`` that only the dialler sets, in the order of reports."""
    left = sorted(names)
    return [name for pattern in _DIALLER_FIELDS for name in left if pattern.fullmatch(name)]


def said(value: object) -> str:
    """Format a value of the dialler as text; an object with a name (a result code) is shown by its name."""
    if value is None:
        return ""
    if isinstance(value, dict):
        value = value.get("Name") or value.get("ExportKey") or value
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (bool, dict, list)) else str(value)
