"""``dialler-sync night``: every campaign of a folder."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import DiallerSyncError
from ..text.outward import line
from ..text.phrase import figure
from .app import App, is_quiet, settled
from .codes import IMPORTS
from .echo import echo, echo_json, say
from .logs import logs_json
from .spoken import SpokenCommand
from .until import until_given, until_option

if TYPE_CHECKING:
    from ..jobs.night import CampaignNight

_log = logging.getLogger(__name__)


@click.command(cls=SpokenCommand, codes=IMPORTS)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--quiet-for", type=click.FloatRange(min=0), metavar="SECONDS", help="As with 'import', for all inboxes.")
@click.option(
    "--page",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("reports/night.html"),
    show_default=True,
    help="Page with a row per campaign; replaced each night.",
)
@until_option
@click.option("--json", "as_json", is_flag=True, help="Print all that the night brought as one JSON object.")
@click.pass_obj
def night(app: App, folder: Path, quiet_for: float | None, page: Path, as_json: bool) -> int:
    """Import the inboxes of all configurations in DIR.

    A configuration is each *.yaml that no other one extends and whose name does not begin with '_'. Different
    diallers are filled in parallel, the campaigns of one dialler one after the other. Each list is a run of its
    own, as with 'import'. An invalid configuration, or one without inbox.dir, does not stop the others. The exit
    code is the most severe one.
    """
    from ..jobs.night import NightOptions, night_code, night_facts, run_night, tell

    given = {-1: ["--quiet"], 1: ["-v"], 2: ["-vv"]}.get(app.verbosity, [])
    began = datetime.now(UTC).isoformat(timespec="seconds")
    options = NightOptions(app.trust, app.state, given, quiet_for, _say, until_given(), app.journal_found_by())
    with app.journal() as journal:
        nights = run_night(folder, journal, options)
    tell(page, nights, began)
    settled()
    if as_json:
        echo_json(night_facts(nights, began, page))
    elif not is_quiet():
        _print(nights, page)
    return night_code(nights)


def _say(name: str, record: Mapping[str, Any]) -> None:
    """Log what the process of a campaign says."""
    level = logging.getLevelName(str(record.get("level", "info")).upper())
    facts = {key: value for key, value in record.items() if key not in {"time", "level", "message"}}
    if logs_json() or "event" not in facts:  # start and end, which are not for people
        said = DiallerSyncError(record["message"])  # harmless already
        _log.log(level, "%s: %s", name, said, extra={"facts": {"campaign": name, **facts}})


def _print(nights: Sequence[CampaignNight], page: Path) -> None:
    from ..jobs.night import night_verdict

    width = min(max(len(night.name) for night in nights), 28)
    echo(f"{'campaign':<{width}} exit lists      read succeeded   skipped   did not")
    for each in nights:
        counts = each.count("read"), each.count("succeeded"), each.count("skipped"), each.left
        numbers = " ".join(f"{figure(number):>9}" for number in counts)
        echo(f"{line(each.name)[:width]:<{width}} {each.code:>4} {len(each.runs):>5} {numbers}")
    for each in nights:
        for said in each.to_do:
            say(f"{each.name}: {said}", indent=4)
    say(f"{night_verdict(nights)}.")
    say(f"page {page}")
