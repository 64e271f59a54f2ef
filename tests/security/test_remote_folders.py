"""Folders at addresses: of whoever can write to them, and of a server that says anything."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from dialler_sync.call_lists.address import ListAtAddress
from dialler_sync.config import load_config
from dialler_sync.exit_codes import ExitCode
from dialler_sync.fetch import folder as of_folder
from dialler_sync.fetch import limits
from dialler_sync.fetch.folder import RemoteFolder
from dialler_sync.fetch.sftp import CheckedSftp
from dialler_sync.files.url import Url
from dialler_sync.inbox.remote import _digest
from dialler_sync.journal import Journal
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Done, Run
from ..helpers.dialler import line
from ..helpers.stores import Sftp
from ..sources.conftest import Remote, bucket, logins, remote, sftp, share
from .users import INTRUDER, is_root

__all__ = ["bucket", "remote", "sftp", "share"]

LIST = "\n".join(("Key,Name,Phone", line("K1"), "")).encode()


def take(run: Run, configure: Configure, login: str, url: str) -> Done:
    configure(sources=logins(login), inbox=f'{{dir: "{url}"}}', concurrency=1)
    return run("import", "--quiet-for", "0")


def keys(dialler: SimulatorServer) -> set[str]:
    return {str(contact["UserData"]) for contact in dialler.store.contacts.values()}


@pytest.fixture
def inbox(sftp: Sftp, tmp_path: Path) -> tuple[str, Path]:
    """The address of an inbox on the server, and its folder."""
    folder = sftp.files / f"{tmp_path.name}-{uuid4().hex}"
    folder.mkdir()
    return sftp.url(folder.name), folder


def test_a_name_that_is_not_utf_8_keeps_no_other_file_waiting(
    run: Run, configure: Configure, sftp: Sftp, inbox: tuple[str, Path], dialler: SimulatorServer
) -> None:
    """Old programs write such names; one of them was enough for the folder not to be listed at all."""
    url, folder = inbox
    (folder / "a.csv").write_bytes(LIST)
    Path(os.fsdecode(bytes(folder) + b"/M\xfcller.csv")).write_bytes(LIST.replace(b"K1", b"K2"))

    done, again = take(run, configure, sftp.login, url), take(run, configure, sftp.login, url)

    assert done.code == ExitCode.OK, done.err
    assert r"M\xfcller.csv: has a name that is not UTF-8: rename it; it stays where it is" in done.err
    assert again.err == ""
    assert keys(dialler) == {"K1"}


def test_a_folder_without_an_end_is_refused(
    run: Run, configure: Configure, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before its names fill the memory."""
    monkeypatch.setattr(limits, "MOST_NAMES", 5)  # with . and ..
    for number in range(6):
        remote.put(f"{number}.csv", LIST)

    done = take(run, configure, remote.login, remote.url)

    assert done.code == ExitCode.INPUT
    assert "has more than 5 files: take some of them away" in done.err


