"""Paths of a configuration count from its folder, and read as people write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialler_sync.config.sources import StoreSettings, has_store, within
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


@pytest.mark.parametrize(
    ("address", "known"),
    [
        ("sftp://crm.example.com/lists/out", True),
        ("sftp://me@crm.example.com/lists", True),
        ("sftp://you@crm.example.com/lists/out", False),
        ("sftp://crm.example.com/lists/../you", False),
        ("sftp://crm.example.com/lists/%2e%2e/you", False),
        ("sftp://crm.example.com/lists2", False),
        ("sftp://crm.example.com.evil.example/lists", False),
    ],
)
def test_which_addresses_are_under_sources(address: str, known: bool) -> None:
    assert has_store(address, {"sftp://crm.example.com/lists": StoreSettings(username="me")}) is known
