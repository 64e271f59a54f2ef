"""Workers that cannot send: without dialler-sync, or with another version. The others send."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from socket import gethostname

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run
from ..helpers.authority import Authority
from ..helpers.watched import Watched
from .conftest import BARE, OLD, Workers, cluster

Contacts = Callable[..., Path]

WITHOUT = rf"worker tls://127.0.0.1:\d+ on host {re.escape(gethostname())}: .*: install 'dialler-sync\[cluster\]'"
OTHER = rf"worker tls://127.0.0.1:\d+ on host {re.escape(gethostname())}: it has dialler-sync 0\.0\.1"


def test_workers_that_cannot_send_are_named_and_left_out(
    workers: Workers, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Those that are there when the run begins; the others send all rows."""
    configure(concurrency=8)

    with workers.one_more(BARE), workers.one_more(OLD):
        done = run("import", contacts_csv(40), "--cluster", workers.address)

    assert done.code == ExitCode.OK, done.err
    assert len(re.findall(f"{WITHOUT}.*; the run continues without it", done.err)) == 1
    assert len(re.findall(f"{OTHER}.*; the run continues without it", done.err)) == 1
    assert len(dialler.store.contacts) == 40


def test_no_worker_that_can_send_is_said_before_anything_is_sent(
    authority: Authority,
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
    dialler: SimulatorServer,
    tmp_path: Path,
) -> None:
    """Exit 2; nothing is left behind."""
    configure()

    with cluster(tmp_path, 0, authority, authority.certify("node")) as none, none.one_more(BARE):
        done = run("import", contacts_csv(5), "--cluster", none.address)

    assert done.code == ExitCode.USAGE
    assert len(re.findall(WITHOUT, done.err)) == 1
    assert not dialler.requests
    assert not list(Path("reports").iterdir())


def test_a_worker_that_joins_later_and_cannot_send_gets_no_rows(
    workers: Workers, run: Run, configure: Configure, contacts_csv: Contacts, store: Watched
) -> None:
    """It has the fewest senders when another worker is lost; the rows of that one go to one that can send."""
    configure(timeout=1)
    lost = workers.pids[0]

    with ExitStack() as stack:

        def join() -> None:
            stack.enter_context(workers.one_more(BARE))
            os.kill(lost, signal.SIGKILL)

        def join_meanwhile() -> None:
            thread = threading.Thread(target=join)
            thread.start()
            thread.join()

        store.then(5, join_meanwhile)
        done = run("import", contacts_csv(60), "--cluster", workers.address)

    assert done.code == ExitCode.OK, done.err
    assert "a worker is lost" in done.err
    assert len(re.findall(f"{WITHOUT}.*; the run continues without it", done.err)) == 1
    assert set(Counter(contact["UserData"] for contact in store.contacts.values()).values()) == {1}
    assert len(store.contacts) == 60
