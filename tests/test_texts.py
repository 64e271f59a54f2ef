"""All that people are shown can be translated: in a made-up language, no word of English is left."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import openpyxl
import pytest
from lxml import html

from dialler_sync import own_columns
from dialler_sync.config import SourceSettings
from dialler_sync.config.unfinished import unfinished_lines
from dialler_sync.error_codes import ERROR_CODES, WARNINGS
from dialler_sync.errors import InputError
from dialler_sync.exit_codes import ExitCode
from dialler_sync.fields import FIELDS
from dialler_sync.model import Action, ContactClass, Reason, Status
from dialler_sync.read import open_table
from dialler_sync.report.night_page import CampaignNight, write_night_page
from dialler_sync.simulator import SimulatorServer
from dialler_sync.text.phrase import speak

from .catalogue import Bracketed
from .cli.test_calls import BUSY, SALE, ago, call
from .conftest import Configure, Run
from .helpers.receivers import mail_server

_SENTENCE = re.compile(r"⟦[^⟦⟧]*⟧")
_WORD = re.compile(r"[^\W\d_]{2,}")
_COLUMN = re.compile(r"\w+[A-Z]\w*")
"""How columns of the dialler are written: CallStart."""

_ADDRESS = re.compile(
    r"\S*\.(?:csv|xlsx|html|json|yaml|db|pdf)\b|\S*/\S*|\b[\w-]+@\S+|\b\d{8}-\d{6}-\w{6}\b|[0-9a-f]{12,}"
)
_SHOWN = ("aria-label", "title", "alt", "placeholder", "data-filter")

_CODES = {
    *FIELDS, *ERROR_CODES, *WARNINGS, *Status, *Action, *Reason, *ContactClass, *own_columns.RESULT_COLUMNS,
    *own_columns.FAILED_COLUMNS, *own_columns.FAILED_COLUMNS_OF_SEVERAL, *own_columns.RECONCILIATION_COLUMNS,
}  # fmt: skip
_OURS = "dialler-sync validate import dry run plan reconcile undo command retry resume SHA UTC UserData state --compare"
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec Mon Tue Wed Thu Fri Sat Sun"
_COLUMNS = (
    "ID Content Reached change new updated true false row is becomes reason last call calls result list batch single "
    "Number Done Agent"
)

HEAD = "Kunde,Zuname,Rufnummer,Saldo,Stand\n"
ROWS = (
    "Q1,Xaver,0171 3920011,12,offen\nQ2,Yvonne,0171 12,abc,offen\nQ3,Zoltan,,7,offen\nQ4,,0171 3920014,8,offen\n"
    "Q5,Wilma,0171 3920015,9,zu\nQ6,Ulf,0171 3920016,9,offen\nQ1,Xaver,0171 3920011,12,offen\n"
    "Q7,Ralf,0171 3920011,1,offen\nQ8,Uwe,Durchwahl,1,offen\n"
)


@pytest.fixture
def spoken() -> Iterator[Bracketed]:
    """The made-up language, for the time of a test."""
    language = Bracketed()
    before = speak(language)
    yield language
    speak(before)


@pytest.fixture
def campaign(configure: Configure, dialler: SimulatorServer, tmp_path: Path) -> Callable[..., Path]:
    """Write a configuration in which each rule has something to do, its list, and contacts of the dialler."""
    (tmp_path / "robinson.csv").write_text("Rufnummer\n0171 3920016\n", encoding="utf-8")
    (tmp_path / "liste.csv").write_text(HEAD + ROWS, encoding="utf-8")
    for key, name in (("Q1", "Xaver"), ("Q9", "Tilo")):
        dialler.store.add(
            Name=name, UserData=key, PhoneNumber1="+4917139200" + key[1] * 2, DiallerCampaignsID=538, Amount=3
        )

    def write(**changes: object) -> Path:
        columns = {
            "UserData": "Kunde",
            "Name": "Zuname",
            "PhoneNumber1": "{column: Rufnummer, region: DE}",
            "Amount": "{column: Saldo, min: 2}",
        }
        return configure(
            columns,
            rows="{skip: {Stand: [zu]}, duplicate_phones: reject}",
            suppress="{file: robinson.csv, column: Rufnummer, region: DE}",
            **changes,
        )

    return write


def english_in(texts: Iterator[str] | list[str]) -> set[str]:
    """Words that stand in no sentence of the catalogue, and are neither data nor codes."""
    known = {word.casefold() for word in _WORD.findall(" ".join((*_CODES, _OURS, _MONTHS, _COLUMNS, HEAD, ROWS)))}
    known |= {"tilo", "robinson", "nightly", "ost", "min", "ms", "busy", "sale"}
    found = set()
    for text in texts:
        rest, inside = text, 1
        while inside:
            rest, inside = _SENTENCE.subn(" ", rest)
        found |= {
            word
            for word in _WORD.findall(_ADDRESS.sub(" ", rest))
            if word.casefold() not in known and not _COLUMN.fullmatch(word)
        }
    return {word for word in found if word.casefold() not in known}


def texts_of_page(path: Path | str) -> Iterator[str]:
    """What a page shows: its text, what is read aloud or shown on hovering, and what its script fills in."""
    text = path.read_text(encoding="utf-8") if isinstance(path, Path) else path
    page = html.fromstring(text)
    for element in page.iter():
        yield from (value for name, value in element.attrib.items() if name in _SHOWN)
    yield " ".join(page.xpath("//text()[not(parent::style or parent::script)]"))  # a sentence may hold a link
    for script in page.xpath("//script[@type='application/json']"):
        yield from strings_in(json.loads(script.text), keys=("kind",))


def strings_in(value: object, keys: tuple[str, ...] = ()) -> Iterator[str]:
    """The strings of a JSON document, but those of some keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from strings_in(inner, keys) if name not in keys else ()
    elif isinstance(value, list):
        for inner in value:
            yield from strings_in(inner, keys)


