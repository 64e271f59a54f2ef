"""The journal says where a run's reports are; whoever can write it has nothing of others, or of this user, taken for
them: read, sent, mailed, compared, written or deleted."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from dialler_sync.config.notify import EmailSettings
from dialler_sync.errors import UsageError
from dialler_sync.exit_codes import ExitCode
from dialler_sync.fetch.folder import RemoteFolder
from dialler_sync.files.url import Url
from dialler_sync.jobs import mail
from dialler_sync.journal import Journal, RunRecord
from dialler_sync.run.address import put_reports

from ..conftest import Configure, Done, Run
from ..helpers.records import RUN
from .users import INTRUDER, is_root

Contacts = Callable[..., Path]

ID = "20261130-071307-8176f5"
NAMES = {"results.csv", "failed.xlsx", "report.html", "list-marked-2.xlsm", "summary.json"}


@pytest.fixture
def record(tmp_path: Path) -> RunRecord:
    """A run, with its reports in a folder of its own; beside them a link of each kind, and a file of the user."""
    folder, private = tmp_path / ID, tmp_path / "key"
    folder.mkdir()
    private.write_text("PRIVATE", encoding="utf-8")
    for name in NAMES:
        (folder / name).write_text(f'"run_id": "{ID}"', encoding="utf-8")
    (folder / "zz-key").write_text("PRIVATE", encoding="utf-8")
    for name in ("failed.csv", "zz-link"):
        (folder / name).symlink_to(private)
    return replace(RUN, id=ID, out=str(folder), summary={"counts": {"rejected": 1}})


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What is put at an address."""
    got: dict[str, str] = {}

    def put(_: RemoteFolder, files: dict[str, Path], *, replace: bool) -> None:
        for path in Path("opened").parent.glob(f"{ID}/*"):  # meanwhile all are swapped for links
            path.unlink()
            path.symlink_to("key")
        got.update((name, path.read_text(encoding="utf-8")) for name, path in files.items())

    monkeypatch.setattr(RemoteFolder, "put", put)
    for name, value in (("make", None), ("read", b""), ("listed", [])):
        monkeypatch.setattr(RemoteFolder, name, lambda *_, value=value: value)
    return got


def test_only_reports_are_sent(record: RunRecord, there: dict[str, str], tmp_path: Path) -> None:
    """No other file of their folder, and none behind a link, also one that takes a report's place meanwhile."""
    put_reports(record, Url("sftp://host/there"), {})

    assert set(there) == NAMES
    assert [*there][-1] == "summary.json"
    assert "PRIVATE" not in there.values()


@is_root
def test_no_folder_of_another_user_is_sent(record: RunRecord, there: dict[str, str]) -> None:
    """Though it has the run's name."""
    os.chown(record.out, INTRUDER, INTRUDER)

    with pytest.raises(UsageError, match=r"its reports cannot be sent: .* belongs to another user"):
        put_reports(record, Url("sftp://host/there"), {})

    assert not there


def attached(run: RunRecord, up_to: float = 1) -> list[tuple[str, bytes]]:
    """What a mail takes along, and what it says of the rest."""
    server = {"host": "127.0.0.1", "tls": "none"}
    settings = EmailSettings.model_validate(
        {"to": ["a@x.example"], "from": "n@x.example", "smtp": server, "attach": ["failed", "report"], "mask": False}
    )
    settings = settings.model_copy(update={"attach_up_to": up_to})
    return [(name, data) for name, data, *_ in mail._attachments([("", run)], settings, cast("Journal", None))]


@is_root
@pytest.mark.parametrize("kind", ["link", "folder of another user", "other folder", "pipe"])
def test_mail_takes_along_reports_alone(kind: str, record: RunRecord, caplog: pytest.LogCaptureFixture) -> None:
    """Not what a link leads to, nor what lies in a folder that is not the run's."""
    failed = Path(record.out) / "failed.xlsx"
    if kind in {"link", "pipe"}:
        failed.unlink()
        failed.symlink_to("../key") if kind == "link" else os.mkfifo(failed)
    elif kind == "other folder":
        (failed.parent / "summary.json").unlink()
        record = replace(record, out=str(failed.parent.rename(failed.parent.with_name("other"))))
    else:
        os.chown(record.out, INTRUDER, INTRUDER)

    found = attached(record)

    assert [name for name, _ in found] == ["report.html"] * (kind in {"link", "pipe"})
    assert f"failed.xlsx of run {ID} is not attached" in caplog.text


