"""What a mail says and takes along, what it hides, and why it was not taken."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import pytest

from dialler_sync.config.notify import EmailSettings
from dialler_sync.errors import DiallerSyncError
from dialler_sync.jobs import mail
from dialler_sync.jobs.message import DIGEST
from dialler_sync.journal import Journal, RunRecord
from dialler_sync.model import RowResult, Status

from ...helpers.records import RUN, facts

PHONE = "+491713920012"
HIDDEN = "012"  # what stays of it


def email(*attach: str, mask: bool = True, up_to: float = 10, **smtp: Any) -> EmailSettings:
    server = {"host": "127.0.0.1", "tls": "none", **smtp}
    return EmailSettings.model_validate(
        {"to": ["a@x.example", "b@x.example"], "from": "n@x.example", "smtp": server, "attach": attach, "mask": mask,
         "attach_up_to": up_to}
    )  # fmt: skip


@dataclass
class Book:
    """A journal with these runs, and rows to fix of each."""

    known: list[RunRecord]
    rows: int = 1
    went_on: list[bool] = field(default_factory=list)

    def runs(self) -> list[RunRecord]:
        return self.known

    def rows_to_fix(self, _run: RunRecord, *, goes_on: bool = False) -> Iterator[tuple[RowResult, int, list[str]]]:
        self.went_on.append(goes_on)
        for number in range(2, 2 + self.rows):
            key = f"K{number}" if number < 4 or number == 6 else ""
            result = RowResult(0, "", "", number, key, Status.REJECTED)
            text = f"'{PHONE}' is no number" if number != 3 else "Phone is empty"
            yield result._replace(error_code="phone_invalid", error_field="PhoneNumber1", error=text), 0, cells(number)


def cells(number: int) -> list[str]:
    return ["K", "" if number in {4, 6} else f"Anna {PHONE}", PHONE]


def run_of(tmp_path: Path, number: int = 1, *, bad: int = 1, name: str = "list.csv") -> RunRecord:
    out = tmp_path / str(number)
    out.mkdir(exist_ok=True)
    (out / "failed.xlsx").write_bytes(b"failed")
    (out / "report.html").write_bytes(b"report")
    summary = facts(f"run-{number}")
    summary["counts"] = {**summary["counts"], "rejected": bad}
    mapped = {"UserData": [["Key"]], "Name": [["Name"]], "PhoneNumber1": [["Phone"]]}
    file = {"name": name, "layout": {"columns": ["Key", "Name", "Phone"]}}
    return replace(RUN, id=f"run-{number}", out=str(out), files=[file], options={"mapped": mapped}, summary=summary)


def message(book: Book, settings: EmailSettings, body: dict[str, Any] | None = None) -> EmailMessage:
    body = body or {"event": "failing", "run_id": "run-1", "stopped_because": f"no {PHONE}", **facts("run-1")}
    return mail._message({**body, "stopped_because": f"no {PHONE}"}, settings, cast("Journal", book))


def text_of(got: EmailMessage) -> str:
    part = got.get_body(("plain",))
    assert part
    return str(part.get_content())


@pytest.mark.parametrize("mask", [True, False])
def test_phone_numbers_are_masked_unless_they_may_be_shown(mask: bool, tmp_path: Path) -> None:
    """In the facts, in names and in reasons, in both forms of the text; never in the run's ID."""
    got = message(Book([run_of(tmp_path)], 3), email(mask=mask))
    html = got.get_body(("html",))

    assert html
    for text in (text_of(got), html.get_content()):
        assert (PHONE in text) != mask
        assert (f"no {PHONE}" in text) != mask
        assert "run-1" in text
        assert "Rows to fix" in text
        assert "Rows to fix," not in text
    assert RUN.id in text_of(mail._message({"run_id": RUN.id}, email(mask=mask), cast("Journal", Book([]))))
    assert got["To"] == "a@x.example, b@x.example"
    assert got["Auto-Submitted"] == "auto-generated"


