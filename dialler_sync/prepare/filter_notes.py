"""What is to be said of the filters of a run, once every row was read."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from ..mapping.filters import RowFilters, RuleTally
from ..text.phrase import figure, phrase
from ..text.spreadsheet import one_line

_log = logging.getLogger(__name__)

_NEARLY_ALL = 0.9
"""Share of the rows beyond which a rule is perhaps not what was meant."""


def tell_filters(filters: Sequence[RowFilters]) -> None:
    """Note values that no row has, and warn of rules that leave out nearly all rows; all files of a run together."""
    rows = sum(each.rows for each in filters)
    if not rows:
        return
    for tallies in zip(*(each.tallies for each in filters), strict=True):
        rule = tallies[0]
        name = f"rows.{rule.kind}, {one_line(rule.column)}"
        if never := _never_met(tallies):
            _log.info(
                phrase(
                    "{name}: no row has {values}. Is it spelled as in the list?",
                    name=name,
                    values=", ".join(map(repr, never)),
                )
            )
        left_out = sum(each.left_out for each in tallies)
        if left_out > rows * _NEARLY_ALL:
            counts = {"left_out": figure(left_out), "rows": figure(rows)}
            _log.warning(phrase("{rule} leaves out {left_out} of {rows} rows. Is that intended?", rule=name, **counts))


def _never_met(tallies: Sequence[RuleTally]) -> list[str]:
    """Values of a rule that no file has."""
    met = set().union(*(each.met for each in tallies))
    return [value for folded, value in tallies[0].listed.items() if folded not in met]
