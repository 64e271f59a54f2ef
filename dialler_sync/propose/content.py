"""Recognises the content of a column by its cells, whatever its header says."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..fields import FIELDS
from ..mapping.countries import region_of
from ..mapping.values import bic, email, iban
from ..model import Fault
from ..text.spreadsheet import is_shortened
from .sample import MOSTLY, Column

_DATE = re.compile(
    r"\s*(?:\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})|\d{4}[./-]\d{1,2}[./-]\d{1,2})(?:[T ]+\d{1,2}[:.]\d{2}.*)?\s*"
    r"|\s*\d{1,2}\.?[ -]\w{3,9}\.?,?[ -]\d{4}.*|\s*\w{3,9}\.? \d{1,2},? \d{4}.*|\s*\d{1,2}:\d{2}(?::\d{2})?\s*"
)
_URL = re.compile(r"\s*(?:https?://|www\.)\S+\s*|\s*[\w-]+(?:\.[\w-]+)*\.[a-z]{2,10}(?:/\S*)?\s*", re.IGNORECASE)
_PHONE_SHAPE = re.compile(r"[\s'’=\"]*(?:\+|00|0|\()?[\d\s()/.+-]{5,}.{0,20}")
_WRITTEN_AS_PHONE = re.compile(
    r"\s*(?:\+|0(?!00)\d|\(\d)[\d\s()/.-]{5,}\s*|\s*\d{2,4}[ ./-]\d{2,4}[ ./-]\d{2,}[\d ./-]*\s*"
)
_LETTER_WORD = re.compile(r"[^\W\d_]{2,}")
_COMPANY = re.compile(
    r"(?<!\w)(?:gmbh|ag|kg|ohg|ug|gbr|e\.?\s?v\.?|e\.?k\.?|mbh|se|ltd|limited|inc|llc|llp|plc|corp|co|sarl|sas|sa|eurl"
    r"|s\.?l\.?u?|s\.?a\.?|s\.?r\.?l\.?|s\.?p\.?a\.?|s\.?n\.?c\.?|b\.?v\.?|n\.?v\.?|v\.?o\.?f\.?|sp\. ?z ?o\. ?o\.?"
    r"|s\.?c\.?|a/s|aps|ab|oy|kft|s\.?r\.?o\.?|gruppe|group|holding|verlag|company)\.?\s*$",
    re.IGNORECASE,
)
_SALUTATION = re.compile(
    r"(?:sehr geehrte[rs]?|liebe[rs]?|dear|herrn?|frau|fr|hr|familie|eheleute|firma|divers|mr|mrs|ms|miss|mx|sir|madam"
    r"|m|mme|mlle|monsieur|madame|mademoiselle|sr|sra|srta|señora?|don|doña|sig|sig\.ra|sig\.na|signora?|signorina|dhr"
    r"|mw|mevr|mevrouw|heer|de heer|pan|pani|państwo|sr\(a\)|herra|fru|hra|rouva|senhora?)(?![^\W_])",
    re.IGNORECASE,
)
_ACADEMIC = re.compile(
    r"(?:dr|doktor|prof|professor|dipl|mag|ing|dott|dott\.ssa|ddr|ir|drs|mba|bsc|msc|ba|ma|phd|ph\.d|dkfm|lic|mgr|inż|hab"
    r"|prof\.dr|dr-ing|m\.?sc|b\.?sc|m\.?a|b\.?a|b\.?eng|m\.?eng|ll\.?m|m\.?d|pr|me|maître|avv|arch|rag|geom)(?![^\W_])",
    re.IGNORECASE,
)
_YES = frozenset(
    ("yes", "y", "ja", "j", "true", "1", "x", "wahr", "oui", "vrai", "si", "sì", "sí", "vero", "tak", "prawda")
)
_NO = frozenset(("no", "n", "nein", "false", "0", "falsch", "non", "faux", "falso", "nee", "onwaar", "nie", "fałsz"))
_ALLOWED = re.compile(
    r"\b(?:allow|permi|may be|can be|zulass|zugelassen|erlaubt|darf|autoris|consent|toesta|toegestaan|zezw)",
    re.IGNORECASE,
)
_BARRED = re.compile(r"\b(?:ge)?(?:sperr|block)|\bopted.?out|\babgemeldet|\bunsubscribed", re.IGNORECASE)
_NOT = re.compile(
    r"\b(?:not|don['’]?t|no|never|without|nicht|nein|kein\w*|ohne|ne|non|sans|senza|sin|sem|niet|geen|nie|bez|não)\b"
    r"|\b(?:withdr[ae]w|revo[ck]|denied|refus|expired|widerruf|entzogen|abgelehnt|verweigert|abgelaufen|retir|ritir"
    r"|deneg|negat|scadut|caduc|ingetrokken|geweigerd|cofni)",
    re.IGNORECASE,
)


def is_email(cell: str) -> bool:
    """Whether a cell is an e-mail address."""
    return "@" in cell and not isinstance(email(cell), Fault)


def is_iban(cell: str) -> bool:
    """Whether a cell is an IBAN."""
    return not isinstance(iban(cell), Fault)


def is_date(cell: str) -> bool:
    """Whether a cell looks like a date or a time."""
    return _DATE.fullmatch(cell) is not None


def is_url(cell: str) -> bool:
    """Whether a cell looks like a web address."""
    return "@" not in cell and _URL.fullmatch(cell) is not None


def is_phone_like(cell: str) -> bool:
    """Whether a cell may be a phone number, even a damaged one."""
    digits = sum(map(str.isdecimal, cell))
    return is_shortened(cell) or (digits >= 5 and bool(_PHONE_SHAPE.match(cell)) and not is_date(cell))


def is_written_as_phone(cell: str) -> bool:
    """Whether a cell is written as only phone numbers are; keys and amounts are not."""
    return _WRITTEN_AS_PHONE.fullmatch(cell) is not None and not is_date(cell)


def is_text(cell: str) -> bool:
    """Whether a cell is words: not a number, date, e-mail or web address."""
    return any(map(str.isalpha, cell)) and not (is_date(cell) or "@" in cell or cell.startswith(("http", "www.")))


def is_person(cell: str) -> bool:
    """Whether a cell may be the name of a person: more letters than digits."""
    more_letters = sum(map(str.isalpha, cell)) > 2 * sum(map(str.isdecimal, cell))
    return more_letters and is_text(cell) and not is_yes_no(cell)


def is_company(cell: str) -> bool:
    """Whether a cell ends as only names of companies do."""
    return _COMPANY.search(cell) is not None


def is_salutation(cell: str) -> bool:
    """Whether a cell is ``Herr``, ``Mrs.`` or the like."""
    return _SALUTATION.match(cell.strip()) is not None


def is_academic(cell: str) -> bool:
    """Whether a cell is an academic title."""
    return _ACADEMIC.match(cell.strip()) is not None


def is_id(cell: str) -> bool:
    """Whether a cell may be a key: with a digit, without spaces between words, not a date."""
    text = cell.strip()
    if re.search(r"\d[.,]\d{2}$", text):
        return False
    return any(map(str.isdecimal, text)) and not is_date(text) and "@" not in text and len(text.split()) <= 2


def is_postal_code(cell: str) -> bool:
    """Whether a cell is written as only postal codes are: ``00-238``, ``1012 AB``."""
    return re.fullmatch(r"\d{2}-\d{3}|\d{4} [A-Z]{2}", cell.strip()) is not None


def is_comma_name(cell: str) -> bool:
    """Whether a cell is ``Meier, Anna``."""
    return re.fullmatch(r"[^,;\d]+,\s*[^,;\d]+", cell) is not None and not is_company(cell)


def _street(cell: str) -> bool:
    return is_text(cell) and not (is_written_as_phone(cell) or (is_url(cell) and " " not in cell.strip()))


def _postal_code(cell: str) -> bool:
    return len(cell.strip()) <= 10 and any(map(str.isdecimal, cell)) and not is_date(cell) and "@" not in cell


def _place(cell: str) -> bool:
    return is_text(cell) and sum(map(str.isdecimal, cell)) < 4


def _country(cell: str) -> bool:
    return region_of(cell) is not None or (_LETTER_WORD.search(cell) is not None and is_person(cell))


def _number(cell: str) -> bool:
    return re.fullmatch(r"[^\d]{0,5}[\d.,'’\s  -]*\d[\d.,'’\s  -]*[^\d]{0,5}", cell) is not None and not is_date(cell)


def _no_address(cell: str) -> bool:
    return "@" not in cell and not is_date(cell)


_LIKE: dict[str, Callable[[str], bool]] = {
    **dict.fromkeys(("Name", "FirstName", "AnyName", "GivenOrAnyName", "FullName"), is_person),
    "Company": lambda cell: is_text(cell) and not is_iban(cell) and not is_written_as_phone(cell),
    "Address": _street,
    "FullAddress": _street,
    "HouseNumber": lambda cell: any(map(str.isdecimal, cell)) and len(cell.strip()) <= 12 and not is_date(cell),
    "PostalCode": _postal_code,
    "PostalCodeAndCity": lambda cell: _street(cell) and any(map(str.isdecimal, cell)),
    "City": _place,
    "Region": _place,
    "Country": _country,
    "Salutation": lambda cell: is_person(cell) and len(cell.strip()) <= 40,
    "Title": is_person,
    "Email": lambda cell: "@" in cell,
    "Website": is_url,
    "ExternalSystemLink": lambda cell: "/" in cell,
    "AccountIBAN": is_iban,
    "AccountBIC": lambda cell: not isinstance(bic(cell), Fault),
    "AccountNumber": lambda cell: is_id(cell) and _no_address(cell),
    "AccountNationalBankCode": lambda cell: is_id(cell) and _no_address(cell),
    "AccountOwner": is_text,
    "AccountBank": is_text,
    "Amount": _number,
    "FollowUpDateTime": is_date,
    "ReferenceNumber": _no_address,
    **dict.fromkeys(("UserData", "PersonId", "CompanyId", "Id", "Number"), lambda cell: not is_date(cell)),
}
"""Test for the cells of a field; fields not listed accept anything."""

_FLAGS = frozenset({"Client", "Service", "Tag", "Comment", "ReferenceNumber"})


def fit(of: str, column: Column) -> float:
    """Return the share of a column's cells, 0 to 1, that fit the meaning of its header; 1 without cells."""
    if not column.cells:
        return 1.0
    if of in _FLAGS and column.share(is_yes_no) >= MOSTLY:
        return 0.0
    return column.share(_LIKE[of]) if of in _LIKE else 1.0


def too_long(field: str, column: Column) -> int:
    """Count the cells of a column that are too long for a field."""
    limit = FIELDS[field].longest
    return sum(len(cell) > limit for cell in column.cells) if limit else 0


def is_mostly(column: Column, looks: Callable[[str], bool], share: float = MOSTLY) -> bool:
    """Whether a column has cells, and at least ``share`` of them look so."""
    return column.share(looks) >= share


def is_no(cell: str) -> bool:
    """Whether a cell says no."""
    return cell.strip().casefold() in _NO


def forbids_calls(cell: str, *, opt_in: bool) -> bool:
    """Whether a cell of an opt-out column (``opt_in``: of a consent) forbids calls: ``x``, ``Do Not Allow``."""
    negated = _NOT.search(cell) is not None
    if _ALLOWED.search(cell):
        return negated
    if _BARRED.search(cell):
        return not negated
    return is_no(cell) == opt_in if cell.strip() else opt_in


def is_yes_no(cell: str) -> bool:
    """Whether a cell says yes or no."""
    return cell.strip().casefold() in _YES | _NO
