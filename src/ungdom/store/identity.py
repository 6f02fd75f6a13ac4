"""Identity questions: whether a new person record is of a known person. Answered by people who may see both.

There is at most one question per pair of records. If it is confirmed, the records are merged: `records.merge`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    exists,
    insert,
    literal,
    or_,
    select,
    update,
)

from ungdom.store import keyset
from ungdom.store.case_queries import disclosable_to
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.keyset import KeysetPosition
from ungdom.store.records import canonical_id_of
from ungdom.store.schema.cases import case_current
from ungdom.store.schema.identity import QuestionStatus, Resemblance, identity_question
from ungdom.store.schema.persons import person
from ungdom.store.sealed import IDENTITY_QUESTION
from ungdom.workflow.rules.permissions import Disclosure, Viewer

Q = identity_question.c
PersonKey = ColumnElement[UUID] | UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityQuestion:
    """Whether the record created with the case is of the person stored before."""

    question_id: UUID
    record_id: UUID
    known_id: UUID
    case_id: UUID
    resemblance: Resemblance
    status: QuestionStatus
    raised_at: datetime
    raised_by: str
    decided_at: datetime | None
    decided_by: str | None
    sealed: bytes | None

    def reason(self, keys: EncryptionKeys) -> str | None:
        """The reason given for the answer; None without one. Raises `CannotOpen`."""
        plain = keys.decrypt_stored(self.sealed, _record(self.question_id))
        return None if plain is None else plain.decode()


@dataclass(frozen=True, slots=True)
class PossibleMatch:
    """A stored person who may be the person of a new record."""

    known_id: UUID
    resemblance: Resemblance


def raise_questions(
    tx: Connection, record_id: UUID, matches: Sequence[PossibleMatch], case_id: UUID, by: str, at: datetime
) -> None:
    """Writes one question per match about the record, which was created in this transaction.

    Without a match the same statement runs and inserts nothing, so that the timing does not reveal whether there was
    a match.
    """
    possible = [*matches] or [PossibleMatch(record_id, Resemblance.AGREES)]  # the statement skips a record with itself
    common = {"record_id": record_id, "case_id": case_id, "raised_by": by, "raised_at": at}
    people = [{"known_id": candidate.known_id, "resemblance": candidate.resemblance} for candidate in possible]
    tx.execute(_INSERT_QUESTIONS, [{**common, **candidate_row, "question_id": uuid4()} for candidate_row in people])


def questions_visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """SQL condition: the questions whose two persons the viewer may both know.

    A viewer who may know only one of them does not see the question at all.
    """
    return and_(*(_person_disclosable_to(viewer, record_id) for record_id in (Q.record_id, Q.known_id)))


def _person_disclosable_to(viewer: Viewer, record_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    of_person = or_(case_current.c.person_id == person.c.person_id, case_current.c.person_id == person.c.same_as)
    case = (
        select(case_current.c.case_id)
        .where(of_person, disclosable_to(viewer, Disclosure.PERSON))
        .correlate(person)
        .exists()
    )
    query = select(person.c.person_id).where(person.c.person_id == record_id, case)
    return query.correlate(identity_question).exists()


def has_open_question(left: PersonKey, right: PersonKey) -> ColumnElement[bool]:
    """SQL condition: there is an open question whether these two canonical ids are one person."""
    return _between(left, right, QuestionStatus.OPEN).exists()


def rejected_between(tx: Connection, left: UUID, right: UUID) -> UUID | None:
    """The question that was rejected for these two canonical ids; None if there is none.

    A question on any two of their records counts.
    """
    query = _between(left, right, QuestionStatus.REJECTED).order_by(Q.raised_at, Q.question_id)
    return tx.scalars(query.limit(1)).first()


def _between(left: PersonKey, right: PersonKey, status: QuestionStatus) -> Select[Any]:
    first, second = person.alias("first_record"), person.alias("second_record")
    counts = [canonical_id_of(first), canonical_id_of(second)]
    pair = or_(and_(counts[0] == left, counts[1] == right), and_(counts[0] == right, counts[1] == left))
    joined = identity_question.join(first, first.c.person_id == Q.record_id)
    query = select(Q.question_id).select_from(joined.join(second, second.c.person_id == Q.known_id))
    return query.where(Q.status == status, pair)


def page(
    tx: Connection, viewer: Viewer, status: QuestionStatus | None, after: KeysetPosition | None, limit: int
) -> list[IdentityQuestion]:
    """One page of the questions this viewer may see, newest first."""
    visible = _ALL.where(questions_visible_to(viewer))
    query = keyset.page(visible, (Q.raised_at, Q.question_id), after, limit)
    if status is not None:
        query = query.where(Q.status == status)
    return [IdentityQuestion(**row) for row in tx.execute(query).mappings()]


def find(tx: Connection, viewer: Viewer, question_id: UUID) -> IdentityQuestion | None:
    """This question, if the viewer may see it."""
    row = tx.execute(_ALL.where(Q.question_id == question_id, questions_visible_to(viewer))).mappings().one_or_none()
    return None if row is None else IdentityQuestion(**row)


def read(tx: Connection, question_id: UUID) -> IdentityQuestion:
    """This question, which was found in this transaction."""
    return IdentityQuestion(**tx.execute(_ALL.where(Q.question_id == question_id)).mappings().one())


def decide(
    tx: Connection,
    keys: EncryptionKeys,
    question: IdentityQuestion,
    status: QuestionStatus,
    by: str,
    reason: str | None,
    at: datetime,
) -> bool:
    """Writes the answer; False if the question has been answered meanwhile."""
    sealed = keys.encrypt(reason.encode(), _record(question.question_id)) if reason else None
    values = {"status": status, "decided_by": by, "decided_at": at, "sealed": sealed}
    still_open = (Q.question_id == question.question_id) & (Q.status == QuestionStatus.OPEN)
    return tx.execute(update(identity_question).where(still_open).values(values)).rowcount == 1


def confirm_merged(tx: Connection, by: str, at: datetime) -> None:
    """Confirms the open questions between records that are one person after a merge."""
    first, second = person.alias("first_record"), person.alias("second_record")
    merged = canonical_id_of(first) == canonical_id_of(second)
    same = exists().where(first.c.person_id == Q.record_id, second.c.person_id == Q.known_id, merged)
    questions = update(identity_question).where(Q.status == QuestionStatus.OPEN, same)
    tx.execute(questions.values(status=QuestionStatus.CONFIRMED, decided_by=by, decided_at=at))


def _record(question_id: UUID) -> str:
    return IDENTITY_QUESTION.record_of(question_id=question_id)


def _insert_questions() -> Any:
    names = ("question_id", "record_id", "case_id", "resemblance", "raised_by", "raised_at")
    values = {name: bindparam(name, type_=Q[name].type) for name in names}
    pair = (Q.record_id == values["record_id"]) & (Q.known_id == person.c.person_id)
    reverse = (Q.known_id == values["record_id"]) & (Q.record_id == person.c.person_id)
    new = (
        select(
            *(value.label(name) for name, value in values.items()),
            literal(QuestionStatus.OPEN, Q.status.type).label("status"),
            person.c.person_id,
        )
        .where(person.c.person_id == bindparam("known_id", type_=Q.known_id.type))
        .where(person.c.person_id != values["record_id"], ~exists().where(or_(pair, reverse)).correlate(person))
    )
    return insert(identity_question).from_select([*names, "status", "known_id"], new)


_ALL: Select[Any] = select(identity_question)
_INSERT_QUESTIONS = _insert_questions()
