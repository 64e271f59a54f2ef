"""Keys of the configuration, with their defaults. Frozen; an unknown key is an error.

The ``description`` of a key is its documentation: the reference, the JSON Schema and ``init`` read it here.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from ..endpoints import ENDPOINTS, endpoint
from ..target import dialler_of
from ..text.nearest import nearest
from .calls import CallsSettings
from .campaign import CampaignSettings
from .cluster import ClusterSettings
from .columns import ColumnRules
from .filters import Filters, contradictions
from .hours import Hours
from .inbox import InboxSettings, ReportSettings
from .notify import EmailSettings
from .sources import NamedFile, Naming, Stores
from .texts import Formats


class Section(BaseModel):
    """Base of all sections: frozen, and strict about names."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class Missing(StrEnum):
    """Action of ``mirror`` on contacts that the file no longer has."""

    KEEP = "keep"
    LOCK = "lock"
    DELETE = "delete"


class Mode(StrEnum):
    """What an import may do, by whether the dialler has the contact."""

    UPSERT = "upsert"
    CREATE = "create"
    UPDATE = "update"


class Limit(BaseModel):
    """A limit in rows, in percent of them, or both: ``100``, ``5%``, ``100, 5%``."""

    model_config = ConfigDict(frozen=True)
    rows: int | None = None
    percent: float | None = None

    def allows(self, count: int, total: int) -> bool:
        """Whether ``count`` out of ``total`` is within the limit."""
        few = self.rows is None or count <= self.rows
        return few and (self.percent is None or count <= total * self.percent / 100)

    def __str__(self) -> str:
        rows = [] if self.rows is None else [str(self.rows)]
        return ", ".join(rows + ([] if self.percent is None else [f"{self.percent:g}%"]))


def row_limit(text: str | None) -> Limit | None:
    """Parse ``"5%"``, ``"100"`` or ``"100, 5%"``.

    Raises:
        ValueError: neither a number nor a percentage from 0 to 100, nor both.
    """
    if text is None:
        return None
    found: dict[str, float] = {}
    for part in text.split(","):
        match = _LIMIT.fullmatch(part.strip())
        kind = "percent" if match and match["percent"] else "rows"
        if not match or kind in found or (kind == "percent" and float(match["percent"]) > 100):
            raise ValueError(f"'{text}' is not a limit: write a number of rows (100), a percentage (5%), or both")
        found[kind] = float(match[kind])
    return Limit.model_validate(found)


_LIMIT = re.compile(r"(?P<rows>\d+)|(?P<percent>\d+(?:\.\d+)?)\s*%")


RowLimit = Annotated[Limit, BeforeValidator(lambda text: row_limit(text) if isinstance(text, str) else text)]

_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1")


def _base_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"'{url}' is not a URL such as https://dialler.example.com/rest/v1.0")
    if parts.query or parts.fragment or parts.username or parts.password:
        raise ValueError("the base URL carries no user, password, '?' or '#'")
    _ = parts.port  # raises ValueError for an invalid port
    return f"{parts.scheme}{url[len(parts.scheme) :]}".rstrip("/")


def is_loopback(url: str) -> bool:
    """Whether requests to ``url`` stay on this machine."""
    return bool(_LOOPBACK.fullmatch(urlsplit(url).hostname or ""))


def _endpoint_name(name: str) -> str:
    if name not in ENDPOINTS:
        raise ValueError(f"there is no function '{name}'{nearest(name, ENDPOINTS)}")
    return name


EndpointName = Annotated[str, AfterValidator(_endpoint_name)]


