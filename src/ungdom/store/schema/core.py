"""The tables. Events are the truth; `case_current` and `case_team` follow from them and may be thrown away."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    Uuid,
    text,
)

from ungdom.workflow.vocabulary import (
    Actor,
    EventType,
    OffenceGroup,
    Party,
    Phase,
    Regime,
    Role,
    Sanction,
    State,
)
from ungdom.workflow.vocabulary import Protection as Protection  # noqa: PLC0414  # also taken from here, beside its column

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""How constraints and indexes are named: migrations can then speak of them on both databases."""

metadata = MetaData(naming_convention=NAMING_CONVENTION)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant, kept and given back in UTC. A time without a zone is refused with `ValueError`."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """An instant is a `datetime`."""
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; SQLite keeps no zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Back from the database, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class EnumText(TypeDecorator[StrEnum]):
    """A word of one vocabulary, kept as text. Another word than these does not come out: `ValueError`."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:  # noqa: ARG002  # SQLAlchemy's
        """As text."""
        return None if value is None else str(self.kind(value))

    def process_result_value(self, value: Any | None, dialect: Dialect) -> StrEnum | None:  # noqa: ARG002  # the same
        """As a member of the vocabulary."""
        return None if value is None else self.kind(value)


class NumberKind(StrEnum):
    """Whose number of the case it is."""

    POLICE = "police"
    COURT = "court"


# --- people -------------------------------------------------------------------------------------------------

