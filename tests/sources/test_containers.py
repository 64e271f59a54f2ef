"""Archives and standard input: what they hold is read as the file itself would be."""

from __future__ import annotations

import gzip
import io
import json
import os
import struct
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.fetch.copies import Copy
from dialler_sync.files.drafts import temporary_prefix
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run
from ..helpers.drafts import made_draft
from .conftest import Pipe
from .kinds import CONTAINERS, PASSWORD, PRINTS_IT, WORKBOOKS, encrypted, zipped

GERMAN = "Key;Name;Phone\r\nK3;Müller;0171 3920013\r\n".encode("cp1252")
GOOD = b"Key,Name,Phone\nK1,Meier,0171 3920011\nK2,Huber,0171 3920012\n"


@pytest.fixture(autouse=True)
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of private copies."""
    folder = tmp_path / "copies-of-this-test"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize("packed", [False, True])
def test_standard_input_is_a_list(
    run: Run, configure: Configure, pipe: Pipe, dialler: SimulatorServer, *, packed: bool
) -> None:
    """Every command that takes FILE takes ``-``."""
    configure()
    content = gzip.compress(GOOD) if packed else GOOD
    for command in ("inspect", "init", "validate", "plan", "reconcile", "import"):
        pipe(content)
        done = run(command, "-")
        assert done.code == ExitCode.OK, done.err
    assert {row["_file"] for row in done.rows()} == {"-"}
    assert len(dialler.store.contacts) == 2


def test_names_in_reports_are_those_that_the_user_gave(run: Run, configure: Configure, tmp_path: Path) -> None:
    """Of a member, with its archive."""
    configure()
    archive = zipped(
        tmp_path / "a.zip",
        {"sub/one.csv": GOOD, "two.csv": GERMAN},
    )
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(GOOD))

    done = run("validate", archive / "sub/one.csv", archive / "two.csv", "b.csv.gz")

    names = list(dict.fromkeys(row["_file"] for row in done.rows()))
    assert names == ["a.zip/sub/one.csv", "a.zip/two.csv", "b.csv.gz"]
    assert str(tempfile.gettempdir()) not in done.err + done.out


def bomb(_: Path) -> bytes:
    return gzip.compress(bytes(70_000_000), 9)


def lying(_: Path) -> bytes:
    """A zip whose directory says that a member is short."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("list.csv", GOOD * 100)
    content = packed.getvalue()
    return content.replace(struct.pack("<I", len(GOOD) * 100), struct.pack("<I", 30))


def members(names: dict[str, bytes]) -> Callable[[Path], bytes]:
    def make(folder: Path) -> bytes:
        return zipped(folder / "made.zip", names).read_bytes()

    return make


def link(_: Path) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        info = zipfile.ZipInfo("list.csv")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    return packed.getvalue()


def twice(folder: Path) -> bytes:
    """Other programs may read the other one."""
    first = members({"list.csv": GOOD, "lisa.csv": GERMAN})(folder)
    return first.replace(b"lisa.csv", b"list.csv")


def many(_: Path) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(10_001):
            archive.writestr(f"{number}", b"")
    return packed.getvalue()


def unknown_method(folder: Path) -> bytes:
    content = members({"list.csv": GOOD})(folder)
    entry = content.index(b"PK\x01\x02") + 10
    return content[:entry] + b"\x09" + content[entry + 1 :]


HARMFUL = {
    "a bomb": (bomb, "200 times"),
    "a bomb that lies": (lying, "cannot be unpacked"),
    "a way out": (members({"../list.csv": GOOD}), "would lead out"),
    "an absolute path": (members({"/tmp/list.csv": GOOD}), "would lead out"),
    "a drive": (members({"C:\\list.csv": GOOD}), "would lead out"),
    "a name twice": (twice, "two files 'list.csv'"),
    "too many": (many, "10,001 files in it"),
    "a method of others": (unknown_method, "packed with Deflate64"),
    "a link": (link, "is a link"),
    "an archive in an archive": (members({"list.csv.gz": gzip.compress(GOOD)}), "another archive"),
    "a zip in a gzip": (lambda f: gzip.compress(members({"l.csv": GOOD})(f)), "another archive"),
    "two tables": (members({"one.csv": GOOD, "two.csv": GOOD}), "'one.csv', 'two.csv'"),
    "no table": (members({"one.pdf": b"%PDF", "two.png": b"x"}), "without a table"),
    "nothing": (members({}), "without a table"),
    "cut off": (lambda _: gzip.compress(GOOD)[:-9], "is it complete"),
    "damaged": (lambda _: gzip.compress(GOOD)[:-8] + bytes(8), "cannot be unpacked"),
    "encrypted": (lambda f: encrypted(f / "e.zip", {"list.csv": GOOD}).read_bytes(), "source.password_command"),
    "empty": (lambda _: gzip.compress(b""), "is empty"),
}


