"""``calls.html``: what came of the contacts, for people; and beside it the numbers that the dialler found invalid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from ..text.forms import day, duration, listed, percent
from ..text.phrase import counted, figure, mark, phrase
from . import charts
from .calls_charts import Spread, day_spread, hour_spread
from .calls_tally import MANY_CALLS, OTHERS, Answer, Call, CallsTally, Contacts, Counts
from .invalid_numbers import FILE, InvalidNumber, invalid_numbers, tells_invalid, write_invalid_numbers
from .masking import mask_key, mask_phone_cell, mask_phones
from .page import write_page

_LISTED = 100
"""Most invalid numbers in the page; the file has all."""

_MOST_BARS = 40

ANSWERS: Mapping[Answer, tuple[str, str, str]] = {
    Answer.REACHED: ("succeeded", mark("reached"), mark("answered at least once")),
    Answer.MISSED: ("unprocessed", mark("not reached"), mark("called, but nobody answered")),
    Answer.GOING_ON: ("skipped", mark("going on"), mark("not answered yet, and still going on")),
    Answer.NOT_TOLD: ("unknown", mark("not told"), mark("the dialler does not say whether anybody answered")),
}
"""Tone, name and meaning of each answer, in the order of the page."""


class CallsPage:
    """Counts calls, each once and in any order; then writes the page.

    ``files`` maps UserData to the name of the file that the contact came from; ``mask`` hides phone numbers;
    ``with_file`` writes ``invalid-numbers.csv`` beside the page. Times are shown as the dialler tells them; those that
    name their time zone are shown in that of this machine.
    """

    def __init__(
        self,
        files: Mapping[str, str] | None = None,
        *,
        mask: bool = False,
        with_file: bool = True,
    ) -> None:
        self._with_file = with_file
        self._files = files
        self._mask = mask
        self._tally = CallsTally(files)
        self._invalid: dict[tuple[str, str], InvalidNumber] = {}
        self._invalid_told = False

    def add(self, call: Call) -> None:
        """Count a line of a list of calls."""
        self._tally.add(call)

    def add_contact(self, record: Mapping[str, Any]) -> None:
        """Note the invalid numbers of a contact, from its record in the dialler."""
        self._invalid_told = self._invalid_told or tells_invalid(record)
        for found in invalid_numbers(record):
            self.add_invalid(found)

    def add_invalid(self, number: InvalidNumber) -> None:
        """Note an invalid number."""
        self._invalid_told = True
        self._invalid[number.contact_id or number.user_data, number.field] = number

    def invalid_keys(self) -> list[str]:
        """Return the UserData of the contacts with invalid numbers."""
        return list(dict.fromkeys(number.user_data for number in self._invalid.values()))

    def write(self, path: Path, facts: Sequence[tuple[str, str]] = (), contacts: int | None = None) -> str:
        """Write the page, and return its first line: ``121 of 190 contacts reached``.

        ``invalid-numbers.csv`` is written beside it if contacts were added whose records tell of invalid numbers.
        ``facts`` are names and values for its end; ``contacts`` is the number of contacts that were asked about.

        Raises:
            JournalError: a file cannot be written.
        """
        if self._invalid_told and self._with_file:
            write_invalid_numbers(path.with_name(FILE), self._invalid.values(), self._files or {})
        tally, found = self._tally, self._tally.contacts()
        answers = tally.settled()
        verdict, tone = _verdict(found, tally.calls)
        context = {
            "verdict": verdict,
            "tone": tone,
            "calls": tally.calls,
            "mask": self._mask,
            "period": _period({day for day, _ in tally.days}),
            "campaigns": [self._shown(name) for name in tally.campaigns() if name],
            "tiles": _tiles(tally, found, contacts) if tally.calls else (),
            "answers": [
                (tone, phrase(name), phrase(meaning), found.answers.get(each, 0), answers[each])
                for each, (tone, name, meaning) in ANSWERS.items()
            ],
            "called": found.called,
            "answer_bar": charts.stacked_bar({ANSWERS[each][0]: found.answers.get(each, 0) for each in ANSWERS}),
            "remarks": _remarks(tally, answers),
            "by_campaign": self._groups(found.by_campaign, phrase("the dialler does not say")),
            "by_file": self._groups(found.by_file, phrase("in no imported list"))
            if any(e.name for e in found.by_file)
            else (),
            "results": self._results(),
            "tries": found.tries,
            "many": MANY_CALLS,
            "done_told": found.done is not None,
            "spreads": self._spreads(),
            "invalid": [self._line(number) for number in list(self._invalid.values())[:_LISTED]],
            "invalid_count": len(self._invalid),
            "invalid_told": self._invalid_told,
            "invalid_file": FILE if self._with_file else "",
            "facts": [(name, self._shown(value)) for name, value in facts],
        }
        write_page(path, "calls.html.j2", context)
        return verdict

    def _spreads(self) -> list[Spread]:
        spreads = (day_spread(self._tally.days), hour_spread(self._tally.hours))
        return [spread for spread in spreads if spread]

    def _groups(self, groups: Iterable[Counts], nameless: str) -> list[Counts]:
        return [each._replace(name=self._shown(each.name) or nameless) for each in groups]

    def _results(self) -> list[charts.Bar]:
        results = self._tally.results()
        shown = [(_result(code, text), calls) for code, text, calls, _ in results[:_MOST_BARS]]
        if rest := sum(calls for _, _, calls, _ in results[_MOST_BARS:]):
            shown.append((phrase(OTHERS), rest))
        return charts.bars((self._shown(name), calls, figure(calls)) for name, calls in shown)

    def _line(self, number: InvalidNumber) -> Sequence[str]:
        file = (self._files or {}).get(number.user_data, "")
        if not self._mask:
            return (*number, file)
        shown = number._replace(
            number=mask_phone_cell(number.number), user_data=mask_key(number.user_data), name=mask_phones(number.name)
        )
        return (*shown, file)

    def _shown(self, text: str) -> str:
        return mask_phones(text) if self._mask else text


def write_calls_page(
    path: Path,
    calls: Iterable[Call],
    *,
    contacts: Iterable[Mapping[str, Any]] = (),
    files: Mapping[str, str] | None = None,
    asked: int | None = None,
    facts: Sequence[tuple[str, str]] = (),
) -> str:
    """Write ``calls.html`` from lines of calls and contacts' records, as :meth:`CallsPage.write` does.

    For the other arguments see :class:`CallsPage`; ``asked`` is the number of contacts that were asked about.

    Raises:
        JournalError: a file cannot be written.
    """
    page = CallsPage(files)
    for call in calls:
        page.add(call)
    for record in contacts:
        page.add_contact(record)
    return page.write(path, facts, asked)


def _verdict(found: Contacts, calls: int) -> tuple[str, str]:
    """Return the page's first line, and the status that colours it."""
    if not calls:
        return phrase("No calls"), "skipped"
    if not found.called:
        return counted(
            calls,
            "{count} call; the dialler does not say to whom",
            "{count} calls; the dialler does not say to whom",
        ), "unknown"
    reached, untold = found.answers[Answer.REACHED], found.answers[Answer.NOT_TOLD]
    if untold == found.called:
        return counted(
            untold,
            "{count} contact called; the dialler does not say who was reached",
            "{count} contacts called; the dialler does not say who was reached",
        ), "unknown"
    said = [
        counted(
            found.called,
            "{reached} of {count} contact reached",
            "{reached} of {count} contacts reached",
            reached=figure(reached),
        )
    ]
    if untold:
        said.append(phrase("unknown for {count}", count=figure(untold)))
    return "; ".join(said), "succeeded" if reached else "unprocessed"


