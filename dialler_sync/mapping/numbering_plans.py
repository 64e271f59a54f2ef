"""The phone numbers of countries, from libphonenumber's metadata, with a fast path.

:func:`e164` asks the library, and returns a fault if it refuses a number. :func:`quick_e164` answers only for valid
numbers in plain form; its patterns come from the library's metadata, so it answers as :func:`e164` does.

Both read *compact* numbers: ASCII digits, with at most one ``+`` in front.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumber, PhoneNumberType, ValidationResult
from phonenumbers.phonemetadata import PhoneNumberDesc

from ..error_codes import fault
from ..model import Fault
from ..text.phrase import phrase

_LONGEST_E164 = 15
_LONGEST_WRITTEN = {"DE": 11}
"""Maximum digits of a national number (without the 0) in a numbering plan, where libphonenumber allows more because
companies may append digits. Source: Bundesnetzagentur, numbering plan for area codes and mobile services."""
_FORMER_PREMIUM_RATE: dict[int, tuple[str, ...]] = {49: ("190", "900")}
"""Prefixes of premium-rate numbers that libphonenumber no longer lists, or lists at full length only."""
_TYPE_NAMES = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "landline",
    PhoneNumberType.VOIP: "landline",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "",
    PhoneNumberType.UNKNOWN: "",
}
"""Names of libphonenumber's types, empty if undecided; Internet numbers count as landline."""
_FORMER_PREFIX: dict[int, re.Pattern[str]] = {52: re.compile(r"(?:1|01|04[45])(?=[0-9]{10}\Z)")}
"""Obsolete dialling prefixes that lists still contain: Mexican mobiles had ``+52 1 55…`` until 2019 (01, 044 and 045
inside the country). Source: Instituto Federal de Telecomunicaciones."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Patterns of one country's numbers; see :func:`quick_e164`.

    ``valid`` matches national significant numbers; ``national`` matches whole numbers as dialled inside the country, if
    there is one plain way to write them; ``prefix`` matches a prefix to cut off.
    """

    code: str
    valid: re.Pattern[str]
    prefix: re.Pattern[str] | None
    national: re.Pattern[str] | None
    national_prefix_digits: int
    dials_00: bool


def e164(compact: str, region: str | None) -> str | Fault:
    """Convert a number to E.164 with libphonenumber, or return the fault.

    Args:
        compact: ASCII digits, with at most one ``+`` in front.
        region: country of numbers without a country code, two upper-case letters.
    """
    if region is None and compact.startswith("00"):
        compact = "+" + compact[2:]
    if compact.startswith("+0"):
        return fault("phone_invalid", phrase("The + is followed by a 0; no country code begins with 0."))
    if region is None and not compact.startswith("+"):
        return fault("phone_no_region")
    try:
        number = phonenumbers.parse(compact, region, keep_raw_input=True)
    except NumberParseException as error:
        if error.error_type == NumberParseException.INVALID_COUNTRY_CODE:
            return fault("phone_invalid", phrase("The number begins with a country code that does not exist."))
        too_long = error.error_type == NumberParseException.TOO_LONG
        return fault("phone_too_long" if too_long else "phone_too_short")
    written_nationally = number.country_code_source == phonenumbers.CountryCodeSource.FROM_DEFAULT_COUNTRY
    if written_nationally and (other := _with_country_code(compact, region, number)) is not None:
        if isinstance(other, Fault):
            return other
        number = other
    if former := _FORMER_PREFIX.get(number.country_code or 0):
        national = former.sub("", phonenumbers.national_significant_number(number), count=1)
        number = phonenumbers.parse(f"+{number.country_code}{national}")
    return _why_not(number) or "+" + _digits(number)


def _digits(number: PhoneNumber) -> str:
    return f"{number.country_code}{phonenumbers.national_significant_number(number)}"