class DiallerSettings(Section):
    """The dialler's address and account, and the limits on its load."""

    base_url: Annotated[str, AfterValidator(_base_url)] = Field(
        description="The REST API up to its version: https://dialler.example.com/rest/v1.0. "
        "Plain http only to this machine, or with allow_http."
    )
    name: str | None = Field(
        None,
        pattern=r"^[^#\s]([^#\r\n]*[^#\s])?$",
        max_length=200,
        description="What the journal and the locks know this account by, in place of its address: the same in every "
        "configuration that reaches it by another one.",
    )
    clients_id: int = Field(ge=0, description="The ClientsID, which is part of every URL.")
    token: SecretStr | None = Field(
        None, description="The bearer token; write ${DIALLER_SYNC_TOKEN} and set that variable."
    )
    token_file: Path | None = Field(None, description="A file that holds the token, in place of token.")
    token_command: list[str] | str | None = Field(
        None, description="A command that prints the token, in place of token: a list, run without a shell."
    )
    allow_http: bool = Field(
        False, description="Allow plain http to another machine; the token is then readable on the way."
    )
    ca_file: Path | None = Field(None, description="Certificates (PEM) to trust in place of the system's.")
    client_cert: Path | None = Field(
        None, description="A certificate (PEM) to show to a dialler that asks for one; it may hold the key, too."
    )
    client_key: Path | None = Field(
        None, description="The key (PEM, without a password) of client_cert; only this user may read it."
    )
    timeout: float = Field(30, gt=0, le=3600, description="Seconds for one request.")
    concurrency: int = Field(16, ge=1, le=1000, description="Greatest number of requests in flight.")
    rate: float = Field(0, ge=0, description="Greatest number of requests per second; 0 is no limit.")
    hours: str | None = Field(
        None,
        description='When contacts may be changed, by this machine\'s clock: "20:00-06:00". At the end of it, and '
        "outside, a run takes no more rows (exit 9, resumable).",
    )
    retries: int = Field(5, ge=0, le=100, description="Repeats of one request, where a repeat is harmless.")
    give_up_after: float = Field(
        300, ge=0, description="Seconds the dialler may be down before the run stops (exit 5)."
    )
    release: str = Field(
        "3.19", pattern=r"^\d+\.\d+(\.\d+)*$", description="The dialler's release; it decides field lengths."
    )
    endpoints: dict[EndpointName, str] = Field(
        default_factory=dict,
        description='Other method and path for a function: lock_by_id: "PUT /dialler/contacts/contact/{id}/lock".',
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
                "plain http would send the token readable over the network: use https, or set allow_http: true"
            )
        given = [name for name in ("token", "token_file", "token_command") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"only one of {', '.join(given)} may be set")
        if self.client_key is not None and self.client_cert is None:
            raise ValueError("client_key is the key of a certificate: set client_cert, too")
        if self.client_cert is not None and not self.base_url.startswith("https:"):
            raise ValueError("client_cert is shown over https only, and base_url is plain http")
        return self


_DELIMITER_NAMES = {"tab": "\t", "\\t": "\t", "space": " ", "comma": ",", "semicolon": ";", "pipe": "|", "none": ""}


