"""Backups of the database of a running service: a copy of the file on SQLite, a template copy on PostgreSQL."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from tests import pg
from tests.service import Service


@dataclass
class Backups:
    """Backups of one service. A restored one is served from a database of its own, with the same data folder."""

    service: Service
    request: pytest.FixtureRequest

    @property
    def sqlite(self) -> Path | None:
        return self.service.db.file

    def taken(self) -> str:
        """The address of a copy of the database as it is now."""
        if self.sqlite is not None:
            target = self.sqlite.with_name(f"backup-{self.sqlite.name}")
            for ending in ("", "-wal", "-shm"):
                if (beside := Path(f"{self.sqlite}{ending}")).exists():
                    shutil.copy(beside, f"{target}{ending}")
            return f"sqlite:///{target}"
        databases: Any = self.request.getfixturevalue("pg_databases")
        copy = databases.create()
        name, source = make_url(copy).database, self.service.db.writer.url.database
        self.service.db.close()
        server = self.request.getfixturevalue("pg_server")
        with psycopg.connect(server, autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(str(name))))
            admin.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(str(name)), sql.Identifier(str(source)))
            )
        self.request.addfinalizer(lambda: databases.drop(copy))
        return pg.sqlalchemy_url(copy)

    @contextmanager
    def restored(self, backup: str) -> Iterator[Service]:
        """The service on the database as it was, at the time of now and with the files of now."""
        again = Service(backup, self.service.settings.data_dir)
        again.clock = self.service.clock
        again.app.state.clock = self.service.clock
        with again as running:
            yield running