def test_names_without_an_end_are_refused(
    run: Run, configure: Configure, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server may give a file a name of any length; all of them stay in the memory."""
    monkeypatch.setattr(limits, "MOST_LETTERS", 400)
    for number in range(3):
        remote.put(f"{number}{'n' * 150}.csv", LIST)

    done = take(run, configure, remote.login, remote.url)

    assert done.code == ExitCode.INPUT
    assert "names have more than 400 characters in all: take some of the files away" in done.err


def test_many_folders_of_a_pattern_are_refused(
    run: Run, configure: Configure, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before all their names fill the memory, of which each folder has few."""
    monkeypatch.setattr(limits, "MOST_NAMES", 12)
    for number in range(24):
        remote.put(f"{number % 3}/{number}.csv", LIST)
    configure(sources=logins(remote.login))

    one, all_of_them = run("validate", f"{remote.url}/0/*.csv"), run("validate", f"{remote.url}/*/1.csv")

    assert one.code == ExitCode.OK, one.err
    assert all_of_them.code == ExitCode.INPUT
    assert f"{remote.url}/*/1.csv: has more than 12 files: take some of them away" in all_of_them.err


def test_names_as_no_file_here_can_have_them(
    run: Run, configure: Configure, remote: Remote, dialler: SimulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other systems allow longer names, and a server may list what no file can be called."""
    real = of_folder._entry
    name = f"{'ü' * 120}.csv"
    remote.put(name, LIST)
    long, nul = f"{'n' * 300}.csv", "a\0b.csv"
    monkeypatch.setattr(of_folder, "_entry", lambda info: real({**info, "name": str(info["name"]).replace("nul", nul)}))
    remote.put("nul", LIST)
    if remote.kind == "s3":
        remote.put(long, LIST.replace(b"K1", b"K2"))

    done = take(run, configure, remote.login, remote.url)

    assert done.code == ExitCode.OK, done.err
    assert keys(dialler) == ({"K1", "K2"} if remote.kind == "s3" else {"K1"})


@pytest.mark.parametrize("remote", ["sftp", "smb"], indirect=True)
def test_a_time_that_no_calendar_has_keeps_no_other_file_waiting(
    run: Run, configure: Configure, remote: Remote, dialler: SimulatorServer
) -> None:
    """Whoever may write there may set any."""
    remote.put("a.csv", LIST)
    remote.put("b.csv", LIST.replace(b"K1", b"K2"))
    try:
        os.utime(remote.here / "a.csv", (3e11, 3e11))  # the year 11476
    except OSError:
        pytest.skip("the file system has no such times")

    done = take(run, configure, remote.login, remote.url)

    assert done.code == ExitCode.OK, done.err
    assert keys(dialler) == {"K1", "K2"}


@pytest.mark.parametrize("remote", ["smb"], indirect=True)
@pytest.mark.parametrize("how", ["gone", "deleted while it is open"])
def test_a_file_that_another_machine_takes_while_the_folder_is_listed(
    how: str, run: Run, configure: Configure, remote: Remote, dialler: SimulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only its name has been told by then."""
    smbclient = pytest.importorskip("smbclient")
    from smbprotocol.exceptions import SMBOSError
    from smbprotocol.header import NtStatus

    real = smbclient.stat

    def stat(path: str, **options: Any) -> Any:
        if path.endswith("taken.csv"):
            if how == "gone":
                (remote.here / "taken.csv").unlink(missing_ok=True)
            else:
                raise SMBOSError(NtStatus.STATUS_DELETE_PENDING, path)
        return real(path, **options)

    monkeypatch.setattr(smbclient, "stat", stat)
    remote.put("a.csv", LIST)
    remote.put("taken.csv", LIST.replace(b"K1", b"K2"))

    done = take(run, configure, remote.login, remote.url)

    assert done.code == ExitCode.OK, done.err
    assert keys(dialler) == {"K1"}


@pytest.mark.parametrize("remote", ["s3"], indirect=True)
@pytest.mark.parametrize(("at", "told"), [("2020-01-01T00:00:00", True), ("9999-12-31T23:59:59-09:00", False)])
def test_a_claim_at_a_time_that_an_object_store_makes_up(
    at: str,
    told: bool,
    run: Run,
    configure: Configure,
    remote: Remote,
    dialler: SimulatorServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = of_folder._entry
    monkeypatch.setattr(of_folder, "_entry", lambda info: real({**info, "LastModified": datetime.fromisoformat(at)}))
    remote.put("a.csv", LIST)
    remote.put("importing/b.csv.claim", b"somebody\n")

    done = take(run, configure, remote.login, remote.url)

    assert done.code == ExitCode.OK, done.err
    assert ("b.csv.claim: is claimed by another computer" in done.err) == told
    assert keys(dialler) == {"K1"}


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_what_is_forged_as_claimed_is_not_read(
    kind: str, run: Run, configure: Configure, sftp: Sftp, inbox: tuple[str, Path], dialler: SimulatorServer
) -> None:
    """Whoever can write to the inbox may know the name of this journal: no link of theirs is followed, nor is the
    inbox kept from its work."""
    url, folder = inbox
    with Journal.open(str(Path("state/journal.db").resolve())) as journal:
        owner = journal.inbox(url).owner()
    secret = folder.with_name(f"{folder.name}-secret.csv")
    forged = folder / "importing" / f"{owner}-0" / "x.csv"
    secret.write_bytes(LIST)
    forged.parent.mkdir(parents=True)
    if kind == "folder":
        forged.mkdir()
    else:  # of the size and time of what it leads to
        to = os.path.relpath(secret, forged.parent)
        secret.write_bytes(LIST + b"\n" * (len(to) + 200 - len(LIST)))
        forged.symlink_to("./" * 100 + to)
        os.utime(secret, (1e9, 1e9))
        os.utime(forged, (1e9, 1e9), follow_symlinks=False)
    (folder / "good.csv").write_bytes(LIST.replace(b"K1", b"K2"))

    done = take(run, configure, sftp.login, url)

    assert done.code == ExitCode.OK, done.err
    assert keys(dialler) == {"K2"}


@is_root
@pytest.mark.parametrize("how", ["link", "folder", "folder of the inbox's owner"])
@pytest.mark.parametrize("name", ["importing", "done", "claim"])
def test_folders_of_another_user_are_not_used(
    name: str, how: str, run: Run, configure: Configure, sftp: Sftp, inbox: tuple[str, Path], dialler: SimulatorServer
) -> None:
    """Whoever can write to the inbox can make them, or links of these names: nothing is read or put there; the folders
    that it opens on may be its owner's, as on this machine."""
    url, folder = inbox
    with Journal.open(str(Path("state/journal.db").resolve())) as journal:
        owner = journal.inbox(url).owner()
    theirs = folder.with_name(f"{folder.name}-theirs")
    theirs.mkdir(mode=0o777)
    (theirs / "secret.csv").write_bytes(LIST)
    found = (theirs / "secret.csv").stat()
    mark = f"{found.st_size}:{datetime.fromtimestamp(int(found.st_mtime), UTC)}"
    place = folder / name
    if name == "claim":
        place = folder / "importing" / (f"{owner}-" + _digest(f"secret.csv\n{mark}"))
        place.parent.mkdir()
    if how == "link":
        place.symlink_to(theirs)
    else:
        theirs.rename(place)
    os.lchown(place, INTRUDER, INTRUDER)
    if how.endswith("owner"):
        os.chown(folder, INTRUDER, INTRUDER)
    (folder / "good.csv").write_bytes(LIST.replace(b"K1", b"K2"))

    done = take(run, configure, sftp.login, url)

    allowed = how.endswith("owner") and name != "claim"
    assert done.code == (ExitCode.OK if allowed or name == "claim" else ExitCode.INPUT), done.err
    assert (place / "secret.csv").read_bytes() == LIST
    assert keys(dialler) == ({"K2"} if name != "importing" or allowed else set())
    if not allowed and name != "claim":
        assert f"{url}/{name} belongs to another user" in done.err
        assert len([*place.iterdir()]) == 1


def test_the_name_of_a_journal_that_somebody_has_changed(
    run: Run, configure: Configure, sftp: Sftp, inbox: tuple[str, Path]
) -> None:
    """It begins the names of claims on the server, and could lead elsewhere."""
    url, folder = inbox
    with Journal.open(str(Path("state/journal.db").resolve())) as journal:
        notes = journal.inbox(url)
        notes._put("/owner", f"../../{folder.name}-elsewhere/x", 0)
    (folder / "a.csv").write_bytes(LIST)

    assert take(run, configure, sftp.login, url).code == ExitCode.USAGE
    assert not folder.with_name(f"{folder.name}-elsewhere").exists()
    assert (folder / "a.csv").read_bytes() == LIST


@pytest.mark.parametrize("umask", [0o002, 0o022])
def test_nobody_else_can_write_to_folders_of_an_inbox(
    umask: int, run: Run, configure: Configure, sftp: Sftp, inbox: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the umask of the server: else a group could swap the claimed file."""
    url, folder = inbox
    real, asked = CheckedSftp.makedirs, {}

    def makedirs(files: CheckedSftp, path: str, **given: Any) -> None:
        asked[path] = given.get("mode", 0o777) & ~umask
        real(files, path, **given)

    monkeypatch.setattr(CheckedSftp, "makedirs", makedirs)
    (folder / "a.csv").write_bytes(LIST)

    assert take(run, configure, sftp.login, url).code == ExitCode.OK
    modes = {path.removeprefix(str(folder)).split("-")[0]: mode for path, mode in asked.items()}
    assert {mode for path, mode in modes.items() if path.count("/") == 1} == {0o755}
    assert {mode for path, mode in modes.items() if path.count("/") > 1} == {0o700}


@is_root
@pytest.mark.parametrize("how", ["theirs", "a link of theirs", "open to all"])
@pytest.mark.parametrize("what", ["docs", "copy"])
def test_copies_of_another_user_are_not_used(
    what: str,
    how: str,
    run: Run,
    configure: Configure,
    sftp: Sftp,
    inbox: tuple[str, Path],
    tmp_path: Path,
    dialler: SimulatorServer,
) -> None:
    """In a folder that is open to all anybody can make the one beside the journal: nothing is deleted in it, or where
    its links lead, and what lies there is not imported."""
    url, folder = inbox
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o1755)  # it was open to all
    docs = tmp_path / "docs"
    (docs / "2025").mkdir(parents=True)
    (folder / "good.csv").write_bytes(LIST)
    copies = tmp_path / "shared" / "check.db-copies"
    made = tmp_path / "made" if how == "a link of theirs" else copies
    (made / "inbox").mkdir(parents=True)
    if how == "a link of theirs":
        copies.symlink_to(made)
    if what == "docs":
        (made / "inbox" / _digest(url)).symlink_to(docs)
    else:
        found = (folder / "good.csv").stat()
        mark = f"{found.st_size}:{datetime.fromtimestamp(int(found.st_mtime), UTC)}"
        planted = made / "inbox" / _digest(url) / _digest(f"good.csv\n{mark}") / "good.csv"
        planted.parent.mkdir(parents=True)
        planted.write_bytes(LIST.replace(b"K1", b"EVIL"))
    if how == "open to all":
        copies.chmod(0o777)
    else:
        os.lchown(copies, INTRUDER, INTRUDER)
    configure(sources=logins(sftp.login), inbox=f'{{dir: "{url}"}}', concurrency=1)

    done = run("--state", str(tmp_path / "shared" / "check.db"), "import", "--quiet-for", "0")

    assert done.code == ExitCode.USAGE, done.err
    assert "the folder of the journal's copies" in done.err
    assert "could have been changed by others" in done.err
    assert (docs / "2025").exists()
    assert not keys(dialler)


def test_a_link_for_the_moment_of_opening_is_not_read(
    run: Run, configure: Configure, sftp: Sftp, inbox: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before and after it, the name is that of the list."""
    url, folder = inbox
    (folder / "a.csv").write_bytes(LIST)
    (folder / "foreign").write_bytes(LIST + LIST.partition(b"\n")[2].replace(b"K1", b"K2"))
    real = CheckedSftp._open

    def swapped(files: CheckedSftp, path: str, *given: Any, **options: Any) -> Any:
        Path(path).rename(folder / "aside")
        Path(path).symlink_to(folder / "foreign")
        try:
            return real(files, path, *given, **options)
        finally:
            (folder / "aside").rename(path)

    monkeypatch.setattr(CheckedSftp, "_open", swapped)
    configure(sources=logins(sftp.login))

    done = run("validate", f"{url}/a.csv")

    assert done.code == ExitCode.INPUT
    assert "a.csv: changed 3 times while it was copied" in done.err


@pytest.mark.parametrize("remote", ["s3"], indirect=True)
@pytest.mark.parametrize("mark", ["", "0:None"])
@pytest.mark.parametrize("name", ["", "gone.csv", "sub"])
def test_a_forged_claim_of_an_object_store(
    name: str, mark: str, run: Run, configure: Configure, remote: Remote, dialler: SimulatorServer
) -> None:
    """It stands for no file, so it is put away, and the inbox works."""
    with Journal.open(str(Path("state/journal.db").resolve())) as journal:
        owner = journal.inbox(remote.url).owner()
    remote.put("sub/x.csv", LIST)
    remote.put("good.csv", LIST.replace(b"K1", b"K2"))
    remote.put(f"importing/{name}.claim", f"{owner}\n{mark}".encode())

    done = take(run, configure, remote.login, remote.url)

    assert done.code == ExitCode.OK, done.err
    assert keys(dialler) == {"K2"}


@pytest.mark.parametrize("remote", ["s3"], indirect=True)
def test_an_object_below_a_list_does_not_hide_it(
    run: Run, configure: Configure, remote: Remote, dialler: SimulatorServer
) -> None:
    """Its name makes the list's a folder, too."""
    remote.put("a.csv", LIST)
    remote.put("a.csv/x", b"")

    done = take(run, configure, remote.login, remote.url)

    assert done.code == ExitCode.OK, done.err
    assert keys(dialler) == {"K1"}
    assert "a.csv/x" in remote.files()
    assert "a.csv" not in remote.files()


def test_of_a_large_file_only_the_beginning_is_kept(
    run: Run, configure: Configure, sftp: Sftp, inbox: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a small one is looked for: a claim, a summary."""
    monkeypatch.setattr(of_folder, "_SMALL", 10)
    url, folder = inbox
    (folder / "summary.json").write_bytes(b"x" * 100)
    settings = load_config(configure(sources=logins(sftp.login)))
    store = RemoteFolder(Url(url), settings.source.stores)

    assert store.read("summary.json") == b"x" * 10
    assert store.read("other.json") == b""
    assert store.sha256("other.json") == ""


def test_copies_at_addresses_are_named_when_a_person_is_forgotten(
    run: Run, configure: Configure, sftp: Sftp, inbox: tuple[str, Path]
) -> None:
    """Nobody looks whether they are there: the list in the inbox, the answer to it, the reports."""
    url, folder = inbox
    for name in ("answers", "reports", "lists"):
        (folder / name).mkdir()
    (folder / "lists" / "a.csv").write_bytes(LIST)
    configure(sources=logins(sftp.login), inbox=f'{{dir: "{url}/lists", answers: "{url}/answers"}}')
    first = run("import", "--quiet-for", "0")
    (filed,) = (folder / "lists" / "done").iterdir()
    second = run("import", f"{url}/lists/done/{filed.name}", "--out", f"{url}/reports")

    done = run("forget", "--user-data", "K1", "--yes")

    assert [first.code, second.code, done.code] == [ExitCode.OK] * 3, second.err + done.err
    copies = [each.removeprefix("a copy remains: ") for each in done.out.splitlines()]
    for place in ("lists/done/", "answers/a.csv", "reports, the reports of import"):
        assert [each for each in copies if each.startswith(f"{url}/{place}")], done.out


@pytest.mark.parametrize("more", [(), ("--since", "last")])
def test_two_lists_of_calls_for_one_address_at_once(
    more: tuple[str, ...],
    run: Run,
    configure: Configure,
    sftp: Sftp,
    inbox: tuple[str, Path],
    contacts_csv: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each has a file of its own until it is there: none takes that of the other."""
    url, folder = inbox
    configure(sources=logins(sftp.login))
    assert run("import", contacts_csv(1)).code == ExitCode.OK
    real, done = ListAtAddress.put, []

    def put(place: ListAtAddress, **given: Any) -> None:
        if not done:
            done.append(None)
            done[0] = run("calls", "--to", f"{url}/calls.csv", *more, *(("--for", "other") if more else ()))
        real(place, **given)

    monkeypatch.setattr(ListAtAddress, "put", put)

    first = run("calls", "--to", f"{url}/calls.csv", *more)

    assert (first.code, done[0].code) == (ExitCode.OK, ExitCode.OK), first.err
    assert (folder / "calls.csv").exists()
    assert more or (folder / "invalid-numbers.csv").exists()
    assert not [path for path in Path("state/copies").rglob("*") if path.is_file()]


@pytest.mark.parametrize("remote", ["s3"], indirect=True)
@pytest.mark.parametrize("place", ["variables", "profile", "program"])
def test_the_keys_of_an_object_store_are_masked(
    run: Run, configure: Configure, remote: Remote, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str
) -> None:
    """Wherever they come from: its server may say whatever it was sent."""
    if place == "variables":
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret-of-the-key")
        monkeypatch.setenv("AWS_SESSION_TOKEN", "t0ken-of-the-session")
    else:
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        keys = {"AccessKeyId": "key", "SecretAccessKey": "s3cret-of-the-key", "SessionToken": "t0ken-of-the-session"}
        (tmp_path / "keys").write_text(json.dumps({"Version": 1, **keys}))
        (tmp_path / "aws").write_text(
            "[default]\n"
            + (
                "aws_access_key_id = key\naws_secret_access_key = s3cret-of-the-key\n"
                "aws_session_token = t0ken-of-the-session\n"
                if place == "profile"
                else f"credential_process = cat {tmp_path / 'keys'}\n"
            )
        )
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws"))
    configure(sources=logins(remote.login))

    def says(*_: object, **__: object) -> None:
        raise OSError(5, "bad t0ken-of-the-session, s3cret-of-the-key")

    monkeypatch.setattr("s3fs.S3FileSystem.info", says)
    done = run("import", f"{remote.url}/a.csv")

    assert done.code == ExitCode.INPUT
    assert "cannot be read" in done.err
    assert "t0ken" not in done.err
    assert "s3cret" not in done.err
