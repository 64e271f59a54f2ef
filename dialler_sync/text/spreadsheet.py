"""Effects of spreadsheet programs on text: formulas, error texts, and shortened numbers.

``restore(harmless(text)) == text`` for every text. Source: OWASP, "CSV Injection".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_SEPARATORS = r";,|\t\r\n"
"""Signs at which a program with another list separator begins a new cell; at a line break, a new row."""

_IGNORED = r"[\"'\x00-\x08\x0b\x0c\x0e-\x20\x7f-\xa0\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]*"
"""Quotes, blanks and invisible characters, which programs drop before a formula."""

_NUMBER = r"\s?[€$£]?[\d\s.,]*(?:\d[eE][+-]?\d{1,3})?\s?[%€$£]?"
"""A number or an amount, or nothing: a sign before it is only a sign."""

_LAST_NUMBER = r"\s?[€$£]?[\s.,]*\d[\d\s.,]*(?:(?<=\d)[eE][+-]?\d{1,3})?\s?[%€$£]?\Z"
"""At the end of a text, a sign alone is none: the quote that ends our cell begins a text after it, ``;+","&A1&"``."""

_GOES_ON = r"(?:(?:[\d\s.,%€$£]|[eE][+-]?\d)*+[-+*/^&=<>(＋－]++)++\s*+(?![\d.,;|]|\Z)"
"""Arithmetic with more than numbers: ``0+SUM(1)``, ``*A1``. After a cell ``-1`` it ends a formula, for a program to
which our comma is a decimal sign."""

_SEP = "[sS][eE][pP]="

_BEGINS = re.compile(rf"{_IGNORED}(?:[=@＝＠]|[+＋\-－](?!{_NUMBER}\Z))|'*[\t\r\n]|'*{_SEP}.\Z|'++{_GOES_ON}")
"""A text that begins as a formula, or with a character that programs drop; that Excel would hide as the first line
(``sep=;``); or that would lose its own apostrophe."""

_CONTINUES = re.compile(_GOES_ON)
_ENDS_SIGNED = re.compile(rf"(?:\A|[{_SEPARATORS}]){_IGNORED}[+＋\-－]{_NUMBER}\Z")
_ONLY_NUMBERS = re.compile(r"[\deE\s.,%€$£()<>=*/^&+＋\-－]*")

_WITHIN = re.compile(rf"([{_SEPARATORS}]){_IGNORED}(?=[=@＝＠]|[+＋\-－](?!{_NUMBER}\1|{_LAST_NUMBER}))")
"""A separator, and the text between it and a formula."""

_MAY_BEGIN = re.compile(rf"[^\w.(#]|{_SEP}|[^{_SEPARATORS}]*[{_SEPARATORS}]")
"""Quick test: most texts begin with a letter or digit, and hold no separator."""

_KEPT_AS_TEXT = re.compile(r'\s*="((?:[^"]|"")*)"\s*')
"""A formula that is only a text: exports write it to keep programs from reading a number."""

CUT = "… [cut; "
"""Mark in a cell of our workbooks, before the name of the file with the whole text, which is too long for a cell of a
spreadsheet program. The cell is never read as if the text ended there."""

_ERROR_NAMES = {
    "English": "NULL! DIV/0! VALUE! REF! NAME? NUM! N/A GETTING_DATA SPILL! CALC! FIELD! BLOCKED! CONNECT! UNKNOWN! "
    "BUSY! EXTERNAL! PYTHON! TIMEOUT! ERROR!",
    "German": "WERT! BEZUG! ZAHL! NV ÜBERLAUF! KALK! FELD! BLOCKIERT! VERBINDEN! UNBEKANNT! FEHLER! DATEN_ABRUFEN",
    "French": "NUL! VALEUR! NOM? NOMBRE! NOMBRE? PROPAGATION! CALCUL! CHAMP! BLOQUÉ! CONNEXION! INCONNU! "
    "OBTENTION_DONNEES CHARGEMENT_DONNEES",
    "Spanish": "NULO! VALOR! NOMBRE? N/D DESBORDAMIENTO! DESBORDE! CÁLCULO! CAMPO! BLOQUEADO! CONECTAR! DESCONOCIDO! "
    "OBTENIENDO_DATOS",
    "Italian": "NULLO! VALORE! RIF! NOME? ESPANSIONE! BLOCCATO! CONNETTI! SCONOSCIUTO! ESTRAZIONE_DATI",
    "Dutch": "LEEG! DEEL/0! WAARDE! VERW! NAAM? GETAL! N/B OVERLOOP! OVERLOPEN! BEREKENEN! VELD! GEBLOKKEERD! "
    "ONBEKEND! GEEN! GEGEVENS_OPHALEN",
    "Polish": "ZERO! DZIEL/0! ARG! ADR! NAZWA? LICZBA! ROZLANIE! OBL! OBLICZ! POLE! ZABLOKOWANE! ZABLOKOWANO! "
    "NIEZNANY! POBIERANIE_DANYCH",
    "Portuguese": "NÚM! DESPEJAR! EXCEDEU! TRANSBORDO! DESCONHECIDO! LIGAR! OBTENDO_DADOS A_OBTER_DADOS",
    "Czech, Slovak": "HODNOTA! ODKAZ! NÁZEV? NÁZOV? ČÍSLO! NENÍ_K_DISPOZICI NEDOSTUPNÝ PŘESAH! PRESAH! VÝPOČET!",
    "Danish, Norwegian": "DIVISION/0! VÆRDI! VERDI! REFERENCE! NAVN? I/T OVERLØB! OVERFLYT! BEREGN!",
    "Swedish, Finnish": "VÄRDEFEL! REFERENS! NAMN? OGILTIGT! SAKNAS! SKÄRNING! BERÄKNA! JAKO/0! ARVO! VIITTAUS! NIMI? "
    "LUKU! PUUTTUU! TYHJÄ! VUOTO! LASKE!",
    "Hungarian": "ZÉRÓOSZTÓ! ÉRTÉK! HIV! NÉV? SZÁM! HIÁNYZIK NULLA! KIBONTÁS!",
    "Turkish": "SAYI/0! DEĞER! BAŞV! AD? SAYI! YOK BOŞ! TAŞMA! HESAPLA!",
    "Russian": "ДЕЛ/0! ЗНАЧ! ССЫЛКА! ИМЯ? ЧИСЛО! Н/Д ПУСТО! ПЕРЕНОС! ВЫЧИСЛ!",
}
"""Errors as Excel, LibreOffice and Google show them in a cell, without ``#``."""

