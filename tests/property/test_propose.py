"""Whatever a list looks like, the configuration that ``init`` proposes for it is a valid one."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialler_sync.config import load_config
from dialler_sync.fields import FIELDS, PHONE_FIELDS
from dialler_sync.mapping.binding import bind
from dialler_sync.propose import propose_config

from ..helpers.rows import Rows, layout_of

TELLING = st.sampled_from(
    [
        *("Name", "Telefon", "E-Mail", "Kundennr.", "Werbesperre", "Name, Vorname", "PLZ Ort", "Land/Region", "Titel"),
        *(
            "Kampagne",
            "Betrag",
            "Rückruf",
            "Straße",
            "Hausnummer",
            "Opt-In",
            "Fax",
            "Kontakt",
            "# CHANGE",
            "a: b",
            "{x}",
        ),
        *(
            "${X}",
            "$$",
            "Telefon\n(privat)",
            "📞",
            "'",
            '"',
            "- x",
            "null",
            "Tel\u2028",
            "\u202eliaM",
            "Emial",
            *FIELDS,
        ),
    ]
)
HEADERS = st.lists(TELLING | st.text(max_size=20), min_size=1, max_size=8)
CELLS = st.sampled_from(
    [
        *(
            "",
            " ",
            "0171 1234567",
            "+49 171 1234567",
            "4,91701E+11",
            "Meier, Anna",
            "Dr.",
            "Frau",
            "1.234,56 €",
            "1.234",
        ),
        *("31.12.2024", "01/02/2025", "a@b.de", "DE89 3704 0044 0532 0130 00", "x", "ja", "nein", "10115", "Berlin"),
        *("Deutschland", "CH", "${Y}", "$", "'", "a: b # c", "\n", "A" * 70, "12", "Acme GmbH", "https://x.de"),
    ]
) | st.text(max_size=10)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_the_proposal_is_valid_whatever_the_list(data: st.DataObject) -> None:
    """It loads, it binds, its first line is no mark, and no header breaks a line."""
    header = data.draw(HEADERS)
    rows = data.draw(st.lists(st.tuples(*[CELLS] * len(header)), max_size=4))
    table = Rows(layout_of(*header), tuple(rows))
    proposal = propose_config(table)

    assert not proposal.startswith("# CHANGE")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029]", proposal)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "proposed.yaml")
        path.write_text(proposal, encoding="utf-8")
        found = load_config(path, {"DIALLER_SYNC_TOKEN": "t"})
    if any(name in found.columns for name in PHONE_FIELDS):
        bound = bind(found, table.layout)
        assert all(name in header for field in bound.fields.values() for name in field.headers)
