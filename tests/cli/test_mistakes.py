"""Ordinary mistakes: each message names what was given, and what is meant."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import openpyxl
import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer
from dialler_sync.text import command_line

from ..conftest import Configure, Run

Contacts = Callable[..., Path]


@pytest.mark.parametrize("command", [(), ("runs",)], ids=["none", "runs"])
def test_no_command_shows_the_help(run: Run, command: tuple[str, ...]) -> None:
    """As a page: it is our own text, and no error that quotes arguments."""
    done = run(*command)

    assert f"\n\nOptions:\n  {'-c, --config' if not command else '-h, --help'} " in done.out + done.err
    assert "\nCommands:\n" in done.out + done.err


@pytest.mark.parametrize("command", ["validate", "import"])
def test_a_do_not_call_list_that_does_not_exist(
    run: Run, configure: Configure, contacts_csv: Contacts, command: str
) -> None:
    """Validation finds it, before a night does; its name is compared with those beside it."""
    configure(suppress="{file: robinsn.csv, column: Phone}")
    contacts_csv(1, "robinson.csv")

    done = run(command, contacts_csv(2))

    assert done.code == ExitCode.INPUT
    assert "robinsn.csv: no such file; did you mean 'robinson.csv'?\n" in done.err


def test_an_inbox_whose_reports_have_no_place(
    run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path
) -> None:
    """Cron's working folder may be another one than meant, and --out cannot be combined with --inbox."""
    configure()
    (tmp_path / "inbox").mkdir()
    contacts_csv(2, "inbox/a.csv")
    (tmp_path / "reports").write_text("", encoding="utf-8")

    done = run("import", "--inbox", "inbox", "--quiet-for", 0)

    assert done.code == ExitCode.USAGE
    assert f"the report folder {Path.cwd() / 'reports'}" in done.err
    assert "--out or reports.dir" in done.err


def test_validate_only_checks_do_not_call_lists(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    configure(suppress="{file: contacts.csv, column: Phone, region: DE}")

    assert run("validate", contacts_csv(2)).summary["counts"]["succeeded"] == 2


@pytest.mark.parametrize("known", ["other.csv", ".contacts.csv"])
def test_no_name_is_made_up(run: Run, configure: Configure, contacts_csv: Contacts, known: str) -> None:
    configure()
    contacts_csv(1, known)

    assert "contacts.csv: no such file.\n" in run("validate", "contacts.csv").err


def test_a_list_in_the_place_of_a_plan(run: Run, configure: Configure, tmp_path: Path) -> None:
    """A workbook is a plan for people only where the plan stands beside it."""
    configure()
    (tmp_path / "list.xlsx").write_bytes(b"PK\x03\x04\xff")

    done = run("import", "--plan", "list.xlsx")

    assert done.code == ExitCode.USAGE
    assert "list.xlsx: is not a plan written by 'dialler-sync plan -o'" in done.err


def test_the_question_names_the_contacts(
    run: Run, configure: Configure, dialler: SimulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure()
    monkeypatch.setattr("sys.stdin", StringIO("n\n"))

    done = run("contacts", "delete", "--user-data", "K1", "--id", "7")

    assert done.err.startswith("contact 7, UserData 'K1'\nDelete 2 contacts?")
    assert not dialler.requests


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (("--out", "all.foo"), ExitCode.USAGE),
        (("--out", "all.foo", "-o", "csv"), ExitCode.OK),
        (("--out", "all.txt"), ExitCode.OK),
        (("--out", "all"), ExitCode.OK),
    ],
)
def test_an_ending_that_names_no_format(run: Run, configure: Configure, given: tuple[str, ...], code: ExitCode) -> None:
    configure()

    done = run("contacts", "list", *given)

    assert done.code == code
    assert Path(given[1]).exists() is (code == ExitCode.OK)


def test_remarks_on_a_file_are_sentences(run: Run, tmp_path: Path) -> None:
    lines = [f"K{n};MÃ¼ller;0171 39200{n:02}" for n in range(20)]
    (tmp_path / "list.csv").write_text("sep=;\n\nKey;Name;Phone\n" + "\n".join(lines), encoding="utf-8")

    assert ".," not in run("inspect", "list.csv").out


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ('a: "x\nb: 1\n', 1, "the quote that begins here is not closed"),
        ("a: 1\nb: {c: 1\nd: 2\n", 2, "the bracket that begins here is not closed"),
        ("a: 1\nb: {c: ${D}}\n", 2, 'put a variable in quotes: "${NAME}"'),
        ("a: 1\nb\nc: 2\n", 2, "a colon is missing after the key"),
        ("a: 1\nb: c: d\n", 2, "put a text with a colon in quotes"),
        ("a: 'it's'\n", 1, "one inside the text is not doubled"),
        ("a:\n  b: 1\n c: 2\n", 3, "indented differently"),
        ("a:\n\tb: 1\n", 2, "a tab: indent with spaces"),
        ("a: 1\n---\nb: 1\n", 2, "a second document begins here: remove the --- above it"),
        ("a: @x\n", 1, "put a text that begins with a sign in quotes"),
        ('a: "\\d"\n', 1, "use single quotes"),
        ("a: *secret\n", 1, "put a text that begins with * in quotes"),
    ],
)
def test_faults_of_yaml_in_words(run: Run, tmp_path: Path, text: str, line: int, why: str) -> None:
    """With the line where what is missing begins, and without what stands there, which may be a secret."""
    (tmp_path / "c.yaml").write_text(text)

    said = run("--config", "c.yaml", "config", "check").err

    assert f"c.yaml:{line}: not valid YAML: " in said
    assert why in said
    assert "secret" not in said


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            ["K1,Ann,0171 3920011", ",Bob,0171 3920012", ",Cid,0171 3920013"],
            "2 rows have no UserData: each import makes",
        ),
        (["K1,Ann,0171 3920011", ",Bob,0171 3920012", ",Cid,no number"], "1 row has no UserData: each import makes"),
        (["K1,Ann,0171 3920011"], ""),
    ],
)
@pytest.mark.parametrize("command", ["validate", "plan", "import"])
def test_rows_without_a_key(
    run: Run, configure: Configure, contacts_csv: Contacts, command: str, rows: list[str], said: str
) -> None:
    """They are new contacts with each import, which is said once, with their number."""
    configure()

    done = run(command, contacts_csv(rows=rows))

    assert done.err.count(" no UserData") == bool(said)
    assert said in done.err


