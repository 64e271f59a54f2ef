"""Do-not-call lists: contacts and numbers that must not be imported."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..config.texts import fold
from ..errors import CannotResume
from ..fields import PHONE_FIELDS
from ..model import Contact, Fault, RowWarning, Value
from ..report.plan_words import LISTED_IN
from ..text.outward import looks
from ..text.phrase import phrase

_E164 = re.compile(r"\+?[1-9][0-9]*")


@dataclass(frozen=True, slots=True)
class SuppressionList:
    """One do-not-call file. ``entries``: phone numbers as bare digits of E.164, UserData, or e-mail addresses.

    ``file``: its path; ``sha256``: the digest of its content. ``region``: of phone numbers without a country code.
    ``lock``: also lock contacts that the dialler has. ``only_number``: leave out only the number, not the contact.
    """

    by: str
    entries: frozenset[str]
    file: str
    sha256: str = ""
    lock: bool = False
    region: str | None = None
    only_number: bool = False

    def reason(self, fields: Mapping[str, Value]) -> str:
        """Return the reason why a contact is suppressed; ``""`` if it is not."""
        found = next((key for key in self._keys(fields) if key in self.entries), None)
        return phrase(LISTED_IN, entry=found, list=Path(self.file).name) if found else ""

    def holds_number(self, number: Value) -> bool:
        """Whether a contact's number is in the list."""
        return bool(number) and any(digits in self.entries for digits in self._digits(str(number)))

    def cannot_read(self, fields: Mapping[str, Value]) -> bool:
        """Whether a contact has a number that is not understood, so that the list may have it."""
        numbers = (str(fields[name]) for name in PHONE_FIELDS if self.by == "phone" and fields.get(name))
        odd = (number for number in numbers if re.search("[0-9]", number) and not _E164.fullmatch(number))
        return any(not digits_within(number, self.region) for number in odd)

    def _keys(self, fields: Mapping[str, Value]) -> Iterable[str]:
        """Return the values of a contact that the list may hold."""
        if self.by == "user_data":
            return (entry_of(self.by, fields.get("UserData")),)
        if self.by == "email":
            address = str(fields.get("Email") or "")
            return (entry_of(self.by, address), *addresses_in(address))
        numbers = (str(fields[name]) for name in PHONE_FIELDS if fields.get(name))
        return (digits for number in numbers for digits in self._digits(number))

    def _digits(self, number: str) -> Iterable[str]:
        """Return a contact's number as bare digits; one that another program wrote may be read in several ways."""
        from ..mapping.numbering_plans import is_whole, readings

        if _E164.fullmatch(number) and is_whole(number, self.region):
            return readings(number, self.region)
        digits = re.sub(r"(?!\A\+)[^0-9]", "", number)
        return digits_within(number, self.region).union(readings(re.sub(r"\A00", "+", digits), self.region))


