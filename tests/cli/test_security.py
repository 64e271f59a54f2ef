"""The token is nowhere but in the Authorization header; files are their owner's only."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import quote
from zipfile import ZipFile

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import FaultPlan, SimulatorServer

from ..conftest import Configure, Run
from ..helpers.http_server import QuietServer

Contacts = Callable[..., Path]

TOKEN = "tok-9f8e7d6c5b4a-never-to-be-seen"


def everything_under(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "fault", ["", "401_from:3", "500_after:50%", "429:#1-3", "html_200_after:30%", "drop_after:#2"]
)
def test_the_token_is_in_no_file_and_no_output(
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
    dialler: SimulatorServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    fault: str,
) -> None:
    """Reports, journal, plan, logs of either format, at the highest verbosity, whatever goes wrong."""
    monkeypatch.setenv("DIALLER_SYNC_TOKEN", TOKEN)
    dialler.token = TOKEN
    dialler.order(FaultPlan.parse(fault, seed=1) if fault else FaultPlan())
    configure(timeout=0.5, retries=2)
    file = contacts_csv(8)

    said = [
        run("-v", "import", file),
        run("-v", "--log-format", "json", "resume"),
        run("plan", file, "-o", "plan.json"),
        run("config", "check"),
        run("runs", "list", "-o", "json"),
    ]

    assert all(TOKEN not in done.out + done.err for done in said)
    assert TOKEN.encode() not in everything_under(tmp_path)


@pytest.mark.parametrize("status", [400, 401, 404, 409, 429, 500])
def test_a_dialler_that_repeats_the_token_does_not_spread_it(
    run: Run, configure: Configure, contacts_csv: Contacts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, status: int
) -> None:
    """Some servers and proxies put what they were sent into their error messages, also as part of an address."""
    secret = f"{TOKEN}+/="
    monkeypatch.setenv("DIALLER_SYNC_TOKEN", secret)

    class Echo(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.headers["Authorization"].removeprefix("Bearer ")
            said = f"{'x' * 490} {sent} {quote(sent, safe='')} https://u:{sent}@host/?token={sent}"
            body = json.dumps({"status": status, "error": said[480:] if status % 2 else said}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    with QuietServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        configure(
            base_url=f"http://127.0.0.1:{server.server_port}/rest/v1.0",
            retries=1,
            give_up_after=0.2,
            journal="{before_images: false}",
        )
        done = run("-v", "import", contacts_csv(2))
        server.shutdown()

    assert done.code != ExitCode.OK
    assert all(len(row["_error"]) < 600 for row in done.rows())
    assert TOKEN[:12] not in done.out + done.err
    assert TOKEN[:12].encode() not in everything_under(tmp_path)


def test_a_token_that_cannot_be_one_is_not_repeated(
    run: Run, configure: Configure, contacts_csv: Contacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message says what is wrong with it, not what it is."""
    monkeypatch.setenv("DIALLER_SYNC_TOKEN", f"{TOKEN} and a blank")
    configure()

    done = run("import", contacts_csv(1))

    assert done.code == 2
    assert TOKEN not in done.err


def test_a_bug_shows_as_one_without_the_token(
    configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """Exit 1 with a traceback, which holds no values of variables."""
    dialler.token = TOKEN
    configure()
    contacts_csv(1)
    code = (
        "import sys, dialler_sync.jobs.imports as jobs\n"
        "def broken(*a, **k): raise ZeroDivisionError('a bug')\n"
        "jobs.open_sources = broken\n"
        "sys.argv = ['dialler-sync', 'import', 'contacts.csv']\n"
        "from dialler_sync.cli import main; main()\n"
    )
    environment = {**os.environ, "DIALLER_SYNC_TOKEN": TOKEN}

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False, env=environment
    )

    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert TOKEN not in done.stderr


def test_log_lines_are_json_objects(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """--log-format json: one object a line, with time, level and message."""
    configure({"UserData": "Key", "Name": "Name", "PhoneNumber1": "{column: Phone, region: DE}"})

    done = run("-v", "--log-format", "json", "import", contacts_csv(2))

    lines = [json.loads(line) for line in done.err.splitlines()]
    assert all({"time", "level", "message"} <= line.keys() for line in lines)
    first, *_, last = map(json.loads, done.err.splitlines())
    assert (first["event"], first["command"]) == ("start", "import")
    assert (last["event"], last["exit_code"]) == ("end", done.code)


def test_the_journal_is_for_its_owner_only(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """It holds personal data."""
    configure()
    run("import", contacts_csv(1))

    files = [path for path in Path("state").rglob("*") if path.is_file()]

    assert files
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)


def test_a_configuration_runs_nothing(run: Run, contacts_csv: Contacts, tmp_path: Path) -> None:
    """YAML tags that would make objects are refused, and a token_command goes through no shell."""
    Path("dialler-sync.yaml").write_text("dialler: !!python/object/apply:os.system ['touch owned']\n", encoding="utf-8")
    tag = run("import", contacts_csv(1))
    Path("dialler-sync.yaml").write_text(
        "dialler: {base_url: 'http://127.0.0.1:1/', clients_id: 1, token_command: 'echo x; touch owned'}\n"
        "campaign: {id: 1}\ncolumns: {Name: Name, PhoneNumber1: {column: Phone, region: DE}}\n",
        encoding="utf-8",
    )
    shell = run("import", "contacts.csv")

    assert tag.code == 2
    assert shell.code == 2
    assert not Path("owned").exists()


def test_masked_means_masked_wherever_people_look(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """report.html and report.xlsx, also when they are written again, and those of the retry."""
    configure()
    number = "+49 171 39200122"
    rows = ["K1,Anna,0171 3920011", f"K2,,{number}", "K3,Karl,39200", f"K4,,{number}x5"]
    file = contacts_csv(rows=rows)

    first = run("import", file, "--mask")
    pages = [everything_shown(first.reports)]
    run("runs", "report", first.summary["run_id"])
    pages.append(everything_shown(first.reports))
    pages.append(everything_shown(run("retry").reports))

    for page in pages:
        assert "K2" in page and "Phone numbers are hidden" in page
        assert not re.search(r"39200122|39200(?!\d)|3920011", re.sub(r"[ -]", "", page))
    assert number in (first.reports / "failed.csv").read_text(encoding="utf-8-sig") if first.reports else False


def everything_shown(reports: Path | None) -> str:
    """The text of page and workbook."""
    assert reports
    with ZipFile(reports / "report.xlsx") as book:
        sheets = "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))
    return (reports / "report.html").read_text(encoding="utf-8") + sheets
