"""The inbox answers: a workbook for each file, in a folder that people can read."""

from __future__ import annotations

import grp
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from dialler_sync.config.inbox import InboxSettings
from dialler_sync.exit_codes import ExitCode
from dialler_sync.files.pinned import temporary_folder
from dialler_sync.inbox.answers import Answers, answer_name
from dialler_sync.inbox.arrivals import mark_of
from dialler_sync.journal import Journal
from dialler_sync.simulator import FaultPlan, SimulatorServer

from ..conftest import Configure, Run
from ..helpers.drafts import made_draft

Contacts = Callable[..., Path]
BAD = "Z1,Anna,0171 12"


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def endings(folder: Path) -> dict[str, str]:
    """File → how its answer's name ends; no file in the folder is anything else."""
    parts = [path.name.removesuffix(".xlsx").split(" – ", 2) for path in sorted(folder.iterdir())]
    return {file: f"{ending}" for file, _, ending in parts}


def take(run: Run, code: ExitCode = ExitCode.OK) -> str:
    done = run("import", "--quiet-for", "0")
    assert done.code == code, done.err
    return done.err


def test_each_file_gets_an_answer_whose_name_says_how_it_went(
    run: Run, configure: Configure, contacts_csv: Contacts, inbox: Path, tmp_path: Path
) -> None:
    """Good lists, lists with faults, unreadable ones, and what is no list; each once."""
    configure(inbox="{dir: inbox, answers: answers}")
    contacts_csv(3, "inbox/Kunden März.csv")
    contacts_csv(rows=[BAD, "Z2,Eva,0171 3920012"], name="inbox/b.csv")
    contacts_csv(rows=[BAD], name="inbox/c.csv")
    (inbox / "broken.xlsx").write_bytes(b"PK\x03\x04 broken" * 10)
    (inbox / "list.pdf").write_bytes(b"%PDF")
    contacts_csv(1, "inbox/d (conflicted copy 2026-11-29).csv")
    contacts_csv(1, "inbox/~$d.csv")
    contacts_csv(1, "inbox/.syncthing.d.csv.tmp")

    take(run, ExitCode.INPUT)
    first = endings(tmp_path / "answers")
    again = take(run)

    assert first == {
        "Kunden März.csv": "3 of 3 imported",
        "b.csv": "1 of 2 imported",
        "broken.xlsx": "could not be read",
        "c.csv": "nothing imported",
        "d (conflicted copy 2026-11-29).csv": "could not be read",
        "list.pdf": "could not be read",
    }
    assert not again
    assert endings(tmp_path / "answers") == first
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "answers").iterdir())


def test_a_mended_answer_is_the_retry_of_exactly_those_rows(
    run: Run, configure: Configure, contacts_csv: Contacts, inbox: Path, tmp_path: Path, dialler: SimulatorServer
) -> None:
    """Weeks later, when the file itself has gone; the run that it belongs to is found."""
    configure(inbox="{dir: inbox, answers: answers}")
    contacts_csv(rows=["0101,Anna,0171 12", "0102,Eva,0171 3920012"], name="inbox/a.csv")
    take(run, ExitCode.ROWS_FAILED)
    for path in (inbox / "done").iterdir():
        path.unlink()
    (answer,) = (tmp_path / "answers").iterdir()
    book = openpyxl.load_workbook(answer)
    sheet = book["Failed rows"]
    assert book.sheetnames == ["Summary", "Failed rows"]
    assert [cell.value for cell in sheet[2]][:3] == ["0101", "Anna", "0171 12"]
    assert sheet.max_row == 2
    sheet["C2"] = "0171 3920013"
    book.save(inbox / answer.name)

    done = run("import", "--quiet-for", "0")

    assert done.code == ExitCode.OK, done.err
    assert done.summary["counts"]["read"] == 1
    assert done.summary["parent"]
    assert sorted(str(c["UserData"]) for c in dialler.store.contacts.values()) == ["0101", "0102"]
    assert len(list((tmp_path / "answers").glob("*1 of 1 imported.xlsx"))) == 1


def test_a_stopped_list_is_answered_so_and_then_once_more(
    run: Run, configure: Configure, contacts_csv: Contacts, inbox: Path, tmp_path: Path, dialler: SimulatorServer
) -> None:
    """Rows that were not reached are not handed out to be fixed: the run sends them itself."""
    configure(concurrency=1, inbox="{dir: inbox, answers: answers}")
    contacts_csv(10, "inbox/a.csv")
    dialler.order(FaultPlan.parse("401_from:5"))
    take(run, ExitCode.NO_ROW_CAN_SUCCEED)
    (stopped,) = (tmp_path / "answers").iterdir()
    assert stopped.name.endswith(" – stopped, will go on.xlsx")
    assert openpyxl.load_workbook(stopped)["Failed rows"].max_row <= 2
    dialler.order(FaultPlan())

    take(run)

    assert len(list((tmp_path / "answers").glob("a.csv – * – 10 of 10 imported.xlsx"))) == 1


