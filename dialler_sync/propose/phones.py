"""Assigns phone and fax columns, in dialling order, with the country of their numbers."""

from __future__ import annotations

from collections.abc import Sequence

from ..fields import PHONE_FIELDS
from ..model import Fault
from ..read.layout.header_words import PHONES
from ..read.layout.vocabulary import NOT_A_FIELD
from ..text.phrase import phrase
from .assigned import Assigned
from .content import is_phone_like, is_written_as_phone
from .regions import Where, read_number, where_numbers_are
from .rules import ONLY_CELLS, phone_rule
from .sample import HALF, MOSTLY, Column

_JUDGED_BY_CELLS = frozenset({"Qualifier", "Person", "Company", "Number", "FollowUpDateTime"})
"""Meanings of headers (``Privat``, ``Contact 1``, ``Number``) that are phones if their cells are numbers."""
_NEVER = NOT_A_FIELD | {"PersonId", "CompanyId", "Id", "UserData", "Fax", "AccountNumber", "AccountIBAN", "Amount"}


def assign_phones(found: Assigned, columns: Sequence[Column]) -> None:
    """Assign columns to the phone fields: filled ones first, mobile and main numbers before others."""
    likely = [column for column in found.left if _is_called_phone(column)]
    unnamed = [column for column in found.left if column not in likely and _is_only_filled_with_phones(column)]
    if not any(column.cells for column in likely) and not unnamed:
        # Without numbers a dialler has no use, so numbers of other people count too, with a question.
        unnamed = [c for c in found.left if c.meaning.of in NOT_A_FIELD and c.share(is_written_as_phone) >= MOSTLY]
    filled = [column for column in likely if column.cells]
    where = where_numbers_are(filled or unnamed, columns, found.by_field.get("Country"), found.language)
    own = {column.name.strip(): column for column in likely if column.name.strip() in PHONE_FIELDS}
    others = sorted((column for column in likely if column not in own.values()), key=_dialled_first)
    others += [column for column in unnamed if column.share(lambda cell: _reads(cell, where)) >= MOSTLY]
    others.sort(key=lambda column: column.empty)
    free = [name for name in PHONE_FIELDS if name not in own]
    for name, column in (*own.items(), *zip(free, others, strict=False)):
        rule = found.rules[name] = phone_rule(column, where)
        found.by_field[name] = column
        if column in unnamed:
            rule.doubts.insert(0, phrase(ONLY_CELLS))
        elif column not in own.values():
            rule.doubts[:0] = found.header_doubts(column)
        found.left.remove(column)
    first = next((name for name in PHONE_FIELDS if name in found.rules), None)
    if where.doubt and first:  # asked once
        found.rules[first].doubts.append(where.doubt)
    faxes = [column for column in found.candidates("Fax") if not column.cells or column.share(is_phone_like) >= HALF]
    if faxes:
        found.rules["FaxNumber"] = phone_rule(faxes[0], where)
        found.left.remove(faxes[0])


def _is_called_phone(column: Column) -> bool:
    if column.meaning.of in PHONES:
        return not column.cells or column.share(is_phone_like) >= HALF
    return column.meaning.of in _JUDGED_BY_CELLS and column.share(is_written_as_phone) >= MOSTLY


def _is_only_filled_with_phones(column: Column) -> bool:
    return column.meaning.of not in _NEVER and column.share(is_written_as_phone) >= MOSTLY


def _reads(cell: str, where: Where) -> bool:
    return not isinstance(read_number(cell, where.region), Fault)


def _dialled_first(column: Column) -> tuple[int, int]:
    with_ = column.meaning.with_
    if column.meaning.rank >= 3 or "Second" in with_:
        place = 2
    elif column.meaning.of == "Mobile" or not with_ & {"Home", "Work", "Company", "WorkPhone"} or "Main" in with_:
        place = 0
    else:
        place = 1
    return (place, column.place)
