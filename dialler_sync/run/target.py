"""Finds the target of a configuration: its account, and its campaign by the dialler's ID."""

from __future__ import annotations

import asyncio
import logging

from ..api.client import DiallerClient
from ..api.query import campaign_id
from ..config import Settings
from ..errors import DiallerSyncError, UsageError
from ..journal import Journal, RunRecord
from ..target import in_words, target_of
from ..text.phrase import phrase

_log = logging.getLogger(__name__)


def find_target(settings: Settings, journal: Journal, *, ask: bool = True) -> str:
    """Return the target of a configuration. The dialler gives the ID of a campaign's name, unless ``ask`` is False.

    Where it does not tell, the ID that the name had last time counts; where there is none, the name, which holds the
    whole account. What was done under the name alone counts for its ID as soon as that is known.
    """
    campaign, dialler = settings.campaign, settings.dialler.identity
    if campaign.name is None:
        return target_of(dialler, campaign_id=campaign.id)
    by_name = target_of(dialler, name=campaign.name)
    number = _asked(settings, campaign.name) if ask else None
    if number is None and (number := journal.known_id(dialler, campaign.name)) is None:
        return by_name
    target = target_of(dialler, campaign_id=number)
    journal.rename_target(by_name, target)
    return target


def check_target(run: RunRecord, target: str) -> None:
    """Refuse a run that belongs to another dialler or campaign.

    Raises:
        UsageError: it does.
    """
    if run.target != target:
        raise UsageError(
            phrase(
                "run {run} was for {target}, but the configuration names {other}. Name the right "
                "configuration with -c (it was {config_path}), or use --config-of-run. If the configuration has been "
                "corrected since, import the list again.",
                run=run.id,
                target=in_words(run.target),
                other=in_words(target),
                config_path=run.config_path,
            )
        )


def _asked(settings: Settings, name: str) -> int | None:
    """Return the dialler's ID of a campaign's name; one try, as the run itself reports a silent dialler."""

    async def asked() -> int:
        dialler = settings.dialler.model_copy(update={"retries": 0})
        async with DiallerClient(dialler) as client:
            return await campaign_id(client, name)

    try:
        return asyncio.run(asked())
    except DiallerSyncError as error:
        _log.debug("the ID of campaign %s is not known: %s", name, error)
        return None
