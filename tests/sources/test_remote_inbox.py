"""An inbox at an address: each file is imported once and filed there, whoever else looks, whenever a call is killed."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest

from dialler_sync.config import load_config
from dialler_sync.errors import InputError
from dialler_sync.exit_codes import ExitCode
from dialler_sync.fetch.folder import RemoteFolder
from dialler_sync.files.url import Url
from dialler_sync.inbox.answers import Answers
from dialler_sync.inbox.places import Arrival
from dialler_sync.inbox.remote import RemoteClaim, RemoteInbox
from dialler_sync.inbox.tidy import delete_old
from dialler_sync.journal import Journal
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Done, Run
from ..helpers.dialler import line
from .conftest import Remote, logins

HEAD = "Key,Name,Phone"
LIST = "\n".join((HEAD, line("K1"), line("K2"), "")).encode()
BAD = f"{HEAD}\nK3,Ann,nobody\n".encode()


@pytest.fixture(autouse=True)
def known(configure: Configure, remote: Remote) -> None:
    configure(sources=logins(remote.login), inbox=f'{{dir: "{remote.url}"}}', concurrency=1)


def take(run: Run, *more: str) -> Done:
    return run("import", "--quiet-for", "0", *more)


def kinds(remote: Remote) -> dict[str, list[str]]:
    """Folder → names of the files in it, without the runs before them."""
    found: dict[str, list[str]] = {}
    for name in sorted(remote.files(), key=lambda name: name.split("-", 3)[-1]):
        folder, _, last = name.rpartition("/")
        found.setdefault(folder, []).append(last.split("-", 3)[-1] if folder in ("done", "failed") else last)
    return found


def test_files_are_imported_and_filed(run: Run, remote: Remote, dialler: SimulatorServer, tmp_path: Path) -> None:
    """As those of a folder of this machine; what is no list is told once, and nothing is left here."""
    remote.put("a.csv", LIST)
    remote.put("b 100%.csv", BAD)
    remote.put("c.csv", b"Foo\n1\n")
    remote.put("notes.pdf", b"%PDF")

    done, again = take(run), take(run)

    assert done.code == ExitCode.INPUT, done.err
    assert kinds(remote) == {"": ["notes.pdf"], "done": ["a.csv", "b 100%.csv"], "failed": ["c.csv"]}
    assert {contact["UserData"] for contact in dialler.store.contacts.values()} == {"K1", "K2"}
    assert "notes.pdf: is not a file to import" in done.err
    assert f"{remote.url}/c.csv: there is no column 'Key'" in done.err
    assert again.code == ExitCode.OK
    assert again.err == ""
    assert not [path for path in (tmp_path / "state" / "copies").rglob("*") if path.is_file()]


def sent(dialler: SimulatorServer) -> list[str]:
    """Return the keys that were sent, one for each request."""
    return sorted(request.user_data for request in dialler.requests if request.function == "import")


def test_two_machines_look_at_once(
    run: Run, remote: Remote, dialler: SimulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever claims a file first has it; the other one says nothing, and what stopped there is not begun here."""
    remote.put("a.csv", LIST)
    real, looked = RemoteInbox.claim, []

    def claim(inbox: RemoteInbox, arrival: Arrival) -> RemoteClaim | None:
        if not looked:
            looked.append(arrival)
            assert run("--state", "other.db", "import", "--quiet-for", "0", "--limit", "1").code == ExitCode.ROWS_FAILED
        return real(inbox, arrival)

    monkeypatch.setattr(RemoteInbox, "claim", claim)

    first, again = take(run), take(run)

    assert (first.code, again.code, again.err) == (ExitCode.OK, ExitCode.OK, "")
    assert first.reports is None
    assert sent(dialler) == ["K1"]
    other = run("--state", "other.db", "import", "--quiet-for", "0")
    assert other.code == ExitCode.OK, other.err
    assert sent(dialler) == ["K1", "K2"]
    assert kinds(remote) == {"done": ["a.csv"]}


