"""Paths of a configuration count from its folder, and read as people write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialler_sync.config.sources import within
from dialler_sync.files.url import path_of


@pytest.mark.parametrize(
    ("path", "whole"),
    [
        ("answers", "/etc/lists/answers"),
        ("../answers", "/etc/answers"),
        ("../../../srv/in", "/srv/in"),
        ("..", "/etc"),
        ("link/../answers", "/etc/lists/link/../answers"),
        ("/srv/../in", "/srv/../in"),
        ("sftp://host/in", "sftp://host/in"),
    ],
)
def test_a_path_leads_from_the_folder(path: str, whole: str) -> None:
    """Steps up over what may be a link are left to the system."""
    assert str(within(Path("/etc/lists"), path_of(path))) == whole
