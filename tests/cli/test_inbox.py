"""The inbox trusts no name and no clock."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.inbox.claim import OnDisk
from dialler_sync.inbox.tidy import delete_old
from dialler_sync.journal import Journal, RunRecord
from dialler_sync.run.reports import Summary
from dialler_sync.simulator import FaultPlan, SimulatorServer

from ..conftest import Configure, Run
from ..helpers.commands import Command, start

Contacts = Callable[..., Path]


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def filed(folder: Path) -> list[str]:
    """The names of the files in ``done`` or ``failed``, without the tags before them."""
    return sorted(path.name.split("-", 3)[-1] for path in folder.iterdir()) if folder.exists() else []


@contextmanager
def at_work(inbox: Path, dialler: SimulatorServer) -> Iterator[Command]:
    """A call that has begun to send rows of a slow import."""
    dialler.order(FaultPlan.parse("late_after:100%:seconds=0.05"))
    command = start("import", "--inbox", inbox, "--quiet-for", "0")
    while not dialler.store.contacts and command.process.is_alive():
        os.sched_yield()
    yield command
    command.end()
    dialler.order(FaultPlan())


def test_a_file_whose_filing_failed_is_only_filed(
    run: Run, configure: Configure, contacts_csv: Contacts, inbox: Path, dialler: SimulatorServer
) -> None:
    """The file stays, the next file is reached, and nothing is imported twice."""
    configure(rows="{overwrite_duplicates: false}")
    contacts_csv(3, "inbox/a.csv")
    contacts_csv(rows=["Z1,Anna,0171 3920012"], name="inbox/b.csv")
    (inbox / "done").write_text("not a folder", encoding="utf-8")
    first = run("import", "--inbox", inbox, "--quiet-for", "0")
    (inbox / "done").unlink()

    second = run("import", "--inbox", inbox, "--quiet-for", "0")

    assert first.code == ExitCode.USAGE
    assert "a.csv is done, but cannot be moved to" in first.err
    assert second.code == ExitCode.OK, second.err
    assert second.reports is None
    assert filed(inbox / "done") == ["a.csv", "b.csv"]
    assert len(dialler.store.contacts) == 4
    assert not (inbox / "importing").exists()


def test_the_same_content_in_another_file(
    run: Run, configure: Configure, contacts_csv: Contacts, inbox: Path, dialler: SimulatorServer
) -> None:
    """Without overwriting it would make every contact twice, unless the run was undone."""
    configure(rows="{overwrite_duplicates: false}")
    contacts_csv(2, "inbox/a.csv")
    first = run("import", "--inbox", inbox, "--quiet-for", "0", "--compare", "dialler")
    contacts_csv(2, "inbox/b.csv")

    again = run("import", "--inbox", inbox, "--quiet-for", "0")

    assert again.code == ExitCode.INPUT
    assert f"already imported by {first.summary['run_id']}" in again.err
    assert filed(inbox / "failed")[0].endswith("b.csv")
    assert len(dialler.store.contacts) == 2

    assert run("undo", first.summary["run_id"], "--yes").code == ExitCode.OK
    contacts_csv(2, "inbox/c.csv")
    assert run("import", "--inbox", inbox, "--quiet-for", "0").code == ExitCode.OK
    assert len(dialler.store.contacts) == 2


def test_an_undo_that_puts_nothing_back_does_not_open_the_inbox_to_the_same_content(
    run: Run, configure: Configure, contacts_csv: Contacts, inbox: Path, dialler: SimulatorServer
) -> None:
    """What contacts were before was not read, so the undo leaves them: a second import would make each twice."""
    configure(rows="{overwrite_duplicates: false}")
    contacts_csv(2, "inbox/a.csv")
    first = run("import", "--inbox", inbox, "--quiet-for", "0")
    assert run("undo", first.summary["run_id"], "--yes").code == ExitCode.ROWS_FAILED
    contacts_csv(2, "inbox/b.csv")

    again = run("import", "--inbox", inbox, "--quiet-for", "0")

    assert again.code == ExitCode.INPUT
    assert f"already imported by {first.summary['run_id']}" in again.err
    assert len(dialler.store.contacts) == 2


def test_a_file_that_is_replaced_while_it_is_imported(
    configure: Configure, contacts_csv: Contacts, inbox: Path, tmp_path: Path, dialler: SimulatorServer, run: Run
) -> None:
    """The new one stays in the inbox, and the next call imports it."""
    configure(concurrency=1)
    contacts_csv(30, "inbox/a.csv")
    with at_work(inbox, dialler) as command:
        contacts_csv(rows=["N1,Neu,0171 3920012"], name="new.csv").replace(inbox / "a.csv")

    assert command.end() == ExitCode.OK
    assert (inbox / "a.csv").exists()
    second = run("import", "--inbox", inbox, "--quiet-for", "0")
    assert second.summary["counts"]["read"] == 1
    assert filed(inbox / "done") == ["a.csv", "a.csv"]
    assert len(dialler.store.contacts) == 31


@pytest.mark.parametrize("how", ["longer", "cut off", "emptied"])
def test_a_file_that_is_still_written_waits(
    how: str,
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
    inbox: Path,
    dialler: SimulatorServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It was moved to failed/, and the rest of it written there. Others go on; a later call imports it."""
    import dialler_sync.jobs.inbox as of_jobs

    configure()
    path = contacts_csv(20, "inbox/a.csv")
    contacts_csv(rows=["Z1,Anna,0171 3920012"], name="inbox/b.csv")
    whole = path.read_bytes()
    work = of_jobs.InboxImporter.work

    with path.open("r+b") as writer, monkeypatch.context() as patched:

        def written(importer: of_jobs.InboxImporter, place: Path, run: RunRecord | None) -> Summary:
            if place.name.endswith("a.csv"):
                writer.truncate({"longer": len(whole), "cut off": 9, "emptied": 0}[how])
                writer.seek(0, os.SEEK_END)
                writer.write({"longer": b"K99,\xff\x00Eva,\n" + b"x" * 300_000, "cut off": b"\n", "emptied": b""}[how])
                writer.flush()
            return work(importer, place, run)

        patched.setattr(of_jobs.InboxImporter, "work", written)
        first = run("import", "--inbox", inbox, "--quiet-for", "0")
        writer.truncate(0)
        writer.seek(0)
        writer.write(whole)
    second = run("import", "--inbox", inbox, "--quiet-for", "0")

    assert first.code == ExitCode.INPUT, first.err
    assert "a.csv is still being written; it waits until it is complete" in first.err
    assert second.code == ExitCode.OK, second.err
    assert filed(inbox / "done") == ["a.csv", "b.csv"]
    assert not filed(inbox / "failed")
    assert len(dialler.store.contacts) == 21


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize("closing", [">/dev/full", ">&-", "| true"])
def test_files_are_filed_though_nothing_can_be_printed(
    configure: Configure, contacts_csv: Contacts, inbox: Path, closing: str, dialler: SimulatorServer
) -> None:
    """A full or closed standard output costs the text, not the filing."""
    configure()
    contacts_csv(3, "inbox/a.csv")
    contacts_csv(rows=["Z1,Anna,0171 3920012"], name="inbox/b.csv")

    command = f"set -o pipefail; {sys.executable} -m dialler_sync import --inbox inbox --quiet-for 0 {closing}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)

    assert done.returncode == ExitCode.OK, done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert filed(inbox / "done") == ["a.csv", "b.csv"]
    assert len(dialler.store.contacts) == 4


