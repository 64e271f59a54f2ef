"""Countries by their names and codes."""

from __future__ import annotations

import re
from functools import cache

import phonenumbers

from ..config.texts import fold

_ALSO_CALLED = {
    "AT": ("a", "aut"),
    "BE": ("b",),
    "CH": ("che",),
    "CZ": ("tschechien", "czechia", "česko"),
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
    """Find a country by its ISO code (``DE``), country code (``+49``) or its name in any language."""
    text = country.strip().casefold().removesuffix(".")
    if len(text) == 2 and text.upper() in phonenumbers.SUPPORTED_REGIONS:
        return text.upper()
    if match := re.fullmatch(r"(?:\+|00)?([1-9][0-9]{0,2})", text, re.ASCII):
        region = phonenumbers.region_code_for_country_code(int(match[1]))
        return region if region in phonenumbers.SUPPORTED_REGIONS else None
    return _country_names().get(_folded(text))


def _folded(name: str) -> str:
    """Fold a name; the small i of TÜRKİYE loses its dot."""
    return fold(name).replace("i\u0307", "i")


@cache
def _country_names() -> dict[str, str]:
    """Map folded names of countries to regions; no two countries share one."""
    from phonenumbers.geodata.locale import LOCALE_DATA

    names = {_folded(name): region for region, also in _ALSO_CALLED.items() for name in also}
    for region, by_language in LOCALE_DATA.items():
        for name in by_language.values():
            if name.startswith("*") or region not in phonenumbers.SUPPORTED_REGIONS:  # as in another language
                continue
            if not (len(name) == 3 and name.isascii()):  # NGA is Nigeria's code, and "Nga" Russia in Vietnamese
                names.setdefault(_folded(name), region)
    return names
