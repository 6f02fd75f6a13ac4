"""What is kept under the rules of retention, each with the day from which its term counts, and what holds it back."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Connection, Select, Table, delete, exists, func, not_, or_, select

from ungdom.esas.receipt import ReceiptStatus
from ungdom.store import chain_changes
from ungdom.store.chain_tables import RECORDED
from ungdom.store.inbox import PARKED, REJECTED, SETTLED
from ungdom.store.schema.calendars import calendar_feed
from ungdom.store.schema.cases import case_current, case_team
from ungdom.store.schema.coordination_groups import coordination_contact
from ungdom.store.schema.idempotency import idempotency
from ungdom.store.schema.identity import QuestionStatus, identity_question
from ungdom.store.schema.inbox import decision, exchange_message
from ungdom.store.schema.notices import contact
from ungdom.store.schema.persons import PopulationOutcome, person, population_event
from ungdom.workflow.vocabulary import Role


@dataclass(frozen=True, slots=True)
class RetainedRows:
    """Rows that one rule is about. `query`: key, and the day or instant from which the term counts."""

    query: Select[Any]
    key: Column[Any]

    def read(self, tx: Connection, among: Collection[Any] | None = None) -> Iterator[tuple[Any, date]]:
        """Key and day, or instant, of everything that is kept. `among`: only of these keys."""
        query = self.query if among is None else self.query.where(self.key.in_(among))
        return ((row[0], row[1]) for row in tx.execute(query))

    def delete(self, tx: Connection, keys: Collection[Any]) -> None:
        """Deletes the rows with these keys, and records it where changes of the table are recorded."""
        table: Table = self.key.table
        tx.execute(delete(table).where(self.key.in_(keys)))
        if table.name in RECORDED:
            chain_changes.record(tx, table, *({self.key.name: key} for key in keys))


# --- what holds back the erasure of a person ---------------------------------------------------------------------


def closings(tx: Connection, person_id: UUID) -> dict[UUID, date | None]:
    """By case of the person with this canonical id the day of its closing; None: it is open."""
    columns = case_current.c["case_id", "closed_on"]
    rows = tx.execute(select(*columns).where(case_current.c.person_id == person_id).order_by(case_current.c.case_id))
    return {row.case_id: row.closed_on for row in rows}


def has_unanswered_question(tx: Connection, record_ids: Sequence[UUID]) -> bool:
    """Whether it is not answered yet whether one of these records and another one are of one person."""
    return bool(tx.scalar(select(_open_question(record_ids))))


def has_parked_message(tx: Connection, record_ids: Sequence[UUID]) -> bool:
    """Whether a message about one of these records waits."""
    about = decision.c.person_id.in_(record_ids) & (decision.c.outcome == PARKED)
    return tx.scalar(select(decision.c.message_id).where(about).limit(1)) is not None


def _open_question(record_ids: Sequence[UUID] | Select[tuple[UUID]]) -> ColumnElement[bool]:
    """SQL condition: whether one of these records and another one are of one person has not been answered."""
    about = or_(identity_question.c.record_id.in_(record_ids), identity_question.c.known_id.in_(record_ids))
    return exists().where(about, identity_question.c.status == QuestionStatus.OPEN)


# --- by rule ---------------------------------------------------------------------------------------------------


def _persons() -> Select[Any]:
    """Persons all of whose cases are closed, without a message or question that waits; the day of the last closing."""
    waiting = exists().where(decision.c.person_id == case_current.c.person_id, decision.c.outcome == PARKED)
    of_person = or_(person.c.person_id == case_current.c.person_id, person.c.same_as == case_current.c.person_id)
    sealed = exists().where(of_person, person.c.sealed.is_not(None))
    records = select(person.c.person_id).where(of_person).correlate(case_current)
    return (
        select(case_current.c.person_id, func.max(case_current.c.closed_on))
        .where(sealed, not_(waiting), not_(_open_question(records).correlate(case_current)))
        .group_by(case_current.c.person_id)
        .having(func.count() == func.count(case_current.c.closed_on))
        .order_by(case_current.c.person_id)
    )


def _messages() -> Select[Any]:
    """Settled messages whose case is closed."""
    joined = decision.join(case_current, case_current.c.case_id == decision.c.case_id)
    settled = decision.c.outcome.in_((*SETTLED, "superseded"))
    return (
        select(decision.c.message_id, case_current.c.closed_on)
        .select_from(joined)
        .where(settled, decision.c.sealed.is_not(None), case_current.c.closed_on.is_not(None))
        .order_by(decision.c.message_id)
    )


def _rejected_messages() -> Select[Any]:
    """Rejected messages that are of no case. Parked ones wait for a person, who may dismiss them."""
    rejected = (decision.c.outcome == REJECTED) & decision.c.case_id.is_(None) & decision.c.sealed.is_not(None)
    return select(decision.c.message_id, decision.c.received_at).where(rejected).order_by(decision.c.message_id)


def _official_messages() -> Select[Any]:
    answered = (exchange_message.c.status != ReceiptStatus.UNDER_MOTTAK) & exchange_message.c.sealed.is_not(None)
    columns = exchange_message.c["exchange_id", "received_at"]
    return select(*columns).where(answered).order_by(exchange_message.c.exchange_id)


def _register_events() -> Select[Any]:
    decided = population_event.c.outcome != PopulationOutcome.QUESTION
    columns = population_event.c["event_id", "received_at"]
    sealed = population_event.c.sealed.is_not(None)
    return select(*columns).where(decided, sealed).order_by(population_event.c.event_id)


def _team_contacts() -> Select[Any]:
    """Contacts of members of teams who are on the team of no open case, nor a standing contact of an agency."""
    open_case = case_team.join(case_current, case_current.c.case_id == case_team.c.case_id)
    on_team = exists().select_from(open_case)
    on_team = on_team.where(case_team.c.member == contact.c.subject, case_current.c.closed_on.is_(None))
    standing = exists().where(coordination_contact.c.subject == contact.c.subject)
    members = select(*contact.c["subject", "updated_at"]).where(contact.c.role == Role.TEAM_MEMBER)
    return members.where(not_(on_team), not_(standing)).order_by(contact.c.subject)


_LAST_READ = func.coalesce(calendar_feed.c.read_at, calendar_feed.c.created_at, type_=calendar_feed.c.created_at.type)

PERSONS = RetainedRows(_persons(), case_current.c.person_id)
DECISION_CONTENT = RetainedRows(_messages(), decision.c.message_id)
REJECTED_MESSAGES = RetainedRows(_rejected_messages(), decision.c.message_id)
OFFICIAL_MESSAGES = RetainedRows(_official_messages(), exchange_message.c.exchange_id)
REGISTER_EVENTS = RetainedRows(_register_events(), population_event.c.event_id)
KEPT_ANSWERS = RetainedRows(select(*idempotency.c["key_hash", "created_at"]), idempotency.c.key_hash)
TEAM_CONTACTS = RetainedRows(_team_contacts(), contact.c.subject)
CALENDAR_FEEDS = RetainedRows(select(calendar_feed.c.feed_id, _LAST_READ), calendar_feed.c.feed_id)
