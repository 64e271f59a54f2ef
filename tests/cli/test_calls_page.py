"""``calls.html`` beside a list of calls: by list, and without phone numbers where it is asked for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run
from .test_calls import BUSY, SALE, ago, call, contacts

HEAD = "Kundennr;Name;Telefon\n"


def rows(*numbers: int) -> str:
    return "".join(f"K{number};Meier;+491713920{number:04}\n" for number in numbers)


def by_list(page: str) -> dict[str, list[str]]:
    """List → called, reached, share, done, calls."""
    table = page[page.index("<caption>By list") :].split("</table>", maxsplit=1)[0]
    found = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', table)
    return {name: re.findall(r'<td class="number">(.*?)</td>', cells) for name, cells in found}


def test_it_counts_by_the_list_that_a_contact_came_from(
    run: Run, configure: Configure, dialler: SimulatorServer
) -> None:
    """A retry belongs to the list that it retries; what nobody imported is in a line of its own."""
    configure(columns={"UserData": "Kundennr", "Name": "Name", "PhoneNumber1": "Telefon"})
    Path("berlin.csv").write_text(HEAD + rows(1, 2), encoding="utf-8")
    Path("hamburg.csv").write_text(HEAD + rows(3) + "K4;Meier;12\n", encoding="utf-8")
    Path("moved.csv").write_text(HEAD + rows(2), encoding="utf-8")
    run("import", "berlin.csv", "moved.csv")
    first = run("import", "hamburg.csv").reports
    assert first
    mended = first / "failed.csv"
    mended.write_text(mended.read_text(encoding="utf-8-sig").replace(",12,", ",+4917139200004,"), encoding="utf-8")
    assert run("import", str(mended)).code == ExitCode.OK
    dialler.store.add(Name="Other", UserData="K5", PhoneNumber1="+4917139200005")
    for contact, record in dialler.store.contacts.items():
        code = SALE if record["UserData"] in {"K1", "K4"} else BUSY
        dialler.store.add_call(contact, **call(ago(hours=2), code=code))

    done = run("calls", "--since", "last", "--to", "calls.csv")

    assert done.code == ExitCode.OK, done.err
    assert by_list(Path("calls.html").read_text(encoding="utf-8")) == {
        "berlin.csv": ["1", "1", "100 %", "1", "1"],
        "moved.csv": ["1", "1", "100 %", "0", "1"],
        "hamburg.csv": ["2", "2", "100 %", "1", "2"],
        "in no imported list": ["1", "1", "100 %", "0", "1"],
    }


def test_no_list_is_shown_where_none_is_known(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    configure()
    dialler.store.add_call(contacts(dialler.store, 1)[0], **call(ago(hours=2)))

    run("calls", "--to", "calls.csv")

    assert "By list" not in Path("calls.html").read_text(encoding="utf-8")


def test_it_hides_phone_numbers(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """``--mask`` is for the page; the list is for a program, and whole."""
    configure()
    number = "+4917139200001"
    contact = dialler.store.add(Name=f"Meier {number}", UserData="K1", PhoneNumber1=number, bPhoneNumber1Invalid=True)
    dialler.store.add_call(contact, **call(ago(hours=2), number=number))

    run("calls", "--to", "plain.csv")
    plain = Path("calls.html").read_text(encoding="utf-8")
    run("calls", "--mask", "--to", "calls.csv")

    page = Path("calls.html").read_text(encoding="utf-8")
    assert number in plain
    assert number not in page
    assert "Phone numbers are hidden" in page
    assert number in Path("calls.csv").read_text(encoding="utf-8-sig")
    assert number in Path("invalid-numbers.csv").read_text(encoding="utf-8-sig")


@pytest.mark.parametrize("more", [(), ("--contacts", "--to", "contacts.csv")])
def test_without_a_page_there_is_nothing_to_mask(run: Run, configure: Configure, more: tuple[str, ...]) -> None:
    configure()

    done = run("calls", "--mask", *more)

    assert done.code == ExitCode.USAGE
    assert "--mask is for calls.html" in done.err


def test_the_page_of_each_night_shows_invalid_numbers_without_a_file(
    run: Run, configure: Configure, dialler: SimulatorServer
) -> None:
    """A program that takes each CSV of the folder would take them for calls."""
    configure()
    dialler.store.add(Name="Meier", UserData="K1", PhoneNumber1="+4917139200001", bPhoneNumber1Invalid=True)

    run("calls", "--since", "last", "--to", "calls.csv")

    page = Path("calls.html").read_text(encoding="utf-8")
    assert "+4917139200001" in page
    assert "without <code>--since last</code> also writes them as a list" in page
    assert not Path("invalid-numbers.csv").exists()