def _tiles(tally: CallsTally, found: Contacts, asked: int | None) -> list[tuple[str, str, str]]:
    """Return label, value and remark of the main numbers."""
    reached, untold = (found.answers.get(answer, 0) for answer in (Answer.REACHED, Answer.NOT_TOLD))
    done = (phrase("not told"), "")
    if found.done is not None:
        done = (figure(found.done), percent(found.done, found.called))
    talks = (phrase("not told") if reached else phrase("none"), "")
    if tally.talks:
        remark = phrase("on average, {time} in all", time=duration(tally.talked))
        talks = duration(round(tally.talked / tally.talks)), remark
    of_all = phrase("of {total}", total=figure(asked)) if asked is not None else ""
    a_contact = phrase("{calls} a contact", calls=figure(tally.calls / found.called, 1)) if found.called else ""
    return [
        (phrase("Contacts called"), figure(found.called), of_all),
        (phrase("Contacts reached"), figure(reached), percent(reached, found.called - untold)),
        (phrase("Contacts done"), *done),
        (phrase("Calls"), figure(tally.calls), a_contact),
        (phrase("Talks"), *talks),
    ]


def _remarks(tally: CallsTally, answers: Mapping[Answer, int]) -> list[str]:
    remarks = []
    if missing := tally.not_told:
        remarks.append(phrase("The dialler does not give {facts} for any call.", facts=listed(missing)))
    if answers[Answer.NOT_TOLD]:
        remarks.append(
            counted(
                answers[Answer.NOT_TOLD],
                "For {count} call the dialler does not say whether anybody answered: they count neither as reached nor "
                "as not reached, and in no percentage.",
                "For {count} calls the dialler does not say whether anybody answered: they count neither as reached "
                "nor as not reached, and in no percentage.",
            )
        )
    if tally.without_contact:
        remarks.append(
            counted(
                tally.without_contact,
                "Without a contact: {count} call, not included in any number of contacts.",
                "Without a contact: {count} calls, not included in any number of contacts.",
            )
        )
    if tally.updated:
        remarks.append(
            counted(
                tally.updated,
                "Reported earlier, and changed since: {count} call.",
                "Reported earlier, and changed since: {count} calls.",
            )
        )
    return remarks


def _period(days: set[date]) -> str:
    if not days:
        return ""
    first, last = min(days), max(days)
    begin, end = (day(of, mark("%d %b %Y")).removeprefix("0") for of in (first, last))
    return begin if begin == end else f"{begin} – {end}"


def _result(code: str, text: str) -> str:
    if not code:
        return phrase("no result code")
    return code if text in ("", code) else f"{code} – {text}"
