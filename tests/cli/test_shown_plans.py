"""Plans that a person can be shown: on the terminal, as a page, as a workbook."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run
from ..helpers.dialler import line, seed

Contacts = Callable[..., Path]


def test_three_contacts_to_be_made_are_shown_in_full(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """With every field as it would be sent; the others are counted."""
    configure()

    done = run("plan", contacts_csv(5))

    assert done.out.count("PhoneNumber1: '+49171") == 3
    assert "      Name: 'Name 2'" in done.out
    assert "+ create K4 (row 4)" in done.out
    assert "K5" not in done.out
    assert "… and more: 2 create" in done.out
    assert not dialler.store.contacts


def test_it_says_what_each_rule_does(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Filters, modes and kept fields, with the number of their rows."""
    configure(rows="{mode: create, skip: {Name: [Nobody]}}")
    seed(dialler, "A", "B")

    done = run("plan", contacts_csv(rows=[line("A"), line("B"), line("C", "Nobody"), line("D")]))

    told = done.out.partition("What the rules do:\n")[2].splitlines()
    assert told[0] == "    2 already in the dialler, so left unchanged (rows.mode: create)"
    assert told[1].startswith("    1 filtered: ")
    assert "rows.skip" in told[1]


def test_a_list_of_numbers_is_one_rule(run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path) -> None:
    """However many of its numbers are met."""
    (tmp_path / "dnc.csv").write_text("Phone\n" + "".join(f"0171 39200{n}\n" for n in range(12, 30)), encoding="utf-8")
    configure(suppress="{file: dnc.csv, column: Phone, region: DE}")

    told = run("plan", contacts_csv(20)).out.partition("What the rules do:\n")[2].splitlines()

    assert told[0] == "    18 suppressed: listed in dnc.csv"
    assert not told[1].startswith("    ")


def test_each_ending_is_written_and_pages_have_their_plan_beside_them(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """The import takes exactly that one; a page itself is refused with the name to give."""
    chosen = ("-c", configure().rename("other.yaml").name)
    seed(dialler, "CHANGED")
    path = contacts_csv(rows=[line("CHANGED", "New"), line("NEW")])

    done = run(*chosen, "plan", path, "-o", "shown.html", "-o", "book.XLSX", "-o", "kept.plan")

    assert done.code == ExitCode.OK, done.err
    assert done.out.splitlines()[-2:] == [
        "Wrote shown.json, book.json, kept.plan, shown.html, book.XLSX. Import exactly this plan with:",
        "  dialler-sync --config other.yaml import --plan shown.json",
    ]
    plan = json.loads(Path("shown.json").read_text(encoding="utf-8"))
    assert json.loads(Path("kept.plan").read_text(encoding="utf-8")) == plan
    assert json.loads(Path("book.json").read_text(encoding="utf-8")) == plan
    assert plan["entries"][1]["fields"]["Name"] == "Name NEW"
    page = Path("shown.html").read_text(encoding="utf-8")
    assert "1 new, 1 to change" in page
    assert "<code>dialler-sync --config other.yaml import --plan shown.json</code>" in page
    for name in ("shown.html", "shown.json", "book.XLSX"):
        assert Path(name).stat().st_mode & 0o077 == 0
    refused = run(*chosen, "import", "--plan", "shown.html")
    assert refused.code == ExitCode.USAGE
    assert "name shown.json, which was written with it" in refused.err
    imported = run(*chosen, "import", "--plan", "book.json")
    assert imported.code == ExitCode.OK, imported.err
    assert {contact["Name"] for contact in dialler.store.contacts.values()} == {"New", "Name NEW"}


def test_a_plan_that_cannot_be_written_says_where_and_why(
    run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """It has no reports in the journal."""
    configure()

    done = run("plan", contacts_csv(2), "-o", "nowhere/plan.html")

    assert done.code == ExitCode.USAGE
    assert "-o nowhere/plan.html: cannot be written: No such file or directory" in done.err
    assert "runs report" not in done.err


@pytest.mark.parametrize("name", ["plan.html", "plan.xlsx"])
def test_a_plan_that_changes_nothing_can_be_shown(
    name: str, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """It says so."""
    configure()
    seed(dialler, "SAME")

    done = run("plan", contacts_csv(rows=[line("SAME")]), "-o", name)

    assert done.code == ExitCode.OK, done.err
    if name.endswith("html"):
        assert "Nothing would change" in Path(name).read_text(encoding="utf-8")
    else:
        assert openpyxl.load_workbook(name)["Summary"]["A1"].value == "Nothing would change"


def test_the_workbook_has_text_only_and_no_formula(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """A line for each field; numbers keep their signs and zeros."""
    configure()
    seed(dialler, "007")
    run("plan", contacts_csv(rows=[line("007", "=1+1"), line("NEW")]), "-o", "plan.xlsx")

    sheet = openpyxl.load_workbook("plan.xlsx")["Changes"]

    lines = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert lines[0] == [
        "row", "action", "who", "user_data", "contact_id", "column", "field", "is", "becomes", "reason",
    ]  # fmt: skip
    assert lines[1][:4] == ["2", "overwrite", "'=1+1", "007"]
    assert lines[1][5:9] == ["Name", "Name", "Name 007", "'=1+1"]
    assert lines[2][:4] == ["3", "create", "Name NEW", "NEW"]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} <= {"s", "inlineStr"}
    phones = [each[8] for each in lines if each[5:7] == ["Phone", "PhoneNumber1"]]
    assert phones
    assert all(phone.startswith("+49") for phone in phones)


def test_people_and_columns_are_named_as_in_the_list(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Also of rows that are rejected, and in report.html; a field that no column stands for keeps its name."""
    configure()
    seed(dialler, "A")
    path = contacts_csv(rows=[line("A", "D'Angelo"), line("B", "Weiß").replace("0171", "12;"), line("D", "Müller")])

    done = run("plan", path, "-o", "shown.html")
    imported = run("import", "--plan", "shown.json")

    entries = json.loads(Path("shown.json").read_text(encoding="utf-8"))["entries"]
    assert {entry["user_data"]: entry["name"] for entry in entries} == {"A": "D'Angelo", "B": "Weiß", "D": "Müller"}
    page = Path("shown.html").read_text(encoding="utf-8")
    assert "D'Angelo" in page
    assert "Phone: " in page
    assert "PhoneNumber1: " not in page
    assert imported.code == ExitCode.ROWS_FAILED, done.err + imported.err
    assert imported.reports
    report = (imported.reports / "report.html").read_text(encoding="utf-8")
    assert "Row 3, Weiß" in report
    assert "In <code>Phone</code> 1" in report
