"""The database roles on PostgreSQL: what the application and the analyst may do, tried as those roles."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg import errors
from typer.testing import CliRunner

from tests import pg, process, service
from tests.exchange.wire import Receiver
from tests.faults import office
from tests.faults.office import Office
from tests.service import Service
from ungdom.cli import app, serving
from ungdom.extracts.columns import aggregates
from ungdom.store import analyst_views, grants, rebuild, releases
from ungdom.store.grants import DatabaseRoles
from ungdom.store.session import Database

NAMES = ("owner", "application", "analyst")
GUARDED = {
    "event", "alert_change", "observation", "release", "release_exact", "person_version", "person_change",
    "staff_change", "measure_availability",
}  # fmt: skip
"""Tables whose rows are history; more may come."""


class World:
    """A database with three roles of its own, upgraded by the owner and served as the application."""

    def __init__(self, url: str) -> None:
        mark = uuid4().hex[:8]
        self.admin = psycopg.connect(url, autocommit=True)
        self.url = url
        self.roles = DatabaseRoles(*(f"ungdom_{name}_{mark}" for name in NAMES))
        for name in self.roles.names:
            self.admin.execute(f"CREATE ROLE {name} LOGIN")
        self.admin.execute(f"ALTER DATABASE {urlsplit(url).path[1:]} OWNER TO {self.roles.owner}")

    def libpq(self, role: str) -> str:
        """The libpq address of this role."""
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(netloc=f"{role}@{parts.netloc.rpartition('@')[2]}"))

    def sqlalchemy(self, role: str) -> str:
        return pg.sqlalchemy_url(self.libpq(role))

    def close(self) -> None:
        """Give back what the roles own, so that they can be removed with the database."""
        for name in self.roles.names:
            self.admin.execute(f"DROP OWNED BY {name} CASCADE")
        self.admin.execute(f"ALTER DATABASE {urlsplit(self.url).path[1:]} OWNER TO CURRENT_USER")
        for name in self.roles.names:
            self.admin.execute(f"DROP ROLE {name}")
        self.admin.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("roles")


@pytest.fixture(scope="module")
def world(pg_databases: pg.Databases, folder: Path) -> Iterator[World]:
    """A whole story, lived as the application on a database of the owner's."""
    url = pg_databases.create()
    world = World(url)
    done = command(world, folder, "db", "upgrade", roles=True)
    assert "statements executed" in done
    lived(world, folder)
    yield world
    world.close()
    pg_databases.drop(url)


def lived(world: World, folder: Path) -> None:
    with (
        Receiver() as receiver,
        Service(world.sqlalchemy(world.roles.application), folder, webhook_allow=("127.0.0.0/8",)) as running,
    ):
        with running.db.writing() as tx:
            service.staff_store.save_staff(tx, service.staff())
        day = Office(running, folder, receiver.url, {})
        for _, step in office.STEPS:
            step(day)
        assert receiver.got
        assert rebuild.check(running.db) == []


def command(world: World, folder: Path, *words: str, role: str = "", code: int = 0, roles: bool = False) -> str:
    """The output of the command as that role, by default the owner."""
    env = process.environment(world.sqlalchemy(role or world.roles.owner), folder)
    env |= {"UNGDOM_PEOPLE_KEYS": service.KEY, "UNGDOM_CURSOR_KEY": service.CURSOR_KEY}
    if roles:
        env["UNGDOM_DATABASE_APPLICATION_ROLE"] = world.roles.application
        env["UNGDOM_DATABASE_ANALYST_ROLE"] = str(world.roles.analyst)
    done = CliRunner().invoke(app, words, env=env)
    assert done.exit_code == code, (done.output, done.exception)
    return done.output


def named(world: World) -> list[str]:
    return [word for name in NAMES for word in (f"--{name}", str(getattr(world.roles, name)))]