class SourceSettings(Section):
    """The layout of the spreadsheet; ``auto`` is detected from the file."""

    sheet: str | Annotated[list[str], Field(min_length=1)] | None = Field(
        None, description="Sheet name, or its number from 1, or a list of them; none: the only one that holds data."
    )
    sheets: Literal["all"] | None = Field(
        None, description="all: every sheet that holds data and is not hidden, each with the mapped columns."
    )
    encoding: str = Field(
        "auto", description="auto, or an encoding: utf-8, cp1252, utf-16 … Of an .xls of Excel 95, too."
    )
    delimiter: str = Field(
        "auto",
        description='auto, one character, or ", " (comma and space). Also by name: tab, space, comma, semicolon, pipe;'
        " none: a single column.",
    )
    quote: str = Field("auto", description="auto, none, or one character: \" or '.")
    escape: Literal["auto", "double", "backslash", "none"] = Field(
        "auto", description="How a quote stands inside quotes: auto, double (twice), backslash, or none (just so)."
    )
    header: Literal["auto", "none"] | list[int] = Field(
        "auto", description="auto, none, the row number of the header, or a list of row numbers that form it."
    )
    columns: list[str] | None = Field(None, description="Names of the columns, for files without a header.")
    password_command: list[str] | str | None = Field(
        None, description="Command that prints the password of an encrypted zip archive or workbook."
    )
    max_file_mb: int = Field(4_096, ge=1, description="Greatest size of a file, unpacked, in MB.")
    max_columns: int = Field(2_000, ge=1, description="Greatest number of columns.")
    max_cell_chars: int = Field(1_000_000, ge=1, description="Greatest length of one cell in characters.")

    @property
    def named_sheets(self) -> tuple[str, ...]:
        """The sheets that are named."""
        return (self.sheet,) if isinstance(self.sheet, str) else tuple(self.sheet or ())

    @property
    def takes_several_sheets(self) -> bool:
        """Whether a workbook may be several tables of a run."""
        return self.sheets is not None or isinstance(self.sheet, list)

    _stores: Stores = PrivateAttr(default_factory=dict)

    @property
    def stores(self) -> Stores:
        """``sources:``, the logins to where lists are fetched from."""
        return self._stores

    def logins(self) -> SourceSettings:
        """Return settings for another file, whose layout is found out from itself, with the same logins."""
        return SourceSettings(password_command=self.password_command).with_stores(self._stores)

    def with_stores(self, stores: Stores) -> SourceSettings:
        """Return these settings with the logins."""
        ours = self.model_copy()
        ours._stores = stores
        return ours

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, name: str) -> str:
        try:
            "".encode("utf-8" if name == "auto" else name)
        except LookupError:
            raise ValueError(f"'{name}' is no text encoding; usual ones are utf-8, utf-16, cp1252, cp1250") from None
        return name

    @field_validator("delimiter")
    @classmethod
    def _one_delimiter(cls, given: str) -> str:
        sign = _DELIMITER_NAMES.get(given, given)
        if sign not in {"auto", ", ", ""} and (len(sign) != 1 or sign in "\r\n"):
            raise ValueError(
                f"'{given}' is not auto, one character, or a comma and a space (or none, for a single column)"
            )
        return sign

    @field_validator("quote")
    @classmethod
    def _one_quote(cls, given: str) -> str:
        if given not in {"auto", "none"} and (len(given) != 1 or given in "\r\n"):
            raise ValueError(f"'{given}' is not auto, none, or one character")
        return given

    @field_validator("header", mode="before")
    @classmethod
    def _header_rows(cls, given: object) -> object:
        if isinstance(given, (str, int)) and given not in {"auto", "none"}:
            given = [given]
        if isinstance(given, list) and not (given and all(re.fullmatch("[1-9][0-9]*", str(row)) for row in given)):
            raise ValueError("it is auto, none, a row number, or a list of row numbers")
        return given

    @model_validator(mode="after")
    def _different_signs(self) -> SourceSettings:
        if self.sheet is not None and self.sheets is not None:
            raise ValueError("sheet and sheets exclude each other: name sheets, or have all of them")
        if self.delimiter == self.quote != "auto":
            raise ValueError("delimiter and quote cannot be the same character")
        return self


