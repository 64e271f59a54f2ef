"""Mail about runs, over an SMTP server."""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from ..config.notify import EmailSettings, SmtpSettings
from ..errors import DiallerSyncError, UsageError
from ..fields import FIELDS, Kind
from ..files.drafts import scratch
from ..files.own_command import read_secret
from ..files.small import read_small
from ..files.whole import why
from ..inbox.answers import as_file_name
from ..journal import Journal, RunRecord
from ..model import DID_NOT_SUCCEED
from ..report.faults import SourceColumns
from ..report.html import HtmlReport
from ..report.masking import Mask, mask_phones
from ..report.page import render
from ..report.people import People
from ..run.own_folder import held_reports, not_ours, read_report
from ..text.outward import keep_secret, line
from ..text.phrase import mark, phrase
from .forget import KeptCells
from .message import facts, subject
from .smtp import open_smtp

_log = logging.getLogger(__name__)

_SENSELESS = mark("what {host} answers makes no sense, as if it were no mail server")
_CODES = range(200, 600)
"""The answers of SMTP; smtplib says -1 of a text that has no number."""
_LONGEST_PASSWORD = 4096
_LONGEST_LABEL = 100
"""Most characters of an attachment's name before that of the file: others cut it at its end, which says what it is."""
_XLSX = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")


def send(body: Mapping[str, Any], settings: EmailSettings, journal: Journal) -> bool:
    """Send a mail about what happened; return whether the server took it."""
    try:
        _deliver(_message(body, settings, journal), settings.smtp)
    except (DiallerSyncError, OSError, ValueError) as error:  # those of smtplib are OSErrors
        reason = _reason(error, settings.smtp)
    except KeyboardInterrupt:
        _log.error(phrase("interrupted: the mail of notify.email was not sent. The next run delivers it."))
        raise
    else:
        return True
    _log.error(phrase("notify.email could not be delivered: {why}. The next run delivers it.", why=reason))
    return False


def _reason(error: Exception, smtp: SmtpSettings) -> str:
    """Return why a mail was not taken. What a server says is not repeated: it may quote the login."""
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code not in _CODES:
        return phrase(_SENSELESS, host=smtp.host)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return phrase(
            "the server refuses the login of {user} ({code}): check smtp.user and the password",
            user=smtp.user,
            code=error.smtp_code,
        )
    if isinstance(error, smtplib.SMTPResponseException):
        return phrase("the server answered {code}", code=error.smtp_code)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return phrase("the server accepts no mail for these recipients")
    if isinstance(error, ssl.SSLCertVerificationError):
        return phrase(
            "{host} shows a certificate that is not trusted ({reason}); smtp.ca_file names those of an own authority",
            host=smtp.host,
            reason=error.verify_message,
        )
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return phrase(
            "the connection to {host} was cut off: it may refuse this machine, or be too slow", host=smtp.host
        )
    if isinstance(error, smtplib.SMTPNotSupportedError) and "STARTTLS" in str(error):
        return phrase("{host} offers no STARTTLS: set smtp.tls to tls, or smtp.port to another port", host=smtp.host)
    if isinstance(error, DiallerSyncError | smtplib.SMTPNotSupportedError):
        return str(error).rstrip(".")
    if isinstance(error, TimeoutError):
        return phrase("{host} does not answer in time", host=smtp.host)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return phrase(_SENSELESS, host=smtp.host)


def _deliver(message: EmailMessage, smtp: SmtpSettings) -> None:
    with open_smtp(smtp) as server:
        if smtp.user:
            _log_in(server, smtp.host, smtp.user, _password(smtp))
        if refused := server.send_message(message):
            _log.error(
                phrase(
                    "notify.email: the server takes no mail for {receivers}; the other receivers have it",
                    receivers=", ".join(refused),
                )
            )


