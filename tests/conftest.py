"""What all tests share: an embedded dialler, a configuration for it, and the command line."""

from __future__ import annotations

import csv
import gc
import json
import logging
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from dialler_sync.cli import main
from dialler_sync.simulator import SimulatorServer, Store
from dialler_sync.text.outward import forget_secrets

from .helpers import compiled, slow

# The same examples in every run, so that a change is judged by itself. `HYPOTHESIS_PROFILE=random pytest -m long`
# looks for new ones.
settings.register_profile("random", print_blob=True, deadline=None)
settings.register_profile(
    "fixed", derandomize=True, print_blob=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # deadlines and slowness are about the machine
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))

compiled.share()

# In the background (``nohup pytest &``) a shell lets the tests ignore these, and each command that they start.
for ending, default in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(ending) is signal.SIG_IGN:
        signal.signal(ending, default)

# A new journal waits 20 ms for a disk, and none for memory. ``TMPDIR=/tmp pytest`` runs on the disk.
MEMORY = Path("/dev/shm")
if "TMPDIR" not in os.environ and MEMORY.is_dir() and os.access(MEMORY, os.W_OK):
    room = os.statvfs(MEMORY)
    if room.f_bavail * room.f_frsize > 2 << 30 and not room.f_flag & os.ST_NOEXEC:
        os.environ["TMPDIR"] = str(MEMORY)  # also that of the processes that tests start
        tempfile.tempdir = None  # pytest has asked for it already

# Commands that tests start find the modules compiled: without this each of them compiles the whole package, and each
# process of pytest all tests.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--list-slow``: write tests/slow.txt."""
    parser.addoption("--list-slow", action="store_true", help="write tests/slow.txt, from a run of all tests")


def pytest_configure(config: pytest.Config) -> None:
    """Leave no slow test out that is asked for by path; measure, if asked, where all tests are heard of."""
    if config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        config.option.markexpr = config.option.markexpr.replace(" and not slow", "")
    if config.getoption("--list-slow") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(slow.Measured())


@pytest.hookimpl(tryfirst=True)  # before ``-m`` looks at the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the slow tests."""
    slow.mark(items)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Python looks for garbage among half a million objects of the tests neither while they are made nor later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


@pytest.fixture
def dialler() -> Iterator[SimulatorServer]:
    """An empty dialler with the campaigns of the sample data."""
    with Store({538: "Nightly", 539: "Trade fair callbacks"}) as store, SimulatorServer(store) as server:
        yield server


@pytest.fixture
def in_zone() -> Iterator[Callable[[str], None]]:
    """A function that sets the time zone of this machine, until the end of the test."""
    with pytest.MonkeyPatch.context() as here:

        def change(name: str) -> None:
            here.setenv("TZ", name)
            time.tzset()

        yield change
    time.tzset()


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test runs in a folder of its own, with a journal and locks of its own, no proxy, and no secret of others."""
    forget_secrets()
    log = logging.getLogger("dialler_sync")  # as before a command has set it up
    log.handlers, log.propagate, log.level = [], True, logging.NOTSET
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIALLER_SYNC_STATE", str(tmp_path / "state" / "journal.db"))
    monkeypatch.setenv("DIALLER_SYNC_LOCK_DIR", str(tmp_path / "locks"))
    monkeypatch.setenv("DIALLER_SYNC_TOKEN", "simulator")
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def warm_python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What takes the place of the interpreter in ``warm``."""
    from .helpers.warm import launcher

    with launcher(tmp_path_factory.mktemp("warm")) as path:
        yield path


@pytest.fixture
def warm(warm_python: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``sys.executable -m dialler_sync`` starts at once, as a fork of a process that has everything imported."""
    monkeypatch.setattr(sys, "executable", str(warm_python))


@dataclass(frozen=True, slots=True)
class Done:
    """A finished command. ``reports`` is its folder, where it has one."""

    code: int
    out: str
    err: str
    reports: Path | None

    def rows(self, name: str = "results.csv") -> list[dict[str, str]]:
        """A report's lines."""
        assert self.reports, self.err
        with (self.reports / name).open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    @property
    def summary(self) -> dict[str, Any]:
        """``summary.json``."""
        assert self.reports, self.err
        found: dict[str, Any] = json.loads((self.reports / "summary.json").read_text(encoding="utf-8"))
        return found

    def statuses(self) -> dict[int, str]:
        """Row number → status."""
        return {int(row["_row"]): row["_status"] for row in self.rows()}


Run = Callable[..., Done]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process: ``run("import", "list.csv")``."""

    def run(*arguments: object) -> Done:
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        folder = next((line.split(maxsplit=1)[1] for line in out.splitlines() if line.startswith("reports ")), None)
        code = exit_.value.code
        assert isinstance(code, int)
        assert "Traceback" not in err
        return Done(code, out, err, Path(folder) if folder else None)

    return run


Configure = Callable[..., Path]

COLUMNS = {"UserData": "Key", "Name": "Name", "PhoneNumber1": "{column: Phone, region: DE}"}


@pytest.fixture
def configure(dialler: SimulatorServer, tmp_path: Path) -> Configure:
    """Write ``dialler-sync.yaml`` for the embedded dialler: ``configure(rows="{compare: none}", retries=1)``.

    Keywords that are sections of the configuration replace that section; all others are keys of ``dialler:``.
    """

    def configure(columns: dict[str, str] | None = None, **changes: object) -> Path:
        sections = {
            name: changes.pop(name)
            for name in (
                "campaign",
                "source",
                "rows",
                "suppress",
                "protect",
                "mirror",
                "journal",
                "cluster",
                "calls",
                "sources",
                "inbox",
                "notify",
                "reports",
            )
            if name in changes
        }
        keys = {"base_url": dialler.base_url, "clients_id": 1, "token": "${DIALLER_SYNC_TOKEN}", **changes}
        lines = ["dialler:", *(f"  {key}: {value}" for key, value in keys.items())]
        lines += [f"campaign: {sections.pop('campaign', '{id: 538}')}"]
        lines += [f"{name}: {value}" for name, value in sections.items()]
        lines += ["columns:", *(f"  {field}: {rule}" for field, rule in (columns or COLUMNS).items())]
        path = tmp_path / "dialler-sync.yaml"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return configure


@pytest.fixture
def contacts_csv(tmp_path: Path) -> Callable[..., Path]:
    """Write ``contacts.csv`` with ``count`` good rows: ``contacts_csv(10)``; row *n* has the key ``K<n>``."""

    def write(count: int = 10, name: str = "contacts.csv", rows: list[str] | None = None) -> Path:
        lines = ["Key,Name,Phone"]
        lines += rows if rows is not None else [f"K{n},Name {n},0171 39200{n % 90 + 10}" for n in range(2, count + 2)]
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write
