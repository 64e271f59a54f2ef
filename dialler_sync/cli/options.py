"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..files.url import path_of
from .source_options import source_given

F = TypeVar("F", bound=Callable[..., Any])

if TYPE_CHECKING:
    from ..jobs.imports import PlanFile, RunOptions
    from ..jobs.settings import Limit, Settings


files_argument = click.argument("files", nargs=-1, required=True, metavar="FILE...", type=path_of)

out_option = click.option(
    "--out",
    type=path_of,
    metavar="DIR",
    help="Report folder, local or at an address (written when the run has ended).  [default: reports/<run id>/]",
)


def with_options(command: F, options: Sequence[Callable[[Any], Any]]) -> F:
    """Add options to a command, in this order."""
    for option in reversed(options):
        command = option(command)
    return command


class LimitType(click.ParamType):  # type: ignore[type-arg] # generic in newer releases of click only
    """``100`` rows or ``5%`` of them."""

    name = "N|N%"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Limit | None:
        """Parse a :class:`~dialler_sync.jobs.settings.Limit`."""
        from ..jobs.settings import row_limit

        try:
            return row_limit(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


max_errors_option = click.option(
    "--max-errors", type=LimitType(), help="Stop (exit 8) if more rows than this do not succeed: 100 or 5%."
)

max_warnings_option = click.option(
    "--max-warnings", type=LimitType(), help="Stop (exit 8) if more rows than this have warnings: 100 or 5%."
)

max_missing_option = click.option(
    "--max-missing",
    type=LimitType(),
    help="Mirror: stop (exit 8) if more contacts than this are missing: 100, 5%, or '100,5%' (both limits apply).",
)

compare_option = click.option(
    "--compare",
    type=click.Choice(["none", "journal", "dialler"]),
    help="Skip unchanged rows. journal: compare with what was last sent; dialler: compare with the dialler.",
)

adopt_option = click.option(
    "--adopt", is_flag=True, help="Mirror: include contacts whose UserData dialler-sync has never sent."
)


mask_option = click.option(
    "--mask", is_flag=True, help="Mask phone numbers in report.html and .xlsx, not in failed.xlsx and the CSVs."
)

mark_option = click.option(
    "--mark",
    is_flag=True,
    help="For an .xlsx FILE, also write <name>-marked.xlsx: a copy with the faulty cells marked.",
)


_JSON = "dialler_sync.json"


def wants_json() -> bool:
    """Whether the command line has ``--json``."""
    context = click.get_current_context(silent=True)
    return bool(context and context.meta.get(_JSON))


def _want_json(context: click.Context, _param: click.Parameter, value: bool) -> None:
    context.meta[_JSON] = value


json_summary_option = click.option(
    "--json",
    is_flag=True,
    expose_value=False,
    callback=_want_json,
    help="Print summary.json (one line per run) in place of the table.",
)

cluster_option = click.option(
    "--cluster",
    metavar="URL|local",
    help="Send rows from Dask workers: tls://HOST:8786, or local for a cluster on this machine.",
)


def run_options(settings: Settings, made: PlanFile | None = None, **given: Any) -> RunOptions:
    """Combine the command line's options with those of the plan that is executed, and the configuration's."""
    from ..jobs.imports import RunOptions
    from ..jobs.settings import row_limit

    compare, most = given.pop("compare"), given.pop("max_missing")
    if made:
        compare, most = compare or made.compare, most or row_limit(made.max_missing or None)
        given["adopt"] = given["adopt"] or made.adopt
    return RunOptions(
        source=source_given(),
        compare=compare or settings.rows.compare,
        max_missing=most or settings.mirror.max_missing,
        **given,
    )
