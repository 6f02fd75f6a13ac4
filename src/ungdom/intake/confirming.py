"""The answer to a question of identity, and what follows from it: docs/persons.md.

Answers are written one at a time, over all questions: what is one person by now is known before two more are joined.
"""

from uuid import UUID

from ungdom.intake import matching, stir
from ungdom.intake.telling import Desk
from ungdom.intake.words import thing
from ungdom.store import identity, inbox, people, records
from ungdom.store.identity import Question
from ungdom.store.identity_tables import QuestionStatus
from ungdom.store.session import Connection
from ungdom.workflow.permissions import Viewer


class AlreadyAnswered(Exception):
    """The question of identity has been answered before."""


class RejectedBefore(Exception):
    """It has been answered, of two of the records in question, that they are two people: `question_id`."""

    def __init__(self, question_id: UUID) -> None:
        super().__init__(question_id)
        self.question_id = question_id


def find(tx: Connection, viewer: Viewer, question_id: UUID) -> Question | None:
    """The question to be answered, if the viewer may see it. Nobody else answers any until the transaction ends."""
    inbox.lock(tx, [thing("identity", "answer")])
    return identity.find(tx, viewer, question_id)


def confirm(tx: Connection, desk: Desk, question: Question, by: str) -> None:
    """They are one person: the records are joined, and messages that wait for the person are tried again.

    Raises `AlreadyAnswered`, and `RejectedBefore` where that would join what an earlier answer keeps apart.
    """
    _answer(tx, desk, question, QuestionStatus.CONFIRMED, by, None)
    pair = [records.counting(tx, person_id) for person_id in (question.record_id, question.known_id)]
    if pair[0] == pair[1]:
        return
    rejected = identity.rejected_between(tx, *pair)
    if rejected is not None:
        raise RejectedBefore(rejected)
    numbers = [number for person_id in pair for number in _numbers(tx, desk, person_id)]
    cases = records.join(tx, pair, desk.now)
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


def _numbers(tx: Connection, desk: Desk, person_id: UUID) -> list[str]:
    """The identity numbers of every record of this person."""
    personalia = (record.personalia for record in people.read_records(tx, desk.keys, person_id))
    return [who.national_id for who in personalia if who and who.national_id]
