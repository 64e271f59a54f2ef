"""Do-not-call lists as people write them: ``do_not_call.yaml``.

A list that is refused with a reason calls nobody; one that leaves out a listed contact without a word is the worst.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from dialler_sync.errors import ListUnreadable
from dialler_sync.plan.suppress_files import read_suppression_lists

from ...helpers.rows import BASIC, settings_of

CASES = yaml.safe_load(Path(__file__).with_name("do_not_call.yaml").read_text(encoding="utf-8"))
FIELDS = {"phone": "PhoneNumber1", "email": "Email", "user_data": "UserData"}


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_whom_a_list_suppresses(case: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "dnc.csv"
    path.write_bytes(case["list"].encode(case.get("encoding", "utf-8")))
    settings = settings_of(BASIC, suppress={"file": path, **case["rules"]})
    field = FIELDS[case["rules"].get("by", "phone")]
    if case.get("refused"):
        with pytest.raises(ListUnreadable, match=r"dnc\.csv: "):
            read_suppression_lists(settings, date(2026, 11, 30))
        return

    lists = read_suppression_lists(settings, date(2026, 11, 30))

    told = [*case.get("suppresses", ()), *case.get("leaves", ())]
    assert [each for each in told if lists.reason({field: each})] == case.get("suppresses", [])
