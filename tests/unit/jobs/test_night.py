"""Nights: which configurations are run, and what is said of a campaign when its process has ended."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.errors import UsageError
from dialler_sync.exit_codes import ExitCode, meaning_of
from dialler_sync.jobs import night
from dialler_sync.jobs.digest import Member
from dialler_sync.jobs.night import HISTORY, CampaignNight, NightOptions, configurations, night_facts, run_night, tell
from dialler_sync.journal import Journal, RunRecord

from ...helpers.records import RUN, facts

CONFIG = Path("/etc/nights/nord.yaml")


def configuration(folder: Path, name: str, text: str = "dialler: {}\n") -> None:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)


def test_which_configurations_are_run(tmp_path: Path) -> None:
    """Neither one that others extend, nor one that is hidden, unfinished, or no configuration by its name."""
    configuration(tmp_path, "south.yaml", "extends: base.yaml\n")
    configuration(tmp_path, "north.yaml", "extends: base.yaml\n")
    for name in ("base.yaml", "_old.yaml", ".hidden.yaml", "notes.txt", "alone.yaml"):
        configuration(tmp_path, name)
    configuration(tmp_path, "broken.yaml", "extends: [")

    found = configurations(tmp_path, trusted=True)

    assert [path.name for path in found] == ["alone.yaml", "broken.yaml", "north.yaml", "south.yaml"]
    assert configurations(tmp_path) == found


def test_one_that_others_could_have_changed_takes_no_other_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused when its turn comes; until then its word does not count."""
    configuration(tmp_path, "foreign.yaml", "extends: north.yaml\n")
    configuration(tmp_path, "north.yaml")
    monkeypatch.setattr(night.trust, "judge", lambda _name, path: "odd" if path.stem == "foreign" else "")

    assert [path.name for path in configurations(tmp_path)] == ["foreign.yaml", "north.yaml"]
    assert [path.name for path in configurations(tmp_path, trusted=True)] == ["foreign.yaml"]


def test_a_folder_without_configurations_is_refused(tmp_path: Path) -> None:
    for folder, said in ((tmp_path / "none", "cannot be read"), (tmp_path, "no configuration found")):
        with pytest.raises(UsageError, match=said):
            configurations(folder)


def ended(number: int, **changes: Any) -> RunRecord:
    kept = facts(f"run-{number}", **changes)
    return replace(RUN, id=f"run-{number}", finished_at=f"t{number}", state="finished", summary=kept)


def test_the_runs_of_tonight_are_those_that_were_not_there_or_went_on() -> None:
    """Neither a rehearsal nor one that has not ended counts; a trend shows the newest ones."""
    before = {"run-2": ("t2", "finished"), "run-3": (None, "running")}
    rehearsal = replace(ended(4), options={"dry_run": True})
    runs = [ended(1), ended(2), ended(3), rehearsal, replace(ended(5), summary=None)]

    told = night._night_of(CONFIG, ExitCode.OK, ["said"], runs, before)

    assert (told.name, told.code, told.needs) == ("nord", ExitCode.OK, "")
    assert [run["run_id"] for run in told.runs] == ["run-1", "run-3"]
    assert [run["run_id"] for run in told.history] == ["run-1", "run-2", "run-3"]
    many = [ended(number) for number in range(HISTORY + 2)]
    assert len(night._night_of(CONFIG, ExitCode.OK, [], many, {}).history) == HISTORY


@pytest.mark.parametrize(
    ("summaries", "errors", "said"),
    [
        ([], [], ""),
        ([], ["no inbox."], "no inbox"),
        ([{"stopped_because": "the dialler is away."}], ["Error: the dialler is away. Later."], "the dialler is away"),
        ([{"alarm": "20 rows"}], ["20 rows were read"], ""),
        ([{"stopped_because": "a"}, {"stopped_because": "a"}], ["b", "b"], "a; b"),
        ([{"stopped_because": "a"}], ["b", "c", "d", "e"], "a; b; c; and 2 more"),
        ([], ["b", "c", "d"], "b; c; d"),
    ],
)
def test_what_a_campaign_needs(summaries: Sequence[dict[str, Any]], errors: Sequence[str], said: str) -> None:
    """Each reason once; what a run has said of itself is not said again; an alarm is told beside it."""
    assert night._needs(summaries, errors) == said


