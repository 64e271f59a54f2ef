"""Assigns columns to fields: by the meaning of the header, checked against the cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..fields import FIELDS, PHONE_FIELDS
from ..read.layout.header_words import PHONES, without
from ..read.layout.vocabulary import NOT_A_FIELD
from ..text.phrase import counted, phrase
from ..text.spreadsheet import is_shortened
from .assigned import Assigned
from .content import (
    fit,
    is_academic,
    is_email,
    is_iban,
    is_id,
    is_mostly,
    is_postal_code,
    is_salutation,
    is_written_as_phone,
    too_long,
)
from .names import assign_names
from .phones import assign_phones
from .rules import ONLY_CELLS, Rule, rule_of
from .sample import HALF, MOSTLY, Column, Sample

_SIMPLE = (
    *("Email", "AccountIBAN", "AccountBIC", "AccountNationalBankCode", "AccountOwner", "AccountBank", "PostalCode"),
    *("City", "Country", "Region", "Salutation", "Title", "Company", "Website", "ExternalSystemLink", "Client"),
    *("Service", "ReferenceNumber", "Amount", "FollowUpDateTime", "Tag", "Comment"),
)
"""Fields that take the best column whose header means them."""
_NEED_CELLS = frozenset({"FollowUpDateTime", "Title", "Client", "Service", "Amount", "ExternalSystemLink", "Tag"})
"""Fields whose headers often mean other things; an empty column is left alone."""
_OWN_NAMES = frozenset(FIELDS) - {
    *("Client", "Service", "Name", "Salutation", "Title", "Company", "Address", "City", "Country", "Region", "Amount"),
    *("Email", "Comment", "Website", "Model", "Tag", "AccountNumber", "AccountOwner", "FirstName", "PostalCode"),
    *("DiallerCampaignsID", "DiallerCampaignsName"),
}
"""Field names that only lists for this dialler use."""
_KEYS = {"PersonId": 0, "UserData": 0, "Person": 0, "Id": 1, "AccountNumber": 2, "Number": 3, "CompanyId": 4}
"""Meanings of headers that may be the contact's key, the better ones first."""
_WEAK = 2
_BANK = frozenset({"AccountIBAN", "AccountBIC", "AccountNationalBankCode", "AccountBank"})
_LAST = frozenset({"", "Person", "Company", "Id", "Number", "Qualifier"}) | NOT_A_FIELD | PHONES
"""Meanings too weak to replace a header's first meaning when the cells contradict it."""


def assign(sample: Sample) -> Assigned:
    """Find a column for each field that can have one."""
    found = Assigned({}, [_as_filled(column) for column in sample.columns], sample.language)
    _own_names(found)
    _titles(found)
    for name in _SIMPLE:
        _best(found, name)
    _account(found)
    _address(found)
    assign_names(found)
    _key(found)
    assign_phones(found, sample.columns)
    _by_content(found)
    return found


def _as_filled(column: Column) -> Column:
    """Switch a column to its header's next meaning if the cells contradict the first."""
    other = without(column.meaning)
    if (
        other.of in _LAST
        or not column.cells
        or fit(column.meaning.of, column) >= HALF
        or fit(other.of, column) < MOSTLY
    ):
        return column
    return replace(column, meaning=other)


def _own_names(found: Assigned) -> None:
    """Assign columns named exactly as a field, in lists that are made for the dialler."""
    names = {column.name.strip().casefold(): column for column in found.left}
    called = {name: names[name.casefold()] for name in FIELDS if name.casefold() in names}
    for_dialler = called.keys() & {"UserData", *PHONE_FIELDS} and len(called) * 2 > len(names)
    for name, column in called.items():
        if name in (*PHONE_FIELDS, "FaxNumber") or name.startswith("DiallerCampaigns"):
            continue  # phones go with the others: their country is still to be found
        if for_dialler or name in _OWN_NAMES or (name == "AccountOwner" and column.name.strip() == name):
            rule = found.take(name, column)
            rule.doubts = rule_of(name, column).doubts
            if name == "AccountOwner" and not for_dialler:
                rule.doubts.append(phrase("the holder of a bank account, or the sales person?"))


def _best(found: Assigned, name: str) -> None:
    """Assign the best column whose header means a field."""
    if name in found.rules:
        return
    for column in found.candidates(name):
        if name in _NEED_CELLS and column.empty:
            continue
        if too_long(name, column) > HALF * len(column.cells):
            continue
        found.take(name, column)
        return


