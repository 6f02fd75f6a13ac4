"""The tables as the ORM of SQLAlchemy maps them, the moves as python-statemachine has them, and how one is recorded."""

from datetime import UTC, date, datetime
from uuid import UUID

from small_rules import (
    CONDITIONS,
    MOVES,
    Facts,
    Person,
    Problem,
    Step,
    details_text,
    may_record,
    messages,
    refused,
    row_columns,
    stale,
)
from sqlalchemy import DateTime, ForeignKey
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from statemachine import State, StateMachine
from statemachine.exceptions import TransitionNotAllowed


class Base(DeclarativeBase):
    """The tables of the service."""

    type_annotation_map = {datetime: DateTime(timezone=True)}  # noqa: RUF012  # SQLAlchemy's own way to write it


class Case(Base):
    """The current row of a case; the ORM compares the version when it is updated."""

    __tablename__ = "case_current"
    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    reference: Mapped[str]
    person_id: Mapped[UUID]
    version: Mapped[int] = mapped_column()
    sanction: Mapped[str]
    konfliktrad: Mapped[str]
    state: Mapped[str]
    phase: Mapped[str]
    waiting_for: Mapped[str | None]
    waiting_since: Mapped[date | None]
    registered_on: Mapped[date]
    coordinator: Mapped[str | None]
    next_due_on: Mapped[date | None]
    next_due_code: Mapped[str | None]
    look_on: Mapped[date | None]
    act_on: Mapped[date | None]
    dated_on: Mapped[date | None]
    undated_on: Mapped[date | None]
    duties: Mapped[str | None]
    task_kinds: Mapped[str | None]
    tasks: Mapped[str | None]
    updated_at: Mapped[datetime]
    events: Mapped[list["Event"]] = relationship(back_populates="case", lazy="write_only")
    __mapper_args__ = {"version_id_col": version, "version_id_generator": False}  # noqa: RUF012  # as above


class Event(Base):
    """What happened in a case."""

    __tablename__ = "event"
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case_current.case_id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str]
    occurred_on: Mapped[date]
    occurred_at: Mapped[datetime | None]
    details: Mapped[str]
    recorded_at: Mapped[datetime]
    actor: Mapped[str]
    role: Mapped[str]
    subject: Mapped[str]
    source: Mapped[str]
    case: Mapped[Case] = relationship(back_populates="events")


class Message(Base):
    """A message to another system, sent later."""

    __tablename__ = "outbox"
    message_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    seq: Mapped[int]
    kind: Mapped[str]
    payload: Mapped[str]
    created_at: Mapped[datetime]


class CaseMachine(StateMachine):
    """The two moves; the state is a column of the case, the conditions are asked with step and facts."""

    received = State(initial=True, value="received")
    preparing = State(value="preparing")
    postponed = State(value="postponed")

    postpone = received.to(postponed, cond=[check.__name__ for check in CONDITIONS]) | preparing.to(
        postponed, cond=[check.__name__ for check in CONDITIONS]
    )
    end_postponement = postponed.to(preparing, cond=[check.__name__ for check in CONDITIONS])

    def day_has_come(self, step: Step, facts: Facts) -> bool:
        return CONDITIONS[0](step, facts)

    def case_had_begun(self, step: Step, facts: Facts) -> bool:
        return CONDITIONS[1](step, facts)

    def follows_the_last_move(self, step: Step, facts: Facts) -> bool:
        return CONDITIONS[2](step, facts)


TRIGGERS = {"postponed": "postpone", "postponement_ended": "end_postponement"}


def record(session: Session, case_id: UUID, step: Step, person: Person, expected: int) -> tuple[Case, Event]:
    """Judge the move and write it. Raises `Problem`, or what the ORM raises for a stale row."""
    case = session.get(Case, case_id)
    if case is None:
        raise Problem(404, "not_found")
    if not may_record(person, case.konfliktrad):
        raise Problem(403, "not_permitted")
    if case.version != expected:
        raise stale(case.version)
    newest = session.scalars(case.events.select().order_by(Event.seq.desc()).limit(1)).one()
    facts = Facts(case.registered_on, newest.occurred_on)
    try:
        CaseMachine(case).send(TRIGGERS[step.type], step=step, facts=facts)
    except TransitionNotAllowed as error:
        raise refused(step, case.state, facts) from error
    now, seq = datetime.now(UTC), case.version + 1
    case.waiting_for, case.version, case.updated_at = MOVES[step.type].waiting_for, seq, now
    for name, value in row_columns(step).items():
        setattr(case, name, value)
    event = Event(
        case_id=case_id,
        seq=seq,
        type=step.type,
        occurred_on=step.on,
        details=details_text(step.details),
        recorded_at=now,
        actor=person.role,
        role=person.role,
        subject=person.subject,
        source="api",
    )
    session.add(event)
    session.execute(insert(Message).on_conflict_do_nothing(), list(messages(case_id, seq, step, now)))
    return case, event
