"""The demo: an import into the embedded dialler, and what comes of it.

It needs no configuration, and nothing leaves this machine.
"""

from __future__ import annotations

import os
import tempfile
import time
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..api.wire import CAMPAIGN_NAME
from ..config import Settings, load_config
from ..contacts.read import list_contacts, read_history
from ..contacts.record_file import RecordFile
from ..contacts.targets import Named, Targets
from ..journal import Journal
from ..observer import Observer
from ..report.calls_page import write_calls_page
from .imports import ImportOptions, import_files

if TYPE_CHECKING:
    from ..run.reports import Summary


_DAY = 86_400
_SEED = 19


def example_folder(name: str) -> Path:
    """Return ``sample_data`` or ``configs`` of the checkout, else of the installed package."""
    package = Path(str(files("dialler_sync")))
    packed = package / "_demo" / name
    return packed if packed.is_dir() else package.parent / name


class Demo(NamedTuple):
    """The result of the demo: the import, the contacts then in the dialler, and their results in one line."""

    summary: Summary
    contacts: int
    calls: int
    came_of_it: str


def run_demo(out: Path | None, observer: Observer) -> Demo:
    """Import ``sample_data/crm_export.csv`` through ``configs/demo.yaml`` into an embedded dialler, which then dials.

    Its clock begins eight days ago, and a week passes on it at once, so that all calls lie in the past.
    """
    from ..simulator import Clock, SimulatorServer, Store
    from ..simulator import Settings as SimulatorSettings

    config_path, source = example_folder("configs") / "demo.yaml", example_folder("sample_data") / "crm_export.csv"
    store = Store(clock=Clock(time.time() - 8 * _DAY, speed=0), seed=_SEED)
    dials = SimulatorSettings(dial=40 / 3_600, dial_hours=(9, 17), seed=_SEED)
    with SimulatorServer(store, dials) as server, tempfile.TemporaryDirectory() as state:
        settings = load_config(config_path, {**os.environ, "DIALLER_SYNC_TOKEN": server.token}, trusted=True)
        dialler = settings.dialler.model_copy(update={"base_url": server.base_url})
        settings = settings.model_copy(update={"dialler": dialler})
        options = ImportOptions((source,), config_path, out)
        with Journal.open(Path(state) / "journal.db") as journal:
            summary = import_files(settings, options, journal, observer)
        server.pass_time(7 * _DAY)
        came_of_it = _list_calls(settings, Path(state), Path(summary.out), source.name)
        return Demo(summary, len(store.contacts), sum(map(len, store.calls.values())), came_of_it)


def _list_calls(settings: Settings, work: Path, folder: Path, source: str) -> str:
    """Read the calls of all contacts, and write ``calls.html`` into ``folder``; return its first line."""
    with RecordFile(work) as contacts, RecordFile(work) as calls:
        list_contacts(settings, str(settings.campaign.id), contacts, lambda _: None, with_names=True)
        by_id = {contact["ID"]: contact for contact in contacts}
        read_history(settings, Targets(Named(ids=tuple(map(str, by_id))), settings), calls, lambda _: None)
        lines = (
            {
                **call,
                "ContactID": call["DiallerContactsID"],
                "Campaign": by_id[call["DiallerContactsID"]][CAMPAIGN_NAME],
            }
            for call in calls
        )
        files = {contact["UserData"]: source for contact in by_id.values()}
        page = folder / "calls.html"
        return write_calls_page(page, lines, contacts=contacts, files=files, asked=len(by_id))