def texts_of_book(path: Path) -> Iterator[str]:
    """The names of a workbook's sheets, its cells and its notes."""
    book = openpyxl.load_workbook(path)
    for sheet in book:
        yield sheet.title
        for cell in (cell for row in sheet.iter_rows() for cell in row):
            yield from (cell.value,) if isinstance(cell.value, str) else ()
            yield from (cell.comment.text,) if cell.comment else ()


def test_what_an_import_shows(
    run: Run, campaign: Callable[..., Path], spoken: Bracketed, tmp_path: Path, dialler: SimulatorServer
) -> None:
    """Page, workbooks, mail, the answer of an inbox, and the row messages."""
    inbox = tmp_path / "in"
    inbox.mkdir()
    (tmp_path / "liste.csv").rename(inbox / "liste.csv")
    (inbox / "plan.pdf").write_bytes(b"%PDF")
    with mail_server() as server:
        campaign(
            inbox="{dir: in, answers: answers}",
            notify=(
                "{on: always, email: {to: [lead@example.com], from: night@example.com, attach_up_to: 0.000001, "
                f"attach: [failed, report], smtp: {{host: 127.0.0.1, port: {server.port}, tls: none}}}}}}"
            ),
        )
        done = run("import", "--quiet-for", "0")
    assert done.code == ExitCode.ROWS_FAILED, done.err
    reports = next(Path("reports").glob("2*"))
    answers = list((tmp_path / "answers").iterdir())
    (mail,) = server.mails

    assert len(answers) == 2
    assert "⟦" in (reports / "report.html").read_text(encoding="utf-8")
    assert not english_in(texts_of_page(reports / "report.html"))
    assert not english_in(text for book in (*reports.glob("*.xlsx"), *answers) for text in texts_of_book(book))
    assert not english_in([path.name for path in answers])
    plain, rich = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert plain
    assert rich
    assert not english_in([mail["Subject"], plain.get_content(), *texts_of_page(rich.get_content())])
    assert not english_in([row[name] for row in _rows(reports / "failed.csv") for name in ("_error", "_hint")])
    assert not english_in([row["_error"] for row in _rows(reports / "results.csv")])
    assert spoken.unknown <= FIELDS.keys()

    summary = json.loads((reports / "summary.json").read_text(encoding="utf-8"))
    night = CampaignNight("ost", ExitCode.ROWS_FAILED, "", [summary], [summary, summary])
    write_night_page(tmp_path / "night.html", [night], summary["started_at"], ExitCode.ROWS_FAILED)

    assert not english_in(texts_of_page(tmp_path / "night.html"))


def test_what_a_plan_shows(run: Run, campaign: Callable[..., Path], spoken: Bracketed) -> None:
    campaign(mirror="{missing: lock, max_missing: 100%}")

    done = run("plan", "liste.csv", "-o", "plan.html", "-o", "plan.xlsx")

    assert done.code == ExitCode.OK, done.err
    assert not english_in(texts_of_page(Path("plan.html")))
    assert not english_in(texts_of_book(Path("plan.xlsx")))
    assert spoken.unknown <= FIELDS.keys()