def test_of_a_large_report_little_is_read(record: RunRecord) -> None:
    """No more than shows that it is too large for the mail."""
    with (Path(record.out) / "failed.xlsx").open("r+b") as file:
        file.truncate(1 << 40)

    assert [len(data) for _, data in attached(record)][:1] == [1_000_001]


@pytest.fixture
def done(run: Run, configure: Configure, contacts_csv: Contacts) -> Done:
    """A run that can be resumed, whose record says that another user's folder, of its name, has its reports."""
    configure()
    found = run("import", contacts_csv(4), "--limit", "2")
    folder = Path("theirs").resolve() / found.summary["run_id"]
    folder.mkdir(parents=True)
    (folder / "failed.csv").write_text("theirs", encoding="utf-8")
    (folder / "notes.txt").write_text("theirs", encoding="utf-8")
    for path in (folder, folder.parent):
        os.chown(path, INTRUDER, INTRUDER)
    with sqlite3.connect("state/journal.db") as base:
        base.execute("UPDATE runs SET out = ?", (str(folder),))
    base.close()
    return found


@is_root
@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("resume", ExitCode.USAGE), ("runs report RUN", ExitCode.USAGE), ("runs prune RUN --reports", ExitCode.OK),
        ("--trust runs report RUN", ExitCode.OK),
    ],
)  # fmt: skip
def test_the_folder_of_another_user_is_not_worked_in(command: str, code: int, run: Run, done: Done) -> None:
    """Though it has the run's name: they could swap the reports in it. The reason is said."""
    ended = run(*command.replace("RUN", done.summary["run_id"]).split())

    found = sorted(path.name for path in Path("theirs").rglob("*.*"))
    assert ended.code == code, ended.err
    assert (found == ["failed.csv", "notes.txt"]) is ("--trust" not in command)
    assert ("belongs to another user" in ended.err) is ("--trust" not in command)


@is_root
def test_a_person_in_the_folder_of_another_user_is_not_forgotten_unseen(run: Run, done: Done) -> None:
    """The folder is named."""
    run("resume")
    with sqlite3.connect("state/journal.db") as base:
        base.execute("UPDATE runs SET state = 'finished'")
    base.close()

    ended = run("forget", "--user-data=K2", "--yes")

    assert "whose reports could not be rewritten" in ended.out + ended.err
    assert sorted(path.name for path in Path("theirs").rglob("*.*")) == ["failed.csv", "notes.txt"]


@is_root
def test_reports_of_another_user_are_not_compared_with(
    run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path
) -> None:
    """``reconcile --since`` reads what the journal names."""
    configure()
    file = contacts_csv(2)
    before = run("reconcile", file)
    assert run("reconcile", file, "--since", "last").code == before.code
    with sqlite3.connect("state/journal.db") as base:
        folders = [Path(out) for (out,) in base.execute("SELECT out FROM runs")]
    base.close()
    for folder in folders:
        os.chown(folder, INTRUDER, INTRUDER)

    refused = run("reconcile", file, "--since", "last")

    assert refused.code == ExitCode.USAGE
    assert "belongs to another user" in refused.err


def test_a_pipe_in_place_of_a_report_folder_is_not_waited_for(
    run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path
) -> None:
    """Nobody may ever write to it."""
    configure()
    run("import", contacts_csv(2))
    os.mkfifo(tmp_path / "pipe")
    with sqlite3.connect("state/journal.db") as base:
        base.execute("UPDATE runs SET out = ?", (str(tmp_path / "pipe"),))
        ((name,),) = base.execute("SELECT id FROM runs")
    base.close()

    assert run("runs", "report", name).code == ExitCode.USAGE


@is_root
@pytest.mark.parametrize("named", ["--out", "reports"])
def test_a_folder_of_another_user_is_not_begun_in(
    named: str, run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path
) -> None:
    """They could replace the reports in it."""
    configure(**({"reports": "{dir: theirs}"} if named == "reports" else {}))
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", INTRUDER, INTRUDER)
    command = ["import", contacts_csv(2), *(["--out", "theirs"] if named == "--out" else [])]

    refused = run(*command)

    assert refused.code == ExitCode.USAGE
    assert "belongs to another user, who could replace the reports in it" in refused.err
    assert not list((tmp_path / "theirs").iterdir())
    assert run("--trust", *command).code == ExitCode.USAGE
    os.chown(tmp_path / "theirs", 0, INTRUDER)
    assert run(*command).code == ExitCode.OK