def test_a_campaign_that_gives_no_reason_is_told_by_its_exit_code() -> None:
    assert night._night_of(CONFIG, ExitCode.USAGE, [], [], {}).needs == (meaning_of(ExitCode.USAGE))


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ('{"level": "info", "message": "m"}', {"level": "info", "message": "m"}),
        ('{"level": "info"}', {"level": "error", "message": '{"level": "info"}'}),
        ('["message"]', {"level": "error", "message": '["message"]'}),
        ("Traceback", {"level": "error", "message": "Traceback"}),
    ],
)
def test_a_line_of_a_process(text: str, record: dict[str, str]) -> None:
    """What is no record of its log is told as it is."""
    assert night._record(text) == record


def test_only_imports_by_this_configuration_are_its_own(tmp_path: Path) -> None:
    ours = replace(RUN, config_path=str(tmp_path / "a" / ".." / "n.yaml"))

    assert night._is_import_by(tmp_path / "n.yaml", ours)
    assert not night._is_import_by(tmp_path / "m.yaml", ours)
    assert not night._is_import_by(tmp_path / "n.yaml", replace(ours, command="undo"))


@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize("state", ["postgresql://u:p@h/d", None])
def test_what_a_process_is_given(trusted: bool, state: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal by the environment, and no file or folder of one run, which all would share."""
    monkeypatch.setenv("DIALLER_SYNC_IMPORT_OUT", "reports")
    monkeypatch.setenv("DIALLER_SYNC_STATE", "mine")
    monkeypatch.delenv("DIALLER_SYNC_TRUST", raising=False)
    options = NightOptions(trusted, state, (), None, lambda *_: None)

    given = night._Work(options)._environment()

    assert "DIALLER_SYNC_IMPORT_OUT" not in given
    assert given["DIALLER_SYNC_STATE"] == (state or "mine")
    assert given.get("DIALLER_SYNC_TRUST") == ("1" if trusted else None)


Act = Callable[[str], None]
FULL = """\
dialler: {base_url: 'http://127.0.0.1/rest/v1.0', clients_id: 1, token: '${NO_SUCH_TOKEN}'}
campaign: {id: 1}
inbox: {dir: in}
"""


@pytest.fixture
def act(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Act:
    """Put a shell script in place of the processes of a night: ``act("exit 4")``."""

    def act(script: str) -> None:
        path = tmp_path / "process.sh"
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o700)
        monkeypatch.setattr(sys, "executable", str(path))

    return act


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal.db") as journal:
        yield journal


def options(said: Callable[[str, Mapping[str, Any]], None] = lambda *_: None, **changes: Any) -> NightOptions:
    return replace(NightOptions(False, None, ("-q",), None, said), **changes)


def test_what_a_process_is_told_to_do(act: Act) -> None:
    act('for word; do echo "$word" >&2; done')
    until = datetime(2100, 1, 1, tzinfo=UTC)
    told: list[Mapping[str, Any]] = []

    for given in ({}, {"quiet_for": 0.0, "until": until, "found_by": ("--state", "a b")}):
        night._Work(options(lambda name, record: told.append({**record, "name": name}), **given))._import(CONFIG)

    assert {record["name"] for record in told} == {"nord"}
    assert [record["message"] for record in told] == [
        *(
            "-P",
            "-m",
            "dialler_sync",
            "--config",
            str(CONFIG),
            "-q",
            "--log-format",
            "json",
            "import",
            "--of-night",
            "",
        ),
        *("-P", "-m", "dialler_sync", "--config", str(CONFIG), "-q", "--log-format", "json", "import", "--of-night"),
        *(shlex.join(("--state", "a b")), "--quiet-for", "0.0", "--until", until.isoformat()),
    ]


@pytest.mark.parametrize(
    ("script", "code", "errors"),
    [
        ("exit 4", ExitCode.ROWS_FAILED, []),
        ("exit 99", ExitCode.BUG, ["the process ended with 99"]),
        ("kill -9 $$", ExitCode.INTERRUPTED, ["the process ended with -9"]),
        ("""echo '{"level": "error", "time": "t", "message": "Error: no inbox"}' >&2; exit 2""", 2, ["no inbox"]),
        ("""echo '{"level": "info", "time": "t", "message": "begun"}' >&2; echo Traceback >&2""", 0, []),
    ],
)
def test_how_a_process_ended(script: str, code: int, errors: list[str], act: Act) -> None:
    act(script)

    assert night._Work(options())._import(CONFIG) == (code, errors)


def test_a_process_that_begins_as_the_night_is_stopped_is_ended(act: Act) -> None:
    act("exec sleep 9")
    work = night._Work(options())
    work.stop()

    assert work._import(CONFIG)[0] == ExitCode.INTERRUPTED


def test_a_night_that_is_stopped_ends_the_campaign_at_work_and_begins_no_other(act: Act, tmp_path: Path) -> None:
    act("echo begun >&2; exec sleep 9")
    work = night._Work(options(lambda *_: work.stop()))

    work.one_by_one([tmp_path / "north.yaml", tmp_path / "south.yaml"])

    assert list(work.ended.values()) == [
        (ExitCode.INTERRUPTED, ["the process ended with -2"]),
        (ExitCode.INTERRUPTED, ["interrupted before it started"]),
    ]


@pytest.mark.parametrize(("until", "code"), [(2000, ExitCode.OUT_OF_TIME), (2100, ExitCode.OK), (None, ExitCode.OK)])
def test_no_campaign_is_begun_after_the_time_that_was_given(until: int | None, code: int, act: Act) -> None:
    act("exit 0")
    work = night._Work(options(until=until and datetime(until, 1, 1, tzinfo=UTC)))

    work.one_by_one([CONFIG])

    assert work.ended[CONFIG][0] == code


def test_what_cannot_be_used_stops_no_other_campaign(
    act: Act, journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is told by its name, with what it needs, to those who want to know; a token is not asked for here."""
    pinged: list[Any] = []
    members: list[Member] = []
    monkeypatch.setattr(night, "ping_starts", pinged.extend)
    monkeypatch.setattr(night, "tell_of_night", lambda _folder, told, _journal: members.extend(told))
    act(f"""case "$5" in *north*) echo "no dialler" >&2; exit 5;; esac; touch '{tmp_path}/ran'""")
    for name, text in (
        ("north.yaml", f"{FULL}notify: {{webhook: 'http://127.0.0.1/hook'}}\n"),
        ("west.yaml", FULL),
        ("no_inbox.yaml", FULL.replace("inbox: {dir: in}\n", "")),
        ("unfinished.yaml", f"{FULL}columns: {{Name: N}}  # CHANGE\n"),
    ):
        configuration(tmp_path, name, text)

    nights = {each.name: each for each in run_night(tmp_path, journal, options())}

    assert (tmp_path / "ran").exists()
    assert {name: each.code for name, each in nights.items()} == {
        "no_inbox": ExitCode.USAGE, "north": ExitCode.UNAVAILABLE, "unfinished": ExitCode.USAGE, "west": ExitCode.OK,
    }  # fmt: skip
    assert "inbox.dir is not set" in nights["no_inbox"].needs
    assert (nights["north"].needs, nights["west"].needs) == (meaning_of(ExitCode.UNAVAILABLE), "")
    assert [str(each.webhook) for each in pinged] == ["http://127.0.0.1/hook"]
    assert [
        (each.path.stem, each.night, bool(each.notify), bool(each.notify and each.notify.webhook)) for each in members
    ] == [(name, nights[name], name in {"north", "west"}, name == "north") for name in sorted(nights)]


def test_a_night_is_told_as_it_was(tmp_path: Path) -> None:
    page = tmp_path / "pages" / "night.html"
    nights = [
        CampaignNight("north", ExitCode.OK, "", [facts("run-1", alarm="20 rows")]),
        CampaignNight("south", ExitCode.USAGE, "no inbox"),
    ]

    tell(page, nights, RUN.started_at)
    told = night_facts(nights, RUN.started_at, page)

    assert "no inbox" in page.read_text(encoding="utf-8")
    assert told["exit_code"] == ExitCode.USAGE
    assert [(each["name"], each["needs"], each["alarm"], len(each["runs"])) for each in told["campaigns"]] == [
        ("north", None, "20 rows", 1),
        ("south", "no inbox", None, 0),
    ]
