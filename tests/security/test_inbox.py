"""Whoever can write to an inbox has lists imported, and nothing else read, moved, overwritten or deleted."""

from __future__ import annotations

import errno
import os
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.config import SourceSettings
from dialler_sync.errors import UsageError
from dialler_sync.exit_codes import ExitCode
from dialler_sync.fetch import local
from dialler_sync.files import pinned
from dialler_sync.files import private as private_files
from dialler_sync.inbox import answers, claim
from dialler_sync.inbox.arrivals import Arrival
from dialler_sync.prepare import read_through
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Done, Run
from .users import AGENT, INTRUDER, as_user, is_root, moved

Contacts = Callable[..., Path]


@pytest.fixture
def inbox(tmp_path: Path, configure: Configure) -> Path:
    configure()
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def work(run: Run, inbox: Path) -> Callable[[], Done]:
    return lambda: run("import", "--inbox", inbox, "--quiet-for", "0")


@pytest.mark.parametrize("kind", ["link", "relative link", "hard link", "pipe", "link to nothing", "link too long"])
def test_only_files_themselves_are_taken(
    kind: str, work: Callable[[], Done], inbox: Path, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """A link may lead to a file that only this user can read: nothing of it is read, and that is said once."""
    secret, item = contacts_csv(2, "secret.csv"), inbox / "a.csv"
    make = {
        "link": lambda: item.symlink_to(secret),
        "relative link": lambda: item.symlink_to("../secret.csv"),
        "hard link": lambda: item.hardlink_to(secret),
        "pipe": lambda: os.mkfifo(item),
        "link to nothing": lambda: item.symlink_to(inbox / "nothing"),
        "link too long": lambda: item.symlink_to("a" * 300),
    }
    make[kind]()

    first, second = work(), work()

    assert (first.code, second.code) == (ExitCode.OK, ExitCode.OK)
    assert f"{item}: " in first.err
    assert "it stays where it is" in first.err
    assert str(item) not in second.err
    assert os.path.lexists(item)
    assert secret.exists()
    assert not dialler.store.contacts


@is_root
@pytest.mark.parametrize("name", ["importing", "done", "failed"])
@pytest.mark.parametrize("kind", ["link", "folder"])
def test_a_folder_that_another_user_put_there(
    name: str, kind: str, work: Callable[[], Done], inbox: Path, contacts_csv: Contacts, tmp_path: Path
) -> None:
    """No file is moved into it: it would be in their hands, or where their link leads."""
    good = name != "failed"
    contacts_csv(2, "inbox/a.csv") if good else (inbox / "a.csv").write_text("A,B\n1,2\n", encoding="utf-8")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    if kind == "link":
        (inbox / name).symlink_to(elsewhere)
        os.lchown(inbox / name, INTRUDER, INTRUDER)
    else:
        (inbox / name).mkdir()
        os.chown(inbox / name, INTRUDER, INTRUDER)

    done = work()

    assert done.code != ExitCode.OK
    assert "another user" in done.err
    assert (inbox / "a.csv").exists()
    assert not list(elsewhere.iterdir())
    assert kind == "link" or not list((inbox / name).iterdir())


@is_root
def test_what_lies_in_a_foreign_folder_is_not_gone_on_with(
    work: Callable[[], Done], inbox: Path, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """``importing/`` is where an interrupted call goes on; another user may have made it."""
    place = inbox / "importing" / "1"
    place.mkdir(parents=True)
    (place / "a.csv").symlink_to(contacts_csv(2, "secret.csv"))
    os.chown(inbox / "importing", INTRUDER, INTRUDER)

    done = work()

    assert "belongs to another user" in done.err
    assert not dialler.store.contacts


@is_root
def test_between_three_users(
    common: Path, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """An inbox of a group: one brings lists and a link to the agent's own file, the agent imports the lists."""
    home, inbox, config = common / "agent", common / "inbox", moved(configure(), common / "c.yaml")
    home.mkdir()
    inbox.mkdir()
    os.chown(home, AGENT, AGENT)
    os.chown(inbox, 0, INTRUDER)
    inbox.chmod(0o2775)
    secret = moved(contacts_csv(1, "secret.csv"), home / "secret.csv")
    os.chown(secret, AGENT, AGENT)
    secret.chmod(0o600)
    bring = (
        f"import os; os.symlink({str(secret)!r}, 'b.csv')\n"
        "open('a.csv', 'w').write('Key,Name,Phone\\nK1,Anna,0171 3920012\\n')"
    )

    brought = as_user(INTRUDER, inbox, code=bring)
    inbox.chmod(0o3777)  # as /tmp: only its owner, or the folder's, moves a file
    refused = as_user(AGENT, home, "-c", config, "import", "--inbox", inbox, "--quiet-for", "0")
    os.chown(inbox, AGENT, INTRUDER)  # the agent can write there, as owner
    inbox.chmod(0o2775)
    done = as_user(AGENT, home, "-c", config, "import", "--inbox", inbox, "--quiet-for", "0")

    assert brought.code == 0, brought.err
    assert refused.code == ExitCode.USAGE
    assert "so it is not imported. The inbox must belong to this user." in refused.err
    assert done.code == ExitCode.OK, done.err
    assert f"{inbox / 'b.csv'}: is a link" in refused.err
    assert [contact["Name"] for contact in dialler.store.contacts.values()] == ["Anna"]


@is_root
@pytest.mark.parametrize("moment", ["before it is read", "while it is read"])
def test_folders_are_swapped_while_a_list_is_imported(
    moment: str,
    work: Callable[[], Done],
    inbox: Path,
    contacts_csv: Contacts,
    dialler: SimulatorServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In a folder that is not sticky others can take ``importing/`` away and put one of theirs in its place, with a
    link to a file that only this user can read: the list that was taken is imported, and nothing else."""
    secret = contacts_csv(1, "secret.csv", rows=["SECRET,Secret,0171 3920099"])
    brought = contacts_csv(3, "inbox/a.csv")
    folder = inbox / "importing" / str(brought.stat().st_ino)

    def swap() -> None:
        (inbox / "importing").rename(inbox / ".taken-away")
        folder.mkdir(parents=True)
        (folder / "a.csv").symlink_to(secret)
        os.chown(inbox / "importing", INTRUDER, INTRUDER)

    real_claim, real_table = claim.OnDisk.claim, local.file_sha256

    def claimed(place: claim.OnDisk, arrival: Arrival) -> claim.Claim | None:
        taken = real_claim(place, arrival)
        swap()
        return taken

    def opened(path: Path) -> str:
        if not (inbox / ".taken-away").exists():
            swap()
        return real_table(path)

    if moment == "before it is read":
        monkeypatch.setattr(claim.OnDisk, "claim", claimed)
    else:
        monkeypatch.setattr(local, "file_sha256", opened)

    done = work()

    assert done.code == ExitCode.OK, done.err
    assert sorted(contact["UserData"] for contact in dialler.store.contacts.values()) == ["K2", "K3", "K4"]
    (filed,) = (inbox / "done").iterdir()
    assert not filed.is_symlink()
    assert "/proc/" not in done.err + done.out
    assert secret.exists()


@is_root
def test_what_lies_in_a_folder_of_another_user_in_our_own_is_not_gone_on_with(
    work: Callable[[], Done], inbox: Path, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """The folder in ``importing/`` is always made by who imports."""
    place = inbox / "importing" / "1"
    place.mkdir(parents=True)
    contacts_csv(1, "inbox/importing/1/b.csv")
    os.chown(place, INTRUDER, INTRUDER)

    done = work()

    assert "belongs to another user" in done.err
    assert not dialler.store.contacts


def test_a_list_is_told_nothing_of_another_campaign(run: Run, configure: Configure, tmp_path: Path) -> None:
    """Whoever brings it may name any run of the journal in it, and reads what is said of its rows."""
    configure()
    (tmp_path / "theirs.csv").write_text("Key,Name,Phone\n0049123,Anna,12\n", encoding="utf-8")
    theirs = run("import", "theirs.csv").summary["run_id"]
    configure(campaign="{id: 539}")
    (tmp_path / "mine.csv").write_text(
        f"Key,Name,Phone,_run,_row,_key\nX1,Eva,0171 3920012,{theirs},2,X1\n", encoding="utf-8"
    )

    done = run("import", "mine.csv")

    assert done.code == ExitCode.OK, done.err
    assert "0049123" not in str(done.rows())


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_a_folder_of_answers_that_is_swapped_gets_nothing(
    kind: str, run: Run, configure: Configure, inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever can write to the folder above it can put one of theirs, or a link, in its place at any moment."""
    configure(inbox="{dir: inbox, answers: outer/answers}")
    (inbox / "a.csv").write_text("A,B\n1,2\n", encoding="utf-8")
    place, theirs, away = tmp_path / "outer" / "answers", tmp_path / "theirs", tmp_path / "away"
    place.parent.mkdir()
    theirs.mkdir()
    real = answers.write_short_answer

    def swapped(*given: Any) -> None:
        real(*given)
        place.rename(away)
        place.symlink_to(theirs) if kind == "link" else place.mkdir()

    monkeypatch.setattr(answers, "write_short_answer", swapped)

    done = run("import", "--quiet-for", "0")

    assert done.code == ExitCode.INPUT, done.err
    assert [list(theirs.iterdir()), list(place.iterdir())] == [[], []]
    assert [path.suffix for path in away.iterdir()] == [".xlsx"]


@is_root
@pytest.mark.parametrize("target", ["a folder of this user", "nothing but itself"])
def test_a_folder_that_becomes_a_link_between_two_looks_at_it_gets_nothing(
    target: str,
    work: Callable[[], Done],
    inbox: Path,
    contacts_csv: Contacts,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever can write to the inbox can have ``done/`` be a link for the moment in which it is opened."""
    private, done, away = tmp_path / "private", inbox / "done", inbox / "away"
    private.mkdir(mode=0o700)
    contacts_csv(2, "inbox/a.csv")
    done.mkdir()
    real = claim.make_own_folder

    def swapped(folder: Path) -> None:
        if folder == done and away.exists():
            done.unlink()
            away.rename(done)
        real(folder)
        if folder == done and not away.exists():
            done.rename(away)
            done.symlink_to(private if target == "a folder of this user" else done)
            os.chown(done, INTRUDER, INTRUDER, follow_symlinks=False)

    monkeypatch.setattr(claim, "make_own_folder", swapped)

    ended = work()

    assert ended.code == ExitCode.USAGE, ended.err
    assert "belongs to another user" in ended.err
    assert not list(private.iterdir())
    assert (inbox / "a.csv").exists()


@is_root
@pytest.mark.parametrize("owner", [INTRUDER, 0])
def test_what_is_deleted_lies_in_a_folder_of_the_inbox_or_behind_a_link_of_our_own(
    owner: int, inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That ``done/`` is no other user's link says nothing of the next moment."""
    private = tmp_path / "private"
    private.mkdir()
    (private / "a.csv").touch()
    (inbox / "done").symlink_to(private)
    os.chown(inbox / "done", owner, owner, follow_symlinks=False)
    monkeypatch.setattr(claim, "is_foreign", lambda _: False)

    with suppress(PermissionError):
        claim.OnDisk(inbox).delete(inbox / "done" / "a.csv")

    assert (private / "a.csv").exists() == (owner == INTRUDER)


def test_a_path_that_changes_while_it_is_followed_is_no_bug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system says EINVAL where a link has become a folder in between."""

    def changed(_: Path) -> Path:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(Path, "resolve", changed)

    assert pinned.real(tmp_path / "done") == tmp_path / "done"


@is_root
def test_answers_go_nowhere_by_the_link_of_another_user(
    run: Run, configure: Configure, inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes the place of their folder after that was looked at, and before it is opened."""
    configure(inbox="{dir: inbox, answers: answers}")
    (inbox / "a.csv").write_text("A,B\n1,2\n", encoding="utf-8")
    private = tmp_path / "private"
    private.mkdir()

    def swapped(folder: Path) -> None:
        if folder.is_symlink():
            return
        folder.rename(tmp_path / "away")
        folder.symlink_to(private)
        os.chown(folder, INTRUDER, INTRUDER, follow_symlinks=False)

    monkeypatch.setattr(answers, "delete_abandoned", swapped)

    done = run("import", "--quiet-for", "0")

    assert "cannot be written to" in done.err
    assert not list(private.iterdir())


@is_root
@pytest.mark.parametrize("name", ["a.csv", "importing", "done", "failed"])
@pytest.mark.parametrize("to", ["too long", "closed"])
def test_a_link_that_leads_where_nobody_may_look_stops_no_other_list(
    name: str, to: str, common: Path, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Its target has no name that there can be, or lies in a folder that only its owner can enter."""
    folder = common / "inbox"
    folder.mkdir()
    folder.chmod(0o1777)
    closed = common / "closed"
    closed.mkdir(mode=0o700)
    target = "a" * 300 if to == "too long" else closed / "x"
    as_user(INTRUDER, folder, code=f"import os; os.symlink({str(target)!r}, {name!r})")
    config, listed = moved(configure(), common / "c.yaml"), moved(contacts_csv(1), folder / "b.csv")
    home = common / "home"
    home.mkdir()
    for path in (home, listed):
        os.chown(path, AGENT, AGENT)

    done = as_user(AGENT, home, "-c", config, "import", "--inbox", folder, "--quiet-for", "0")

    assert done.code in {ExitCode.OK, ExitCode.USAGE}, done.err
    assert str(folder / name) in done.err
    assert len(dialler.store.contacts) == (name != "importing")


def test_a_file_with_a_hole_is_judged_before_it_is_hashed(
    work: Callable[[], Done], inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can have any size, and take days to be read."""
    hashed: list[Path] = []
    monkeypatch.setattr(local, "file_sha256", lambda path: hashed.append(path) or "")
    (inbox / "a.csv").touch()
    os.truncate(inbox / "a.csv", 5_000_000_000)

    done = work()

    assert done.code == ExitCode.INPUT
    assert "5,000 MB; the limit is 4,096 MB" in done.err
    assert not hashed


@pytest.mark.parametrize("owner", [pytest.param(INTRUDER, marks=is_root), os.geteuid()])
def test_a_list_that_grows_without_end_is_not_followed(
    owner: int,
    work: Callable[[], Done],
    inbox: Path,
    contacts_csv: Contacts,
    dialler: SimulatorServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever brings it, or may write to it, can have it open: it becomes terabytes after it was looked at."""
    path = contacts_csv(20, "inbox/a.csv")
    path.chmod(0o666 if owner == os.geteuid() else 0o644)
    os.chown(path, owner, -1)
    fetch, file_sha256 = claim.fetch, local.file_sha256

    def grown(place: Path, source: SourceSettings) -> local.Local:
        found = fetch(place, source)
        os.truncate(place, 1 << 42)
        return found

    def hashed(place: Path) -> str:
        assert place.stat().st_size < 1 << 30
        return file_sha256(place)

    with monkeypatch.context() as patched:
        patched.setattr(claim, "fetch", grown)
        patched.setattr(local, "file_sha256", hashed)
        done = work()

    assert done.code == ExitCode.INPUT, done.err
    assert "a.csv is still being written; it waits until it is complete" in done.err
    assert [each.name for each in inbox.iterdir()] == ["a.csv"]
    assert not dialler.store.contacts


@pytest.mark.parametrize("mode", [0o644, 0o666])
def test_a_list_that_is_written_to_while_its_rows_are_read_waits(
    mode: int,
    work: Callable[[], Done],
    inbox: Path,
    contacts_csv: Contacts,
    dialler: SimulatorServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where a copy of it is read: the rows that come later would be left out, and the list filed."""
    path = contacts_csv(20, "inbox/a.csv")
    path.chmod(mode)
    writer = path.open("a", encoding="utf-8")
    take = read_through._take

    def written(*arguments: Any, **options: Any) -> int:
        writer.write("K99,Eva,0171 3920099\n")
        writer.flush()
        return take(*arguments, **options)

    with writer, monkeypatch.context() as patched:
        patched.setattr(read_through, "_take", written)
        first = work()
    second = work()

    assert first.code == ExitCode.INPUT, first.err
    assert "a.csv is still being written; it waits until it is complete" in first.err
    assert second.code == ExitCode.OK, second.err
    assert len(dialler.store.contacts) == 21


def test_what_else_lies_in_an_archive_does_not_count(
    run: Run, configure: Configure, inbox: Path, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """``max_file_mb`` is the size of the list."""
    configure(source={"max_file_mb": 1})
    with zipfile.ZipFile(inbox / "a.zip", "w") as archive:
        archive.write(contacts_csv(1), "a.csv")
        archive.writestr("about.pdf", os.urandom(3_000_000))

    done = run("import", "--inbox", inbox, "--quiet-for", "0")

    assert done.code == ExitCode.OK, done.err
    assert len(dialler.store.contacts) == 1


@is_root
def test_an_inbox_behind_a_link_of_another_user_is_not_used(
    work: Callable[[], Done], inbox: Path, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Whoever can write to the folder above could have any folder of this user imported, and its lists moved."""
    private = inbox.with_name("private")
    inbox.rename(private)
    contacts_csv(1, "private/a.csv")
    inbox.symlink_to(private)
    assert work().code == ExitCode.OK  # by a link of our own
    contacts_csv(2, "private/b.csv")
    os.chown(inbox, INTRUDER, INTRUDER, follow_symlinks=False)

    done = work()

    assert done.code == ExitCode.USAGE
    assert f"{inbox} is a link that belongs to another user. Name the folder that it leads to." in done.err
    assert (private / "b.csv").exists()
    assert len(dialler.store.contacts) == 1


@is_root
def test_an_inbox_is_not_where_a_link_leads_that_takes_its_place(
    work: Callable[[], Done], inbox: Path, contacts_csv: Contacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever can write to the folder above can swap both as often as they like."""
    private = inbox.with_name("private")
    private.mkdir()
    contacts_csv(1, "private/a.csv")

    def swapped_after_the_look(path: Path) -> None:
        if path == inbox and not inbox.is_symlink():
            inbox.rename(inbox.with_name("away"))
            inbox.symlink_to(private)
            os.chown(inbox, INTRUDER, INTRUDER, follow_symlinks=False)

    monkeypatch.setattr(private_files, "foreign_link", swapped_after_the_look)

    done = work()

    assert done.code == ExitCode.USAGE, done.err
    assert "is a link that belongs to another user" in done.err
    assert (private / "a.csv").exists()


@is_root
def test_the_doctor_knows_which_inbox_is_refused(run: Run, configure: Configure, inbox: Path) -> None:
    """Not only that others can write there, which is a warning."""
    link = inbox.with_name("link")
    link.symlink_to(inbox)
    os.chown(link, INTRUDER, INTRUDER, follow_symlinks=False)
    configure(inbox={"dir": str(link)})

    done = run("doctor")

    assert done.code == ExitCode.USAGE
    said = " ".join(done.out.split())
    assert f"FAIL inbox {link} is a link that belongs to another user" in said
    assert "name the folder that it leads to" in said


def test_a_folder_of_our_own_under_the_name_of_claims_is_not_imported(
    work: Callable[[], Done], inbox: Path, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Whoever can write to an inbox that is not sticky can rename the folders in it, such as ``reports``."""
    (inbox / "reports" / "run").mkdir(parents=True)
    moved(contacts_csv(1), inbox / "reports" / "run" / "failed.csv")
    (inbox / "reports").rename(inbox / "importing")

    done = work()

    assert done.code == ExitCode.OK, done.err
    assert (inbox / "importing" / "run" / "failed.csv").exists()
    assert not dialler.store.contacts


def test_a_list_of_a_killed_call_that_was_copied_is_not_forgotten(
    work: Callable[[], Done], inbox: Path, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """On another drive, and on some network drives that are mounted anew, a file has another inode."""
    (inbox / "importing" / "12345").mkdir(parents=True)
    moved(contacts_csv(1), inbox / "importing" / "12345" / "a.csv")

    done = work()

    assert f"{inbox / 'importing' / '12345'}: its files are not imported" in done.err
    assert (
        f"put them there: a.csv. If they are lists, such as on a drive that was copied, move them to {inbox}."
        in done.err
    )
    assert not dialler.store.contacts


@is_root
@pytest.mark.parametrize("moment", ["before it is claimed", "while it is imported"])
def test_an_inbox_that_becomes_a_link_gives_and_gets_nothing(
    moment: str, inbox: Path, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """A list is not put back to where the link leads, nor one of the same name taken from there."""
    private = inbox.with_name("private")
    place, home = claim.OnDisk(inbox), contacts_csv(1, "inbox/a.csv")
    arrival = Arrival(home, place.mark_of(home))
    private.mkdir()
    taken = place.claim(arrival) if moment == "while it is imported" else None
    inbox.rename(inbox.with_name("away"))
    inbox.symlink_to(private)
    os.chown(inbox, INTRUDER, INTRUDER, follow_symlinks=False)

    if taken:
        taken.put_back()
        assert not list(private.iterdir())
    else:
        contacts_csv(1, "private/a.csv")
        make = claim.make_own_folder
        with pytest.MonkeyPatch.context() as patch:  # they were there before
            patch.setattr(claim, "make_own_folder", lambda folder: folder.exists() or make(folder))
            (private / "importing" / arrival.inode).mkdir(parents=True)
            with suppress(UsageError):
                place.claim(arrival)
        assert (private / "a.csv").exists()
