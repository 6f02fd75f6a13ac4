"""Answering a question of identity: docs/persons.md.

Answers are serialised over all questions, so that a merge is known before the next one is decided.
"""

from uuid import UUID

from ungdom.intake import retry_parked
from ungdom.intake.models import IntakeContext
from ungdom.intake.wait_keys import person_wait_keys, wait_key
from ungdom.store import emergency_access, identity, named_locks, people, person_history, records
from ungdom.store.identity import IdentityQuestion
from ungdom.store.schema.identity import QuestionStatus
from ungdom.store.session import Connection
from ungdom.workflow.rules.permissions import Viewer


class AlreadyAnswered(Exception):
    """The question of identity has been answered before."""


class RejectedBefore(Exception):
    """An earlier answer, to `question_id`, keeps two of the records apart as two people."""

    def __init__(self, question_id: UUID) -> None:
        super().__init__(question_id)
        self.question_id = question_id


def find(tx: Connection, viewer: Viewer, question_id: UUID) -> IdentityQuestion | None:
    """The question to answer, if the viewer may see it. Locks out other answers until the transaction ends."""
    named_locks.lock(tx, [wait_key("identity", "answer")])
    return identity.find(tx, viewer, question_id)


def confirm(tx: Connection, context: IntakeContext, question: IdentityQuestion, by: str) -> None:
    """They are one person: merge the records and retry messages that wait for the person.

    Raises `AlreadyAnswered`, or `RejectedBefore` if an earlier answer keeps the records apart.
    """
    if not identity.decide(tx, context.keys, question, QuestionStatus.CONFIRMED, by, None, context.now):
        raise AlreadyAnswered
    pair = [records.canonical_id(tx, person_id) for person_id in (question.record_id, question.known_id)]
    if pair[0] == pair[1]:
        return
    rejected = identity.rejected_between(tx, *pair)
    if rejected is not None:
        raise RejectedBefore(rejected)
    stored = [record.personalia for person_id in pair for record in people.read_records(tx, context.keys, person_id)]
    numbers = [personalia.national_id for personalia in stored if personalia and personalia.national_id]
    merged = records.merge(tx, pair, context.now)
    emergency_access.end_protected(tx, context.now)
    person_history.add_merge(tx, merged.person_id, by, context.now)
    identity.confirm_merged(tx, by, context.now)
    person_keys = [key for number in numbers for key in person_wait_keys(context.keys, number)]
    retry_parked(
        tx, context, list(dict.fromkeys([*(wait_key("case", case_id) for case_id in merged.cases), *person_keys]))
    )


def reject(tx: Connection, context: IntakeContext, question: IdentityQuestion, by: str, reason: str) -> None:
    """They are two people: the question is not raised again for this pair. Raises `AlreadyAnswered`."""
    if not identity.decide(tx, context.keys, question, QuestionStatus.REJECTED, by, reason, context.now):
        raise AlreadyAnswered
