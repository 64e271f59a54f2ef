"""A home folder that others can write to, as ``/tmp`` is where nobody has made one: what libraries read there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode

from ..conftest import Configure, Run
from .users import AGENT, INTRUDER, as_user, is_root

ARGUMENTS = {
    ".config/dask/x.yaml": ("import", "contacts.csv", "--cluster", "local"),
    ".config/fsspec/x.json": ("inspect", "sftp://127.0.0.1:1/list.csv"),
    ".ssh/config": ("inspect", "sftp://127.0.0.1:1/list.csv"),
    ".ssh/known_hosts": ("inspect", "sftp://127.0.0.1:1/list.csv"),
    ".aws/config": ("inspect", "s3://lists/list.csv"),
    ".aws/credentials": ("inspect", "s3://lists/list.csv"),
    ".boto": ("inspect", "s3://lists/list.csv"),
    ".pgpass": ("--state", "postgresql://agent@127.0.0.1:1/journal", "runs", "list"),
    ".postgresql/root.crt": ("--state", "postgresql://agent@127.0.0.1:1/journal", "runs", "list"),
}


@pytest.fixture(autouse=True)
def a_list_to_import(configure: Configure, contacts_csv: Callable[..., Path]) -> None:
    """``contacts.csv``, and a configuration for it."""
    configure()
    contacts_csv(1)


@is_root
@pytest.mark.parametrize("name", ARGUMENTS)
def test_what_another_user_put_there_is_not_read(
    name: str,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Dask loads modules that its configuration names, and the library of object stores runs programs."""
    program = tmp_path / "evil.py"
    program.write_text(f"open({str(tmp_path / 'pwned')!r}, 'w')")
    home = tmp_path / "home"
    (home / name).parent.mkdir(parents=True)
    home.chmod(0o1777)
    (home / name).write_text(
        {
            "x.yaml": f"distributed: {{scheduler: {{preload: ['{program}']}}}}",
            "config": f"[default]\ncredential_process = python3 {program}\n" if ".aws" in name else "Host *\n",
        }.get(Path(name).name, "")
    )
    os.chown(home / name, INTRUDER, INTRUDER)
    monkeypatch.setenv("HOME", str(home))

    done = run(*ARGUMENTS[name])

    assert done.code == ExitCode.USAGE, done.err
    said = " ".join(done.err.split())
    assert f"the file {home / name} could have been changed by others" in said or f"others can make {home}/" in said
    assert not (tmp_path / "pwned").exists()


@is_root
@pytest.mark.parametrize(
    "name",
    ["AWS_CONFIG_FILE", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "DASK_CONFIG", "DASK_ROOT_CONFIG", "PGSSLROOTCERT"],
)
def test_what_a_variable_names_is_judged_as_well(
    name: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "theirs").write_text("")
    os.chown(tmp_path / "theirs", INTRUDER, INTRUDER)
    monkeypatch.setenv(name, str(tmp_path / "theirs"))

    usual = {"A": ".aws/config", "D": ".config/dask/x.yaml", "P": ".pgpass", "R": ".aws/config"}
    done = run(*ARGUMENTS[usual[name[0]]])

    assert done.code == ExitCode.USAGE
    assert "could have been changed by others" in done.err


