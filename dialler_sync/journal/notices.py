"""Notices about the runs of a campaign: delivered ones, and those still to be delivered."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from ..text.outward import outward
from ..text.phrase import phrase
from .cells import notice_of
from .runs import Runs
from .schema import notices

_log = logging.getLogger(__name__)


class Notice(NamedTuple):
    """One call of a webhook. ``body`` is its JSON; the address is not stored, as it may hold a secret."""

    id: int
    event: str
    body: Mapping[str, Any]


class NewNotice(NamedTuple):
    """A notice to be stored. ``delivered``: one that only says how things stand."""

    target: str
    event: str
    body: Mapping[str, Any]
    delivered: bool = False


class Notices(Runs):
    """The notices of the journal."""

    def add_notices(self, found: Iterable[NewNotice]) -> None:
        """Store notices until they are delivered; all of them, or none."""
        with self._begin() as connection:
            for notice in found:
                text = json.dumps(outward(notice.body), ensure_ascii=False)
                connection.execute(sa.insert(notices).values({**notice._asdict(), "body": text}))

    def undelivered(self, target: str) -> list[Notice]:
        """Return the undelivered notices, the oldest first; one that is not as this program writes it is dropped."""
        columns = notices.c.id, notices.c.event, notices.c.body
        query = sa.select(*columns).where(notices.c.target == target, ~notices.c.delivered).order_by(notices.c.id)
        with self._begin() as connection:
            found = [(number, event, notice_of(body)) for number, event, body in connection.execute(query)]
        for number, _, body in found:
            if body is None:
                said = phrase(
                    "notify: message {number} about {what} in the journal is not readable, and is not delivered.",
                    number=number,
                    what=target,
                )
                _log.warning(said)
                self.settle_notice(number)
        return [Notice(number, event, body) for number, event, body in found if body is not None]

    def settle_notice(self, number: int) -> None:
        """Mark a notice as delivered."""
        with self._begin() as connection:
            connection.execute(sa.update(notices).where(notices.c.id == number).values(delivered=True))

    def last_event(self, *targets: str) -> str:
        """Return the newest event of these targets, delivered or not; ``""`` if there is none."""
        query = sa.select(notices.c.event).where(notices.c.target.in_(targets)).order_by(notices.c.id.desc()).limit(1)
        with self._begin() as connection:
            return connection.scalar(query) or ""
