"""Finds the country of phone numbers without a country code: the one that reads most of them.

Among countries that read equally many, addresses in the list decide: the form of postal codes, towns, the countries of
e-mail addresses, IBANs and international numbers; then the grouping of digits and the language of the headers. Only
evidence from addresses is strong enough to need no question.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import phonenumbers

from ..config.texts import fold
from ..mapping.countries import region_of
from ..mapping.numbering_plans import region_of_number
from ..mapping.phones import Read, country, quick_phone, read_phone
from ..model import Fault
from ..text.forms import either
from ..text.phrase import phrase
from .sample import MOSTLY, Column

_TRIED = 150
"""Numbers tried per country."""

_REGIONS = (
    *("DE", "AT", "CH", "GB", "US", "FR", "NL", "BE", "IT", "ES", "PL", "DK", "SE", "NO", "FI", "IE", "LU", "LI", "PT"),
    *("CZ", "SK", "HU", "SI", "HR", "RO", "BG", "GR", "TR", "LT", "LV", "EE", "UA", "RU", "CA", "AU", "NZ", "IN", "ZA"),
    *("BR", "MX", "AR", "CL", "CO", "PE", "IL", "AE"),
)
"""Countries to try, besides those that the list hints at; the first wins a tie."""
_NEARLY_AS_GOOD = 0.8
"""Share of the best country's numbers from which another country is a candidate too, if the rest of the list supports
it."""
_FAIRLY_GOOD = 0.5
"""Share of the best country's numbers from which another country's addresses cast doubt on it."""
_COST_OF_UNREAD = 5
"""Weight of the share of unreadable numbers against the other evidence for a country."""

_POSTAL_CODE = 0.4
"""Weight of the form of postal codes; a town or a country's name weighs 1."""
_LOST_ZERO = 0.6
"""Weight of a number that has lost its zero; a readable one weighs 1, as this may be another country's."""

_LANGUAGES = {
    "de": ("DE", "AT", "CH", "LI"),
    "en": ("GB", "US", "IE", "CA", "AU", "NZ"),
    "fr": ("FR", "BE", "CH", "LU", "CA"),
    "es": ("ES", "MX", "AR", "CL", "CO", "PE"),
    "it": ("IT", "CH"),
    "nl": ("NL", "BE"),
    "pl": ("PL",),
    "pt": ("PT", "BR"),
    "cs": ("CZ", "SK"),
    "sv": ("SE", "DK", "NO", "FI"),
    "hu": ("HU",),
}
_POSTAL_CODES = {
    r"\d{5}": "DE FR IT ES US TR HR GR FI UA EE LT MX",
    r"\d{4}": "AT CH LI BE DK NO LU HU SI PT BG AU NZ ZA AR",
    r"\d{4} ?[A-Z]{2}": "NL",
    r"\d{2}-\d{3}": "PL",
    r"\d{3} \d{2}": "SE CZ SK GR",
    r"\d{4}-\d{3}": "PT",
    r"\d{6}": "RU IN RO",
    r"\d{5}-\d{4}": "US",
    r"\d{5}-?\d{3}": "BR",
    r"[A-Z]\d[A-Z] ?\d[A-Z]\d": "CA",
    r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}": "GB",
    r"[A-Z]\d{2} ?[A-Z\d]{4}": "IE",
    r"LV-\d{4}": "LV",
    r"(?:D|DE)-\d{5}": "DE",
    r"A-\d{4}": "AT",
    r"CH-\d{4}": "CH",
}


@dataclass(frozen=True, slots=True)
class Where:
    """The country of a list's numbers: settings for the rules, the country for the sample, and a doubt."""

    rule: dict[str, str]
    region: str | None = None
    doubt: str = ""


def read_number(cell: str, region: str | None) -> Read:
    """Read a phone cell with this default country."""
    where = country(None, region)
    return quick_phone(cell, where.plan) or read_phone(cell, where)


def where_numbers_are(
    phones: Sequence[Column], columns: Sequence[Column], countries: Column | None, language: str
) -> Where:
    """Find the country of the numbers in ``phones``; ``columns`` are all columns of the list."""
    numbers = [
        (cell, named)
        for column in phones
        for cell, named in zip(column.by_row, countries.by_row if countries else column.by_row, strict=True)
        if cell.strip() and isinstance(read_number(cell, None), Fault)
    ]
    cells = list(dict.fromkeys(cell for cell, _ in numbers))[:_TRIED]
    known = Counter(region for cell in (countries.cells if countries else ()) if (region := region_of(cell)))
    if countries is None or countries.share(region_of) < MOSTLY:
        return _likely(cells, columns, language, "") if cells else Where({})
    main = known.most_common(1)[0][0]
    if not cells:
        return Where({"region_column": countries.name} if len(known) > 1 else {"region": main}, main)
    likely = _likely(cells, columns, language, main)
    if len(known) > 1:
        by_row = sum(not isinstance(read_number(cell, region_of(named)), Fault) for cell, named in numbers[:_TRIED])
        by_one = sum(not isinstance(read_number(cell, likely.region), Fault) for cell, _ in numbers[:_TRIED])
        if by_row >= by_one * _NEARLY_AS_GOOD:
            return Where({"region_column": countries.name}, main)
    if likely.region in {main, None}:
        return replace(likely, rule={"region": main}, region=main)
    named = " ".join(countries.name.split())
    doubt = phrase(
        "are the numbers of {region}? Fewer can be read as numbers of the countries in '{column}'",
        region=likely.region,
        column=named,
    )
    return replace(likely, doubt=doubt)


