"""The campaigns that a reconciliation compares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from ..api.client import DiallerClient
from ..api.query import campaign_id
from ..api.wire import CAMPAIGN_NAME, campaign_of
from ..config.campaign import CampaignSettings


@dataclass(frozen=True, slots=True)
class Scope:
    """The campaigns that are reconciled, by ID and by name.

    ``moved``: include contacts of other campaigns whose UserData the file has. ``extras``: include contacts whose
    UserData the file does not have.
    """

    ids: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    moved: bool = False
    extras: bool = True

    def holds(self, record: Mapping[str, Any]) -> bool:
        """Whether a record is of these campaigns; a record without a campaign is."""
        number, name = campaign_of(record), record.get(CAMPAIGN_NAME)
        if not number:
            return name in (None, "") or not self.names or str(name) in self.names
        return number in self.ids or str(name) in self.names


async def find_scope(
    client: DiallerClient, campaign: CampaignSettings, batches: Iterable[list[Any]], *, extras: bool
) -> tuple[Scope, int | None]:
    """Return the campaigns in scope, and the ID of the one to list; None: the whole account is listed.

    ``batches`` hold (place in the run, UserData, JSON) of the valid rows, which may name campaigns of their own.

    Raises:
        NoRowCanSucceed: the dialler has no campaign of this name, or several.
        RequestError: the dialler does not answer.
    """
    if campaign.several:
        rows = (orjson.loads(body) for batch in batches for _, _, body in batch)
        named = {str(fields.get("DiallerCampaignsID") or fields.get(CAMPAIGN_NAME)) for fields in rows}
        named.update(campaign.named)  # one that no row goes to any more may hold contacts still
        return Scope(frozenset(named), frozenset(named), moved=True, extras=extras), None
    number = campaign.id if campaign.name is None else await campaign_id(client, campaign.name)
    names = frozenset({campaign.name} if campaign.name else ())
    return Scope(frozenset({str(number)}), names, extras=extras), number
