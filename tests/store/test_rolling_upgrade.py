"""Two versions at once: a migration only expands, so that the program before it can go on beside the one after it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Inspector, MetaData, func, insert, inspect, select

from tests import pg
from tests.store.test_migrations import _ROWS
from ungdom.store.session import Connection, Database, _alembic

LAST_RELEASE = "2026_11_30_lists"
"""The head of the last version that was installed anywhere; raised with each release."""

CONTRACTS = {"2026_11_30_access_log": "person_access is copied to the access log: programs before it must have ended"}
"""Migrations that take something away, each with what must be done before it."""


def newer() -> list[str]:
    """The migrations after the last release, oldest first."""
    revisions = [one.revision for one in ScriptDirectory.from_config(_alembic()).walk_revisions()]
    return list(reversed(revisions[: revisions.index(LAST_RELEASE)]))


Shape = dict[str, dict[str, Any]]


def shape(tx: Connection) -> tuple[Shape, dict[str, set[str]]]:
    """The columns of every table, and the rules that a row has to keep."""
    found: Inspector = inspect(tx)
    columns = {name: {c["name"]: c for c in found.get_columns(name)} for name in found.get_table_names()}
    rules = {
        name: {str(sorted(one["column_names"])) for one in found.get_unique_constraints(name)}
        | {str(one["column_names"]) for one in found.get_indexes(name) if one["unique"]}
        | {str(one["name"]) for one in found.get_check_constraints(name)}
        | {str(one["constrained_columns"]) for one in found.get_foreign_keys(name)}
        for name in columns
    }
    return columns, rules


def breaks(before: tuple[Shape, dict[str, set[str]]], after: tuple[Shape, dict[str, set[str]]]) -> Iterator[str]:
    """What the program before the migration would miss, or could not write any more."""
    for table, columns in before[0].items():
        there = after[0].get(table)
        if there is None:
            yield f"{table} is gone"
            continue
        yield from (f"{table}.{name} {how}" for name, how in _changed(columns, there))
        for name in set(there) - set(columns):
            if not there[name]["nullable"] and there[name]["default"] is None:
                yield f"{table}.{name} must be filled, and has no default"
        left_empty = {str([name]) for name in set(there) - set(columns) if there[name]["nullable"]}
        new_rules = after[1][table] - before[1][table] - left_empty  # NULL keeps every such rule
        yield from (f"{table} has a new rule: {rule}" for rule in new_rules)


def _changed(before: dict[str, Any], after: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, column in before.items():
        if name not in after:
            yield name, "is gone"
        elif str(after[name]["type"]) != str(column["type"]):
            yield name, "has another type"
        elif column["nullable"] and not after[name]["nullable"]:
            yield name, "must be filled now"


def test_every_migration_since_the_last_release_only_expands(database_url: str) -> None:
    db = Database.open(database_url)
    found: dict[str, list[str]] = {}
    with db.writing() as tx:
        command.upgrade(_alembic(tx), LAST_RELEASE)
        before = shape(tx)
        for revision in newer():
            command.upgrade(_alembic(tx), revision)
            after = shape(tx)
            found[revision] = list(breaks(before, after))
            before = after
    db.close()
    assert len(found) == len(newer()) > 0
    assert {revision: lines for revision, lines in found.items() if lines and revision not in CONTRACTS} == {}


def test_what_the_last_release_writes_is_taken_by_the_new_schema(database_url: str) -> None:
    """The rows of a case as the last release writes them, on a database that has been upgraded meanwhile."""
    db = Database.open(database_url)
    with db.writing() as tx:
        command.upgrade(_alembic(tx), LAST_RELEASE)
        old = MetaData()
        old.reflect(tx)
    db.upgrade()
    with db.writing() as tx:
        for name, row in _ROWS:
            values = {k: getattr(v, "hex", v) if tx.dialect.name == "sqlite" and hasattr(v, "hex") else v
                      for k, v in row.items()}  # fmt: skip
            tx.execute(insert(old.tables[name]), values)
    with db.reading() as tx:
        counts = [tx.scalar(select(func.count()).select_from(old.tables[name])) for name, _ in _ROWS]
    assert counts == [1] * len(_ROWS)
    db.close()


@pytest.mark.parametrize(
    ("statement", "line"),
    [
        ("ALTER TABLE note DROP COLUMN created_by", "note.created_by is gone"),
        ("DROP TABLE note", "note is gone"),
        ("ALTER TABLE note ADD COLUMN x INTEGER NOT NULL DEFAULT 1", None),
        ("CREATE UNIQUE INDEX x ON note (created_by)", "note has a new rule: ['created_by']"),
    ],
)
def test_what_a_migration_takes_away_is_found(tmp_path: Path, statement: str, line: str | None) -> None:
    db = Database.open(pg.sqlite_url(tmp_path))
    db.upgrade()
    with db.writing() as tx:
        before = shape(tx)
        tx.exec_driver_sql(statement)
        assert list(breaks(before, shape(tx))) == ([line] if line else [])
    db.close()