def refused(connection: psycopg.Connection, statement: str) -> bool:
    """Whether the database refuses this statement for want of a privilege; nothing of it remains."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement)
    except errors.InsufficientPrivilege:
        return True
    return False


def test_the_application_lives_a_whole_story_and_its_rows_agree_with_the_events(world: World, folder: Path) -> None:
    assert command(world, folder, "db", "check", role=world.roles.application).endswith("\n0 difference(s)\n")
    assert command(world, folder, "db", "grants", *named(world), "--check") == "0 difference(s)\n"


def test_the_application_can_neither_change_nor_remove_history_nor_what_guards_it(
    world: World, figure: Callable[[str], None]
) -> None:
    db = Database.open(world.sqlalchemy(world.roles.owner))
    with db.reading() as tx:
        guards = grants.table_guards(tx)
    db.close()
    append_only = {name: guard for name, guard in guards.items() if guard.keeps_rows or guard.frozen}
    assert set(append_only) >= GUARDED
    tried: list[str] = []
    for table, guard in append_only.items():
        tried += [f"UPDATE {table} SET {column} = {column}" for column in guard.frozen]  # noqa: S608  # names of the catalogue
        tried += [
            f"DELETE FROM {table}",  # noqa: S608  # names of the catalogue
            f"TRUNCATE {table}", f"DROP TABLE {table}",
            f"DROP TRIGGER {table}_is_only_added ON {table}",
            f"ALTER TABLE {table} DISABLE TRIGGER ALL", f"ALTER TABLE {table} ADD COLUMN x integer",
            f"ALTER TABLE {table} OWNER TO {world.roles.application}",
            f"CREATE RULE x AS ON INSERT TO {table} DO INSTEAD NOTHING",
            f"CREATE TRIGGER x BEFORE INSERT ON {table} EXECUTE FUNCTION refuse_change()",
        ]  # fmt: skip
    tried += [
        "DROP FUNCTION refuse_change()", "CREATE TABLE x (x integer)", "CREATE TEMPORARY TABLE x (x integer)",
        "CREATE SCHEMA x", "CREATE FUNCTION x() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "SET session_replication_role = replica", "UPDATE alembic_version SET version_num = 'x'",
        "UPDATE konfliktrad SET code = code", "DELETE FROM statute", f"SET ROLE {world.roles.owner}",
        "CREATE ROLE x", "COPY event TO PROGRAM 'cat'", "SELECT * FROM analyst.release",
    ]  # fmt: skip
    with psycopg.connect(world.libpq(world.roles.application)) as connection:
        allowed = [statement for statement in tried if not refused(connection, statement)]
        assert not refused(connection, "UPDATE person_change SET sealed = NULL")
    assert allowed == []
    figure(f"database roles: {len(tried)} statements of the application on {len(append_only)} histories, 0 allowed")


def test_the_analyst_reads_every_view_and_nothing_else(world: World, figure: Callable[[str], None]) -> None:
    with psycopg.connect(world.libpq(str(world.roles.analyst))) as connection:
        views = sorted(analyst_views.view_queries("public"))
        for view in views:
            assert connection.execute(f"SELECT count(*) FROM analyst.{view}").fetchone(), view  # noqa: S608  # as above
            writes = f"SELECT has_table_privilege('analyst.{view}', 'INSERT, UPDATE, DELETE, TRUNCATE')"  # as above
            assert connection.execute(writes).fetchone() == (False,), view
        tables = [row[0] for row in world.admin.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        seen = [table for table in tables if not refused(connection, f"SELECT 1 FROM public.{table}")]  # noqa: S608  # as above
        made = [
            kind
            for kind in ("TABLE public.x (x integer)", "TEMPORARY TABLE x (x integer)", "VIEW analyst.x AS SELECT 1")
            if not refused(connection, f"CREATE {kind}")
        ]
    assert (len(tables) > 60, seen, made) == (True, [], [])
    columns = {row[0] for row in world.admin.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'analyst'")}  # fmt: skip
    assert columns.isdisjoint({"person_id", "case_id", "reference", "sealed", "subject", "number_hash", "body"})
    figure(f"database roles: the analyst reads {len(views)} views and none of {len(tables)} tables")


def test_the_view_of_released_values_is_the_extract_of_aggregates(world: World) -> None:
    db = Database.open(world.sqlalchemy(world.roles.owner))
    with db.reading() as tx:
        release = releases.newest(tx)
    db.close()
    assert release is not None
    expected = sorted(
        (number.figure, sorted(number.at.items()), number.measure, number.value, str(number.status))
        for number in aggregates.rows_of(release)
    )
    with psycopg.connect(world.libpq(str(world.roles.analyst))) as connection:
        rows = connection.execute("SELECT figure, dimensions, measure, value, status FROM analyst.released_value")
        found = sorted(
            (figure, sorted(at.items()), measure, value, status) for figure, at, measure, value, status in rows
        )
    assert len(found) > 100
    assert found == expected


def test_the_sql_is_repeatable_and_takes_back_what_somebody_gave(world: World, folder: Path) -> None:
    for statement in ("GRANT UPDATE ON event TO {}", "GRANT SELECT ON person TO {}"):
        for role in (world.roles.application, world.roles.analyst):
            world.admin.execute(statement.format(role))
    found = command(world, folder, "db", "grants", *named(world), "--check", code=1)
    assert f"{world.roles.application} may UPDATE public.event" in found
    assert f"{world.roles.analyst} may SELECT public.person" in found

    printed = command(world, folder, "db", "grants", *named(world))
    with psycopg.connect(world.libpq(world.roles.owner), autocommit=True) as connection:
        connection.execute(printed)
    assert command(world, folder, "db", "grants", *named(world), "--check") == "0 difference(s)\n"
    for _ in range(2):
        assert "statements executed" in command(world, folder, "db", "grants", *named(world), "--apply")
    assert command(world, folder, "db", "grants", *named(world), "--check") == "0 difference(s)\n"


def test_roles_that_could_undo_their_own_limits_are_refused(world: World, folder: Path) -> None:
    roles = world.roles
    cases = {
        f"ALTER ROLE {roles.application} SUPERUSER": f"ALTER ROLE {roles.application} NOSUPERUSER",
        f"GRANT {roles.owner} TO {roles.application}": f"REVOKE {roles.owner} FROM {roles.application}",
    }
    for wrong, right in cases.items():
        world.admin.execute(wrong)
        assert roles.application in command(world, folder, "db", "grants", *named(world), "--check", code=1)
        world.admin.execute(right)
    words = ["db", "grants", "--owner", roles.owner, "--application", "nobody_here"]
    assert "there is no role nobody_here" in command(world, folder, *words)


def test_an_upgrade_reminds_of_roles_that_no_setting_names(world: World, folder: Path) -> None:
    assert "run `ungdom db grants --apply`" in command(world, folder, "db", "upgrade")


def test_serving_as_the_owner_is_warned_about(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    for role, warned in ((world.roles.owner, True), (world.roles.application, False)):
        db = Database.open(world.sqlalchemy(role))
        serving.warn_of_owner(db)
        db.close()
        assert ("can change and remove events" in capsys.readouterr().err) is warned


def test_sqlite_has_no_roles(tmp_path: Path) -> None:
    url = pg.sqlite_url(tmp_path)
    service.fill(url)
    done = CliRunner().invoke(app, ["db", "grants", "--application", "x"], env=process.environment(url, tmp_path))
    assert "SQLite has no roles" in str(done.exception)
