"""How a migration runs: on the connection it is given, in that connection's transaction, one at a time."""

from alembic import context
from sqlalchemy import Connection

from ungdom.store.schema import metadata

LOCK_SECONDS, STATEMENT_SECONDS = 5, 60
QUEUE_SECONDS = 10
"""How long an upgrade waits for another one before it says that the database is busy."""


def hold(connection: Connection) -> None:
    """On PostgreSQL: give up early rather than queue before everybody else, and let one upgrade run at a time."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s'")
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{QUEUE_SECONDS}s'")
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('ungdom migrations'))")
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")


def run(connection: Connection) -> None:
    """Inside the transaction of the caller, also on SQLite: Alembic would otherwise commit one of its own."""
    if not connection.in_transaction():
        connection.begin()
    hold(connection)
    context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
