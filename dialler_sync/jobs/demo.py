"""Demo import into the embedded dialler: no configuration, nothing leaves this machine."""

from __future__ import annotations

import os
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from ..config import load_config
from ..journal import Journal
from ..observer import Observer
from .imports import ImportOptions, import_files

if TYPE_CHECKING:
    from ..run.reports import Summary


def example_folder(name: str) -> Path:
    """Return ``sample_data`` or ``configs`` of the checkout, else of the installed package."""
    package = Path(str(files("dialler_sync")))
    packed = package / "_demo" / name
    return packed if packed.is_dir() else package.parent / name


def run_demo(out: Path | None, observer: Observer) -> tuple[Summary, int]:
    """Import ``sample_data/crm_export.csv`` through ``configs/demo.yaml`` into an embedded dialler.

    Returns the summary, and the number of contacts that the dialler then holds.
    """
    from ..simulator import SimulatorServer

    config_path = example_folder("configs") / "demo.yaml"
    with SimulatorServer() as server, tempfile.TemporaryDirectory() as state:
        settings = load_config(config_path, {**os.environ, "DIALLER_SYNC_TOKEN": server.token}, trusted=True)
        dialler = settings.dialler.model_copy(update={"base_url": server.base_url})
        settings = settings.model_copy(update={"dialler": dialler})
        options = ImportOptions((example_folder("sample_data") / "crm_export.csv",), config_path, out)
        with Journal.open(Path(state) / "journal.db") as journal:
            summary = import_files(settings, options, journal, observer)
        return summary, len(server.store.contacts)
