"""Lists at addresses: sftp, https and s3 by real servers on loopback."""

from __future__ import annotations

import getpass
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from dialler_sync.config import load_config
from dialler_sync.config.sources import StoreSettings, store_of
from dialler_sync.errors import InputError
from dialler_sync.exit_codes import ExitCode
from dialler_sync.fetch.remote import download
from dialler_sync.files.url import Url
from dialler_sync.simulator import SimulatorServer
from dialler_sync.text.command_line import install

from ..conftest import Configure, Run
from ..helpers.blocks import blocks
from ..helpers.dialler import line
from ..helpers.stores import Sftp, Share, Web, basic
from .conftest import Place, at, logins, of_web
from .kinds import zipped

PAGE = Path(__file__).parents[2] / "docs" / "addresses.md"
HEAD = "Key,Name,Phone"
LIST = "\n".join((HEAD, line("K1"), line("K2"), "")).encode()
PRINTS = f"[{sys.executable}, -c, 'print(\"p@ss word\")']"


def test_a_list_at_an_address_is_imported_as_a_file_is(run: Run, place: Place, dialler: SimulatorServer) -> None:
    """Also an archive; reports name the file, and what failed can be sent again."""
    address = place("list.csv", b"Key,Name,Phone\nK1,Ann,0171 3920011\nK2,Bob,nobody\n")

    done = run("import", address)

    assert done.code == ExitCode.ROWS_FAILED, done.err
    assert [(row["_file"], row["_status"]) for row in done.rows()] == [
        ("list.csv", "succeeded"),
        ("list.csv", "rejected"),
    ]
    assert run("retry").code == ExitCode.ROWS_FAILED
    assert [contact["UserData"] for contact in dialler.store.contacts.values()] == ["K1"]
    inspected = run("inspect", address)
    assert inspected.code == ExitCode.OK
    assert "list.csv" in inspected.out
    archive = place("list.zip", zipped(Path("made.zip"), {"old.csv": b"", "out/new.csv": LIST}).read_bytes())
    assert run("validate", f"{archive}/out/new.csv").code == ExitCode.OK


