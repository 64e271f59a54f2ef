"""Keys of the configuration, with their defaults. Frozen; an unknown key is an error.

The ``description`` of a key is its documentation: the reference, the JSON Schema and ``init`` read it here.
"""

from __future__ import annotations

from pydantic import (
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from ..text.phrase import phrase
from .calls import CallsSettings
from .campaign import CampaignSettings
from .cluster import ClusterSettings
from .columns import ColumnRules
from .dialler import DiallerSettings
from .inbox import InboxSettings, ReportSettings
from .mirror import MirrorSettings, Missing
from .notify import NotifySettings
from .protect import ProtectSettings
from .rows import Mode, RowSettings
from .section import Section
from .source import SourceSettings
from .sources import Stores
from .suppress import SuppressLists, SuppressSettings


class JournalSettings(Section):
    """Data that the journal keeps."""

    before_images: bool = Field(True, description="Save each contact's state before it is overwritten, for undo.")


class Settings(Section):
    """A whole configuration."""

    extends: str | None = Field(
        None,
        min_length=1,
        description="Another configuration to build on; the path is relative to this file. Maps are merged; any "
        "other value in this file replaces the inherited one, and `null` removes it.",
    )
    dialler: DiallerSettings
    campaign: CampaignSettings
    source: SourceSettings = SourceSettings()
    sources: Stores = Field(
        default_factory=dict, description='Logins for remote lists, by address: {"sftp://host": {…}}.'
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
            raise ValueError(
                phrase(
                    "{setting} never overwrites a contact, so overwrite: has no effect ({kept})",
                    setting=which,
                    kept=", ".join(kept),
                )
            )
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
                phrase(
                    "{given}: has no effect with rows.overwrite_duplicates: false, which creates a new contact "
                    "for every row, even if the dialler has its key. Set overwrite_duplicates: true",
                    given=given,
                )
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
                    phrase(
                        "missing: {missing} and rows.mode: create contradict each other: create never changes "
                        "existing contacts. Use mode: upsert, or missing: keep",
                        missing=mirror.missing,
                    )
                )
        return mirror

    @model_validator(mode="after")
    def _sources_know_their_stores(self) -> Settings:
        object.__setattr__(self, "source", self.source.with_stores(self.sources))
        return self

    @property
    def looks(self) -> bool:
        """Whether a row's action depends on its contact in the dialler, even without a comparison."""
        return self.rows.mode is not Mode.UPSERT or bool(self.kept_fields) or self.protect.of_calls

    @property
    def looks_for_listed(self) -> bool:
        """Whether contacts that rows overwrite may hold numbers or addresses of a do-not-call list."""
        has_keys = not self.columns or "UserData" in self.columns
        return has_keys and self.rows.overwrites and any(each.by != "user_data" for each in self.suppress)

    @property
    def kept_fields(self) -> dict[str, str]:
        """Fields that contacts of the dialler may keep as they are: name → ``if_empty`` or ``never``."""
        return {name: rule.overwrite for name, rule in self.columns.items() if rule.overwrite != "always"}


def _need_one_campaign(info: ValidationInfo, what: str) -> None:
    campaign = info.data.get("campaign")
    if campaign and campaign.several:
        key = "column" if campaign.column else "split"
        raise ValueError(
            phrase(
                "{what} applies to a whole campaign; with campaign.{key} that would be every campaign of the "
                "account. Set campaign.id or campaign.name, and write one configuration per campaign",
                what=what,
                key=key,
            )
        )
