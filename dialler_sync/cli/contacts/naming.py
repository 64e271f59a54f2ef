"""Options that name contacts."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ...files.url import path_of
from ...text.phrase import phrase
from ..options import with_options
from ..spoken import TextType

if TYPE_CHECKING:
    from ...jobs.contacts import Named

T = TypeVar("T")


class UserDataType(TextType):
    """Text that is not empty; it is passed on exactly."""

    name = "U"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Refuse invalid UserData."""
        text = super().convert(value, param, ctx)
        if not text:
            self.fail(phrase("is empty"), param, ctx)
        return text


_OPTIONS = (
    click.option("--id", "ids", multiple=True, type=click.IntRange(min=0), metavar="N", help="Contact ID; repeatable."),
    click.option("--user-data", multiple=True, type=UserDataType(), help="UserData, exactly; repeatable."),
    click.option(
        "--from",
        "file",
        type=path_of,
        metavar="FILE",
        help="Spreadsheet with a contact in each row.",
    ),
    click.option(
        "--column",
        help="Column of FILE with the contacts. Default: the column mapped to UserData, or the one named UserData "
        "(with --by id: ID).",
    ),
    click.option(
        "--by",
        type=click.Choice(["user-data", "id"]),
        help="What the column contains. With id, a UserData column, if there is one, must match too.  [default: "
        "user-data]",
    ),
)

campaign_option = click.option("--campaign", metavar="ID|NAME", help="Only contacts of this campaign.")


def naming_options(command: Callable[..., T]) -> Callable[..., T]:
    """Add the options; the command gets the contacts as ``named``."""

    @wraps(command)
    def with_named(
        *args: Any,
        ids: tuple[int, ...],
        user_data: tuple[str, ...],
        file: Path | None,
        column: str | None,
        by: str | None,
        **given: Any,
    ) -> T:
        return command(*args, named=_named_by(ids, user_data, file, column, by), **given)

    return with_options(with_named, _OPTIONS)


def _named_by(
    ids: tuple[int, ...], user_data: tuple[str, ...], file: Path | None, column: str | None, by: str | None
) -> Named:
    """Return the contacts that the options name.

    Raises:
        UsageError: nothing, or they do not go together.
    """
    from ...jobs.contacts import Named

    if not (ids or user_data or file):
        raise click.UsageError(phrase("name the contacts: --id N, --user-data U or --from FILE"))
    if not file and (column or by):
        raise click.UsageError(phrase("--column and --by need --from FILE"))
    return Named(tuple(map(str, ids)), user_data, file, column, by or "user-data")
