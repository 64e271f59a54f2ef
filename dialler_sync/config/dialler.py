"""``dialler:``, the address and the account, and the limits on the load."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import (
    AfterValidator,
    Field,
    PrivateAttr,
    SecretStr,
    field_validator,
    model_validator,
)

from ..endpoints import ENDPOINTS, LONGEST_PATH, endpoint
from ..target import dialler_of, is_this_machine
from ..text.nearest import nearest
from ..text.phrase import phrase
from .hours import Hours
from .section import Section


def _base_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        url = url.partition("?")[0]  # what follows may be a secret
        raise ValueError(phrase("'{url}' is not a URL such as https://dialler.example.com/rest/v1.0", url=url))
    if parts.query or parts.fragment or parts.username or parts.password:
        raise ValueError(phrase("the base URL must not contain a user, a password, '?' or '#'"))
    if not has_port(parts):
        raise ValueError(phrase("the port after the host must be a number from 0 to 65535"))
    if not is_usable(url):
        raise ValueError(
            phrase(
                "'{url}' is not a URL that can be called: check its host, and for characters that are not shown",
                url=url,
            )
        )
    return f"{parts.scheme}{url[len(parts.scheme) :]}".rstrip("/")


def has_port(parts: SplitResult) -> bool:
    """Whether the port of a URL, if it names one, is a number. Python's own error quotes it; it may be a password."""
    try:
        _ = parts.port
    except ValueError:
        return False
    return True


def is_usable(url: str) -> bool:
    """Whether the libraries that send requests take this address."""
    from httpx import URL, InvalidURL

    try:
        host = URL(url).host
        host.encode("idna")
    except (InvalidURL, ValueError):
        return False
    return len(url) <= LONGEST_PATH and url.isprintable()


def is_loopback(url: str) -> bool:
    """Whether requests to ``url`` stay on this machine."""
    return is_this_machine(urlsplit(url).hostname or "")


def _endpoint_name(name: str) -> str:
    if name not in ENDPOINTS:
        raise ValueError(phrase("'{name}' is not a function of the API", name=name) + nearest(name, ENDPOINTS))
    return name


EndpointName = Annotated[str, AfterValidator(_endpoint_name)]


class DiallerSettings(Section):
    """The dialler's address and account, and the limits on its load."""

    base_url: Annotated[str, AfterValidator(_base_url)] = Field(
        description="URL of the REST API, including its version: https://dialler.example.com/rest/v1.0. Plain http "
        "only to this machine, or with allow_http."
    )
    name: str | None = Field(
        None,
        pattern=r"^[^#\s]([^#\r\n]*[^#\s])?$",
        max_length=200,
        description="Name of this account in the journal and the locks, in place of its address. Needed if other "
        "configurations reach the same account at a different address.",
    )
    clients_id: int = Field(ge=0, description="The account's ClientsID, part of every URL.")
    token: SecretStr | None = Field(
        None, description="Bearer token. Write ${DIALLER_SYNC_TOKEN}, and set that environment variable."
    )
    token_file: Path | None = Field(None, description="File that contains the token.")
    token_command: list[str] | str | None = Field(
        None, description="Command that prints the token; a list, run without a shell."
    )
    allow_http: bool = Field(
        False, description="Allow plain http to another machine. The token is then readable on the network."
    )
    ca_file: Path | None = Field(None, description="CA certificates (PEM) to trust in place of the system's.")
    client_cert: Path | None = Field(
        None, description="Client certificate (PEM), if the dialler asks for one; it may contain the key."
    )
    client_key: Path | None = Field(
        None, description="Key (PEM, no password) for client_cert; readable only by this user."
    )
    timeout: float = Field(30, gt=0, le=3600, description="Timeout of one request, in seconds.")
    concurrency: int = Field(16, ge=1, le=1000, description="Maximum number of requests in flight.")
    rate: float = Field(0, ge=0, description="Maximum number of requests per second; 0: no limit.")
    hours: str | None = Field(
        None,
        description='Time window for changes, by this machine\'s clock: "20:00-06:00". Outside it a run stops '
        "taking rows (exit 9, resumable).",
    )
    retries: int = Field(5, ge=0, le=100, description="Retries of one request, where a repeat is harmless.")
    give_up_after: float = Field(
        300, ge=0, description="Seconds the dialler may be unreachable before the run stops (exit 5)."
    )
    release: str = Field(
        "3.19", pattern=r"^\d+\.\d+(\.\d+)*$", description="The dialler's release; it determines the field lengths."
    )
    endpoints: dict[EndpointName, str] = Field(
        default_factory=dict,
        description='Different method and path for a function: lock_by_id: "PUT /dialler/contacts/contact/{id}/lock".',
    )

    @property
    def release_numbers(self) -> tuple[int, ...]:
        """The release as numbers: ``"3.19"`` → ``(3, 19)``."""
        return tuple(int(part) for part in self.release.split("."))

    @property
    def identity(self) -> str:
        """The account, whatever the spelling of its address: see :mod:`dialler_sync.target`."""
        return dialler_of(self.base_url, self.clients_id, self.name)

    @property
    def root(self) -> str:
        """The base URL with the ClientsID, the start of every path."""
        return f"{self.base_url}/{self.clients_id}"

    _until: datetime | None = PrivateAttr(None)

    @field_validator("hours")
    @classmethod
    def _two_times(cls, hours: str | None) -> str | None:
        if hours is not None:
            Hours.read(hours)
        return hours

    def until(self, end: datetime) -> DiallerSettings:
        """Return these settings for a run that ends then."""
        ours = self.model_copy()
        ours._until = end
        return ours

    def end_from(self, now: datetime) -> tuple[datetime, str] | None:
        """Return when a run that changes contacts takes no more rows, and what says so; None: never."""
        ends = [(self._until, "--until")] if self._until else []
        if self.hours:
            ends.append((Hours.read(self.hours).end_from(now), f"dialler.hours: {self.hours}"))
        return min(ends, default=None)

    @field_validator("endpoints")
    @classmethod
    def _endpoint_shapes(cls, endpoints: dict[str, str]) -> dict[str, str]:
        for name, override in endpoints.items():
            endpoint(name, override)
        return endpoints

    @model_validator(mode="after")
    def _consistent(self) -> DiallerSettings:
        if self.base_url.startswith("http:") and not self.allow_http and not is_loopback(self.base_url):
            raise ValueError(
                phrase("plain http would make the token readable on the network: use https, or set allow_http: true")
            )
        given = [name for name in ("token", "token_file", "token_command") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(phrase("only one of {given} may be set", given=", ".join(given)))
        if self.client_key is not None and self.client_cert is None:
            raise ValueError(phrase("client_key needs client_cert: set it, too"))
        if self.client_cert is not None and not self.base_url.startswith("https:"):
            raise ValueError(phrase("client_cert needs https, but base_url is plain http"))
        return self