def test_what_a_reconciliation_shows(
    run: Run, campaign: Callable[..., Path], spoken: Bracketed, dialler: SimulatorServer
) -> None:
    campaign()
    _call(dialler)

    done = run("reconcile", "liste.csv", "--with-history")

    assert done.code == ExitCode.OK, done.err
    assert done.reports
    assert not english_in(texts_of_page(done.reports / "reconciliation.html"))
    assert not english_in(texts_of_book(done.reports / "reconciliation.xlsx"))
    assert spoken.unknown <= FIELDS.keys()


def test_what_a_list_of_calls_shows(
    run: Run, campaign: Callable[..., Path], spoken: Bracketed, dialler: SimulatorServer
) -> None:
    campaign()
    _call(dialler)

    done = run("calls", "--to", "calls.xlsx")

    assert done.code == ExitCode.OK, done.err
    assert not english_in(texts_of_page(Path("calls.html")))
    assert not english_in(texts_of_book(Path("calls.xlsx")))
    assert spoken.unknown <= FIELDS.keys()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"%PDF-1.4",
        b"PK\x03\x04damaged",
        b"sep=;\nName,Phone\nAnn,0171\n",
        b"\xff\xfe\xff",
        b"Name:Phone\nAnn:0171\n",
    ],
)
def test_what_the_error_of_a_file_shows(content: bytes, spoken: Bracketed, tmp_path: Path) -> None:
    """Also where one sentence stands in another: the place before the fault, and what to do after it."""
    (tmp_path / "list.csv").write_bytes(content)

    with pytest.raises(InputError) as caught:
        open_table(tmp_path / "list.csv", SourceSettings())

    assert "⟦" in str(caught.value)
    assert not english_in([str(caught.value)])
    assert not spoken.unknown


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _call(dialler: SimulatorServer) -> None:
    """Add a call of each kind to the first contacts."""
    first, second = list(dialler.store.contacts)[:2]
    dialler.store.add_call(first, **call(ago(hours=2), code=SALE))
    dialler.store.add_call(second, **call(ago(hours=3), code=BUSY))


def test_what_a_command_refuses(run: Run, campaign: Callable[..., Path], spoken: Bracketed) -> None:
    """Errors of the configuration and of the options."""
    campaign(mirror="{missing: lock, mode: x}", calls="{decimal: ','}")

    refused = [
        run("import", "liste.csv"),
        run("calls", "--since", "last"),
        run("runs", "list", "--since", "x"),
        run("contacts", "get"),
        run("config", "check"),
    ]

    assert all(done.code == ExitCode.USAGE for done in refused), [done.err for done in refused]
    assert all("⟦" in done.err for done in refused)
    assert not english_in(_without_click(done.err) for done in refused)


def test_what_a_proposed_configuration_says(run: Run, campaign: Callable[..., Path], spoken: Bracketed) -> None:
    """Its comments; what has to be decided is still marked by CHANGE."""
    campaign()

    proposed = run("init", "liste.csv").out

    comments = [line.partition("# ")[2].removeprefix("CHANGE: ") for line in proposed.splitlines()]
    assert len(unfinished_lines(proposed)) > 2
    assert not english_in([text for text in comments if not text.startswith(("dialler-sync ", "rows:", "source:"))])
    assert not spoken.unknown


def test_what_doctor_says(run: Run, campaign: Callable[..., Path], spoken: Bracketed) -> None:
    campaign()

    said = json.loads(run("doctor", "-o", "json").out)

    texts = [
        text for check in said if check["name"] != "libraries" for text in (check["message"], check.get("mend", ""))
    ]
    assert not english_in(texts)


@pytest.mark.parametrize("command", ["", "import", "contacts list", "runs show", "doctor"])
def test_what_help_says(run: Run, spoken: Bracketed, command: str) -> None:
    """In pieces, as click breaks the lines; its own words are click's to translate."""
    said = run(*command.split(), "--help").out

    assert said.count("⟦") > 2
    assert not spoken.unknown


def _without_click(text: str) -> str:
    """A message on stderr without click's usage and its word Error."""
    return re.sub(r"^(Usage|Try|Error):?.*?(?=⟦|$)", "", text, flags=re.MULTILINE)
