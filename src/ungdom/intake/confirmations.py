"""The answer to a question of identity, and what follows from it: docs/persons.md.

Answers are written one at a time, over all questions: what is one person by now is known before two more are joined.
"""

from uuid import UUID

from ungdom.intake import matching, retry_parked
from ungdom.intake.models import wait_key
from ungdom.intake.process import IntakeContext
from ungdom.store import identity, named_locks, people, records
from ungdom.store.identity import IdentityQuestion
from ungdom.store.schema.identity import QuestionStatus
from ungdom.store.session import Connection
from ungdom.workflow.rules.permissions import Viewer


class AlreadyAnswered(Exception):
    """The question of identity has been answered before."""


class RejectedBefore(Exception):
    """It has been answered, of two of the records in question, that they are two people: `question_id`."""

    def __init__(self, question_id: UUID) -> None:
        super().__init__(question_id)
        self.question_id = question_id


def find(tx: Connection, viewer: Viewer, question_id: UUID) -> IdentityQuestion | None:
    """The question to be answered, if the viewer may see it. Nobody else answers any until the transaction ends."""
    named_locks.lock(tx, [wait_key("identity", "answer")])
    return identity.find(tx, viewer, question_id)


def confirm(tx: Connection, context: IntakeContext, question: IdentityQuestion, by: str) -> None:
    """They are one person: the records are joined, and messages that wait for the person are tried again.

    Raises `AlreadyAnswered`, and `RejectedBefore` where that would join what an earlier answer keeps apart.
    """
    _record_answer(tx, context, question, QuestionStatus.CONFIRMED, by, None)
    pair = [records.canonical_id(tx, person_id) for person_id in (question.record_id, question.known_id)]
    if pair[0] == pair[1]:
        return
    rejected = identity.rejected_between(tx, *pair)
    if rejected is not None:
        raise RejectedBefore(rejected)
    numbers = [number for person_id in pair for number in _national_ids(tx, context, person_id)]
    cases = records.merge(tx, pair, context.now)
    identity.confirm_merged(tx, by, context.now)
    person_keys = [key for number in numbers for key in matching.person_wait_keys(context.keys, number)]
    retry_parked(tx, context, list(dict.fromkeys([*(wait_key("case", case_id) for case_id in cases), *person_keys])))


def reject(tx: Connection, context: IntakeContext, question: IdentityQuestion, by: str, reason: str) -> None:
    """They are two people: both stay apart, and the pair is not asked about again. Raises `AlreadyAnswered`."""
    _record_answer(tx, context, question, QuestionStatus.REJECTED, by, reason)


def _record_answer(
    tx: Connection,
    context: IntakeContext,
    question: IdentityQuestion,
    status: QuestionStatus,
    by: str,
    reason: str | None,
) -> None:
    if not identity.decide(tx, context.keys, question, status, by, reason, context.now):
        raise AlreadyAnswered


def _national_ids(tx: Connection, context: IntakeContext, person_id: UUID) -> list[str]:
    """The identity numbers of every record of this person."""
    personalia = (record.personalia for record in people.read_records(tx, context.keys, person_id))
    return [known.national_id for known in personalia if known and known.national_id]