def _likely(cells: Sequence[str], columns: Sequence[Column], language: str, named: str) -> Where:
    """Find the country that reads most numbers; doubt it if others read as many. ``named``: the list's own country."""
    hints = _hints(columns)
    regions = tuple(dict.fromkeys((*_REGIONS, *hints, *filter(None, [named]))))
    counts = {region: _readable(cells, region) for region in regions}
    best = max(counts.values())
    if not best:
        return Where({})
    near = [region for region in regions if counts[region] >= best * _NEARLY_AS_GOOD]
    addresses = {region: _address_cues(region, columns, hints) + (region == named) for region in near}
    written = {region: _grouped_as(region, cells) for region in near}

    def rank(region: str) -> tuple[float, ...]:
        spoken = float(region in _LANGUAGES.get(language, ()))
        cues = min(addresses[region], 1) + written[region] + spoken
        return (cues - _COST_OF_UNREAD * (1 - counts[region] / best), addresses[region], -regions.index(region))

    chosen = max(near, key=rank)
    rivals = [
        region
        for region in near
        if counts[region] >= counts[chosen]
        and addresses[region] > addresses[chosen] - _POSTAL_CODE * MOSTLY
        and phonenumbers.country_code_for_region(region) != phonenumbers.country_code_for_region(chosen)
    ]
    doubt = ""
    if rivals:
        doubt = phrase(
            "are the numbers of {region}? As many can be read as numbers of {others}",
            region=chosen,
            others=either(sorted(rivals, key=rank, reverse=True)[:3]),
        )
    elif other := next(
        (
            region
            for region in regions
            if best * _FAIRLY_GOOD <= counts[region] < best * _NEARLY_AS_GOOD
            and _address_cues(region, columns, hints) > addresses[chosen] + _POSTAL_CODE * MOSTLY
        ),
        None,
    ):
        doubt = phrase(
            "are the numbers of {region}? The addresses look like those of {other}, but fewer numbers do",
            region=chosen,
            other=other,
        )
    elif counts[chosen] < len(cells) * _NEARLY_AS_GOOD:
        doubt = phrase(
            "are the numbers of {region}? Many cannot be read as such, and fewer as those of other countries",
            region=chosen,
        )
    return Where({"region": chosen}, chosen, doubt)


def _readable(cells: Sequence[str], region: str) -> float:
    """Count the numbers that a country can read; one that has lost its zero counts ``_LOST_ZERO``."""
    numbers = [read_number(cell, region) for cell in cells]
    lost = sum(isinstance(number, Fault) and number.code == "phone_leading_zero_lost" for number in numbers)
    return sum(not isinstance(number, Fault) for number in numbers) + _LOST_ZERO * lost


def _hints(columns: Iterable[Column]) -> Counter[str]:
    """Count the countries of e-mail addresses, IBANs and numbers with country code."""
    found = (_hint(cell.strip()) for column in columns for cell in column.cells[:_TRIED])
    return Counter(region for region in found if region)


def _hint(cell: str) -> str | None:
    if match := re.fullmatch(r"[^@\s]+@\S+\.([a-z]{2})", cell, re.IGNORECASE):
        code = match[1].upper().replace("UK", "GB")
        return code if code in phonenumbers.SUPPORTED_REGIONS and code not in {"IO", "AI", "CO", "ME", "TV"} else None
    if re.match(r"[A-Z]{2}[0-9]{2}[ 0-9A-Z]{11}", cell):
        return cell[:2] if cell[:2] in phonenumbers.SUPPORTED_REGIONS else None
    if not cell.startswith(("+", "00")):
        return None
    number = read_number(cell, None)
    return None if isinstance(number, Fault) else region_of_number(number if isinstance(number, str) else number[0])


def _address_cues(region: str, columns: Sequence[Column], hints: Counter[str]) -> float:
    """Weigh the evidence of addresses for a country, 0 to 2.4: postal codes, towns, countries of other cells."""
    codes = next((column for column in columns if column.meaning.of == "PostalCode" and column.cells), None)
    towns = next((column for column in columns if column.meaning.of == "City" and column.cells), None)
    forms = [form for form, of in _POSTAL_CODES.items() if region in of.split()]
    fitting = codes.share(lambda cell: any(re.fullmatch(form, cell.strip().upper()) for form in forms)) if codes else 0
    known = towns.share(lambda cell: fold(cell.split(",")[0]) in _places(region)) if towns else 0
    hinted = hints[region] / hints.total() if hints else 0
    return _POSTAL_CODE * fitting + known + hinted


@cache
def _places(region: str) -> frozenset[str]:
    """Return the towns that area codes of a country are named after, in libphonenumber's data."""
    from phonenumbers.geodata import GEOCODE_DATA

    code = str(phonenumbers.country_code_for_region(region))
    names = (
        name for prefix, by_language in GEOCODE_DATA.items() if prefix.startswith(code) for name in by_language.values()
    )
    return frozenset(fold(town) for name in names for town in re.split(r"[,/(]| - ", name) if town)


def _grouped_as(region: str, cells: Sequence[str]) -> float:
    """Return the share of the numbers, 0 to 1, that are grouped as is usual in a country."""
    return sum(_written(cell, region) for cell in cells) / len(cells)


def _written(cell: str, region: str) -> bool:
    try:
        number = phonenumbers.parse(cell, region)
    except phonenumbers.NumberParseException:
        return False
    national = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    return re.sub(r"\D+", " ", national).strip() == re.sub(r"\D+", " ", cell).strip()
