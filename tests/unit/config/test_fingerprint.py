"""What the journal keeps of a configuration."""

from __future__ import annotations

from dialler_sync.config import Settings, changes, fingerprint

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


def test_a_journal_from_before_lists_had_a_layout_does_not_differ_from_now() -> None:
    listed = PLAIN | {
        "columns": {"Name": "Name", "Comment": {"column": "A", "lookup": {"file": "l.csv", "key": "K", "value": "V"}}},
        "suppress": {"file": "dnc.csv", "column": "Phone"},
    }
    now = fingerprint(Settings.model_validate(listed))
    before = {name: value for name, value in now.items() if ".source." not in name}

    assert '"source"' not in now["suppress"]
    assert len(before) < len(now)
    assert changes(before, now) == []

    listed["suppress"] = {"file": "dnc.csv", "column": "Phone", "source": {"sheet": "2"}}
    assert [each.split(" was ")[0] for each in changes(now, fingerprint(Settings.model_validate(listed)))] == [
        "suppress"
    ]
