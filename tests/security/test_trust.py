"""Configuration, token, journal and plan are used only where no other user could have changed them."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import pyzipper

from dialler_sync.config import load_config
from dialler_sync.errors import UsageError
from dialler_sync.exit_codes import ExitCode
from dialler_sync.files import trust
from dialler_sync.jobs.night import configurations
from dialler_sync.journal import Journal
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run
from .users import AGENT, INTRUDER, as_user, is_root, moved, shared_group

Contacts = Callable[..., Path]

FILES = ["configuration", "token_file", "ca_file", "journal", "wal", "plan"]


@pytest.fixture
def files(run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path) -> Iterator[dict[str, Path]]:
    """Everything that an import takes on trust, each in a place of its own; it has worked before."""
    token, authorities = tmp_path / "token", tmp_path / "ca.pem"
    token.write_text("simulator", encoding="utf-8")
    authorities.write_text("", encoding="utf-8")
    config = configure(token=None, token_file=token)
    config.write_text(config.read_text(encoding="utf-8").replace("  token: None\n", ""), encoding="utf-8")
    assert run("plan", contacts_csv(2), "-o", "plan.json").code == ExitCode.OK
    config.write_text(
        config.read_text(encoding="utf-8").replace("campaign:", f"  ca_file: {authorities}\ncampaign:"),
        encoding="utf-8",
    )
    state = tmp_path / "state"
    wal = state / "journal.db-wal"
    wal.touch()
    yield {
        "configuration": config,
        "token_file": token,
        "ca_file": authorities,
        "journal": state / "journal.db",
        "wal": wal,
        "plan": tmp_path / "plan.json",
    }


@pytest.mark.parametrize("which", FILES)
@pytest.mark.parametrize("mode", [0o602, 0o620])
def test_what_others_can_write_is_refused(
    which: str, mode: int, run: Run, files: dict[str, Path], dialler: SimulatorServer
) -> None:
    """Nothing is sent; one message names the file, its owner and mode, and the command to type."""
    path = files[which]
    if mode & 0o020:
        try:
            os.chown(path, -1, shared_group())
        except (PermissionError, StopIteration):
            pytest.skip("no shared group, or no right to give files to it")
    path.chmod(mode)
    before = len(dialler.requests)

    refused = run("import", "--plan", "plan.json")

    assert refused.code == ExitCode.USAGE
    assert f"{path} (owner " in refused.err
    assert f"mode {mode:04o}" in refused.err
    assert f"chmod {'g' if mode & 0o020 else 'o'}-w {path}" in refused.err
    assert "--trust" in refused.err
    assert len(dialler.requests) == before


@is_root
@pytest.mark.parametrize("which", FILES)
def test_what_belongs_to_another_user_is_refused(
    which: str, run: Run, files: dict[str, Path], dialler: SimulatorServer
) -> None:
    """However its mode is."""
    os.chown(files[which], INTRUDER, INTRUDER)
    files[which].chmod(0o600)

    refused = run("import", "--plan", "plan.json")

    assert refused.code == ExitCode.USAGE
    assert f"{files[which]} belongs to {INTRUDER}" in refused.err
    assert f"run as user {INTRUDER} (in a container: --user {INTRUDER}), or chown root {files[which]}" in refused.err


@pytest.mark.parametrize("way", ["flag", "variable"])
def test_trust_overrides(
    way: str, run: Run, configure: Configure, contacts_csv: Contacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For everything, by flag or variable."""
    configure().chmod(0o666)
    path = contacts_csv(2)
    assert run("import", path).code == ExitCode.USAGE
    if way == "variable":
        monkeypatch.setenv("DIALLER_SYNC_TRUST", "1")

    done = run(*(["--trust"] if way == "flag" else []), "import", path)

    assert done.code == ExitCode.OK, done.err