def _titles(found: Assigned) -> None:
    """Assign ``Title``: an academic title, a salutation, or a position in a company (no field holds that)."""
    has_salutations = any(column.cells for column in found.candidates("Salutation"))
    for column in found.candidates("TitleOrPosition"):
        if "Title" not in found.rules and is_mostly(column, is_academic, HALF):
            found.take("Title", column)
        elif not has_salutations and "Salutation" not in found.rules and is_mostly(column, is_salutation, HALF):
            found.take("Salutation", column)
        elif not column.rows and "Title" not in found.rules:
            found.take("Title", column, phrase("an academic title, or a position?"))


def _account(found: Assigned) -> None:
    """Assign the account number: a bank's if a bank is named, otherwise perhaps the customer's."""
    banked = bool(_BANK & found.rules.keys())
    for column in found.candidates("AccountNumber"):
        if "AccountNumber" not in found.rules and (banked or not column.meaning.doubtful):
            found.take("AccountNumber", column)


def _address(found: Assigned) -> None:
    """Assign the street, with a separate house number if there is one; otherwise the address in one text."""
    _best(found, "Address")
    street, numbers = found.by_field.get("Address"), found.candidates("HouseNumber")
    if street is not None and numbers and numbers[0].cells:
        rule = found.rules["Address"]
        if street.share(lambda cell: any(map(str.isdecimal, cell))) < HALF:
            rule.rule = {"join": {"columns": [street.name, numbers[0].name]}}
            found.left.remove(numbers[0])
    if street is None and (whole := found.candidates("FullAddress")):
        found.take("Address", whole[0], phrase("the whole address in one column"))
    if both := found.candidates("PostalCodeAndCity"):
        _postal_code_and_city(found, both[0])


def _postal_code_and_city(found: Assigned, column: Column) -> None:
    if "PostalCode" not in found.rules and "City" not in found.rules:
        both = phrase("postal code and town in one column")
        found.take("City", column, both)
        split = {"column": column.name, "split": {"separator": " ", "part": 1}, "trim": True}
        found.rules["PostalCode"] = Rule(split, doubts=[both])


def _key(found: Assigned) -> None:
    """Assign the contact's key: unique and filled; the customer's or the record's own first."""
    if "UserData" in found.rules:
        return
    keys = [column for column in found.left if column.meaning.of in _KEYS and (_may_be_key(column) or not column.rows)]
    if not keys:
        return

    def rank(column: Column) -> tuple[object, ...]:
        of = column.meaning.of
        return (bool(_key_faults(column)), column.meaning.doubtful, _KEYS[of], column.meaning.rank > 2, column.place)

    column = min(keys, key=rank)
    if len(set(column.cells)) < HALF * len(column.cells) or len(column.cells) < HALF * column.rows:
        return
    if column.rows or _KEYS[column.meaning.of] < _WEAK:
        weak = _KEYS[column.meaning.of] >= _WEAK
        rule = found.take("UserData", column, *([phrase("is this the contact's own key?")] if weak else []))
        rule.doubts += _key_faults(column)


def _may_be_key(column: Column) -> bool:
    of = column.meaning.of
    if not column.cells or fit(of, column) < HALF or is_mostly(column, is_postal_code) or is_mostly(column, is_iban):
        return False
    if of in ("Person", "Number") and is_mostly(column, is_written_as_phone, HALF):
        return False
    return of != "Person" or is_mostly(column, is_id)


def _key_faults(column: Column) -> list[str]:
    faults = []
    if without_key := column.rows - len(column.cells):
        faults.append(
            counted(
                without_key, "{count} of {all} rows has no key", "{count} of {all} rows have no key", all=column.rows
            )
        )
    if repeated := len(column.cells) - len(set(column.cells)):
        faults.append(
            counted(
                repeated,
                "{count} of {all} rows has the key of another row",
                "{count} of {all} rows have the key of another row",
                all=column.rows,
            )
        )
    if shortened := sum(map(is_shortened, column.cells)):
        faults.append(
            counted(
                shortened,
                "{count} key has been shortened by a spreadsheet program (4,9E+11)",
                "{count} keys have been shortened by a spreadsheet program (4,9E+11)",
            )
        )
    return faults


def _by_content(found: Assigned) -> None:
    """Assign columns by their cells if the headers do not tell the field."""
    by_cells: tuple[tuple[str, Callable[[str], bool]], ...] = (
        ("Email", is_email),
        ("AccountIBAN", is_iban),
        ("PostalCode", is_postal_code),
    )
    for name, looks in by_cells:
        if name in found.rules:
            continue
        likely = [c for c in found.left if c.meaning.of not in {*NOT_A_FIELD, *PHONES} and is_mostly(c, looks)]
        if likely:
            is_named = likely[0].meaning.of in {"Person", "Company", "Qualifier", name}
            rule = found.rules[name] = rule_of(name, likely[0])
            rule.doubts += [] if is_named else [phrase(ONLY_CELLS)]
            found.by_field[name] = likely[0]
            found.left.remove(likely[0])
