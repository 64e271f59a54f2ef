"""Check the folders at addresses that the configuration names, before a night needs them."""

from __future__ import annotations

from collections.abc import Iterator

from ..config import Settings
from ..errors import DiallerSyncError, UsageError
from ..exit_codes import ExitCode
from ..fetch.folder import RemoteFolder
from ..files.url import Url
from ..text.phrase import figure, phrase
from .check import Check, failed, fine


def check_addresses(settings: Settings) -> Iterator[Check]:
    """List each folder at an address; nothing is put there."""
    for name in ("dir", "answers"):
        url = getattr(settings.inbox, name)
        if isinstance(url, Url):
            yield _listed(f"inbox.{name}", url, settings)


def _listed(name: str, url: Url, settings: Settings) -> Check:
    try:
        number = len(RemoteFolder(url, settings.sources).listed())
    except DiallerSyncError as error:
        code = ExitCode.USAGE if isinstance(error, UsageError) else ExitCode.INPUT
        return failed(name, "; ".join(error.args), phrase("make the folder, or correct inbox: and sources:"), code)
    return fine(name, phrase("{url} can be listed ({number} entries)", url=url, number=figure(number)))