@pytest.mark.parametrize("name", [".config/dask/x.yaml", ".config/fsspec/x.json", ".aws/config"])
@pytest.mark.parametrize("where", ["open to all", "linked to what is open to all", "not there"])
def test_what_another_user_could_make_in_the_next_moment(
    where: str,
    name: str,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A library reads later than this program looks. Where nobody can make a home, it is none."""
    home = tmp_path / "home"
    if where == "open to all":
        home.mkdir()
        home.chmod(0o1777)
    elif where != "not there":
        (tmp_path / "open").mkdir()
        (tmp_path / "open").chmod(0o1777)
        (home / name).parent.parent.mkdir(parents=True)
        (home / name).parent.symlink_to(tmp_path / "open" / "missing")
    monkeypatch.setenv("HOME", str(home))

    done = run(*ARGUMENTS[name])

    refused = where != "not there"
    assert ("others can make" in done.err, done.code == ExitCode.USAGE) == (refused, refused), done.err


@is_root
@pytest.mark.parametrize("name", [".aws/sso/cache/x.json", ".ssh/id_rsa", "ssh/id_rsa"])
def test_a_folder_of_another_user_within_one_of_our_own(
    name: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However deep: an older version of a tool made it under an open umask. What else libraries read is safe."""
    home = tmp_path / "home"
    (home / name).parent.mkdir(parents=True)
    for each in (".config/fsspec/x.json", ".ssh/config", ".ssh/known_hosts", ".aws/config", ".boto", name):
        (home / each).parent.mkdir(parents=True, exist_ok=True)
        (home / each).write_text("{}" if each.endswith("json") else "", encoding="utf-8")
    monkeypatch.setenv("HOME", str(home))
    arguments = ARGUMENTS[".aws/config" if "aws" in name else ".ssh/config"]
    before = run(*arguments)
    os.chown(home / name, INTRUDER, INTRUDER)

    done = run(*arguments)

    assert "could have been changed" not in before.err
    assert done.code == ExitCode.USAGE, done.err
    assert f"the file {home / name} could have been changed by others" in " ".join(done.err.split())


def test_the_doctor_knows_of_a_home_that_is_open(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o1777)
    monkeypatch.setenv("HOME", str(home))

    done = run(*ARGUMENTS[".pgpass"][:2], "doctor")

    assert done.code == ExitCode.USAGE
    assert f"others can make {home}/.pgpass" in " ".join(done.out.split())


@pytest.mark.parametrize("home", ["own", "not there"])
def test_a_journal_on_a_server_needs_nothing_at_home(
    home: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither where the home is empty, nor where there is none; the system's own authorities are no file."""
    if home == "own":
        (tmp_path / "home").mkdir(mode=0o755)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PGSSLROOTCERT", "system")

    done = run(*ARGUMENTS[".pgpass"])

    assert "could not be reached" in done.err or "cannot be" in done.err or "refused" in done.err, done.err
    assert "others can make" not in done.err


@is_root
def test_the_authorities_that_postgresql_takes_for_the_systems(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``sslrootcert=system`` are those of OpenSSL, which its variables name."""
    (tmp_path / "theirs").write_text("")
    os.chown(tmp_path / "theirs", INTRUDER, INTRUDER)
    monkeypatch.setenv("PGSSLROOTCERT", "system")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "theirs"))

    done = run(*ARGUMENTS[".pgpass"])

    assert done.code == ExitCode.USAGE
    assert "theirs could have been changed by others" in " ".join(done.err.split())


@is_root
def test_the_authorities_that_the_settings_of_object_stores_name(
    run: Run, configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure()
    (tmp_path / "theirs").write_text("")
    os.chown(tmp_path / "theirs", INTRUDER, INTRUDER)
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    (tmp_path / "home" / ".aws").mkdir(parents=True)
    (tmp_path / "home" / ".aws" / "config").write_text(f"[default]\nca_bundle = {tmp_path / 'theirs'}\n")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    done = run("inspect", "s3://lists/list.csv")

    assert done.code == ExitCode.USAGE, done.err
    assert "theirs could have been changed by others" in " ".join(done.err.split())


@is_root
def test_each_folder_that_a_variable_names_is_looked_at(
    run: Run, configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure()
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "endpoints.json").write_text("{}")
    os.chown(folder / "endpoints.json", INTRUDER, INTRUDER)
    monkeypatch.setenv("AWS_DATA_PATH", os.pathsep.join([str(tmp_path / "other"), str(folder)]))

    done = run("inspect", "s3://lists/list.csv")

    assert done.code == ExitCode.USAGE, done.err
    assert "endpoints.json could have been changed by others" in " ".join(done.err.split())


@is_root
def test_a_home_that_may_not_be_looked_into(common: Path) -> None:
    """As ``/root`` is for a service that keeps its caller's ``HOME``: nobody else can make anything there."""
    home = common / "home"
    home.mkdir(mode=0o700)

    done = as_user(AGENT, common, "inspect", "https://127.0.0.1:1/list.csv", HOME=str(home))

    assert done.code == ExitCode.INPUT, done.err
    assert "could not be reached" in done.err or "refuses the connection" in done.err
