"""The answer to a question of identity, and what follows from it: docs/persons.md."""

from uuid import UUID

from ungdom.intake import matching, stir
from ungdom.intake.telling import Desk
from ungdom.intake.words import thing
from ungdom.store import identity, people, records
from ungdom.store.identity import Question
from ungdom.store.identity_tables import QuestionStatus
from ungdom.store.session import Connection


class AlreadyAnswered(Exception):
    """The question of identity has been answered before."""


def confirm(tx: Connection, desk: Desk, question: Question, by: str) -> None:
    """They are one person: the records are joined, and messages that wait for the person are tried again.

    Raises `AlreadyAnswered`.
    """
    _answer(tx, desk, question, QuestionStatus.CONFIRMED, by, None)
    one, other = (records.counting(tx, person) for person in (question.record_id, question.known_id))
    if one == other:
        return
    numbers = [_number(tx, desk, person) for person in (question.record_id, question.known_id)]
    cases = records.join(tx, one, other, desk.now)
    identity.settle_same(tx, by, desk.now)
    waited_for = [word for number in numbers for word in matching.people_waited_for(desk.keys, number)]
    stir(tx, desk, list(dict.fromkeys([*(thing("case", case_id) for case_id in cases), *waited_for])))


def reject(tx: Connection, desk: Desk, question: Question, by: str, reason: str) -> None:
    """They are two people: both stay apart, and the pair is not asked about again. Raises `AlreadyAnswered`."""
    _answer(tx, desk, question, QuestionStatus.REJECTED, by, reason)


def _answer(
    tx: Connection, desk: Desk, question: Question, status: QuestionStatus, by: str, reason: str | None
) -> None:
    if not identity.decide(tx, desk.keys, question, status, by, reason, desk.now):
        raise AlreadyAnswered


def _number(tx: Connection, desk: Desk, person_id: UUID) -> str | None:
    person = people.read_person(tx, desk.keys, person_id)
    return person.personalia.national_id if person and person.personalia else None
