"""The access log: who was given which person's data. It takes over the rows of the log of access to person records."""

from datetime import UTC
from typing import Any

import sqlalchemy as sa
from alembic import op

from ungdom.audit import links
from ungdom.audit.content import encode, plain
from ungdom.audit.shown import shown_hash

revision = "2026_11_30_access_log"
down_revision = "2026_11_30_lists"

INSTANT = sa.DateTime(timezone=True)
GUARDED = {
    "access_log": "access_id = NEW.access_id",
    "access_entry": "access_id = NEW.access_id AND place = NEW.place",
    "access_withholding": "withholding_id = NEW.withholding_id",
}
"""The tables whose rows are only added, and the condition by which a new row is one that is there already."""
STREAM = "person_access"
"""The stream of the rows from before this table."""
COPIED = ("access_id", "kind", "subject", "role", "konfliktrad", "criteria", "hits")
ROUTE = "/v1/persons"
"""Which of the routes of persons it was, is not known of them."""
PURPOSES = {"coordinator": "case_work", "leader": "office_lead", "secretariat": "national_tasks"}


def upgrade() -> None:
    create_log()
    create_entries()
    create_withholdings()
    take_over()
    guard()
    op.drop_table("person_access")


def downgrade() -> None:
    create_person_access()
    columns = "access_id, at, kind, subject, role, konfliktrad, criteria, hits"
    named = ", ".join(f"a.{name}" for name in columns.split(", "))
    op.execute(
        f"INSERT INTO person_access ({columns}, person_id) SELECT {named}, e.person_id FROM access_log a"  # noqa: S608
        f" LEFT JOIN access_entry e ON e.access_id = a.access_id WHERE a.stream = '{STREAM}'"
    )
    for table in ("access_withholding", "access_entry", "access_log"):
        op.drop_table(table)