@pytest.mark.parametrize("case", HARMFUL)
def test_what_is_no_list_is_refused_in_clear_words(
    run: Run, configure: Configure, tmp_path: Path, dialler: SimulatorServer, case: str, copies: Path
) -> None:
    """With the name of the file, exit 3, nothing sent, and no copy left."""
    configure()
    make, said = HARMFUL[case]
    path = tmp_path / "list.packed"
    path.write_bytes(make(tmp_path))

    done = run("import", path)

    assert done.code == ExitCode.INPUT
    assert said in done.err
    assert "list.packed" in done.err
    assert not dialler.store.contacts
    assert not list(copies.iterdir())


@pytest.mark.parametrize(("before", "after", "count"), [(b"AE\x03", b"AE\xfb", 2), (b"list.csv", b"lis\xc6.csv", 1)])
def test_a_damaged_archive_with_a_password(
    run: Run, configure: Configure, tmp_path: Path, before: bytes, after: bytes, count: int
) -> None:
    """What opens it has errors of its own."""
    configure(source=json.dumps({"password_command": PRINTS_IT}))
    path = encrypted(tmp_path / "list.zip", {"list.csv": GOOD})
    path.write_bytes(path.read_bytes().replace(before, after, count))

    done = run("validate", path)

    assert done.code == ExitCode.INPUT
    assert "cannot be unpacked" in done.err


def test_a_wrong_password_is_told_and_not_shown(run: Run, configure: Configure, tmp_path: Path) -> None:
    """Also of an archive of the old kind of encryption."""
    configure(source="{password_command: echo wr0ng-pass}")

    done = run("validate", encrypted(tmp_path / "list.zip", {"list.csv": GOOD}))

    assert done.code == ExitCode.INPUT
    assert "is not its password" in done.err
    assert "wr0ng-pass" not in done.err


@pytest.mark.parametrize("command", ["inspect", "init", "validate"])
def test_a_command_of_a_configuration_that_others_can_write_is_not_run(
    run: Run, configure: Configure, tmp_path: Path, command: str
) -> None:
    """Nor by the commands that read nothing else of it."""
    configure(source="{password_command: touch ran}").chmod(0o666)

    done = run(command, encrypted(tmp_path / "list.zip", {"list.csv": GOOD}))

    assert done.code == ExitCode.USAGE
    assert "chmod" in done.err
    assert not (tmp_path / "ran").exists()


def test_a_workbook_is_opened_with_its_password(run: Run, configure: Configure, tmp_path: Path) -> None:
    """Without one, the message names the setting."""
    import msoffcrypto
    from openpyxl import Workbook

    book, plain = Workbook(), tmp_path / "plain.xlsx"
    book.worksheets[0].append(["Key", "Name", "Phone"])
    book.worksheets[0].append(["K1", "Meier", "0171 3920011"])
    book.save(plain)
    path = tmp_path / "list.xlsx"
    with plain.open("rb") as file, path.open("wb") as target:
        msoffcrypto.OfficeFile(file).encrypt(PASSWORD, target)

    configure()
    refused = run("validate", path)
    assert refused.code == ExitCode.INPUT
    assert "source.password_command" in refused.err
    configure(source="{password_command: echo wrong}")
    assert "is not its password" in run("validate", path).err
    configure(source=json.dumps({"password_command": PRINTS_IT}))
    assert run("validate", path).code == ExitCode.OK


@pytest.mark.parametrize("kind", ["zip with a password", "xlsx with a password"])
def test_reports_of_protected_lists_are_written_again(
    run: Run, configure: Configure, tmp_path: Path, dialler: SimulatorServer, kind: str
) -> None:
    """With their cells: the journal has no password, so that of the configuration at hand counts. --mark works, too."""
    table = [["Key", "Name", "Phone"], ["K1", "Meier", "0171 3920011"], ["K2", "Huber", "nobody"]]
    if kind in CONTAINERS:
        path = CONTAINERS[kind](tmp_path, "\n".join(map(",".join, table)).encode())
    else:
        path = WORKBOOKS[kind](tmp_path, table)
    configure(source=json.dumps({"password_command": PRINTS_IT}))
    done = run("import", path, "--mark")
    assert done.code == ExitCode.ROWS_FAILED
    before = done.rows("failed.csv")
    assert done.reports
    assert len(list(done.reports.glob("*-marked.xlsx"))) == ("xlsx" in kind)

    again = run("runs", "report", done.summary["run_id"])

    assert again.code == ExitCode.OK
    assert "lack the original columns" not in again.err
    assert done.rows("failed.csv") == before
    assert before[0]["Key"] == "K2"
    configure()
    assert "source.password_command" in run("runs", "report", done.summary["run_id"]).err