def test_an_answer_that_could_not_be_written_is_written_by_the_next_call(
    run: Run, configure: Configure, contacts_csv: Contacts, inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list is imported all the same, and nothing half is left."""
    configure(inbox="{dir: inbox, answers: answers}")
    contacts_csv(2, "inbox/a.csv")
    with monkeypatch.context() as full:
        full.setattr("dialler_sync.inbox.answers.move", lambda *_: (_ for _ in ()).throw(OSError(28, "disk full")))
        said = take(run)
    assert "the answer to a.csv cannot be written" in said
    assert not list((tmp_path / "answers").iterdir())

    take(run)

    assert endings(tmp_path / "answers") == {"a.csv": "2 of 2 imported"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to any group")
def test_the_named_group_reads_the_answers_and_nothing_else(
    run: Run, configure: Configure, contacts_csv: Contacts, inbox: Path, tmp_path: Path
) -> None:
    """Reports and imported files stay private."""
    group = grp.getgrall()[-1]
    configure(inbox=f"{{dir: inbox, answers: answers, group: {group.gr_name}}}")
    contacts_csv(2, "inbox/a.csv")

    done = run("import", "--quiet-for", "0")

    (answer,) = (tmp_path / "answers").iterdir()
    for path, mode in ((answer, 0o640), (answer.parent, 0o750)):
        assert (path.stat().st_mode & 0o777, path.stat().st_gid) == (mode, group.gr_gid)
    assert done.reports
    assert all(path.stat().st_mode & 0o077 == 0 for path in (done.reports, inbox / "done"))


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("{dir: inbox, answers: inbox}", "where files come in"),
        ("{dir: inbox, answers: nowhere/answers}", "there is no folder"),
        ("{dir: inbox, answers: answers, group: no-such-group}", "there is no group 'no-such-group'"),
    ],
)
def test_a_folder_that_cannot_take_answers_is_refused(
    run: Run, configure: Configure, contacts_csv: Contacts, inbox: Path, section: str, said: str
) -> None:
    """Before anything is imported."""
    configure(inbox=section)
    contacts_csv(2, "inbox/a.csv")

    assert said in take(run, ExitCode.USAGE)
    assert (inbox / "a.csv").exists()


def test_keep_deletes_answers_that_nobody_has_changed(
    run: Run, configure: Configure, contacts_csv: Contacts, inbox: Path, tmp_path: Path
) -> None:
    """Not one that somebody has saved anew, nor a file of somebody else."""
    configure(inbox="{dir: inbox, answers: answers, keep: 30d}")
    for name in ("a.csv", "b.csv"):
        contacts_csv(1, f"inbox/{name}")
    take(run)
    answers = tmp_path / "answers"
    next(answers.glob("b.csv*")).write_bytes(b"mended")
    (answers / "c.csv – 2020-01-01 0000 – 1 of 1 imported.xlsx").write_bytes(b"foreign")

    with Journal.open(tmp_path / "state" / "journal.db") as journal:
        found = Answers(InboxSettings(answers=Path("answers")), inbox.resolve(), journal)
        found.delete_old(timedelta(days=30), datetime.now(UTC) + timedelta(days=31))

    assert sorted(path.name[:5] for path in answers.iterdir()) == ["b.csv", "c.csv"]


def test_keep_deletes_nothing_but_answers_whatever_the_journal_says(
    run: Run, configure: Configure, contacts_csv: Contacts, inbox: Path, tmp_path: Path
) -> None:
    """Somebody may have changed it: it names another file of the folder, as that is now."""
    configure(inbox="{dir: inbox, answers: answers}")
    for name in ("a.csv", "b.csv"):
        contacts_csv(1, f"inbox/{name}")
    take(run)
    answers = (tmp_path / "answers").resolve()
    precious = answers / "important.xlsx"
    precious.write_bytes(b"foreign")

    with Journal.open(tmp_path / "state" / "journal.db") as journal:
        notes = journal.answers(str(inbox.resolve()))
        (of_a,) = (answer for answer in notes.written() if answer.file == "a.csv")
        notes.settle(of_a.id, str(precious), mark_of(precious))
        found = Answers(InboxSettings(answers=Path("answers")), inbox.resolve(), journal)
        found.delete_old(timedelta(days=30), datetime.now(UTC) + timedelta(days=31))

    assert sorted(path.name[:5] for path in answers.iterdir()) == ["a.csv", "impor"]


def test_names_are_valid_everywhere() -> None:
    """On Windows and Samba, in 255 bytes, beside others that differ in case only."""
    at = datetime(2026, 11, 29, 3, 15, tzinfo=UTC)

    def name(file: str, *taken: str) -> str:
        return answer_name(file, at, "nothing imported", taken)

    assert name('a<b>:"c|d?.csv') == "a_b___c_d_.csv – 2026-11-29 0315 – nothing imported.xlsx"
    assert name("CON.csv").startswith("_CON.csv –")
    assert name("Ma\u0308rz.csv").startswith("März.csv –")
    long = name("ü" * 120 + ".csv")
    assert len(long.encode()) <= 255
    assert "ü….csv – 2026-11-29 0315" in long
    assert name("A.csv", "a.csv – 2026-11-29 0315 – nothing imported.xlsx").endswith("nothing imported (2).xlsx")


def test_what_a_killed_process_left_goes_and_what_another_writes_stays(
    run: Run, configure: Configure, contacts_csv: Contacts, inbox: Path, tmp_path: Path
) -> None:
    """Campaigns of one night may share the folder of answers."""
    configure(inbox="{dir: inbox, answers: answers}")
    answers = tmp_path / "answers"
    answers.mkdir()
    killed = made_draft(answers, ".rows.killed", ".part")
    (killed / "draft.xlsx").touch()
    contacts_csv(1, "inbox/a.csv")

    with temporary_folder(answers) as held:
        take(run)
        left = {path.name for path in answers.glob(".*")}
        assert held.exists()

    assert len(left) == 1
    assert killed.name not in left
    assert [path.name[:5] for path in answers.iterdir()] == ["a.csv"]
