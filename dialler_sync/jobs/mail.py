"""Mail about runs, over an SMTP server."""

from __future__ import annotations

import logging
import smtplib
import tempfile
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from html import escape
from pathlib import Path
from typing import Any

from ..config.notify import EmailSettings, SmtpSettings
from ..errors import DiallerSyncError
from ..fields import FIELDS, Kind
from ..files.own_command import read_secret
from ..files.small import read_small
from ..journal import Journal, RunRecord
from ..report.html import HtmlReport
from ..report.masking import Mask, mask_phones
from ..text.outward import keep_secret, line
from .forget import KeptCells
from .smtp import open_smtp
from .subject import subject

_log = logging.getLogger(__name__)

_LONGEST_PASSWORD = 4096
_XLSX = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")


def send(body: Mapping[str, Any], settings: EmailSettings, journal: Journal) -> bool:
    """Send a mail about what happened; return whether the server took it."""
    try:
        _deliver(_message(body, settings, journal), settings.smtp)
    except smtplib.SMTPResponseException as error:
        reason = f"the server answered {error.smtp_code}"
    except smtplib.SMTPRecipientsRefused:
        reason = "the server takes no mail for these receivers"
    except (DiallerSyncError, smtplib.SMTPException, OSError, ValueError) as error:
        reason = str(error) if isinstance(error, DiallerSyncError) else type(error).__name__
    except KeyboardInterrupt:
        _log.error("interrupted: the mail of notify.email was not sent. The next run delivers it.")
        raise
    else:
        return True
    _log.error("notify.email could not be delivered: %s. The next run delivers it.", reason)
    return False


def _deliver(message: EmailMessage, smtp: SmtpSettings) -> None:
    with open_smtp(smtp) as server:
        if smtp.user:
            server.login(smtp.user, _password(smtp))
        if refused := server.send_message(message):
            _log.error("notify.email: the server takes no mail for %s; the other receivers have it", ", ".join(refused))


def _password(smtp: SmtpSettings) -> str:
    """Return the password.

    Raises:
        DiallerSyncError: it cannot be read.
    """
    if smtp.password_file:
        try:
            password = read_small(smtp.password_file, _LONGEST_PASSWORD)
        except (OSError, UnicodeDecodeError):
            raise DiallerSyncError(f"smtp.password_file ({smtp.password_file}) cannot be read") from None
    else:
        password = read_secret(smtp.password_command or [], "smtp.password_command")
    keep_secret(password.strip())
    return password.strip()


def _message(body: Mapping[str, Any], settings: EmailSettings, journal: Journal) -> EmailMessage:
    facts = {name: line(value) for name, value in _facts(body).items()}
    if settings.mask:
        facts = {name: value if name == "Run" else mask_phones(value) for name, value in facts.items()}
    message = EmailMessage()
    message["Subject"] = subject(body)
    message["From"], message["To"] = settings.sender, ", ".join(settings.to)
    message["Date"], message["Message-ID"] = formatdate(localtime=True), make_msgid(domain="dialler-sync.invalid")
    message["Auto-Submitted"] = "auto-generated"
    run = _run_of(body, journal)
    attached = _attachments(run, settings, journal) if run else []
    room, notes = settings.attach_up_to * 1e6, []
    for name, data, _ in attached:
        if len(data) > room:
            notes.append(f"{name} is too large to be attached; it is in {line(run.out) if run else ''}")
    message.set_content("\n".join([subject(body), "", *(f"{n}: {v}" for n, v in facts.items()), *notes]) + "\n")
    rows = "".join(f"<tr><th align=left>{escape(n)}</th><td>{escape(v)}</td></tr>" for n, v in facts.items())
    told = "".join(f"<p>{escape(note)}</p>" for note in notes)
    message.add_alternative(f"<h2>{escape(subject(body))}</h2><table>{rows}</table>{told}", subtype="html")
    for name, data, (kind, subkind) in attached:
        if len(data) <= room:
            message.add_attachment(data, maintype=kind, subtype=subkind, filename=name)
    return message


def _facts(body: Mapping[str, Any]) -> dict[str, str]:
    counts = body.get("counts") or {}
    facts = {
        "Run": body.get("run_id"),
        "Ended": body.get("finished_at"),
        "Exit code": body.get("exit_code"),
        "Stopped because": body.get("stopped_because"),
        "Alarm": body.get("alarm"),
        **{f"Rows {name}": f"{count:,}" for name, count in counts.items() if count},
        **{f"Reason {code}": f"{count:,}" for code, count in (body.get("errors") or {}).items()},
    }
    return {name: str(value) for name, value in facts.items() if value is not None}


def _run_of(body: Mapping[str, Any], journal: Journal) -> RunRecord | None:
    return next((run for run in journal.runs() if run.id == body.get("run_id")), None)


def _attachments(run: RunRecord, settings: EmailSettings, journal: Journal) -> list[tuple[str, bytes, tuple[str, str]]]:
    found = []
    failed = Path(run.out) / "failed.xlsx"
    if "failed" in settings.attach and failed.is_file():
        found.append(("failed.xlsx", failed.read_bytes(), _XLSX))
    report = Path(run.out) / "report.html"
    if "report" in settings.attach and report.is_file():
        found.append(("report.html", _masked(run, journal) if settings.mask else report.read_bytes(), ("text", "html")))
    return found


def _masked(run: RunRecord, journal: Journal) -> bytes:
    """Return report.html without phone numbers."""
    columns = [entry["layout"].get("columns", ()) for entry in run.files]
    mapped = run.options.get("mapped") or {}
    phones = [n for name, of in mapped.items() if FIELDS[name].kind is Kind.PHONE for names in of for n in names]
    page, cells = HtmlReport(columns, mask=Mask(columns, phones)), KeptCells(journal, run).source_cells()
    for entry in journal.rows(run):
        if entry.has_source:
            _, number, found = next(cells)
            page.add(entry.result, number, found)
    with tempfile.TemporaryDirectory() as folder:
        page.write(Path(folder) / "report.html", run.summary or {}, [])
        return (Path(folder) / "report.html").read_bytes()
