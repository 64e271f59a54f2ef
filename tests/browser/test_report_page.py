"""``report.html`` as its readers meet it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dialler_sync.error_codes import ERROR_CODES
from dialler_sync.model import Status
from dialler_sync.report.html import HtmlReport
from tests.helpers.report_samples import COLUMNS, HOSTILE, cells_of, rejected, result_of, summary_of, write_html

from .conftest import Open

CODES = ("email_invalid", "phone_invalid", "name_missing", "too_long")
MANY = 50_000


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """Sixty rows that did not succeed, one in ten of them unknown, among eighty; three runs before."""
    rows = [(result_of(row), cells_of(row)) for row in range(2, 22)]
    for n in range(60):
        row, code = 22 + n, CODES[n % 4]
        result = rejected(row, code, "Email", error=f"Wrong {99 - n}.")
        if n % 10 == 0:
            result = result_of(row, Status.UNKNOWN, error_code="timeout", error="no answer", attempts=2)
        rows.append((result, cells_of(row, Notes="call Öztürk" if n == 7 else "")))
    history = [summary_of([result_of(2)] * n) for n in (70, 80, 90)]
    for name in ("results.csv", "failed.csv", "summary.json"):
        (tmp_path / name).touch()
    write_html(tmp_path / "report.html", rows, history=history)
    return tmp_path / "report.html"


@pytest.fixture(scope="module")
def huge_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More rows that did not succeed than a page lists."""
    path = tmp_path_factory.mktemp("huge") / "report.html"
    report = HtmlReport([COLUMNS], {})
    for row in range(2, MANY + 12):
        report.add(rejected(row, CODES[row % 4], error=f"Wrong {row * 7919 % 99_991}."), 0, cells_of(row))
    summary = summary_of([rejected(2)] * (MANY + 10))
    report.write(path, summary, [])
    return path


def rows_of(page: Any) -> list[list[str]]:
    """The cells of the table's rows, as they are read."""
    return [
        [cell.strip() for cell in row]
        for row in page.locator("#records tbody tr:not(.details)").evaluate_all(
            "rows => rows.map(row => [...row.cells].map(cell => cell.innerText))"
        )
    ]


def numbers_of(page: Any) -> list[int]:
    return [int(row[0].replace(",", "")) for row in rows_of(page)]


def choose(page: Any, label: str, value: str) -> None:
    page.get_by_role("search").get_by_label(label).select_option(value)


def settled(page: Any) -> str:
    """Wait until the page has found what was asked for; gives what it says of it."""
    page.wait_for_selector("#records:not([aria-busy])")
    return str(page.inner_text("#records .found"))


def test_the_page_says_how_the_run_went(report: Path, open_page: Open) -> None:
    page = open_page(report)

    assert page.inner_text("h1") == "60 of 80 rows did not succeed"
    assert "read" in page.inner_text(".counts tfoot") and "80" in page.inner_text(".counts tfoot")
    assert page.locator(".group").count() == 5
    assert page.locator(".multiples figure").count() == 5
    assert settled(page) == "Rows 1–25 of 60"
    assert rows_of(page)[1] == ["23", "Name 23", "K23", "rejected", "phone_invalid", "Wrong 98."]


def test_search_finds_text_in_all_columns_and_in_the_original_cells(report: Path, open_page: Open) -> None:
    page = open_page(report)

    page.get_by_label("Search").fill("öztürk CALL")

    assert settled(page) == "Rows 1–1 of 1 found among 60"
    assert numbers_of(page) == [29]
    page.get_by_label("Search").fill("no such thing")
    assert settled(page) == "No row is like that."
    page.get_by_role("button", name="Clear").click()
    page.locator(".found", has_text="Rows 1–25 of 60").wait_for()


def test_outcome_and_reason_filter_together(report: Path, open_page: Open) -> None:
    page = open_page(report)

    choose(page, "Outcome", "unknown")
    assert settled(page) == "Rows 1–6 of 6 found among 60"
    assert {row[3] for row in rows_of(page)} == {"unknown"}

    choose(page, "Reason", "too_long")
    assert settled(page) == "No row is like that."


def test_a_row_with_several_reasons_is_found_under_each(tmp_path: Path, open_page: Open) -> None:
    rows = [
        (rejected(2, "email_invalid; too_long", "Email; City"), cells_of(2)),
        (rejected(3, "too_long"), cells_of(3)),
    ]
    write_html(tmp_path / "report.html", rows)
    page = open_page(tmp_path / "report.html")

    for code, found in (("email_invalid", [2]), ("too_long", [2, 3])):
        choose(page, "Reason", code)
        settled(page)
        assert numbers_of(page) == found


def test_columns_sort_both_ways_and_numbers_in_texts_by_their_value(report: Path, open_page: Open) -> None:
    page = open_page(report)
    header = page.get_by_role("columnheader", name="What is wrong")

    header.get_by_role("button").click()
    settled(page)
    assert [row[5] for row in rows_of(page)][6:9] == ["Wrong 40.", "Wrong 41.", "Wrong 42."]
    assert header.get_attribute("aria-sort") == "ascending"

    header.get_by_role("button").click()
    settled(page)
    assert rows_of(page)[0][5] == "Wrong 98."
    assert header.get_attribute("aria-sort") == "descending"


def test_pages_are_turned_and_end_at_the_ends(report: Path, open_page: Open) -> None:
    page = open_page(report)
    pager = page.get_by_role("navigation", name="Pages of the table")

    pager.get_by_role("button", name="Next").click()
    assert settled(page) == "Rows 26–50 of 60"
    pager.get_by_role("button", name="Last").click()
    assert settled(page) == "Rows 51–60 of 60"
    assert pager.get_by_role("button", name="Next").get_attribute("aria-disabled") == "true"


