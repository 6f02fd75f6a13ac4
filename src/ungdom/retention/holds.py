"""What holds back the erasure of a person: open cases, messages and questions, and a duty to keep the record."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from ungdom.retention.rules import BY_CODE, RetentionCode, effective
from ungdom.store import erasing, retained, retention
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.erasing import UnlinkedData
from ungdom.store.inbox import PARKED
from ungdom.store.records import record_ids_of
from ungdom.store.session import Connection


class HoldReason(StrEnum):
    """Why the data of a person may not be erased yet."""

    OPEN_CASE = "open_case"
    MESSAGE_WAITS = "message_waits"
    IDENTITY_QUESTION = "identity_question"  # whether another record is of the person has not been answered
    RETENTION_RULE = "retention_rule"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureHold:
    """One reason. `case_id`: of an open case. `rule` and `until`: of a rule; None: until a basis is entered."""

    reason: HoldReason
    case_id: UUID | None = None
    rule: RetentionCode | None = None
    until: date | None = None


def holds(
    tx: Connection, keys: EncryptionKeys, person_id: UUID, today: date, known_data: UnlinkedData | None = None
) -> tuple[ErasureHold, ...]:
    """Everything that holds back the erasure of the person with this canonical id; none if it may be erased.

    `known_data`: what was decrypted before this transaction.
    """
    closings = retained.closings(tx, person_id)
    open_cases = [
        ErasureHold(reason=HoldReason.OPEN_CASE, case_id=case_id) for case_id, day in closings.items() if day is None
    ]
    closed = [day for day in closings.values() if day is not None]
    duties = _duties(tx, max(closed), today) if closed and not open_cases else ()
    waits = [ErasureHold(reason=HoldReason.MESSAGE_WAITS)] if _message_waits(tx, keys, person_id, known_data) else []
    unanswered = retained.has_unanswered_question(tx, record_ids_of(tx, person_id))
    questions = [ErasureHold(reason=HoldReason.IDENTITY_QUESTION)] if unanswered else []
    return (*open_cases, *waits, *questions, *duties)


def _duties(tx: Connection, last_closed: date, today: date) -> tuple[ErasureHold, ...]:
    """The rules with a duty to keep the data longer."""
    rules = effective(retention.bases(tx))
    holding = []
    for code in (code for code, rule in BY_CODE.items() if rule.duty):
        until = rules[code].kept_until(last_closed)
        if until is None or until >= today:
            holding.append(ErasureHold(reason=HoldReason.RETENTION_RULE, rule=code, until=until))
    return tuple(holding)


def _message_waits(tx: Connection, keys: EncryptionKeys, person_id: UUID, known_data: UnlinkedData | None) -> bool:
    record_ids = record_ids_of(tx, person_id)
    if retained.has_parked_message(tx, record_ids):
        return True
    return PARKED in erasing.find_unlinked(tx, keys, record_ids, known_data).messages.values()