@pytest.mark.parametrize(("mode", "code"), [(0o777, 2), (0o1777, 0), (0o1775, 0), (0o755, 0)])
def test_the_folders_above_count(mode: int, code: int, run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """In a folder where everybody can write, any file can be replaced; not in a sticky one, as /tmp is."""
    folder = Path("above")
    (folder / "below").mkdir(parents=True)
    config = configure().rename(folder / "below" / "nightly.yaml")
    folder.chmod(mode)

    done = run("-c", config, "validate", contacts_csv(2))

    assert done.code == code, done.err
    assert code == 0 or f"chmod o-w {folder.absolute()}" in done.err


@is_root
def test_a_folder_that_several_use_stays_theirs(configure: Configure, common: Path) -> None:
    """Who keeps a configuration in it is told to move that first, before others lose the folder."""
    shared, home = common / "shared", common / "agent"
    for folder in (shared, home):
        folder.mkdir()
    os.chown(shared, 0, shared_group())
    shared.chmod(0o2775)
    os.chown(home, AGENT, AGENT)
    config = moved(configure(), shared / "nightly.yaml")

    refused = as_user(AGENT, home, "-c", config, "doctor")

    assert refused.code == ExitCode.USAGE
    said = " ".join(refused.out.split())
    assert f"keep it in a folder in which only you can write, or sudo chmod g-w {shared}" in said


@pytest.mark.parametrize("where", ["journal", "configuration"])
def test_a_new_file_in_a_folder_that_is_open_to_all(
    where: str, run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path
) -> None:
    """It is not even made: what lies there tomorrow may be another user's."""
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    config = configure()
    if where == "configuration":
        config = config.rename(tmp_path / "open" / config.name)
    state = tmp_path / "open" / "journal.db" if where == "journal" else tmp_path / "journal.db"

    done = run("-c", config, "--state", state, "import", contacts_csv(2))

    assert done.code == ExitCode.USAGE
    assert not state.exists()


def test_the_group_of_the_owner_alone_is_no_group(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """With a umask of 0002, as Debian and Red Hat set it for users with a group of their own."""
    path = configure()
    if os.geteuid() == 0:
        os.chown(path, 0, AGENT)  # a group that nobody else is in
    path.chmod(0o664)
    path.parent.chmod(0o775)

    assert run("import", contacts_csv(2)).code == ExitCode.OK


@is_root
@pytest.mark.parametrize(("owner", "code"), [(0, 0), (INTRUDER, 2)])
def test_a_link_is_judged_with_what_it_leads_to(
    owner: int, code: int, run: Run, configure: Configure, contacts_csv: Contacts, common: Path
) -> None:
    """In a folder for all, anybody can put a link to a file that is fine by itself."""
    link = common / "nightly.yaml"
    link.symlink_to(configure().rename("real.yaml").absolute())
    os.lchown(link, owner, owner)

    done = run("-c", link, "validate", contacts_csv(2))
    Path("real.yaml").chmod(0o666)
    open_to_all = run("-c", link, "validate", "contacts.csv")

    assert done.code == code, done.err
    assert code == 0 or f"the link {link} belongs to {INTRUDER}" in done.err
    assert open_to_all.code == ExitCode.USAGE


@is_root
@pytest.mark.parametrize(("by", "code"), [(INTRUDER, 0), (AGENT, 2)])
def test_root_by_sudo(
    by: int, code: int, run: Run, configure: Configure, contacts_csv: Contacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has typed it may use files of their own."""
    os.chown(configure(), INTRUDER, INTRUDER)
    monkeypatch.setenv("SUDO_UID", str(by))

    assert run("validate", contacts_csv(2)).code == code


@is_root
def test_a_list_may_be_anybody_s(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """It is data, and what becomes of each row is reported."""
    configure()
    path = contacts_csv(2)
    os.chown(path, INTRUDER, INTRUDER)
    path.chmod(0o666)

    assert run("import", path).code == ExitCode.OK


def test_a_configuration_through_a_pipe(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """``-c <(sops -d nightly.yaml)``: whoever starts the process gives it the handle."""
    reading, writing = os.pipe()
    os.write(writing, configure().read_bytes())
    os.close(writing)

    done = run("-c", f"/dev/fd/{reading}", "validate", contacts_csv(2))
    os.close(reading)

    assert done.code == ExitCode.OK, done.err


@pytest.mark.parametrize("mode", [0o2775, 0o2770, 0o777, 0o1777])
def test_an_inbox_may_be_open_to_others(mode: int, run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """Those who bring the lists can write to it: a group, or everybody on a share; it may be theirs, too."""
    configure()
    inbox = Path("inbox")
    inbox.mkdir()
    contacts_csv(2, "inbox/a.csv")
    if os.geteuid() == 0:
        os.chown(inbox, 54321, shared_group())
    inbox.chmod(mode)

    done = run("import", "--inbox", inbox, "--quiet-for", "0")

    assert done.code == ExitCode.OK, done.err
    assert not (inbox / "a.csv").exists()


def test_doctor_explains(run: Run, configure: Configure, tmp_path: Path) -> None:
    """What is not trusted, and how to make it safe; the command of the token is not run. --trust makes it a warning."""
    config = configure(token=None, token_command=f"touch {tmp_path}/owned")
    config.write_text(config.read_text(encoding="utf-8").replace("  token: None\n", ""), encoding="utf-8")
    run("runs", "list")
    config.chmod(0o666)
    Path("state/journal.db").chmod(0o606)

    done = run("doctor", "-o", "json")
    assert not (tmp_path / "owned").exists()
    trusting = run("--trust", "doctor", "-o", "json")

    checks = [check for check in json.loads(done.out) if check["name"] == "trust"]
    assert done.code == ExitCode.USAGE
    assert [check["status"] for check in checks] == ["FAIL", "FAIL"]
    assert all("chmod" in check["mend"] and "--trust" in check["mend"] for check in checks)
    assert {check["status"] for check in json.loads(trusting.out) if check["name"] == "trust"} == {"WARN"}


def test_doctor_checks_the_files_of_logins(run: Run, configure: Configure, tmp_path: Path) -> None:
    """As a run does when it uses them: whose key is accepted decides who gets the login."""
    (tmp_path / "hosts").write_text("", encoding="utf-8")
    (tmp_path / "hosts").chmod(0o666)
    configure(sources="{'sftp://files.example.com': {known_hosts: hosts}}")

    done = run("doctor", "-o", "json")

    (check,) = [check for check in json.loads(done.out) if check["name"] == "trust"]
    assert (done.code, check["status"]) == (ExitCode.USAGE, "FAIL")
    assert f"chmod o-w {tmp_path}/hosts" in check["mend"]


def test_doctor_warns_of_lists_that_others_can_write(run: Run, configure: Configure, tmp_path: Path) -> None:
    """They are used all the same: a list may be anybody's."""
    names = ("calm.csv", "open.csv")
    for name in names:
        (tmp_path / name).write_text("Phone,Name\n0171 3920012,A\n", encoding="utf-8")
    (tmp_path / "open.csv").chmod(0o666)
    lookup = "{column: City, lookup: {file: open.csv, key: Phone, value: Name}}"
    columns = {"UserData": "Key", "Name": "Name", "PhoneNumber1": "Phone", "Region": lookup}
    found = {}
    for name in names:
        configure(columns, suppress=f"{{file: {name}, column: Phone}}")
        found[name] = run("doctor").out

    assert "WARN  lists" in found["open.csv"]
    assert "suppress.file" in found["open.csv"]
    assert "suppress.file" not in found["calm.csv"]
    assert "columns.Region.lookup" in found["calm.csv"]
    assert "chmod o-w" in found["calm.csv"]


@is_root
@pytest.mark.parametrize(("mode", "said"), [(0o440, "OK"), (0o444, "WARN")])
def test_a_group_may_read_a_token_of_root(
    mode: int, said: str, configure: Configure, common: Path, dialler: SimulatorServer
) -> None:
    """As a secret of Kubernetes is mounted; nobody but root could change its mode."""
    token = common / "token"
    token.write_text("simulator", encoding="utf-8")
    os.chown(token, 0, AGENT)
    token.chmod(mode)
    config = moved(configure(token_file=token), common / "config.yaml")
    config.write_text(config.read_text(encoding="utf-8").replace("  token: ${DIALLER_SYNC_TOKEN}\n", ""))
    home = common / "agent"
    home.mkdir()
    os.chown(home, AGENT, AGENT)

    done = as_user(AGENT, home, "-c", config, "doctor")

    assert done.code == ExitCode.OK, done
    assert re.search(rf"^{said} +token ", done.out, re.MULTILINE), done.out


@is_root
def test_as_another_user(configure: Configure, contacts_csv: Contacts, common: Path, dialler: SimulatorServer) -> None:
    """Their own files and root's are fine, in /tmp, too; those of a third user run nothing, whatever they say."""
    home = common / "agent"
    home.mkdir()
    os.chown(home, AGENT, AGENT)
    lists = moved(contacts_csv(2), home / "contacts.csv")
    mine = moved(configure(), common / "mine.yaml")
    roots = moved(configure(), common / "roots.yaml")
    foreign = moved(configure(token_command=f"touch {home}/owned"), common / "foreign.yaml")
    foreign.write_text(foreign.read_text(encoding="utf-8").replace("  token: ${DIALLER_SYNC_TOKEN}\n", ""))
    for path, user in ((mine, AGENT), (foreign, INTRUDER)):
        os.chown(path, user, user)
    lists.chmod(0o644)

    done = [as_user(AGENT, home, "-c", path, "import", lists, "--out", path.stem) for path in (mine, roots, foreign)]

    assert [each.code for each in done] == [ExitCode.OK, ExitCode.OK, ExitCode.USAGE], done
    assert f"sudo chown {AGENT} {foreign}" in done[2].err
    assert not (home / "owned").exists()
    assert not [path for path in (home / "mine").iterdir() if path.stat().st_mode & 0o077]


@is_root
def test_a_journal_of_another_user_is_not_opened(common: Path) -> None:
    """Not in /tmp, where it may lie under the very name that was meant."""
    home = common / "agent"
    home.mkdir()
    os.chown(home, AGENT, AGENT)
    journal = common / "journal.db"
    made = as_user(INTRUDER, common, "--state", journal, "runs", "list")
    journal.chmod(0o666)

    refused = as_user(AGENT, home, "--state", journal, "runs", "list")

    assert made.code == ExitCode.OK, made.err
    assert refused.code == ExitCode.USAGE
    assert f"{journal} belongs to {INTRUDER}" in refused.err


@pytest.mark.parametrize("mode", [0o1777, 0o1775, 0o1755])
def test_a_journal_lies_where_nobody_else_makes_files(mode: int, run: Run, tmp_path: Path) -> None:
    """SQLite reads ``-journal`` and ``-wal`` beside it when it opens the file: others could put one there after every
    check, and take it away again. A new one gets a folder of its own; by a link, its target's folder counts."""
    folder = tmp_path / "shared"
    folder.mkdir()
    if os.geteuid() == 0:
        os.chown(folder, 0, shared_group())
    folder.chmod(mode)
    Path("link.db").symlink_to(folder / "linked.db")

    for name in (folder / "check.db", "link.db"):
        assert run("--state", name, "runs", "list").code == ExitCode.OK
        assert "others can put files into" not in run("--state", name, "doctor").out

    for journal in (folder / "check.db", folder / "linked.db"):
        assert journal.is_symlink() == bool(mode & 0o022)
        assert journal.resolve().parent.stat().st_mode & 0o022 == 0
        assert journal.stat().st_mode & 0o777 == 0o600


def test_a_journal_whose_link_was_deleted_is_not_used_again(
    run: Run, configure: Configure, contacts_csv: Contacts, common: Path
) -> None:
    """Whoever deletes a journal wants a new one."""
    configure()
    state = common / "check.db"
    for _ in range(2):
        assert run("--state", state, "validate", contacts_csv(1)).code == ExitCode.OK
        assert len(run("--state", state, "runs", "list").out.splitlines()) == 2
        state.unlink()


def test_a_journal_that_lies_where_others_make_files_is_refused(run: Run, tmp_path: Path) -> None:
    """As an older version made it."""
    folder = tmp_path / "shared"
    assert run("--state", folder / "check.db", "runs", "list").code == ExitCode.OK
    folder.chmod(0o1777)

    refused = run("--state", folder / "check.db", "runs", "list")

    assert refused.code == ExitCode.USAGE
    assert "others can put files into" in refused.err
    assert "others can put files into" in run("--state", folder / "check.db", "doctor").out
    assert run("--trust", "--state", folder / "check.db", "runs", "list").code == ExitCode.OK


def test_a_journal_is_not_made_in_a_folder_of_others(common: Path) -> None:
    """Which they put there beforehand."""
    files = common / "check.db-files"
    files.mkdir()
    os.chown(files, INTRUDER, INTRUDER)

    refused = as_user(AGENT, common, "--state", common / "check.db", "runs", "list")

    assert refused.code == ExitCode.USAGE
    assert f"{files} belongs to {INTRUDER}" in refused.err
    assert list(files.iterdir()) == []


def test_a_home_that_is_no_folder(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """As that of users of services: nobody is told to take the rights of /dev/null away."""
    monkeypatch.delenv("DIALLER_SYNC_STATE")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("HOME", "/dev/null")

    done = run("runs", "list")

    assert done.code == ExitCode.USAGE
    assert "HOME=/dev/null" in done.err
    assert "chmod" not in done.err


def test_a_file_in_the_folder_for_temporary_files_is_fine(
    run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """It is this user's, and nobody else can replace it there."""
    with tempfile.NamedTemporaryFile("wb", suffix=".yaml", dir="/tmp") as file:
        file.write(configure().read_bytes())
        file.flush()

        assert run("-c", file.name, "validate", contacts_csv(2)).code == ExitCode.OK


def test_programs_in_python_are_held_to_the_same(
    configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They have no --trust, and say it by the variable or in the call."""
    path = configure()
    path.chmod(0o606)
    (tmp_path / "journal.db").touch()
    (tmp_path / "journal.db").chmod(0o606)

    for opened in (lambda: load_config(path), lambda: Journal.open(tmp_path / "journal.db").close()):
        with pytest.raises(UsageError, match="chmod o-w"):
            opened()
        with monkeypatch.context() as patch:
            patch.setenv("DIALLER_SYNC_TRUST", "1")
            opened()
    assert load_config(path, trusted=True)


def test_a_file_is_not_safe_by_a_sticky_bit(tmp_path: Path) -> None:
    """It keeps others from deleting what lies in a folder, and from writing into nothing."""
    path = tmp_path / "nightly.yaml"
    path.touch()
    path.chmod(0o1602)

    assert trust.judge("configuration", path)


@pytest.mark.parametrize("folder", ["fd", "any"])
@pytest.mark.parametrize("relative", [True, False])
def test_what_a_link_leads_to_counts(folder: str, relative: bool, tmp_path: Path) -> None:
    """However the link is written, and whatever its folder is called."""
    (tmp_path / folder).mkdir()
    path, link = tmp_path / "real.yaml", tmp_path / folder / "link.yaml"
    path.touch()
    link.symlink_to("../real.yaml" if relative else path)
    assert trust.judge("configuration", link) is None

    path.chmod(0o606)

    found = trust.judge("configuration", link)
    assert found
    assert f"{path} (owner" in found.said


def test_links_in_a_circle_have_an_end(tmp_path: Path) -> None:
    for one, other in (("a", "b"), ("b", "a")):
        (tmp_path / one).symlink_to(tmp_path / other)

    assert trust.judge("configuration", tmp_path / "a") is None, "reading it says why it cannot be read"


@is_root
def test_who_is_unknown_to_a_container_owns_folders_and_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host's root, to whom the folders above belong, and every other user of the host have one number."""
    monkeypatch.setattr(trust, "_unmapped", lambda: INTRUDER)
    folder, path = tmp_path / "folder", tmp_path / "folder" / "nightly.yaml"
    folder.mkdir()
    path.touch()
    os.chown(folder, INTRUDER, INTRUDER)
    assert trust.judge("configuration", path) is None

    os.chown(path, INTRUDER, INTRUDER)

    assert trust.judge("configuration", path)


@pytest.mark.parametrize(("user", "expected"), [(0, True), (AGENT, False)])
def test_sudo_counts_for_root_alone(user: int, expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody can set its variable."""
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setenv("SUDO_UID", str(INTRUDER))

    assert trust.is_trusted(INTRUDER) is expected


@is_root
def test_a_link_of_our_own_to_a_folder_of_another_user_is_foreign(tmp_path: Path) -> None:
    folder, link, to_nothing = tmp_path / "theirs", tmp_path / "link", tmp_path / "to-nothing"
    folder.mkdir()
    os.chown(folder, INTRUDER, INTRUDER)
    link.symlink_to(folder)
    to_nothing.symlink_to("nothing")

    assert [trust.is_foreign(path) for path in (folder, link, to_nothing, tmp_path / "no")] == [
        True,
        True,
        False,
        False,
    ]


@is_root
@pytest.mark.parametrize("command", ["inspect", "init"])
def test_a_command_in_a_configuration_that_is_extended_is_not_run(command: str, common: Path, run: Run) -> None:
    """Whoever can change that file would have it run by reading a list."""
    base, config, mark, archive = (common / name for name in ("base.yaml", "own.yaml", "ran", "list.zip"))
    base.write_text(f"source: {{password_command: \"sh -c 'touch {mark}; echo x'\"}}\n", encoding="utf-8")
    config.write_text("extends: base.yaml\n", encoding="utf-8")
    with pyzipper.AESZipFile(archive, "w", encryption=pyzipper.WZ_AES) as file:
        file.setpassword(b"secret")
        file.writestr("list.csv", "Name,Phone\nAnn,0171 1234567\n")
    os.chown(base, INTRUDER, INTRUDER)

    refused = run("-c", config, command, archive)

    assert refused.code == ExitCode.USAGE
    assert f"{base} belongs to {INTRUDER}" in refused.err
    assert not mark.exists()


@is_root
def test_a_configuration_of_others_takes_none_out_of_the_night(common: Path) -> None:
    """One that is extended is no campaign of its own, but not because an intruder says so."""
    for name, text in {"ost": "campaign: {id: 538}\n", "evil": "extends: ost.yaml\n", "_own": "{}\n"}.items():
        (common / f"{name}.yaml").write_text(text, encoding="utf-8")
    os.chown(common / "evil.yaml", INTRUDER, INTRUDER)

    assert configurations(common) == [common / "evil.yaml", common / "ost.yaml"]
    assert configurations(common, trusted=True) == [common / "evil.yaml"]