def test_a_reason_leads_to_its_rows(report: Path, open_page: Open) -> None:
    page = open_page(report)

    page.locator(".group", has_text="name_missing").get_by_role("link").click()

    assert settled(page).endswith("found among 60")
    assert {row[4] for row in rows_of(page)} == {"name_missing"}
    assert page.url.endswith("#rows")


def test_a_row_opens_by_keyboard_and_shows_what_to_do_and_its_original_cells(report: Path, open_page: Open) -> None:
    page = open_page(report)
    toggle = page.get_by_role("button", name="Row 23: all details")

    toggle.focus()
    page.keyboard.press("Enter")

    details = page.locator("#records .details")
    assert toggle.get_attribute("aria-expanded") == "true"
    assert "What to do\nMend it." in details.inner_text()
    assert "Phone\n0171 3920012" in details.inner_text()
    page.keyboard.press("Enter")
    assert details.count() == 0


def test_all_controls_are_reached_by_tab(report: Path, open_page: Open) -> None:
    page = open_page(report)
    focused = "document.activeElement.textContent.trim() || document.activeElement.tagName"

    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "Skip to the outcome"
    reached = set()
    while (at := page.evaluate(focused)) != "summary.json":
        reached.add(at)
        page.keyboard.press("Tab")

    assert {"INPUT", "Clear", "Next", "What is wrong", "The same as a table", "failed.csv"} <= reached


def test_a_row_that_holds_script_stays_text(tmp_path: Path, open_page: Open) -> None:
    """In the table, in its filters and in the opened row."""
    attack = f'{HOSTILE}<img src=x onerror="document.title=1">'
    row = rejected(2, attack, attack, user_data=attack, error=attack, hint=attack, file=attack)
    write_html(tmp_path / "report.html", [(row, [attack] * 5)], campaign=attack, stopped_because=attack)
    page = open_page(tmp_path / "report.html")

    title = page.title()
    page.locator("#records .toggle").click()

    assert rows_of(page)[0][5] == attack
    assert page.locator("#records .details dd").last.inner_text() == attack
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 2
    assert page.title() == title != "1"


def test_fifty_thousand_rows_keep_the_document_small(huge_report: Path, open_page: Open) -> None:
    """However many rows are found, only one page of them is in the document."""
    page = open_page(huge_report)

    def elements() -> int:
        return int(page.evaluate("document.querySelectorAll('*').length"))

    assert settled(page) == f"Rows 1–25 of {MANY:,}"
    assert f"The first {MANY:,} of {MANY + 10:,} are listed here" in page.inner_text("#rows")
    before = elements()
    page.get_by_label("Search").fill("wrong")
    assert settled(page) == f"Rows 1–25 of {MANY:,}"
    page.get_by_role("columnheader", name="What is wrong").get_by_role("button").click()
    settled(page)
    assert rows_of(page)[0][5] in {f"Wrong {n}." for n in range(10)}
    page.get_by_role("button", name="Last").click()
    assert settled(page) == f"Rows {MANY - 24:,}–{MANY:,} of {MANY:,}"
    assert page.locator("#records tbody tr").count() == 25
    assert elements() == before < 1_500


def test_typing_on_ends_a_search_that_is_under_way(huge_report: Path, open_page: Open) -> None:
    """The answer on the page is always that to the last question."""
    page = open_page(huge_report)

    page.get_by_label("Search").press_sequentially("K49999", delay=0)

    page.locator(".found", has_text="Rows 1–1 of 1 ").wait_for()
    assert numbers_of(page) == [49_999]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_it_is_accessible_in_both_themes_and_on_a_phone(report: Path, open_page: Open, scheme: str, width: int) -> None:
    """Contrast, names, roles, headings, as axe-core (WCAG 2 A and AA, and best practice) sees them."""
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(report, color_scheme=scheme, viewport={"width": width, "height": 800})
    page.locator("#records .toggle").first.click()
    page.get_by_text("The same as a table").click()

    found = Axe().run(page)

    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_themes_differ(report: Path, open_page: Open) -> None:
    def ground(scheme: str) -> str:
        return str(open_page(report, color_scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor"))

    assert ground("light") != ground("dark")


def test_print_is_light_and_without_controls(report: Path, open_page: Open) -> None:
    page = open_page(report, color_scheme="dark")

    page.emulate_media(media="print")

    assert not page.locator(".tools").is_visible()
    assert page.locator(".records").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_without_javascript_reasons_and_numbers_are_still_there(report: Path, open_page: Open) -> None:
    page = open_page(report, java_script_enabled=False)

    assert page.locator(".group").count() == 5
    assert "needs JavaScript; failed.csv" in page.inner_text("#rows")


def test_every_code_has_a_glyph_and_every_status_its_colour(tmp_path: Path, open_page: Open) -> None:
    """A status is told apart by more than its colour, and its colour is there."""
    rows = [(result_of(2 + n, status, error_code="too_long"), cells_of(2)) for n, status in enumerate(Status)]
    write_html(tmp_path / "report.html", rows, stopped_because="x", exit_code=5)
    page = open_page(tmp_path / "report.html")

    fills = page.locator(".outcome rect").evaluate_all("all => all.map(one => getComputedStyle(one).fill)")
    glyphs = page.locator(".counts .glyph use").evaluate_all(
        "all => all.map(one => one.getBBox().height > 0 || one.getBBox().width > 0)"
    )
    assert len(set(fills)) == len(Status)
    assert glyphs == [True] * len(Status)
    assert ERROR_CODES["too_long"].meaning in page.inner_text("#reasons")