def _why_not(number: PhoneNumber) -> Fault | None:
    """Return why a number cannot be dialled, None if it can."""
    national = phonenumbers.national_significant_number(number)
    premium = national.startswith(_FORMER_PREMIUM_RATE.get(number.country_code or 0, ()))
    if premium or phonenumbers.number_type(number) == PhoneNumberType.PREMIUM_RATE:
        return fault("phone_premium_rate")
    if len(_digits(number)) > _LONGEST_E164:
        return fault(
            "phone_too_long",
            phrase("A phone number has at most {most} digits with its country code.", most=_LONGEST_E164),
        )
    if phonenumbers.is_valid_number(number):
        return None
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason == ValidationResult.TOO_LONG or phonenumbers.truncate_too_long_number(number):
        return fault("phone_too_long")
    short = {ValidationResult.TOO_SHORT, ValidationResult.IS_POSSIBLE_LOCAL_ONLY}
    if reason in short or _lacks_digits(str(number.country_code), national):
        return fault("phone_too_short")
    return fault(
        "phone_invalid",
        phrase("No number like this exists under country code {code}.", code=number.country_code),
    )


def _lacks_digits(code: str, national: str) -> bool:
    """Whether a national number would be valid with more digits at its end."""
    plan = plan_of_code(code)
    if plan is None:
        return False
    if plan.national_prefix_digits:  # the library leaves the national prefix on very short numbers
        national = national.removeprefix("0")
    missing = range(1, _LONGEST_E164 - len(code) - len(national) + 1)
    return any(plan.valid.match(national + digit * count) for count in missing for digit in "0123456789")


def _with_country_code(compact: str, region: str | None, number: PhoneNumber) -> PhoneNumber | Fault | None:
    """Check a number without + that the library reads as a national one.

    Spreadsheet programs drop a leading 0 (and exports the +). So in countries that write national numbers with 0:

    - ``49171…`` is a number with country code if it is valid as such, and too long for a national number of the
      country. (The library itself reads it so if it is not valid as a national number.)
    - Any other valid number without 0 has lost it, or lacks its area code.
    - ``049171…`` is also too long, but may stand for 0049… or 0491…: a fault.

    Returns the number with country code, a fault, or None if the national reading is right.
    """
    metadata = PhoneMetadata.metadata_for_region(region, None) if region else None
    if metadata is None or metadata.national_prefix != "0":
        return None
    has_prefix = compact.startswith("0")
    digits = compact[1:] if has_prefix else compact
    international = None
    if digits.startswith(str(metadata.country_code)) and len(digits) > _LONGEST_WRITTEN.get(str(region), _LONGEST_E164):
        international = phonenumbers.parse("+" + digits)
        if not phonenumbers.is_valid_number(international):
            international = None
    if has_prefix:
        if international is None:
            return None
        return fault(
            "phone_invalid",
            phrase("The number can be read as +{digits} or as a national number.", digits=digits),
            phrase(
                "Write +{digits} if {code} is its country code.",
                digits=digits,
                code=metadata.country_code,
            ),
        )
    if international is None and phonenumbers.is_valid_number(number) and _is_written_with_prefix(number, metadata):
        return fault("phone_leading_zero_lost")
    return international


def _is_written_with_prefix(number: PhoneNumber, metadata: PhoneMetadata) -> bool:
    """Whether the country writes such a number with its national prefix, by the library's formats."""
    national = phonenumbers.national_significant_number(number)
    for form in metadata.number_format:
        leading = form.leading_digits_pattern
        if (not leading or re.match(leading[-1], national)) and re.fullmatch(form.pattern or "", national):
            return (
                "0" in (form.national_prefix_formatting_rule or "")
                and not form.national_prefix_optional_when_formatting
            )
    return True


def quick_e164(compact: str, home: Plan | None) -> str | None:
    """Convert a valid number in plain form to E.164; None if :func:`e164` has to decide.

    Args:
        compact: digits, with at most one ``+`` in front; anything else gives None.
        home: the plan of the country of numbers without a country code.
    """
    if compact[:1] == "+":
        digits = compact[1:]
    elif home is None:
        return None
    elif home.dials_00 and compact[:2] == "00":
        digits = compact[2:]
    elif home.national is not None and home.national.match(compact):
        return f"+{home.code}{compact[home.national_prefix_digits :]}"
    else:
        return None
    plan = plan_of_code(digits[:3]) or plan_of_code(digits[:2]) or plan_of_code(digits[:1])
    if plan is None:
        return None
    national = digits[len(plan.code) :]
    if plan.prefix is None or not plan.prefix.match(national):
        return "+" + digits if plan.valid.match(national) else None
    if plan.national_prefix_digits and plan.national and plan.national.match(national):  # +49 (0) 171 …
        return f"+{plan.code}{national[1:]}"
    return None


