"""Fixtures of command-line tests: contacts in the dialler, and lines of a list."""

from __future__ import annotations

from dialler_sync.simulator import SimulatorServer

PHONE = "+491713920012"


def seed(dialler: SimulatorServer, *keys: str, **fields: object) -> list[int]:
    return [
        dialler.store.add(
            **{"DiallerCampaignsID": 538, "UserData": key, "Name": f"Name {key}", "PhoneNumber1": PHONE, **fields}
        )
        for key in keys
    ]


def line(key: str, name: str | None = None) -> str:
    return f"{key},{name or f'Name {key}'},0171 3920012"