def test_keys_that_nobody_can_tell_apart_are_told(run: Run, configure: Configure, tmp_path: Path) -> None:
    """They stay what they are: each names a contact of its own."""
    configure()
    path = tmp_path / "list.csv"
    path.write_text("Key,Name,Phone\nM\u00fcller,A,0171 3920011\nMu\u0308ller,B,0171 3920012\nK1,C,0171 3920013\n")

    done = run("validate", path)

    assert "The UserData of 1 row looks like that of another row, and is not the same (row 3, and row 2)" in done.err
    assert done.summary["counts"]["succeeded"] == 3


@pytest.mark.parametrize("command", ["validate", "plan", "import"])
def test_a_list_without_rows(run: Run, configure: Configure, contacts_csv: Contacts, command: str) -> None:
    """An export that found nobody is no fault, but it is said."""
    configure()

    done = run(command, contacts_csv(rows=[]))

    assert done.code == 0
    assert done.err.count("the list has a header, but no rows") == 1


def test_a_sheet_without_rows(tmp_path: Path, run: Run, configure: Configure) -> None:
    """Of a workbook with other sheets, it is the sheet that has none."""
    configure()
    book = openpyxl.Workbook()
    for name, rows in (("One", [["K1", "Ann", "0171 3920011"]]), ("Two", [])):
        sheet = book.create_sheet(name)
        for row in (["Key", "Name", "Phone"], *rows):
            sheet.append(row)
    book.save(tmp_path / "list.xlsx")

    done = run("validate", "--all-sheets", tmp_path / "list.xlsx")

    assert "list.xlsx, sheet 'Two': the list has a header, but no rows" in done.err


def test_a_configuration_without_keys_is_meant(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    configure({"Name": "Name", "PhoneNumber1": "{column: Phone, region: DE}"})

    assert "UserData" not in run("validate", contacts_csv(2)).err


def test_lists_of_commands_have_whole_sentences(run: Run) -> None:
    for group in ("", "contacts", "runs"):
        assert "..." not in run(*group.split(), "--help").out.partition("Commands:")[2]


@pytest.mark.parametrize("command", [("contacts", "list"), ("campaigns", "list"), ("plan", "contacts.csv")])
def test_an_address_without_its_path(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, command: tuple[str, ...]
) -> None:
    contacts_csv(1)
    configure(base_url=dialler.base_url.removesuffix("/rest/v1.0"))

    assert "dialler.base_url has no path: does it need one, such as /rest/v1.0?" in run(*command).err


def test_another_path_needs_no_hint(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    configure(base_url=f"{dialler.base_url}/x")

    assert "base_url has no path" not in run("contacts", "list").err


@pytest.mark.parametrize(
    ("origin", "command"),
    [
        ('{"url": "file:///opt/my%20tool", "dir_info": {}}', "pip install '/opt/my tool[remote]'"),
        ('{"url": "file:///opt/tool", "dir_info": {"editable": true}}', "pip install -e '/opt/tool[remote]'"),
        (
            '{"url": "file:///d/dialler_sync-1-py3-none-any.whl"}',
            "pip install '/d/dialler_sync-1-py3-none-any.whl[remote]'",
        ),
        (None, "pip install 'dialler-sync[remote]'"),
    ],
)
def test_an_extra_comes_from_where_the_tool_came_from(
    monkeypatch: pytest.MonkeyPatch, origin: str | None, command: str
) -> None:
    """It is not on PyPI."""
    monkeypatch.setattr(importlib.metadata, "distribution", lambda _: SimpleNamespace(read_text=lambda _: origin))

    assert command_line.install("remote") == command


@pytest.mark.parametrize(("command", "shown"), [("validate", "valid "), ("import", "succeeded ")])
def test_a_row_that_was_only_checked_has_not_succeeded(
    run: Run, configure: Configure, contacts_csv: Contacts, monkeypatch: pytest.MonkeyPatch, command: str, shown: str
) -> None:
    """On a terminal; where a program may read, names are those of the reports."""
    configure()
    assert "\nsucceeded   2\n" in run(command, contacts_csv(2)).out
    monkeypatch.setattr("dialler_sync.cli.output.sys.stdout.isatty", lambda: True)

    assert f" {shown}" in re.sub(r"\x1b\[[0-9;]+m", "", run(command, contacts_csv(2)).out)
