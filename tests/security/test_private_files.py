"""What is written is its owner's alone, whatever the umask, and follows nothing that others have put in the way."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dialler_sync.call_lists import place
from dialler_sync.errors import JournalError, UsageError
from dialler_sync.exit_codes import ExitCode
from dialler_sync.files import private as private_files
from dialler_sync.files.whole import new_file, spared
from dialler_sync.jobs.night import tell
from dialler_sync.report import contacts_output
from dialler_sync.report.sheets import Book
from dialler_sync.run import begin

from ..conftest import Configure, Run
from ..helpers.drafts import made_draft
from .limited import configuration
from .users import AGENT, INTRUDER, as_user, is_root, moved

Contacts = Callable[..., Path]


@pytest.fixture(params=[0o000, 0o022, 0o277], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mode & 0o777 for path in (folder, *folder.rglob("*"))}


def test_reports_locks_and_state_whatever_the_umask(
    umask: int, run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path
) -> None:
    """Folders 0700, files 0600: reports, the folder above them, the journal, its locks, the simulator's contacts."""
    config, path = configure(), contacts_csv(rows=["K1,,0171 3920012", "K2,Anna,0171 3920013"])
    for each in (config, path):
        each.chmod(0o600)

    for more in ([], ["--out", "a/b/c"]):
        assert run("--state", "deep/er/state/j.db", "import", path, *more).code == ExitCode.ROWS_FAILED
    run("inspect", path, "--to", "seen/tables")

    run("simulator", "--host", "0.0.0.0", "--file", "rehearsed/dialler.db")  # refused, but the file is made

    found = [modes(tmp_path / name) for name in ("reports", "a", "deep", "seen", "rehearsed")]
    assert len(found[-1]) == 2
    wrong = {
        name: oct(mode)
        for each in found
        for name, mode in each.items()
        if mode != (0o700 if Path(name).is_dir() else 0o600)
    }
    assert not wrong


@is_root
def test_the_simulator_follows_no_link_of_others(common: Path) -> None:
    """Nor does it take a file of theirs for its own."""
    folder, shared = common / "agent", common / "shared"
    for each, mode in ((folder, 0o700), (shared, 0o1777)):
        each.mkdir()
        each.chmod(mode)
    os.chown(folder, AGENT, AGENT)
    (shared / "link.db").symlink_to(folder / "victim.db")
    (shared / "theirs.db").touch()
    for name in ("link.db", "theirs.db"):
        os.chown(shared / name, INTRUDER, INTRUDER, follow_symlinks=False)

    ended = [
        as_user(AGENT, folder, "simulator", "--host", "0.0.0.0", "--file", shared / name)
        for name in ("link.db", "theirs.db", "own.db")
    ]

    assert [done.code for done in ended] == [ExitCode.USAGE] * 3
    assert all("belongs to" in done.err for done in ended[:2])
    assert "Other machines" in ended[2].err
    assert not (folder / "victim.db").exists()
    assert (shared / "own.db").resolve().parent == shared / "own.db-files"


@is_root
def test_a_umask_that_takes_this_user_s_own_rights(common: Path) -> None:
    """No folder for temporary files could be opened, nor by anybody the one of the locks."""
    folder, locks = common / "agent", common / "locks"
    folder.mkdir()
    os.chown(folder, AGENT, AGENT)
    common.chmod(0o1777)

    done = as_user(AGENT, folder, "demo", umask=0o777, DIALLER_SYNC_LOCK_DIR=str(locks))

    assert done.code in {ExitCode.OK, ExitCode.ROWS_FAILED}, done.err
    assert "not written" not in done.err
    assert "cannot be taken" not in done.err
    assert locks.stat().st_mode & 0o7777 == 0o1777


def test_a_folder_that_is_there_keeps_its_mode(
    run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path
) -> None:
    """Whoever made it knows why; what is written in it is still private."""
    configure()
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)

    done = run("import", contacts_csv(2), "--out", shared)

    assert done.code == ExitCode.OK
    assert shared.stat().st_mode & 0o777 == 0o755
    assert all(path.stat().st_mode & 0o077 == 0 for path in shared.iterdir())


