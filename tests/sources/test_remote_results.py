"""Reports and lists of calls at an address: whole, or not there."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.fetch.folder import RemoteFolder
from dialler_sync.simulator import FaultPlan, SimulatorServer

from ..cli.test_calls import ago, call
from ..conftest import Configure, Run
from ..helpers.dialler import line
from .conftest import Remote, logins

HEAD = "Key,Name,Phone"


@pytest.fixture(autouse=True)
def known(configure: Configure, remote: Remote) -> None:
    Path("list.csv").write_text(f"{HEAD}\n{line('K1')}\nK2,Bob,nobody\n", encoding="utf-8")
    configure(sources=logins(remote.login), retries=0, give_up_after=0)


def breaks(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Have the link break while this file is put."""
    real = RemoteFolder._put

    def put(folder: RemoteFolder, store: Any, files: dict[str, Path], *, replace: bool) -> None:
        class Breaking:
            def put_file(self, here: str, there: str, **kind: str) -> None:
                if Path(here).resolve().name == name:
                    raise OSError("Failure")
                store.put_file(here, there, **kind)

            def __getattr__(self, other: str) -> Any:
                return getattr(store, other)

        real(folder, Breaking(), files, replace=replace)  # type: ignore[arg-type] # all that is used of it

    monkeypatch.setattr(RemoteFolder, "_put", put)


def test_reports_are_put_there(run: Run, remote: Remote) -> None:
    """Of every command with ``--out``; those of a run are never overwritten by another."""
    for command in ("import", "validate", "reconcile"):
        done = run(command, "list.csv", "--out", f"{remote.url}/{command}")
        assert done.code in (ExitCode.OK, ExitCode.ROWS_FAILED), done.err
        assert f"The reports are at {remote.url}/{command}" in done.err
    files = remote.files()
    (here,) = (
        path.parent for path in Path("reports").glob("*/summary.json") if '"command": "import"' in path.read_text()
    )
    assert {name for name in files if name.startswith("import/")} == {f"import/{path.name}" for path in here.iterdir()}
    assert all(files[f"import/{path.name}"] == path.read_bytes() for path in here.iterdir())
    assert "reconcile/reconciliation.csv" in files

    again = run("import", "list.csv", "--out", f"{remote.url}/import")

    assert again.code == ExitCode.USAGE
    assert "is not empty; a run's reports are never overwritten" in again.err
    assert remote.files() == files


@pytest.mark.parametrize("name", ["report.html", "summary.json"])
def test_a_link_that_breaks_leaves_nothing_there(
    run: Run, remote: Remote, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The run ends as it would; a warning says where the reports are, and what puts them there."""
    with monkeypatch.context() as broken:
        breaks(broken, name)
        done = run("import", "list.csv", "--out", f"{remote.url}/out")

    assert done.code == ExitCode.ROWS_FAILED
    (here,) = Path("reports").iterdir()
    typed = f"runs report {here.name} --out {remote.url}/out"
    assert typed in done.err
    assert str(here) in done.err
    assert "cannot be written (OSError: Failure). Is the disk there full?" in done.err
    assert remote.files() == {}
    assert run(*typed.split()).code == ExitCode.OK
    assert remote.files()["out/summary.json"] == (here / "summary.json").read_bytes()
    assert run(*typed.split()).code == ExitCode.OK


def test_a_run_that_is_resumed_puts_them_there_again(run: Run, remote: Remote, dialler: SimulatorServer) -> None:
    dialler.order(FaultPlan.parse("503:100%:on=all"))
    stopped = run("import", "list.csv", "--out", f"{remote.url}/out")
    dialler.order(FaultPlan())
    assert stopped.code == ExitCode.UNAVAILABLE, stopped.err
    assert b"unprocessed" in remote.files()["out/results.csv"]

    assert run("resume").code == ExitCode.ROWS_FAILED

    assert b"succeeded" in remote.files()["out/results.csv"]
    assert not [name for name in remote.files() if ".part" in name]


def test_a_run_that_does_not_begin_leaves_nothing_there(run: Run, remote: Remote, dialler: SimulatorServer) -> None:
    """Nor is anything sent where nothing can be put."""
    assert run("import", "gone.csv", "--out", f"{remote.url}/out").code == ExitCode.INPUT
    assert run("import", "list.csv", "--out", "https://127.0.0.1:9/out").code == ExitCode.USAGE
    assert run("import", "list.csv", "--out", "sftp://127.0.0.1:9/out").code == ExitCode.INPUT

    assert not remote.files()
    assert not [request for request in dialler.requests if request.function == "import"]
    assert not list(Path("reports").glob("*")) if Path("reports").exists() else True


def test_each_call_is_given_once(
    run: Run, remote: Remote, dialler: SimulatorServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The watermark moves when the list is in place there; one that nobody has taken is not replaced."""
    person = dialler.store.add(Name="Ann", UserData="K1", PhoneNumber1="+491713920001")
    ids = [dialler.store.add_call(person, **call(ago(hours=hours))) for hours in (9, 8)]
    take = ("calls", "--since", "last", "--to", f"{remote.url}/calls.csv")
    with monkeypatch.context() as broken:
        breaks(broken, "calls.csv")
        failed = run(*take)
    assert failed.code == ExitCode.INPUT
    assert "cannot be written" in failed.err
    assert remote.files() == {}

    assert run(*take).code == ExitCode.OK
    first = remote.files()
    ids.append(dialler.store.add_call(person, **call(ago(hours=7))))
    again = run(*take)

    if remote.kind == "s3":
        assert again.code == ExitCode.INPUT
        assert "Take it away first" in again.err
        assert remote.files() == first
        remote.delete("calls.csv")
        assert run(*take).code == ExitCode.OK
        found = [first["calls.csv"], remote.files()["calls.csv"]]
    else:
        assert again.code == ExitCode.OK, again.err
        found = [content for name, content in remote.files().items() if name.endswith(".csv")]
    assert "calls.html" in remote.files()
    lists = [csv.DictReader(io.StringIO(content.decode("utf-8-sig"))) for content in found]
    assert sorted(int(each["CallID"]) for one in lists for each in one) == sorted(ids)
    assert len(found) == 2
    assert not [path for path in (tmp_path / "state" / "copies").rglob("*") if path.is_file()]


def test_a_list_of_calls_of_a_day(run: Run, remote: Remote) -> None:
    """It replaces the one before; a place that cannot be is told before anything is asked."""
    for _ in range(2):
        assert run("calls", "--to", f"{remote.url}/all.csv").code == ExitCode.OK
    assert remote.files()["all.csv"].startswith(b"\xef\xbb\xbfUserData")

    assert run("calls", "--to", "https://127.0.0.1:9/all.csv").code == ExitCode.USAGE
    assert run("calls", "--to", "sftp://127.0.0.1:9/all.csv").code == ExitCode.INPUT
