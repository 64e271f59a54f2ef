"""Letters beyond ASCII by language, lower case: enough to tell one encoding from another."""

from __future__ import annotations

from collections.abc import Iterable

GERMAN = frozenset("äöüß")

WESTERN = (
    frozenset("àâæçèéêëîïôùûüÿœ"),  # French
    frozenset("áéíïñóúü"),  # Spanish, Catalan
    frozenset("àáâãçéêíóôõúü"),  # Portuguese
    frozenset("àèéìíîòóùú"),  # Italian
    frozenset("áâäåæéíðóöøúüýþ"),  # Scandinavian, Icelandic
    frozenset("áäçèéêëíïóöúü"),  # Dutch
    frozenset("äåõöšüž"),  # Finnish, Estonian
)
"""Languages that are written in cp1252 and Mac Roman."""

EASTERN = (
    frozenset("óąćęłńśźż"),  # Polish
    frozenset("áäéíóôúýčďěĺľňŕřšťůž"),  # Czech, Slovak
    frozenset("áéíóöúüőű"),  # Hungarian
    frozenset("âîăşţ"),  # Romanian
    frozenset("ćčđšž"),  # Croatian, Slovene, Bosnian
)
"""Languages that are written in cp1250."""


def fits_one_of(word: str, languages: Iterable[frozenset[str]]) -> bool:
    """Whether one of ``languages``, German names among it allowed, has all letters of ``word``."""
    letters = {c for c in word.lower() if c > "\x7f" and c.isalpha()}
    return any(letters <= language | GERMAN for language in languages)
