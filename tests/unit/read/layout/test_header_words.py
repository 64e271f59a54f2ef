"""Meanings of headers in every notation."""

from __future__ import annotations

import pytest

from dialler_sync.read.layout import vocabulary
from dialler_sync.read.layout.header_words import is_header_word, is_phone_header, language_of, meaning_of


@pytest.mark.parametrize(
    ("header", "meaning"),
    [
        ("Kunden-Nr.", "PersonId"),
        ("KUNDENNR", "PersonId"),
        ("Nº cliente", "PersonId"),
        ("customerNumber", "PersonId"),
        ("Straße", "Address"),
        ("STRASSE", "Address"),
        ("Prénom", "FirstName"),
        ("prenom", "FirstName"),
        ("Telefono", "Phone"),
        ("Imię", "FirstName"),
        ("imie", "FirstName"),
        ("Address 1: ZIP/Postal Code", "PostalCode"),
        ("Adresse E-Mail", "Email"),
        ("E-Mail-Typ", "Other"),
        ("Nom de l'entreprise", "Company"),
        ("Company Address", "Address"),
        ("Default Address Company", "Company"),
        ("Land/Region", "Country"),
        ("Country/Region", "Country"),
        ("Bundesland/Region", "Region"),
        ("Account Owner", "Other"),
        ("Propriétaire du contact", "Other"),
        ("Zuständiger Mitarbeiter", "Other"),
        ("Contact Owner.id", "Other"),
        ("Account Name.id", "CompanyId"),
        ("Kundennachname", "Name"),
        ("Firmentelefon", "Phone"),
        ("Telefon Assistent", "Assistant"),
        ("phone_code", "NotDialled"),
        ("Name (Adressattyp Unternehmen)", "AnyName"),
        ("TEL;TYPE=CELL", "Mobile"),
        ("Email Opt Out", "Other"),
        ("Phone Opt Out", "OptOut"),
        ("", ""),
        ("§§", ""),
        ("Zylinderkopf", ""),
    ],
)
def test_the_meaning_of_a_header(header: str, meaning: str) -> None:
    """Case, accents, signs, order and surrounding words do not matter."""
    assert meaning_of(header).of == meaning


@pytest.mark.parametrize(
    ("header", "meaning", "near"),
    [
        ("Nachnahme", "Name", "nachname"),
        ("Emial", "Email", "email"),
        ("Telfonnummer", "Phone", "telefonnummer"),
        ("Postleizahl", "PostalCode", "postleitzahl"),
    ],
)
def test_a_misspelt_header_is_doubtful(header: str, meaning: str, near: str) -> None:
    """The nearest word gives its meaning, and is reported."""
    found = meaning_of(header)

    assert (found.of, found.near, found.doubtful) == (meaning, near, True)


def test_a_word_left_over_makes_a_header_doubtful() -> None:
    """The phone of somebody, but of whom?"""
    assert meaning_of("Vertragspartnerin Telefon").doubtful
    assert not meaning_of("Telefon (privat)").doubtful


@pytest.mark.parametrize(
    ("headers", "language", "service"),
    [
        (("Prénom", "Nom", "Téléphone", "Service"), "fr", "Other"),
        (("Vorname", "Nachname", "Telefon", "Service"), "de", "Service"),
        (("First Name", "Last Name", "Phone", "Service"), "en", "Service"),
    ],
)
def test_a_word_means_what_it_means_in_the_language_of_the_list(
    headers: tuple[str, ...], language: str, service: str
) -> None:
    """``Service`` is a department in French."""
    assert language_of(headers) == language
    assert meaning_of("Service", language).of == service


def test_what_readers_of_files_ask() -> None:
    """Words that only qualify a field are not headers of lists."""
    assert is_phone_header("Mobilnummer")
    assert not is_phone_header("Faxnummer")
    assert is_header_word("Kundennummer")
    assert not is_header_word("privat")
    assert not is_header_word("Meier")


def test_a_word_like_no_other_is_compared_with_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of a thousand such columns is read in a second."""
    compared: list[str] = []
    monkeypatch.setattr(vocabulary, "get_close_matches", lambda _, known, **__: compared.extend(known) or [])

    assert meaning_of("wxqzjvkbwx").of == ""
    assert not compared
    assert meaning_of("telefonummr").doubtful
    assert compared
