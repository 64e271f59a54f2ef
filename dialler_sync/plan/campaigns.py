"""Checks, before anything is sent, that the dialler has the campaigns of routes and shares."""

from __future__ import annotations

import logging

from ..api.client import DiallerClient
from ..api.fatal import is_of_every_request, reason
from ..api.query import calling, persisting, unknown_campaigns
from ..config.campaign import CampaignSettings
from ..errors import NoRowCanSucceed, Refused, RequestError
from ..text.command_line import command
from ..text.phrase import phrase

_log = logging.getLogger(__name__)


async def require_campaigns(client: DiallerClient, settings: CampaignSettings) -> None:
    """Check the campaigns, if the configuration names several.

    Raises:
        NoRowCanSucceed: the dialler lacks some, or has several of one name.
        StopRun: the dialler does not answer.
    """
    if not settings.named:
        return
    try:
        with calling(client, "list_campaigns"):
            campaigns = await persisting(client, client.list_campaigns)
    except RequestError as error:
        if isinstance(error, Refused) and not is_of_every_request(error):
            _log.warning(
                phrase("cannot check whether the dialler has the campaigns under campaign: ({error})", error=error)
            )
            return
        raise reason(error) from error
    if problems := unknown_campaigns(settings.named, campaigns):
        raise NoRowCanSucceed(
            phrase(
                "campaign: {problems}. '{command}' shows which it has. Nothing was sent.",
                problems="; ".join(problems),
                command=command("campaigns", "list"),
            )
        )
