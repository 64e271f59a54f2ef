"""Ctrl-C and SIGTERM: what is in flight ends, the reports are written, and the run can be resumed."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from subprocess import DEVNULL, PIPE

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import FaultPlan, SimulatorServer, Span

from ..conftest import Configure, Run
from ..helpers.commands import Blow, Command, run_apart, start
from ..helpers.signals import BOTH, ENDING
from ..helpers.watched import Watched

Contacts = Callable[..., Path]

IN_A_TERMINAL = """
import os, pty, sys, threading
child, terminal = pty.fork()
if not child:
    os.execv(sys.executable, [sys.executable, "-m", "dialler_sync", *sys.argv[1:]])
def show():
    try:
        while os.read(terminal, 1024): pass
    except OSError: pass
threading.Thread(target=show, daemon=True).start()
sys.stdin.read()
os.close(terminal)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
"""Runs a command in a terminal of its own, which is closed when standard input ends; prints the exit code."""


def keys(store: Watched) -> Counter[str]:
    return Counter(contact["UserData"] for contact in store.contacts.values())


def wait_for(text: str, command: Command) -> None:
    """Wait until a command has said it."""
    while text not in command.err:
        command.process.join(0.01)
        assert command.process.exitcode is None, command.err


@BOTH
def test_an_interrupted_run_finishes_what_is_in_flight(
    number: signal.Signals, run: Run, configure: Configure, contacts_csv: Contacts, store: Watched
) -> None:
    """Nothing is left in doubt, so nothing is sent twice by the resume."""
    with SimulatorServer(store, processing=Span(0.1, 0.1)) as dialler:
        configure(base_url=dialler.base_url, concurrency=4)
        command = start("import", contacts_csv(30))
        store.strike(command.pid, 6, number)

        assert command.end() == ExitCode.INTERRUPTED, command.err
        first = command.summary
        resumed = run("resume")

        imports = Counter(request.user_data for request in dialler.requests if request.function == "import")
    counts = first["counts"]
    assert counts["read"] == counts["succeeded"] + counts["unprocessed"] == 30
    assert 6 <= counts["succeeded"] < 12
    assert first["stopped_because"] == f"Interrupted. Continue with: dialler-sync resume {first['run_id']}"
    assert first["stopped_because"] in command.err
    assert resumed.code == ExitCode.OK
    assert resumed.summary["counts"]["succeeded"] == 30
    assert set(imports.values()) == {1}
    assert set(keys(store).values()) == {1}


def test_an_interrupted_undo_says_what_it_did_and_goes_on(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, store: Watched
) -> None:
    """Each contact is put back once."""
    configure(concurrency=2)
    store.add(UserData="K2", Name="Before", PhoneNumber1="+4917139200012", DiallerCampaignsID=538)
    assert run("import", contacts_csv(30)).code == ExitCode.OK

    command = start("undo", "--yes", blow=Blow("before", "outcomes", signal.SIGTERM))
    code, left = command.end(), len(store.contacts)
    first, page = command.summary, (command.reports / "report.html").read_text(encoding="utf-8")
    resumed = run("resume")

    counts = first["counts"]
    assert code == ExitCode.INTERRUPTED, command.err
    assert counts["succeeded"] == 30 - counts["unprocessed"] > 0
    assert left == 30 - first["actions"].get("delete", 0)
    assert f"Continue with: dialler-sync resume {first['run_id']}" in command.err
    assert f"dialler-sync resume {first['run_id']}" in page
    assert resumed.code == ExitCode.OK, resumed.err
    assert resumed.summary["counts"]["succeeded"] == 30
    assert [contact["Name"] for contact in store.contacts.values()] == ["Before"]


@pytest.mark.parametrize("overwrite", ["true", "false"])
def test_a_second_ctrl_c_ends_at_once(
    overwrite: str, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, store: Watched
) -> None:
    """A row that the dialler holds up is then unknown, until the resume has looked for it."""
    dialler.order(FaultPlan.parse("late_after:1:for=K5:seconds=30"))
    configure(concurrency=2, timeout=60, rows=f"{{overwrite_duplicates: {overwrite}}}")
    command = start("import", contacts_csv(12))
    store.strike(command.pid, 8, signal.SIGINT)
    wait_for("interrupted: waiting", command)

    asked = time.monotonic()
    os.kill(command.pid, signal.SIGINT)
    code = command.end()

    assert time.monotonic() - asked < 25, "it waited for the row"
    assert code == ExitCode.INTERRUPTED
    assert command.summary["counts"]["unknown"] in {1, 2}  # the answer to the one beside it may still be on its way
    dialler.order(FaultPlan())
    resumed = run("resume")
    assert resumed.summary["counts"]["succeeded"] == 12, resumed.rows()
    assert set(keys(store).values()) == {1}


@pytest.mark.long
def test_what_hangs_is_given_ten_seconds(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, store: Watched
) -> None:
    """Who presses Ctrl-C once need not wait for the time limit of a request."""
    dialler.order(FaultPlan.parse("late_before:1:for=K5:seconds=40"))
    configure(concurrency=2, timeout=60)
    command = start("import", contacts_csv(12))
    store.strike(command.pid, 8, signal.SIGINT)
    wait_for("interrupted: waiting", command)

    asked = time.monotonic()
    code = command.end()

    assert 9 < time.monotonic() - asked < 14
    assert code == ExitCode.INTERRUPTED
    assert command.summary["counts"]["unknown"] == 1


