"""LibreOffice as the people who get our files use it: opens a file, and saves it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

needs_libreoffice = pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice (soffice) is not installed")

_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Setup/L10N">
<prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>{locale}</value></prop></item>
</oor:items>
"""


def opened_and_saved(
    files: Sequence[Path], to: str, folder: Path, *, locale: str = "en-US", open_as: str | None = None
) -> list[Path]:
    """Open each file and save it in ``folder``, in one call with a profile of its own; gives the saved files.

    ``to`` is what ``--convert-to`` takes: ``xlsx``, ``ods``, ``xls``, ``csv`` or one with a filter after a colon.
    ``open_as`` is the import filter with its options.
    """
    with tempfile.TemporaryDirectory() as profile:
        user = Path(profile, "user")
        user.mkdir()
        (user / "registrymodifications.xcu").write_text(_SETTINGS.format(locale=locale), encoding="utf-8")
        command = [
            "soffice",
            "--headless",
            f"-env:UserInstallation={Path(profile).as_uri()}",
            *([f"--infilter={open_as}"] if open_as else []),
            "--convert-to",
            to,
            "--outdir",
            str(folder),
            *map(str, files),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    ending = to.partition(":")[0]
    return [folder / f"{file.stem}.{ending}" for file in files]