def test_there_is_no_such_file(run: Run, place: Place) -> None:
    address = place("there.csv", LIST).replace("there", "gone")

    done = run("import", address)

    assert done.code == ExitCode.INPUT
    assert "gone.csv: no such file." in done.err
    assert done.err.count("\n") <= 2


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{{key_file: {other}, known_hosts: {known_hosts}}}", "the host refuses the login"),
        ("{{key_file: {key}, known_hosts: {empty}}}", "the host is not in known_hosts"),
        ("{{key_file: {key}, known_hosts: {foreign}}}", "than known_hosts has"),
        ("{{key_file: {open}, known_hosts: {known_hosts}}}", "others can read it: chmod 600"),
        ("{{key_file: gone, known_hosts: {known_hosts}}}", "gone: cannot be read"),
        ("{{password_command: 'false', known_hosts: {known_hosts}}}", "sources: password_command failed"),
    ],
)
def test_a_host_that_is_not_known_or_does_not_know_us(
    run: Run, configure: Configure, sftp: Sftp, tmp_path: Path, dialler: SimulatorServer, entry: str, message: str
) -> None:
    """Nothing is read, whatever the host says, and nothing is sent."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "other"], check=True)
    (tmp_path / "empty").touch(mode=0o600)
    name = f"[127.0.0.1]:{sftp.port}"
    foreign = sftp.key.with_suffix(".pub").read_text().split()[:2]
    (tmp_path / "foreign").write_text(f"{name} {' '.join(foreign)}\n")
    (tmp_path / "open").write_bytes(sftp.key.read_bytes())
    (tmp_path / "open").chmod(0o644)
    names = {each: tmp_path / each for each in ("other", "empty", "foreign", "open")}
    configure(
        sources=logins(
            f'"sftp://127.0.0.1": {{}}\n  "sftp://127.0.0.1:{sftp.port}": '
            + entry.format(key=sftp.key, known_hosts=sftp.known_hosts, **names)
        )
    )
    (sftp.files / "list.csv").write_bytes(LIST)

    done = run("import", sftp.url("list.csv"))

    assert done.code in (ExitCode.INPUT, ExitCode.USAGE)
    assert message in done.err
    assert not dialler.store.contacts


@pytest.mark.parametrize(
    ("login", "header"),
    [
        (f", username: us er, password_command: {PRINTS}", basic("us er", "p@ss word")),
        (f", token_command: {PRINTS}", "Bearer p@ss word"),
    ],
)
def test_a_web_server_that_wants_a_login(
    run: Run, configure: Configure, web: Web, tmp_path: Path, login: str, header: str
) -> None:
    web.needs = header
    (tmp_path / "www" / "list.csv").write_bytes(LIST)

    configure(sources=logins(of_web(web)))
    refused = run("import", at(web, "list.csv"))
    configure(sources=logins(of_web(web, login)))
    done = run("import", at(web, "list.csv"))

    assert refused.code == ExitCode.INPUT
    assert "the server refuses the login (HTTP 401)" in refused.err
    assert done.code == ExitCode.OK, done.err


def test_a_certificate_of_nobody_is_not_accepted(run: Run, configure: Configure, web: Web) -> None:
    configure()

    done = run("import", at(web, "list.csv"))

    assert done.code == ExitCode.INPUT
    assert "the server's certificate is not accepted" in done.err
    assert "ca_file" in done.err
    assert web.asked == []


def test_a_connection_that_breaks_goes_on_where_it_ended(
    run: Run, configure: Configure, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    configure(sources=logins(of_web(web)))
    rows = [line(f"K{number}") for number in range(60_000)]
    (tmp_path / "www" / "list.csv").write_text("\n".join((HEAD, *rows)), encoding="utf-8")
    web.breaks = 1_500_000

    done = run("inspect", at(web, "list.csv"), "-o", "json")

    assert done.code == ExitCode.OK, done.err
    assert '"rows": 60000' in done.out
    assert [asked.partition(" ")[0] for asked in web.asked].count("GET") > 1


def test_a_file_that_goes_on_changing_is_refused(run: Run, configure: Configure, web: Web, tmp_path: Path) -> None:
    """What was copied is neither the old list nor the new one."""
    configure(sources=logins(of_web(web)))
    path = tmp_path / "www" / "list.csv"
    path.write_bytes(LIST)

    class Growing(list[str]):
        def append(self, request: str) -> None:
            path.write_bytes(path.read_bytes() + f"{line(f'N{len(self)}')}\n".encode())
            super().append(request)

    web.asked = Growing()

    done = run("import", at(web, "list.csv"))

    assert done.code == ExitCode.INPUT
    assert "while it was copied" in done.err


def test_a_pattern_names_files(run: Run, place: Place) -> None:
    """In the order of their names; none is an error."""
    first = place("part-1.csv", LIST)
    place("part-2.csv", f"{HEAD}\n{line('K3')}\n".encode())
    place("other.txt", b"")
    if first.startswith(("https", "file")):
        return  # a web server has no folders; a shell knows those of this machine

    done = run("import", first.replace("part-1", "part-*"))

    assert done.code == ExitCode.OK, done.err
    assert [row["_file"] for row in done.rows()] == ["part-1.csv", "part-1.csv", "part-2.csv"]
    nothing = run("import", first.replace("part-1", "no-*"))
    assert nothing.code == ExitCode.INPUT
    assert "no file there has such a name" in nothing.err


@pytest.mark.parametrize(
    ("address", "message"),
    [
        (
            "sftp://user:s3cret@host:2222/list.csv",
            (
                "has a password in it, which others can read in the list of processes. "
                "Take it out, and set sources: {'sftp://host:2222': {password_command"
            ),
        ),
        ("ftp://host/list.csv", "ftp:// cannot be read"),
        ("http://example.com/list.csv", "is not encrypted: use https://"),
        ("sftp:///list.csv", "names no host"),
        ("s3://", "names no bucket"),
        ("https://host:port/list.csv", "is not valid"),
        ("file://other/list.csv", "is a file of another machine"),
    ],
)
def test_addresses_that_are_refused(run: Run, configure: Configure, address: str, message: str) -> None:
    """Before anything is asked, and without a secret."""
    configure()

    done = run("import", address)

    assert done.code == ExitCode.USAGE
    assert message in done.err
    assert "s3cret" not in done.err
    configure(suppress=f'{{file: "{address}", column: Phone}}')
    assert message in run("config", "check").err


def test_a_signature_in_an_address_is_shown_nowhere(run: Run, configure: Configure, web: Web, tmp_path: Path) -> None:
    """Neither on the terminal nor in a report or the journal."""
    configure(sources=logins(of_web(web)))
    (tmp_path / "www" / "list.csv").write_bytes(LIST)

    done = run("-vv", "import", at(web, "list.csv?X-Amz-Signature=abcdef0123456789"))
    gone = run("import", at(web, "gone.csv?X-Amz-Signature=abcdef0123456789"))

    assert done.code == ExitCode.OK, done.err
    assert any("abcdef0123456789" in request for request in web.asked)
    assert "abcdef0123456789" not in done.out + done.err + gone.err
    for path in (*tmp_path.glob("reports/*/*"), *tmp_path.glob("state/journal*")):
        assert b"abcdef0123456789" not in path.read_bytes()


@pytest.mark.parametrize("printed", ["first-line\\nsecond-line\\n", "first-line\\000second-line", "first-line\\r\\tx"])
def test_a_login_of_several_lines(run: Run, configure: Configure, printed: str) -> None:
    """It would end a header, or half of it would be sent."""
    sources = {"https://127.0.0.1:9": "token_command", "sftp://127.0.0.1:9": "password_command"}
    configure(sources=logins(*(f"\"{url}\": {{{name}: [printf, '{printed}']}}" for url, name in sources.items())))

    for url, name in sources.items():
        done = run("-vv", "validate", f"{url}/list.csv")

        assert done.code == ExitCode.USAGE
        assert f"sources: {name} prints several lines, or control characters" in done.err
        assert "-line" not in done.err


def test_a_folder_is_not_a_list(run: Run, configure: Configure, sftp: Sftp) -> None:
    configure(sources=logins(sftp.login))

    done = run("import", sftp.url(""))

    assert done.code == ExitCode.INPUT
    assert "is a folder. Name a file in it, or a pattern" in done.err


def test_nobody_answers(run: Run, configure: Configure) -> None:
    configure(sources=logins('"sftp://127.0.0.1:9": {timeout: 1}', '"https://127.0.0.1:9": {timeout: 1}'))

    for address in ("sftp://127.0.0.1:9/list.csv", "https://127.0.0.1:9/list.csv"):
        done = run("import", address)
        assert done.code == ExitCode.INPUT
        assert "the connection" in done.err


def test_a_do_not_call_list_and_a_table_at_addresses(
    run: Run, place: Place, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    numbers = place("dnc.csv", b"Phone\n0171 3920012\n")
    address = place("list.csv", LIST)
    config = tmp_path / "dialler-sync.yaml"
    text = config.read_text()
    config.write_text(f'{text}suppress: {{file: "{numbers}", column: Phone, region: DE}}\n')

    done = run("import", address)

    assert [row["_action"] for row in done.rows()] == ["suppressed", "suppressed"]


def test_an_address_without_the_library(run: Run, configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says how to install it."""
    monkeypatch.setitem(sys.modules, "paramiko", None)
    monkeypatch.delitem(sys.modules, "dialler_sync.fetch.sftp", raising=False)
    monkeypatch.delitem(sys.modules, "dialler_sync.fetch.stores", raising=False)
    configure()

    done = run("import", "sftp://host.invalid/list.csv")

    assert done.code == ExitCode.INPUT
    assert f"not installed: {install('remote')}." in done.err