person = Table(
    "person",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    Column("sealed", LargeBinary, comment="encrypted; null when erased"),
    Column("number_hash", LargeBinary, index=True, comment="keyed hash of the national identity number"),
    Column("protection", EnumText(Protection), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("same_as", ForeignKey("person.person_id"), index=True, comment="the record of the same person that counts"),
    CheckConstraint("protection IN ('none', 'confidential', 'strictly_confidential')", name="protection"),
    CheckConstraint("same_as <> person_id", name="same_as"),
)

person_version = Table(
    "person_version",
    metadata,
    Column("person_id", ForeignKey("person.person_id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("born", Date, nullable=False),
    Column("guardians", Integer, nullable=False),
    CheckConstraint("guardians >= 0", name="guardians"),
    comment="what the rules need to know of a person, as it was known over time; rows are only added",
)

# --- cases --------------------------------------------------------------------------------------------------

case_file = Table(
    "case_file",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("reference", Text, nullable=False, unique=True),
    Column("person_id", ForeignKey("person.person_id"), nullable=False, index=True),
    Column("opened_at", UtcDateTime, nullable=False),
)

case_number = Table(
    "case_number",
    metadata,
    Column("case_id", ForeignKey("case_file.case_id"), primary_key=True),
    Column("kind", EnumText(NumberKind), primary_key=True),
    Column("number", Text, primary_key=True),
    Column("main", Boolean, nullable=False, server_default=text("false"), comment="hovedstraffesak: the main case"),
    Index("ix_case_number_kind_number", "kind", "number"),
    CheckConstraint("kind IN ('police', 'court')", name="kind"),
)

event = Table(
    "event",
    metadata,
    Column("case_id", ForeignKey("case_file.case_id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("type", EnumText(EventType), nullable=False),
    Column("occurred_on", Date, nullable=False),
    Column("occurred_at", UtcDateTime),
    Column("details", Text, nullable=False, comment="JSON, kept as written"),
    Column("recorded_at", UtcDateTime, nullable=False, index=True),
    Column("actor", EnumText(Actor), nullable=False),
    Column("role", EnumText(Role), nullable=False),
    Column("subject", Text, nullable=False),
    Column("source", Text, nullable=False),
    CheckConstraint("seq >= 1", name="seq"),
    comment="what happened; triggers refuse to change or remove a row; no person is named here",
)

case_current = Table(
    "case_current",
    metadata,
    Column("case_id", ForeignKey("case_file.case_id"), primary_key=True),
    Column("reference", Text, nullable=False),
    Column("person_id", Uuid, nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("sanction", EnumText(Sanction), nullable=False),
    Column("konfliktrad", Text, nullable=False),
    Column("state", EnumText(State), nullable=False, index=True),
    Column("phase", EnumText(Phase), nullable=False),
    Column("waiting_for", EnumText(Party)),
    Column("decision_regime", EnumText(Regime)),
    Column("registered_on", Date, nullable=False),
    Column("first_offence", Date, nullable=False),
    Column("last_offence", Date, nullable=False),
    Column("received_on", Date),
    Column("started_on", Date),
    Column("start_rule", Text),
    Column("planned_end", Date),
    Column("adjusted_end", Date),
    Column("closed_on", Date),
    Column("coordinator", Text, index=True),
    Column("transfer_to", Text, comment="the konfliktråd that is to have it, until it has answered"),
    Column("next_due_on", Date),
    Column("next_due_code", Text),
    Column("look_on", Date, comment="the next day on which its alerts may change by themselves"),
    Column("turns_18_on", Date, nullable=False),
    Column("act_on", Date, comment="the day its most pressing task is put in order by; null when nothing needs doing"),
    Column("duties", Text, comment="its tasks as |kind:actor|, to look for"),
    Column("tasks", Text, comment="JSON: what needs doing, by whom, by when, and from when it can be done; no person"),
    Column("updated_at", UtcDateTime, nullable=False),
    Index("ix_case_current_konfliktrad_state", "konfliktrad", "state"),
    Index(
        "ix_case_current_transfer_to",
        "transfer_to",
        postgresql_where=text("transfer_to IS NOT NULL"),
        sqlite_where=text("transfer_to IS NOT NULL"),
    ),
    Index(
        "ix_case_current_next_due_on",
        "next_due_on",
        postgresql_where=text("closed_on IS NULL"),
        sqlite_where=text("closed_on IS NULL"),
    ),
    Index(
        "ix_case_current_look_on",
        "look_on",
        "case_id",
        postgresql_where=text("look_on IS NOT NULL"),
        sqlite_where=text("look_on IS NOT NULL"),
    ),
    Index("ix_case_current_act_on", "act_on", "case_id"),
    Index("ix_case_current_konfliktrad_act_on", "konfliktrad", "act_on", "case_id"),
    comment="one row a case, folded from its events",
)

case_team = Table(
    "case_team",
    metadata,
    Column("case_id", ForeignKey("case_file.case_id"), primary_key=True),
    Column("member", Text, primary_key=True, index=True),
    comment="the follow-up team as it stands, folded from the events",
)

note = Table(
    "note",
    metadata,
    Column("note_id", Uuid, primary_key=True),
    Column("case_id", ForeignKey("case_file.case_id"), nullable=False, index=True),
    Column("sealed", LargeBinary, comment="encrypted; null when erased"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", Text, nullable=False),
)

# --- reference data -----------------------------------------------------------------------------------------


def _name_columns() -> list[Column[Any]]:
    return [Column(name, Text, nullable=False) for name in ("name_nb", "name_nn", "name_en")]


police_district = Table("police_district", metadata, Column("code", Text, primary_key=True), *_name_columns())

konfliktrad = Table(
    "konfliktrad",
    metadata,
    Column("code", Text, primary_key=True),
    *_name_columns(),
    Column("police_district", ForeignKey("police_district.code"), nullable=False),
    Column("valid_from", Date, nullable=False),
)

municipality = Table(
    "municipality",
    metadata,
    Column("number", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("konfliktrad", ForeignKey("konfliktrad.code"), nullable=False),
    Column("police_district", ForeignKey("police_district.code"), nullable=False),
    Column("valid_from", Date, nullable=False),
)

offence_group = Table(
    "offence_group",
    metadata,
    Column("code", EnumText(OffenceGroup), primary_key=True),
    Column("position", Integer, nullable=False),
    *_name_columns(),
)

statute = Table(
    "statute",
    metadata,
    Column("code", Text, primary_key=True),
    Column("law", Text, nullable=False),
    Column("law_id", Text, nullable=False),
    Column("section", Text, nullable=False),
    Column("title_nb", Text, nullable=False),
    Column("max_penalty_months", Integer, nullable=False),
    Column("min_penalty_months", Integer, nullable=False),
    Column("offence_group", ForeignKey("offence_group.code"), nullable=False),
)

measure = Table(
    "measure",
    metadata,
    Column("id", Text, primary_key=True),
    Column("code", Text, nullable=False),
    Column("letter", Text, comment="the letter in konfliktrådsloven § 25, if it has one"),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    *_name_columns(),
    Column("kind", Text, nullable=False),
)

agency = Table(
    "agency",
    metadata,
    Column("code", Text, primary_key=True),
    *_name_columns(),
    Column("sector", Text, nullable=False),
)

staff = Table(
    "staff",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("konfliktrad", ForeignKey("konfliktrad.code"), nullable=False, index=True),
    Column("role", EnumText(Role), nullable=False),
    Column("display_name", Text, nullable=False),
    Column("telephone", Text),
    Column("active_from", Date, nullable=False),
    Column("active_to", Date),
    Column(
        "cleared",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="may be given cases of people whose address is protected",
    ),
)

# --- what is owed to others, and remembered for them ----------------------------------------------------------

OFFICIAL_KINDS = ("esas.status", "esas.status.second", "esas.receipt")
"""The kinds of messages that go to partners of the sector's exchange."""
_OFFICIAL_OPEN = f"delivered_at IS NULL AND kind IN {OFFICIAL_KINDS}"

outbox = Table(
    "outbox",
    metadata,
    Column("message_id", Uuid, primary_key=True),
    Column("case_id", Uuid, nullable=False, comment="the case, or the official message that a receipt is for"),
    Column("seq", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", Text, nullable=False, comment="JSON: ids, type and times, no person"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("delivered_at", UtcDateTime),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_try_at", UtcDateTime, comment="not before this instant, after a failed attempt"),
    Column("held", Text, comment="code of what it waits for, when it cannot be complete yet or no longer arrives"),
    Column(
        "place",
        Integer,
        nullable=False,
        server_default=text("0"),
        comment="which one of its kind and event",
    ),
    Column("told", Text, comment="what the tries said: part, code, days, ids; no person"),
    Index(
        "ix_outbox_created_at",
        "created_at",
        postgresql_where=text("delivered_at IS NULL"),
        sqlite_where=text("delivered_at IS NULL"),
    ),
    *(
        Index(name, *columns, postgresql_where=text(_OFFICIAL_OPEN), sqlite_where=text(_OFFICIAL_OPEN))
        for name, columns in {
            "ix_outbox_official": ("created_at", "case_id", "seq", "kind"),
            "ix_outbox_official_case": ("case_id", "seq"),
        }.items()
    ),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("key_hash", LargeBinary, primary_key=True, comment="keyed hash of the key and whom it belongs to"),
    Column("sealed", LargeBinary, nullable=False, comment="the request's fingerprint and the answer"),
    Column("created_at", UtcDateTime, nullable=False, index=True),
)

job_run = Table(
    "job_run",
    metadata,
    Column("run_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("for_date", Date, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("status", Text, nullable=False),
    Column("counts", Text, nullable=False, comment="JSON"),
    Index("ix_job_run_name_for_date", "name", "for_date"),
)
