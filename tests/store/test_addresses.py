"""Addresses of PostgreSQL: several hosts, and nothing that outlives a transaction behind a pooler."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Integer, bindparam, func, select

from tests import pg, service
from tests.service import Service, new_case
from ungdom.store.postgresql_address import parse
from ungdom.store.prepared import Prepared
from ungdom.store.session import Database

ADDRESSES = [
    ("postgresql://me:pw@a:5433/b", {"host": "a", "port": 5433}),
    ("postgresql+psycopg://me@a:1,c:2/b?target_session_attrs=read-write",
     {"host": "a,c", "port": "1,2", "target_session_attrs": "read-write"}),
    ("postgresql://me@a,c:2/b", {"host": "a,c", "port": "5432,2"}),
    ("postgresql://me@[::1]:1,[::2]/b", {"host": "::1,::2", "port": "1,5432"}),
    ("postgresql://me@a,c/b?connect_timeout=3", {"host": "a,c", "connect_timeout": "3"}),
    ("postgresql://me@/b?host=/run/a,/run/c&port=1,2", {"host": "/run/a,/run/c", "port": "1,2"}),
]  # fmt: skip


@pytest.mark.parametrize(("url", "expected"), ADDRESSES)
def test_several_hosts_are_handed_on_to_the_driver(url: str, expected: dict[str, object]) -> None:
    address = parse(url)
    with closing(Database.open(url)) as db:
        _, given = db.writer.dialect.create_connect_args(address.url)
    assert {name: given.get(name) for name in expected} == expected
    assert (given["user"], given["dbname"]) == ("me", "b")
    assert not address.pooled


def test_the_pooler_is_an_option_of_ours_and_not_of_the_driver() -> None:
    address = parse("postgresql://me@a/b?pooler=transaction&connect_timeout=2")
    assert address.pooled
    assert dict(address.url.query) == {"connect_timeout": "2"}


@pytest.fixture
def pooled(pg_database: pg.MakeDatabase) -> Iterator[Database]:
    """A database whose address names a pooler; the session behind it is looked at without one."""
    with closing(Database.open(f"{pg_database(service.fill)}&pooler=transaction", pool_size=1)) as db:
        yield db


def test_behind_a_pooler_settings_end_with_the_transaction_and_nothing_is_prepared(pooled: Database) -> None:
    prepared = Prepared(select(func.abs(bindparam("number", type_=Integer)).label("number")))
    for transaction in (pooled.writing, pooled.reading):
        with transaction() as tx:
            values = [tx.exec_driver_sql(f"SHOW {name}").scalar() for name in ("timezone", "statement_timeout")]
            assert values == ["UTC", "30s"]
            assert [row.number for row in prepared.rows(tx, {"number": 3})] == [3]
            assert tx.exec_driver_sql("SELECT count(*) FROM pg_prepared_statements").scalar() == 0
    with pooled.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as session:
        driver = session.connection.driver_connection
        assert driver is not None
        assert driver.execute("SHOW statement_timeout").fetchone() == ("0",)


def test_the_service_works_with_such_an_address(pg_database: pg.MakeDatabase, tmp_path: Path) -> None:
    with Service(f"{pg_database(service.fill)}&pooler=transaction", tmp_path) as running:
        coordinator = running.as_("coordinator", "oslo")
        body = new_case()
        opened = coordinator.post("/v1/cases", body, key="once")
        assert opened.status_code == 201
        assert coordinator.post("/v1/cases", body, key="once").json() == opened.json()
        case = opened.json()["id"]
        assert coordinator.record(case, "note_added", "2026-01-05", note="Notat").status_code == 201
        assert len(coordinator.get(f"/v1/cases/{case}/events").json()["items"]) == 2
        assert running.as_("analyst").get("/v1/extracts/events", purpose="demo", format="csv").status_code == 200
