"""A fault is shown on the source cells of its field, whatever rule made the field."""

from __future__ import annotations

import pytest

from dialler_sync.model import Fault, Status
from dialler_sync.report.faults import FaultCells

from ...helpers.report_samples import rejected, result_of

COLUMNS = ("Key", "Mobile", "Landline", "Notes", "City", "PhoneNumber2")


def notes(
    field: str,
    cells: tuple[str, ...] = ("K", "1", "2", "n", "c", "3"),
    mapped: dict[str, list[list[str]]] | None = None,
    **values: str,
) -> dict[int | None, str]:
    found = FaultCells([COLUMNS], mapped or {"PhoneNumber1": [["Mobile"]], "Comment": [["Notes"], ["City"]]})
    return found.notes(rejected(2, field=field, **values), 0, cells)


def test_the_note_says_what_is_wrong_and_what_to_do() -> None:
    assert notes("PhoneNumber1") == {1: "That is wrong.\nMend it."}


def test_a_text_made_of_several_columns_marks_each() -> None:
    assert [*notes("Comment")] == [3, 4]


@pytest.mark.parametrize(
    ("mobile", "landline", "marked"), [("1", "2", 1), ("", "2", 2), ("\u00a0", "2", 2), ("", "", 1)]
)
def test_of_the_first_that_is_not_empty_the_one_that_counts(mobile: str, landline: str, marked: int) -> None:
    cells = ("K", mobile, landline, "", "", "")

    assert [*notes("PhoneNumber1", cells, {"PhoneNumber1": [["Mobile", "Landline"]]})] == [marked]


def test_names_match_as_the_configuration_matches_them() -> None:
    assert [*notes("PhoneNumber1", mapped={"PhoneNumber1": [["MOBILE "]]})] == [1]


def test_a_field_that_nothing_maps_is_a_column_of_its_own_name_or_none() -> None:
    """The vendor's own format has no mapping, and a constant no column."""
    assert [*notes("PhoneNumber2")] == [5]
    assert [*notes("Client")] == [None]
    assert [*notes("")] == [None]


def test_several_faults_each_have_their_own_cell() -> None:
    faults = (
        Fault("phone_invalid", "Bad; number.", "Look.", "PhoneNumber1"),
        Fault("too_long", "Bad.", "Cut.", "Comment"),
    )
    row = result_of(2, Status.REJECTED)._replace(error_code="phone_invalid; too_long", faults=faults)

    found = FaultCells([COLUMNS], {"PhoneNumber1": [["Mobile"]], "Comment": [["Notes"], ["City"]]}).notes(
        row, 0, COLUMNS
    )

    assert found == {1: "Bad; number.\nLook.", 3: "Bad.\nCut.", 4: "Bad.\nCut."}


def test_two_faults_of_one_cell_share_its_note() -> None:
    found = notes("PhoneNumber1; PhoneNumber1", code="too_long; damaged_text", error="One.; Two.", hint="Do.")

    assert found == {1: "One.\nDo.\n\nTwo.\nDo."}


def test_a_message_of_an_old_journal_that_cannot_be_taken_apart_is_told_whole() -> None:
    found = notes("PhoneNumber1; Comment", code="phone_invalid; too_long", error="a; b.; c", hint="Do.")

    assert found[1].startswith("a; b.; c\n")


def test_a_row_without_its_cells_marks_none() -> None:
    """The file of an old run may be gone."""
    assert [*FaultCells([()], {"PhoneNumber1": [["Mobile"]]}).notes(rejected(2, field="PhoneNumber1"), 0, ())] == [None]


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.SKIPPED, Status.UNPROCESSED])
def test_rows_with_nothing_wrong_have_no_notes(status: Status) -> None:
    assert FaultCells([COLUMNS], {}).notes(result_of(2, status), 0, COLUMNS) == {}