_ERROR = re.compile(
    rf"#[¡¿]?(?:{'|'.join(re.escape(name) for names in _ERROR_NAMES.values() for name in names.split())})"
    r"|(?:Err|Fehler|Erreur|Erro|Errore|Fout|Błąd|Ошибка|Chyba|Hiba|Fel|Hata)\s?:\s?5[0-4][0-9]"
)

_TOO_NARROW = re.compile("#{2,}")
"""Filler for a number in a column that is too narrow for it."""

_SHORTENED = re.compile(
    r"[+-]?(?:[0-9]+(?:[.,][0-9]+)?E\+[0-9]{1,3}|[0-9]+[.,][0-9]+E-?[0-9]{1,3}|[0-9]E-[0-9]{2,3})", re.IGNORECASE
)
"""Number in scientific notation as programs write it: ``4,91701E+11``, ``4.91701E11``, ``5E-05``.

``12E5`` and ``12E-5`` are article codes: programs write a decimal sign, ``E+``, or one digit and an exponent of at
least two.
"""

_EXPONENT = re.compile(r"[0-9][eE][-+0-9]")
_BEFORE_NUMBERS = frozenset("+-0123456789 \t\r\n\v\f\u00a0\u2007\u2009\u202f")


_LINE_BREAK = re.compile(r"(?:(?<![^\S\r\n])[^\S\r\n]++)?[\r\n]\s*+")


def one_line(text: str) -> str:
    """Put a text, such as a header with a line break in its cell, on one line."""
    return _LINE_BREAK.sub(" ", text)


def harmless(text: str) -> str:
    """Put an apostrophe, the spreadsheet programs' own mark for text, before anything that would run as a formula.

    A formula may stand within a text, as a program with another list separator begins a new cell there: ``a;=1`` is
    marked before the text and before the formula, ``'a;'=1``.
    """
    if not _MAY_BEGIN.match(text):
        return text
    if _WITHIN.search(text):
        return "'" + _WITHIN.sub(r"\g<0>'", text)
    return f"'{text}" if _BEGINS.match(text) else text


def harmless_row(cells: Iterable[str]) -> list[str]:
    """Make the cells of a CSV row harmless, also where several are one to a program with another list separator.

    ``-1`` is a number; before ``0+SUM(1)`` it becomes ``-1,0+SUM(1)``, a formula where the comma is a decimal sign.
    """
    row = list(map(harmless, cells))
    if not any(map(_CONTINUES.match, row)):
        return row
    is_open = False
    for place, cell in enumerate(row):
        if is_open and _CONTINUES.match(cell):
            row[place] = f"'{cell}"
        is_open = bool(_ENDS_SIGNED.search(cell) or (is_open and _ONLY_NUMBERS.fullmatch(cell)))
    return row


def restore(text: str) -> str:
    """Remove the apostrophes that :func:`harmless` and :func:`harmless_row` put before formulas.

    If a formula within the text lacks one, nothing within it was marked: it is another program's text.
    """
    if text[:1] != "'":
        return text
    rest = text[1:]
    within = [match[0] for match in _WITHIN.finditer(rest)]
    if within and all(gap.endswith("'") for gap in within):
        return _WITHIN.sub(lambda match: match[0][:-1], rest)
    return rest if _BEGINS.match(rest) or _CONTINUES.match(rest) else text


def shown(text: str) -> str:
    """Return a cell of a CSV file as a spreadsheet program shows it: ``0171`` for ``="0171"``."""
    match = _KEPT_AS_TEXT.fullmatch(text)
    return match[1].replace('""', '"') if match else text


def in_text_cell(text: str) -> str:
    """Mark a text for a text cell of a workbook only if :func:`restore` would change it: no program runs it there."""
    return harmless(text) if restore(text) != text else text


def damage(text: str) -> str | None:
    """Return the error code of a text that a spreadsheet program put in place of another; ignore blanks around it.

    ``error_cell``: it shows an error. ``precision_lost``: it is a shortened number.
    """
    text = text.strip()
    if _ERROR.fullmatch(text) or _TOO_NARROW.fullmatch(text):
        return "error_cell"
    return "precision_lost" if _SHORTENED.fullmatch(text) else None


def is_shortened(text: str) -> bool:
    """Whether a text is a number that a spreadsheet program has shortened: ``4,91701E+11``, ``####``."""
    text = text.strip()
    return bool(_SHORTENED.fullmatch(text) or _TOO_NARROW.fullmatch(text))


def may_be_damaged(texts: Sequence[str]) -> bool:
    """Whether :func:`damage` may find something in any of the texts: a quick test of many."""
    joined = "\n".join(texts)
    if "#" in joined or ":5" in joined or ": 5" in joined:
        return True
    if "e" not in joined and "E" not in joined:
        return False
    return any(text[:1] in _BEFORE_NUMBERS and _EXPONENT.search(text) for text in texts)
