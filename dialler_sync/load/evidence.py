"""Evidence in the dialler's contacts for a row that may have been sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..api.wire import COMMANDS, StoredContact, differences, id_number, is_elsewhere, plainly_different
from ..model import Value


@dataclass(frozen=True, slots=True)
class Evidence:
    """Judges contacts that carry the key of a row.

    When overwriting, a contact with the wanted values is enough. Else it must also be newer than the ``watermark``, the
    highest contact ID known before the row was sent (None: unknown): IDs are given in ascending order. ``campaign_ids``
    are the known IDs of campaigns by name.
    """

    overwrite: bool
    campaign_ids: Mapping[str, str]

    def trace(
        self, fields: Mapping[str, Value], found: Iterable[StoredContact], watermark: int | None
    ) -> StoredContact | None:
        """Return the contact that proves that a row was done; never one of another campaign."""
        if COMMANDS & fields.keys():
            return None
        alike = [
            contact
            for contact in found
            if not differences(fields, contact.values) and not is_elsewhere(fields, contact.values, self.campaign_ids)
        ]
        if self.overwrite:
            return alike[0] if alike else None
        newer = [contact for contact in alike if watermark is not None and (id_number(contact.id) or 0) > watermark]
        return newer[0] if len(newer) == 1 else None

    def may_be_trace(self, fields: Mapping[str, Value], contact: StoredContact, watermark: int | None) -> bool:
        """Whether a contact may come from a row, even if the dialler has tidied the values."""
        if is_elsewhere(fields, contact.values, self.campaign_ids):
            return False
        number = id_number(contact.id)
        older = not self.overwrite and watermark is not None and number is not None and number <= watermark
        return not older and not plainly_different(fields, contact.values)
