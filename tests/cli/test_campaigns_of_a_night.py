"""``night``: a folder of configurations, each with its inbox."""

from __future__ import annotations

import errno
import json
import os
import re
import shlex
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.jobs.night import NightOptions, _Work, configurations
from dialler_sync.simulator import SimulatorServer, Store

from ..conftest import Configure, Run
from ..helpers.commands import KILLED, start
from ..helpers.receivers import hook, mail_server

Contacts = Callable[..., Path]
Campaign = Callable[..., Path]


@pytest.fixture
def campaign(configure: Configure, tmp_path: Path, contacts_csv: Contacts) -> Campaign:
    """Write a configuration that extends ``base.yaml``, with rows in its inbox: ``campaign("ost", "A,Anna,0171…")``."""
    folder = tmp_path / "lists"
    folder.mkdir()
    base = configure().read_text(encoding="utf-8").replace("campaign: {id: 538}\n", "")
    (folder / "base.yaml").write_text(base, encoding="utf-8")

    def campaign(name: str, *rows: str, number: int = 538, more: str = "") -> Path:
        inbox = tmp_path / f"in-{name}"
        inbox.mkdir(exist_ok=True)
        text = f"extends: base.yaml\ncampaign: {{id: {number}}}\ninbox: {{dir: ../in-{name}}}\n{more}"
        path = folder / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        if rows:
            contacts_csv(rows=list(rows), name=f"in-{name}/{name}.csv")
        return path

    return campaign


def row(key: str, phone: str = "0171 3920011") -> str:
    """One line of a list."""
    return f"{key},Name {key},{phone}"


@pytest.mark.usefixtures("warm")
def test_each_campaign_is_a_run_with_one_summary_page_and_code(
    run: Run, campaign: Campaign, dialler: SimulatorServer
) -> None:
    """What cannot be used stops no other, and the worst exit code is that of the night."""
    campaign("good", row("A"), row("B"))
    campaign("rest", row("C"), row("D", "12"), number=539)
    no_inbox = campaign("without")
    no_inbox.write_text("extends: base.yaml\ncampaign: {id: 538}\n", encoding="utf-8")
    campaign("_template", row("E"))

    done = run("night", "lists", "--quiet-for", "0")

    assert done.code == ExitCode.USAGE
    assert {contact["UserData"] for contact in dialler.store.contacts.values()} == {"A", "B", "C"}
    told = {line.split()[0]: line.split()[1:] for line in done.out.splitlines()[1:4]}
    assert told == {
        "good": ["0", "1", "2", "2", "0", "0"],
        "rest": ["4", "1", "2", "1", "0", "1"],
        "without": ["2", "0", "0", "0", "0", "0"],
    }
    assert "without: inbox.dir is not set" in done.out
    assert "rest: 1 row did not succeed: see " in done.out
    assert "1 of 3 campaigns needs a hand; 3 of 4 rows succeeded." in done.out
    assert max(map(len, done.out.splitlines()[:4])) <= 80
    found = json.loads(run("-q", "night", "lists", "--quiet-for", "0", "--page", "again.html", "--json").out)
    assert (found["exit_code"], found["verdict"]) == (2, "1 of 3 campaigns needs a hand; 0 of 0 rows succeeded")
    assert [(each["name"], each["exit_code"], len(each["runs"])) for each in found["campaigns"]] == [
        ("good", 0, 0), ("rest", 0, 0), ("without", 2, 0),
    ]  # fmt: skip
    page = Path("reports/night.html").read_text(encoding="utf-8")
    assert "1 of 3 campaigns needs a hand" in page
    assert "inbox.dir is not set" in page
    assert "simulator" not in page
    assert len(list(Path("reports").glob("*/summary.json"))) == 2
    assert "good" not in run("night", "lists", "--quiet-for", "0", "--page", "other.html").err
    assert "Rows read, the oldest run first" not in page


