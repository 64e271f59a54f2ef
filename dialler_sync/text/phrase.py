"""Sentences for people, in the language of this process.

English stands in the code, whole, with named placeholders; it is the key of its translations (gettext). ``python -m
tests.catalogue`` collects all of it for a translator.
"""

from __future__ import annotations

from gettext import NullTranslations

_catalogue = NullTranslations()
_SIGNS = "1,234.5"


def speak(catalogue: NullTranslations) -> NullTranslations:
    """Speak the language of a catalogue from now on; return the one that was spoken until now."""
    global _catalogue
    before, _catalogue = _catalogue, catalogue
    return before


def language() -> str:
    """Return the language that is spoken, as HTML names it: ``en``."""
    return _catalogue.info().get("language", "en")


def phrase(sentence: str, /, **values: object) -> str:
    """Return a sentence in the language that is spoken, with ``values`` in the place of its ``{names}``."""
    said = _catalogue.gettext(sentence)
    return said.format_map(values) if values else said


def counted(count: int, one: str, many: str, /, **values: object) -> str:
    """Return the sentence that fits a count, which is ``{count}`` in it."""
    return _catalogue.ngettext(one, many, count).format(count=figure(count), **values)


def mark(sentence: str) -> str:
    """Return a sentence as it is: a constant, to be spoken by :func:`phrase` where it is used."""
    return sentence


def marks(one: str, many: str) -> tuple[str, str]:
    """Return two sentences as they are: a constant, to be spoken by :func:`counted` where it is used."""
    return one, many


def figure(value: float, digits: int = 0) -> str:
    """``2,000``; ``digits`` after the decimal point."""
    text, signs = f"{value:,.{digits}f}", phrase("1,234.5")
    return text if signs == _SIGNS else text.translate({ord(","): signs[1:-5], ord("."): signs[-2]})
