"""Phone numbers that the dialler found invalid: as its contacts tell it, and as a file for the next import."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..fields import PHONE_FIELDS
from ..files.whole import new_file
from ..text.outward import mask_cells
from ..text.own_csv import table_writer
from ..text.spreadsheet import harmless_row

FILE = "invalid-numbers.csv"


class InvalidNumber(NamedTuple):
    """A number, its contact, and the field in which it stands."""

    number: str
    user_data: str
    contact_id: str
    name: str
    campaign: str
    field: str


_COLUMNS = ("PhoneNumber", "UserData", "ContactID", "Name", "Campaign", "Field", "File")


def tells_invalid(record: Mapping[str, Any]) -> bool:
    """Whether a contact's record has fields that tell of invalid numbers, set or not."""
    return any(f"b{name}Invalid" in record for name in PHONE_FIELDS)


def invalid_numbers(record: Mapping[str, Any]) -> Iterator[InvalidNumber]:
    """Yield the numbers of a contact's record that the dialler has marked (``bPhoneNumber1Invalid`` … ``6``)."""
    for field in PHONE_FIELDS:
        mark, number = record.get(f"b{field}Invalid"), record.get(field)
        if number and (mark is True or mark == 1 or (isinstance(mark, str) and mark.casefold() in ("true", "1"))):
            campaign = record.get("DiallerCampaignsName") or record.get("DiallerCampaignsID")
            told = (number, record.get("UserData"), record.get("ID"), record.get("Name"), campaign, field)
            yield InvalidNumber._make("" if value is None else str(value) for value in told)


def write_invalid_numbers(path: Path, numbers: Iterable[InvalidNumber], files: Mapping[str, str]) -> None:
    """Write the numbers as CSV that ``suppress: {file: …, column: PhoneNumber}`` takes, each line once.

    Raises:
        JournalError: the file cannot be written.
    """
    with new_file(path, encoding="utf-8-sig") as file:
        writer = table_writer(file)
        writer.writerow(_COLUMNS)
        for number in numbers:
            cells = mask_cells([*number, files.get(number.user_data, "")])
            writer.writerow(harmless_row(cells))
