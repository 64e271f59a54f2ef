#!/usr/bin/env python3
"""Checks what a release gives to users: ``python .ci/package.py [--keep FOLDER] [PYTHON…]``; needs ``build``.

Wheel and sdist are built twice and must be the same, byte for byte. They hold what git tracks, and nothing else. The
wheel is installed with each PYTHON (by default this one) into an environment of its own, where the demo must run.
``--keep`` leaves both in FOLDER.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
DEMO = ("sample_data/", "configs/")
UNITS = "docs/systemd/"


def call(*words: str | Path, cwd: Path = ROOT) -> str:
    """Run a command; its output is returned, its errors are shown."""
    return subprocess.run(words, cwd=cwd, check=True, stdout=subprocess.PIPE, text=True).stdout


def build(folder: Path) -> tuple[Path, Path]:
    """Build with the time of the last commit; return wheel and sdist."""
    os.environ["SOURCE_DATE_EPOCH"] = call("git", "log", "-1", "--format=%ct").strip()
    call(sys.executable, "-m", "build", "--outdir", folder)
    return next(folder.glob("*.whl")), next(folder.glob("*.tar.gz"))


def in_wheel(tracked: list[str], version: str) -> set[str]:
    """What is to be in the wheel."""
    info = f"dialler_sync-{version}.dist-info"
    found = {f"{info}/{name}" for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")}
    for name in tracked:
        if name.startswith("dialler_sync/"):
            found.add(name)
        elif name.startswith(DEMO):
            found.add(f"dialler_sync/_demo/{name}")
        elif name.startswith(UNITS):
            found.add(f"dialler_sync-{version}.data/data/share/dialler-sync/systemd/{name.removeprefix(UNITS)}")
    return found


def in_sdist(tracked: list[str], version: str) -> set[str]:
    """What is to be in the sdist: all that is tracked."""
    return {f"dialler_sync-{version}/{name}" for name in [*tracked, "PKG-INFO"]}


def compare(what: str, found: set[str], wanted: set[str]) -> None:
    """End with the difference, if there is one."""
    if found != wanted:
        sys.exit(f"{what}: lacks {sorted(wanted - found)}; has besides {sorted(found - wanted)}")
    print(f"{what}: {len(found)} files, as tracked")


def try_out(wheel: Path, python: str, folder: Path) -> None:
    """Install the wheel into a fresh environment, and run its demo away from the checkout."""
    call(python, "-m", "venv", folder / "venv")
    scripts = folder / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    call(scripts / "python", "-m", "pip", "install", "--quiet", wheel)
    said = call(scripts / "dialler-sync", "demo", cwd=folder)
    if "now holds 193 contacts" not in said:
        sys.exit(f"{python}: the demo said\n{said}")
    print(f"{call(scripts / 'python', '--version').strip()}: installed, and the demo ran")


def main(pythons: list[str], keep: str | None) -> None:
    """Build, compare, look inside, install."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first, second = build(folder / "1"), build(folder / "2")
        for one, other in zip(first, second, strict=True):
            if one.read_bytes() != other.read_bytes():
                sys.exit(f"{one.name}: two builds differ")
            print(f"{one.name}: two builds are the same")
        wheel, sdist = first
        version = wheel.name.split("-")[1]
        tracked = call("git", "ls-files").splitlines()
        compare("wheel", set(zipfile.ZipFile(wheel).namelist()), in_wheel(tracked, version))
        with tarfile.open(sdist) as archive:
            compare("sdist", {each.name for each in archive if each.isfile()}, in_sdist(tracked, version))
        for number, python in enumerate(pythons or [sys.executable]):
            (folder / f"python{number}").mkdir()
            try_out(wheel, python, folder / f"python{number}")
        if keep:
            shutil.copytree(folder / "1", keep, dirs_exist_ok=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep")
    parser.add_argument("pythons", nargs="*")
    given = parser.parse_args()
    main(given.pythons, given.keep)
