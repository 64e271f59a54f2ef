"""A week of nights: what each person got, compared with what they should have got.

Two campaigns of one folder share a mail server, a chat, a ping address and a folder of answers. Days pass in the notes
of the journal, as no test waits for a night.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import openpyxl
import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Done, Run
from ..helpers.receivers import Hook, MailServer, hook, mail_server

Contacts = Callable[..., Path]
Lists = Callable[..., None]


class People(NamedTuple):
    """What each got of a night: the lead by mail, the team in the chat, the watchdog, the people who bring lists, and
    who reads cron's mail."""

    mail: list[str]
    chat: list[str]
    pings: list[str]
    answers: list[str]
    cron: list[str]
    code: int


@pytest.fixture
def mails() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def chat() -> Iterator[Hook]:
    with hook() as taken:
        yield taken


@pytest.fixture
def watchdog() -> Iterator[Hook]:
    with hook() as taken:
        yield taken


@pytest.fixture
def campaigns(configure: Configure, mails: MailServer, chat: Hook, watchdog: Hook, tmp_path: Path) -> Path:
    """Two campaigns that share what is common."""
    folder = tmp_path / "campaigns"
    folder.mkdir()
    smtp = f"{{host: 127.0.0.1, port: {mails.port}, tls: none}}"
    notify = (
        f"{{digest: true, on: failed, webhook: '{chat.url}', ping: '{watchdog.url}', row_count: 50%, "
        f"email: {{to: lead@example.com, from: night@example.com, smtp: {smtp}, attach: [failed]}}}}"
    )
    base = configure(notify=notify).read_text(encoding="utf-8").replace("campaign: {id: 538}\n", "")
    (folder / "_base.yaml").write_text(base, encoding="utf-8")
    for name, number, more in (("nord", 538, ", expect: '00:00'"), ("ost", 539, "")):
        (tmp_path / name).mkdir()
        inbox = f"inbox: {{dir: ../{name}, answers: ../answers{more}}}"
        text = f"extends: _base.yaml\ncampaign: {{id: {number}}}\ndialler: {{name: {name}}}\n{inbox}\n"
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


class Week:
    """Plays nights, and says what people got of each."""

    def __init__(self, run: Run, mails: MailServer, chat: Hook, watchdog: Hook, folder: Path) -> None:
        self._run, self._mails, self._chat, self._watchdog, self._folder = run, mails, chat, watchdog, folder
        self._answered: set[str] = set()

    def night(self, days: int = 1) -> People:
        """Let days pass, then play a night as cron calls it."""
        state = Path(os.environ["DIALLER_SYNC_STATE"])
        if state.exists():
            with closing(sqlite3.connect(state)) as journal, journal:
                journal.execute("UPDATE inbox_files SET seen_at = seen_at - ?", (days * 86400,))
        return self.after(self._run("-q", "night", "campaigns", "--quiet-for", "0"))

    def after(self, done: Done) -> People:
        """Say what people got since the last time."""
        mail = [" | ".join([str(got["Subject"]), *_campaigns(got)]) for got in self._mails.mails]
        chat = [" | ".join(told["text"].split("\n")) for told in self._chat.told]
        pings = [path.removeprefix("/hook") or "/" for _, path, _ in self._watchdog.came]
        for got in (self._mails.mails, self._chat.came, self._watchdog.came):
            got.clear()
        answers = {path.name for path in (self._folder / "answers").glob("*")}
        new = (name.removesuffix(".xlsx") for name in answers - self._answered)
        new = sorted(re.sub(r" – 20[\d-]+ \d{4} – ", " – ", name) for name in new)
        self._answered = answers
        cron = [self._plain(text) for text in (done.out + done.err).splitlines()]
        return People(*([self._plain(text) for text in got] for got in (mail, chat)), pings, new, cron, done.code)

    def _plain(self, text: str) -> str:
        text = re.sub(r"^20[\d-]+ [\d:]+ ", "", text).replace(f"{self._folder}/", "").replace("dialler-sync: ", "")
        return re.sub(r"20\d{6}-\d{6}-[0-9a-f]{6}", "RUN", re.sub(r"20[\d-]+ 00:00", "DAY", text))


def _campaigns(mail: object) -> Iterator[str]:
    """The lines of a mail about campaigns, with the names of what is attached."""
    text = mail.get_body(("plain",)).get_content()  # type: ignore[attr-defined]
    yield from (line.strip() for line in text.splitlines()[1:] if line.startswith(("nord: ", "ost: ", "row ")))
    yield from (part.get_filename() for part in mail.iter_attachments())  # type: ignore[attr-defined]


def of_ost(count: int) -> list[str]:
    """Rows with keys of their own: ``night`` fills both diallers at once, and here both are one."""
    return [f"O{n},Name {n},0171 39200{n % 90 + 10}" for n in range(2, count + 2)]


