"""The first tables, and the triggers by which events are only ever added.

Lock and statement timeouts on PostgreSQL are set for every migration in `env.py`.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_first_tables"
down_revision = None


def upgrade() -> None:
    people()
    cases()
    current()
    reference()
    owed()
    if op.get_context().dialect.name == "postgresql":
        guard_events_on_postgresql()
    else:
        guard_events_on_sqlite()


def downgrade() -> None:
    raise RuntimeError("there is nothing before the first tables: remove the database instead")


def people() -> None:
    """Who the cases are about."""
    op.create_table(
        "person",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True, comment="encrypted; null when erased"),
        sa.Column("number_hash", sa.LargeBinary(), nullable=True, comment="keyed hash of the national identity number"),
        sa.Column("protection", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "protection IN ('none', 'confidential', 'strictly_confidential')", name=op.f("ck_person_protection")
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_person")),
    )
    op.create_index(op.f("ix_person_number_hash"), "person", ["number_hash"], unique=False)
    op.create_table(
        "person_version",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("born", sa.Date(), nullable=False),
        sa.Column("guardians", sa.Integer(), nullable=False),
        sa.CheckConstraint("guardians >= 0", name=op.f("ck_person_version_guardians")),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_person_version_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", "version", name=op.f("pk_person_version")),
        comment="what the rules need to know of a person, as it was known over time; rows are only added",
    )


def cases() -> None:
    """The cases and what happened in them."""
    op.create_table(
        "case_file",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_case_file_person_id_person")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_file")),
        sa.UniqueConstraint("reference", name=op.f("uq_case_file_reference")),
    )
    op.create_index(op.f("ix_case_file_person_id"), "case_file", ["person_id"], unique=False)
    op.create_table(
        "case_number",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('police', 'court')", name=op.f("ck_case_number_kind")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_case_number_case_id_case_file")),
        sa.PrimaryKeyConstraint("case_id", "kind", "number", name=op.f("pk_case_number")),
    )
    op.create_index("ix_case_number_kind_number", "case_number", ["kind", "number"], unique=False)
    op.create_table(
        "event",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("details", sa.Text(), nullable=False, comment="JSON, kept as written"),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_event_seq")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_event_case_id_case_file")),
        sa.PrimaryKeyConstraint("case_id", "seq", name=op.f("pk_event")),
        comment="what happened; triggers refuse to change or remove a row; no person is named here",
    )
    op.create_index(op.f("ix_event_recorded_at"), "event", ["recorded_at"], unique=False)
    op.create_table(
        "note",
        sa.Column("note_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True, comment="encrypted; null when erased"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_note_case_id_case_file")),
        sa.PrimaryKeyConstraint("note_id", name=op.f("pk_note")),
    )
    op.create_index(op.f("ix_note_case_id"), "note", ["case_id"], unique=False)


def current() -> None:
    """What follows from the events."""
    op.create_table(
        "case_current",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sanction", sa.Text(), nullable=False),
        sa.Column("konfliktrad", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("waiting_for", sa.Text(), nullable=True),
        sa.Column("decision_regime", sa.Text(), nullable=True),
        sa.Column("registered_on", sa.Date(), nullable=False),
        sa.Column("first_offence", sa.Date(), nullable=False),
        sa.Column("last_offence", sa.Date(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("start_rule", sa.Text(), nullable=True),
        sa.Column("planned_end", sa.Date(), nullable=True),
        sa.Column("adjusted_end", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("coordinator", sa.Text(), nullable=True),
        sa.Column("next_due_on", sa.Date(), nullable=True),
        sa.Column("next_due_code", sa.Text(), nullable=True),
        sa.Column("turns_18_on", sa.Date(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_case_current_case_id_case_file")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_current")),
        comment="one row a case, folded from its events",
    )
    op.create_index(op.f("ix_case_current_coordinator"), "case_current", ["coordinator"], unique=False)
    op.create_index("ix_case_current_konfliktrad_state", "case_current", ["konfliktrad", "state"], unique=False)
    op.create_index(
        "ix_case_current_next_due_on",
        "case_current",
        ["next_due_on"],
        unique=False,
        postgresql_where=sa.text("closed_on IS NULL"),
        sqlite_where=sa.text("closed_on IS NULL"),
    )
    op.create_index(op.f("ix_case_current_person_id"), "case_current", ["person_id"], unique=False)
    op.create_index(op.f("ix_case_current_state"), "case_current", ["state"], unique=False)
    op.create_table(
        "case_team",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_case_team_case_id_case_file")),
        sa.PrimaryKeyConstraint("case_id", "member", name=op.f("pk_case_team")),
        comment="the follow-up team as it stands, folded from the events",
    )
    op.create_index(op.f("ix_case_team_member"), "case_team", ["member"], unique=False)


def reference() -> None:
    """What comes with the product, and who works where."""
    op.create_table(
        "police_district",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_nb", sa.Text(), nullable=False),
        sa.Column("name_nn", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_police_district")),
    )
    op.create_table(
        "konfliktrad",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_nb", sa.Text(), nullable=False),
        sa.Column("name_nn", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("police_district", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["police_district"], ["police_district.code"], name=op.f("fk_konfliktrad_police_district_police_district")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_konfliktrad")),
    )
    op.create_table(
        "municipality",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("konfliktrad", sa.Text(), nullable=False),
        sa.Column("police_district", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["konfliktrad"], ["konfliktrad.code"], name=op.f("fk_municipality_konfliktrad_konfliktrad")
        ),
        sa.ForeignKeyConstraint(
            ["police_district"], ["police_district.code"], name=op.f("fk_municipality_police_district_police_district")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_municipality")),
    )
    op.create_table(
        "offence_group",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name_nb", sa.Text(), nullable=False),
        sa.Column("name_nn", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_offence_group")),
    )
    op.create_table(
        "statute",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("law", sa.Text(), nullable=False),
        sa.Column("law_id", sa.Text(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("title_nb", sa.Text(), nullable=False),
        sa.Column("max_penalty_months", sa.Integer(), nullable=False),
        sa.Column("min_penalty_months", sa.Integer(), nullable=False),
        sa.Column("offence_group", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["offence_group"], ["offence_group.code"], name=op.f("fk_statute_offence_group_offence_group")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_statute")),
    )
    op.create_table(
        "measure",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("letter", sa.Text(), nullable=True, comment="the letter in konfliktrådsloven § 25, if it has one"),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("name_nb", sa.Text(), nullable=False),
        sa.Column("name_nn", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measure")),
    )
    op.create_table(
        "agency",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_nb", sa.Text(), nullable=False),
        sa.Column("name_nn", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("sector", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_agency")),
    )
    op.create_table(
        "staff",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("konfliktrad", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("active_from", sa.Date(), nullable=False),
        sa.Column("active_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["konfliktrad"], ["konfliktrad.code"], name=op.f("fk_staff_konfliktrad_konfliktrad")),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_staff")),
    )
    op.create_index(op.f("ix_staff_konfliktrad"), "staff", ["konfliktrad"], unique=False)


def owed() -> None:
    """What is owed to others and remembered for them."""
    op.create_table(
        "outbox",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False, comment="JSON: ids, type and times, no person"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_outbox")),
    )
    op.create_index(
        "ix_outbox_created_at",
        "outbox",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("delivered_at IS NULL"),
        sqlite_where=sa.text("delivered_at IS NULL"),
    )
    op.create_table(
        "idempotency",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", "key", name=op.f("pk_idempotency")),
    )
    op.create_index(op.f("ix_idempotency_created_at"), "idempotency", ["created_at"], unique=False)
    op.create_table(
        "job_run",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("for_date", sa.Date(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False, comment="JSON"),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_job_run")),
    )
    op.create_index("ix_job_run_name_for_date", "job_run", ["name", "for_date"], unique=False)


def guard_events_on_postgresql() -> None:
    """UPDATE, DELETE and TRUNCATE of `event` fail, also when they would touch no row."""
    op.execute("""
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END $$
    """)
    op.execute("""
        CREATE TRIGGER event_is_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON event
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)


def guard_events_on_sqlite() -> None:
    """UPDATE and DELETE of a row of `event` fail, and so does INSERT OR REPLACE, which removes a row without a word."""
    for name, when in (("update", "BEFORE UPDATE"), ("delete", "BEFORE DELETE")):
        op.execute(f"""
            CREATE TRIGGER event_no_{name} {when} ON event
            BEGIN SELECT RAISE(ABORT, 'rows of event are only ever added'); END
        """)
    op.execute("""
        CREATE TRIGGER event_no_replace BEFORE INSERT ON event
        WHEN EXISTS (SELECT 1 FROM event WHERE case_id = NEW.case_id AND seq = NEW.seq)
        BEGIN SELECT RAISE(ABORT, 'this row of event is there already'); END
    """)
