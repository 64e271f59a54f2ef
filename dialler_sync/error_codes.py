"""The registry of error codes and warnings of rows, with meanings and fixes; the documentation is generated from it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest

from .model import Fault, Reason
from .text.phrase import mark, phrase

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
    """A stable code, its meaning in one sentence, and the fix for the user; :func:`fault` speaks them."""

    code: str
    meaning: str
    mend: str


_ALL = (
    # reading
    ErrorCode(
        RAGGED_ROW,
        mark("The row has more or fewer cells than the header: its columns may have shifted."),
        mark("Look for a delimiter or a quote inside a cell of this row, and put that cell in quotes."),
    ),
    ErrorCode(
        "error_cell",
        mark("A cell that is needed shows a spreadsheet error such as #REF!."),
        mark("Correct the formula. If the error means an empty cell, list it under values:."),
    ),
    ErrorCode(
        "formula_without_value",
        mark("The cell holds a formula that was never calculated."),
        mark("Open the file in Excel or LibreOffice, let it calculate, and save it."),
    ),
    ErrorCode(
        "precision_lost",
        mark("A spreadsheet program has turned the number into something like 4,91701E+11; digits are lost."),
        mark("Take the number from the original list. Format the column as text before you paste it."),
    ),
    # filters
    ErrorCode(
        UNREADABLE_FILTER,
        mark("A cell that rows: only or skip compares cannot be read: it is damaged, or not a number or date."),
        mark("Correct the cell, or describe its format in the filter: decimal:, thousands: or formats:."),
    ),
    # mapping
    ErrorCode(
        "value_unlisted",
        mark("The value is not in this field's list of values or lookup file."),
        mark("Correct the cell, or add the value under values: or to the lookup file."),
    ),
    # validation
    ErrorCode("name_missing", mark("The row has no Name; the dialler requires one."), mark("Fill in the name.")),
    ErrorCode(
        "campaign_missing",
        mark("The row has no campaign."),
        mark("Fill in the campaign's name or ID, or set one for all rows under campaign:."),
    ),
    ErrorCode(
        NOT_ROUTED,
        mark("No campaign route matches the row, or the cell that decides its campaign is empty."),
        mark("Correct the cell, add a route, or set campaign.otherwise to a campaign for all other rows."),
    ),
    ErrorCode(
        "phone_missing",
        mark("The row has no phone number; the dialler requires at least one."),
        mark("Fill in at least one phone number."),
    ),
    ErrorCode("phone_invalid", mark("This is not a valid phone number."), mark("Correct the number.")),
    ErrorCode(
        "phone_too_short", mark("The phone number is too short."), mark("Complete the number, including the area code.")
    ),
    ErrorCode(
        "phone_too_long",
        mark("The phone number is too long."),
        mark("Correct the number. Separate several numbers with a semicolon."),
    ),
    ErrorCode(
        "phone_premium_rate",
        mark("This is a premium-rate number; such numbers are never dialled."),
        mark("Replace it with the contact's own number."),
    ),
    ErrorCode(
        "phone_no_region",
        mark("The number has no country code, and no region is set for it."),
        mark("Add + and the country code, or set region: or region_column: for this field."),
    ),
    ErrorCode(
        "phone_leading_zero_lost",
        mark("The number has no leading 0 and no country code: the zero is lost, or the area code is missing."),
        mark("Write the full number (0… or +…), and format the column as text."),
    ),
    ErrorCode(
        "phone_several",
        mark("The cell holds more phone numbers than the contact has free phone fields."),
        mark("Remove the surplus numbers, or give them columns of their own."),
    ),
    ErrorCode(
        "phone_extension",
        mark("The number has an extension, which cannot be dialled; extension: reject is set."),
        mark("Remove the extension, or set extension: drop."),
    ),
    ErrorCode(
        "phone_wrong_type",
        mark("The number is not of the required type (mobile or landline)."),
        mark("Enter a number of that type, or set type: any for this field."),
    ),
    ErrorCode("too_long", mark("The text is longer than the dialler's field."), mark("Shorten the text.")),
    ErrorCode(
        "damaged_text",
        mark("The text contains broken or unprintable characters."),
        mark("Retype the text, or export the list again as UTF-8."),
    ),
    ErrorCode(
        "email_invalid", mark("This is not a valid e-mail address."), mark("Correct the address, or clear the cell.")
    ),
    ErrorCode(
        "iban_invalid", mark("The IBAN is not valid (country, length or check digits)."), mark("Correct the IBAN.")
    ),
    ErrorCode(
        "bic_invalid", mark("The BIC is not valid; it has 8 or 11 letters and digits."), mark("Correct the BIC.")
    ),
    ErrorCode("integer_invalid", mark("This is not a whole number."), mark("Write digits only.")),
    ErrorCode(
        "amount_invalid",
        mark("This is not a number in the configured format, or it can be read in two ways."),
        mark("Correct the number, or set decimal: and thousands: for this field."),
    ),
    ErrorCode(
        "datetime_invalid",
        mark("This is not a date in ISO format (2025-01-31 14:30:00) or in a configured format."),
        mark("Correct the date, or add its format under formats: for this field."),
    ),
    ErrorCode(
        "boolean_invalid",
        mark("This is neither yes nor no."),
        mark("Write yes or no (also understood: true, false, ja, nein, 1, 0, x)."),
    ),
    ErrorCode("required", mark("The field is required, but empty."), mark("Fill in the cell.")),
    ErrorCode(
        "pattern_mismatch",
        mark("The value does not match the pattern that is set for this field."),
        mark("Correct the cell, or change the pattern in the configuration."),
    ),
    ErrorCode(
        "not_listed",
        mark("The value is not one of those listed under one_of: for this field."),
        mark("Use a listed value, or add this one to one_of:."),
    ),
    ErrorCode(
        "out_of_range",
        mark("The number is outside this field's min: and max:."),
        mark("Correct the number, or change the limit in the configuration."),
    ),
    ErrorCode(
        "too_early",
        mark("The date is not after the day set as after: for this field."),
        mark("Correct the date, or change the limit in the configuration."),
    ),
    ErrorCode(
        "too_late",
        mark("The date is not before the day set as before: for this field."),
        mark("Correct the date, or change the limit in the configuration."),
    ),
    ErrorCode(
        DUPLICATE_KEY,
        mark("Another row has the same UserData."),
        mark("Keep one of the rows, or choose with rows.duplicate_keys which one counts."),
    ),
    ErrorCode(
        SHARED_NUMBER,
        mark("Another row has the same phone number with a different UserData."),
        mark("Keep the number in one row, or choose with rows.duplicate_phones which one counts."),
    ),
    ErrorCode(
        KEY_CHANGED,
        mark("The UserData of this row has changed since the run read it; it would become a different contact."),
        mark("Restore the old UserData. If you mean the new one, clear the _key cell of this row."),
    ),
    ErrorCode(
        DAMAGED,
        mark(
            "A spreadsheet program has changed this cell, or may have changed the key (a lost zero or sign, 4,9E+10, a "
            "date); the original is not known."
        ),
        mark("Copy the cell from the original list into a column formatted as text, as in failed.xlsx."),
    ),
    # the dialler's answers
    ErrorCode(
        "bad_request", mark("The dialler rejects the contact as invalid."), mark("Correct what its message names.")
    ),
    ErrorCode(
        UNAUTHORISED,
        mark("The dialler refuses the token or the ClientsID."),
        mark("Get the current token from the dialler's portal (a new one replaces the old), then resume."),
    ),
    ErrorCode(
        NOT_FOUND,
        mark("The dialler does not have this campaign or contact."),
        mark("Check campaign: in the configuration, or the campaign in the row."),
    ),
    ErrorCode(
        ENDPOINT_MISSING,
        mark("The dialler does not have this function: it answered 404 without the JSON of its API."),
        mark("Check dialler.base_url, and set the function's actual path under dialler.endpoints."),
    ),
    ErrorCode(REDIRECTED, mark("The dialler's address redirects to another one."), mark("Correct dialler.base_url.")),
    ErrorCode(
        PROXY_REFUSED,
        mark("A proxy refused to forward the request."),
        mark(
            "Check the proxy in HTTPS_PROXY or HTTP_PROXY, with its user and password; or list the dialler's host in "
            "NO_PROXY."
        ),
    ),
    ErrorCode(
        "conflict",
        mark("The dialler reports a conflict with the contact's state."),
        mark("Look at the contact in the dialler."),
    ),
    ErrorCode("refused", mark("The dialler refused the request."), mark("See the dialler's message.")),
    ErrorCode("rate_limited", mark("The dialler is limiting requests."), mark("Set dialler.rate, then retry the run.")),
    ErrorCode("unavailable", mark("The dialler is temporarily unavailable."), mark("Retry the run later.")),
    ErrorCode(UNREACHABLE, mark("The dialler cannot be reached."), mark("Check dialler.base_url and the network.")),
    ErrorCode(
        "server_error",
        mark("The dialler failed with an internal error."),
        mark("Retry the run; if it fails again, tell the operator."),
    ),
    ErrorCode("bad_gateway", mark("A proxy got no usable answer from the dialler."), mark("Retry the run later.")),
    ErrorCode("gateway_timeout", mark("A proxy got no answer from the dialler in time."), mark("Retry the run later.")),
    ErrorCode(
        "timeout", mark("The dialler did not answer in time."), mark("Raise dialler.timeout, or retry the run later.")
    ),
    ErrorCode("connection_lost", mark("The connection broke after the request was sent."), mark("Retry the run.")),
    ErrorCode(UNREADABLE, mark("The answer is not a complete answer of the dialler's API."), mark("Retry the run.")),
    # runs
    ErrorCode(
        "key_missing",
        mark("The row does not name a contact: its key cell is empty."),
        mark("Fill in the UserData or the ID, or remove the row."),
    ),
    ErrorCode(
        MAYBE_DONE,
        mark("The change may have been made; repeating it by UserData could affect another contact."),
        mark("Check the contacts with this UserData, and name the right one by its ID."),
    ),
    ErrorCode(
        INTERRUPTED,
        mark("The row was sent, and the run ended before an answer came."),
        mark(
            "If the run can be resumed, resume it: it looks for the contact first. Otherwise check in the dialler; "
            "if it was not done, send the row again in a new list."
        ),
    ),
    ErrorCode(
        POSSIBLE_DUPLICATE,
        mark(
            "Several contacts now have this UserData: after a repeated request, beside another run, or because the "
            "dialler created a contact in place of moving one from another campaign."
        ),
        mark("Check the contacts that are named, and delete the surplus ones by ID."),
    ),
    ErrorCode(
        AMBIGUOUS,
        mark("Several contacts in the dialler have this UserData; which one is meant is not certain."),
        mark("Keep one of these contacts and delete or change the others, or name the contact by its ID."),
    ),
    ErrorCode(
        LOOKUP_FAILED,
        mark("The contact could not be looked up, and the row depends on it (rows.mode, or overwrite: of a field)."),
        mark(
            "Give the row a UserData that no other contact has. If the dialler could not be read, retry the run later."
        ),
    ),
    ErrorCode(
        CONTACT_CHANGED,
        mark("The contact has been changed in the dialler since this run."),
        mark("Check the contact in the dialler and correct it by hand, or use --force."),
    ),
    ErrorCode(
        NO_BEFORE_IMAGE,
        mark("The contact's previous state was not saved, so it cannot be restored."),
        mark("Correct it by hand; see journal.before_images."),
    ),
)

ERROR_CODES: dict[str, ErrorCode] = {entry.code: entry for entry in _ALL}

_WARNINGS = (
    ErrorCode(
        SHARED_NUMBER,
        mark("Another row has the same phone number with a different UserData."),
        mark("Nothing to do if this is intended. rows.duplicate_phones can reject such rows, or keep one."),
    ),
    ErrorCode(
        str(Reason.KNOWN_NUMBER),
        mark("A contact in the dialler has this phone number with a different UserData, or with none."),
        mark("Nothing to do if this is intended. rows.duplicate_phones_in_dialler: skip leaves such rows out."),
    ),
    ErrorCode(
        "double_encoded",
        mark("The text was encoded twice before it was exported (`MÃ¼ller` for `Müller`)."),
        mark("Set the exporting program to write UTF-8."),
    ),
    ErrorCode(
        "field_left_out",
        mark(
            "The field was left out: its cell is invalid and invalid: empty is set, or its number is on a "
            "do-not-call list with action: number."
        ),
        mark(
            "Correct the cell in the list. The contact keeps its present value in this field, except a number on a "
            "do-not-call list."
        ),
    ),
    ErrorCode(
        "zero_restored",
        mark("The number had lost its leading zero; lost_zero: restore put it back."),
        mark("Export the list with its phone columns as text."),
    ),
    ErrorCode(
        "type_unknown",
        mark("The number could be a mobile or a landline number; in some countries they look the same."),
        mark("Nothing to do, unless the type matters: then check the number by hand."),
    ),
    ErrorCode(
        "moved",
        mark("The contact was in another campaign; the import moved it to the row's campaign."),
        mark("Nothing to do if this is intended. Undo moves it back to its old campaign."),
    ),
    ErrorCode(
        "restored",
        mark(
            "A spreadsheet program had changed the cell (a lost zero or sign, 4,9E+10, a reformatted date); the "
            "value that the earlier run read was used."
        ),
        mark("Nothing to do. To set the new value on purpose, change the original list."),
    ),
)

WARNINGS: dict[str, ErrorCode] = {entry.code: entry for entry in _WARNINGS}
"""By code; a row with a warning is still sent."""


REFUSED_KEYS = frozenset({KEY_CHANGED, DAMAGED})
"""Codes of a mended row's key that is refused although it is valid by itself."""


def faults_of(codes: str, fields: str) -> tuple[tuple[str, str], ...]:
    """Return (code, field) of each fault of a row, from its ``_error_code`` and ``_error_field``."""
    return tuple(zip_longest(codes.split("; "), fields.split("; "), fillvalue=""))


def meaning(code: str) -> str:
    """Return the meaning of a code, ``""`` for a foreign code."""
    return phrase(ERROR_CODES[code].meaning) if code in ERROR_CODES else ""


def mend(code: str) -> str:
    """Return the fix for a code, ``""`` for a foreign code."""
    return phrase(ERROR_CODES[code].mend) if code in ERROR_CODES else ""


def fault(code: str, message: str | None = None, hint: str | None = None) -> Fault:
    """Return a fault of one cell; message and hint default to those of the code."""
    entry = ERROR_CODES[code]
    return Fault(code, message or phrase(entry.meaning), hint or phrase(entry.mend))
