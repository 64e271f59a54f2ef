"""``dialler-sync simulator``: the embedded dialler, to rehearse against."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from ..exit_codes import ExitCode
from .common import echo, exit_codes


@click.command(epilog=exit_codes(ExitCode.OK, ExitCode.USAGE))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 takes a free one.")
@click.option("--token", default="simulator", show_default=True, help="The bearer token it accepts.")
@click.option("--clients-id", type=int, default=1, show_default=True)
@click.option("--campaign", "campaigns", multiple=True, metavar="ID=NAME", help="A campaign; repeatable. [538=Nightly]")
@click.option("--latency", default="0", metavar="S|S-S", help="Seconds before each answer: 0.02, or 0.01-0.05.")
@click.option("--faults", default="", metavar="PLAN", help="Faults on order: 500_after:5%,drop_before:3%,429:0.02 …")
@click.option("--seed", type=int, default=0, show_default=True, help="Draws the same faults again.")
@click.option("--release", default="3.19", show_default=True, help="Decides field lengths: 3.18 or 3.19.")
@click.option("--no-batch", is_flag=True, help="An older dialler, without the batch look-up.")
@click.option("--file", "file", type=click.Path(path_type=Path), help="SQLite file that keeps the contacts.")
def simulator(
    host: str,
    port: int,
    token: str,
    clients_id: int,
    campaigns: tuple[str, ...],
    latency: str,
    faults: str,
    seed: int,
    release: str,
    no_batch: bool,
    file: Path | None,
) -> None:
    """Run the embedded dialler until Ctrl-C. Prints what a configuration needs when it is ready."""
    from ..simulator import FaultPlan, Settings, SimulatorServer, Span, Store, serve_forever

    settings = Settings(
        token=token,
        release=release,
        batch=not no_batch,
        latency=Span.parse(latency),
        faults=FaultPlan.parse(faults, seed=seed),
        log_requests=False,
    )

    def ready(server: SimulatorServer) -> None:
        echo(f"base_url: {server.base_url}", f"clients_id: {clients_id}")
        for number, name in store.campaigns.items():
            echo(f"campaign: {{id: {number}}}   # {name}")
        echo(f"Its token: export DIALLER_SYNC_TOKEN={shlex.quote(token)}. Ctrl-C ends it.", err=True)

    with Store(dict(map(_campaign, campaigns)), clients_id=clients_id, file=file, seed=seed) as store:
        serve_forever(store, settings, host=host, port=port, ready=ready)


def _campaign(text: str) -> tuple[int, str]:
    number, _, name = text.partition("=")
    if not number.isdecimal() or not name:
        raise click.BadParameter(f"'{text}' is not ID=NAME, such as 538=Nightly", param_hint="--campaign")
    return int(number), name
