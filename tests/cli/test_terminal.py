"""What people read on their terminal: it fits, says why, and names the next step."""

from __future__ import annotations

import io
import json
import logging
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dialler_sync.cli import main
from dialler_sync.cli.app import App
from dialler_sync.cli.echo import COLOURS, wrapped
from dialler_sync.cli.progress import progress
from dialler_sync.exit_codes import ExitCode

from ..conftest import Configure, Run

Contacts = Callable[..., Path]

BAD = ["K1,One,0171 3920011", "K2,,0171 3920012", "K3,Three,", "K4,Four,"]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_why_rows_did_not_succeed_is_said_at_once(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """Error codes and rows, the commonest first, in a pipe and in summary.json."""
    configure()

    done = run("validate", contacts_csv(rows=BAD))

    assert re.search(r"^  phone_missing +2\n  name_missing +1$", done.out, re.MULTILINE)
    assert done.summary["errors"] == {"phone_missing": 2, "name_missing": 1}


def test_on_a_terminal_reasons_come_with_their_meaning(
    configure: Configure, contacts_csv: Contacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The verdict in words, then the reasons, and no line that is broken by the terminal itself."""
    configure()
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")

    with pytest.raises(SystemExit):
        main(["import", str(contacts_csv(rows=BAD))])

    shown = re.sub(r"\x1b\[[012;]+m", "", screen.getvalue())  # bold and dim are no colours
    assert "\x1b" not in shown
    assert "3 of 4 rows did not succeed." in shown
    assert "phone_missing  The row has no phone number" in shown
    assert all(len(line) <= 80 for line in shown.splitlines() if not line.startswith("Reports: "))


def test_a_dry_run_reads_like_a_sentence(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """What an import would do with how many rows, and that nothing was sent."""
    configure()

    done = run("import", contacts_csv(rows=[*BAD, "K1,One,0171 3920011"]), "--dry-run", "--compare", "dialler")

    assert (
        "Nothing was sent. An import would send 1 row to campaign 538 (1 new), leave out 1 superseded and reject 3."
        in done.out
    )


def test_a_plan_tells_of_rejected_rows(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """Nobody should take a plan without them for the whole truth. They are counted once."""
    configure()

    done = run("plan", contacts_csv(rows=BAD))

    assert re.findall(r"^. rejected +\d+$", done.out, re.MULTILINE) == ["x rejected            3"]


def test_a_plan_says_what_an_import_sends_beyond_it(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """Only the plan compares with the dialler, unless the configuration says otherwise."""
    config, said = configure(), "As configured, an import also sends unchanged rows"
    file = contacts_csv(3)
    run("import", file)

    planned, again = run("plan", file), run("import", file)

    assert said in planned.out
    assert again.summary["actions"]["overwrite"] == 3
    config.write_text(f"{config.read_text()}rows: {{compare: dialler}}\n")
    assert said not in run("plan", file).out
    assert run("import", file).summary["actions"]["unchanged"] == 3


def test_colours_can_be_read_on_white_and_on_black() -> None:
    """Neither yellow on white nor blue on black: a contrast of 3.5 at least, as for large text and signs."""

    def luminance(number: int) -> float:
        number -= 16
        levels = [(0, 95, 135, 175, 215, 255)[number // step % 6] / 255 for step in (36, 6, 1)]
        linear = [level / 12.92 if level <= 0.04045 else ((level + 0.055) / 1.055) ** 2.4 for level in levels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for name, number in COLOURS.items():
        assert 1.05 / (luminance(number) + 0.05) > 3.5, name
        assert (luminance(number) + 0.05) / 0.05 > 3.5, name


def test_a_past_run_is_shown_as_it_was_and_to_programs_as_json(
    run: Run, configure: Configure, contacts_csv: Contacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody wants to read a histogram of latencies on a terminal."""
    configure()
    done = run("import", contacts_csv(rows=BAD))
    shown = run("runs", "show", done.summary["run_id"]).out
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)

    with pytest.raises(SystemExit):
        main(["runs", "show", done.summary["run_id"]])

    assert json.loads(shown) == done.summary
    assert "3 of 4 rows did not succeed." in screen.getvalue()


def test_lines_do_not_run_into_the_progress_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """A warning of the run stands on a line of its own, above the bar."""
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    app = App(Path("dialler-sync.yaml"), None, 0, "text")
    app.set_up_logging()

    with progress(app) as bar:
        bar.stage("importing", 3)
        bar.advance(1)
        logging.getLogger("dialler_sync.api.pace").warning("the dialler is down")

    lines = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", screen.getvalue()).replace("\r", "\n").splitlines()
    assert any(re.fullmatch(r"[\d-]+ [\d:]+ the dialler is down", line) for line in lines)


def test_no_color_holds_for_every_command(run: Run, configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where no table is drawn."""
    configure()
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("NO_COLOR", "1")

    with pytest.raises(SystemExit):
        main(["doctor"])

    assert "OK    campaign" in screen.getvalue()
    assert "\x1b" not in screen.getvalue()


def test_json_lines_are_all_that_a_program_reads(run: Run) -> None:
    """Also where the command itself is wrong."""
    for arguments in (["import"], ["import", "--nothing"], ["runs", "show", "nothing"], ["validate", "list.csv"]):
        done = run("--log-format", "json", *arguments)

        start, told, end = map(json.loads, done.err.splitlines())
        assert done.code == end["exit_code"] == ExitCode.USAGE
        assert (start["event"], start["command"]) == ("start", arguments[0])
        assert told["level"] == "error"
        assert told["message"].startswith("Error: ")


def test_lines_of_a_log_have_times(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file and the mail of cron are read later; on a terminal a message begins with what it says, unless -v."""

    def told(*options: str) -> str:
        err = run(*options, "runs", "show", "nothing").err
        return next(line for line in err.splitlines() if "Error: " in line)

    timed = re.compile(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d Error: ")
    assert all(timed.match(told(*options)) for options in ([], ["-v"], ["-q"]))
    monkeypatch.setattr("dialler_sync.cli.logs.terminal_width", lambda _: 80)
    assert timed.match(told("-v"))
    assert told().startswith("Error: ")


def test_a_common_option_after_the_command_is_told_its_place(run: Run) -> None:
    """``import -v`` is what everybody types first."""
    done = run("import", "list.csv", "--log-format", "json")

    assert done.code == ExitCode.USAGE
    assert "' before the command: dialler-sync" in done.err


def test_a_campaign_that_is_nearly_right(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """The message has the name that the dialler knows."""
    configure(campaign="{name: nightly}")

    done = run("import", contacts_csv(1))

    assert done.code == ExitCode.NO_ROW_CAN_SUCCEED
    assert "no campaign 'nightly'; did you mean 'Nightly'?" in done.err


def test_what_init_proposes_leads_on(run: Run, tmp_path: Path, contacts_csv: Contacts) -> None:
    """The command that it names works, and the check tells what is still to be completed."""
    file = contacts_csv(3, name="neue kunden.csv")

    made = run("init", file, "-o", "erste liste.yaml")
    command = shlex.split(made.out.splitlines()[-1])
    checked = run("-c", "erste liste.yaml", "config", "check")

    assert command[:4] == ["dialler-sync", "-c", "erste liste.yaml", "validate"]
    assert f"#   {shlex.join(command)}\n" in Path("erste liste.yaml").read_text(encoding="utf-8")
    assert run(*command[1:]).code == ExitCode.OK
    assert re.search(r"has no errors, but lines 5, 6, 9, 14 are still marked CHANGE", checked.out)


def test_every_command_is_listed_with_a_whole_sentence(run: Run) -> None:
    """The overview is what a new user reads first."""
    assert not re.search(r"\w\.\.\.$", run("--help").out, re.MULTILINE)


def test_text_breaks_between_words_and_only_on_a_terminal() -> None:
    """Whole lines for log files, where programs read them."""
    text = "one two three-four five"

    assert wrapped(text, None) == text
    assert wrapped(text, 12, indent=2) == "one two\n  three-four\n  five"


def test_quiet_commands_print_nothing_of_what_went_well(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """Neither on stdout nor on stderr; what was asked for is printed."""
    path = contacts_csv(3)
    configure()
    for words in (
        ("validate", path),
        ("import", path),
        ("contacts", "lock", "--user-data", "K2", "--yes"),
        ("undo", "--yes"),
        ("retry",),
        ("resume",),
        ("config", "check"),
        ("init", path, "-o", "new.yaml"),
        ("runs", "prune", "--older-than", "1d"),
        ("doctor",),
    ):
        done = run("-q", *words)
        assert (done.code, done.out, done.err) == (0, "", ""), words
    assert run("-q", "undo", "--dry-run").out
    assert "K2" in run("-q", "contacts", "list", "-o", "csv").out or not run("-q", "contacts", "list").err
