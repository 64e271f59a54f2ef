"""SQLite as in the package, but for this: what SQLAlchemy made of a statement for one journal, the next one uses, too.

By itself each journal makes all its statements anew, and nearly every test has a journal of its own.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.base import SQLiteDDLCompiler
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.schema import CreateTable

_STATEMENTS: dict[Any, Any] = {}
_TABLES: dict[Any, str] = {}


class _Tables(SQLiteDDLCompiler):
    def visit_create_table(self, create: CreateTable, **options: Any) -> str:
        if create.element not in _TABLES:
            _TABLES[create.element] = super().visit_create_table(create, **options)
        return _TABLES[create.element]


class Shared(SQLiteDialect_pysqlite):
    """All journals count as one, as none has settings of its own that statements depend on."""

    supports_statement_cache = True
    ddl_compiler = _Tables

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Shared)

    def __hash__(self) -> int:
        return hash(Shared)

    @classmethod
    def engine_created(cls, engine: sa.Engine) -> None:
        engine.update_execution_options(compiled_cache=_STATEMENTS)


def share() -> None:
    """For all journals of this process from now on."""
    registry.register("sqlite", __name__, "Shared")
