"""Contacts of the dialler: list them, look them up with their calls, and format them for people and programs."""

from __future__ import annotations

from ..contacts.read import HISTORY_COLUMNS, add_results, get_contacts, list_campaigns, list_contacts, read_history
from ..contacts.record_file import RecordFile
from ..contacts.targets import Named, Targets
from ..report.contacts_book import write_xlsx
from ..report.contacts_output import CONTACT_COLUMNS, WRITERS, Listing, Record, output_file, write_table

__all__ = [
    "CONTACT_COLUMNS",
    "HISTORY_COLUMNS",
    "WRITERS",
    "Listing",
    "Named",
    "Record",
    "RecordFile",
    "Targets",
    "add_results",
    "get_contacts",
    "list_campaigns",
    "list_contacts",
    "output_file",
    "read_history",
    "write_table",
    "write_xlsx",
]
