"""Every ``_error_code`` that a row can be given, with its meaning and its mend; the documentation is made from it."""

from __future__ import annotations

from dataclasses import dataclass

from .model import Fault


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """A stable code, what it means in one sentence, and what the user does about it."""

    code: str
    meaning: str
    mend: str


_ALL = (
    # reading
    ErrorCode(
        "ragged_row",
        "The row has more or fewer cells than the header, so its columns may have shifted.",
        "Look for a delimiter or a quote inside a cell of this row, and quote that cell.",
    ),
    ErrorCode(
        "error_cell",
        "The spreadsheet shows an error such as #REF! in a cell that is needed.",
        "Correct the formula in the spreadsheet, or replace it by its value.",
    ),
    ErrorCode(
        "formula_without_value",
        "The cell holds a formula whose value was never calculated.",
        "Open the file in the spreadsheet program, let it calculate, and save it again.",
    ),
    ErrorCode(
        "precision_lost",
        "The spreadsheet program has turned the text into a number and lost digits of it.",
        "Take the digits from the original, and format the column as text before they are entered.",
    ),
    # mapping
    ErrorCode(
        "value_unlisted",
        "The cell is not in the list of values that the configuration knows for this field.",
        "Add the value under values:, or correct the cell.",
    ),
    # validation
    ErrorCode("name_missing", "The row has no Name, and the dialler takes no contact without.", "Fill in the name."),
    ErrorCode(
        "campaign_missing",
        "The row names no campaign.",
        "Fill in the campaign's name or ID, or set one campaign for all rows under campaign:.",
    ),
    ErrorCode(
        "phone_missing",
        "The row has no phone number, and the dialler takes no contact without.",
        "Fill in at least one phone number.",
    ),
    ErrorCode("phone_invalid", "The cell is not a phone number that can exist.", "Correct the number."),
    ErrorCode("phone_too_short", "The phone number has too few digits.", "Complete the number, with its area code."),
    ErrorCode(
        "phone_too_long",
        "The phone number has too many digits.",
        "Correct the number; write several numbers with ; between them.",
    ),
    ErrorCode(
        "phone_premium_rate",
        "The number is a premium-rate number, which is never dialled.",
        "Replace it by the contact's own number.",
    ),
    ErrorCode(
        "phone_no_region",
        "The number has no country code, and its country is not known.",
        "Write the number with + and country code, or set region: or region_column: for this field.",
    ),
    ErrorCode(
        "phone_leading_zero_lost",
        "The number has neither a leading 0 nor a country code: the zero was lost, or the area code is missing.",
        "Write the number in full, as 0… or +…, and format the column as text.",
    ),
    ErrorCode(
        "phone_several",
        "The cell holds more phone numbers than there is room for.",
        "Leave as many numbers as there are free fields, or put them into columns of their own.",
    ),
    ErrorCode(
        "phone_extension",
        "The number has an extension, which a dialler cannot dial, and the configuration says reject.",
        "Remove the extension, or set extension: drop.",
    ),
    ErrorCode("too_long", "The text is longer than the dialler's field.", "Shorten the text."),
    ErrorCode(
        "damaged_text",
        "The text holds characters that were destroyed earlier, or that cannot be shown.",
        "Type the text again, or export it again as UTF-8.",
    ),
    ErrorCode("email_invalid", "The cell is not one e-mail address.", "Correct the address, or empty the cell."),
    ErrorCode("iban_invalid", "The IBAN is wrong: country, length or check digits.", "Correct the IBAN."),
    ErrorCode("bic_invalid", "The BIC is not 8 or 11 letters and digits as banks write it.", "Correct the BIC."),
    ErrorCode("integer_invalid", "The cell is not a whole number.", "Write digits only."),
    ErrorCode(
        "amount_invalid",
        "The cell is not a number as the configuration says that numbers are written, or can be read in two ways.",
        "Correct the number, or say how numbers are written: decimal: and thousands: of this field.",
    ),
    ErrorCode(
        "datetime_invalid",
        "The cell is not a date in ISO form (2025-01-31 14:30:00) or in one of the configured formats.",
        "Correct the date, or add how it is written to formats: of this field.",
    ),
    ErrorCode(
        "boolean_invalid",
        "The cell is neither a yes nor a no.",
        "Write yes or no; true, false, ja, nein, 1, 0 and x are understood too.",
    ),
)

ERROR_CODES: dict[str, ErrorCode] = {entry.code: entry for entry in _ALL}


def fault(code: str, message: str | None = None, hint: str | None = None) -> Fault:
    """Say what is wrong with one cell; the table's words stand in for those not given."""
    entry = ERROR_CODES[code]
    return Fault(code, message or entry.meaning, hint or entry.mend)
