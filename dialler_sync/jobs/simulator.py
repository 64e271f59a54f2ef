"""Run the embedded dialler, for rehearsals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ..errors import UsageError
from ..files.whole import why
from ..journal.place import make_file
from ..simulator import Clock, FaultPlan, Settings, SimulatorServer, Span, Store, call_source, dial_plan, serve_forever
from ..text.phrase import phrase

__all__ = ["SimulatorServer", "run_simulator"]


def run_simulator(
    campaigns: Mapping[int, str],
    ready: Callable[[SimulatorServer], None],
    *,
    host: str,
    port: int,
    clients_id: int,
    token: str | None,
    release: str,
    no_batch: bool,
    lock_method: str,
    latency: str,
    faults: str,
    seed: int,
    calls: str | None,
    dial: str | None,
    speed: float,
    file: Path | None,
    trusted: bool,
) -> None:
    """Serve until Ctrl-C. ``campaigns`` are names by ID, ``ready`` is called once the server listens; the others are
    the options of the command; ``trusted``: use a file that others could have changed.

    Raises:
        UsageError: an option cannot be understood, the file cannot be used, or the server cannot listen there.
        InputError: the calls cannot be read.
    """
    rate, hours = (0.0, (0, 24)) if dial is None else dial_plan(dial)
    settings = Settings(
        token="simulator" if token is None else token,
        release=release,
        batch=not no_batch,
        lock_method=lock_method,
        latency=Span.parse(latency),
        faults=FaultPlan.parse(faults, seed=seed),
        dial=rate,
        dial_hours=hours,
        seed=seed,
        log_requests=False,
    )
    rehearse = call_source(calls, seed) if calls is not None else None
    clock = Clock(speed=speed)
    if file:
        _make(file, trusted)
    with Store(campaigns, clients_id=clients_id, file=file, rehearse=rehearse, clock=clock, seed=seed) as store:
        serve_forever(store, settings, host=host, port=port, exposed=token is not None, ready=ready)


def _make(file: Path, trusted: bool) -> None:
    """Create the file of the contacts, for its owner only, if it is missing.

    Raises:
        UsageError: it cannot be made, or others could have changed it.
    """
    try:
        make_file(file, trusted, phrase("the state file"))
    except OSError as error:
        raise UsageError(
            phrase("The state file {file} cannot be used ({why}). Name another.", file=file, why=why(error))
        ) from error
