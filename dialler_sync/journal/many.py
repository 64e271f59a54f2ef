"""Many values as one parameter of a query, as databases limit the number of parameters."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
import sqlalchemy as sa


def each_of(connection: sa.Connection, texts: Sequence[str]) -> sa.Select[tuple[str]]:
    """Return texts as a query with one column."""
    return sa.select(each_row(connection, [(text,) for text in texts]).c.value[0].as_string())


def each_row(connection: sa.Connection, rows: Sequence[Sequence[str | int]]) -> sa.TableValuedAlias:
    """Return rows as a table: one JSON parameter.

    ``c.value[place].as_string()`` and ``as_integer()`` read a value of a row.
    """
    if connection.dialect.name == "postgresql":
        from . import postgres

        json = orjson.dumps(list(map(postgres.row_without_nul, rows))).decode()
        each = sa.func.json_array_elements(sa.cast(sa.literal(json), sa.JSON))
    else:
        each = sa.func.json_each(orjson.dumps(rows).decode())
    return each.table_valued(sa.column("value", sa.JSON))