@BOTH
def test_an_interrupt_while_the_files_are_read(
    number: signal.Signals, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Nothing was sent; what was read stands in the reports, and the resume reads all of it again."""
    configure()

    command = run_apart("import", contacts_csv(10), blow=Blow("after", "rows", number))
    counts, requests = command.summary["counts"], len(dialler.requests)
    resumed = run("resume")

    assert command.process.exitcode == ExitCode.INTERRUPTED
    assert counts["unprocessed"] == counts["read"] == 10
    assert not requests
    assert resumed.summary["counts"]["succeeded"] == 10


@BOTH
def test_an_interrupt_while_it_is_planned(
    number: signal.Signals, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """The plan is made anew by the resume."""
    configure()

    command = run_apart("import", contacts_csv(10), blow=Blow("before", "actions", number))
    counts = command.summary["counts"]
    resumed = run("resume")

    assert command.process.exitcode == ExitCode.INTERRUPTED, command.err
    assert counts["unprocessed"] == 10
    assert resumed.summary["counts"]["succeeded"] == 10


@pytest.mark.parametrize("goes_on", ["resume", "runs report"])
@pytest.mark.parametrize("number", [*ENDING, signal.SIGKILL], ids=lambda number: number.name)
def test_an_end_while_the_reports_are_written(
    number: signal.Signals,
    goes_on: str,
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
    dialler: SimulatorServer,
    tmp_path: Path,
) -> None:
    """How the run ended is settled by then: they are written as they would have been, and nothing is sent."""
    configure(retries=0)
    dialler.order(FaultPlan.parse("400:#2"))

    command = run_apart("import", contacts_csv(10), "--out", "out", blow=Blow("before", "summary", number))
    before = len(dialler.requests)
    (run_id,) = (each["run_id"] for each in json.loads(run("runs", "list", "-o", "json").out))
    done = run(*goes_on.split(), *([run_id] * (goes_on != "resume")))

    assert command.process.exitcode == (-number if number == signal.SIGKILL else ExitCode.INTERRUPTED)
    assert number == signal.SIGKILL or f"Continue with: dialler-sync resume {run_id}" in command.err
    assert done.code == (ExitCode.ROWS_FAILED if goes_on == "resume" else ExitCode.OK), done.err
    assert len(dialler.requests) == before
    summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert (summary["exit_code"], summary["stopped_because"]) == (ExitCode.ROWS_FAILED, None)
    assert (summary["counts"]["succeeded"], summary["counts"]["failed"]) == (9, 1)
    assert summary["requests"] > 10
    assert "nothing to resume" in run("resume", run_id).err
    assert not list((tmp_path / "out").glob(".*.part"))


def test_the_command_that_goes_on_finds_the_run(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """As it is printed: with the configuration and the journal of the command line, quoted for a shell."""
    path = configure()
    options = ["--config", path.rename(path.with_name("o'clock list.yaml")), "--state", "my journal.db"]
    command = run_apart(*options, "import", contacts_csv(10), blow=Blow("before", "summary", signal.SIGINT))
    (line,) = (line for line in command.err.splitlines() if "Continue with: " in line)

    resumed = run(*shlex.split(line.partition("Continue with: dialler-sync ")[2]))

    assert resumed.code == ExitCode.OK, resumed.err
    assert resumed.summary["counts"]["succeeded"] == 10


def test_a_terminal_that_is_closed_ends_a_run_in_order(
    run: Run, configure: Configure, contacts_csv: Contacts, store: Watched
) -> None:
    """The window is gone, and nothing can be said; the reports are there, and the run can be resumed."""
    with SimulatorServer(store, processing=Span(0.1, 0.1)) as dialler:
        configure(base_url=dialler.base_url, concurrency=4)
        begun = threading.Event()
        store.then(6, begun.set)
        command = [sys.executable, "-c", IN_A_TERMINAL, "import", str(contacts_csv(30)), "--out", "out"]
        with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True) as process:
            assert begun.wait(60)
            code, _ = process.communicate("", 60)
        summary = json.loads(Path("out/summary.json").read_text(encoding="utf-8"))

        resumed = run("resume")

    assert int(code) == ExitCode.INTERRUPTED
    assert 6 <= summary["counts"]["succeeded"] < 30
    assert summary["counts"]["succeeded"] + summary["counts"]["unprocessed"] == 30
    assert resumed.summary["counts"]["succeeded"] == 30
    assert set(keys(store).values()) == {1}


def test_a_run_under_nohup_outlives_its_terminal(configure: Configure, contacts_csv: Contacts, store: Watched) -> None:
    """Who starts it so that it does not hear the signal wants it to go on."""
    with SimulatorServer(store) as dialler:
        configure(base_url=dialler.base_url)
        command = ["nohup", sys.executable, "-m", "dialler_sync", "import", str(contacts_csv(30))]
        with subprocess.Popen(command, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE) as process:
            store.strike(process.pid, 6, signal.SIGHUP)
            process.communicate(timeout=60)

    assert process.returncode == ExitCode.OK
    assert len(store.contacts) == 30