def _log_in(server: smtplib.SMTP, host: str, user: str, password: str) -> None:
    """Log in.

    Raises:
        DiallerSyncError: the two sides have no common way to do so.
        smtplib.SMTPException, OSError, ValueError: it fails.
    """
    for name, text in (("smtp.user", user), (phrase("the password"), password)):
        if not text.isascii():  # smtplib sends nothing else
            raise DiallerSyncError(
                phrase("{name} has letters or signs other than ASCII, which cannot be sent: change it", name=name)
            )
    try:
        server.login(user, password)
    except smtplib.SMTPException as error:
        if type(error) is not smtplib.SMTPException:
            raise
        raise DiallerSyncError(
            phrase("{host} accepts none of the ways to log in that are known here (PLAIN, LOGIN, CRAM-MD5)", host=host)
        ) from None


def _password(smtp: SmtpSettings) -> str:
    """Return the password.

    Raises:
        DiallerSyncError: it cannot be read.
    """
    if smtp.password_file:
        try:
            password = read_small(smtp.password_file, _LONGEST_PASSWORD)
        except (OSError, UnicodeDecodeError):
            raise DiallerSyncError(
                phrase("smtp.password_file ({path}) cannot be read", path=smtp.password_file)
            ) from None
    else:
        password = read_secret(smtp.password_command or [], "smtp.password_command")
    keep_secret(password.strip())
    return password.strip()


def _message(body: Mapping[str, Any], settings: EmailSettings, journal: Journal) -> EmailMessage:
    runs = list(_runs_of(body, journal))
    attached, notes = _fitting(_attachments(runs, settings, journal), settings.attach_up_to * 1e6)
    said = facts(body)
    if settings.mask:
        said = {name: value if name == phrase("Run") else mask_phones(value) for name, value in said.items()}
    lists = [(label, to_fix(run, journal, mask=settings.mask)) for label, run in runs]
    context = {
        "subject": subject(body),
        "facts": said,
        "bad": [each["name"] for each in body.get("campaigns", ()) if each["failing"]],
        "lists": [(label, rows) for label, rows in lists if rows],
        "notes": notes,
    }
    message = EmailMessage()
    message["Subject"] = subject(body)
    message["From"], message["To"] = settings.sender, ", ".join(settings.to)
    message["Date"], message["Message-ID"] = formatdate(localtime=True), make_msgid(domain="dialler-sync.invalid")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_text(context))
    message.add_alternative(render("mail.html.j2", context), subtype="html")
    for name, data, (kind, subkind) in attached:
        message.add_attachment(data, maintype=kind, subtype=subkind, filename=name)
    return message


def _text(context: Mapping[str, Any]) -> str:
    lines = [context["subject"], "", *(f"{name}: {value}" for name, value in context["facts"].items())]
    for label, rows in context["lists"]:
        head = phrase("Rows to fix, {campaign}", campaign=label) if label else phrase("Rows to fix")
        lines += ["", f"{head}:"]
        for row, who, column, error in rows:
            said = {"row": row, "who": who, "error": _after(column, error)}
            lines.append(phrase("row {row}: {who}: {error}", **said) if who else phrase("row {row}: {error}", **said))
    return "\n".join([*lines, *([""] if context["notes"] else []), *context["notes"]]) + "\n"


def _after(column: str, error: str) -> str:
    """Return an error with its column before it; most name it themselves."""
    return error if error.startswith(column) else f"{column}: {error}"


def _runs_of(body: Mapping[str, Any], journal: Journal) -> Iterator[tuple[str, RunRecord]]:
    """Yield the runs that a message is about; of a night, each with the name of its campaign, and of its list where
    there are several."""
    labels = {body.get("run_id"): ("", False)}
    labels |= {run: (each["name"], len(each["runs"]) > 1) for each in body.get("campaigns", ()) for run in each["runs"]}
    runs = {run.id: run for run in journal.runs() if run.id in labels}
    for run, (name, one_of_several) in labels.items():
        if run in runs:
            lists = dict.fromkeys(str(entry["name"]) for entry in runs[run].files if one_of_several)
            yield ", ".join([name, *lists]), runs[run]


class Attachment(NamedTuple):
    """A file of a mail."""

    name: str
    data: bytes
    kind: tuple[str, str]
    place: Path


