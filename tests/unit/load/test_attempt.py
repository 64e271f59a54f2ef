"""The states of a row that was sent: the table, and that a row takes no other way than it says."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from dialler_sync.load.attempt import TRANSITIONS, Event, State

DELIVERY = Path(__file__).parents[3] / "docs" / "delivery.md"


def table() -> str:
    """The table of transitions as docs/delivery.md shows it: a line for each state."""
    lines = ["| state | event → next state |", "|---|---|"]
    for state, ways in TRANSITIONS.items():
        by_target: dict[State, list[Event]] = defaultdict(list)
        for event, target in ways.items():
            by_target[target].append(event)
        shown = [f"{' or '.join(events)} → **{target}**" for target, events in by_target.items()]
        lines.append(f"| **{state}** | {'; '.join(shown)} |")
    return "\n".join(lines)


def test_delivery_page_shows_the_table() -> None:
    assert table() in DELIVERY.read_text(encoding="utf-8"), f"docs/delivery.md should have:\n{table()}"


def test_every_state_is_reached_and_every_way_ends() -> None:
    reached = {State.NOT_DONE}
    while more := {target for state in reached for target in TRANSITIONS.get(state, {}).values()} - reached:
        reached |= more
    assert reached == set(State)

    final = set(State) - TRANSITIONS.keys()
    assert final == {State.SUCCEEDED, State.FAILED, State.UNKNOWN, State.DOUBLED}
    for state, ways in TRANSITIONS.items():
        assert final & set(ways.values()), f"a row can stay {state} for ever"


@pytest.mark.parametrize("state", [State.SENT_AGAIN, State.SENT_AGAIN_IN_DOUBT])
def test_row_that_was_sent_again_after_a_doubt_succeeds_only_when_its_contacts_are_counted(state: State) -> None:
    assert State.SUCCEEDED not in TRANSITIONS[state].values()


def test_row_in_doubt_never_fails_nor_is_it_forgotten_that_it_was() -> None:
    """``failed`` says that the dialler does not have it."""
    for state in (State.IN_DOUBT, State.SENT_AGAIN_IN_DOUBT, State.TO_COUNT):
        assert TRANSITIONS[state][Event.GIVEN_UP] is State.UNKNOWN
        assert TRANSITIONS[state].get(Event.SENT) in (None, State.SENT_AGAIN_IN_DOUBT)