@pytest.mark.parametrize("remote", ["s3"], indirect=True)
def test_a_claim_whose_answer_is_lost_is_found_out(
    run: Run, remote: Remote, dialler: SimulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next try is told that the object is there: its own."""
    files = pytest.importorskip("s3fs").S3FileSystem
    real = files._pipe_file

    async def cut_off(*given: object, **options: object) -> None:
        await real(*given, **options)
        raise ConnectionResetError

    monkeypatch.setattr(files, "_pipe_file", cut_off)
    remote.put("a.csv", LIST)

    done = take(run)

    assert done.code == ExitCode.OK, done.err
    assert sent(dialler) == ["K1", "K2"]
    assert kinds(remote) == {"done": ["a.csv"]}


@pytest.mark.parametrize("remote", ["smb", "sftp"], indirect=True)
def test_a_move_whose_answer_is_lost_is_found_out(
    run: Run, remote: Remote, dialler: SimulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next try is told that there is no such file any more."""
    holder = import_module("smbclient") if remote.kind == "smb" else import_module("paramiko").SFTPClient
    real = holder.rename

    def lost(*given: object, **options: object) -> None:
        real(*given, **options)
        raise ConnectionResetError

    monkeypatch.setattr(holder, "rename", lost)
    remote.put("a.csv", LIST)

    done = take(run)

    assert (done.code, done.err) == (ExitCode.OK, "")
    assert sent(dialler) == ["K1", "K2"]
    assert kinds(remote) == {"done": ["a.csv"]}


class Killed(BaseException):
    """In place of a signal."""


STEPS = ("make", "move", "create", "put", "delete", "remove_empty")


def kill_at(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the process do nothing at the address from one step on."""
    count = 0

    def dying(name: str) -> None:
        real = getattr(RemoteFolder, name)

        def call(*given: object, **options: object) -> object:
            nonlocal count
            count += 1
            if count >= step:
                raise Killed
            return real(*given, **options)

        monkeypatch.setattr(RemoteFolder, name, call)

    for name in STEPS:
        dying(name)


def test_a_call_that_is_killed_at_any_step(
    run: Run, remote: Remote, dialler: SimulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is in the inbox, claimed or filed; the next call finishes what is left, and no row is sent twice."""
    whole = False
    for step in range(1, 40):
        remote.put(f"{step}.csv", f"{HEAD}\n{line(f'S{step}')}\n".encode())
        with monkeypatch.context() as patched:
            kill_at(step, patched)
            with suppress(Killed):
                whole = take(run).code == ExitCode.OK
        assert take(run).code == ExitCode.OK
        assert sent(dialler).count(f"S{step}") == 1
        assert kinds(remote) == {"done": [f"{step}.csv"]}, step
        for name in sorted(remote.files(), key=lambda name: name.split("-", 3)[-1]):
            remote.delete(name)
        if whole:
            break
    assert step > 4
    assert whole


def test_a_run_that_stopped_goes_on_with_its_copy(
    run: Run, remote: Remote, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """Also by ``resume``, and where another list of the same name has come; the file is filed by the next call."""
    remote.put("a.csv", LIST)
    stopped = take(run, "--limit", "1")
    remote.put("a.csv", f"{HEAD}\n{line('N1')}\n".encode())

    assert run("resume").code == ExitCode.OK
    done = take(run)

    assert f"was imported by run {stopped.summary['run_id']}" in done.err
    if remote.kind == "s3":  # its claim is that of the name, so the new list comes next
        assert take(run).code == ExitCode.OK
    assert sent(dialler) == ["K1", "K2", "N1"]
    assert kinds(remote) == {"done": ["a.csv", "a.csv"]}
    assert remote.files()[f"done/{stopped.summary['run_id']}-a.csv"] == LIST
    assert run("runs", "show", stopped.summary["run_id"], "--json").code == ExitCode.OK


def test_old_files_are_deleted(run: Run, remote: Remote, tmp_path: Path, known: None) -> None:
    """``inbox.keep``, of what the journal knows."""
    remote.put("a.csv", LIST)
    assert take(run).code == ExitCode.OK
    remote.put("done/other.csv", LIST)
    remote.put("b.csv", b"\0\0\0")
    assert take(run).code == ExitCode.INPUT
    assert any(name.startswith("failed/unread-") for name in remote.files())
    with Journal.open(tmp_path / "state" / "journal.db") as journal:
        settings = load_config(tmp_path / "dialler-sync.yaml").source
        inbox = RemoteInbox.open(Url(remote.url), settings, journal.copies, journal.inbox(remote.url))
        delete_old(inbox, timedelta(days=30), journal, datetime.now(UTC) + timedelta(days=31))

    assert list(remote.files()) == ["done/other.csv"]


@pytest.mark.parametrize(
    ("address", "code", "message"),
    [
        ("https://127.0.0.1:9/in", ExitCode.USAGE, "a web server only gives single files"),
        ("sftp://127.0.0.1:9/in", ExitCode.INPUT, "the connection"),
        ("{url}/a.csv", ExitCode.INPUT, "is a file. Name the folder that it lies in"),
        ("{url}/gone", ExitCode.INPUT, "no such folder"),
    ],
)
def test_what_is_no_inbox(
    run: Run, remote: Remote, dialler: SimulatorServer, address: str, code: ExitCode, message: str
) -> None:
    remote.put("a.csv", LIST)

    done = take(run, "--inbox", address.format(url=remote.url))

    if remote.kind == "s3" and message == "no such folder":
        assert done.code == ExitCode.OK  # nothing has such a beginning: nothing has come yet
    else:
        assert done.code == code, done.err
        assert message in done.err
    assert not dialler.requests


def test_a_bucket_that_is_not_there(run: Run, configure: Configure, bucket: str, remote: Remote) -> None:
    configure(sources=logins(f's3://gone: {{endpoint_url: "{bucket}"}}'))

    done = take(run, "--inbox", "s3://gone/in")

    assert done.code == ExitCode.INPUT
    assert "no such folder" in done.err or remote.kind != "s3"


def test_answers_go_to_an_address(
    run: Run, remote: Remote, configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be put there now is put there by the next call; ``keep`` deletes what nobody has changed."""
    settings = f'{{dir: "{remote.url}", answers: "{remote.url}/answers", keep: 30d}}'
    configure(sources=logins(remote.login), inbox=settings)
    remote.put("a.csv", LIST)

    def breaks(*_: object, **__: object) -> None:
        raise InputError("the link has broken.")

    with monkeypatch.context() as broken:
        broken.setattr(RemoteFolder, "_put" if remote.kind != "s3" else "create", breaks)
        first = take(run)
    done = take(run)

    assert "the link has broken." in first.err
    assert done.code == ExitCode.OK, done.err
    (answer,) = (name for name in remote.files() if name.startswith("answers/"))
    assert answer.startswith("answers/a.csv – ")
    assert answer.endswith(" – 2 of 2 imported.xlsx")
    assert remote.files()[answer].startswith(b"PK")
    loaded = load_config(tmp_path / "dialler-sync.yaml")
    with Journal.open(tmp_path / "state" / "journal.db") as journal:
        answers = Answers(loaded.inbox, Url(remote.url), journal, loaded.source.stores)
        answers.delete_old(timedelta(days=30), datetime.now(UTC) + timedelta(days=31))
    assert answer not in remote.files()


def test_what_waits_for_a_list_goes_on_without_it_as_the_message_says(
    run: Run, remote: Remote, dialler: SimulatorServer
) -> None:
    """The list is not in the inbox, but claimed."""
    remote.put("a.csv", LIST)
    remote.put("b.csv", f"{HEAD}\n{line('N1')}\n".encode())

    stopped = take(run, "--limit", "1")

    said = stopped.err.partition("so b.csv waits; the next call begins with it. To continue without it, ")[2]
    named = [word.rstrip(".") for word in said.split("\n")[0].split() if "://" in word]
    assert len(named) == 1
    if remote.kind == "s3":
        assert said.startswith("move it out of the inbox, then delete ")
        remote.delete("a.csv")
    remote.delete(named[0].removeprefix(f"{remote.url}/"))
    assert take(run).code == ExitCode.OK
    assert sent(dialler) == ["K1", "N1"]
    assert kinds(remote) == {"done": ["b.csv"]}


def test_doctor_looks_at_the_folders(run: Run, configure: Configure, remote: Remote) -> None:
    """Before the night does."""
    remote.put("a.csv", LIST)
    gone = "s3://gone/answers" if remote.kind == "s3" else f"{remote.url}/gone"  # a bucket, or a folder
    more = ['"s3://gone": ' + remote.login.partition(": ")[2]] if remote.kind == "s3" else []
    configure(sources=logins(remote.login, *more), inbox=f'{{dir: "{remote.url}", answers: "{gone}"}}')

    done = run("doctor", "-o", "json")

    checks = {check["name"]: check for check in json.loads(done.out)}
    assert checks["inbox.dir"]["status"] == "OK"
    assert f"{remote.url} can be listed (1 entries)" in checks["inbox.dir"]["message"]
    assert checks["inbox.answers"]["status"] == "FAIL"
    assert f"{gone}: no such folder" in checks["inbox.answers"]["message"]
    assert done.code == ExitCode.INPUT