def _fitting(attached: Iterable[Attachment], room: float) -> tuple[list[tuple[str, bytes, tuple[str, str]]], list[str]]:
    """Return the attachments that fit together, and a note on each that does not."""
    found, notes, names = [], [], Counter[str]()
    for name, data, kind, place in attached:
        names[name] += 1
        if len(data) > room:
            where = line(place, 500)
            notes.append(phrase("{file} is too large to be attached: it is in {folder}", file=name, folder=where))
            continue
        room -= len(data)
        found.append((name if names[name] == 1 else f"{names[name]} {name}", data, kind))
    return found, notes


def _attachments(
    runs: Sequence[tuple[str, RunRecord]], settings: EmailSettings, journal: Journal
) -> Iterator[Attachment]:
    for label, run in runs:
        before = f"{as_file_name(line(label, _LONGEST_LABEL))} " if label else ""
        most = int(settings.attach_up_to * 1e6) + 1
        if "failed" in settings.attach and _has_rows_to_fix(run) and (data := _report(run, "failed.xlsx", most)):
            yield Attachment(f"{before}failed.xlsx", data, _XLSX, Path(run.out))
        if "report" in settings.attach and (data := _report(run, "report.html", most)):
            page = _masked(run, journal) if settings.mask else data
            yield Attachment(f"{before}report.html", page, ("text", "html"), Path(run.out))


def _report(run: RunRecord, name: str, most: int) -> bytes:
    """Return the first ``most`` bytes of a report, nothing if there is none; the journal says where it is."""
    try:
        with held_reports(run) as folder:
            if folder is None:
                raise not_ours(run)
            return read_report(folder / name, most)
    except FileNotFoundError:
        return b""
    except (OSError, ValueError, UsageError) as error:
        _log.warning(phrase("{file} of run {run} is not attached: {why}", file=name, run=run.id, why=why(error)))
        return b""


def _has_rows_to_fix(run: RunRecord) -> bool:
    return any((run.summary or {}).get("counts", {}).get(status) for status in DID_NOT_SUCCEED)


LISTED = 10
"""Rows to fix that a mail shows of a run."""


def to_fix(run: RunRecord, journal: Journal, *, mask: bool) -> list[tuple[int, str, str, str]]:
    """Return row number, person, source columns and fault of the first rows to fix."""
    if not _has_rows_to_fix(run):
        return []
    columns, mapped = _layout(run)
    people, hidden = People(columns, mapped), _mask_of(run)
    found = []
    for result, source, cells in islice(journal.rows_to_fix(run, goes_on=True), LISTED):
        who = people.person(source, cells)
        column = people.columns(result.error_field, source, cells)
        shown = hidden.hide(result, source, cells)[0] if mask else result
        key = f"({shown.user_data})" if who and shown.user_data else shown.user_data
        who = line(f"{mask_phones(who) if mask else who} {key}").strip()
        found.append((result.row, who, line(column), line(shown.error, 500)))
    return found


def _layout(run: RunRecord) -> tuple[list[Sequence[str]], SourceColumns]:
    return [entry["layout"].get("columns", ()) for entry in run.files], run.options.get("mapped") or {}


def _mask_of(run: RunRecord) -> Mask:
    columns, mapped = _layout(run)
    of_phones = [of for name, of in mapped.items() if name in FIELDS and FIELDS[name].kind is Kind.PHONE]
    phones = [column for of in of_phones for names in of for column in names]
    return Mask(columns, phones)


def _masked(run: RunRecord, journal: Journal) -> bytes:
    """Return report.html without phone numbers."""
    columns, mapped = _layout(run)
    page, cells = HtmlReport(columns, mapped, mask=_mask_of(run)), KeptCells(journal, run).source_cells()
    for entry in journal.rows(run):
        if entry.has_source:
            _, number, found = next(cells)
            page.add(entry.result, number, found)
    with scratch() as folder:
        page.write(folder / "report.html", run.summary or {}, [])
        return (folder / "report.html").read_bytes()