@pytest.mark.usefixtures("warm")
@pytest.mark.timeout(600)  # fourteen processes, on a machine that may be busy
def test_each_person_gets_what_they_should(
    run: Run,
    campaigns: Path,
    contacts_csv: Contacts,
    mails: MailServer,
    chat: Hook,
    watchdog: Hook,
    dialler: SimulatorServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Seven nights and a day, as WEEK says."""
    week = Week(run, mails, chat, watchdog, tmp_path)
    got = {}
    contacts_csv(10, "nord/1.csv")
    contacts_csv(rows=of_ost(4), name="ost/1.csv")
    got["a good night"] = week.night()

    contacts_csv(rows=of_ost(4), name="ost/2.csv")
    got["no list for nord"] = week.night(days=2)

    (tmp_path / "nord/offer.pdf").write_bytes(b"%PDF-1.7")
    contacts_csv(10, "nord/3.csv")
    got["a PDF beside the list"] = week.night()

    (tmp_path / "nord/offer.pdf").unlink()
    contacts_csv(4, "nord/4.csv")
    chat.answer = 503
    got["half a list, and no chat"] = week.night()

    chat.answer = 204
    contacts_csv(10, "nord/5.csv")
    with monkeypatch.context() as patch:
        patch.setenv("DIALLER_SYNC_TOKEN", "dead")
        got["a dead token"] = week.night()

    contacts_csv(rows=["A1,Anna,0171 3920011", "A2,Eva,0171 12", "A3,Ida,0171 3920013"], name="ost/6.csv")
    got["it lives again, and a row is faulty"] = week.night()

    (answer,) = (tmp_path / "answers").glob("6.csv*")
    book = openpyxl.load_workbook(answer)
    book["Failed rows"]["C2"] = "0171 3920012"
    book.save(tmp_path / "ost" / answer.name)
    got["the answer is mended"] = week.night()
    mended = next(str(c["UserData"]) for c in dialler.store.contacts.values() if c["UserData"] == "A2")

    newest = max((tmp_path / "reports").glob("20*"), key=lambda folder: folder.stat().st_mtime_ns).name
    got["undo by day"] = week.after(run("-q", "-c", campaigns / "ost.yaml", "undo", newest, "--yes"))

    assert mended not in {c["UserData"] for c in dialler.store.contacts.values()}
    assert got == WEEK


OTHER = "ost: no list"
MISSING = "no list has come to nord since DAY; one was due at DAY"
HALF = "4 rows were read; the last 2 imports had 10 (notify.row_count: 50%)"
DEAD = (
    "the dialler refuses the token or the ClientsID (The token or the ClientsID is not valid). A new token "
    "replaces the old one: get the current token, and check dialler.clients_id"
)
FAULTY = "row 3: Eva (A2): Phone ('0••• 12'): The phone number is too short."

NO_LIST = "1 of 2 campaigns needs a hand; 4 of 4 rows succeeded | nord: failing: " + MISSING
HALF_A_LIST = f"1 of 2 campaigns needs a hand; 4 of 4 rows succeeded | nord: failing: {HALF}; 4 of 4 imported"
TOKEN = f"1 of 2 campaigns needs a hand; 0 of 10 rows succeeded | nord: still failing: {DEAD}; 0 of 10 imported"
BACK = "2 campaigns done; 10 of 10 rows succeeded | nord: recovered; 10 of 10 imported"
ALIVE = "2 campaigns done; 12 of 13 rows succeeded"
RECOVERED = "nord: recovered; 10 of 10 imported"

WEEK = {
    "a good night": People(
        mail=[],
        chat=[],
        pings=["/start", "/"],
        answers=["1.csv – 10 of 10 imported", "1.csv – 4 of 4 imported"],
        cron=[],
        code=ExitCode.OK,
    ),
    "no list for nord": People(
        mail=[f"{NO_LIST} | ost: 4 of 4 imported"],
        chat=[NO_LIST],
        pings=["/start", "/fail"],
        answers=["2.csv – 4 of 4 imported"],
        cron=[f"nord: {MISSING}"],
        code=ExitCode.INPUT,
    ),
    "a PDF beside the list": People(
        mail=[f"{BACK} | {OTHER}"],
        chat=[BACK],
        pings=["/start", "/"],
        answers=["3.csv – 10 of 10 imported", "offer.pdf – could not be read"],
        cron=[
            "nord: nord/offer.pdf: is not a file to import (inbox.patterns); it stays where it is",
        ],
        code=ExitCode.OK,
    ),
    "half a list, and no chat": People(
        mail=[f"{HALF_A_LIST} | {OTHER}"],
        chat=[HALF_A_LIST],  # it answered 503, and gets it again below
        pings=["/start", "/fail"],
        answers=["4.csv – 4 of 4 imported"],
        cron=[
            f"nord: {HALF}",
            "notify.webhook could not be called: it answered 503. The next run delivers the message.",
        ],
        code=ExitCode.OK,
    ),
    "a dead token": People(
        mail=[f"{TOKEN} | {OTHER}"],
        chat=[HALF_A_LIST, TOKEN],
        pings=["/start", "/fail"],
        answers=["5.csv – stopped, will go on"],
        cron=[f"nord: run RUN: exit 7: {DEAD}. Reports: reports/RUN"],
        code=ExitCode.NO_ROW_CAN_SUCCEED,
    ),
    "it lives again, and a row is faulty": People(
        mail=[f"{ALIVE} | ost: 2 of 3 imported; phone_too_short 1 | {RECOVERED} | {FAULTY} | ost failed.xlsx"],
        chat=[f"{ALIVE} | {RECOVERED}"],
        pings=["/start", "/"],
        answers=["5.csv – 10 of 10 imported", "6.csv – 2 of 3 imported"],
        cron=[],
        code=ExitCode.ROWS_FAILED,
    ),
    "the answer is mended": People(
        mail=[],
        chat=[],
        pings=["/start", "/"],
        answers=["6.csv – 2 of 3 imported.xlsx – 1 of 1 imported"],
        cron=[],
        code=ExitCode.OK,
    ),
    "undo by day": People(mail=[], chat=[], pings=[], answers=[], cron=[], code=ExitCode.OK),
}