def test_the_logins_of_the_page_are_logins(configure: Configure, run: Run) -> None:
    """docs/addresses.md; the longest address counts, whoever the user is."""
    part = next(block.text for block in blocks(PAGE) if block.text.startswith("sources:"))
    path = configure(sources=part.removeprefix("sources:"))

    stores = load_config(path).source.stores

    assert store_of("sftp://me@crm.example.com/out/list.csv", stores).username == "dialler"
    assert store_of("sftp://crm.example.com.evil.example/list.csv", stores) == StoreSettings()
    assert store_of("https://crm.example.com/export/list.csv", stores).ca_file == path.parent / "own-ca.pem"
    assert store_of("https://crm.example.com/exported.csv", stores) == StoreSettings()
    configure(sources='{"sftp:/host": {}}')
    assert (
        "' is not an address such as sftp://host, sftp://host:2222/lists or s3://bucket" in run("config", "check").err
    )


def test_a_run_goes_on_with_what_it_has_read(run: Run, place: Place, dialler: SimulatorServer, tmp_path: Path) -> None:
    """The copy stays until then: the address may hold another list, or none; ``retry`` reads what is there now."""
    bad = line("K3").replace("0171", "x")
    address = place("list.csv", LIST + f"{bad}\n".encode())
    assert run("import", address, "--limit", "1").code == ExitCode.ROWS_FAILED
    place("list.csv", f"{HEAD}\n{line('K9')}\n".encode())
    at_home = address.startswith("file:")
    kept = list((tmp_path / "state" / "copies").glob("*/*"))
    assert len(kept) == (0 if at_home else 1)

    resumed = run("resume")

    assert resumed.code == (ExitCode.USAGE if at_home else ExitCode.ROWS_FAILED), resumed.err
    if not at_home:
        assert [row["_status"] for row in resumed.rows()] == ["succeeded", "succeeded", "rejected"]
        assert {row["_file"] for row in resumed.rows()} == {"list.csv"}
        assert [row["Key"] for row in resumed.rows("failed.csv")] == ["K3"]
        assert not kept[0].parent.exists()
        assert run("retry").code == ExitCode.OK
        assert dialler.store.contacts[3]["UserData"] == "K9"


