"""The Python API: what the documentation shows is true, in scripts and where an event loop is running."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import dialler_sync
from dialler_sync import Reconciliation, import_files, load_config, reconcile
from dialler_sync.cli import main
from dialler_sync.errors import InputError, UsageError
from dialler_sync.simulator import SimulatorServer, Store
from dialler_sync.simulator.faults import FaultPlan
from dialler_sync.simulator.span import Span

from ..conftest import Configure

Contacts = Callable[..., Path]


def test_results_are_frames_of_text(configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer) -> None:
    """Leading zeros stay, empty cells are empty text, and what was made harmless is as it was."""
    configure()
    rows = ["007,Anna,0171 3920012", "=1+1,Bernd,0171 3920013", "NA,Carla,0171 3920014", ",Dora,12"]

    frame = import_files(contacts_csv(rows=rows)).to_pandas()

    assert frame["_user_data"].tolist() == ["007", "=1+1", "NA", ""]
    assert frame["_status"].tolist() == ["succeeded"] * 3 + ["rejected"]
    assert {type(cell) for cell in frame.to_numpy().ravel()} == {str}
    found = reconcile("contacts.csv").to_pandas()
    assert found["_user_data"].tolist() == ["007", "=1+1", "NA"]
    assert set(found["_class"]) == {"matching"}


def test_it_works_where_an_event_loop_is_running(configure: Configure, contacts_csv: Contacts) -> None:
    """As in Jupyter: the work is done beside the loop that is there."""
    settings = load_config(configure())
    path = contacts_csv(3)

    async def cell() -> tuple[bool, bool]:
        return import_files([path], settings, journal="here.db").ok, reconcile(path, settings, journal="here.db").ok

    assert asyncio.run(cell()) == (True, True)
    assert Path("here.db").exists()


@pytest.mark.skipif(os.name == "nt", reason="sends itself a signal")
class Interrupting(Store):
    """Interrupts the notebook's cell when 20 contacts were made, and waits until that is noticed."""

    changes = 0
    noticed = threading.Event()

    def update(self, contact_id: int, **fields: Any) -> None:
        super().update(contact_id, **fields)
        self.changes += 1
        if self.changes == 20:
            signal.raise_signal(signal.SIGINT)
            self.noticed.wait(30)


def test_interrupting_a_cell_ends_the_run_resumably(configure: Configure, contacts_csv: Contacts) -> None:
    """What was sent is written down, the result comes back, and 'resume' sends the rest."""
    with Interrupting({538: "Nightly"}) as store, SimulatorServer(store, latency=Span(0.01, 0.01)) as server:
        configure(base_url=server.base_url, concurrency=4)
        path = contacts_csv(300)

        async def cell() -> dialler_sync.ImportResult:
            return import_files(path)

        def interrupt(_number: int, _frame: object) -> None:
            store.noticed.set()
            raise KeyboardInterrupt

        before = signal.signal(signal.SIGINT, interrupt)
        loop = asyncio.new_event_loop()
        try:
            result = loop.run_until_complete(cell())
        finally:
            signal.signal(signal.SIGINT, before)
            loop.close()

        assert result.summary.exit_code == 130
        assert not result.ok
        assert result.summary.counts["unprocessed"] > 0
        assert len(result.to_pandas()) == 300
        with pytest.raises(SystemExit) as resumed:
            main(["resume"])
        assert resumed.value.code == 0
        assert len(store.contacts) == 300


def test_what_is_wrong_before_anything_is_sent_is_raised(configure: Configure, contacts_csv: Contacts) -> None:
    """Options and files; nothing is left behind."""
    configure()
    contacts_csv(1)

    with pytest.raises(InputError):
        import_files("not-there.csv")
    with pytest.raises(UsageError, match="max_errors"):
        import_files("contacts.csv", max_errors="many")
    with pytest.raises(UsageError, match="no way to compare"):
        import_files("contacts.csv", compare="loosely")
    with pytest.raises(UsageError, match="there is no run"):
        reconcile("contacts.csv", since="20200101")
    assert not Path("reports").exists()


def test_a_reconciliation_that_compared_nothing_has_no_frame(
    configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """It must not be taken for an empty campaign."""
    configure(retries=0)
    dialler.order(FaultPlan.parse("cut_body:100%:on=list"))

    found = reconcile(contacts_csv(1))

    assert isinstance(found, Reconciliation)
    assert not found.ok
    assert found.summary.exit_code == 5
    with pytest.raises(UsageError, match="nothing was compared"):
        found.to_pandas()


def test_importing_the_package_loads_nothing_heavy() -> None:
    """The names are there, and what they need is loaded when they are used."""
    code = "import sys, dialler_sync; print('reconcile' in dir(dialler_sync), *sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    there, *loaded = done.stdout.split()
    assert there == "True"
    assert not {"pandas", "pydantic", "httpx", "sqlalchemy", "asyncio"} & set(loaded)
    with pytest.raises(AttributeError):
        _ = dialler_sync.nothing_of_this_name
