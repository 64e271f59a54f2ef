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
        "The row has more or fewer cells than the header: its columns may have shifted.",
        "Look for a delimiter or a quote inside a cell of this row, and put that cell in quotes.",
    ),
    ErrorCode(
        "error_cell",
        "A cell that is needed shows a spreadsheet error such as #REF!.",
        "Correct the formula. If the error means an empty cell, list it under values:.",
    ),
    ErrorCode(
        "formula_without_value",
        "The cell holds a formula that was never calculated.",
        "Open the file in Excel or LibreOffice, let it calculate, and save it.",
    ),
    ErrorCode(
        "precision_lost",
        "A spreadsheet program has turned the number into something like 4,91701E+11; digits are lost.",
        "Take the number from the original list. Format the column as text before you paste it.",
    ),
    # filters
    ErrorCode(
        UNREADABLE_FILTER,
        "A cell that rows: only or skip compares cannot be read: it is damaged, or not a number or date.",
        "Correct the cell, or describe its format in the filter: decimal:, thousands: or formats:.",
    ),
    # mapping
    ErrorCode(
        "value_unlisted",
        "The value is not in this field's list of values or lookup file.",
        "Correct the cell, or add the value under values: or to the lookup file.",
    ),
    # validation
    ErrorCode("name_missing", "The row has no Name; the dialler requires one.", "Fill in the name."),
    ErrorCode(
        "campaign_missing",
        "The row has no campaign.",
        "Fill in the campaign's name or ID, or set one for all rows under campaign:.",
    ),
    ErrorCode(
        NOT_ROUTED,
        "No campaign route matches the row, or the cell that decides its campaign is empty.",
        "Correct the cell, add a route, or set campaign.otherwise to a campaign for all other rows.",
    ),
    ErrorCode(
        "phone_missing",
        "The row has no phone number; the dialler requires at least one.",
        "Fill in at least one phone number.",
    ),
    ErrorCode("phone_invalid", "This is not a valid phone number.", "Correct the number."),
    ErrorCode("phone_too_short", "The phone number is too short.", "Complete the number, including the area code."),
    ErrorCode(
        "phone_too_long",
        "The phone number is too long.",
        "Correct the number. Separate several numbers with a semicolon.",
    ),
    ErrorCode(
        "phone_premium_rate",
        "This is a premium-rate number; such numbers are never dialled.",
        "Replace it with the contact's own number.",
    ),
    ErrorCode(
        "phone_no_region",
        "The number has no country code, and no region is set for it.",
        "Add + and the country code, or set region: or region_column: for this field.",
    ),
    ErrorCode(
        "phone_leading_zero_lost",
        "The number has no leading 0 and no country code: the zero is lost, or the area code is missing.",
        "Write the full number (0… or +…), and format the column as text.",
    ),
    ErrorCode(
        "phone_several",
        "The cell holds more phone numbers than the contact has free phone fields.",
        "Remove the surplus numbers, or give them columns of their own.",
    ),
    ErrorCode(
        "phone_extension",
        "The number has an extension, which cannot be dialled; extension: reject is set.",
        "Remove the extension, or set extension: drop.",
    ),
    ErrorCode(
        "phone_wrong_type",
        "The number is not of the required type (mobile or landline).",
        "Enter a number of that type, or set type: any for this field.",
    ),
    ErrorCode("too_long", "The text is longer than the dialler's field.", "Shorten the text."),
    ErrorCode(
        "damaged_text",
        "The text contains broken or unprintable characters.",
        "Retype the text, or export the list again as UTF-8.",
    ),
    ErrorCode("email_invalid", "This is not a valid e-mail address.", "Correct the address, or clear the cell."),
    ErrorCode("iban_invalid", "The IBAN is not valid (country, length or check digits).", "Correct the IBAN."),
    ErrorCode("bic_invalid", "The BIC is not valid; it has 8 or 11 letters and digits.", "Correct the BIC."),
    ErrorCode("integer_invalid", "This is not a whole number.", "Write digits only."),
    ErrorCode(
        "amount_invalid",
        "This is not a number in the configured format, or it can be read in two ways.",
        "Correct the number, or set decimal: and thousands: for this field.",
    ),
    ErrorCode(
        "datetime_invalid",
        "This is not a date in ISO format (2025-01-31 14:30:00) or in a configured format.",
        "Correct the date, or add its format under formats: for this field.",
    ),
    ErrorCode(
        "boolean_invalid",
        "This is neither yes nor no.",
        "Write yes or no (also understood: true, false, ja, nein, 1, 0, x).",
    ),
    ErrorCode("required", "The field is required, but empty.", "Fill in the cell."),
    ErrorCode(
        "pattern_mismatch",
        "The value does not match the pattern that is set for this field.",
        "Correct the cell, or change the pattern in the configuration.",
    ),
    ErrorCode(
        "not_listed",
        "The value is not one of those listed under one_of: for this field.",
        "Use a listed value, or add this one to one_of:.",
    ),
    ErrorCode(
        "out_of_range",
        "The number is outside this field's min: and max:.",
        "Correct the number, or change the limit in the configuration.",
    ),
    ErrorCode(
        "too_early",
        "The date is not after the day set as after: for this field.",
        "Correct the date, or change the limit in the configuration.",
    ),
    ErrorCode(
        "too_late",
        "The date is not before the day set as before: for this field.",
        "Correct the date, or change the limit in the configuration.",
    ),
    ErrorCode(
        DUPLICATE_KEY,
        "Another row has the same UserData.",
        "Keep one of the rows, or choose with rows.duplicate_keys which one counts.",
    ),
    ErrorCode(
        SHARED_NUMBER,
        "Another row has the same phone number with a different UserData.",
        "Keep the number in one row, or choose with rows.duplicate_phones which one counts.",
    ),
    ErrorCode(
        KEY_CHANGED,
        "The UserData of this row has changed since the run read it; it would become a different contact.",
        "Restore the old UserData. If you mean the new one, clear the _key cell of this row.",
    ),
    ErrorCode(
        DAMAGED,
        "A spreadsheet program has changed this cell, or may have changed the key (a lost zero or sign, 4,9E+10, a "
        "date); the original is not known.",
        "Copy the cell from the original list into a column formatted as text, as in failed.xlsx.",
    ),
    # the dialler's answers
    ErrorCode("bad_request", "The dialler rejects the contact as invalid.", "Correct what its message names."),
    ErrorCode(
        UNAUTHORISED,
        "The dialler refuses the token or the ClientsID.",
        "Get the current token from the dialler's portal (a new one replaces the old), then resume.",
    ),
    ErrorCode(
        NOT_FOUND,
        "The dialler does not have this campaign or contact.",
        "Check campaign: in the configuration, or the campaign in the row.",
    ),
    ErrorCode(
        ENDPOINT_MISSING,
        "The dialler does not have this function: it answered 404 without the JSON of its API.",
        "Check dialler.base_url, and set the function's actual path under dialler.endpoints.",
    ),
    ErrorCode(REDIRECTED, "The dialler's address redirects to another one.", "Correct dialler.base_url."),
    ErrorCode(
        PROXY_REFUSED,
        "A proxy refused to forward the request.",
        "Check the proxy in HTTPS_PROXY or HTTP_PROXY, with its user and password; or list the dialler's host in "
        "NO_PROXY.",
    ),
    ErrorCode(
        "conflict", "The dialler reports a conflict with the contact's state.", "Look at the contact in the dialler."
    ),
    ErrorCode("refused", "The dialler refused the request.", "See the dialler's message."),
    ErrorCode("rate_limited", "The dialler is limiting requests.", "Set dialler.rate, then retry the run."),
    ErrorCode("unavailable", "The dialler is temporarily unavailable.", "Retry the run later."),
    ErrorCode(UNREACHABLE, "The dialler cannot be reached.", "Check dialler.base_url and the network."),
    ErrorCode(
        "server_error",
        "The dialler failed with an internal error.",
        "Retry the run; if it fails again, tell the operator.",
    ),
    ErrorCode("bad_gateway", "A proxy got no usable answer from the dialler.", "Retry the run later."),
    ErrorCode("gateway_timeout", "A proxy got no answer from the dialler in time.", "Retry the run later."),
    ErrorCode("timeout", "The dialler did not answer in time.", "Raise dialler.timeout, or retry the run later."),
    ErrorCode("connection_lost", "The connection broke after the request was sent.", "Retry the run."),
    ErrorCode(UNREADABLE, "The answer is not a complete answer of the dialler's API.", "Retry the run."),
    # runs
    ErrorCode(
        "key_missing",
        "The row does not name a contact: its key cell is empty.",
        "Fill in the UserData or the ID, or remove the row.",
    ),
    ErrorCode(
        MAYBE_DONE,
        "The change may have been made; repeating it by UserData could affect another contact.",
        "Check the contacts with this UserData, and name the right one by its ID.",
    ),
    ErrorCode(
        INTERRUPTED,
        "The run ended while this row was being sent.",
        "Resume the run; it checks first whether the contact is there.",
    ),
    ErrorCode(
        POSSIBLE_DUPLICATE,
        "Several contacts now have this UserData: after a repeated request, beside another run, or because the dialler "
        "created a contact in place of moving one from another campaign.",
        "Check the contacts that are named, and delete the surplus ones by ID.",
    ),
    ErrorCode(
        AMBIGUOUS,
        "Several contacts in the dialler have this UserData; which one is meant is not certain.",
        "Keep one of these contacts and delete or change the others, or name the contact by its ID.",
    ),
    ErrorCode(
        LOOKUP_FAILED,
        "The contact could not be looked up, and the row depends on it (rows.mode, or overwrite: of a field).",
        "Give the row a UserData that no other contact has. If the dialler could not be read, retry the run later.",
    ),
    ErrorCode(
        CONTACT_CHANGED,
        "The contact has been changed in the dialler since this run.",
        "Check the contact in the dialler and correct it by hand, or use --force.",
    ),
    ErrorCode(
        NO_BEFORE_IMAGE,
        "The contact's previous state was not saved, so it cannot be restored.",
        "Correct it by hand; see journal.before_images.",
    ),
)