def test_a_draft_cannot_be_foreseen(tmp_path: Path) -> None:
    """Two drafts of one file have two names, and what lies under the name of old is not written to."""
    target, victim = tmp_path / "results.csv", tmp_path / "victim"
    victim.write_text("mine", encoding="utf-8")
    (tmp_path / ".results.csv.part").symlink_to(victim)

    with new_file(target) as one, new_file(target) as two:
        names = {path.name for path in tmp_path.iterdir()} - {"victim", ".results.csv.part"}
        one.write("1")
        two.write("2")

    assert len(names) == 2
    assert victim.read_text(encoding="utf-8") == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"results.csv", "victim", ".results.csv.part"}


@pytest.mark.parametrize("kind", ["file", "link to nothing", "pipe"])
def test_a_new_file_is_new(kind: str, tmp_path: Path) -> None:
    """Whatever lies there under its name, it is not opened."""
    path = tmp_path / "journal.db"
    make = {"file": path.touch, "link to nothing": lambda: path.symlink_to("x"), "pipe": lambda: os.mkfifo(path)}
    make[kind]()

    with pytest.raises(FileExistsError):
        private_files.new_file(path)


@pytest.mark.parametrize(
    "command",
    [
        ["import", "contacts.csv", "--metrics-file", "out/x.csv"],
        ["plan", "contacts.csv", "-o", "out/x.csv"],
        ["contacts", "list", "--out", "out/x.csv"],
        ["init", "contacts.csv", "-o", "out/x.csv"],
    ],
    ids=lambda command: command[0],
)
def test_a_link_under_the_name_of_a_file_is_not_followed(
    command: list[str], run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path
) -> None:
    """It is replaced, or nothing is written; what it leads to stays."""
    configure()
    contacts_csv(2)
    victim = tmp_path / "victim"
    victim.write_text("mine", encoding="utf-8")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "x.csv").symlink_to(victim)

    run(*command)

    assert victim.read_text(encoding="utf-8") == "mine"


@is_root
@pytest.mark.parametrize(
    "command",
    [
        ["import", "contacts.csv", "--out", "out/x"],
        ["import", "contacts.csv", "--metrics-file", "out/x"],
        ["plan", "contacts.csv", "-o", "out/x"],
        ["contacts", "list", "--out", "out/x"],
        ["inspect", "contacts.csv", "--to", "out/x"],
    ],
    ids=lambda command: " ".join(command[::2]),
)
def test_the_link_of_another_user_leads_nowhere(
    command: list[str], run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path
) -> None:
    """A folder on the way that is another user's link: nothing is written behind it."""
    configure()
    contacts_csv(2)
    (tmp_path / "elsewhere").mkdir()
    Path("out").symlink_to(tmp_path / "elsewhere")
    os.lchown("out", INTRUDER, INTRUDER)

    done = run(*command)

    assert f"{Path('out').absolute()} is a link that belongs to another user" in done.err
    assert not list((tmp_path / "elsewhere").iterdir())


@is_root
def test_reports_in_a_folder_for_all(configure: Configure, contacts_csv: Contacts, common: Path) -> None:
    """Another user has put a link where the reports were to go: as a user who is not root, in /tmp."""
    victim, config, path = common / "victim", configure(), contacts_csv(2)
    for each in (victim,):
        each.mkdir()
        os.chown(each, AGENT, AGENT)
    config, path = moved(config, common / "c.yaml"), moved(path, common / "contacts.csv")
    planted = as_user(INTRUDER, common, "reports", code=f"import os; os.symlink({str(victim)!r}, 'reports')")

    done = as_user(AGENT, common, "--state", victim / "j.db", "-c", config, "import", path)

    assert planted.code == 0
    assert done.code == ExitCode.USAGE, done
    assert "reports is a link that belongs to another user" in done.err
    assert not [each for each in victim.iterdir() if each.is_dir() and each.name != "locks"]


