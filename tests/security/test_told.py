"""What a message says, whoever wrote the texts in it; and that nobody misses one, however the telling of it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from dialler_sync.config.notify import EmailSettings
from dialler_sync.exit_codes import ExitCode
from dialler_sync.jobs import mail, receivers
from dialler_sync.jobs.message import DIGEST, chat_text
from dialler_sync.journal import Journal, RunRecord

from ..conftest import Configure, Run
from ..helpers.receivers import Hook, hook

Contacts = Callable[..., Path]


@pytest.fixture
def chat() -> Iterator[Hook]:
    with hook() as taken:
        yield taken


@pytest.fixture
def teams() -> Iterator[Hook]:
    with hook() as taken:
        yield taken


@pytest.mark.parametrize("digest", [False, True])
def test_ctrl_c_while_one_receiver_is_told_leaves_the_message_for_all(
    digest: bool,
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
    tmp_path: Path,
    chat: Hook,
    teams: Hook,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The next run tells each of them: that a campaign fails is told once, so what is not stored is told to nobody."""
    path = configure(
        notify=f"{{digest: {str(digest).lower()}, webhook: '{chat.url}', teams: '{teams.url}'}}",
        inbox=f"{{dir: '{tmp_path}/inbox'}}",
    )
    (tmp_path / "inbox").mkdir()
    contacts_csv(2, "inbox/a.csv")
    (tmp_path / "night").mkdir()
    path = path.rename(tmp_path / "night" / path.name)
    arguments: tuple[str | Path, ...] = ("night", path.parent, "--quiet-for", "0")
    if not digest:
        arguments = ("--config", path, "import", "--quiet-for", "0")

    def pressed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(receivers, "_status_of", pressed)
        patch.setenv("DIALLER_SYNC_TOKEN", "wrong")
        first = run(*arguments)
    (tmp_path / "inbox" / "a.csv").unlink()
    contacts_csv(2, "inbox/b.csv")
    second = run(*arguments)

    assert first.code in {ExitCode.NO_ROW_CAN_SUCCEED, ExitCode.INTERRUPTED}, first.err
    assert second.code == ExitCode.OK, second.err
    assert [len(chat.told), len(teams.told)] == [2, 2]


def test_who_names_a_file_puts_no_link_and_no_call_to_anybody_into_a_chat() -> None:
    """Chats read ``<url|name>``, ``[name](url)``, ``@channel`` and ``@anna`` out of any text."""
    name = (
        "[Log in](https://evil.example) <https://evil.example|Log in> <!channel> @channel @Here @anna -@ben a@x.de.csv"
    )
    campaign = {
        "event": "failing",
        "failing": True,
        "needs": name,
        "alarm": "",
        "counts": {},
        "errors": {},
        "name": name,
    }
    body = {"event": DIGEST, "verdict": name, "campaigns": [campaign]}

    texts = chat_text(body), str(receivers._card(body))

    for text in texts:
        assert "https://evil.example" in text
        assert not any(sign in text for sign in ("](", "<", ">", "@channel", "@Here", "@anna", "@ben"))
        assert "a@x.de" in text


@pytest.mark.parametrize("label", ["Nightly, a.zip/../../x.csv", "C:\\x.csv", "CON", "x" * 2_000])
def test_an_attachment_is_named_after_no_folder_and_keeps_its_suffix(label: str, tmp_path: Path) -> None:
    """A list in an archive has a path for a name, and a campaign any; others cut off what is too long."""
    (tmp_path / "report.html").write_text("<p>")
    run = RunRecord("r1", "import", "", "", str(tmp_path), "", {}, {}, "")
    settings = EmailSettings.model_validate(
        {"to": "a@x.de", "from": "b@x.de", "smtp": "smtps://x.de", "attach": ["report"], "mask": False}
    )

    (found,) = mail._attachments([(label, run)], settings, cast("Journal", None))

    assert found.name.endswith(" report.html")
    assert not set(found.name) & set('/\\:"<>|')
    assert not found.name.startswith("CON")
    assert len(found.name) < 120