def test_remarks_name_the_file_where_it_was_put(
    run: Run, configure: Configure, contacts_csv: Contacts, inbox: Path
) -> None:
    """Not where it lies while it is imported."""
    configure()
    contacts_csv(rows=["K1,Anna,0171 3920012,one,more"], name="inbox/odd.csv")

    done = run("import", "--inbox", "inbox", "--quiet-for", "0")

    assert f"{inbox / 'odd.csv'}: Rows with more or fewer cells" in done.err
    assert "importing" not in done.err


def test_what_is_no_list_is_told_once(run: Run, configure: Configure, contacts_csv: Contacts, inbox: Path) -> None:
    """Other kinds of files, and a list that is open in Excel; both stay where they are."""
    configure()
    (inbox / "list.pdf").write_bytes(b"%PDF")
    contacts_csv(2, "inbox/open.csv")
    (inbox / "~$open.csv").write_bytes(b"owner")

    first, second = (run("import", "--inbox", inbox, "--quiet-for", "0") for _ in range(2))
    (inbox / "~$open.csv").unlink()
    third = run("import", "--inbox", inbox, "--quiet-for", "0")

    assert first.code == second.code == third.code == ExitCode.OK
    assert "list.pdf: is not a file to import (inbox.patterns); it stays where it is" in first.err
    assert "open.csv: is open in a spreadsheet program (~$open.csv lies beside it)" in first.err
    assert not second.err
    assert filed(inbox / "done") == ["open.csv"]
    assert (inbox / "list.pdf").exists()


