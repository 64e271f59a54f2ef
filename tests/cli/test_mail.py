"""Mail about nights, taken by a real SMTP server."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self

import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from dialler_sync.config.notify import SmtpSettings
from dialler_sync.exit_codes import ExitCode
from dialler_sync.jobs import mail as mail_module

from ..conftest import Configure, Run

Contacts = Callable[..., Path]


class MailServer:
    """An SMTP server on loopback that answers as it is told to."""

    def __init__(self) -> None:
        self.answer = "250 OK"
        self.mails: list[EmailMessage] = []
        self.logins: list[tuple[bytes, bytes]] = []
        self.port = 0

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - the library's name
        if self.answer.startswith("250"):
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return self.answer

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        self.logins.append((data.login, data.password))
        return AuthResult(success=True)


@pytest.fixture
def mail() -> Iterator[MailServer]:
    taken = MailServer()
    loop = asyncio.new_event_loop()

    def protocol() -> SMTP:
        return SMTP(taken, authenticator=taken.authenticate, auth_require_tls=False, loop=loop)

    server = loop.run_until_complete(loop.create_server(protocol, "127.0.0.1", 0))
    taken.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield taken
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    server.close()
    loop.run_until_complete(server.wait_closed())
    loop.close()


def notify(server: MailServer, more: str = "", smtp: str = "") -> str:
    return (
        f"{{on: always, email: {{to: [lead@example.com], from: night@example.com, "
        f"smtp: {{host: 127.0.0.1, port: {server.port}, tls: none{smtp}}}{more}}}}}"
    )


def test_people_get_a_mail_with_counts_reasons_and_what_is_to_be_attached(
    run: Run, configure: Configure, contacts_csv: Contacts, mail: MailServer, tmp_path: Path
) -> None:
    """The report is masked; the workbook to be fixed is whole, as the configuration names it."""
    (tmp_path / "password").write_text("s3cr3t-password\n", encoding="utf-8")
    (tmp_path / "password").chmod(0o600)
    configure(notify=notify(mail, ", attach: [failed, report]", ", user: u, password_file: password"))

    done = run("import", contacts_csv(rows=["K1,Anna,0171 39200123456789012", "K2,Eva,0171 3920012"]))

    assert done.code == ExitCode.ROWS_FAILED, done.err
    (got,) = mail.mails
    assert got["Subject"] == "dialler-sync: campaign 538 finished: 1 of 2 imported"
    assert mail.logins == [(b"u", b"s3cr3t-password")]
    text, html = (got.get_body((kind,)) for kind in ("plain", "html"))
    assert text
    assert html
    assert "Rows rejected: 1" in text.get_content()
    assert "Reason " in html.get_content()
    attached = {part.get_filename(): part.get_content() for part in got.iter_attachments()}
    assert sorted(attached) == ["failed.xlsx", "report.html"]
    assert "39200123456789012" not in attached["report.html"]
    assert b"s3cr3t-password" not in (tmp_path / "state/journal.db").read_bytes()


def test_a_mail_that_was_not_taken_is_sent_by_the_next_run_once(
    run: Run, configure: Configure, contacts_csv: Contacts, mail: MailServer
) -> None:
    """The run and its exit code are not touched."""
    configure(notify=notify(mail).replace("on: always", "on: failed"))
    mail.answer = "451 later"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIALLER_SYNC_TOKEN", "dead")
        first = run("import", contacts_csv(2))
    mail.answer = "250 OK"
    for _ in range(2):
        run("import", contacts_csv(2))

    assert first.code == ExitCode.NO_ROW_CAN_SUCCEED
    assert "notify.email could not be delivered: the server answered 451" in first.err
    assert [str(got["Subject"]).split()[3] for got in mail.mails] == ["failing:", "recovered:"]


def test_doctor_sends_a_test(run: Run, configure: Configure, mail: MailServer) -> None:
    """Before the first night, so that a wrong password is found by day; 2 where it is not taken."""
    configure(notify=notify(mail))

    assert run("doctor", "--notify").code == ExitCode.OK
    mail.answer = "550 no"
    assert run("doctor", "--notify").code == ExitCode.USAGE
    assert [str(got["Subject"]) for got in mail.mails] == ["dialler-sync: campaign 538 test"]


@pytest.mark.parametrize(
    ("smtp", "said"),
    [
        ("{host: mail.example.com, tls: none}", "tls: none sends names and numbers readable"),
        ("{host: mail.example.com, user: u}", "a login needs user"),
        ("smtp://u:secret@mail.example.com", "a password does not belong into the URL"),
    ],
)
def test_a_server_that_would_tell_others_is_refused(run: Run, configure: Configure, smtp: str, said: str) -> None:
    """Before anything is sent."""
    configure(
        notify=f"{{email: {{to: a@example.com, from: b@example.com, smtp: '{smtp}'}}}}".replace("'{", "{").replace(
            "}'", "}"
        )
    )

    done = run("config", "check")

    assert done.code == ExitCode.USAGE
    assert said in done.err


@pytest.mark.parametrize(
    ("tls", "expected"),
    [
        ("tls", ["open SMTP_SSL True", "login", "send"]),
        ("starttls", ["open SMTP False", "starttls True", "login", "send"]),
    ],
)
def test_names_and_password_travel_sealed_to_a_server_whose_certificate_is_checked(
    tls: str, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    class Server:
        def __init__(self, kind: str, context: ssl.SSLContext | None = None, **_: object) -> None:
            done.append(f"open {kind} {_checks(context)}")

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def starttls(self, context: ssl.SSLContext | None = None) -> None:
            done.append(f"starttls {_checks(context)}")

        def login(self, *_: object) -> None:
            done.append("login")

        def send_message(self, _: object) -> None:
            done.append("send")

    for kind in ("SMTP", "SMTP_SSL"):
        monkeypatch.setattr(mail_module.smtplib, kind, lambda *_, kind=kind, **named: Server(kind, **named))
    smtp = SmtpSettings(host="mail.example.com", tls=tls, user="u", password_command="echo x")

    mail_module._deliver(EmailMessage(), smtp)

    assert done == expected


def _checks(context: ssl.SSLContext | None) -> bool:
    return context is not None and context.check_hostname and context.verify_mode is ssl.CERT_REQUIRED
