"""Nothing that somebody else named acts on a terminal, hides from a reader, or makes a line of its own."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest
import yaml

from dialler_sync.jobs.metrics import write_metrics
from dialler_sync.run.reports import Summary
from dialler_sync.text.command_line import command
from dialler_sync.text.outward import escaped, in_shell, json_text, line

from ..conftest import Run
from .hostile import answer, hostile_dialler
from .shell import configuration, left_behind, said, shell, terminal

ATTACKS = {
    "title": "\x1b]0;owned\x07",
    "link": "\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\",
    "clear": "\x1b[2J\x1b[H",
    "colour": "\x1b[31m",
    "C1": "\x9b2J\x9d0;owned\x9c",
    "bidi": "\u202egpj.exe\u202c\u2066x\u2069",
    "zero width": "a\u200bb\u2060c\ufeff",
    "tags": "\U000e0041\U000e007f",
    "lines": "x\nError: all rows were imported\r\ny\rz",
    "no characters": "x\ufffey\uffffz\ufdd0",
    "Unicode lines": "x\u2028y\u2029z\x85w\x0bv\x0cu",
    "backspaces": "secret\b\b\b\b\b\bpublic\x7f",
    "markup": "[link=http://evil]click[/link][bold red]x",
}
EVIL = "".join(ATTACKS.values())

_OURS = re.compile(r"\x1b\[[0-9;]*m|\x1b\[2K|\x1b\[[0-9]*A|\x1b\[\?25[lh]|\r")
"""Colours, and what a progress bar needs; those of the attacks are more than that."""


def acting(text: str) -> list[str]:
    """The characters that act or hide."""
    return [sign for sign in text if escaped(sign) != sign and sign not in "\n\t"]


def harmless(shown: str, *, on_terminal: bool = False) -> None:
    """Fail where something acts, or where an attack has made a line."""
    assert "Traceback" not in shown
    assert "\x1b[31m" not in shown
    assert "\x1b[2J" not in shown
    assert not acting(_OURS.sub("", shown) if on_terminal else shown)
    assert not re.search(r"^Error: all rows", shown, re.MULTILINE)


@pytest.mark.parametrize("name", ATTACKS)
def test_line(name: str) -> None:
    """A text becomes one line, in which each such character can be seen, and stays so."""
    shown = line(ATTACKS[name])

    assert shown == line(shown)
    assert not acting(shown)
    assert len(shown.splitlines()) == 1
    assert json.loads(json_text({ATTACKS[name]: ATTACKS[name]})) == {ATTACKS[name]: ATTACKS[name]}
    assert not acting(json_text([ATTACKS[name]]))


def test_a_long_text_is_cut_in_its_middle() -> None:
    """So that what a message says to do stays."""
    shown = line(f"list.csv: {'x' * 1_000_000}: rename the column")

    assert len(shown) <= 2_000
    assert shown.startswith("list.csv: xxx")
    assert shown.endswith(": rename the column")
    assert "more characters" in shown


def _list(path: str, columns: Sequence[str], cells: Sequence[str]) -> None:
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *([cell.format(row) for cell in cells] for row in range(1, 4))])


def _evil_answer(_: object) -> bytes:
    record = {"ID": f"7{EVIL}", "UserData": f"K1{EVIL}", "Name": EVIL, "DiallerCampaignsID": 538, EVIL: EVIL}
    return answer({"status": 400, "error": EVIL, "records": [record], "count": EVIL}, 400, "Bad")


def _commands() -> list[tuple[object, ...]]:
    """Commands that name what is evil: files, columns, sheets, keys, arguments."""
    _list("list.csv", ["No", f"Na{EVIL}me", "Name", "Phone", EVIL], ["K{}" + EVIL, EVIL, "", "0{}" + EVIL, EVIL])
    _list(f"{EVIL.replace('/', '_')[:60]}.csv", ["No", "Name", "Phone"], ["K{}", "Miller", "+4917112345{}"])
    _list("columns.csv", ["Key", "Surname", f"Phone{EVIL}"], ["K{}", "Miller", "+4917112345{}"])
    book = openpyxl.Workbook()
    for name in ("a\u202eb", "c\u200bd"):
        book.create_sheet(name).append(["No", "Name"])
    book.save("book.xlsx")
    evil_file = f"{EVIL.replace('/', '_')[:60]}.csv"
    found: list[tuple[object, ...]] = [
        ("-v", "import", "list.csv"),
        ("import", evil_file),
        ("import", "columns.csv"),
        ("import", f"missing{EVIL}.csv"),
        ("inspect", "list.csv", evil_file),
        ("inspect", "book.xlsx"),
        ("inspect", "list.csv", "-o", "json"),
        ("init", evil_file),
        ("validate", "list.csv"),
        ("plan", "list.csv", "--compare", "none"),
        ("contacts", "list"),
        ("contacts", "get", "--user-data", EVIL),
        ("campaigns", "list"),
        ("runs", "list"),
        ("runs", "show", EVIL),
        ("runs", "list", "--number", EVIL),
        (EVIL,),
        (f"--{EVIL}",),
        ("--state", f"/proc/{EVIL}/x", "runs", "list"),
        ("-c", f"missing{EVIL}.yaml", "config", "check"),
        ("import", evil_file, "--out", f"/proc/x{EVIL}"),
        ("import", evil_file, "--max-errors", EVIL),
    ]
    return found


EVIL_CONFIGS = (
    {"dialler": {"base_url": EVIL, "clients_id": EVIL, "token": EVIL}, "campaign": {"id": EVIL}},
    {EVIL: EVIL, "columns": {EVIL: EVIL, "Name": {"column": EVIL, EVIL: EVIL}}},
    {"dialler": {"base_url": f"https://x/${{{EVIL}}}"}, "source": {"encoding": EVIL, "delimiter": EVIL}},
    {"notify": {"row_count": EVIL, "webhook": EVIL}, "inbox": {"keep": EVIL, "expect": EVIL}},
)


def test_commands(run: Run, tmp_path: Path) -> None:
    """No command says such a character, and no report does so in a message."""
    with hostile_dialler(_evil_answer) as url:
        configuration(url)
        for command in _commands():
            done = run(*command)
            harmless(done.out + done.err)

    for where, text in left_behind(tmp_path):
        if where.endswith(("summary.json", "report.html")):
            harmless(text)


def test_in_a_pipe() -> None:
    """Nor into a pipe or a log file, where nothing is of ours."""
    with hostile_dialler(_evil_answer) as url:
        configuration(url)
        commands = _commands()
        harmless(said(shell("-vv", "--log-format", "json", *commands[1])))
        harmless(said(shell("-vv", *commands[0][1:])))


@pytest.mark.parametrize("command", [0, 4, 10], ids=["import", "inspect", "contacts list"])
def test_on_a_terminal(command: int) -> None:
    """Nor on a terminal, where there are colours of ours."""
    with hostile_dialler(_evil_answer) as url:
        configuration(url)
        harmless(terminal(*_commands()[command]), on_terminal=True)


@pytest.mark.long
def test_each_command_as_a_process() -> None:
    """All of them in both ways."""
    with hostile_dialler(_evil_answer) as url:
        configuration(url)
        for command in (*_commands(), ("doctor",)):
            harmless(said(shell(*command)))
            harmless(terminal(*command), on_terminal=True)


@pytest.mark.parametrize("values", EVIL_CONFIGS, ids=[", ".join(each)[:9].strip("\x1b]") for each in EVIL_CONFIGS])
def test_a_configuration(run: Run, values: dict[str, object]) -> None:
    """Keys and values of a configuration, and names of variables, in what is said of its faults: a line a fault."""
    Path("dialler-sync.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")

    done = run("config", "check")

    assert done.code == 2
    harmless(done.err)
    told = (re.sub(r"^20[\d-]{8} [\d:]{8} ", "", each) for each in done.err.splitlines())
    assert all(each.startswith(("Error: ", "dialler-sync.yaml:")) for each in told)


@pytest.mark.parametrize("name", ATTACKS)
def test_proposal(run: Run, name: str) -> None:
    """A name of a file, a column or a sheet is never more than a value, or a part of a comment, in what is proposed."""
    attack = f"{ATTACKS[name].replace('/', '_')}\ninjected: true #"
    file = f"list{attack}.csv"
    columns = ["Customer No", f"Last name{attack}", f"Phone{attack}", f"Do not call{attack}", f"Other{attack}"]
    _list(file, columns, ["K{}", "Miller", "+49171123456{}", "no", "x" + attack])

    written = run("init", file, "-o", "proposed.yaml")
    printed = run("init", file)

    harmless(written.out + written.err)
    if "is binary data" in written.err:  # so much for control characters in cells
        return
    assert (written.code, printed.code) == (0, 0)
    proposed = Path("proposed.yaml").read_text(encoding="utf-8")
    harmless(proposed)
    assert proposed.replace("-c proposed.yaml ", "") == printed.out
    found = yaml.safe_load(proposed)
    assert {"dialler", "columns"} <= found.keys() <= {"dialler", "campaign", "columns", "source"}
    assert set(map(str, found["columns"].values())) & set(columns)


@pytest.mark.parametrize(
    "name",
    [
        "a b.csv", "it's.csv", "$(id).csv", "two\nlines.csv", "\x1b[2J.csv", "back\\slash\n.csv", "ein\xadladung.csv",
        "a\x85b\u202ec\U000e0041.csv", os.fsdecode(b"l\xff\xad.csv"),
    ],
)  # fmt: skip
def test_a_suggested_command_names_the_file(name: str) -> None:
    """A shell that runs it gets just this word, also as a part of a command of ours."""
    assert not acting(in_shell(name))
    assert command("forget", "--user-data", name) == f"dialler-sync forget --user-data {in_shell(name)}"

    for locale in ("C", "C.UTF-8"):
        printing = ["bash", "-c", f"printf %s {in_shell(name)}"]
        done = subprocess.run(printing, capture_output=True, check=True, env={**os.environ, "LC_ALL": locale})
        assert done.stdout == os.fsencode(name)
    if name.isprintable():
        assert shlex.split(in_shell(name)) == [name]


@pytest.mark.parametrize(
    "name", [os.fsdecode(b"l\xffst.csv"), f"two\nlines{ATTACKS['bidi']}.csv"], ids=["bytes", "signs"]
)
def test_a_name_of_a_file_in_the_reports(run: Run, tmp_path: Path, name: str) -> None:
    """It is cleaned as a message is, also where it is no text at all; a mended row finds its way back by it."""
    configuration("http://127.0.0.1:1")
    _list(name, ["No", "Name", "Phone"], ["K{}", "", "+49171123456{}"])

    done = run("validate", name)

    assert done.code == 4
    assert {row["_file"] for row in done.rows()} == {line(name)}
    harmless((done.reports / "results.csv").read_text(encoding="utf-8"))  # type: ignore[operator]
    again = run("validate", *tmp_path.glob("reports/*/failed.csv"))
    assert again.code == 4
    assert "Traceback" not in again.err


def test_metrics(tmp_path: Path) -> None:
    """A campaign's name cannot make a line, or end its label."""
    campaign = f'a"}} 1\n# {EVIL}\\'
    counts = {"read": 1, "succeeded": 1}
    summary = Summary(
        "run", "import", "", "2026-11-28T00:00:00Z", 1.0, (), campaign, counts, {}, 1, 0, 1.0, 0, None, False, None,
        "1", "out",
    )  # fmt: skip

    write_metrics(summary, tmp_path / "metrics")

    text = (tmp_path / "metrics").read_text(encoding="utf-8")
    harmless(text)
    form = re.compile(r'dialler_sync_\w+\{campaign="(?:[^"\\]|\\["\\n])*",command="import"(?:,\w+="\w+")?\} [0-9.]+')
    assert all(each.startswith("# ") or form.fullmatch(each) for each in text.splitlines())


def test_no_command_prints_past_the_one_way_out() -> None:
    """click.echo() is for what has passed it already."""
    package = Path(__file__).parents[2] / "dialler_sync"
    users = {
        path.name for path in package.rglob("*.py") if re.search(r"click\.echo\(|print\(\)", path.read_text("utf-8"))
    }

    assert users == {"echo.py", "doctor.py", "init.py"}


def test_a_suggested_command_takes_no_file_for_an_option() -> None:
    assert [in_shell(name) for name in ("--trust.csv", "-", "a-b.csv")] == ["./--trust.csv", "-", "a-b.csv"]
