"""Countries by their names and codes."""

from __future__ import annotations

import re
from functools import cache

import phonenumbers

_ALSO_CALLED = {
    "AT": ("a", "aut"),
    "BE": ("b",),
    "CH": ("che",),
    "CZ": ("tschechien",),
    "DE": ("d", "deu", "brd"),
    "ES": ("e",),
    "FR": ("f", "fra"),
    "GB": ("uk", "gbr", "england", "great britain", "großbritannien"),
    "IT": ("i", "ita"),
    "LU": ("l",),
    "NL": ("nld", "holland"),
    "US": ("usa", "vereinigte staaten"),
}
"""Other names of countries in address lists: vehicle codes, three-letter codes, former names."""


def region_of(country: str) -> str | None:
    """Find a country by its ISO code (``DE``), country code (``+49``) or its name in one of seven languages."""
    text = country.strip().casefold().removesuffix(".")
    if len(text) == 2 and text.upper() in phonenumbers.SUPPORTED_REGIONS:
        return text.upper()
    if match := re.fullmatch(r"(?:\+|00)?([1-9][0-9]{0,2})", text, re.ASCII):
        region = phonenumbers.region_code_for_country_code(int(match[1]))
        return region if region in phonenumbers.SUPPORTED_REGIONS else None
    return _country_names().get(text)


@cache
def _country_names() -> dict[str, str]:
    """Map case-folded names of countries, in seven languages, to regions."""
    from phonenumbers.geodata.locale import LOCALE_DATA

    names = {name.casefold(): region for region, also in _ALSO_CALLED.items() for name in also}
    for region, by_language in LOCALE_DATA.items():
        for language in ("de", "en", "fr", "es", "it", "nl", "pl"):
            name = by_language.get(language, "")
            while name.startswith("*"):  # the same as in another language
                name = by_language.get(name[1:], "")
            if name and region in phonenumbers.SUPPORTED_REGIONS:
                names.setdefault(name.casefold(), region)
    return names