def test_a_mended_file_at_an_address(run: Run, place: Place, dialler: SimulatorServer) -> None:
    """It finds its run by itself."""
    first = run("import", place("list.csv", f"{HEAD}\nK1,Ann,nobody\n".encode()))
    assert run("import", place("other.csv", LIST)).code == ExitCode.OK
    assert first.reports
    content = (first.reports / "failed.csv").read_text("utf-8-sig").replace("nobody", "0171 3920011")

    done = run("retry", "--file", place("failed.csv", content.encode()))

    assert done.code == ExitCode.OK, done.err
    assert done.summary["parent"] == first.summary["run_id"]


def test_reports_are_written_here(run: Run, configure: Configure) -> None:
    """An address made a folder `sftp:` here."""
    path = configure()
    path.write_text(path.read_text("utf-8") + 'reports: {dir: "sftp://host/reports"}\n', "utf-8")

    done = run("config", "check")

    assert done.code == ExitCode.USAGE
    assert "reports.dir: is an address: name a folder of this machine; --out URL" in done.err


@pytest.mark.parametrize("password", ["wr0ng-pass", "p'W\"$(x)`ö€ <b>&%s{0}#é"])
def test_a_share_that_refuses_the_login(run: Run, configure: Configure, share: Share, password: str) -> None:
    """Its error has a number, which is none of HTTP. The library keeps logins that others have used."""
    Path("password").write_text(password, encoding="utf-8")
    login = f"{{username: stranger{len(password)}, password_command: cat password}}"
    configure(sources=logins(f'"smb://127.0.0.1:{share.port}": {login}'))

    done = run("-vv", "validate", share.url("list.csv"))

    assert done.code == ExitCode.INPUT
    assert "the server refuses the login: set sources: username and password_command" in done.err
    assert password not in done.err


def test_a_share_that_there_is_not(run: Run, configure: Configure, share: Share) -> None:
    configure(sources=logins(share.login))

    assert "there is no such share" in run("validate", share.url("list.csv").replace("/lists/", "/other/")).err
    no_share = run("validate", share.url("").replace("/lists/", ""))
    assert no_share.code == ExitCode.USAGE
    assert "names no share: smb://HOST/SHARE/PATH" in no_share.err


