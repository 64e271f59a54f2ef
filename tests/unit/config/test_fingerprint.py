"""What the journal keeps of a configuration."""

from __future__ import annotations

from dialler_sync.config import Settings, fingerprint

PLAIN = {
    "dialler": {"base_url": "http://127.0.0.1/rest/v1.0", "clients_id": 1, "token": "t"},
    "campaign": {"id": 538},
    "columns": {"Name": "Name"},
}


def test_logins_do_not_decide_what_is_sent() -> None:
    """No command of theirs, which may hold a secret, comes into the journal; a new login does not keep a run from going
    on."""
    login = {"sftp://crm.example.com": {"username": "u", "password_command": "echo s3cret-of-the-login"}}

    assert fingerprint(Settings.model_validate(PLAIN | {"sources": login})) == fingerprint(
        Settings.model_validate(PLAIN)
    )
