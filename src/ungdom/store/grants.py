"""The privileges of three PostgreSQL roles: owner (migrations), application (the service) and analyst (views only).

Which tables only grow is read from the triggers of the database that refuse changes, so that there is one list of them:
the application gets no privilege that such a trigger would refuse.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select, text

from ungdom.store import reference
from ungdom.store.analyst_views import SCHEMA, view_queries

Quote = Callable[[str], str]
WRITES = ("INSERT", "UPDATE", "DELETE")
NEVER = ("TRUNCATE", "REFERENCES", "TRIGGER")
"""Privileges that no role but the owner has."""
_READ_ONLY = frozenset({"alembic_version", *(table.name for table in reference.LOADED)})
"""Tables that only `ungdom db upgrade` writes."""

_DELETE, _UPDATE = 8, 16
"""Bits of `pg_trigger.tgtype`."""

_TABLES = text("""
    SELECT c.relname, pg_get_userbyid(c.relowner) AS owner, array_agg(a.attname::text ORDER BY a.attnum) AS columns
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
    GROUP BY c.relname, c.relowner ORDER BY c.relname
""")
_GUARDS = text("""
    SELECT c.relname, t.tgtype::integer AS events,
        ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND attnum = ANY (t.tgattr)) AS columns
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE NOT t.tgisinternal AND t.tgqual IS NULL AND p.proname LIKE 'refuse%'
        AND c.relnamespace = current_schema()::regnamespace
