"""What would keep a run from working is found before it, with its mend and an exit code for scripts."""

from __future__ import annotations

import json
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.doctor.checks import examine
from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import FaultPlan, SimulatorServer, Store

from ..conftest import Configure, Done, Run
from ..helpers.authority import Authority
from ..helpers.foreign import Answer, ForeignDialler, served
from ..helpers.http_server import QuietServer
from ..security.hostile import answer, hostile_dialler


def found(done: Done) -> dict[str, tuple[str, str]]:
    """Check → (status, message); the last of each name."""
    return {check["name"]: (check["status"], check["message"]) for check in json.loads(done.out)}


def failures(done: Done) -> list[str]:
    return [check["name"] for check in json.loads(done.out) if check["status"] == "FAIL"]


def test_all_is_well(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """Every check is OK, nothing is changed, and the token is shown nowhere."""
    configure()

    plain = run("doctor")
    checks = found(run("doctor", "-o", "json"))

    assert plain.code == ExitCode.OK
    assert {status for status, _ in checks.values()} == {"OK"}, checks
    assert checks["campaign"][1] == "538 Nightly"
    assert all(f"OK    {name}" in plain.out for name in checks)
    assert {request.method for request in dialler.requests if request.function != "batch"} == {"GET"}
    assert "simulator" not in plain.out


def test_a_configuration_that_is_not_finished(run: Run, configure: Configure) -> None:
    """``plan`` and ``import`` refuse it."""
    configure()
    path = Path("dialler-sync.yaml")
    path.write_text(path.read_text(encoding="utf-8") + "# CHANGE: the campaign\n", encoding="utf-8")

    done = run("doctor")

    assert done.code == ExitCode.USAGE
    assert "still marked CHANGE" in done.out


def test_a_configuration_that_is_wrong(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """Is told with file, line and key (exit 2); what needs none is checked all the same."""
    configure(timeot=3)

    done = run("doctor", "-o", "json")

    assert done.code == ExitCode.USAGE
    assert failures(done) == ["configuration"]
    assert "did you mean 'timeout'" in found(done)["configuration"][1]
    assert found(done)["journal"][0] == "OK"
    assert not dialler.requests


@pytest.mark.parametrize(
    ("changes", "code", "failure", "said"),
    [
        ({"token": '""'}, ExitCode.USAGE, "token", "is empty"),
        ({"token": "two words"}, ExitCode.USAGE, "token", "characters that no token has"),
        ({"token": "another-one"}, ExitCode.NO_ROW_CAN_SUCCEED, "access", "token or the ClientsID"),
        ({"clients_id": 2}, ExitCode.NO_ROW_CAN_SUCCEED, "access", "token or the ClientsID"),
        ({"campaign": "{id: 540}"}, ExitCode.NO_ROW_CAN_SUCCEED, "campaign", "no campaign 540"),
        ({"campaign": "{name: Nobody}"}, ExitCode.NO_ROW_CAN_SUCCEED, "campaign", "no campaign 'Nobody'"),
        ({"base_url": "http://127.0.0.1:9/rest/v1.0"}, ExitCode.UNAVAILABLE, "connection", "Connection refused"),
        ({"base_url": "https://nowhere.invalid/rest/v1.0"}, ExitCode.UNAVAILABLE, "name", "nowhere.invalid"),
    ],
)
def test_each_failure_has_its_mend_and_its_exit_code(
    run: Run, configure: Configure, changes: dict[str, object], code: ExitCode, failure: str, said: str
) -> None:
    """2: mend the configuration; 5: the dialler cannot be reached; 7: it refuses."""
    configure(**changes)

    done = run("doctor", "-o", "json")

    assert done.code == code
    assert failures(done) == [failure]
    assert said in found(done)[failure][1]
    assert all(check["mend"] for check in json.loads(done.out) if check["status"] != "OK")
    assert "two words" not in done.out
    assert "another-one" not in done.out


def test_another_server_at_that_address(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """Where the API is not under base_url, the line is named that puts it right (exit 7)."""
    configure(base_url=dialler.base_url.replace("v1.0", "v2.0"))

    done = run("doctor")

    assert done.code == ExitCode.NO_ROW_CAN_SUCCEED
    assert "dialler.base_url" in done.out
    assert 'dialler.endpoints: {list_campaigns: "GET /dialler/campaigns"}' in done.out


def test_a_dialler_that_fails(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """It can be reached, and answers nothing of use (exit 5)."""
    configure()
    dialler.order(FaultPlan.parse("500_before:100%:on=all"))

    done = run("doctor", "-o", "json")

    assert (done.code, failures(done)) == (ExitCode.UNAVAILABLE, ["access"])


def test_functions_that_an_older_dialler_does_not_have(run: Run, configure: Configure) -> None:
    """A warning with what it means, and the configuration's line for another path; exit 0."""
    with SimulatorServer(Store({538: "Nightly"}), batch=False) as dialler:
        configure(base_url=dialler.base_url, endpoints='{history_by_id: "GET /calls/{id}"}')

        done = run("doctor", "-o", "json")

    warnings = [check["mend"] for check in json.loads(done.out) if check["status"] == "WARN"]
    assert done.code == ExitCode.OK
    assert len(warnings) == 2
    assert 'history_by_id: "GET /calls/{id}"' in warnings[0]
    assert "one by one" in warnings[1]


def test_a_campaign_that_each_row_names(run: Run, configure: Configure) -> None:
    """Cannot be checked beforehand, and is no failure."""
    configure(campaign="{column: List}")

    assert "column 'List'" in found(run("doctor", "-o", "json"))["campaign"][1]


def test_clocks_that_differ(configure: Configure, tmp_path: Path) -> None:
    """By the Date of the dialler's answers."""
    path = configure()

    ahead = examine(path, tmp_path / "j.db", tmp_path, now=lambda: time.time() + 3_600)
    clock = next(check for check in ahead if check.name == "clock")

    assert clock.status == "WARN"
    assert "ahead of" in clock.message
    assert "NTP" in clock.mend


@pytest.mark.parametrize("date", ["Mon, 01 Jan 99999999999999999999 00:00:00 GMT", "nonsense", " " * 50_000 + "1"])
def test_a_time_of_the_dialler_that_is_none(date: str, run: Run, configure: Configure) -> None:
    with hostile_dialler(lambda _: answer([], headers=f"Date: {date}\r\n")) as url:
        configure(base_url=url)
        done = run("doctor", "-o", "json")

    assert found(done)["clock"][:2] == ("WARN", "the dialler does not send its time"), done.err


def test_a_dialler_that_writes_names_of_fields_in_another_case(run: Run, configure: Configure) -> None:
    """No contact of it can be told from another one: a run would wait for better answers until it gives up."""
    contacts = {"records": [{"id": 7, "userdata": "K1", "phonenumber1": "+491713920012"}], "count": 1, "status": 200}
    campaigns = {"records": [{"ID": 538, "Name": "Nightly"}], "count": 1, "status": 200}
    with hostile_dialler(lambda asked: answer(campaigns if "/campaigns" in asked.target else contacts)) as url:
        configure(base_url=url)
        done = run("doctor", "-o", "json")

    said = "no contact of the campaign has a field ID; they have id, userdata, phonenumber1"
    assert found(done)["numbers"] == ("WARN", said), done.err


def test_what_others_could_read(run: Run, configure: Configure, tmp_path: Path) -> None:
    """A journal, a configuration with the token in it, a token file: a warning, until only their owner can."""
    configure(token="simulator").chmod(0o644)
    run("runs", "list")
    journal = tmp_path / "state" / "journal.db"
    journal.chmod(0o644)

    open_ = run("doctor", "-o", "json")
    journal.chmod(0o600)
    configure(token="simulator").chmod(0o600)
    closed = run("doctor", "-o", "json")

    assert (found(open_)["journal"][0], found(open_)["token"][0]) == ("WARN", "WARN")
    assert (found(closed)["journal"][0], found(closed)["token"][0]) == ("OK", "OK")
    assert "simulator" not in open_.out


def test_folders_that_cannot_be_written(configure: Configure, tmp_path: Path) -> None:
    """Reports or journal would fail at the end of a run; better now (exit 2)."""
    path = configure()
    closed = tmp_path / "no folder"
    closed.touch()

    checks = {check.name: check for check in examine(path, closed / "journal.db", closed / "reports")}

    assert (checks["journal"].status, checks["report folder"].status) == ("FAIL", "FAIL")
    assert checks["report folder"].code == ExitCode.USAGE


def test_a_journal_that_is_none(run: Run, configure: Configure, tmp_path: Path) -> None:
    """Exit 2, before anything else fails on it."""
    configure()
    (tmp_path / "other.db").write_text("no database", encoding="utf-8")

    done = run("--state", tmp_path / "other.db", "doctor", "-o", "json")

    assert (done.code, failures(done)) == (ExitCode.USAGE, ["journal"])


class _Api(BaseHTTPRequestHandler):
    """Answers every request with an empty list."""

    def do_GET(self) -> None:
        body = b'{"records": [], "count": 0, "status": 200}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def https(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Address and certificate of a server whose certificate nobody has signed, and that ends tomorrow."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "1", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with QuietServer(("127.0.0.1", 0), _Api) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign] # a client that hangs up is meant
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}/rest/v1.0", certificate
        server.shutdown()
        thread.join()


def test_certificates(run: Run, configure: Configure, https: tuple[str, Path]) -> None:
    """One that is not trusted fails (exit 5); one that ends soon is a warning."""
    address, certificate = https

    configure(base_url=address)
    untrusted = run("doctor", "-o", "json")
    configure(base_url=address, ca_file=certificate, campaign="{column: List}")
    trusted = run("doctor", "-o", "json")

    assert (untrusted.code, failures(untrusted)) == (ExitCode.UNAVAILABLE, ["TLS"])
    assert trusted.code == ExitCode.OK, trusted.out
    assert found(trusted)["TLS"][0] == "WARN"
    assert "valid until" in found(trusted)["TLS"][1]
    assert found(trusted)["clock"][0] == "OK"


def test_a_token_in_a_comment_is_no_token(run: Run, configure: Configure) -> None:
    """A word of a comment that happens to be the token's text is no reason for a warning."""
    path = configure()
    path.write_text(f"# tried with the simulator\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
    path.chmod(0o644)

    assert found(run("doctor", "-o", "json"))["token"][0] == "OK"


def test_a_function_that_refuses_its_probe_is_not_there(run: Run, configure: Configure) -> None:
    """400 is no proof of a function; what a dialler may answer to an ID that is none is not asked."""

    class Refusing(ForeignDialler):
        def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
            if path.endswith("/0") or "history" in path:
                return 400, {"status": 400, "error": "Mandatory parameter is missing"}
            return super().answer(method, path, query, body)

    with served(Refusing()) as dialler:
        configure(base_url=dialler.base_url)

        done = run("doctor", "-o", "json")

    checks = [check for check in json.loads(done.out) if check["name"] == "functions"]
    (there,) = [check["message"] for check in checks if check["status"] == "OK"]
    assert "available: get_contact, find_contacts, batch_contacts;" in there
    assert [check["message"].split()[0] for check in checks if check["status"] == "WARN"] == [
        "history_by_id",
        "history_by_user_data",
    ]
    for way in ("GET", "PATCH"):
        assert f'lock_by_id: "{way} /dialler/contacts/contact/{{id}}/lock"' in there


@pytest.mark.parametrize(
    ("written", "form", "status"),
    [("0049171392001", "plus", "WARN"), ("49171392001", "plus", "WARN"), ("49171392001", "digits", "OK")],
)
def test_numbers_that_the_campaign_has_written_otherwise(
    run: Run, configure: Configure, dialler: SimulatorServer, written: str, form: str, status: str
) -> None:
    """A warning with an example, masked; an import would have the same person there twice, or undialled."""
    configure(rows=f"{{phone_format: {form}}}")
    dialler.store.add(UserData="K", Name="A", PhoneNumber1=written)

    done = run("doctor", "-o", "json")

    assert found(done)["numbers"][0] == status
    assert written not in done.out
    assert (f"{written[:4]}…01" in found(done)["numbers"][1]) == (status == "WARN")


def cluster_of(tmp_path: Path, wrong: str) -> dict[str, Path]:
    """What ``cluster:`` names, with this fault."""
    authority = Authority(tmp_path)
    cert, key = authority.certify("run", ends=-0.5 if wrong == "expired" else 1 if wrong == "ends soon" else 99)
    if wrong == "not private":
        key.chmod(0o644)
    if wrong == "another key":
        _, key = authority.certify("other")
    if wrong == "missing":
        key.unlink()
    if wrong == "no certificate":
        authority.ca.write_text("nothing", encoding="utf-8")
    return {"ca_file": authority.ca, "cert_file": cert, "key_file": key}


@pytest.mark.parametrize(
    ("wrong", "status", "said"),
    [
        ("expired", "FAIL", "cluster.cert_file: "),
        ("not private", "FAIL", "is a private key that others can read or change: chmod"),
        ("another key", "FAIL", "matching pair"),
        ("missing", "FAIL", "cluster.key_file: "),
        ("no certificate", "FAIL", "cluster.ca_file: "),
        ("ends soon", "WARN", "is valid until"),
    ],
)
def test_the_way_to_a_cluster(
    wrong: str, status: str, said: str, run: Run, configure: Configure, tmp_path: Path
) -> None:
    """Is found out before a run needs it."""
    pytest.importorskip("cryptography")
    files = cluster_of(tmp_path, wrong)
    configure(cluster=f"{{{', '.join(f'{name}: {path}' for name, path in files.items())}}}")

    done = run("doctor", "-o", "json")

    assert found(done)["cluster"][0] == status
    assert said in found(done)["cluster"][1]
    assert (done.code == ExitCode.USAGE) is (status == "FAIL")


def test_a_cluster_without_tls_is_warned_of(run: Run, configure: Configure) -> None:
    configure(cluster="{insecure: true}")

    done = run("doctor", "-o", "json")

    assert (done.code, found(done)["cluster"][0]) == (ExitCode.OK, "WARN")
