"""What an ``.xlsx`` says about itself: where its sheets are, and what its cell styles make of numbers.

Source: ECMA-376 part 1, 18.2 (workbook) and 18.8 (styles).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .excel_formats import DigitFormat, digit_format
from .excel_package import Package, local, parse_xml

_BUILT_IN_DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}


@dataclass(frozen=True, slots=True)
class Styles:
    """Cell styles, by their index as text, whose numbers show otherwise than in plain digits."""

    digits: dict[str, DigitFormat] = field(default_factory=dict)
    dates: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class XlsxParts:
    """``sheets``: the part of each sheet, in the order of the workbook. ``strings``: the part of the shared strings.

    ``recalculates``: Excel is told to calculate all formulas when it opens the file, so a stored 0 may be no value.
    """

    sheets: tuple[str, ...]
    strings: str
    styles: Styles
    recalculates: bool


def xlsx_parts(package: Package, workbook: str) -> XlsxParts:
    """Read the workbook's own parts, beginning with the one named ``workbook``; all are small beside the sheets."""
    related = package.related(workbook)
    by_kind = dict(related.values())
    sheets: list[str] = []
    recalculates = False

    def start(tag: str, given: dict[str, str]) -> None:
        nonlocal recalculates
        if local(tag) == "sheet":
            relation = next((value for name, value in given.items() if name.endswith(":id")), "")
            sheets.append(related.get(relation, ("", ""))[1])
        elif local(tag) == "calcPr":
            recalculates = given.get("fullCalcOnLoad") in {"1", "true"}

    parse_xml(package.stream(workbook), start)
    return XlsxParts(
        tuple(sheets), by_kind.get("sharedStrings", ""), _styles(package, by_kind.get("styles", "")), recalculates
    )


def _styles(package: Package, part: str) -> Styles:
    from openpyxl.styles.numbers import is_date_format

    codes: dict[str, str] = {}
    used: list[str] = []
    within: list[str] = []

    def start(tag: str, given: dict[str, str]) -> None:
        within.append(local(tag))
        if within[-2:] == ["numFmts", "numFmt"]:
            codes[given.get("numFmtId", "")] = given.get("formatCode", "")
        elif within[-2:] == ["cellXfs", "xf"]:
            used.append(given.get("numFmtId", "0"))

    def end(_: str) -> None:
        within.pop()

    parse_xml(package.stream(part), start, end)
    digits = {number: known for number, code in codes.items() if (known := digit_format(code))}
    dates = {number for number, code in codes.items() if is_date_format(code)} | {str(n) for n in _BUILT_IN_DATES}
    return Styles(
        {str(style): digits[number] for style, number in enumerate(used) if number in digits},
        frozenset(str(style) for style, number in enumerate(used) if number in dates),
    )
