"""``notify: {email:}``: mail to people, over an SMTP server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_TLS = {"smtp": "starttls", "smtps": "tls"}

Address = Annotated[str, Field(pattern=r"^[^@\s\x00-\x1f,;]+@[^@\s\x00-\x1f,;]+$")]


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _server(value: Any) -> Any:
    """Return ``smtp://user@host:587`` as an object."""
    if not isinstance(value, str):
        return value
    parts = urlsplit(value)
    if parts.scheme not in _TLS or not parts.hostname:
        raise ValueError("write smtp://host:587 (STARTTLS), smtps://host (TLS), or {host, port, tls, user, …}")
    if parts.password:
        raise ValueError("a password does not belong into the URL: use {host, user, password_file} or password_command")
    found = {"host": parts.hostname, "port": parts.port, "tls": _TLS[parts.scheme]}
    return found | ({"user": unquote(parts.username)} if parts.username else {})


class SmtpSettings(BaseModel):
    """An SMTP server."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    host: str = Field(min_length=1, description="Its name.")
    port: int | None = Field(None, ge=1, le=65535, description="Default: 587 (starttls), 465 (tls), 25 (none).")
    tls: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the connection is encrypted; none only to this machine."
    )
    user: str | None = Field(None, description="Name to log in with; without it there is no login.")
    password_file: Path | None = Field(None, description="A file that holds the password.")
    password_command: list[str] | str | None = Field(None, description="A command that prints the password.")
    ca_file: Path | None = Field(None, description="Certificates (PEM) to trust in place of the system's.")

    @model_validator(mode="after")
    def _safe(self) -> Self:
        if self.tls == "none" and self.host not in _LOOPBACK:
            raise ValueError("tls: none sends names and numbers readable to everybody on the way: use starttls or tls")
        given = [self.password_file, self.password_command]
        if bool(self.user) != (sum(each is not None for each in given) == 1):
            raise ValueError("a login needs user, and either password_file or password_command")
        return self


class EmailSettings(BaseModel):
    """Mail to people."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, populate_by_name=True)

    to: Annotated[tuple[Address, ...], BeforeValidator(_listed)] = Field(min_length=1, description="Who gets it.")
    sender: Address = Field(alias="from", description="Who sends it.")
    smtp: Annotated[SmtpSettings, BeforeValidator(_server)] = Field(
        description="The server: smtp://host:587, smtps://host, or {host, port, tls, user, password_file}."
    )
    attach: tuple[Literal["failed", "report"], ...] = Field(
        (),
        description="failed: failed.xlsx, whole, with all numbers; report: report.html, masked unless mask: false.",
    )
    attach_up_to: float = Field(10, gt=0, le=100, description="MB that attachments may have; larger ones are left out.")
    mask: bool = Field(True, description="Mask phone numbers in the text and in report.html.")