ERROR_CODES: dict[str, ErrorCode] = {entry.code: entry for entry in _ALL}

_WARNINGS = (
    ErrorCode(
        SHARED_NUMBER,
        "Another row has the same phone number with a different UserData.",
        "Nothing to do if this is intended. rows.duplicate_phones can reject such rows, or keep one.",
    ),
    ErrorCode(
        str(Reason.KNOWN_NUMBER),
        "A contact in the dialler has this phone number with a different UserData, or with none.",
        "Nothing to do if this is intended. rows.duplicate_phones_in_dialler: skip leaves such rows out.",
    ),
    ErrorCode(
        "double_encoded",
        "The text was encoded twice before it was exported (`MÃ¼ller` for `Müller`).",
        "Set the exporting program to write UTF-8.",
    ),
    ErrorCode(
        "field_left_out",
        "The field was left out: its cell is invalid and invalid: empty is set, or its number is on a do-not-call list "
        "with action: number.",
        "Correct the cell in the list. The contact keeps its present value in this field, except a number on a "
        "do-not-call list.",
    ),
    ErrorCode(
        "zero_restored",
        "The number had lost its leading zero; lost_zero: restore put it back.",
        "Export the list with its phone columns as text.",
    ),
    ErrorCode(
        "type_unknown",
        "The number could be a mobile or a landline number; in some countries they look the same.",
        "Nothing to do, unless the type matters: then check the number by hand.",
    ),
    ErrorCode(
        "moved",
        "The contact was in another campaign; the import moved it to the row's campaign.",
        "Nothing to do if this is intended. Undo moves it back to its old campaign.",
    ),
    ErrorCode(
        "restored",
        "A spreadsheet program had changed the cell (a lost zero or sign, 4,9E+10, a reformatted date); the value that "
        "the earlier run read was used.",
        "Nothing to do. To set the new value on purpose, change the original list.",
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