def test_standard_input_is_kept_while_its_run_can_be_resumed(
    run: Run, configure: Configure, pipe: Pipe, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """Beside the journal, for this user only; ``resume`` deletes it, and ``retry`` then asks for the file."""
    configure()
    pipe(GOOD + b"K3,Three,nobody\n")
    stopped = run("import", "-", "--limit", "1")
    assert stopped.code == ExitCode.ROWS_FAILED
    (kept,) = (tmp_path / "state" / "copies").glob("*/*")
    assert kept.stat().st_mode & 0o777 == 0o600
    pipe(b"")

    resumed = run("resume")

    assert resumed.code == ExitCode.ROWS_FAILED
    assert list(resumed.statuses().values()) == ["succeeded", "succeeded", "rejected"]
    assert len(dialler.store.contacts) == 2
    assert not kept.parent.exists()
    retried = run("retry")
    assert retried.code == ExitCode.USAGE
    assert "--file" in retried.err
    assert resumed.reports
    assert run("retry", "--file", resumed.reports / "failed.csv").code == ExitCode.ROWS_FAILED


def test_pruning_deletes_what_was_kept(run: Run, configure: Configure, pipe: Pipe, tmp_path: Path) -> None:
    """Of a run that nobody resumes."""
    configure()
    pipe(GOOD)
    run("import", "-", "--limit", "1")

    assert run("runs", "prune", "--older-than", "0d", "--unfinished").code == ExitCode.OK

    assert not list((tmp_path / "state" / "copies").iterdir())


def test_a_run_of_a_packed_list_is_resumed(
    run: Run, configure: Configure, tmp_path: Path, dialler: SimulatorServer
) -> None:
    """It is unpacked again; the same list packed anew is the same list, another one is refused."""
    configure()
    path = tmp_path / "list.csv.gz"
    path.write_bytes(gzip.compress(GOOD))
    run("import", path, "--limit", "1")
    path.write_bytes(gzip.compress(GOOD, 1, mtime=1))

    assert run("resume").code == ExitCode.OK
    assert len(dialler.store.contacts) == 2


def test_an_inbox_takes_packed_lists(run: Run, configure: Configure, tmp_path: Path, dialler: SimulatorServer) -> None:
    """They are filed as they came; the same list in another archive is not imported twice where that does harm."""
    configure(rows="{overwrite_duplicates: false}")
    inbox = tmp_path / "in"
    inbox.mkdir()
    (inbox / "a.csv.gz").write_bytes(gzip.compress(GOOD))
    zipped(inbox / "b.zip", {"list.csv": GOOD})

    done = run("import", "--inbox", inbox, "--quiet-for", "0")

    assert "already imported" in done.err
    assert [path.name.partition("-")[2][-8:] for path in (inbox / "done").iterdir()] == ["a.csv.gz"]
    assert len(list((inbox / "failed").iterdir())) == 1
    assert len(dialler.store.contacts) == 2


def test_lists_of_other_kinds_may_be_packed(run: Run, configure: Configure, tmp_path: Path) -> None:
    """The do-not-call list, and the contacts that are named by a file."""
    (tmp_path / "dnc.csv.gz").write_bytes(gzip.compress(b"Phone\n0171 3920011\n"))
    (tmp_path / "list.csv").write_bytes(GOOD)
    configure(suppress="{file: dnc.csv.gz, column: Phone, region: DE}")

    done = run("import", "list.csv")

    assert [row["_action"] for row in done.rows()] == ["suppressed", "create"]
    (tmp_path / "keys.zip").write_bytes(members({"keys.csv": b"Key\nK2\n"})(tmp_path))
    assert run("contacts", "lock", "--from", "keys.zip", "--yes").code == ExitCode.OK


def test_copies_of_a_killed_process_are_deleted(copies: Path) -> None:
    """By the next that makes one; those of a process that lives stay."""
    live = Copy()
    left = made_draft(copies, temporary_prefix())
    (left / "list").write_text("personal data")
    for folder in (left, live.path.parent):
        os.utime(folder, (1, 1))

    Copy()

    assert not left.exists()
    assert live.path.parent.exists()


@pytest.mark.parametrize("content", [b"", None])
def test_standard_input_without_a_list(
    run: Run,
    configure: Configure,
    monkeypatch: pytest.MonkeyPatch,
    pipe: Pipe,
    content: bytes | None,
) -> None:
    """Empty, closed, or named twice."""
    configure()
    if content is None:
        monkeypatch.setattr("sys.stdin", None)
    else:
        pipe(content)

    done = run("import", "-")

    assert done.code == ExitCode.INPUT
    assert "standard input is" in done.err
    assert run("import", "-", "-").code == ExitCode.USAGE
