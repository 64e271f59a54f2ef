"""A folder for temporary files in which others could rename what is ours is refused, wherever one is made."""

from __future__ import annotations

import gzip
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dialler_sync.errors import UsageError
from dialler_sync.exit_codes import ExitCode
from dialler_sync.files import temporary, trust
from dialler_sync.read.excel.slices import Slices
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run
from .users import INTRUDER, is_root, shared_group

Contacts = Callable[..., Path]


@pytest.fixture(autouse=True)
def _trust_as_before() -> Iterator[None]:
    yield
    trust.override(False)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files."""
    folder = tmp_path / "tmp"
    folder.mkdir(mode=0o700)
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def packed(contacts: Path) -> Path:
    """A list that is read from a private copy."""
    file = contacts.with_suffix(".csv.gz")
    file.write_bytes(gzip.compress(contacts.read_bytes()))
    return file


def test_a_packed_list_is_not_read_from_where_others_can_swap_it(
    run: Run, configure: Configure, contacts_csv: Contacts, place: Path, dialler: SimulatorServer
) -> None:
    """Exit 2, and one sentence with what mends it; in an inbox the list stays. With ``--trust`` it is read."""
    config = configure()
    file = packed(contacts_csv(2))
    place.chmod(0o777)

    done = run("import", file)

    assert (done.code, len(done.err.splitlines())) == (ExitCode.USAGE, 1), done.err
    assert f"the folder for temporary files {place} could have been changed by others" in done.err
    assert f"chmod o-w {place}" in done.err
    assert "chmod +t" in done.err
    assert "TMPDIR" in done.err
    assert not any(function.endswith("import") for function, *_ in dialler.requests)
    assert not list(place.iterdir())

    inbox = config.parent / "inbox"
    inbox.mkdir()
    file.rename(inbox / file.name)
    waits = run("import", "--inbox", inbox, "--quiet-for", "0")

    assert waits.code == ExitCode.USAGE
    assert [path.name for path in inbox.iterdir() if path.is_file()] == [file.name], waits.err
    assert run("--trust", "import", inbox / file.name).code == ExitCode.OK


def test_no_folder_is_made_there(place: Path) -> None:
    """Of any kind: such as the slices of a large sheet."""
    place.chmod(0o777)

    with pytest.raises(UsageError, match="could have been changed by others"):
        Slices("")
    with pytest.raises(UsageError, match="could have been changed by others"), temporary.private_folder():
        pass
    assert not list(place.iterdir())


def test_every_folder_for_temporary_files_is_made_by_one_function() -> None:
    """Files without a name (``TemporaryFile``) are in no danger, nor are folders that are held open."""
    package = Path(temporary.__file__).parents[1]
    making = re.compile(r"TemporaryDirectory\((?!.*dir=)|mkdtemp\((?!.*dir=)|NamedTemporaryFile|mkstemp")

    assert [path.name for path in package.rglob("*.py") if making.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("command", [["demo"], ["plan", "contacts.csv"]])
def test_commands_that_work_there(
    command: list[str], run: Run, configure: Configure, contacts_csv: Contacts, place: Path
) -> None:
    """A demonstration and a plan have their files in a folder of their own there."""
    configure()
    contacts_csv(2)
    place.chmod(0o777)

    done = run(*command)

    assert done.code == ExitCode.USAGE
    assert "the folder for temporary files" in done.err


@pytest.mark.parametrize("mode", [0o700, 0o755, 0o1777, 0o1770])
def test_usual_folders_are_used(mode: int, run: Run, configure: Configure, contacts_csv: Contacts, place: Path) -> None:
    """A user's own, one like /tmp."""
    configure()
    place.chmod(mode)

    assert run("import", packed(contacts_csv(2))).code == ExitCode.OK
    assert not list(place.iterdir())


@is_root
@pytest.mark.parametrize(
    ("user", "group", "mode", "used"),
    [
        (0, None, 0o770, False), (0, None, 0o2770, False), (0, None, 0o3770, True),
        (INTRUDER, 0, 0o755, False), (INTRUDER, 0, 0o1777, False), (0, 0, 0o775, True),
    ],
)  # fmt: skip
def test_groups_and_owners(user: int, group: int | None, mode: int, used: bool, place: Path) -> None:
    """A group of several users, a folder of another user, and the group of this user alone, with umask 0002."""
    os.chown(place, user, shared_group() if group is None else group)
    place.chmod(mode)

    if used:
        assert temporary.temporary_place() == place
    else:
        with pytest.raises(UsageError):
            temporary.temporary_place()


def test_the_folder_above_counts(place: Path) -> None:
    """Whoever can rename the folder itself can swap what lies in it."""
    place.parent.chmod(0o777)

    with pytest.raises(UsageError, match=f"chmod o-w {place.parent}"):
        temporary.temporary_place()


def test_doctor_says_it(run: Run, configure: Configure, place: Path) -> None:
    """With what mends it."""
    configure()
    assert "the folder for temporary files" not in run("doctor").out
    place.chmod(0o777)

    done = run("doctor")

    assert done.code == ExitCode.USAGE
    assert f"the folder for temporary files {place} could have been changed by others" in done.out
    assert "TMPDIR" in done.out