class RowSettings(Section):
    """Rules for duplicates, long texts, empty cells and unchanged rows."""

    overwrite_duplicates: bool = Field(True, description="Overwrite the contact that carries the same UserData.")
    mode: Mode = Field(
        Mode.UPSERT,
        description="create: a contact that the dialler has is left alone; update: one that it does not have is not "
        "made; upsert: both are done. create and update look first. See docs/rows.md.",
    )
    duplicate_keys: Literal["last", "first", "reject"] = Field(
        "last", description="Which row counts where rows of one run carry the same UserData."
    )
    duplicate_phones: Literal["allow", "warn", "reject", "first", "last"] = Field(
        "allow",
        description="Rows of one run that share a phone number under different keys: warn of them, reject all of them, "
        "or let the first or last one go. See docs/rows.md.",
    )
    duplicate_phones_in_dialler: Literal["allow", "warn", "skip"] = Field(
        "allow",
        description="Rows with a phone number that a contact of the dialler has under another key: warn of them, or "
        "skip them. Reads the whole list of contacts first.",
    )
    phones_in: Literal["campaign", "account"] = Field(
        "campaign",
        description="Whose numbers duplicate_phones_in_dialler looks at: those of the row's campaign, or of all "
        "campaigns of the account.",
    )
    too_long: Literal["reject", "truncate"] = Field("reject", description="Text longer than the field.")
    phone_format: Literal["plus", "digits"] = Field("plus", description="plus: +49171…; digits: 49171….")
    empty_cells: Literal["omit", "clear"] = Field(
        "omit", description="omit: leave the field out, it keeps its value; clear: send null."
    )
    compare: Literal["none", "journal", "dialler"] = Field("none", description="Leave out rows that have not changed.")
    max_errors: RowLimit | None = Field(None, description="Stop (exit 8) when more rows fail than this: 100 or 5%.")
    max_warnings: RowLimit | None = Field(
        None, description="Stop (exit 8), before anything is sent, when more rows have warnings than this: 100 or 5%."
    )
    only: Filters = Field(
        default_factory=dict,
        description="Source column: what its cell must hold, a list of values or a condition. Rows that do not hold "
        "all of it are left out: {Status: [open, new], Saldo: {min: 50}}. See docs/rows.md.",
    )
    skip: Filters = Field(
        default_factory=dict,
        description="Source column: the same; rows that hold any of it are left out: {Werbesperre: [ja, x]}.",
    )
    skipped_contacts: Literal["keep", "lock"] = Field(
        "keep",
        description="Contacts that the dialler has of rows that only or skip leaves out: keep them as they are, and "
        "say how many can still be called; or lock them.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> RowSettings:
        for problem in contradictions(self.only, self.skip):
            raise ValueError(problem)
        if self.skipped_contacts == "lock" and not (self.only or self.skip):
            raise ValueError("skipped_contacts: lock has no effect without only or skip")
        if self.phones_in == "account" and self.duplicate_phones_in_dialler == "allow":
            raise ValueError("phones_in: account has no effect without duplicate_phones_in_dialler: warn or skip")
        if self.mode is Mode.UPDATE and not self.overwrite_duplicates:
            raise ValueError(
                "mode: update and overwrite_duplicates: false contradict each other: without overwriting, the dialler "
                "makes a new contact of every row"
            )
        return self

    @property
    def overwrites(self) -> bool:
        """Whether an import may overwrite the contact that carries its UserData."""
        return self.overwrite_duplicates and self.mode is not Mode.CREATE

    @property
    def filters(self) -> bool:
        """Whether rows may be left out by what stands in their cells."""
        return bool(self.only or self.skip)


class SuppressSettings(Naming):
    """A do-not-call file: contacts in it are never imported."""

    file: NamedFile = Field(description="CSV or Excel file, or the address of one.")
    column: str = Field(description="Column that holds what is looked for.")
    by: Literal["phone", "user_data", "email"] = Field("phone", description="What the column holds.")
    region: str | None = Field(None, description="Region of phone numbers without a country code.")
    expires: str | None = Field(
        None,
        min_length=1,
        description="Column with the last day on which an entry counts; one without a day counts for good.",
    )
    formats: Formats | None = Field(
        None, description='Days of expires: how they are written, besides ISO: ["%d.%m.%Y"].'
    )
    action: Literal["contact", "number"] = Field(
        "contact",
        description="contact: leave the contact out; number: leave out only the number (null is sent for its field), "
        "and the contact where no number is left. See docs/rows.md.",
    )
    may_be_empty: bool = Field(False, description="Accept the list also when it has no entries; else that is exit 3.")
    lock: bool = Field(
        False, description="Lock every contact of the campaign that is in the list, also where no file has it."
    )

    @model_validator(mode="after")
    def _consistent(self) -> SuppressSettings:
        if self.action == "number" and self.lock:
            raise ValueError(
                "action: number and lock: true contradict each other: number keeps contacts that have another number, "
                "and lock locks them. Use two entries of suppress: for two lists"
            )
        if self.action == "number" and self.by != "phone":
            raise ValueError(f"action: number and by: {self.by} contradict each other: such a list names no number")
        if self.formats and not self.expires:
            raise ValueError("formats has no effect without expires")
        return self


SuppressLists = Annotated[
    tuple[SuppressSettings, ...],
    BeforeValidator(lambda given: [given] if isinstance(given, dict) else () if given is None else given),
]


Codes = Annotated[
    tuple[Annotated[str, BeforeValidator(lambda given: str(given) if type(given) is int else given)], ...],
    BeforeValidator(lambda given: (given,) if isinstance(given, (str, int)) else given),
]


class ProtectSettings(Section):
    """Contacts that are not overwritten."""

    follow_up: bool = Field(False, description="Contacts with a follow-up or an appointment, or reserved for an agent.")
    locked: bool = Field(False, description="Contacts that are locked.")
    called: str | None = Field(
        None,
        pattern=r"^[1-9][0-9]{0,3} ?[dh]$",
        description="Contacts that were called within so many days or hours: 14d, 36h.",
    )
    done: bool = Field(False, description="Contacts that are done: their last result code closes them (bDone).")
    result_codes: Codes = Field(
        (), description="Contacts whose last result code is one of these, by its ExportKey, text or ID: [SALE, OPTOUT]."
    )

    @property
    def period(self) -> timedelta | None:
        """``called`` as a length of time."""
        if self.called is None:
            return None
        number = int(self.called[:-1])
        return timedelta(days=number) if self.called.endswith("d") else timedelta(hours=number)

    @property
    def of_calls(self) -> bool:
        """Whether what came of calls protects contacts."""
        return bool(self.called or self.done or self.result_codes)


class MirrorSettings(Section):
    """Contacts of the campaign that the file no longer has."""

    missing: Missing = Field(Missing.KEEP, description="keep, lock or delete them.")
    max_missing: RowLimit = Field(
        Limit(percent=5),
        description='More missing contacts than this stop the run (exit 8): 100, 5%, or "100, 5%": neither more.',
    )


class JournalSettings(Section):
    """Data that the journal keeps."""

    before_images: bool = Field(True, description="Keep what contacts were before they were overwritten, for undo.")


def _webhook(url: str) -> str:
    if not url.startswith("https://") and not is_loopback(url):
        raise ValueError("a webhook is called over https (plain http only to this machine)")
    return url


class NotifySettings(Section):
    """Notifications of nights that fail, recover, or bring an unusual number of rows."""

    webhook: Annotated[str, AfterValidator(_webhook)] | None = Field(
        None, description="Called (POST, JSON) when the state changes: failing, recovered. https, or this machine."
    )
    teams: Annotated[str, AfterValidator(_webhook)] | None = Field(
        None, description="A workflow of Microsoft Teams, which gets the same as an adaptive card."
    )
    email: EmailSettings | None = Field(None, description="Mail to people, over an SMTP server.")
    ping: Annotated[str, AfterValidator(_webhook)] | None = Field(
        None,
        description="Called when an import ends well; with /start behind its path when it begins, with /fail and the "
        "exit code when it fails.",
    )
    on: Literal["change", "failed", "always"] = Field(
        "change", description="When all but ping tell: change, each failure as well (failed), or every run."
    )
    digest: bool = Field(
        False, description="One message for all runs of a night, in place of one each; also one ping each."
    )
    row_count: RowLimit | None = Field(
        None, description="Alarm when the number of rows is off the median of earlier imports by more: 100 or 50%."
    )


class Settings(Section):
    """A whole configuration."""

    extends: str | None = Field(
        None,
        min_length=1,
        description="Another configuration, which this one completes: its path, relative to the folder of this file. "
        "Maps are merged; of the rest, what stands in this file counts. `null` takes away what the other has.",
    )
    dialler: DiallerSettings
    campaign: CampaignSettings
    source: SourceSettings = SourceSettings()
    sources: Stores = Field(
        default_factory=dict, description='Logins to where lists are fetched from, by address: {"sftp://host": {…}}.'
    )
    columns: ColumnRules = Field(
        default_factory=dict,
        description="Dialler field: source column, or a rule. Not needed for the vendor's own format.",
    )
    rows: RowSettings = RowSettings()
    suppress: SuppressLists = Field((), description="A do-not-call file, or a list of several.")
    protect: ProtectSettings = ProtectSettings()
    mirror: MirrorSettings = MirrorSettings()
    journal: JournalSettings = JournalSettings()
    inbox: InboxSettings = InboxSettings()
    cluster: ClusterSettings = ClusterSettings()
    calls: CallsSettings = CallsSettings()
    reports: ReportSettings = ReportSettings()
    notify: NotifySettings | None = None

    @field_validator("rows")
    @classmethod
    def _fitting_rows(cls, rows: RowSettings, info: ValidationInfo) -> RowSettings:
        if rows.skipped_contacts == "lock":
            _need_one_campaign(info, "skipped_contacts: lock")
        kept = [name for name, rule in info.data.get("columns", {}).items() if rule.overwrite != "always"]
        if kept and not rows.overwrites:
            which = "mode: create" if rows.mode is Mode.CREATE else "overwrite_duplicates: false"
            raise ValueError(f"{which} overwrites no contact, so overwrite: of {', '.join(kept)} has no effect")
        return rows

    @field_validator("suppress")
    @classmethod
    def _locks_in_one_campaign(
        cls, lists: tuple[SuppressSettings, ...], info: ValidationInfo
    ) -> tuple[SuppressSettings, ...]:
        if any(each.lock for each in lists):
            _need_one_campaign(info, "lock: true")
        return lists

    @field_validator("protect")
    @classmethod
    def _protects_from_overwriting(cls, protect: ProtectSettings, info: ValidationInfo) -> ProtectSettings:
        rows = info.data.get("rows")
        if protect.of_calls and rows and not rows.overwrite_duplicates:
            given = next(name for name in ("called", "done", "result_codes") if getattr(protect, name))
            raise ValueError(
                f"{given}: has no effect with rows.overwrite_duplicates: false, which makes a new contact of each row, "
                "also for a key that the dialler has. Set overwrite_duplicates: true"
            )
        return protect

    @field_validator("mirror")
    @classmethod
    def _mirrors_one_campaign(cls, mirror: MirrorSettings, info: ValidationInfo) -> MirrorSettings:
        if mirror.missing is not Missing.KEEP:
            _need_one_campaign(info, f"missing: {mirror.missing}")
            rows = info.data.get("rows")
            if rows and rows.mode is Mode.CREATE:
                raise ValueError(
                    f"missing: {mirror.missing} and rows.mode: create contradict each other: create leaves alone what "
                    "the dialler has. Use mode: upsert, or missing: keep"
                )
        return mirror

    @model_validator(mode="after")
    def _sources_know_their_stores(self) -> Settings:
        object.__setattr__(self, "source", self.source.with_stores(self.sources))
        return self

    @property
    def looks(self) -> bool:
        """Whether what becomes of a row depends on what the dialler has of it, also without a comparison."""
        return self.rows.mode is not Mode.UPSERT or bool(self.kept_fields) or self.protect.of_calls

    @property
    def kept_fields(self) -> dict[str, str]:
        """Fields that contacts of the dialler may keep as they are: name → ``if_empty`` or ``never``."""
        return {name: rule.overwrite for name, rule in self.columns.items() if rule.overwrite != "always"}


def _need_one_campaign(info: ValidationInfo, what: str) -> None:
    campaign = info.data.get("campaign")
    if campaign and campaign.several:
        key = "column" if campaign.column else "split"
        raise ValueError(
            f"{what} reads a whole campaign, and with campaign.{key} it would be all campaigns of the account: set "
            "campaign.id or campaign.name, and write one configuration for each campaign"
        )
