"""Mail about nights, taken by a real SMTP server."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP

from dialler_sync.exit_codes import ExitCode

from ..conftest import Configure, Run
from ..helpers.authority import Authority
from ..helpers.receivers import MailServer, mail_server

Contacts = Callable[..., Path]


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


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
    assert "row 2: Anna (K1): Phone ('017• •••••••••••••••12'): The phone number" in text.get_content()
    assert "Anna (K1)" in html.get_content()
    attached = {part.get_filename(): part.get_content() for part in got.iter_attachments()}
    assert sorted(attached) == ["failed.xlsx", "report.html"]
    assert "39200123456789012" not in attached["report.html"]
    assert "Anna" in attached["report.html"]
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


def test_the_masked_report_of_a_run_that_has_locked_contacts(
    run: Run, configure: Configure, contacts_csv: Contacts, mail: MailServer
) -> None:
    """They stand in no row of the list. Of its rows, what stands in a column of numbers is masked, however short."""
    configure(notify=notify(mail, ", attach: [report]"), mirror="{missing: lock, max_missing: 100%}")

    run("import", contacts_csv(rows=["K1,Anna,0171 3920012", "K2,Eva,0171 3920012"]))
    done = run("import", contacts_csv(rows=["77777,Eva,12345"]))

    assert done.summary["mirror"], done.err
    (report,) = mail.mails[-1].iter_attachments()
    assert [word for word in ("Eva", "77777", "12345") if word in report.get_content()] == ["Eva", "77777"]


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
        (
            "{host: mail.example.com, tls: none}",
            "tls: none makes names and numbers readable on the network: use starttls or tls",
        ),
        ("{host: mail.example.com, user: u}", "a login needs user"),
        ("smtp://u:secret@mail.example.com", "the URL must not contain the password: use"),
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


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_encrypted_servers_are_asked_for_their_certificate_before_anything_is_said(
    tls: str, run: Run, configure: Configure, tmp_path: Path
) -> None:
    """Neither password nor mail goes to a server that is not the one that is meant."""
    (tmp_path / "password").write_text("s3cr3t-password", encoding="utf-8")
    (tmp_path / "password").chmod(0o600)
    with mail_server(tls, Authority(tmp_path)) as server:
        login = f", tls: {tls}, user: u, password_file: password"
        configure(notify=notify(server, smtp=login).replace(", tls: none", ""))
        stranger = run("doctor", "--notify")
        assert not server.logins
        login += ", ca_file: cluster-ca.pem"
        configure(notify=notify(server, smtp=login).replace(", tls: none", ""))
        known = run("doctor", "--notify")

    assert stranger.code == ExitCode.USAGE
    assert "127.0.0.1 shows a certificate that is not trusted (unable to get local issuer certificate)" in stranger.err
    assert known.code == ExitCode.OK, known.err
    assert server.logins == [(b"u", b"s3cr3t-password")]
    assert len(server.mails) == 1


def test_a_server_without_starttls_is_told_nothing(run: Run, configure: Configure, mail: MailServer) -> None:
    """The mail would go readable."""
    configure(notify=notify(mail).replace("tls: none", "tls: starttls"))

    assert (
        "notify.email could not be delivered: 127.0.0.1 offers no STARTTLS: set smtp.tls to tls, or smtp.port"
        in run("doctor", "--notify").err
    )
    assert not mail.mails


def test_a_login_that_is_refused_is_said(run: Run, configure: Configure, mail: MailServer, tmp_path: Path) -> None:
    """Without the password."""
    (tmp_path / "password").write_text("s3cr3t-password", encoding="utf-8")
    (tmp_path / "password").chmod(0o600)
    configure(notify=notify(mail, smtp=", user: nobody, password_file: password"))

    done = run("doctor", "--notify")

    assert "the server refuses the login of nobody (535): check smtp.user and the password" in done.err
    assert "s3cr3t-password" not in done.err


def test_what_is_too_large_is_left_out_and_said(
    run: Run, configure: Configure, contacts_csv: Contacts, mail: MailServer
) -> None:
    """The limit counts for all attachments together."""
    configure(notify=notify(mail, ", attach: [failed, report], attach_up_to: 0.02"))

    done = run("import", contacts_csv(rows=["K1,Anna,0171 12", "K2,Eva,0171 3920012"]))

    (got,) = mail.mails
    text = got.get_body(("plain",))
    assert text
    assert done.reports
    assert [part.get_filename() for part in got.iter_attachments()] == ["failed.xlsx"]
    assert f"report.html is too large to be attached: it is in {done.reports.resolve()}" in text.get_content()


@pytest.mark.parametrize(
    ("user", "password", "said"),
    [
        (
            "u",
            "s3cr\xe9t-Pa\xdfwort",
            "the password has letters or signs other than ASCII, which cannot be sent: change it",
        ),
        (
            "m\xfcller",
            "s3cr3t-password",
            "smtp.user has letters or signs other than ASCII, which cannot be sent: change",
        ),
    ],
)
def test_a_login_that_cannot_be_sent_is_said(
    user: str, password: str, said: str, run: Run, configure: Configure, mail: MailServer, tmp_path: Path
) -> None:
    """In words, and without the password."""
    (tmp_path / "password").write_text(password, encoding="utf-8")
    (tmp_path / "password").chmod(0o600)
    configure(notify=notify(mail, smtp=f", user: {user}, password_file: password"))

    done = run("doctor", "--notify")

    assert done.code == ExitCode.USAGE
    assert f"notify.email could not be delivered: {said}" in done.err
    assert password not in done.err
    assert not mail.logins


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            [b"220 hello", b"250-x\r\n250 AUTH NTLM GSSAPI"],
            "127.0.0.1 accepts none of the ways to log in that are known here",
        ),
        (
            [b"220 hello", b"250-x\r\n250 AUTH CRAM-MD5", b"334 x"],
            "what 127.0.0.1 answers makes no sense, as if it were no mail server. The next run",
        ),
        ([b"220 hello", b"250-x\r\n250 AUTH PLAIN", *[b"334 eA=="] * 9], "127.0.0.1 accepts none of the ways"),
        ([b"SSH-2.0-OpenSSH_9.2"], "what 127.0.0.1 answers makes no sense, as if it were no mail server. The next run"),
        (
            [b"220 hello", b"250-x\r\n250 AUTH PLAIN", b"hello"],
            "what 127.0.0.1 answers makes no sense, as if it were no mail server. The next run",
        ),
        (
            [b"220 hello"],
            "the connection to 127.0.0.1 was cut off: it may refuse this machine, or be too slow. The next run",
        ),
    ],
)
def test_a_server_that_talks_oddly_is_told_in_words(
    lines: list[bytes], said: str, run: Run, configure: Configure, tmp_path: Path
) -> None:
    """And not by the name of an exception."""
    (tmp_path / "password").write_text("s3cr3t-password", encoding="utf-8")
    (tmp_path / "password").chmod(0o600)
    server = MailServer()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.port = listener.getsockname()[1]

        def serve() -> None:
            connection, _ = listener.accept()
            with suppress(OSError), connection, connection.makefile("rb") as file:
                for answer in lines:
                    connection.sendall(answer + b"\r\n")
                    file.readline()

        thread = threading.Thread(target=serve)
        thread.start()
        configure(notify=notify(server, smtp=", user: u, password_file: password"))
        done = run("doctor", "--notify")
        thread.join()

    assert done.code == ExitCode.USAGE
    assert said in done.err
    assert not re.search(r"[a-z](Error|Exception)\b", done.err)


def test_an_odd_goodbye_of_the_server_does_not_send_a_mail_twice(
    run: Run, configure: Configure, contacts_csv: Contacts, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has taken, it has taken."""

    async def quit_(server: SMTP, _arg: str) -> None:
        await server.push("500 what")

    monkeypatch.setattr(SMTP, "smtp_QUIT", quit_)
    configure(notify=notify(mail))

    done = run("import", contacts_csv(1))

    assert len(mail.mails) == 1
    assert "could not be delivered" not in done.err
