"""Rows by reason."""

from __future__ import annotations

from dialler_sync.error_codes import ERROR_CODES
from dialler_sync.model import Fault, Status
from dialler_sync.report.groups import EXAMPLES, Groups

from ...helpers.report_samples import rejected, result_of


def test_a_row_with_several_faults_counts_under_each_reason() -> None:
    """A group must list every row with its fault, so that all of them get fixed."""
    groups = Groups()
    groups.add(rejected(2, "email_invalid; name_missing", "Email; Name", error="No @.; No name."))
    groups.add(rejected(3, "name_missing", "Name", error="No name."))

    name, email = groups

    assert (name.code, name.rows, dict(name.fields)) == ("name_missing", 2, {"Name": 2})
    assert [(e.row, e.message, e.rows) for e in name.examples.values()] == [(2, "No name.", 2)]
    assert (email.code, email.rows, [e.message for e in email.examples.values()]) == ("email_invalid", 1, ["No @."])


def test_one_reason_in_two_fields_is_one_row() -> None:
    """Otherwise the reasons would count more rows than there are."""
    groups = Groups()
    groups.add(rejected(2, "too_long; too_long", "Name; City", error="A.; B."))

    (group,) = groups

    assert group.rows == 1
    assert dict(group.fields) == {"Name": 1, "City": 1}


def test_messages_that_cannot_be_taken_apart_are_shown_whole() -> None:
    """A message may itself contain the separator of messages."""
    groups = Groups()
    groups.add(rejected(2, "phone_several; name_missing", "PhoneNumber1; Name", error="1; 2; 3 are three.; No name."))

    assert {e.message for group in groups for e in group.examples.values()} == {"1; 2; 3 are three.; No name."}


def test_rows_that_are_fine_or_only_wait_have_no_reason() -> None:
    """A stopped run must not look as if thousands of rows were wrong."""
    groups = Groups()
    for status in (Status.SUCCEEDED, Status.SKIPPED, Status.UNPROCESSED):
        groups.add(result_of(2, status))

    assert list(groups) == []


def test_a_million_different_messages_leave_a_few_examples() -> None:
    """Memory must not grow with the rows."""
    groups = Groups()
    for row in range(2, 5_002):
        groups.add(rejected(row, error=f"'{row}' is wrong."))

    (group,) = groups

    assert group.rows == 5_000
    assert len(group.examples) == EXAMPLES


def test_meaning_and_mend_come_from_the_table_of_codes_and_else_from_the_row() -> None:
    """A code without a description still shows a fix."""
    groups = Groups()
    groups.add(rejected(2, "email_invalid"))
    groups.add(result_of(3, Status.FAILED, error_code="brand_new", error="?", hint="Ask."))

    known, new = sorted(groups, key=lambda group: group.code, reverse=True)

    assert (known.meaning, known.mend) == (ERROR_CODES["email_invalid"].meaning, ERROR_CODES["email_invalid"].mend)
    assert (new.meaning, new.mend, new.status) == ("", "Ask.", Status.FAILED)


def test_a_message_stays_with_its_reason_whatever_it_holds() -> None:
    """A cell that contains the separator of results.csv moves no message under another reason."""
    groups = Groups()
    faults = Fault("phone_several", "1; 2 are two.", "", "PhoneNumber1"), Fault("name_missing", "No name.", "", "Name")
    row = rejected(2, "phone_several; name_missing", "PhoneNumber1; Name", error="1; 2 are two.; No name.")
    groups.add(row._replace(faults=faults))

    assert {group.code: [*group.examples] for group in groups} == {
        "phone_several": ["1; 2 are two."],
        "name_missing": ["No name."],
    }