@pytest.mark.parametrize(
    "rest",
    [
        "input()\n",
        (
            "import threading, time\n"
            "def write():\n"
            "    with files.open('/lists/new.csv', 'wb') as new: new.write(bytes(1 << 28))\n"
            "input(); threading.Thread(target=write, daemon=True).start(); time.sleep(3)\n"
        ),
    ],
    ids=["read", "written"],
)
def test_a_share_that_falls_silent_does_not_hold_the_process(share: Share, rest: str) -> None:
    """At its end, the library waited for the answer to its goodbye; and for what a thread could not send."""
    (share.files / "silent.csv").write_bytes(LIST)
    silent = threading.Event()

    def carry(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data)
                if silent.is_set():
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        script = (
            "from dialler_sync.fetch.smb import Smb\n"
            f"login = {{'username': {getpass.getuser()!r}, 'password': 'password', 'share_access': 'r'}}\n"
            f"files = Smb('127.0.0.1', port={port}, **login)\n"
            "file = files.open('/lists/silent.csv', 'rb')\nprint(file.read(3), flush=True)\n"
        )
        words = [sys.executable, "-c", script + rest]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
            near, _ = listener.accept()
            with near, socket.create_connection(("127.0.0.1", share.port)) as far:
                for way in ((near, far), (far, near)):
                    threading.Thread(target=carry, args=way, daemon=True).start()
                assert reader.stdout
                assert "Key" in reader.stdout.readline()
                silent.set()
                try:
                    reader.communicate("\n", timeout=30)
                finally:
                    reader.kill()

    assert reader.returncode == 0


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("@cert-authority *.example.com {key} # of the house\n\n# more\n{host} {key}\n", ""),
        ("{host} {key}\n@revoked * {other}\n", ""),
        ("{host} {key}\n@revoked * {key}\n", "the host is not in known_hosts"),
        ("@revoked {host} {key}\n", "the host is not in known_hosts"),
        ("{host} ssh-ed25519 AAAA\n", "the host is not in known_hosts"),
        ("{host} ssh-ed25519 AAA\n", "known_hosts has a line whose key is damaged"),
        ("{host} {other}\n", "the host shows another key"),
        ("no key\n", "the host is not in known_hosts"),
    ],
)
def test_lines_of_known_hosts(
    lines: str, said: str, run: Run, configure: Configure, sftp: Sftp, tmp_path: Path
) -> None:
    """A key that is revoked is not accepted, wherever else it stands."""
    (sftp.files / "known.csv").write_bytes(LIST)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "other"], check=True)
    other = " ".join((tmp_path / "other.pub").read_text().split()[:2])
    host, key = sftp.known_hosts.read_text().strip().split(" ", 1)
    (tmp_path / "hosts").write_text(lines.format(host=host, key=key, other=other))
    configure(sources=logins(sftp.login.replace(str(sftp.known_hosts), str(tmp_path / "hosts"))))

    done = run("validate", sftp.url("known.csv"))

    assert done.code == (ExitCode.INPUT if said else ExitCode.OK), done.err
    assert said in done.err


def test_what_object_stores_offer_is_read_once() -> None:
    """An inbox opens one for each thing that it does; to read it takes a tenth of a second."""
    session_of = pytest.importorskip("dialler_sync.fetch.s3").session_of
    first, second = (session_of(None).get_component("data_loader") for _ in range(2))

    assert first is second


def cut_off_shares() -> None:
    """Break all connections to Windows shares."""
    from dialler_sync.fetch import smb

    for connections in smb._OPENED.values():
        for connection in connections.values():
            connection.transport._sock.shutdown(socket.SHUT_RDWR)


def test_a_broken_connection_to_a_share_is_made_anew_with_its_login(
    share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    (share.files / "list.csv").write_bytes(LIST)
    smb = pytest.importorskip("dialler_sync.fetch.smb")
    opened: list[str] = []
    real = smb.Smb._open

    def breaking(files: object, path: str, *given: object, **options: object) -> object:
        opened.append(path)
        if len(opened) == 1:
            cut_off_shares()
            raise ConnectionResetError
        return real(files, path, *given, **options)

    monkeypatch.setattr(smb.Smb, "_open", breaking)
    stores = {f"smb://127.0.0.1:{share.port}": login_of(share)}

    assert download(Url(share.url("list.csv")), stores, 100, pause=0.3).path.read_bytes() == LIST
    assert len(opened) == 2


def test_each_login_at_a_share_has_its_own_connection(share: Share) -> None:
    """That of another user reads what this one may not."""
    if getpass.getuser() != "root":
        pytest.skip("the server can only act for other users if it is root's")
    (share.files / "list.csv").write_bytes(LIST)
    (share.files / "list.csv").chmod(0o600)
    url, address = Url(share.url("list.csv")), f"smb://127.0.0.1:{share.port}"
    download(url, {address: login_of(share)}, 100, pause=0)

    with pytest.raises(InputError, match="may not be read by this user"):
        download(url, {address: StoreSettings(username="daemon", password_command=["echo", "password"])}, 100, pause=0)


def login_of(share: Share) -> StoreSettings:
    """Return the login that is right."""
    return StoreSettings(username=getpass.getuser(), password_command=["echo", "password"])
