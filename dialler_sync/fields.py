"""The dialler's contact fields: the one table for mapping, validation, reports and documentation.

Source: API.md, "Contact fields" and the vendor's own file format.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Type of a field; decides how a cell is read and checked."""

    TEXT = "text"
    PHONE = "phone"
    EMAIL = "email"
    IBAN = "iban"
    BIC = "bic"
    INTEGER = "integer"
    AMOUNT = "amount"
    DATETIME = "datetime"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class Field:
    """One contact field: name in the API, kind, and greatest length in characters by release.

    ``exact`` marks text that identifies something (a key, an account number): it is never cut, because a shortened one
    would identify something else.
    """

    name: str
    kind: Kind = Kind.TEXT
    longest: int | None = None
    longest_before_3_19: int | None = None
    exact: bool = False

    @property
    def may_be_cut(self) -> bool:
        """Whether a text that is too long may be shortened."""
        return self.kind is Kind.TEXT and not self.exact

    def limit(self, release: tuple[int, ...]) -> int | None:
        """Return the greatest length in characters for a dialler of ``release``, None if unlimited."""
        if release < (3, 19) and self.longest_before_3_19 is not None:
            return self.longest_before_3_19
        return self.longest


_ALL = (
    Field("DiallerCampaignsID", Kind.INTEGER),
    Field("DiallerCampaignsName", longest=64, exact=True),
    Field("UserData", longest=64, exact=True),
    Field("Client", longest=64, longest_before_3_19=32),
    Field("Service", longest=64, longest_before_3_19=32),
    Field("ReferenceNumber", longest=64, longest_before_3_19=32, exact=True),
    Field("Name", longest=64, longest_before_3_19=32),
    Field("FirstName", longest=64, longest_before_3_19=32),
    Field("Salutation", longest=16),
    Field("Title", longest=16),
    Field("Company", longest=64, longest_before_3_19=32),
    Field("Address", longest=64, longest_before_3_19=32),
    Field("PostalCode", longest=10, exact=True),
    Field("City", longest=64, longest_before_3_19=32),
    Field("Country", longest=64, longest_before_3_19=32),
    Field("Region", longest=256),
    Field("AccountOwner", longest=64, longest_before_3_19=32),
    Field("AccountBank", longest=32),
    Field("AccountNationalBankCode", longest=10, exact=True),
    Field("AccountBIC", Kind.BIC, longest=11),
    Field("AccountNumber", longest=20, exact=True),
    Field("AccountIBAN", Kind.IBAN, longest=34),
    Field("Amount", Kind.AMOUNT),
    *(Field(f"PhoneNumber{n}", Kind.PHONE, longest=32) for n in range(1, 7)),
    Field("FaxNumber", Kind.PHONE, longest=32),
    Field("Email", Kind.EMAIL, longest=256, longest_before_3_19=32),
    Field("Website", longest_before_3_19=64),
    Field("Comment"),
    Field("ExternalSystemLink"),
    Field("Model"),
    Field("Tag"),
    Field("RandomSortOrder", Kind.INTEGER),
    Field("ReservedUsersUID", longest=32, exact=True),
    Field("FollowUpUsersUID", longest=32, exact=True),
    Field("FollowUpDateTime", Kind.DATETIME),
    Field("ResultCodesExportKey", longest=32, exact=True),
    Field("ResetContact", Kind.BOOLEAN),
)

FIELDS: dict[str, Field] = {field.name: field for field in _ALL}

PHONE_FIELDS: tuple[str, ...] = tuple(f"PhoneNumber{n}" for n in range(1, 7))

VENDOR_MARK = "DiallerContact"
"""First cell of every line of the vendor's own headerless CSV."""

VENDOR_COLUMNS: tuple[str, ...] = (
    VENDOR_MARK,
    "dtImported",
    "DiallerCampaignsName",
    "UserData",
    "Client",
    "Service",
    "ReferenceNumber",
    "Name",
    "FirstName",
    "Salutation",
    "Title",
    "Company",
    "Address",
    "PostalCode",
    "City",
    "Country",
    "AccountOwner",
    "AccountBank",
    "AccountNationalBankCode",
    "AccountBIC",
    "AccountNumber",
    "AccountIBAN",
    "Amount",
    *PHONE_FIELDS,
    "FaxNumber",
    "Email",
    "Website",
    "Comment",
    "ReservedUsersUID",
    "FollowUpUsersUID",
    "FollowUpDateTime",
    "ResultCodesExportKey",
)
"""Columns of the vendor's own file format, in order."""