def test_a_quiet_call_tells_once_of_a_file_that_stays(
    run: Run, configure: Configure, contacts_csv: Contacts, inbox: Path
) -> None:
    """Cron mails what is printed: each file that is not imported is one line in one mail, and then the nights are
    silent."""
    configure()
    (inbox / "list.pdf").write_bytes(b"%PDF")
    contacts_csv(2, "inbox/open.csv")
    (inbox / "~$open.csv").write_bytes(b"owner")

    first, second = (run("-q", "import", "--inbox", inbox, "--quiet-for", "0") for _ in range(2))

    assert first.code == second.code == ExitCode.OK
    assert "list.pdf: is not a file to import (inbox.patterns); it stays where it is" in first.err
    assert "open.csv: is open in a spreadsheet program" in first.err
    assert not first.out
    assert not second.out
    assert not second.err


@pytest.mark.usefixtures("warm")
def test_a_file_that_grows_waits_whatever_its_date(
    configure: Configure, contacts_csv: Contacts, inbox: Path, run: Run, tmp_path: Path
) -> None:
    """The one that stands still is imported by the same call; what that call saw of the other counts for the next."""
    configure()
    contacts_csv(2, "inbox/a.csv")
    growing = contacts_csv(2, "inbox/growing.csv")
    command = [sys.executable, "-m", "dialler_sync", "import", "--inbox", str(inbox), "--quiet-for", "1.5"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        assert "waiting" in process.stderr.readline()
        with growing.open("a", encoding="utf-8") as file:
            file.write("Y1,Anna,0171 3920012\n")
        os.utime(growing, (4e9, 4e9))
        process.communicate()

    assert process.returncode == ExitCode.OK
    assert filed(inbox / "done") == ["a.csv"]
    assert run("import", "--inbox", inbox, "--quiet-for", "0.01").summary["counts"]["read"] == 3


def test_the_folder_may_stand_in_the_configuration(
    run: Run, configure: Configure, contacts_csv: Contacts, inbox: Path, tmp_path: Path
) -> None:
    """--inbox comes first; only files that the patterns name are taken; a dry run moves none."""
    path = configure()
    text = path.read_text(encoding="utf-8")
    path.write_text(f'{text}inbox: {{dir: inbox, quiet_for: 0, patterns: ["L*.csv"]}}\n', encoding="utf-8")
    contacts_csv(2, "inbox/list.csv")
    contacts_csv(2, "inbox/other.csv")

    dry = run("import", "--dry-run")
    done = run("import")

    assert dry.code == done.code == ExitCode.OK
    assert "other.csv: is not a file to import (inbox.patterns); it stays where it is" in dry.err
    assert filed(inbox / "done") == ["list.csv"]
    assert (inbox / "other.csv").exists()


def test_a_list_that_does_not_come(run: Run, configure: Configure, contacts_csv: Contacts, inbox: Path) -> None:
    """An alarm, once for each time at which one is due."""
    path = configure()
    text = path.read_text(encoding="utf-8")
    path.write_text(f'{text}inbox: {{dir: inbox, quiet_for: 0, expect: "00:00"}}\n', encoding="utf-8")

    first, second = run("import"), run("import")

    assert first.code == ExitCode.INPUT
    assert f"no list has come to {inbox} since" in first.err
    assert second.code == ExitCode.OK
    assert not second.err


@pytest.mark.parametrize(("count", "fault", "code"), [(3, "500_before", 10), (3, "400", 4), (12, "400", 10)])
def test_a_night_in_which_every_row_failed(
    run: Run, configure: Configure, contacts_csv: Contacts, inbox: Path, dialler: SimulatorServer, count: int,
    fault: str, code: int,
) -> None:  # fmt: skip
    """It is no ordinary one: exit 10 and failed/; a few refused rows are the rows' own fault."""
    configure(retries=0)
    contacts_csv(count, "inbox/a.csv")
    dialler.order(FaultPlan.parse(f"{fault}:100%"))

    done = run("import", "--inbox", inbox, "--quiet-for", "0")

    assert done.code == code, done.err
    assert filed(inbox / ("done" if code == ExitCode.ROWS_FAILED else "failed")) == ["a.csv"]


def test_a_call_that_was_killed_is_taken_up(
    configure: Configure, contacts_csv: Contacts, inbox: Path, dialler: SimulatorServer, run: Run
) -> None:
    """The file lies in importing/ then, and the next call goes on with its run before it takes a newer export."""
    configure(concurrency=1, timeout=2)
    contacts_csv(20, "inbox/a.csv")
    with at_work(inbox, dialler) as command:
        command.process.kill()
    contacts_csv(rows=["N1,Neu,0171 3920012"], name="inbox/a.csv")

    done = run("import", "--inbox", inbox, "--quiet-for", "0")

    assert done.code == ExitCode.OK, done.err
    assert filed(inbox / "done") == ["a.csv", "a.csv"]
    assert len(dialler.store.contacts) == 21


def test_a_run_that_was_resumed_by_hand_is_only_filed(
    run: Run, configure: Configure, contacts_csv: Contacts, inbox: Path, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """And the journal knows where its file is, so that inbox.keep can delete it."""
    configure()
    contacts_csv(5, "inbox/a.csv")
    limited = run("import", "--inbox", inbox, "--quiet-for", "0", "--limit", "2")
    assert (inbox / "a.csv").exists()
    assert run("resume").code == ExitCode.OK

    done = run("import", "--inbox", inbox, "--quiet-for", "0")

    assert f"was imported by run {limited.summary['run_id']}" in done.err
    assert filed(inbox / "done") == ["a.csv"]
    assert len(dialler.store.contacts) == 5
    (inbox / "done" / "other.csv").write_text("not ours", encoding="utf-8")
    with Journal.open(tmp_path / "state" / "journal.db") as journal:
        delete_old(OnDisk(inbox), timedelta(days=30), journal, datetime.now(UTC) + timedelta(days=29))
        assert len(filed(inbox / "done")) == 2
        delete_old(OnDisk(inbox), timedelta(days=30), journal, datetime.now(UTC) + timedelta(days=31))
    assert filed(inbox / "done") == ["other.csv"]


def test_one_file_does_not_hold_up_the_next(
    run: Run, configure: Configure, contacts_csv: Contacts, inbox: Path, dialler: SimulatorServer
) -> None:
    """One without the mapped columns, one that is empty, one whose name is no text, one whose name is very long, one
    of both."""
    configure()
    (inbox / "a.csv").write_text("Foo,Bar\n1,2\n", encoding="utf-8")
    (inbox / "b.csv").write_bytes(b"")
    contacts_csv(2, f"inbox/{os.fsdecode(b'K' + bytes([0xFC]) + b'nden.csv')}")
    contacts_csv(rows=["Z1,Anna,0171 3920012"], name=f"inbox/{'x' * 240}.csv")
    contacts_csv(rows=["Z2,Eva,0171 3920013"], name=f"inbox/{os.fsdecode(bytes([0xFC]) * 240)}.csv")

    done = run("import", "--inbox", inbox, "--quiet-for", "0")

    assert done.code == ExitCode.INPUT
    assert f"{inbox / 'a.csv'}: there is no column 'Key'" in done.err
    assert len(filed(inbox / "failed")) == 2
    assert len(filed(inbox / "done")) == 3
    assert all(name.endswith(".csv") for name in filed(inbox / "done"))
    assert len(dialler.store.contacts) == 4
    assert not [path for path in inbox.iterdir() if path.is_file()]


def test_done_on_another_file_system(run: Run, configure: Configure, contacts_csv: Contacts, inbox: Path) -> None:
    """The file is copied there, and removed here."""
    shared = Path("/dev/shm")
    if not shared.is_dir() or shared.stat().st_dev == inbox.stat().st_dev:
        pytest.skip("there is no other file system")
    other = shared / f"dialler-sync-{os.getpid()}"
    other.mkdir()
    (inbox / "done").symlink_to(other)
    try:
        configure()
        text = contacts_csv(2, "inbox/a.csv").read_bytes()
        first, second = (run("import", "--inbox", inbox, "--quiet-for", "0") for _ in range(2))
        found = [path.read_bytes() for path in other.iterdir()]
    finally:
        shutil.rmtree(other)

    assert first.code == second.code == ExitCode.OK, first.err
    assert second.reports is None
    assert found == [text]


def test_a_mended_answer_in_the_inbox_is_a_retry(
    run: Run, configure: Configure, contacts_csv: Contacts, inbox: Path, dialler: SimulatorServer
) -> None:
    """Its run has the run that the rows come from as its parent."""
    configure()
    contacts_csv(rows=["K2,Anna,0171 3920012", "K3,,0171 3920013"], name="inbox/a.csv")
    first = run("import", "--inbox", inbox, "--quiet-for", "0")
    assert first.reports
    text = (first.reports / "failed.csv").read_text(encoding="utf-8-sig")
    (inbox / "mended.csv").write_text(text.replace("K3,,", "K3,Berta,"), encoding="utf-8")

    second = run("import", "--inbox", inbox, "--quiet-for", "0")

    assert second.code == ExitCode.OK, second.err
    assert second.summary["parent"] == first.summary["run_id"]
    assert len(dialler.store.contacts) == 2


@pytest.mark.parametrize(("section", "said"), [("{dir: nowhere}", "nowhere cannot be read"), ("{}", "inbox.dir")])
def test_an_inbox_that_is_not_there(run: Run, configure: Configure, section: str, said: str) -> None:
    """It is a usage error, and so is no inbox at all."""
    path = configure()
    path.write_text(f"{path.read_text(encoding='utf-8')}inbox: {section}\n", encoding="utf-8")

    done = run("import")

    assert done.code == ExitCode.USAGE
    assert said in done.err


@pytest.mark.parametrize("journal", ["state/journal.db", "another/journal.db"])
@pytest.mark.parametrize("path", ["inbox", "link"])
def test_two_calls_on_one_inbox(
    journal: str, path: str, run: Run, configure: Configure, contacts_csv: Contacts, inbox: Path,
    dialler: SimulatorServer,
) -> None:  # fmt: skip
    """The second one ends at once and takes no file of the first, whatever its journal and its campaign."""
    configure(concurrency=1)
    contacts_csv(100, "inbox/a.csv")
    inbox.with_name("link").symlink_to(inbox)
    with at_work(inbox, dialler):
        configure(campaign="{id: 539}")
        second = run("--state", journal, "import", "--inbox", inbox.with_name(path), "--quiet-for", "0")

    assert second.code == ExitCode.USAGE
    assert "another call is working through the inbox" in second.err
    assert filed(inbox / "done") == ["a.csv"]
    assert len(dialler.store.contacts) == 100


def test_a_dialler_that_is_away_keeps_every_file(
    run: Run, configure: Configure, contacts_csv: Contacts, inbox: Path, dialler: SimulatorServer
) -> None:
    """The first file is tried, the others wait, and the next call goes on with the run of the first."""
    configure(give_up_after=0, retries=0)
    contacts_csv(3, "inbox/a.csv")
    contacts_csv(rows=["Z1,Anna,0171 3920012"], name="inbox/b.csv")
    dialler.order(FaultPlan.parse("503:100%:on=all"))
    away = run("import", "--inbox", inbox, "--quiet-for", "0")
    stays = sorted(path.name for path in inbox.iterdir())
    dialler.order(FaultPlan())

    back = run("import", "--inbox", inbox, "--quiet-for", "0")

    assert away.code == ExitCode.UNAVAILABLE, away.err
    assert away.out.count("unprocessed") == 1
    assert "the next call begins with it. To continue without it, move it out of the inbox" in away.err
    assert stays == ["a.csv", "b.csv"]
    assert back.code == ExitCode.OK, back.err
    assert filed(inbox / "done") == ["a.csv", "b.csv"]
    assert len(dialler.store.contacts) == 4


def names(dialler: SimulatorServer) -> dict[str, str]:
    return {contact["UserData"]: contact["Name"] for contact in dialler.store.contacts.values()}


@pytest.mark.parametrize("fault", ["401_from:1", "503:100%:on=all"])
def test_of_two_exports_the_older_one_goes_first(
    run: Run, configure: Configure, contacts_csv: Contacts, inbox: Path, dialler: SimulatorServer, fault: str
) -> None:
    """Also where it was stopped, by whatever, and its name is behind that of the newer one."""
    configure(concurrency=1, retries=0, give_up_after=0)
    contacts_csv(rows=[f"K{n},Old,0171 392001{n}" for n in range(5)], name="inbox/30-11.csv")
    dialler.order(FaultPlan.parse("401_from:3"))
    first = run("import", "--inbox", inbox, "--quiet-for", "0")
    dialler.order(FaultPlan.parse(fault))
    contacts_csv(rows=[f"K{n},New,0171 392001{n}" for n in range(5)], name="inbox/01-12.csv")
    second = run("import", "--inbox", inbox, "--quiet-for", "0")
    dialler.order(FaultPlan())

    third = run("import", "--inbox", inbox, "--quiet-for", "0")

    assert first.code == ExitCode.NO_ROW_CAN_SUCCEED
    assert second.code in {ExitCode.NO_ROW_CAN_SUCCEED, ExitCode.UNAVAILABLE}
    assert "30-11.csv must be finished first, so 01-12.csv waits; the next call begins with it" in second.err
    assert third.code == ExitCode.OK, third.err
    assert filed(inbox / "done") == ["01-12.csv", "30-11.csv"]
    assert set(names(dialler).values()) == {"New"}


def test_a_file_that_must_not_hold_up_the_others_is_moved_away(
    run: Run, configure: Configure, contacts_csv: Contacts, inbox: Path, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """Whatever is wrong with its run; and put back later it replaces nothing that is newer."""
    configure(concurrency=1)
    contacts_csv(rows=[f"K{n},Old,0171 392001{n}" for n in range(5)], name="inbox/a.csv")
    contacts_csv(rows=[f"K{n},New,0171 392001{n}" for n in range(4)], name="inbox/b.csv")
    dialler.order(FaultPlan.parse("401_from:3"))
    run("import", "--inbox", inbox, "--quiet-for", "0")
    dialler.order(FaultPlan())
    (inbox / "a.csv").rename(tmp_path / "a.csv")
    without = run("import", "--inbox", inbox, "--quiet-for", "0")
    (tmp_path / "a.csv").rename(inbox / "a.csv")

    back = run("import", "--inbox", inbox, "--quiet-for", "0")

    assert without.code == back.code == ExitCode.OK, back.err
    assert names(dialler) == {"K4": "Old", **{f"K{n}": "New" for n in range(4)}}


@pytest.mark.parametrize("changed", ["mapping", "do-not-call list"])
@pytest.mark.parametrize("overwrites", ["true", "false"])
def test_a_run_that_cannot_be_resumed_is_no_dead_end(
    run: Run, configure: Configure, contacts_csv: Contacts, inbox: Path, dialler: SimulatorServer, changed: str,
    overwrites: str, tmp_path: Path,
) -> None:  # fmt: skip
    """A new run sends what it has not settled, also rows without a key: none is missing, none is there twice."""

    def configured(**more: str) -> None:
        rows = f"{{overwrite_duplicates: {overwrites}}}"
        configure(more or None, concurrency=1, rows=rows, suppress="{file: dnc.csv, column: Key, by: user_data}")

    columns = {"UserData": "Key", "Name": "Name", "PhoneNumber1": "{column: Phone, region: DE}", "Tag": "{value: x}"}
    (tmp_path / "dnc.csv").write_text("Key\nX9\n", encoding="utf-8")
    configured()
    rows = [f"{'' if n == 1 else f'K{n}'},Name {n},0171 392001{n}" for n in range(6)]
    contacts_csv(rows=rows, name="inbox/a.csv")
    contacts_csv(rows=["Z1,Newer,0171 3920019"], name="inbox/b.csv")
    dialler.order(FaultPlan.parse("401_from:5"))
    first = run("import", "--inbox", inbox, "--quiet-for", "0")
    dialler.order(FaultPlan())
    sent = len(dialler.store.contacts)
    if changed == "mapping":
        configured(**columns)
    else:
        (tmp_path / "dnc.csv").write_text("Key\nX9\nK5\n", encoding="utf-8")

    done = run("import", "--inbox", inbox, "--quiet-for", "0")

    assert first.code == ExitCode.NO_ROW_CAN_SUCCEED
    assert 0 < sent < 5
    assert done.code == ExitCode.OK, done.err
    assert f"run {first.summary['run_id']} cannot be resumed" in done.err
    assert filed(inbox / "done") == ["a.csv", "b.csv"]
    expected = ["Newer", *(f"Name {n}" for n in range(5 if changed == "do-not-call list" else 6))]
    assert sorted(contact["Name"] for contact in dialler.store.contacts.values()) == sorted(expected)
    assert "nothing to resume" in run("resume").err


def test_a_do_not_call_list_that_cannot_be_read_is_no_fault_of_the_files(
    run: Run, configure: Configure, contacts_csv: Contacts, inbox: Path, tmp_path: Path
) -> None:
    """They wait where they are; one that was moved to failed/ would never be imported."""
    configure(suppress="{file: dnc.csv, column: Key, by: user_data}")
    contacts_csv(2, "inbox/a.csv")
    contacts_csv(rows=["Z1,Anna,0171 3920019"], name="inbox/b.csv")

    first = run("import", "--inbox", inbox, "--quiet-for", "0")
    (tmp_path / "dnc.csv").write_text("Key\nX9\n", encoding="utf-8")
    second = run("import", "--inbox", inbox, "--quiet-for", "0")

    assert first.code == ExitCode.INPUT
    assert not filed(inbox / "failed")
    assert second.code == ExitCode.OK, second.err
    assert filed(inbox / "done") == ["a.csv", "b.csv"]


@pytest.mark.parametrize(("more", "tidied"), [((), 3), (("--dry-run",), 0)], ids=["import", "dry run"])
def test_only_an_import_tidies_up(
    more: tuple[str, ...], tidied: int, run: Run, configure: Configure, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dry run deletes no file, no reports, and leaves the alarm to the import."""
    configure(inbox='{dir: inbox, keep: 30d, expect: "04:00", answers: answers}')
    called: list[str] = []
    for name in ("delete_old", "tidy_reports", "missing_list"):
        monkeypatch.setattr(f"dialler_sync.jobs.inbox.{name}", lambda *_, name=name: called.append(name))
    (inbox / "list.pdf").touch()

    run("import", "--quiet-for", "0", *more)

    assert len(called) == tidied
    assert len(list(Path("answers").iterdir())) == (not more)
