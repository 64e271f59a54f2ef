"""A configuration that extends another: checked, examined, resumed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run
from ..helpers.commands import killed

Contacts = Callable[..., Path]


@pytest.fixture
def base(configure: Configure, tmp_path: Path) -> Path:
    """Everything but the campaign; ``dialler-sync.yaml`` adds it."""
    text = configure(timeout=2).read_text(encoding="utf-8").replace("campaign: {id: 538}\n", "")
    path = tmp_path / "base.yaml"
    path.write_text(text, encoding="utf-8")
    (tmp_path / "dialler-sync.yaml").write_text("extends: base.yaml\ncampaign: {id: 538}\n", encoding="utf-8")
    return path


def test_a_run_uses_both(run: Run, base: Path, contacts_csv: Contacts, dialler: SimulatorServer) -> None:
    """And the check names every file."""
    done = run("import", contacts_csv(3))

    assert (done.code, len(dialler.store.contacts)) == (ExitCode.OK, 3)
    assert run("config", "check").out == f"dialler-sync.yaml is fine\n{base} is fine\n"


def test_what_is_not_finished_is_named_by_the_check(run: Run, base: Path) -> None:
    """In whichever file it stands."""
    base.write_text(f"{base.read_text(encoding='utf-8')}# CHANGE: decide\n", encoding="utf-8")

    checked = run("config", "check")

    assert checked.code == ExitCode.USAGE
    assert checked.out == f"dialler-sync.yaml is fine\n{base} has no errors, but line 10 is still marked CHANGE\n"


def test_a_change_of_the_file_extended_stops_a_resume(run: Run, base: Path, contacts_csv: Contacts) -> None:
    """As a change of the file itself does."""
    killed("after", "planned", "import", contacts_csv(4))
    before = base.read_text(encoding="utf-8")
    base.write_text(f"{before}rows: {{phone_format: digits}}\n", encoding="utf-8")

    refused = run("resume")
    base.write_text(before, encoding="utf-8")

    assert refused.code == ExitCode.USAGE
    assert 'rows.phone_format was "plus", is "digits"' in refused.err
    assert run("resume").code == ExitCode.OK


def test_the_doctor_examines_every_file(run: Run, base: Path) -> None:
    """Who can change them, and whether the token can be read there."""
    fine = run("doctor")
    base.write_text(base.read_text(encoding="utf-8").replace("${DIALLER_SYNC_TOKEN}", "simulator"), encoding="utf-8")
    base.chmod(0o644)
    readable = run("doctor")
    base.chmod(0o646)
    unsafe = run("doctor")

    assert fine.code == ExitCode.OK
    assert f"dialler-sync.yaml, extending {base}: " in " ".join(fine.out.split())
    assert f"others can read {base}" in " ".join(readable.out.split())
    assert unsafe.code == ExitCode.USAGE
    assert f"chmod o-w {base}" in " ".join(unsafe.out.split())


def test_columns_that_no_list_can_do_with_are_told(run: Run, configure: Configure) -> None:
    """Import refuses them, unless the list is in the vendor's own format."""
    configure(columns={"UserData": "Key", "PhoneNumber1": "Phone"})

    checked = run("config", "check")

    assert (checked.code, checked.out) == (ExitCode.OK, "")
    assert "columns: has no Name; the dialler requires it. Only lists in the vendor's own format" in checked.err


def test_a_pattern_may_remove_the_character_nul(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """No name of a file may hold it."""
    name = {"column": "Name", "replace": [{"pattern": "NUL", "with": ""}]}
    config = configure(columns={"UserData": "Key", "Name": name, "PhoneNumber1": {"column": "Phone", "region": "DE"}})
    config.write_text(config.read_text(encoding="utf-8").replace("'NUL'", r'"\0"'), encoding="utf-8")

    done = run("validate", contacts_csv(rows=["K1,A\0B,0171 3920012"]))

    assert done.code == ExitCode.OK, done.err