def test_what_waits_for_a_workbook_is_written_nowhere_else(tmp_path: Path) -> None:
    """Rows wait in files that are opened by their names: others may own the folder above, and swap the one in it."""
    book = Book(tmp_path / "report.xlsx")
    (waiting,) = tmp_path.iterdir()
    waiting.rename(tmp_path / "taken-away")
    waiting.mkdir()

    with book:
        book.add_table("A", "a.csv").writerow(["Key"])
        assert not list(waiting.iterdir())
        book.save()

    assert (tmp_path / "report.xlsx").stat().st_mode & 0o077 == 0


@is_root
@pytest.mark.parametrize("way", ["the folder itself", "the one above"])
def test_what_waits_for_a_workbook_is_made_behind_no_link(way: str, tmp_path: Path) -> None:
    """Others may have put one in place of the folder of the reports, or of the one above it."""
    private, folder = tmp_path / "private", tmp_path / "reports" / "run"
    (private / "run").mkdir(parents=True)
    if way == "the folder itself":
        folder.parent.mkdir()
    link, to = (folder, private / "run") if way == "the folder itself" else (folder.parent, private)
    link.symlink_to(to)
    os.chown(link, INTRUDER, INTRUDER, follow_symlinks=False)
    before = (private / "run").stat().st_mtime_ns

    with pytest.raises(PermissionError, match="is a link that belongs to another user"):
        Book(folder / "report.xlsx")

    assert (private / "run").stat().st_mtime_ns == before


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_a_draft_is_written_whatever_lies_under_its_name(
    kind: str, run: Run, configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others may own the folder of ``--out``, see the draft there, and put a link in its place."""
    configure()
    victim, out = tmp_path / "victim", tmp_path / "out"
    victim.write_text("mine", encoding="utf-8")
    out.mkdir()
    real = contacts_output.replaced

    @contextmanager
    def swapped(path: Path) -> Iterator[tuple[int, Path]]:
        with real(path) as (number, draft):
            draft.unlink()
            draft.symlink_to(victim)
            yield number, draft

    monkeypatch.setattr(contacts_output, "replaced", swapped)

    done = run("contacts", "list", "-o", kind, "--out", out / f"x.{kind}")

    assert done.code == ExitCode.OK, done.err
    assert victim.read_text(encoding="utf-8") == "mine"


@is_root
def test_a_night_s_page_in_reports_of_another_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """They could put another page in its place; a folder that was named is the caller's choice."""
    monkeypatch.chdir(tmp_path)
    for name in ("reports", "named"):
        Path(name).mkdir()
        os.chown(name, INTRUDER, -1)

    for page in (Path("reports/night.html"), Path("named/night.html")):
        tell(page, [], "2026-11-30T06:00:00+00:00")

    assert [path.name for path in tmp_path.rglob("night.html")] == ["night.html"]
    assert Path("named/night.html").is_file()
    assert "reports belongs to another user" in caplog.text


@is_root
def test_a_report_folder_of_another_user_is_not_used(common: Path) -> None:
    """They could put other reports in place of ours: a failed.xlsx that somebody imports again."""
    folder = common / "job"
    folder.mkdir()
    folder.chmod(0o1777)
    as_user(INTRUDER, folder, code="import os; os.mkdir('reports', 0o777)", umask=0)
    configuration(folder / "dialler-sync.yaml")
    (folder / "list.csv").write_text("Key,Name,Phone\nK1,A,0171 3920012\n")

    told = as_user(AGENT, folder, "--trust", "validate", "list.csv")
    elsewhere = as_user(AGENT, folder, "--trust", "validate", "list.csv", "--out", "mine")
    looked_at = as_user(AGENT, folder, "--trust", "doctor")

    assert told.code == ExitCode.USAGE
    assert "reports belongs to another user" in told.err
    assert not any((folder / "reports").iterdir())
    assert elsewhere.code == ExitCode.OK, elsewhere.err
    assert "reports belongs to another user" in looked_at.out


def test_only_drafts_are_deleted(tmp_path: Path) -> None:
    """Not what has another name, nor what a link leads to."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "kept").touch()
    folder = tmp_path / "reports"
    (folder / ".rows.other").mkdir(parents=True)
    for made in (folder / ".rows.other", made_draft(folder, ".rows.", ".part")):
        (made / "rows").touch()
    (folder / ".rows.x2.part").symlink_to(tmp_path / "elsewhere")
    for name in (".0123456789abcdef.part", ".part", "results.csv", "0123456789abcdef.part"):
        (folder / name).touch()

    private_files.delete_drafts(folder)

    assert {path.name for path in folder.iterdir()} - {".rows.x2.part"} == {
        ".rows.other", ".part", "results.csv", "0123456789abcdef.part"
    }  # fmt: skip
    assert (tmp_path / "elsewhere" / "kept").exists()


@is_root
@pytest.mark.parametrize("way", ["the folder itself", "the one above"])
def test_a_link_that_stands_there_for_a_moment_leads_nowhere(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder that is open to all, anybody can swap ``reports/`` after it was looked at, and before a report is
    opened in it."""
    private, folder = tmp_path / "private", tmp_path / "reports" / "run"
    folder.mkdir(parents=True)
    (private / "run").mkdir(parents=True)
    swapped = folder if way == "the folder itself" else folder.parent
    to = private / "run" if way == "the folder itself" else private

    def swap(_: Path) -> None:
        swapped.rename(tmp_path / "away")
        swapped.symlink_to(to)
        os.chown(swapped, INTRUDER, INTRUDER, follow_symlinks=False)

    monkeypatch.setattr(private_files, "refuse_foreign_link", swap)

    with (
        pytest.raises(JournalError, match="is a link that belongs to another user"),
        new_file(folder / "report.html") as file,
    ):
        file.write("x")
    assert not list((private / "run").iterdir())


def test_a_folder_that_is_swapped_while_a_file_is_written_keeps_it(tmp_path: Path) -> None:
    """The file takes its name where it was begun."""
    folder, away = tmp_path / "reports", tmp_path / "away"
    folder.mkdir()

    with new_file(folder / "report.html") as file:
        folder.rename(away)
        folder.mkdir()
        file.write("x")

    assert [path.name for path in away.iterdir()] == ["report.html"]
    assert not list(folder.iterdir())


def test_a_folder_by_links_of_our_own_and_by_the_one_above_is_written_to(tmp_path: Path) -> None:
    """As the system resolves it: a relative link, an absolute one, and ``..`` after a link."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "absolute").symlink_to(tmp_path / "a")
    (tmp_path / "relative").symlink_to("absolute/b")

    with new_file(tmp_path / "relative" / ".." / "report.html") as file:
        file.write("x")

    assert (tmp_path / "a" / "report.html").read_text() == "x"


@is_root
@pytest.mark.parametrize("moment", ["writing", "naming"])
def test_calls_go_nowhere_by_a_link_that_stands_there_for_a_moment(
    moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither is a draft written behind it, nor one that lies there given the name of a file."""
    private, folder = tmp_path / "private", tmp_path / "calls"
    private.mkdir()
    folder.mkdir()
    path = folder / "calls.csv"

    def swap(_: Path) -> None:
        folder.rename(tmp_path / "away")
        folder.symlink_to(private)
        os.chown(folder, INTRUDER, INTRUDER, follow_symlinks=False)

    if moment == "naming":
        draft = place.draft_beside(path, "me", lambda file, _: file.write(b"x") and None)
        (private / draft.path.name).touch()
    monkeypatch.setattr(private_files, "refuse_foreign_link", swap)

    with pytest.raises(UsageError, match="belongs to another user"):
        if moment == "writing":
            place.draft_beside(path, "me", lambda file, _: file.write(b"x") and None)
        else:
            place.rename(draft.path, path)
    names = [found.name for found in private.iterdir()]
    assert "calls.csv" not in names
    assert len(names) == (moment == "naming")


def swap_for_link(folder: Path, to: Path) -> None:
    """As another user, who can write to the folder above."""
    folder.rename(folder.with_name("away"))
    folder.symlink_to(to)
    os.chown(folder, INTRUDER, INTRUDER, follow_symlinks=False)


@is_root
def test_a_report_that_cannot_be_written_is_not_deleted_elsewhere(tmp_path: Path) -> None:
    """Its folder has become a link while the reports were written."""
    private, folder = tmp_path / "private", tmp_path / "reports"
    private.mkdir()
    folder.mkdir()
    (private / "report.html").write_text("mine", encoding="utf-8")

    with spared(folder / "report.html"):
        swap_for_link(folder, private)
        raise JournalError("no room")

    assert (private / "report.html").read_text(encoding="utf-8") == "mine"


@is_root
@pytest.mark.parametrize("swapped", ["out", "."])
def test_no_reports_of_another_folder_are_deleted(
    swapped: str, run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path
) -> None:
    """A link in place of the folder of a run, or of the one above it, leads to reports that were kept."""
    configure()
    out, private = tmp_path / "shared" / "out", tmp_path / "private"
    assert run("import", contacts_csv(2), "--out", out).code == ExitCode.OK
    (private / "out").mkdir(parents=True)
    for folder in (private, private / "out"):
        (folder / "failed.xlsx").write_text("mine", encoding="utf-8")
    if swapped == "out":
        swap_for_link(out, private)
    else:
        swap_for_link(out.parent, private)

    done = run("runs", "prune", "--older-than", "0d", "--reports")

    assert done.code == ExitCode.OK, done.err
    assert (private / "failed.xlsx").exists()
    assert (private / "out" / "failed.xlsx").exists()
    assert (out.is_symlink(), "is a link that belongs to another user" in done.err) in {(True, False), (False, True)}


@is_root
def test_drafts_behind_a_link_of_another_user_stay(tmp_path: Path) -> None:
    """They may be those of a run at work."""
    private, folder = tmp_path / "private", tmp_path / "reports"
    private.mkdir()
    folder.mkdir()
    (private / ".0123456789abcdef.part").touch()
    swap_for_link(folder, private)

    private_files.delete_drafts(folder)

    assert list(private.iterdir())


@is_root
@pytest.mark.parametrize("what", ["make", "delete"])
def test_an_empty_folder_is_neither_made_nor_deleted_behind_a_link(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the link takes its place after the way was looked at."""
    private, folder = tmp_path / "private", tmp_path / "shared"
    private.mkdir()
    folder.mkdir()
    if what == "delete":
        (private / "new").mkdir()
    before = list(private.iterdir())

    def swap(_: Path) -> None:
        if not folder.is_symlink():
            swap_for_link(folder, private)

    monkeypatch.setattr(private_files, "refuse_foreign_link", swap)

    with pytest.raises(PermissionError, match="is a link that belongs to another user"):
        (private_files.make_folder if what == "make" else private_files.delete_folder)(folder / "new")

    assert list(private.iterdir()) == before


@is_root
def test_a_report_folder_is_not_where_a_link_leads_that_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal would name that folder from then on: an empty inbox, whose lists are imported."""
    private, folder = tmp_path / "private", tmp_path / "shared" / "reports"
    private.mkdir()
    folder.parent.mkdir()
    monkeypatch.setattr(begin, "own_folder", lambda _: swap_for_link(folder, private))

    with pytest.raises(UsageError, match="is a link that belongs to another user"):
        begin.make_folder(folder)


@pytest.mark.parametrize("other", ["link", "folder"])
def test_only_a_new_folder_is_given_other_rights(other: str, tmp_path: Path) -> None:
    """Not a folder of this user that others have put in its place, by a link or under its name."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    (private / "kept").touch()
    place = tmp_path / "new"
    if other == "link":
        place.symlink_to(private)
    else:
        private = private.rename(place)

    with pytest.raises(OSError):
        private_files.give_rights(place, 0o750, os.getegid())

    assert private.stat().st_mode & 0o777 == 0o700