def test_rows_to_fix_are_told_as_people_know_them(tmp_path: Path) -> None:
    """With the column, unless the reason begins with it; not those that the run reaches by itself, and not too many."""
    book = Book([run_of(tmp_path)], 20)

    lines = [line for line in text_of(message(book, email(mask=False))).splitlines() if line.startswith("row ")]

    assert lines[:3] == [
        f"row 2: Anna {PHONE} (K2): Phone: '{PHONE}' is no number",
        f"row 3: Anna {PHONE} (K3): Phone is empty",
        f"row 4: Phone: '{PHONE}' is no number",
    ]
    assert lines[3] == f"row 5: Anna {PHONE}: Phone: '{PHONE}' is no number"
    assert lines[4] == f"row 6: K6: Phone: '{PHONE}' is no number"
    assert len(lines) == mail.LISTED
    assert book.went_on == [True]


def test_a_run_without_rows_to_fix_lists_none(tmp_path: Path) -> None:
    book = Book([run_of(tmp_path, bad=0)])

    got = message(book, email("failed", "report", mask=False))

    assert "Rows to fix" not in text_of(got)
    assert [part.get_filename() for part in got.iter_attachments()] == ["report.html"]
    assert not book.went_on
    assert "Rows to fix" not in text_of(message(Book([replace(run_of(tmp_path), summary=None)]), email()))
    assert "row 2: (K2)" not in text_of(message(Book([replace(run_of(tmp_path), options={})]), email()))


def test_what_is_attached_is_what_is_wanted_and_there(tmp_path: Path) -> None:
    run = run_of(tmp_path)

    def names(*attach: str) -> list[str | None]:
        return [part.get_filename() for part in message(Book([run]), email(*attach, mask=False)).iter_attachments()]

    assert names("failed", "report") == ["failed.xlsx", "report.html"]
    assert (names("failed"), names("report"), names()) == (["failed.xlsx"], ["report.html"], [])
    for path in Path(run.out).iterdir():
        path.unlink()
    assert names("failed", "report") == []


def test_what_does_not_fit_is_said(tmp_path: Path) -> None:
    """The room is that of all together."""
    settings = email("failed", "report", mask=False, up_to=11e-6)

    got = message(Book([run_of(tmp_path)]), settings)

    assert [part.get_filename() for part in got.iter_attachments()] == ["failed.xlsx"]
    assert f"report.html is too large to be attached: it is in {tmp_path / '1'}" in text_of(got)
    fits = message(Book([run_of(tmp_path)]), email("failed", "report", mask=False, up_to=12e-6))
    assert len(list(fits.iter_attachments())) == 2