@dataclass(frozen=True, slots=True)
class SuppressionLists:
    """All do-not-call files of a run; false if there is none."""

    lists: tuple[SuppressionList, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.lists)

    @property
    def lock(self) -> bool:
        """Whether some list locks contacts."""
        return any(each.lock for each in self.lists)

    @property
    def digests(self) -> dict[str, str]:
        """Path → SHA-256 of each list, to recognise it later."""
        return {each.file: each.sha256 for each in self.lists}

    def check(self, before: Mapping[str, str], changed: str, **values: object) -> None:
        """Compare the lists with the digests of ``before``.

        Raises:
            CannotResume: one has changed; ``changed`` says so, with ``{file}`` and the names of ``values``.
        """
        for file, sha256 in self.digests.items():
            if before.get(file) != sha256:
                raise CannotResume(phrase(changed, file=file, **values))

    def reason(self, fields: Mapping[str, Value]) -> str:
        """Return the reason why a contact is suppressed, ``""`` if it is not: it is listed, or has no number left."""
        for each in self.lists:
            if not each.only_number and (reason := each.reason(fields)):
                return reason
        listed = self.numbers(fields) if self.lists and self.only_numbers else []
        if not listed or len(listed) < sum(bool(fields.get(name)) for name in PHONE_FIELDS):
            return ""
        which = "; ".join(each.reason(fields) for each in self.lists if each.only_number and each.reason(fields))
        return phrase("no number is left: {reasons}", reasons=which) if len(listed) > 1 else which

    @property
    def only_numbers(self) -> bool:
        """Whether some list leaves out only numbers."""
        return any(each.only_number for each in self.lists)

    def numbers(self, fields: Mapping[str, Value]) -> list[str]:
        """Return the phone fields whose numbers are left out."""
        lists = [each for each in self.lists if each.only_number]
        return [name for name in PHONE_FIELDS if any(each.holds_number(fields.get(name)) for each in lists)]

    def amended(self, contact: Contact) -> Contact:
        """Return the contact as it is judged and sent: without the numbers that are left out, but with what lists hold
        of its bad cells, so that it is suppressed."""
        for name, held in contact.left_out:
            listed = [each.only_number for each in self.lists if each.reason({name: held})]
            if listed and (not all(listed) or name not in contact.fields):
                contact = contact._replace(fields={**contact.fields, name: held})
        return self.without_numbers(contact) if self.only_numbers else contact

    def reason_after(self, row: Mapping[str, Value], sent: Mapping[str, Value], record: Mapping[str, Value]) -> str:
        """Return the reason why a contact is suppressed as the dialler would have it after a request.

        ``row``: the row's fields; ``sent``: what is sent of them, and by :meth:`sent_to`.
        """
        if not self.lists:
            return ""
        after = {name: record.get(name) for name in (*PHONE_FIELDS, "Email", "UserData")}
        return self.reason({**after, **{name: value for name, value in sent.items() if name in row}})

    def sent_to(self, fields: Mapping[str, Value], record: Mapping[str, Value]) -> Mapping[str, Value]:
        """Return what a row sends to a contact with this record: also None for each number that is left out and that
        the row does not set."""
        if not self.only_numbers:
            return fields
        listed = self.numbers({name: record.get(name) for name in PHONE_FIELDS if name not in fields})
        return {**fields, **dict.fromkeys(listed)} if listed else fields

    def without_numbers(self, contact: Contact) -> Contact:
        """Return the contact with None in place of each number that is left out, and a warning for each.

        A contact that is suppressed as a whole stays as it is: it will not be sent.
        """
        listed = self.numbers(contact.fields)
        if not listed or self.reason(contact.fields):
            return contact
        told = dict.fromkeys((*contact.warnings, *(RowWarning("field_left_out", name) for name in listed)))
        return contact._replace(fields={**contact.fields, **dict.fromkeys(listed)}, warnings=tuple(told))

    def may_be_kept(self, record: Mapping[str, Value], rules: Mapping[str, str]) -> Mapping[str, str]:
        """Return the rules ``overwrite: never | if_empty`` that apply to this record: no contact keeps a number that
        is left out."""
        listed = self.numbers(record) if rules and self.only_numbers else ()
        return {name: rule for name, rule in rules.items() if name not in listed} if listed else rules

    def reason_to_stay_locked(self, fields: Mapping[str, Value]) -> str:
        """Return the reason why a contact is not unlocked; ``""`` if it may be. One listed number is enough, as
        unlocking takes none away."""
        return next(filter(None, (each.reason(fields) for each in self.lists)), "")

    def reason_to_lock(self, fields: Mapping[str, Value]) -> str:
        """Return the reason why a contact is to be locked; ``""`` if it is not."""
        return next(filter(None, (each.reason(fields) for each in self.lists if each.lock)), "")

    def cannot_lock(self, fields: Mapping[str, Value]) -> bool:
        """Whether a contact has a number that a list which locks cannot read."""
        return any(each.cannot_read(fields) for each in self.lists if each.lock)


def entry_of(by: str, text: Value) -> str:
    """Return the UserData or e-mail address of a contact as lists hold it: as people see it, addresses without
    case, keys with one hyphen."""
    if by == "email":
        return fold(_ENCODED.sub(_in_letters, str(text or "")))
    return looks(str(text or "")).translate(_HYPHENS)


_HYPHENS = dict.fromkeys((*range(0x2010, 0x2016), 0x2212), "-")
"""Dashes and the minus sign look like hyphens."""


_ENCODED = re.compile(r"(?<=[@.])xn--([a-z0-9-]{1,59})", re.IGNORECASE)
"""A part of a domain in the letters of the old Internet: ``xn--bcher-kva.de`` is ``bücher.de``."""


def _in_letters(found: re.Match[str]) -> str:
    try:
        return found[1].encode().decode("punycode")
    except UnicodeError:
        return found[0]


def addresses_in(text: str) -> set[str]:
    """Return the e-mail addresses of a text as lists hold them: ``a@x.org; Ann <b@x.org>``, „c@x.org“; each also as it
    stands, as one may begin with a sign."""
    parts = (part.strip("'\"()[]") for part in re.split(r"[\s;,|<>]+", text) if "@" in part)
    found = {entry_of("email", part).removeprefix("mailto:") for part in parts}
    return found | set(map(bare_address, found))


_ENDS = re.compile(r"\A[\W_]++|(?<![\W_])[\W_]++\Z")


def bare_address(text: str) -> str:
    """Return an address without the signs around it."""
    return _ENDS.sub("", text)


def digits_of(text: str, region: str | None) -> set[str] | None:
    """Return the phone numbers of a text as bare digits; None if it is not understood."""
    from ..mapping.phones import country, quick_phone, read_phone

    where = country(None, region)
    found = quick_phone(text, where.plan) or read_phone(text, where)
    if isinstance(found, Fault):
        return None
    return {number.lstrip("+") for number in ((found,) if isinstance(found, str) else found)}


def digits_within(text: str, region: str | None) -> set[str]:
    """Return the phone numbers that a text may hold as bare digits, also of one that is not understood."""
    from ..mapping.phones import country, numbers_within

    return {number.lstrip("+") for number in numbers_within(text, country(None, region))}