def create_log() -> None:
    op.create_table(
        "access_log",
        sa.Column("access_id", sa.Uuid(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("kind", "subject", "role")),
        sa.Column("konfliktrad", sa.Text(), nullable=True),
        sa.Column(
            "system",
            sa.Text(),
            nullable=True,
            comment="the system by which it was asked; null in rows from before this table",
        ),
        sa.Column(
            "organisation",
            sa.Text(),
            nullable=True,
            comment="organisation number that the token of a system was made for",
        ),
        sa.Column("route", sa.Text(), nullable=False, comment="method and template of the address, no value of it"),
        sa.Column("matters", sa.Text(), nullable=False, comment="kinds of data in the answer"),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column(
            "criteria", sa.Text(), nullable=True, comment="what was searched by: names of fields, never their values"
        ),
        sa.Column("hits", sa.Integer(), nullable=True, comment="persons that a search returned"),
        sa.Column("about", sa.Uuid(), nullable=True, comment="the answer that was broken off"),
        sa.Column(
            "shown", sa.LargeBinary(), nullable=False, comment="hash of the rows of `access_entry` of this answer"
        ),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("link", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("stream", "position", name="uq_access_log_stream_position"),
        sa.PrimaryKeyConstraint("access_id", name=op.f("pk_access_log")),
        comment="one row per answer that contained a person's data; rows are only added",
        sqlite_with_rowid=False,
    )
    broken = sa.text("about IS NOT NULL")
    op.create_index("ix_access_log_about", "access_log", ["about"], postgresql_where=broken, sqlite_where=broken)


def create_entries() -> None:
    op.create_table(
        "access_entry",
        sa.Column("access_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True, comment="the record of the person at that time"),
        sa.Column("message_id", sa.Uuid(), nullable=True, comment="a message about somebody who has no case yet"),
        sa.PrimaryKeyConstraint("access_id", "place", name=op.f("pk_access_entry")),
        comment="the cases and persons in an answer of `access_log`; rows are only added",
        sqlite_with_rowid=False,
    )
    for column in ("case_id", "person_id"):
        op.create_index(f"ix_access_entry_{column}", "access_entry", [column, "access_id"])


def create_withholdings() -> None:
    op.create_table(
        "access_withholding",
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("withholding_id", "case_id", "access_id")),
        sa.Column("code", sa.Text(), nullable=True, comment="why the youth is not told; null: told from now on"),
        sa.Column("review_on", sa.Date(), nullable=True, comment="the day by which somebody decides again"),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.CheckConstraint("(code IS NULL) = (review_on IS NULL)", name=op.f("ck_access_withholding_review_on")),
        sa.PrimaryKeyConstraint("withholding_id", name=op.f("pk_access_withholding")),
        comment="what is held back from the youth in the list of accesses; the newest row of an access counts",
    )
    op.create_index("ix_access_withholding_case_id", "access_withholding", ["case_id", "access_id", "decided_at"])


def create_person_access() -> None:
    """The table as it was."""
    op.create_table(
        "person_access",
        sa.Column("access_id", sa.Uuid(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True, comment="null for the search itself"),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("konfliktrad", sa.Text(), nullable=True),
        sa.Column(
            "criteria", sa.Text(), nullable=True, comment="what was searched by: names of fields, never their values"
        ),
        sa.Column("hits", sa.Integer(), nullable=True, comment="persons that a search returned"),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_person_access_person_id_person")),
        sa.PrimaryKeyConstraint("access_id", name=op.f("pk_person_access")),
        comment="who has read, searched for or changed a person record; rows are only added",
    )
    op.create_index("ix_person_access_person_id_at", "person_access", ["person_id", "at", "access_id"])


def table(name: str, **columns: Any) -> sa.TableClause:
    return sa.table(name, *(sa.column(column, kind) for column, kind in columns.items()))


OLD = table(
    "person_access",
    **{"access_id": sa.Uuid(), "at": INSTANT, "kind": sa.Text(), "subject": sa.Text(), "role": sa.Text()},
    **{"konfliktrad": sa.Text(), "criteria": sa.Text(), "hits": sa.Integer(), "person_id": sa.Uuid()},
)
LOG = table(
    "access_log",
    **{"access_id": sa.Uuid(), "at": INSTANT, "kind": sa.Text(), "subject": sa.Text(), "role": sa.Text()},
    **{"konfliktrad": sa.Text(), "route": sa.Text(), "matters": sa.Text(), "purpose": sa.Text()},
    **{"criteria": sa.Text(), "hits": sa.Integer(), "shown": sa.LargeBinary()},
    **{"stream": sa.Text(), "position": sa.Integer(), "link": sa.LargeBinary()},
)
ENTRY = table("access_entry", **{"access_id": sa.Uuid(), "place": sa.Integer(), "person_id": sa.Uuid()})


def take_over() -> None:
    """Copies the rows in the order in which they were written, linked into a stream of their own."""
    tx, link = op.get_bind(), links.FIRST
    old_rows = tx.execute(sa.select(OLD).order_by(OLD.c.at, OLD.c.access_id)).mappings().all()
    for place, row in enumerate(old_rows, 1):
        persons = [] if row["person_id"] is None else [encode([None, str(row["person_id"]), None])]
        shown = shown_hash(persons)
        link = links.link(link, STREAM, place, content(row, shown))
        given = {name: row[name] for name in COPIED}
        values = {"at": row["at"], "route": ROUTE, "matters": "|identity|", "purpose": purpose(row["role"])}
        chained = {"shown": shown, "stream": STREAM, "position": place, "link": link}
        tx.execute(sa.insert(LOG), given | values | chained)
        if row["person_id"] is not None:
            named = {"access_id": row["access_id"], "place": 0, "person_id": row["person_id"]}
            tx.execute(sa.insert(ENTRY), named)


def purpose(role: str) -> str:
    return PURPOSES.get(role, "operation")


def content(row: Any, shown: bytes) -> bytes:
    """The row as the content that its link covers, as `ungdom.store.access_content.answer_content` has it."""
    at = row["at"] if row["at"].tzinfo else row["at"].replace(tzinfo=UTC)
    who = [row["access_id"], at, row["kind"], row["subject"], row["role"], row["konfliktrad"], None, None]
    why = [ROUTE, ("identity",), purpose(row["role"]), row["criteria"], row["hits"], None, shown]
    return encode(map(plain, [*who, *why]))


def guard() -> None:
    """Changing and removing a row fails."""
    for name, same in GUARDED.items():
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"""
                CREATE TRIGGER {name}_is_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON {name}
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
            """)
        else:
            guard_on_sqlite(name, same)


def guard_on_sqlite(name: str, same: str) -> None:
    """UPDATE and DELETE of a row fail, and so does INSERT OR REPLACE.

    `same`: the condition by which a new row is one that is there already.
    """
    for verb in ("update", "delete"):
        op.execute(f"""
            CREATE TRIGGER {name}_no_{verb} BEFORE {verb.upper()} ON {name}
            BEGIN SELECT RAISE(ABORT, 'rows of {name} are only ever added'); END
        """)
    there = f"EXISTS (SELECT 1 FROM {name} WHERE {same})"  # noqa: S608  # names of ours
    op.execute(f"""
        CREATE TRIGGER {name}_no_replace BEFORE INSERT ON {name} WHEN {there}
        BEGIN SELECT RAISE(ABORT, 'this row of {name} is there already'); END
    """)
