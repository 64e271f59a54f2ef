"""A secret in the wrong place of a configuration, or of an address, is in no message about that fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialler_sync.text.outward import json_text, line, screen

from ..conftest import Run
from .shell import CONFIG

SECRET = "Zq7RtYpLw93xKvBn2M4s"
URL = "http://127.0.0.1:9/rest/v1.0"
TOKEN_LINE = "token: ${DIALLER_SYNC_TOKEN}"

MISPLACED = {
    "the token as the name of its variable": (TOKEN_LINE, f"token: ${{{SECRET}}}"),
    "the token as the default of a variable": (TOKEN_LINE, f"token: ${{DIALLER_SYNC_TOKEN:-{SECRET}}}"),
    "an alias": (TOKEN_LINE, f"api_token: *{SECRET}"),
    "an alias in braces": ("campaign: {id: 538}", f"campaign: {{id: 538}}\nnotify: {{webhook: *{SECRET}}}"),
    "a merged alias": (TOKEN_LINE, f"<<: *{SECRET}"),
    "a tag": (TOKEN_LINE, f"token: !{SECRET}!x y"),
    "a login without a scheme": (URL, f"user:{SECRET}@dialler.example.com/rest"),
    "a login with half a scheme": (URL, f"https:/user:{SECRET}@dialler.example.com/rest"),
    "a parameter without a scheme": (URL, f"dialler.example.com/rest?key={SECRET}"),
    "a port": (URL, f"https://dialler.example.com:{SECRET}/rest"),
    "a login as a key": ("campaign:", f"sources: {{'sftp://user:{SECRET}@host': {{username: x}}}}\ncampaign:"),
    "a login as a key of no form": ("campaign:", f"sources: {{'user:{SECRET}@host': x}}\ncampaign:"),
    "a signature as a key": ("campaign:", f"sources: {{'https://host/x?sig={SECRET}': {{}}}}\ncampaign:"),
    "a journal as a key": ("campaign:", f"journal: {{'postgresql://user:{SECRET}@host/x': 1}}\ncampaign:"),
    "a signature of no host": ("campaign:", f"suppress: {{file: 'https:///x.csv?sig={SECRET}', column: a}}\ncampaign:"),
    "the port of a mail server": (
        "campaign:", f"notify: {{email: {{to: a@b.c, from: a@b.c, smtp: 'smtps://host:{SECRET}'}}}}\ncampaign:",
    ),
    "a ping at no address": ("campaign:", f"notify: {{ping: 'https://[host/{SECRET}'}}\ncampaign:"),
    "a webhook at no host": ("campaign:", f"notify: {{webhook: 'https:///{SECRET}'}}\ncampaign:"),
    "the port of a webhook": ("campaign:", f"notify: {{teams: 'https://host:{SECRET}/x'}}\ncampaign:"),
    "a webhook whose host is none": ("campaign:", f"notify: {{webhook: 'https://\u2100.{SECRET}/'}}\ncampaign:"),
}  # fmt: skip


@pytest.mark.parametrize("place", MISPLACED)
def test_in_a_configuration(run: Run, place: str) -> None:
    """The message has the line, and says what is wrong."""
    Path("dialler-sync.yaml").write_text(CONFIG.format(url=URL).replace(*MISPLACED[place]), encoding="utf-8")

    done = run("-vv", "campaigns", "list")

    assert done.code == 2
    assert "dialler-sync.yaml:" in done.err
    assert SECRET not in done.out + done.err


@pytest.mark.parametrize(
    "address", [f"https:///list.csv?sig={SECRET}", f"sftp://user:{SECRET}", f"https://[host/list.csv?sig={SECRET}"]
)
def test_in_an_address(run: Run, address: str) -> None:
    Path("dialler-sync.yaml").write_text(CONFIG.format(url=URL), encoding="utf-8")

    done = run("-vv", "import", address)

    assert done.code == 2
    assert SECRET not in done.out + done.err


@pytest.mark.parametrize("name", ["BILLING_TOKEN", "crmPassword", "S3_KEY_2", "OAUTH2TOKEN"])
def test_the_name_of_a_variable_that_is_not_set_is_said(run: Run, name: str) -> None:
    config = CONFIG.format(url=URL).replace(TOKEN_LINE, f"token: ${{{name}}}")
    Path("dialler-sync.yaml").write_text(config, encoding="utf-8")

    assert f"the environment variable {name} is not set" in run("campaigns", "list").err


@pytest.mark.parametrize("sign", ["\u034f", "\u115f", "\u1160", "\u17b4", "\u180b", "\u3164", "\ufe00", "\uffa0"])
def test_letters_that_nobody_sees(sign: str) -> None:
    """Python takes them for printable; they are escapes, also where nothing else in the text is to be replaced."""
    text = f"list{sign}.csv"

    assert sign not in line(text) + screen(text) + json_text(text)
