"""``notify:``, who is told how a night went."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from ..target import is_this_machine
from ..text.phrase import phrase
from .dialler import has_port, is_loopback, is_usable
from .limits import RowLimit
from .section import Section
from .texts import listed

_TLS = {"smtp": "starttls", "smtps": "tls"}

Address = Annotated[str, Field(pattern=r"^[^@\s\x00-\x1f,;]+@[^@\s\x00-\x1f,;]+$")]


def _server(value: Any) -> Any:
    """Return ``smtp://user@host:587`` as an object."""
    if not isinstance(value, str):
        return value
    parts = urlsplit(value)
    if parts.scheme not in _TLS or not parts.hostname or not has_port(parts):
        raise ValueError(phrase("write smtp://host:587 (STARTTLS), smtps://host (TLS), or {host, port, tls, user, …}"))
    if parts.password:
        raise ValueError(
            phrase("the URL must not contain the password: use {host, user, password_file} or password_command")
        )
    found = {"host": parts.hostname, "port": parts.port, "tls": _TLS[parts.scheme]}
    return found | ({"user": unquote(parts.username)} if parts.username else {})


class SmtpSettings(Section):
    """An SMTP server."""

    host: str = Field(min_length=1, description="Its name.")
    port: int | None = Field(None, ge=1, le=65535, description="Default: 587 (starttls), 465 (tls), 25 (none).")
    tls: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="Encryption of the connection; none only to this machine."
    )
    user: str | None = Field(None, description="User name; without it there is no login.")
    password_file: Path | None = Field(None, description="File that contains the password.")
    password_command: list[str] | str | None = Field(None, description="Command that prints the password.")
    ca_file: Path | None = Field(None, description="CA certificates (PEM) to trust in place of the system's.")

    @model_validator(mode="after")
    def _safe(self) -> Self:
        if self.tls == "none" and not is_this_machine(self.host):
            raise ValueError(phrase("tls: none makes names and numbers readable on the network: use starttls or tls"))
        given = [self.password_file, self.password_command]
        if bool(self.user) != (sum(each is not None for each in given) == 1):
            raise ValueError(phrase("a login needs user, and either password_file or password_command"))
        return self


class EmailSettings(Section):
    """Mail to people."""

    model_config = ConfigDict(populate_by_name=True)

    to: Annotated[tuple[Address, ...], BeforeValidator(listed)] = Field(min_length=1, description="Recipients.")
    sender: Address = Field(alias="from", description="Sender.")
    smtp: Annotated[SmtpSettings, BeforeValidator(_server)] = Field(
        description="Server: smtp://host:587, smtps://host, or {host, port, tls, user, password_file}."
    )
    attach: tuple[Literal["failed", "report"], ...] = Field(
        (),
        description="failed: failed.xlsx, unmasked; report: report.html, masked unless mask: false.",
    )
    attach_up_to: float = Field(
        10, gt=0, le=100, description="Maximum size of attachments in MB; larger ones are left out."
    )
    mask: bool = Field(True, description="Mask phone numbers in the text and in report.html.")


def _is_whole(url: str) -> bool:
    """Whether an address can be called. Python's own errors quote it; it may be a secret."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.hostname) and has_port(parts) and is_usable(url)


def _webhook(url: str) -> str:
    if not _is_whole(url):
        raise ValueError(phrase("that is not an address that can be called: write https://HOST/PATH"))
    if not url.startswith("https://") and not is_loopback(url):
        raise ValueError(phrase("a webhook needs https (plain http only to this machine)"))
    return url


class NotifySettings(Section):
    """Notifications of nights that fail, recover, or bring an unusual number of rows."""

    webhook: Annotated[str, AfterValidator(_webhook)] | None = Field(
        None, description="URL to POST JSON to when the state changes: failing, recovered. https, or this machine."
    )
    teams: Annotated[str, AfterValidator(_webhook)] | None = Field(
        None, description="URL of a Microsoft Teams workflow, which gets the same as an adaptive card."
    )
    email: EmailSettings | None = Field(None, description="Mail to people, over an SMTP server.")
    ping: Annotated[str, AfterValidator(_webhook)] | None = Field(
        None,
        description="URL to call when an import succeeds; with /start appended to its path when it starts, and with "
        "/fail and the exit code when it fails.",
    )
    on: Literal["change", "failed", "always"] = Field(
        "change",
        description="When to notify (except ping): on change, also on each failure (failed), or after every run "
        "(always).",
    )
    digest: bool = Field(
        False, description="One message (and one ping) for all runs of a night, in place of one per run."
    )
    row_count: RowLimit | None = Field(
        None,
        description="Alert when the row count differs from the median of earlier imports by more than this: 100 or "
        "50%.",
    )
