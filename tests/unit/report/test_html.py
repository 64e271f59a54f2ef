"""``report.html``: one complete file that is safe to open."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import stat
import tracemalloc
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import pytest

from dialler_sync.error_codes import WARNINGS
from dialler_sync.model import Action, Reason, Status
from dialler_sync.report.html import HtmlReport

from ...helpers.report_samples import COLUMNS, HOSTILE, cells_of, rejected, result_of, summary_of, write_html


@dataclass
class Page(HTMLParser):
    """The parts of a page that these tests need, as a browser would parse them."""

    text: str = ""
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    raw: dict[str, list[str]] = field(default_factory=lambda: {"style": [], "script": [], "data": []})
    _inside: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in ("style", "script"):
            self._inside = "data" if dict(attrs).get("type") == "application/json" else tag
            self.raw[self._inside].append("")

    def handle_endtag(self, tag: str) -> None:
        self.text += " "
        if tag in ("style", "script"):
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.raw[self._inside][-1] += data
        else:
            self.text += data

    @property
    def words(self) -> str:
        return " ".join(self.text.split())

    def attributes(self, name: str) -> list[str]:
        return [attributes[name] or "" for _, attributes in self.elements if name in attributes]


def page_of(html: str) -> Page:
    page = Page()
    page.feed(html)
    page.close()
    return page


MIXED = [
    (result_of(2), cells_of(2)),
    (result_of(3, Status.SKIPPED, action=Reason.UNCHANGED), cells_of(3)),
    (rejected(4), cells_of(4)),
    (result_of(5, Status.UNKNOWN, error_code="timeout", error="no answer", http_status=None, attempts=6), cells_of(5)),
]


def test_counts_stand_in_a_table_that_adds_up(tmp_path: Path) -> None:
    html = write_html(tmp_path / "report.html", MIXED)

    table = html[html.index('<table class="counts">') : html.index("</table>")]
    counts = [int(found.replace(",", "")) for found in re.findall(r'<td class="number">([\d,]+)</td>', table)]
    assert sum(counts[:-1]) == counts[-1] == 4
    assert "2 of 4 rows did not succeed" in page_of(html).words


def test_reasons_tell_meaning_mend_and_examples(tmp_path: Path) -> None:
    words = page_of(write_html(tmp_path / "report.html", MIXED)).words

    assert "email_invalid rejected This is not a valid e-mail address. What to do: Correct the address" in words
    assert "Row 4, Name 4 That is wrong." in words
    assert "timeout unknown" in words


def test_nothing_from_a_file_or_the_dialler_is_markup(tmp_path: Path) -> None:
    """File names, keys, cells, errors, hints, campaign: all of it may hold ``<script>``."""
    row = rejected(
        4, user_data=HOSTILE, error=HOSTILE, hint=HOSTILE, error_field=HOSTILE, error_code=HOSTILE, file=HOSTILE
    )
    html = write_html(
        tmp_path / "report.html",
        [(row, [HOSTILE] * 5)],
        campaign=HOSTILE,
        stopped_because=HOSTILE,
        parent=HOSTILE,
        files=[{"name": HOSTILE, "sheet": HOSTILE, "rows": 1, "sha256": HOSTILE}],
        changed_fields={HOSTILE: 1},
    )
    page = page_of(html)

    assert "alert('x')" in page.text
    assert [len(page.raw[kind]) for kind in ("style", "script", "data")] == [1, 1, 1]
    assert not any("alert" in script for script in page.raw["script"])
    assert HOSTILE not in html


def test_the_policy_allows_just_the_page_s_own_style_and_script(tmp_path: Path) -> None:
    """Even text that became markup could not run, and nothing could be loaded or sent."""
    page = page_of(write_html(tmp_path / "report.html", MIXED))

    def hash_of(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    (policy,) = [a["content"] for _, a in page.elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy == (
        f"default-src 'none'; style-src {hash_of(page.raw['style'][0])}; script-src {hash_of(page.raw['script'][0])}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def test_the_page_needs_nothing_beside_itself(tmp_path: Path) -> None:
    """No style or handler stands in an attribute (the policy would refuse it), and links lead to neighbouring files
    only."""
    for name in ("results.csv", "failed.csv", "summary.json"):
        (tmp_path / name).touch()
    page = page_of(write_html(tmp_path / "report.html", MIXED, history=[summary_of()] * 3))

    assert not any(name == "style" or name.startswith("on") for _, found in page.elements for name in found)
    assert page.attributes("src") == []
    assert "url(" not in page.raw["style"][0] and "@import" not in page.raw["style"][0]
    outside = {link for link in page.attributes("href") if not link.startswith(("#", "data:image/svg+xml,"))}
    assert outside == {"results.csv", "failed.csv", "summary.json"}
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in page.attributes("href") if link.startswith("#")} <= set(ids)
    assert {name for names in page.attributes("aria-labelledby") for name in names.split()} <= set(ids)


def test_links_lead_only_to_reports_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "results.csv").touch()

    html = write_html(tmp_path / "report.html", [(result_of(2), cells_of(2))])

    assert 'href="results.csv"' in html
    assert "report.xlsx" not in html


@pytest.mark.parametrize("name", ["https:evil.example#list", "javascript:alert(1)", "list #3?", "100%25"])
def test_a_link_to_a_marked_workbook_leads_to_it_whatever_its_list_is_called(name: str, tmp_path: Path) -> None:
    """A name may begin as an address does, or hold a sign that ends one."""
    (tmp_path / f"{name}-marked.xlsx").touch()

    html = write_html(tmp_path / "report.html", [(result_of(2), cells_of(2))])

    (link,) = {link for link in page_of(html).attributes("href") if link.endswith(".xlsx")}
    address = urlsplit(urljoin("http://host/", link))
    assert (address.netloc, unquote(address.path)) == ("host", f"/{name}-marked.xlsx")


def test_a_run_that_stopped_says_why_and_what_to_do(tmp_path: Path) -> None:
    rows = [(result_of(2), cells_of(2)), (result_of(3, Status.UNPROCESSED), cells_of(3)), (rejected(4), cells_of(4))]

    html = write_html(tmp_path / "report.html", rows, stopped_because="the dialler is down for 300 s", exit_code=5)

    words = page_of(html).words
    assert "Stopped early: 2 of 3 rows are settled" in words
    assert "the dialler is down for 300 s Once the dialler and the journal can be reached again," in words
    assert "dialler-sync resume 20261123-020000-abc123" in words
    assert "The 1 row that the run did not come to" in words


@pytest.mark.parametrize(("values", "kind"), [({"command": "validate"}, "validation"), ({"dry_run": True}, "dry run")])
def test_a_run_that_sends_nothing_says_so(values: dict[str, Any], kind: str, tmp_path: Path) -> None:
    row = result_of(2, Status.SKIPPED, action=Action.IMPORT)

    words = page_of(write_html(tmp_path / "report.html", [(row, cells_of(2))], **values)).words

    assert f"Nothing was sent to the dialler This was a {kind}" in words
    assert "Requests" not in words


def test_an_import_does_not_say_that_nothing_was_sent(tmp_path: Path) -> None:
    assert "Nothing was sent" not in write_html(tmp_path / "report.html", MIXED)


def test_a_run_without_rows_makes_a_page(tmp_path: Path) -> None:
    assert "The files hold no rows" in write_html(tmp_path / "report.html", [])


def test_time_tries_latency_and_fields_are_shown_where_they_are_known(tmp_path: Path) -> None:
    rows = [(result_of(row, attempts=1 + row % 2), cells_of(row)) for row in range(2, 40)]
    numbers = {"requests": 9, "p50_ms": 12.4, "p95_ms": 80.0, "max_ms": 2100.0}
    stretches = [{"at": f"2026-11-23T00:00:{n:02}Z", "seconds": 1.0, **numbers} for n in (2, 3, 4, 6, 7)]
    full = write_html(
        tmp_path / "a.html",
        rows,
        latency={**numbers, "over_time": stretches},
        changed_fields={"City": 3, "Name": 20},
    )
    bare = write_html(tmp_path / "b.html", rows)

    words = page_of(full).words
    assert "Rows per 1 s" in words and "00:00:02" in words and "00:00:39" in words
    assert "1 try 19 2 tries 19" in words
    assert "half of them within 12 ms 95 % within 80 ms the slowest 2.1 s" in words
    assert "<title>00:00:03: half within 12 ms, 95 % within 80 ms, the slowest 2.1 s</title>" in full
    assert "<title>00:00:05: no request ended</title>" not in full  # a gap, not a column
    assert "What changed in which field Contacts by field Field Contacts Name 20 City 3" in words
    assert (
        "How fast the dialler answered" not in bare
        and "How long requests took" not in bare
        and "in which field" not in bare
    )


def test_earlier_runs_stand_in_panels_the_oldest_first_and_in_a_table(tmp_path: Path) -> None:
    history = [
        summary_of([result_of(2)] * n, started_at=f"2026-11-{22 - n:02}T02:00:00Z", duration_s=60.0)
        for n in range(1, 4)
    ]

    html = write_html(tmp_path / "report.html", MIXED, history=history)

    panel = html[html.index('class="multiples"') : html.index("</figure>", html.index('class="multiples"'))]
    assert re.findall(r"<title>(.*?)</title>", panel) == [
        "19 Nov 2026, 02:00 UTC: 3",
        "20 Nov 2026, 02:00 UTC: 2",
        "21 Nov 2026, 02:00 UTC: 1",
        "23 Nov 2026, 02:00 UTC: 4",
    ]
    assert "This run and the 3 before" in html
    assert html.count("<tr", html.index('class="runs"'), html.index("</table>", html.index('class="runs"'))) == 5


def test_at_most_thirty_earlier_runs_are_shown(tmp_path: Path) -> None:
    assert "the 30 before" in write_html(tmp_path / "report.html", MIXED, history=[summary_of()] * 40)


def test_with_mask_no_phone_number_is_left_in_the_page(tmp_path: Path) -> None:
    """In cells, keys, messages, hints, and in the reason for a stop."""
    phone, local = "+49 171 3920012", "3920012"
    row = rejected(
        4,
        "phone_invalid",
        "PhoneNumber1",
        user_data=phone,
        error=f"{local} is not {phone}",
        hint=f"Write {phone}.",
    )
    rows = [(row, cells_of(4, Phone=local, Notes=f"call {phone}"))]

    plain = write_html(tmp_path / "a.html", rows, stopped_because=f"{phone} failed")
    masked = write_html(tmp_path / "b.html", rows, stopped_because=f"{phone} failed", mask=True)

    assert local in plain and phone in plain
    assert local not in masked and phone not in masked and "3920012" not in masked
    assert "Phone numbers are hidden" in masked
    assert "K4" in masked


def test_the_data_of_the_table_holds_what_failed_and_only_that(tmp_path: Path) -> None:
    page = page_of(write_html(tmp_path / "report.html", MIXED))

    data = json.loads(page.raw["data"][0])
    assert [row[0] for row in data["rows"]] == [4, 5]
    assert data["rows"][0][-1] == ["K4", "Name 4", "0171 3920012", ""]
    assert data["sources"] == [list(COLUMNS)]


def test_memory_does_not_grow_with_rows_that_are_fine_or_beyond_the_limit() -> None:
    """A million rows must not need more memory than fifty thousand."""
    report = HtmlReport([COLUMNS], {}, listed=100)
    cells = cells_of(2)
    rows = [*(result_of(row) for row in range(2, 500)), *(rejected(row) for row in range(500, 1_000))]

    def feed() -> int:
        for result in rows:
            report.add(result, 0, cells)
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        first = feed()
        for _ in range(20):
            last = feed()
    finally:
        tracemalloc.stop()
    assert last - first < 20_000


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    write_html(tmp_path / "report.html", MIXED)

    assert stat.S_IMODE((tmp_path / "report.html").stat().st_mode) == 0o600


def test_warnings_stand_below_the_outcome_with_their_meaning(tmp_path: Path) -> None:
    """Users need not look for them in results.csv."""
    page = write_html(tmp_path / "report.html", [(result_of(2), cells_of(2))], warnings={"restored": 1_200})

    assert "<caption>Warnings</caption>" in page
    assert "<code>restored</code>" in page
    assert "1,200" in page
    assert WARNINGS["restored"].meaning in page
