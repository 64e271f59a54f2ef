"""Answers of every function that is called, with one place in them that is another."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from ..conftest import Configure, Run
from .doors import LENGTHS, Found, attempts, changed, written
from .rawdialler import Asked, RawDialler

COMMANDS = (
    "campaigns list", "contacts list -o json", "contacts get --id 1", "contacts get --user-data K2 -o json",
    "contacts history --id 1", "contacts history --user-data K2", "contacts lock --id 1 --yes",
    "contacts unlock --user-data K2 --yes", "contacts delete --id 2 --yes", "doctor", "plan contacts.csv",
    "plan contacts.csv --compare dialler", "import contacts.csv", "import contacts.csv --compare dialler",
    "reconcile contacts.csv", "reconcile contacts.csv --with-history",
)  # fmt: skip


class Odd:
    """Gives each answer as it is, or, as chance has it, changed in one place."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def __call__(self, _: Asked, answer: bytes) -> list[bytes]:
        if self._chance.random() < 0.5:
            return [answer]
        head, _, body = answer.partition(b"\r\n\r\n")
        content = written(changed(json.loads(body), self._chance)).encode("utf-8", "surrogatepass")
        status = self._chance.choice([head.split()[1]] * 6 + [b"204", b"400", b"404", b"409", b"429", b"500", b"503"])
        lines = b"HTTP/1.1 %b Odd\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        return [lines % (status, len(content)) + content]


@pytest.mark.parametrize("seconds", LENGTHS)
def test_odd_answers(seconds: float, run: Run, configure: Configure, contacts_csv: Callable[..., Path]) -> None:
    """Every command says what it got, or goes on."""
    contacts_csv(3)
    found = Found()
    with RawDialler().listening() as dialler:
        configure(base_url=dialler.base_url, retries=0, give_up_after=0.1, timeout=0.5)
        for chance in attempts(seconds, few=4):
            dialler.answers = Odd(chance)
            dialler.contacts = {
                n: {"ID": n, "UserData": f"K{n + 1}", "Name": "A", "DiallerCampaignsID": 538, "PhoneNumber1": "+49171"}
                for n in (1, 2)
            }
            command = chance.choice(COMMANDS)
            found.attempt(partial(run, *command.split()), command)
    found.none()
