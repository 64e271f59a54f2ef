"""Options that come from variables: each is named after the long form of its option."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from dialler_sync.cli.main import cli
from dialler_sync.exit_codes import ExitCode

from ..conftest import Configure, Run


def options(
    command: click.Command, parent: click.Context | None = None
) -> Iterator[tuple[click.Context, click.Option]]:
    """Yield every option of a command and those below it."""
    given = {"auto_envvar_prefix": "DIALLER_SYNC"} if parent is None else {}
    ctx = command.make_context(command.name, [], parent=parent, resilient_parsing=True, **given)
    yield from ((ctx, each) for each in command.params if isinstance(each, click.Option))
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        yield from options(below, ctx)


def test_every_option_is_read_from_the_variable_of_its_long_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever our parameter is called: ``--config`` is DIALLER_SYNC_CONFIG, ``contacts get --from`` …_GET_FROM."""
    wrong = []
    for ctx, option in options(cli):
        long = next(each for each in option.opts if each.startswith("--"))
        name = f"{ctx.auto_envvar_prefix}_{long[2:].replace('-', '_').upper()}"
        monkeypatch.setenv(name, "x")
        wrong += [] if option.resolve_envvar_value(ctx) == "x" else [name]
        monkeypatch.delenv(name)
    assert wrong == []


def test_the_configuration_of_a_variable(
    run: Run, configure: Configure, contacts_csv: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flag counts over it."""
    configure().rename("other.yaml")
    monkeypatch.setenv("DIALLER_SYNC_CONFIG", "other.yaml")
    monkeypatch.setenv("DIALLER_SYNC_RUNS_LIST_JSON", "1")

    assert run("validate", contacts_csv(1)).code == ExitCode.OK
    assert run("runs", "list").out.startswith("[")
    assert run("-c", "missing.yaml", "validate", contacts_csv(1)).code == ExitCode.USAGE
