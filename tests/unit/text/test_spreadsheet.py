"""Text that a spreadsheet program would run."""

from __future__ import annotations

import pytest

from dialler_sync.text.spreadsheet import damage, harmless, may_be_damaged, restore


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+A1", "-1+1", "+1E5+A1", "-e5", "--5", "+49|cmd", "\tx", "'=1"])
def test_formulas(text: str) -> None:
    """Whatever could run is made text, and comes back as it was."""
    assert harmless(text) == f"'{text}"
    assert restore(harmless(text)) == text


@pytest.mark.parametrize(
    "text", ["-5", "+49 171", "-1.45e-16", "+1E+05", "-£45,550.00", "-5,5 %", "- 5 €", "-", "'s", "1=1"]
)
def test_numbers_and_words(text: str) -> None:
    """A signed number or amount runs nothing, and stands in reports as it stands in the source."""
    assert harmless(text) == text
    assert restore(text) == text


ERRORS = [
    *("#REF!", "#N/A", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "#GETTING_DATA", "#SPILL!", "#BLOCKED!"),
    *("#NV", "#BEZUG!", "#WERT!", "#ZAHL!", "#ÜBERLAUF!", "#KALK!", "#NOM?", "#VALEUR!", "#NOMBRE!", "#PROPAGATION!"),
    *("#¡VALOR!", "#¡REF!", "#¡DIV/0!", "#¿NOMBRE?", "#¡NUM!", "#VALOR!", "#N/D", "#¡DESBORDAMIENTO!", "#CÁLCULO!"),
    *("#RIF!", "#VALORE!", "#NOME?", "#WAARDE!", "#VERW!", "#GEEN!", "#N/B", "#ARG!", "#ADR!", "#LICZBA!", "#NÚM!"),
    *("##", "########", "Err:502", "Err:508", "#N/A ", "\t#NV", "\u00a0#REF!"),
]


@pytest.mark.parametrize("text", ERRORS)
def test_texts_of_errors(text: str) -> None:
    """In the languages of Excel and LibreOffice, with blanks around them, and a column that is too narrow."""
    assert damage(text) == "error_cell"
    assert may_be_damaged(["a", text])


SHORTENED = [
    *("4,91701E+11", "4.91701E+11", "4.9e+11", "4.9e+11 ", "-5E+09", "491E+9", "4,91701E-11", "5E-05", "1e+011"),
    *("4.91701234567E11", "+1,5E+3", "\u00a05E+11"),
]


@pytest.mark.parametrize("text", SHORTENED)
def test_numbers_that_a_program_has_shortened(text: str) -> None:
    """Excel, LibreOffice, C, Java: each writes the exponent in its own way."""
    assert damage(text) == "precision_lost"
    assert may_be_damaged(["a", text])


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "#",
            "#1",
            "#N",
            "#12",
            "# 5",
            "#hashtag",
            "#VIP!",
            "#REF",
            "#NAMES?",
            "Room #REF!",
            "N/A",
            "NV",
            "Err:5",
        ),
        *("12E5", "1E5", "12e5", "12E-5", "2E-5", "491701", "E+11", "type 4E+11", "4E+11 and more", "4.9.1E+11"),
    ],
)
def test_texts_that_only_look_like_damage(text: str) -> None:
    """Numbers of houses and orders, article codes, words: they are what they are."""
    assert damage(text) is None
