"""Assigns surname, first name and company, from the many ways in which lists write them."""

from __future__ import annotations

from collections.abc import Iterator

from ..config.texts import fold
from ..read.layout.vocabulary import NOT_A_FIELD
from ..text.phrase import mark, phrase
from .assigned import Assigned
from .content import fit, is_comma_name, is_company, is_mostly, is_person, is_salutation, is_yes_no
from .rules import Rule
from .sample import HALF, MOSTLY, Column

_NO_NAMES = frozenset(
    {*NOT_A_FIELD, "OptOut", "OptIn", "Campaign", "Id", "PersonId", "CompanyId", "UserData", "Number"}
)

_COMPANY = mark("is this the company?")


def assign_names(found: Assigned) -> None:
    """Assign columns to Name, FirstName and Company."""
    if "Name" in found.rules:
        _take(found, "FirstName", _first_filled(found, "FirstName"))
        return
    last = _first_filled(found, "Name")
    given = _first_filled(found, "FirstName")
    if last is not None:
        if given is None:
            given = _first_filled(found, "GivenOrAnyName")
        _take(found, "Name", last)
        _take(found, "FirstName", given)
        return
    _companies_called_name(found, given)
    whole = next(_whole_names(found), None)
    if whole is None:
        _take(found, "FirstName", given)
        _fallback(found)
    elif given is not None and whole.meaning.of == "AnyName" and not _holds(whole, given):
        _take(found, "Name", whole)
        _take(found, "FirstName", given)
    else:
        _whole_name(found, whole, given)


def _take(found: Assigned, name: str, column: Column | None) -> None:
    if column is not None and name not in found.rules:
        found.take(name, column)


def _first_filled(found: Assigned, of: str) -> Column | None:
    return next(iter(column for column in found.candidates(of) if not column.empty), None)


def _companies_called_name(found: Assigned, given: Column | None) -> None:
    """Assign a column called only ``Name`` to Company, if it holds companies or another column holds people."""
    people = [column for column in found.candidates("FullName") if not column.empty]
    for column in (*found.candidates("AnyName"), *found.candidates("GivenOrAnyName"), *found.candidates("Person")):
        if "Company" in found.rules:
            return
        if is_mostly(column, is_company, HALF):
            found.take("Company", column, *([phrase(_COMPANY)] if column.meaning.of == "Person" else []))
        elif people and given is None and column.meaning.of != "Person" and column.cells:
            found.take("Company", column, phrase(_COMPANY))


def _whole_names(found: Assigned) -> Iterator[Column]:
    """Return columns of whole names, or of names that may be whole; the best first."""
    for of in ("FullName", "AnyName", "GivenOrAnyName", "Person"):
        for column in found.candidates(of):
            if not column.empty and (of != "Person" or is_mostly(column, is_person)):
                yield column


def _holds(whole: Column, given: Column) -> bool:
    """Whether names contain the first names that stand beside them."""
    pairs = [
        (fold(name), fold(first)) for name, first in zip(whole.by_row, given.by_row, strict=True) if name and first
    ]
    return sum(first in name and first != name for name, first in pairs) > HALF * len(pairs)


def _whole_name(found: Assigned, whole: Column, given: Column | None) -> None:
    """Assign a whole name: cut at its comma, else unchanged."""
    if is_mostly(whole, is_comma_name):
        found.take("Name", whole)
        if "Name" in found.rules:
            found.rules["Name"].rule = _part(whole, 1)
        if given is None:
            found.rules["FirstName"] = Rule(_part(whole, 2))
        else:
            _take(found, "FirstName", given)
        return
    doubts = []
    if given is not None:
        doubts.append(phrase("it holds the first name, too"))
    elif whole.meaning.of == "Person":
        doubts.append(phrase("is this the contact's name?"))
    found.take("Name", whole, *doubts)
    _take(found, "FirstName", given)


def _part(column: Column, number: int) -> dict[str, object]:
    return {"column": column.name, "split": {"separator": ",", "part": number}, "trim": True}


def _fallback(found: Assigned) -> None:
    """Assign the Name, which the dialler requires, from another column if none is called so."""
    for field in ("Company", "FirstName"):
        if field in found.by_field:
            column = found.by_field[field]
            doubt = phrase("no column of surnames was found; this one is {field} too", field=field)
            found.rules["Name"] = Rule(column.name, doubts=[doubt])
            return
    likely = [column for column in found.left if column.meaning.of not in _NO_NAMES and _may_be_names(column)]
    if likely:
        column = max(likely, key=lambda column: column.share(lambda cell: len(cell.split()) > 1))
        found.take("Name", column).doubts = [phrase("no column of surnames was found; is this one?")]
    else:
        found.rules["Name"] = Rule({"value": "unknown"}, doubts=[phrase("no column of surnames was found")])


def _may_be_names(column: Column) -> bool:
    distinct = len(set(column.cells)) > HALF * len(column.cells)
    is_none = is_mostly(column, is_yes_no, HALF) or is_mostly(column, is_salutation, HALF)
    return distinct and is_mostly(column, is_person, MOSTLY) and not is_none and fit("Name", column) >= MOSTLY
