"""Open and save files in LibreOffice, as recipients of our files do."""

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
    """Open each file and save it in ``folder``, in one call with a fresh profile; return the saved files.

    ``to`` is the argument of ``--convert-to``: ``xlsx``, ``ods``, ``xls``, ``csv``, or one with a filter after a colon.
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
