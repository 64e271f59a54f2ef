"""The text of a fault plan: what it may say, and what is said of what it may not."""

from __future__ import annotations

import pytest

from dialler_sync.errors import UsageError
from dialler_sync.simulator import FaultPlan, Span
from dialler_sync.simulator.faults import KINDS, Fault, FaultDice
from dialler_sync.simulator.routes import FUNCTIONS

IMPORT = frozenset({"import"})
ALL = frozenset(FUNCTIONS)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("500_after:0.05", Fault("500_after", IMPORT, 0.05)),
        ("drop_before:3%", Fault("drop_before", IMPORT, 0.03)),
        ("429:0.02:retry_after=1", Fault("429", IMPORT, 0.02, retry_after=Span(1, 1))),
        ("429:1:retry_date=1-3", Fault("429", IMPORT, 1, retry_after=Span(1, 3), retry_date=True)),
        ("401_from:500", Fault("401_from", ALL, first=500)),
        ("401_from:5:on=import", Fault("401_from", IMPORT, first=5)),
        ("down:100-200", Fault("down", ALL, first=100, last=200)),
        ("502_after:#3", Fault("502_after", IMPORT, first=3, last=3)),
        ("502_after:#3-5:on=all", Fault("502_after", ALL, first=3, last=5)),
        ("400_for:K-1|a%2Cb", Fault("400_for", IMPORT, user_data=frozenset({"K-1", "a,b"}))),
        ("late_after:1:seconds=1-2:for=K", Fault("late_after", IMPORT, seconds=Span(1, 2), user_data=frozenset({"K"}))),
        ("reset_after:1:on=lock", Fault("reset_after", frozenset({"lock_by_id", "lock_by_user_data"}))),
        ("on=lookup|get,reset_after:1", Fault("reset_after", frozenset({"lookup", "get"}))),
    ],
)
def test_a_plan_is_read(text: str, fault: Fault) -> None:
    """Each form that the module describes."""
    plan = FaultPlan.parse(text, seed=3)

    assert plan == FaultPlan((fault,), 3)


def test_a_plan_has_several_faults_or_none() -> None:
    """Items are separated by commas; blanks and empty items do not matter."""
    assert [f.name for f in FaultPlan.parse(" 503:1% , drop_after:2%,").faults] == ["503", "drop_after"]
    assert FaultPlan.parse("") == FaultPlan()


def test_an_unknown_fault_names_all_that_are_known() -> None:
    """The user need not look them up."""
    with pytest.raises(UsageError) as caught:
        FaultPlan.parse("429:0.1,500_affter:0.1")

    assert "'500_affter'" in str(caught.value)
    assert all(name in str(caught.value) for name in KINDS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("429", "write 429:5%"),
        ("429:retry_after=1", "write 429:5%"),
        ("429:often", "write 429:5%"),
        ("429:1.5", "write 429:5%"),
        ("429:-1", "write 429:5%"),
        ("429:nan", "write 429:5%"),
        ("429:#0", "write 429:5%"),
        ("429:#5-3", "write 429:5%"),
        ("400_for", "write 400_for:K-17|K-18"),
        ("400_for:", "write 400_for:K-17|K-18"),
        ("down:100", "write down:100-200"),
        ("401_from:x", "write 401_from:500"),
        ("late_after:1", "write late_after:1:seconds=40"),
        ("late_after:1:seconds=soon", "'soon' is not a time in seconds"),
        ("late_after:1:seconds=3-1", "'3-1' is not a time in seconds"),
        ("late_after:1:seconds=inf", "'inf' is not a time in seconds"),
        ("429:1:retry=1", "Unknown option 'retry'"),
        ("429:1:on=imports", "Unknown function 'imports'"),
        ("on=", "Unknown function ''"),
        ("429:60%,503:50%", "add up to 110%"),
    ],
)
def test_what_is_wrong_is_said(text: str, said: str) -> None:
    """One sentence: what is wrong, and what to write."""
    with pytest.raises(UsageError, match=r"fault|Fault|seconds|function") as caught:
        FaultPlan.parse(text)

    assert said in str(caught.value)


def test_faults_on_different_functions_do_not_add_up() -> None:
    """Nor do those that strike certain requests only."""
    FaultPlan.parse("429:60%,503:60%:on=lookup,drop_after:#1-9,400_for:K-1,401_from:1")


def test_a_fault_counts_the_requests_that_it_is_limited_to() -> None:
    """The second lookup is the second lookup, however many imports there were."""
    dice = FaultDice(FaultPlan.parse("500_before:#2:on=lookup"))

    struck = [dice.choose(f, None) for f in ("import", "lookup", "import", "lookup", "lookup")]

    assert [fault.name if fault else None for fault in struck] == [None, None, None, "500_before", None]