def a_loop(folder: Path) -> None:
    (folder / "odd.yaml").symlink_to(folder / "odd.yaml")


def not_utf_8(folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/odd\xff.yaml")).write_text("")


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize("odd", [a_loop, not_utf_8])
@pytest.mark.parametrize("config_path", ["lists/odd.yaml", "a\0b"])
def test_an_odd_file_or_an_edited_journal_takes_no_end_away(
    odd: Callable[[Path], None], config_path: str, run: Run, campaign: Campaign, tmp_path: Path
) -> None:
    """Others may put such a file into an open folder."""
    with hook() as told:
        more = f"notify: {{webhook: '{told.url}', on: always, digest: true}}\n"
        odd(campaign("good", row("A"), more=more).parent)
        for key in ("B", "C"):
            done = run("night", "lists", "--quiet-for", "0")

            assert done.code == ExitCode.USAGE
            assert "1 of 2 campaigns needs a hand; 1 of 1 row succeeded." in done.out, done.out + done.err
            assert "1 of 2 campaigns" in Path("reports/night.html").read_text(encoding="utf-8")
            with closing(sqlite3.connect(tmp_path / "state" / "journal.db")) as journal, journal:
                journal.execute("UPDATE runs SET config_path = ?", (config_path,))
            campaign("good", row(key), more=more)
    assert len(told.told) == 2


@pytest.mark.usefixtures("warm")
def test_a_process_that_cannot_be_started_stops_no_other(
    run: Run, campaign: Campaign, dialler: SimulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit of processes that is reached for a moment was a traceback, without page or message."""
    campaign("first", row("A"))
    campaign("second", row("B"), number=539)
    start_process = subprocess.Popen

    def popen(words: list[str], **options: Any) -> subprocess.Popen[str]:
        if any(word.endswith("first.yaml") for word in words):
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        return start_process(words, **options)

    monkeypatch.setattr("dialler_sync.jobs.night.subprocess.Popen", popen)
    done = run("night", "lists", "--quiet-for", "0")

    assert done.code == ExitCode.USAGE, done.err
    assert {contact["UserData"] for contact in dialler.store.contacts.values()} == {"B"}
    assert "first: its import cannot be started: Resource temporarily unavailable" in done.err
    assert "cannot be started" in Path("reports/night.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("warm")
def test_rows_that_are_still_to_be_sent_are_counted(run: Run, campaign: Campaign) -> None:
    """A line of the night adds up, also that of a run that stopped."""
    campaign("gone", row("A"), row("B"), number=999)

    done = run("night", "lists", "--quiet-for", "0")

    assert done.out.splitlines()[1].split() == ["gone", "7", "1", "2", "0", "0", "2"]
    assert "did not succeed: see" not in done.out


@pytest.mark.usefixtures("warm")
def test_quiet_nights_print_nothing_and_trends_grow(run: Run, campaign: Campaign, contacts_csv: Contacts) -> None:
    """A second night shows the first one beside it."""
    campaign("one", row("A"))
    first = run("-q", "night", "lists", "--quiet-for", "0")
    contacts_csv(rows=[row("A"), row("B")], name="in-one/next.csv")
    second = run("-q", "night", "lists", "--quiet-for", "0")

    assert (first.code, first.out, first.err) == (0, "", "")
    assert (second.code, second.out, second.err) == (0, "", "")
    assert "the oldest run first: 1, 2" in Path("reports/night.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("warm")
def test_campaigns_of_one_dialler_follow_each_other_and_diallers_run_side_by_side(
    run: Run, campaign: Campaign, dialler: SimulatorServer
) -> None:
    """Also where they are the same campaign: none is refused as held."""
    for name in "abc":
        campaign(name, *(row(f"{name}{n}") for n in range(5)))
    campaign("other", row("X"), more="dialler: {name: another}\n")

    done = run("night", "lists", "--quiet-for", "0")

    assert done.code == ExitCode.OK, done.err
    times = sorted((request.started, request.user_data[0]) for request in dialler.requests if request.user_data)
    order = [key for _, key in times if key in "abc"]
    assert order == sorted(order)


@pytest.mark.usefixtures("warm")
def test_a_configuration_that_cannot_be_read_is_told_by_name(run: Run, campaign: Campaign) -> None:
    """With file and line."""
    campaign("good", row("A"))
    campaign("bad", more="campain: 1\n")

    done = run("night", "lists", "--quiet-for", "0")

    assert done.code == ExitCode.USAGE
    assert "bad: lists/bad.yaml:4: unknown key 'campain'; did you mean 'campaign'?" in done.out
    assert "1 row" in done.out


@pytest.mark.usefixtures("warm")
def test_what_the_process_of_a_campaign_says_has_its_name(run: Run, campaign: Campaign) -> None:
    """A token that is refused is an error of that campaign."""
    campaign("good", row("A"))
    campaign("dead", row("B"), more="dialler: {token: wrong}\n")

    done = run("night", "lists", "--quiet-for", "0")

    assert done.code == ExitCode.NO_ROW_CAN_SUCCEED
    assert "dead: " in done.out


@pytest.mark.parametrize("folder", ["empty", "nowhere"])
def test_a_folder_without_configurations_is_refused(folder: str, run: Run) -> None:
    """A night that does nothing would be green."""
    Path("empty").mkdir()

    assert run("night", folder).code == ExitCode.USAGE


def test_the_token_and_the_journal_are_in_no_command_line(run: Run, campaign: Campaign, tmp_path: Path) -> None:
    """--state reaches the campaigns, whose runs it then has."""
    campaign("one", row("A"))
    state = tmp_path / "elsewhere.db"

    done = run("--state", state, "night", "lists", "--quiet-for", "0")

    assert done.code == ExitCode.OK, done.err
    assert done.out.splitlines()[1].split() == ["one", "0", "1", "1", "1", "0", "0"]
    assert "one.csv" in run("--state", state, "runs", "show", next(Path("reports").glob("2*")).name).out


@pytest.mark.usefixtures("warm")
def test_the_mail_of_a_night_names_the_lists_of_a_campaign_that_had_several(
    run: Run, campaign: Campaign, contacts_csv: Contacts
) -> None:
    with mail_server() as mail:
        smtp = f"{{host: 127.0.0.1, port: {mail.port}, tls: none}}"
        told = f"to: [a@example.com], from: b@example.com, attach: [failed], smtp: {smtp}"
        more = f"notify: {{digest: true, on: always, email: {{{told}}}}}\n"
        campaign("one", row("A", "12"), more=more)
        campaign("two", row("B", "12"), number=539, more=more)
        contacts_csv(rows=[row("C", "12")], name="in-two/next.csv")
        run("night", "lists", "--quiet-for", "0")
        (got,) = mail.mails
    text = got.get_body(("plain",))

    assert text
    lists = re.findall("Rows to fix, (.*):", text.get_content())
    assert sorted(lists) == ["one", "two, next.csv", "two, two.csv"]
    assert {f"{name} failed.xlsx" for name in lists} == {part.get_filename() for part in got.iter_attachments()}


@pytest.mark.usefixtures("warm")
def test_a_command_in_a_message_of_a_campaign_works_as_printed(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    """With the journal that the night was called with."""
    campaign("one", row("A"), row("B"))
    with monkeypatch.context() as patch:
        patch.setenv("DIALLER_SYNC_IMPORT_LIMIT", "1")
        said = run("--state", "my journal.db", "--trust", "night", "lists", "--quiet-for", "0").err
    (named,) = re.findall(r"remaining rows with '(dialler-sync .* resume \S+)'", said)

    done = run(*shlex.split(named)[1:])

    assert shlex.split(named)[1:6] == ["--config", "lists/one.yaml", "--state", "my journal.db", "--trust"]
    assert (done.code, done.summary["counts"]["succeeded"]) == (ExitCode.OK, 2)


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGKILL])
def test_a_night_that_is_ended_ends_every_campaign_as_it_ends_an_import(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch, run: Run, dialler: SimulatorServer, blow: signal.Signals
) -> None:
    """However it is ended. The next night goes on with it; what has not begun does not begin."""
    campaign("a", *(row(f"K{n}") for n in range(60)), more="dialler: {concurrency: 1, rate: 20}\n")
    campaign("b", row("X"))
    started = threading.Event()
    add = Store.add

    def watched(store: Store, **fields: object) -> int:
        number = add(store, **fields)
        if number and len(store.contacts) == 3 and started.wait(20):
            os.kill(night.pid, blow)
        return number

    monkeypatch.setattr(Store, "add", watched)
    night = start("night", "lists", "--quiet-for", "0")
    started.set()

    if blow == signal.SIGINT:
        assert night.end() == ExitCode.INTERRUPTED
        assert "b: interrupted before it started" in night.out
    else:
        assert night.end() == KILLED
        while '"state": "running"' in run("runs", "list", "--json").out:
            """Its import finishes the requests in flight."""
    assert json.loads(run("runs", "list", "--json").out)[0]["state"] == "stopped"
    assert 3 <= len(dialler.store.contacts) < 60
    campaign("a", more="dialler: {concurrency: 1}\n")
    while "wait until it has finished" in (again := run("night", "lists", "--quiet-for", "0")).out + again.err:
        """The import of the killed night writes its reports, and holds its campaign until then."""
    assert again.code == ExitCode.OK, again.out + again.err
    assert len({contact["UserData"] for contact in dialler.store.contacts.values()}) == 61
    assert len(dialler.store.contacts) == 61


def test_what_another_extends_is_no_campaign(campaign: Campaign) -> None:
    """In whatever way it is named."""
    campaign("a")
    campaign("b").write_text("extends: ../lists/a.yaml\ncampaign: {id: 1}\n", encoding="utf-8")

    assert [path.name for path in configurations(Path("lists"))] == ["b.yaml"]


def test_only_configurations_are_campaigns(campaign: Campaign) -> None:
    """Not what editors leave beside them."""
    path = campaign("ost")
    for name in (".ost.yaml", "ost.yaml~", "ost.yaml.bak", "_draft.yaml", "ost.csv"):
        path.with_name(name).write_bytes(path.read_bytes())

    assert configurations(path.parent) == [path]


@pytest.mark.parametrize("why", ["stopped", "out of time"])
def test_a_campaign_is_not_begun_when_the_night_is_over(why: str, tmp_path: Path) -> None:
    past = datetime.now().astimezone() - timedelta(seconds=1) if why == "out of time" else None
    work = _Work(NightOptions(False, None, (), 0, lambda *_: None, past))
    if why == "stopped":
        work.stop()

    work.one_by_one([tmp_path / "ost.yaml"])

    stopped = (ExitCode.INTERRUPTED, ["interrupted before it started"])
    late = (ExitCode.OUT_OF_TIME, ["not started: the time was up (--until)"])
    assert list(work.ended.values()) == [stopped if why == "stopped" else late]


def test_what_names_the_files_of_one_call_is_not_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan of one campaign is not that of all; that all is trusted is handed on only where it is said."""
    monkeypatch.setenv("DIALLER_SYNC_IMPORT_PLAN", "plan.json")

    given = [_Work(NightOptions(trusted, "x.db", (), 0, lambda *_: None))._environment() for trusted in (True, False)]

    assert ["DIALLER_SYNC_IMPORT_PLAN" in each for each in given] == [False, False]
    assert [each.get("DIALLER_SYNC_TRUST") for each in given] == ["1", None]
    assert {each["DIALLER_SYNC_STATE"] for each in given} == {"x.db"}
