"""Ordinary mistakes: each message names what was given, and what is meant."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run

Contacts = Callable[..., Path]


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