def test_the_runs_of_a_night_have_names(tmp_path: Path) -> None:
    """That of the campaign, and of the list where there are several; no two attachments have one name."""
    campaigns = [
        {"name": "North", "runs": ["run-1", "run-2", "gone"], "failing": True, "event": "failing"},
        {"name": "South", "runs": ["run-3"], "failing": False, "event": ""},
    ]
    body = {"event": "digest", "campaigns": campaigns}
    known = [run_of(tmp_path, 2), run_of(tmp_path, 1), run_of(tmp_path, 3), run_of(tmp_path, 4)]
    book = cast("Journal", Book(known))

    assert [(label, run.id) for label, run in mail._runs_of(body, book)] == [
        ("North, list.csv", "run-1"), ("North, list.csv", "run-2"), ("South", "run-3"),
    ]  # fmt: skip
    assert [(label, run.id) for label, run in mail._runs_of({"run_id": "run-4"}, book)] == [("", "run-4")]
    told = {"needs": "", "alarm": "", "counts": {}, "errors": {}}
    night = {**body, "event": DIGEST, "verdict": "North fails", "campaigns": [told | each for each in campaigns]}
    assert "Rows to fix, North, list.csv:" in text_of(mail._message(night, email(), book))
    runs = list(mail._runs_of(body, book))
    found, _ = mail._fitting(list(mail._attachments(runs, email("failed"), book)), 1e6)
    assert [name for name, _, _ in found] == [
        "North, list.csv failed.xlsx", "2 North, list.csv failed.xlsx", "South failed.xlsx",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (smtplib.SMTPAuthenticationError(535, b"u:s3cret"), "refuses the login of u (535)"),
        (smtplib.SMTPDataError(451, b"s3cret"), "answered 451"),
        (smtplib.SMTPRecipientsRefused({"s3cret": (550, b"s3cret")}), "no mail for these recipients"),
        (ssl.SSLCertVerificationError("s3cret"), "certificate that is not trusted"),
        (DiallerSyncError("plain words."), "plain words"),
        (smtplib.SMTPServerDisconnected("closed."), "was cut off"),
        (smtplib.SMTPNotSupportedError("no AUTH."), "no AUTH"),
        (TimeoutError("s3cret"), "does not answer in time"),
        (OSError(111, "Connection refused"), "Connection refused"),
        (OSError("s3cret"), "as if it were no mail server"),
        (smtplib.SMTPException("s3cret"), "as if it were no mail server"),
        (ValueError("s3cret"), "as if it were no mail server"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_why_a_mail_was_not_taken(
    error: Exception, said: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever the server says is not repeated: it may quote the login."""
    if isinstance(error, ssl.SSLCertVerificationError):
        error.verify_message = "self-signed"
    server = Server(fails=error)
    monkeypatch.setattr(mail, "open_smtp", server.opened)

    settings = email(user="u", password_command="echo s3cret")
    assert not mail.send({"event": "failing", "run_id": "x"}, settings, cast("Journal", Book([])))

    assert said in caplog.text
    assert "s3cret" not in caplog.text
    assert not said.endswith(".")


@dataclass
class Server:
    """An SMTP server in memory. ``refuses``: recipients that it does not take."""

    fails: BaseException | None = None
    refuses: dict[str, Any] = field(default_factory=dict)
    logins: list[tuple[str, str]] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)

    @contextmanager
    def opened(self, _smtp: object) -> Iterator[Server]:
        yield self

    def login(self, user: str, password: str) -> None:
        self.logins.append((user, password))

    def send_message(self, got: EmailMessage) -> dict[str, Any]:
        if self.fails:
            raise self.fails
        self.mails.append(got)
        return self.refuses


def test_a_mail_is_taken_also_where_a_receiver_is_refused(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Those are named; without a user there is no login."""
    for refuses in ({}, {"a@x.example": (550, b"no")}):
        server = Server(refuses=refuses)
        monkeypatch.setattr(mail, "open_smtp", server.opened)

        assert mail.send({"event": "failing", "run_id": "x"}, email(), cast("Journal", Book([])))

        assert (len(server.mails), server.logins) == (1, [])
        assert ("takes no mail for" in caplog.text) == bool(refuses)
    assert "takes no mail for a@x.example;" in caplog.text


def test_an_interruption_is_said_and_goes_on(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    server = Server(fails=KeyboardInterrupt())
    monkeypatch.setattr(mail, "open_smtp", server.opened)

    with pytest.raises(KeyboardInterrupt):
        mail.send({"event": "failing", "run_id": "x"}, email(), cast("Journal", Book([])))
    assert "the mail of notify.email was not sent" in caplog.text


@pytest.mark.parametrize("of", ["file", "command"])
def test_the_password_is_without_its_line_end_and_stays_secret(of: str, tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("s3cret-word\n", encoding="utf-8")
    path.chmod(0o600)
    given = {"password_file": path} if of == "file" else {"password_command": "echo s3cret-word"}

    assert mail._password(email(user="u", **given).smtp) == "s3cret-word"
    assert mail.line("x s3cret-word") == "x ***"


def test_a_password_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "odd").write_bytes(b"\xff\xfe\xff")
    for name in ("odd", "none"):
        with pytest.raises(DiallerSyncError, match=r"password_file .* cannot be read"):
            mail._password(email(user="u", password_file=tmp_path / name).smtp)


def test_a_login_that_cannot_be_sent_is_not_tried() -> None:
    server = Server()
    for user, password, which in (("ü", "p", "smtp.user"), ("u", "ü", "the password")):
        with pytest.raises(DiallerSyncError, match=which):
            mail._log_in(cast("smtplib.SMTP", server), "h", user, password)
    assert not server.logins


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (smtplib.SMTPException("no way"), DiallerSyncError),
        (smtplib.SMTPAuthenticationError(535, b"no"), smtplib.SMTPAuthenticationError),
    ],
)
def test_a_login_that_fails(error: Exception, kind: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def login(*_: str) -> None:
        raise error

    server = Server()
    monkeypatch.setattr(server, "login", login)
    with pytest.raises(kind):
        mail._log_in(cast("smtplib.SMTP", server), "h", "u", "p")
