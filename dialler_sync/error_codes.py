"""The registry of error codes and warnings of rows, with meanings and fixes; the documentation is generated from it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest

from .model import Fault, Reason

# Codes that the code itself uses
AMBIGUOUS = "ambiguous_user_data"
CONTACT_CHANGED = "contact_changed"
DAMAGED = "damaged_by_spreadsheet"
DUPLICATE_KEY = "duplicate_key"
ENDPOINT_MISSING = "endpoint_missing"
INTERRUPTED = "interrupted"
KEY_CHANGED = "key_changed"
LOOKUP_FAILED = "lookup_failed"
MAYBE_DONE = "maybe_done"
NOT_FOUND = "not_found"
NO_BEFORE_IMAGE = "no_before_image"
POSSIBLE_DUPLICATE = "possible_duplicate"
PROXY_REFUSED = "proxy_refused"
RAGGED_ROW = "ragged_row"
NOT_ROUTED = "campaign_not_routed"
REDIRECTED = "redirected"
SHARED_NUMBER = "shared_number"
UNAUTHORISED = "unauthorised"
UNREACHABLE = "unreachable"
UNREADABLE = "unreadable_answer"
UNREADABLE_FILTER = "filter_unreadable"


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """A stable code, its meaning in one sentence, and the fix for the user."""

    code: str
    meaning: str
    mend: str


_ALL = (
    # reading
    ErrorCode(
        RAGGED_ROW,
        "The row has more or fewer cells than the header, so its columns may have shifted.",
        "Look for a delimiter or a quote inside a cell of this row, and quote that cell.",
    ),
    ErrorCode(
        "error_cell",
        "The spreadsheet shows an error such as #REF! in a cell that is needed.",
        "Correct the formula in the spreadsheet; where the error means an empty cell, list it so under values:.",
    ),
    ErrorCode(
        "formula_without_value",
        "The cell holds a formula whose value was never calculated.",
        "Open the file in the spreadsheet program, let it calculate, and save it again.",
    ),
    ErrorCode(
        "precision_lost",
        "A spreadsheet program has turned the text into a number and shortened it, such as 4,91701E+11.",
        "Take the digits from the original, and format the column as text before they are entered.",
    ),
    # filters
    ErrorCode(
        UNREADABLE_FILTER,
        "A cell that decides whether the row goes cannot be read: it is damaged, or not the number or date that rows: "
        "only or skip compares.",
        "Correct the cell, or say how it is written: decimal:, thousands: or formats: of that filter.",
    ),
    # mapping
    ErrorCode(
        "value_unlisted",
        "The cell is not in the list of values, or the lookup file, that the configuration names for this field.",
        "Add the value under values: or to the file, or correct the cell.",
    ),
    # validation
    ErrorCode("name_missing", "The row has no Name, and the dialler takes no contact without.", "Fill in the name."),
    ErrorCode(
        "campaign_missing",
        "The row names no campaign.",
        "Fill in the campaign's name or ID, or set one campaign for all rows under campaign:.",
    ),
    ErrorCode(
        NOT_ROUTED,
        "No route of the configuration fits the row, or it lacks the key by which rows are split among campaigns.",
        "Correct the cell, add a route for it, or set campaign.otherwise to the campaign of all other rows.",
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
    ErrorCode(
        "phone_wrong_type",
        "The number is not of the type that the configuration wants: mobile or landline.",
        "Put a number of that type here, or set type: any for this field.",
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
    ErrorCode("required", "The configuration demands this field, and it is empty.", "Fill in the cell."),
    ErrorCode(
        "pattern_mismatch",
        "The value is not written as pattern: of this field demands.",
        "Correct the cell, or the pattern in the configuration.",
    ),
    ErrorCode(
        "not_listed",
        "The value is none of those that one_of: of this field allows.",
        "Write one of the values that are allowed, or add this one to one_of:.",
    ),
    ErrorCode(
        "out_of_range",
        "The number is less than min:, or greater than max:, of this field.",
        "Correct the number, or the limit in the configuration.",
    ),
    ErrorCode(
        "too_early",
        "The date is not later than the day that after: of this field names.",
        "Correct the date, or the limit in the configuration.",
    ),
    ErrorCode(
        "too_late",
        "The date is not earlier than the day that before: of this field names.",
        "Correct the date, or the limit in the configuration.",
    ),
    ErrorCode(
        DUPLICATE_KEY,
        "Another row carries the same UserData.",
        "Keep one of the rows, or let rows.duplicate_keys say which one counts.",
    ),
    ErrorCode(
        SHARED_NUMBER,
        "Another row of the run has the same phone number under another UserData.",
        "Keep the number in one of the rows, or let rows.duplicate_phones say which one counts.",
    ),
    ErrorCode(
        KEY_CHANGED,
        "The UserData of a mended row is not the one that the run had read, so that it would be another contact.",
        "Put the old UserData back. If the new one is meant, empty the cell _key of this row.",
    ),
    ErrorCode(
        DAMAGED,
        "A spreadsheet program has changed the cell (a lost zero or sign, 4,9E+10, a date), or may have changed the "
        "key, and what it was is not known.",
        "Take the cell from the original list, in a column that is formatted as text, as in failed.xlsx.",
    ),
    # the dialler's answers
    ErrorCode("bad_request", "The dialler says that the contact is not as it must be.", "Correct what it names."),
    ErrorCode(
        UNAUTHORISED,
        "The dialler refuses the token or the ClientsID.",
        "Get the current token from the dialler's portal (a new one kills the old one), then resume.",
    ),
    ErrorCode(
        NOT_FOUND,
        "The dialler does not know the campaign or the contact that is named.",
        "Check campaign: in the configuration, or the row's campaign.",
    ),
    ErrorCode(
        ENDPOINT_MISSING,
        "The dialler has no such function: it answers 404 without the JSON of its API.",
        "Check dialler.base_url, and name the function's real path under dialler.endpoints.",
    ),
    ErrorCode(REDIRECTED, "The dialler's address sends requests elsewhere.", "Correct dialler.base_url."),
    ErrorCode(
        PROXY_REFUSED,
        "A proxy on the way refuses to pass the request on.",
        "Check the proxy that HTTPS_PROXY or HTTP_PROXY names, and its user and password; or list the dialler's host "
        "in NO_PROXY.",
    ),
    ErrorCode("conflict", "The dialler says that a precondition is not met.", "Look at the contact in the dialler."),
    ErrorCode("refused", "The dialler refuses the request.", "Look at what it says of it."),
    ErrorCode("rate_limited", "The dialler takes no more requests for now.", "Set dialler.rate, and retry the run."),
    ErrorCode("unavailable", "The dialler is not available for now.", "Retry the run later."),
    ErrorCode(UNREACHABLE, "No connection to the dialler can be made.", "Check dialler.base_url and the network."),
    ErrorCode("server_error", "The dialler failed inside.", "Retry the run; tell the operator if it stays so."),
    ErrorCode("bad_gateway", "A proxy got no usable answer from the dialler.", "Retry the run later."),
    ErrorCode("gateway_timeout", "A proxy got no answer from the dialler in time.", "Retry the run later."),
    ErrorCode("timeout", "The dialler did not answer in time.", "Raise dialler.timeout, or retry the run later."),
    ErrorCode("connection_lost", "The connection broke after the request was sent.", "Retry the run."),
    ErrorCode(UNREADABLE, "The answer is not a complete answer of the dialler's API.", "Retry the run."),
    # runs
    ErrorCode(
        "key_missing",
        "The row names no contact: its cell is empty.",
        "Fill in the UserData or the ID, or remove the row.",
    ),
    ErrorCode(
        MAYBE_DONE,
        "A change by UserData may have been made, and a repeat might hit another contact.",
        "Look at the contacts that carry this UserData, and name the one that is meant by its ID.",
    ),
    ErrorCode(
        INTERRUPTED,
        "The run ended while the row was being sent.",
        "Resume the run: that looks whether the contact is there.",
    ),
    ErrorCode(
        POSSIBLE_DUPLICATE,
        "The dialler holds several contacts with this UserData, after a repeated request, beside another run, or as it "
        "made another contact instead of moving the one of another campaign.",
        "Look at the contacts that are named, and delete the ones too many by their IDs.",
    ),
    ErrorCode(
        AMBIGUOUS,
        "Several contacts of the dialler carry this UserData, so it is not certain which one is meant.",
        "Delete or change all of these contacts but one, or name the contact by its ID.",
    ),
    ErrorCode(
        LOOKUP_FAILED,
        "Whether the dialler has this contact cannot be looked up, and what happens with the row depends on it "
        "(rows.mode, or overwrite: of a field).",
        "Give the row a UserData that no other contact carries; if the dialler could not be read, retry the run later.",
    ),
    ErrorCode(
        CONTACT_CHANGED,
        "The contact in the dialler is not what it was any more.",
        "Look at the contact in the dialler, and put it right by hand, or use --force.",
    ),
    ErrorCode(
        NO_BEFORE_IMAGE,
        "What the contact was before is not known, so it cannot be put back.",
        "Put it right by hand; see journal.before_images.",
    ),
)

ERROR_CODES: dict[str, ErrorCode] = {entry.code: entry for entry in _ALL}

_WARNINGS = (
    ErrorCode(
        SHARED_NUMBER,
        "Another row of the run has the same phone number under another UserData.",
        "Nothing, if that is meant. rows.duplicate_phones may reject such rows, or let one of them go.",
    ),
    ErrorCode(
        str(Reason.KNOWN_NUMBER),
        "A contact of the dialler has the phone number under another UserData, or without one.",
        "Nothing, if that is meant. rows.duplicate_phones_in_dialler: skip leaves such rows out.",
    ),
    ErrorCode(
        "double_encoded",
        "The text was encoded twice before it came here (`MÃ¼ller` for `Müller`).",
        "Have the program that exports the list write it once, as UTF-8.",
    ),
    ErrorCode(
        "field_left_out",
        "The field was left out: its cell is faulty, and the configuration says invalid: empty; or its number is on a "
        "do-not-call list with action: number.",
        "Correct the cell in the list. The contact keeps what it had in this field, but for a number that must not be "
        "called.",
    ),
    ErrorCode(
        "zero_restored",
        "The number had lost its leading zero, which was put back, as the configuration says lost_zero: restore.",
        "Have the list exported with its phone columns as text.",
    ),
    ErrorCode(
        "type_unknown",
        "Whether the number is a mobile or a landline number cannot be told (in some countries nobody can).",
        "Nothing, or check the number by hand.",
    ),
    ErrorCode(
        "moved",
        "The contact was in another campaign, and the import moved it to the campaign of the row.",
        "Nothing, if that is meant. Undo puts it back into its old campaign.",
    ),
    ErrorCode(
        "restored",
        "A spreadsheet program had changed the cell (a lost zero or sign, 4,9E+10, a date written differently); the "
        "cell as the earlier run read it was used.",
        "Nothing. To give the cell that value on purpose, change the original list.",
    ),
)

WARNINGS: dict[str, ErrorCode] = {entry.code: entry for entry in _WARNINGS}
"""By code; a row with a warning is still sent."""


REFUSED_KEYS = frozenset({KEY_CHANGED, DAMAGED})
"""Codes of a mended row's key that is refused although it is valid by itself."""


def faults_of(codes: str, fields: str) -> tuple[tuple[str, str], ...]:
    """Return (code, field) of each fault of a row, from its ``_error_code`` and ``_error_field``."""
    return tuple(zip_longest(codes.split("; "), fields.split("; "), fillvalue=""))


def mend(code: str) -> str:
    """Return the fix for a code, ``""`` for a foreign code."""
    return ERROR_CODES[code].mend if code in ERROR_CODES else ""


def fault(code: str, message: str | None = None, hint: str | None = None) -> Fault:
    """Return a fault of one cell; message and hint default to those of the code."""
    entry = ERROR_CODES[code]
    return Fault(code, message or entry.meaning, hint or entry.mend)
