"""Text of a cell → the value of its field, or a fault. Phones: see phones.py.

Surrounding white space is ignored, except in plain text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import cache, partial

from stdnum import iban as stdnum_iban
from stdnum.exceptions import InvalidChecksum, ValidationError

from ..config import ColumnRule
from ..error_codes import fault
from ..fields import Field, Kind
from ..model import Fault, Value
from ..text.phrase import phrase
from ..text.spreadsheet import damage
from .cells import PlainNumber

Converter = Callable[[str], Value | Fault]

_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"
_LABEL = r"(?!-)(?:[^\W_]|-){1,63}(?<!-)"
_EMAIL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+(?:[^\W\d_]{{2,63}}|xn--[a-z0-9-]{{1,59}})", re.IGNORECASE)
"""E-mail address of the HTML standard, plus letters of all scripts, with a required dot in the domain."""
_LONGEST_EMAIL = 320

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{6,30}")
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_TWO_WAYS = re.compile(r"[+-]?[1-9][0-9]{0,2}(?P<sign>[.,])[0-9]{3}-?")
_BLANKS = "[ \u00a0\u202f\u2009]"
_GROUPED = re.compile(
    rf"[+-]? ?[0-9]{{1,3}}(?P<between>[.,'’]|{_BLANKS})[0-9]{{3}}(?P<again>(?:(?P=between)[0-9]{{3}})*)"
    r"(?:(?!(?P=between))(?P<point>[.,])[0-9]+)?-?"
)
"""Number with a sign between all its thousands."""
_GROUP_SIGNS = {"’": "'", "\u00a0": " ", "\u202f": " ", "\u2009": " "}
_OTHER = {".": ",", ",": "."}
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.0+)?)?)?")
_WORDS = {
    **dict.fromkeys(("true", "yes", "y", "ja", "j", "wahr", "1", "x"), True),
    **dict.fromkeys(("false", "no", "n", "nein", "falsch", "0"), False),
}


def converter(field: Field, rule: ColumnRule, cut_at: int | None = None) -> Converter | None:
    """Return the converter of a field's cells; None if the text is the value.

    Args:
        field: not a phone field.
        rule: how numbers and dates are written.
        cut_at: characters after which a text may be cut; None: never.
    """
    if field.kind is Kind.TEXT:
        if field.exact:
            return exact
        return None if cut_at is None else lambda text: text[:cut_at]
    if field.kind is Kind.AMOUNT:
        return partial(amount, rule=rule)
    if field.kind is Kind.DATETIME:
        return partial(moment, formats=rule.formats or ())
    return {
        Kind.EMAIL: email,
        Kind.IBAN: iban,
        Kind.BIC: bic,
        Kind.INTEGER: integer,
        Kind.BOOLEAN: boolean,
    }[field.kind]


def exact(text: str) -> str | Fault:
    """Return an identifier unchanged; a fault if a spreadsheet program has shortened it."""
    return fault(code) if (code := damage(text)) else text


def amount(text: str, rule: ColumnRule) -> int | float | Fault:
    """Read a number with the signs of the rule: whole numbers as int, others as the float with the same digits."""
    plain = str(text) if isinstance(text, PlainNumber) else _plain_number(text.strip(), rule)
    if isinstance(plain, Fault):
        return plain
    number = float(plain)
    if "e" in repr(number) or Decimal(repr(number)) != Decimal(plain):
        return fault(
            "amount_invalid",
            phrase("The number has more digits than can be kept exactly."),
            phrase("Round it to 15 digits."),
        )
    return number if "." in plain else int(number)  # int(plain) refuses thousands of digits, such as zeros


def _plain_number(text: str, rule: ColumnRule) -> str | Fault:
    """Convert ``1.234,56-`` to ``-1234.56``, by the rule's signs, or the number's own if they are unambiguous."""
    if rule.currency:
        text = text.removeprefix(rule.currency).removesuffix(rule.currency).strip()
    text = text.replace("\u2212", "-")
    decimal: str | None = rule.decimal
    thousands: str | None = rule.thousands
    if thousands is None:
        decimal, thousands = _signs(text, decimal)
        if sign := _two_ways(text, rule.decimal):
            return fault(
                "amount_invalid",
                phrase(
                    "'{text}' can be read in two ways: the {sign} may be a decimal or a thousands sign.",
                    text=text,
                    sign=sign,
                ),
                phrase('Set decimal: "{sign}" or thousands: "{sign}" for this field.', sign=sign),
            )
    decimal = decimal or "."
    match = _number_pattern(decimal, thousands).fullmatch(text)
    if not match or (match["sign"] and match["after"]):
        if not thousands:
            why = phrase(
                "This is not a number with '{decimal}' as decimal sign and no thousands sign.", decimal=decimal
            )
            return fault("amount_invalid", why)
        why = phrase(
            "This is not a number with '{decimal}' as decimal sign and '{thousands}' as thousands sign.",
            decimal=decimal,
            thousands=thousands,
        )
        return fault("amount_invalid", why)
    minus = "-" if "-" in (match["sign"], match["after"]) else ""
    whole = re.sub(r"\D", "", match["whole"])
    return minus + whole + (f".{match['part']}" if match["part"] else "")


def _signs(text: str, decimal: str | None) -> tuple[str | None, str | None]:
    """Return the decimal and the thousands sign of an unambiguous number; ``decimal``: the rule's.

    A number is unambiguous if it has both signs, one sign several times, or a sign that never precedes decimals.
    """
    found = _GROUPED.fullmatch(text)
    if not found:
        return decimal, None
    thousands, point = found["between"], found["point"]
    if thousands in ".," and not point and not found["again"]:
        return decimal, None
    # The number must not contradict the rule.
    if thousands == decimal or (point and decimal not in (None, point)):
        return decimal, None
    thousands = _GROUP_SIGNS.get(thousands, thousands)
    return point or decimal or _OTHER.get(thousands), thousands


def _two_ways(text: str, decimal: str | None) -> str:
    """Return the sign of a number such as ``1.234`` if it may precede decimals or thousands, else ``""``."""
    match = _TWO_WAYS.fullmatch(text)
    if not match or match["sign"] == decimal:
        return ""
    return match["sign"]


@cache
def _number_pattern(decimal: str, thousands: str | None) -> re.Pattern[str]:
    """Compile the pattern of numbers with these signs; every group of thousands is whole."""
    between = {None: "(?!)", " ": _BLANKS, "'": "['’]"}.get(thousands) or re.escape(thousands or "")
    return re.compile(
        rf"(?P<sign>[+-]?) ?(?P<whole>[0-9]+|[0-9]{{1,3}}(?:{between}[0-9]{{3}})+)"
        rf"(?:{re.escape(decimal)}(?P<part>[0-9]+))?(?P<after>-?)"
    )


def integer(text: str) -> int | Fault:
    """Read a whole number of at most 18 digits."""
    return int(text) if _INTEGER.fullmatch(text := text.strip()) else fault("integer_invalid")


def moment(text: str, formats: tuple[str, ...]) -> str | Fault:
    """Read a date, with or without time, as ``YYYY-MM-DD HH:MM:SS``; ISO, or in one of the formats."""
    text = text.strip()
    found: set[datetime] = set()
    if _ISO.fullmatch(text):
        found |= _read(lambda: datetime.fromisoformat(text))
    for pattern in formats:
        found |= _read(lambda pattern=pattern: datetime.strptime(text, pattern))  # type: ignore[misc] # noqa: DTZ007
    if len(found) == 1:
        return found.pop().isoformat(" ", "seconds")
    if found:
        return fault("datetime_invalid", phrase("The configured formats read different dates from this cell."))
    return fault("datetime_invalid")


def _read(reading: Callable[[], datetime]) -> set[datetime]:
    try:
        return {reading()}
    except ValueError:
        return set()


def boolean(text: str) -> bool | Fault:
    """Read yes or no, in English, German, digits or a cross."""
    found = _WORDS.get(text.strip().casefold())
    return fault("boolean_invalid") if found is None else found


def email(text: str) -> str | Fault:
    """Check one e-mail address."""
    text = text.strip()
    return text if len(text) <= _LONGEST_EMAIL and _EMAIL.fullmatch(text) else fault("email_invalid")


def iban(text: str) -> str | Fault:
    """Return an IBAN without its spaces, in upper case."""
    compact = "".join(text.split()).upper()
    if not _IBAN.fullmatch(compact):
        return fault("iban_invalid", phrase("This is not an IBAN; an IBAN begins with two letters and two digits."))
    try:
        return str(stdnum_iban.validate(compact, check_country=False))
    except InvalidChecksum:
        return fault("iban_invalid", phrase("The check digits of the IBAN are wrong: a character is wrong or missing."))
    except ValidationError:
        return fault(
            "iban_invalid", phrase("An IBAN that begins with {country} has a different format.", country=compact[:2])
        )


def bic(text: str) -> str | Fault:
    """Return a BIC in upper case."""
    compact = text.strip().upper()
    return compact if _BIC.fullmatch(compact) else fault("bic_invalid")
