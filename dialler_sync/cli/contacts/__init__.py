"""``dialler-sync contacts``: the dialler's own functions, by hand or for a whole spreadsheet."""

from __future__ import annotations

import click

from ..spoken import SpokenGroup
from .change import delete, lock, unlock
from .get import get
from .history import history
from .list_ import list_


@click.group(cls=SpokenGroup)
def contacts() -> None:
    """Show, lock, unlock and delete contacts in the dialler."""


for _command in (list_, get, history, lock, unlock, delete):
    contacts.add_command(_command)
