"""Several numbers in one phone cell: give each a phone field of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..error_codes import fault
from ..fields import PHONE_FIELDS
from ..model import Fault
from ..text.phrase import mark, phrase
from .phones import Read

_NO_ROOM = mark("The cell holds {found} numbers, and there are {free} free phone fields.")
_ONE_EXPECTED = mark("The cell holds {found} numbers, and one is expected.")


def spread(
    columns: Mapping[str, list[Read | None]], may_spread: Collection[str], of_a_type: Collection[str] = ()
) -> dict[str, list[str | Fault | None]]:
    """Give every number a field of its own.

    The first of several numbers in a cell stays in its field; the others go to free phone fields of the row: the fields
    behind it first, then those before it. A number that the row already has is not repeated.

    Args:
        columns: phone field → one cell a row; all of one length.
        may_spread: fields whose cells may hold several numbers; in other fields several are a fault.
        of_a_type: fields that take no numbers of other cells.
    """
    rows = max(map(len, columns.values()), default=0)
    result = {name: list(column) for name, column in columns.items()}
    for name, column in columns.items():
        for place, numbers in enumerate(column):
            if not isinstance(numbers, tuple):
                continue
            present = {cells[place] for cells in result.values()}
            others = [number for number in numbers[1:] if number not in present]
            behind = PHONE_FIELDS[PHONE_FIELDS.index(name) :] + PHONE_FIELDS if name in may_spread else ()
            empty = (field for field in dict.fromkeys(behind) if field not in result or result[field][place] is None)
            free = [field for field in empty if field not in of_a_type]
            if len(others) > len(free):
                told = _NO_ROOM if name in may_spread else _ONE_EXPECTED
                result[name][place] = fault("phone_several", phrase(told, found=len(numbers), free=len(free)))
                continue
            result[name][place] = numbers[0]
            for field, number in zip(free, others, strict=False):
                result.setdefault(field, [None] * rows)[place] = number
    return result  # type: ignore[return-value] # no tuple is left