@cache
def plan_of_code(code: str) -> Plan | None:
    """Return the plan of a country code (``"49"``); None if only the library can tell."""
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code)) if re.fullmatch("[1-9][0-9]{0,2}", code) else None
    return plan_of_region(regions[0]) if regions else None


def readings(number: str, region: str | None) -> Iterator[str]:
    """Yield the digits of E.164 that a number may mean as programs store it, ``+491713920012`` or digits alone: with
    the code of the country, without it, with a prefix for calls inside the country."""
    digits = number.removeprefix("+")
    yield digits
    for end in range(1, 4):
        if digits[end : end + 1] == "0" and int(digits[:end]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            yield digits[:end] + digits[end + 1 :]
    if region and number == digits:
        code, prefix = _code_and_prefix(region)
        yield code + digits
        if prefix and digits.startswith(prefix):
            yield code + digits[len(prefix) :]


def is_whole(number: str, region: str | None) -> bool:
    """Whether digits, or + and digits, are a valid number with the code of its country, and no national one with a
    prefix."""
    digits = number.removeprefix("+")
    if number == digits and region and not digits.startswith(_code_and_prefix(region)[0]):
        plan = plan_of_region(region)
        if plan is None or (plan.prefix and plan.prefix.match(digits)):
            return False
    return quick_e164(f"+{digits}", None) == f"+{digits}"


@cache
def _code_and_prefix(region: str) -> tuple[str, str]:
    metadata = PhoneMetadata.metadata_for_region(region, None)
    return (str(metadata.country_code), metadata.national_prefix or "") if metadata else ("", "")


@cache
def plan_of_region(region: str) -> Plan | None:
    """Return the plan of a country; None if only the library can tell."""
    metadata = PhoneMetadata.metadata_for_region(region, None)
    if metadata is None or metadata.leading_digits is not None:
        return None
    country_code = metadata.country_code or 0
    code = str(country_code)
    if phonenumbers.region_code_for_country_code(country_code) != region:
        return None  # the code is shared, and the library tries another country first
    types = ("fixed_line", "mobile", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail")
    general, premium = _pattern([metadata.general_desc]), _pattern([metadata.premium_rate])
    former = "|".join(_FORMER_PREMIUM_RATE.get(country_code, ()))
    valid = (
        rf"(?=[0-9]{{1,{_LONGEST_E164 - len(code)}}}\Z)(?={general})(?!{premium})"
        + (f"(?!{former})" if former else "")
        + f"(?:{_pattern(getattr(metadata, name) for name in types)})"
    )
    abroad, prefix, parsing = (
        metadata.international_prefix,
        metadata.national_prefix,
        metadata.national_prefix_for_parsing,
    )
    national = None
    if abroad in {"00", "011"} and prefix != "0":
        national = rf"(?!{code}|{abroad}{f'|{parsing}' if parsing else ''})(?:{valid})"
    elif abroad == "00" and re.fullmatch(r"0(\|[1-9][0-9]*)*", parsing or ""):
        national = rf"(?!{general})0(?!{code})(?:{valid})"
    return Plan(
        code=code,
        valid=re.compile(valid, re.ASCII),
        prefix=re.compile(parsing, re.ASCII) if parsing else None,
        national=re.compile(national, re.ASCII) if national else None,
        national_prefix_digits=1 if prefix == "0" else 0,
        dials_00=abroad == "00",
    )


def _pattern(descriptions: Iterable[PhoneNumberDesc | None]) -> str:
    """Combine descriptions, lengths included, into one pattern."""
    patterns = []
    for found in descriptions:
        if found is not None and found.national_number_pattern:
            lengths = "|".join(rf".{{{n}}}\Z" for n in found.possible_length)
            patterns.append(rf"(?={lengths})(?:{found.national_number_pattern})\Z")
    return "|".join(patterns) or "(?!)"


def region_of_number(number: str) -> str | None:
    """Find the country of a number in E.164."""
    return phonenumbers.region_code_for_number(phonenumbers.parse(number))


@lru_cache(maxsize=65_536)
def type_of(number: str) -> str:
    """Whether a number in E.164 is ``mobile``, ``landline`` or of an ``other`` type; empty: that cannot be told."""
    return _TYPE_NAMES.get(phonenumbers.number_type(phonenumbers.parse(number)), "other")
