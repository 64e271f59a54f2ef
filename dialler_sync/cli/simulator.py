"""``dialler-sync simulator``: the embedded dialler, to rehearse against."""

from __future__ import annotations

import shlex
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..exit_codes import ExitCode
from ..text.phrase import phrase
from .app import App
from .echo import echo
from .spoken import SpokenCommand

if TYPE_CHECKING:
    from ..jobs.simulator import SimulatorServer


@click.command(cls=SpokenCommand, codes=(ExitCode.OK, ExitCode.USAGE))
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; --token is required if others can reach it.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="Port; 0: any free port.")
@click.option("--token", help="Bearer token to accept.  [default: simulator]")
@click.option("--clients-id", type=int, default=1, show_default=True)
@click.option(
    "--campaign", "campaigns", multiple=True, metavar="ID=NAME", help="Campaign; repeatable.  [default: 538=Nightly]"
)
@click.option(
    "--latency", default="0", metavar="S|S-S", help="Delay before each answer, in seconds: 0.02, or 0.01-0.05."
)
@click.option("--faults", default="", metavar="PLAN", help="Faults to inject: 500_after:5%,drop_before:3%,429:0.02 …")
@click.option("--seed", type=int, default=0, show_default=True, help="Random seed: the same faults and calls again.")
@click.option(
    *("--release", "release"),
    default="3.19",
    show_default=True,
    metavar="X.Y",
    help="The dialler's release. Before 3.19: shorter fields, lists of a campaign contain the whole account, no batch "
    "lookup.",
)
@click.option("--no-batch", is_flag=True, help="No batch lookup, in any release.")
@click.option(
    "--lock-method",
    type=click.Choice(("PUT", "GET", "PATCH")),
    default="PUT",
    show_default=True,
    help="HTTP method for lock and unlock, to rehearse dialler.endpoints.",
)
@click.option(
    "--calls",
    metavar="N|FILE",
    help="Call records: N for each new contact, or those of a JSON, JSON Lines or CSV file.",
)
@click.option(
    "--dial",
    metavar="RATE",
    help="Dial the contacts at RATE calls per second, or 30/m, 500/h, 2000/d; 500/h@9-17: from 9 to 17 o'clock.",
)
@click.option(
    "--speed",
    type=float,
    default=1.0,
    show_default=True,
    help="Speed of the dialler's clock; 60: an hour passes in a minute.",
)
@click.option("--file", "file", type=click.Path(path_type=Path), help="SQLite file to store the contacts in.")
@click.pass_obj
def simulator(app: App, /, host: str, campaigns: tuple[str, ...], **given: Any) -> None:
    """Run the embedded dialler until Ctrl-C. Prints what a configuration needs when it is ready.

    --calls FILE provides the calls of contacts that are imported later, or are in --file. Each entry names its
    contact by UserData or DiallerContactsID, and is a call as the dialler returns it ({"StatisticsPartA": {...}}),
    a contact with its DiallerContactsHistory, or a row with the columns of 'contacts history' (CallStart,
    CallConnect, Number, ...).

    --dial makes it call the contacts that are neither locked nor done, one number after another: a call goes on for
    a while, then ends with a result code, which sometimes changes later. --speed 1440 plays a day in a minute.

    \b
    Examples:
      dialler-sync simulator --release 3.18
      dialler-sync simulator --calls 3
      dialler-sync simulator --dial 500/h --speed 1440
      dialler-sync simulator --calls calls.jsonl
    """
    from ..jobs.simulator import run_simulator

    run_simulator(dict(map(_campaign, campaigns)), partial(_show, host), host=host, trusted=app.trust, **given)


def _show(host: str, server: SimulatorServer) -> None:
    """Print what a configuration needs, once the simulator listens."""
    echo(f"base_url: {server.base_url}", f"clients_id: {server.store.clients_id}")
    for number, name in server.store.campaigns.items():
        echo(f"campaign: {{id: {number}}}   # {name}")
    if server.exposed:
        echo(
            phrase(
                "Warning: listening on {host}, without TLS. Anyone who reaches it and knows its token can read and "
                "change its contacts. On other machines, set base_url to this one, with allow_http: true.",
                host=host or phrase("all addresses"),
            ),
            err=True,
        )
    echo(
        phrase("Its token: export DIALLER_SYNC_TOKEN={token}. Ctrl-C ends it.", token=shlex.quote(server.token)),
        err=True,
    )


def _campaign(text: str) -> tuple[int, str]:
    number, _, name = text.partition("=")
    if not number.isdecimal() or not name:
        raise click.BadParameter(
            phrase("'{text}' is not ID=NAME, such as 538=Nightly", text=text), param_hint="--campaign"
        )
    return int(number), name