""")
_ROLES = text("SELECT rolname, rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS strong "
              "FROM pg_roles WHERE rolname = ANY (:names)")  # fmt: skip


@dataclass(frozen=True, slots=True)
class DatabaseRoles:
    """The names of the three roles. `analyst`: None where there is none."""

    owner: str
    application: str
    analyst: str | None = None

    @property
    def names(self) -> list[str]:
        """The names that are given."""
        return [name for name in (self.owner, self.application, self.analyst) if name]


@dataclass(frozen=True, slots=True)
class TableGuard:
    """What the triggers of a table refuse. `frozen`: the columns that cannot be updated."""

    owner: str
    columns: tuple[str, ...]
    frozen: frozenset[str] = frozenset()
    keeps_rows: bool = False


@dataclass(slots=True)
class _Refused:
    columns: set[str] = field(default_factory=set)
    deletion: bool = False


def table_guards(tx: Connection) -> Mapping[str, TableGuard]:
    """Every table of the schema, with what its triggers refuse."""
    rows = {row.relname: row for row in tx.execute(_TABLES)}
    refused: dict[str, _Refused] = defaultdict(_Refused)
    for trigger in tx.execute(_GUARDS):
        if trigger.events & _UPDATE:
            refused[trigger.relname].columns.update(trigger.columns or rows[trigger.relname].columns)
        if trigger.events & _DELETE:
            refused[trigger.relname].deletion = True
    return {
        name: TableGuard(row.owner, tuple(row.columns), frozenset(refused[name].columns), refused[name].deletion)
        for name, row in rows.items()
    }


def privileges(name: str, guard: TableGuard) -> dict[str, tuple[str, ...]]:
    """The privileges of the application on this table; the columns of each, none: all columns."""
    if name in _READ_ONLY:
        return {"SELECT": ()}
    granted: dict[str, tuple[str, ...]] = {"SELECT": (), "INSERT": ()}
    changeable = tuple(column for column in guard.columns if column not in guard.frozen)
    if changeable:
        granted["UPDATE"] = changeable if guard.frozen else ()
    if not guard.keeps_rows:
        granted["DELETE"] = ()
    return granted


def statements(tx: Connection, roles: DatabaseRoles) -> list[str]:
    """The SQL that gives the roles their privileges, from whatever they have now. Repeatable."""
    quote = tx.dialect.identifier_preparer.quote
    schema, database = tx.execute(text("SELECT current_schema(), current_database()")).one()
    place, owner, others = quote(schema), quote(roles.owner), [quote(name) for name in roles.names[1:]]
    everybody = ", ".join(["PUBLIC", *others])
    guards = table_guards(tx)
    return [
        *(f"ALTER TABLE {place}.{quote(n)} OWNER TO {owner}" for n, g in guards.items() if g.owner != roles.owner),
        f"REVOKE CREATE, TEMPORARY ON DATABASE {quote(database)} FROM {everybody}",
        f"GRANT CONNECT ON DATABASE {quote(database)} TO {', '.join(others)}",
        f"REVOKE ALL ON SCHEMA {place} FROM {everybody}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {place} FROM {everybody}",
        f"GRANT USAGE ON SCHEMA {place} TO {others[0]}",
        *_of_application(place, others[0], guards, quote),
        *(_of_analyst(place, others[1], owner) if roles.analyst else ()),
    ]


def _of_application(place: str, role: str, guards: Mapping[str, TableGuard], quote: Quote) -> Iterator[str]:
    for name, guard in guards.items():
        granted = [
            f"{privilege} ({', '.join(map(quote, columns))})" if columns else privilege
            for privilege, columns in privileges(name, guard).items()
        ]
        yield f"GRANT {', '.join(granted)} ON {place}.{quote(name)} TO {role}"


def _of_analyst(place: str, role: str, owner: str) -> Iterator[str]:
    yield f"CREATE SCHEMA IF NOT EXISTS {SCHEMA} AUTHORIZATION {owner}"
    yield f"REVOKE ALL ON SCHEMA {SCHEMA} FROM PUBLIC, {role}"
    yield f"GRANT USAGE ON SCHEMA {SCHEMA} TO {role}"
    for name, query in view_queries(place).items():
        yield f"DROP VIEW IF EXISTS {SCHEMA}.{name}"
        yield f"CREATE VIEW {SCHEMA}.{name} WITH (security_barrier) AS {query}"
        yield f"ALTER VIEW {SCHEMA}.{name} OWNER TO {owner}"
        yield f"GRANT SELECT ON {SCHEMA}.{name} TO {role}"


def apply(tx: Connection, roles: DatabaseRoles) -> int:
    """Executes the statements; returns their number. The service can run meanwhile: it is one transaction."""
    script = statements(tx, roles)
    for statement in script:
        tx.exec_driver_sql(statement)
    return len(script)


def unfit(tx: Connection, roles: DatabaseRoles) -> list[str]:
    """Why these roles cannot be given their privileges: one that does not exist, is used twice, or could undo them."""
    known = {row.rolname: row.strong for row in tx.execute(_ROLES, {"names": roles.names})}
    problems = [f"there is no role {name}: CREATE ROLE {name} LOGIN" for name in roles.names if name not in known]
    if len(set(roles.names)) < len(roles.names):
        problems.append("owner, application and analyst are three roles, not one with two uses")
    if problems:
        return problems
    for name in roles.names[1:]:
        if known[name]:
            problems.append(
                f"{name} is a superuser, or may create roles or databases, replicate or bypass row security"
            )
        elif _is_member(tx, name, roles.owner):
            problems.append(f"{name} is a member of {roles.owner}: REVOKE {roles.owner} FROM {name}")
    return problems


def _is_member(tx: Connection, role: str, group: str) -> bool:
    return bool(tx.scalar(text("SELECT pg_has_role(:role, :group, 'MEMBER')"), {"role": role, "group": group}))


def differences(tx: Connection, roles: DatabaseRoles) -> list[str]:
    """What a role may do and should not, or should and may not, one line each."""
    schema = tx.scalar(text("SELECT current_schema()"))
    lines = unfit(tx, roles)
    if lines:
        return lines
    for name, guard in table_guards(tx).items():
        wanted = privileges(name, guard)
        lines += [] if guard.owner == roles.owner else [f"{name} belongs to {guard.owner}, not to {roles.owner}"]
        for privilege in ("SELECT", *WRITES, *NEVER):
            lines += _difference(tx, roles.application, f"{schema}.{name}", privilege, privilege in wanted)
            if roles.analyst:
                lines += _difference(tx, roles.analyst, f"{schema}.{name}", privilege, False)
        lines += _of_columns(tx, roles.application, f"{schema}.{name}", guard)
    return lines + list(_of_places(tx, roles, str(schema)))


def _difference(tx: Connection, role: str, table: str, privilege: str, wanted: bool) -> list[str]:
    of_columns = privilege not in ("DELETE", "TRUNCATE", "TRIGGER")
    function = func.has_any_column_privilege if of_columns else func.has_table_privilege
    has = tx.scalar(select(function(role, table, privilege)))
    if has == wanted:
        return []
    return [f"{role} {'may' if has else 'may not'} {privilege} {table}"]


def _of_columns(tx: Connection, role: str, table: str, guard: TableGuard) -> Iterator[str]:
    """The columns of an append-only table that this role may update."""
    query = text("SELECT has_column_privilege(:role, :table, :column, 'UPDATE')")
    for column in sorted(guard.frozen):
        if tx.scalar(query, {"role": role, "table": table, "column": column}):
            yield f"{role} may UPDATE {table} ({column})"


def _of_places(tx: Connection, roles: DatabaseRoles, schema: str) -> Iterator[str]:
    """Whether a role may create objects, or the analyst use the schema of the tables."""
    for role in roles.names[1:]:
        for privilege in ("CREATE", "TEMPORARY"):
            query = text("SELECT has_database_privilege(:role, current_database(), :privilege)")
            if tx.scalar(query, {"role": role, "privilege": privilege}):
                yield f"{role} may {privilege} in the database"
        for place in (schema, SCHEMA) if roles.analyst else (schema,):
            if _may(tx, role, place, "CREATE"):
                yield f"{role} may CREATE in the schema {place}"
    if roles.analyst and _may(tx, roles.analyst, schema, "USAGE"):
        yield f"{roles.analyst} may USE the schema {schema}"


def _may(tx: Connection, role: str, schema: str, privilege: str) -> bool:
    query = text("SELECT has_schema_privilege(:role, oid, :privilege) FROM pg_namespace WHERE nspname = :schema")
    return bool(tx.scalar(query, {"role": role, "schema": schema, "privilege": privilege}))


def may_change_history(tx: Connection) -> bool:
    """Whether the role of this connection could change or remove events, or the triggers that refuse it."""
    if tx.dialect.name != "postgresql":
        return False
    return bool(tx.scalar(text("SELECT has_table_privilege('event', 'UPDATE, DELETE, TRUNCATE, TRIGGER')")))


def grantees(tx: Connection) -> list[str]:
    """The roles other than the owner that have privileges on the events: an upgrade may leave them without some."""
    if tx.dialect.name != "postgresql":
        return []
    query = text("""
        SELECT DISTINCT pg_get_userbyid(a.grantee) FROM pg_class c, aclexplode(c.relacl) a
        WHERE c.oid = 'event'::regclass AND a.grantee NOT IN (0, c.relowner)
    """)
    return list(tx.scalars(query))
