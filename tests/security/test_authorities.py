"""OpenSSL's variables: they name authorities in place of the system's, which decide who gets the token."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode

from ..conftest import Configure, Run
from .users import INTRUDER, is_root

REFUSED = "could have been changed by others"
UNREACHABLE = "https://127.0.0.1:1"


@pytest.fixture(autouse=True)
def a_list(contacts_csv: Callable[..., Path]) -> None:
    """``contacts.csv``."""
    contacts_csv(1)


@pytest.fixture
def authorities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that ``SSL_CERT_FILE`` names, this user's own."""
    file = tmp_path / "authorities.pem"
    file.write_text("")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return file


@is_root
@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
@pytest.mark.parametrize("door", ["dialler", "doctor", "notify", "doctor of notify", "list"])
def test_authorities_of_another_user_are_not_used(
    door: str, variable: str, configure: Configure, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "a.pem").write_text("")
    os.chown(folder / "a.pem", INTRUDER, INTRUDER)
    named = folder / "a.pem" if variable == "SSL_CERT_FILE" else f"{tmp_path / 'absent'}{os.pathsep}{folder}"
    monkeypatch.setenv(variable, str(named))
    configure(**({"notify": '{webhook: "https://127.0.0.1:1/x"}'} if "notify" in door else {"base_url": UNREACHABLE}))
    arguments = {"doctor": ["doctor"], "doctor of notify": ["doctor"], "list": ["inspect", f"{UNREACHABLE}/l.csv"]}

    done = run(*arguments.get(door, ["import", "contacts.csv", "--dry-run", "--compare", "dialler"]))

    assert done.code == ExitCode.USAGE
    assert REFUSED in " ".join((done.out + done.err).split())


def test_own_authorities_are_used(authorities: Path, configure: Configure, run: Run) -> None:
    configure(base_url=UNREACHABLE, retries=0)

    done = run("campaigns", "list")

    assert done.code == ExitCode.UNAVAILABLE
    assert REFUSED not in done.err


@is_root
def test_authorities_that_nothing_uses_are_not_judged(authorities: Path, configure: Configure, run: Run) -> None:
    """The dialler is this machine's, without TLS."""
    os.chown(authorities, INTRUDER, INTRUDER)
    configure()

    assert run("import", "contacts.csv").code == ExitCode.OK
