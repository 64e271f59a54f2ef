"""What a run did is final before it is printed: real processes, and standard streams that take nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dialler_sync.cli.streams import Printing, _Sink
from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run
from ..helpers.commands import CLOSED, READ_BY_NOBODY, run_apart, start

Contacts = Callable[..., Path]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is there on Linux only")

FULL = "/dev/full"
CSVS = {"results.csv", "failed.csv", "summary.json"}


def shell(command: str, redirection: str) -> subprocess.CompletedProcess[str]:
    """A command line with its output sent there, in a shell; its exit code is that of dialler-sync."""
    line = f"set -o pipefail; {sys.executable} -m dialler_sync {command} {redirection}"
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize("redirection", ["> /dev/full", ">&-", "| head -0"])
def test_a_run_ends_as_it_would_have(
    redirection: str, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """All that an import leaves behind is there, its exit code is that of the rows, and one line says what is lost."""
    configure()
    contacts_csv(rows=["K1,Anna,0171 3920011", "K2,,0171 3920012"])

    done = shell("import contacts.csv --out out --metrics-file m.prom", redirection)

    assert done.returncode == ExitCode.ROWS_FAILED, done.stderr
    assert CSVS | {"report.html", "report.xlsx", "failed.xlsx"} <= {path.name for path in Path("out").iterdir()}
    assert Path("m.prom").exists()
    assert len(dialler.store.contacts) == 1
    assert "Standard output cannot be written: " in done.stderr.splitlines()[-1]
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize("redirection", ["> /dev/full 2> /dev/full", ">&- 2>&-", ">&- 2>&- <&-"])
def test_not_even_an_error_can_be_said(redirection: str, configure: Configure, contacts_csv: Contacts) -> None:
    """Then the exit code and the files tell."""
    configure()
    contacts_csv(2)

    done = shell("import contacts.csv --out out", redirection)

    assert done.returncode == ExitCode.OK
    assert {path.name for path in Path("out").iterdir()} >= CSVS


@pytest.mark.parametrize(
    ("command", "left"),
    [
        ("validate contacts.csv --out out", "out/results.csv"),
        ("plan contacts.csv -o plan.json", "plan.json"),
        ("reconcile contacts.csv --out out", "out/reconciliation.csv"),
        ("init contacts.csv -o new.yaml", "new.yaml"),
        ("inspect contacts.csv --to tables", "tables/contacts.csv.csv"),
        ("contacts lock --user-data K2 --yes --out out", "out/results.csv"),
        ("retry --file contacts.csv --out out", "out/results.csv"),
    ],
)
def test_every_command_that_writes_has_written(
    command: str, left: str, run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """Not the import alone."""
    configure()
    contacts_csv(2)
    run("import", "contacts.csv")

    done = start(*command.split(), out=FULL)

    assert done.end() == ExitCode.OK, done.err
    assert Path(left).exists()
    assert "Standard output cannot be written: No space left on device" in done.err


def test_undo_puts_back_what_nobody_can_read(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Its first line is printed before it begins."""
    configure()
    contacts_csv(2)
    run_id = run("import", "contacts.csv").out.split()[1]

    done = start("undo", run_id, "--yes", out=FULL)

    assert done.end() == ExitCode.OK, done.err
    assert not dialler.store.contacts


@pytest.mark.parametrize("command", ["plan contacts.csv", "contacts list -o csv", "runs list", "config schema"])
def test_what_is_only_printed_must_be_printed(command: str, configure: Configure, contacts_csv: Contacts) -> None:
    """A list on a full disk is no list; but who has read enough of it (head) is content."""
    configure()
    contacts_csv(2)

    assert start(*command.split(), out=FULL).end() == ExitCode.USAGE
    assert start(*command.split(), out=READ_BY_NOBODY).end() == ExitCode.OK
    assert "standard output cannot be written: it is closed" in run_apart(*command.split(), out=CLOSED).err


def test_a_sign_that_the_terminal_lacks(
    configure: Configure, contacts_csv: Contacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name in Greek on an old terminal is shown somehow, and costs nothing."""
    configure()
    contacts_csv(rows=["Κ1,,0171 3920011"])
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")

    done = shell("plan contacts.csv", "")

    assert done.returncode == ExitCode.OK, done.stderr
    assert "\\u039a1" in done.stdout


def test_ctrl_c_ends_the_wait_for_a_reader() -> None:
    """A pipe whose reader takes no more (less) holds a command up once, and not again when it ends."""
    tries = []

    class Held:
        def write(self, data: bytes) -> int:
            tries.append(data)
            raise KeyboardInterrupt

    sink = _Sink(Held())
    with pytest.raises(KeyboardInterrupt):
        sink.write(b"first")

    assert sink.write(b"second") == 6
    assert len(tries) == 1


@pytest.mark.parametrize(("settled", "code"), [(False, ExitCode.INTERRUPTED), (True, ExitCode.OK)])
def test_ctrl_c_while_the_last_lines_are_printed(
    settled: bool, code: ExitCode, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a run did is final by then."""

    def end(printing: Printing) -> None:
        printing.settled = settled
        raise KeyboardInterrupt

    monkeypatch.setattr(Printing, "end", end)

    assert run("config", "schema").code == code


@pytest.mark.parametrize("loaded", ["dialler_sync.cli.startup", "dialler_sync.cli.main", "dialler_sync.jobs.records"])
def test_ctrl_c_while_modules_are_loaded(loaded: str) -> None:
    """Whoever ends a loop of commands hits most of them there."""
    code = (
        "import sys\n"
        "class Pressed:\n"
        "    def find_spec(self, name, *_):\n"
        f"        if name == {loaded!r}: raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Pressed())\n"
        "from dialler_sync.cli import main\n"
        "main(['runs', 'list'])\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)

    assert (done.returncode, done.stderr.strip()) == (ExitCode.INTERRUPTED, "interrupted")


def test_ctrl_c_before_the_command_begins(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["dialler_sync.cli.main"], "forget_secrets", pressed)

    done = run("runs", "list")

    assert (done.code, done.err) == (ExitCode.INTERRUPTED, "interrupted\n")
