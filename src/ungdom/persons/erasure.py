"""Erasure of one person on request: a leader and the secretariat decide it together.

It is refused while a case is open, a message about the person waits, or a rule holds a duty to keep the record.
"""

from dataclasses import replace
from uuid import UUID

from ungdom import cases
from ungdom.intake import IntakeContext
from ungdom.persons.errors import ErasureHeld, PersonErased
from ungdom.persons.sight import PersonSight, sight_of
from ungdom.retention.erase import erase
from ungdom.retention.holds import ErasureHold, holds
from ungdom.retention.journal import REQUEST, ErasureJournal, ErasureKind, ErasureLine
from ungdom.store import erasing, people, person_proposals, records
from ungdom.store.erasing import UnlinkedData
from ungdom.store.ids import uuid7
from ungdom.store.person_history import ChangeAuthor
from ungdom.store.person_proposals import PersonProposal
from ungdom.store.records import record_ids_of
from ungdom.store.session import Connection
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.rules.permissions import Viewer


def unlinked_data(tx: Connection, context: IntakeContext, viewer: Viewer, person_id: UUID) -> UnlinkedData | None:
    """What names the person and refers to nobody, decrypted before the transaction that erases. Raises `CannotOpen`.

    None for a person whom the viewer may not see.
    """
    try:
        sight = sight_of(tx, viewer, person_id)
    except cases.NotVisible:
        return None
    return erasing.find_unlinked(tx, context.keys, record_ids_of(tx, sight.person_id))


def unlinked_data_of_proposal(
    tx: Connection, context: IntakeContext, viewer: Viewer, proposal_id: UUID
) -> UnlinkedData | None:
    """As `unlinked_data`, for the person whom this proposal is to erase; None for another proposal."""
    person_id = person_proposals.person_to_erase(tx, viewer, proposal_id)
    return None if person_id is None else unlinked_data(tx, context, viewer, person_id)


def require_erasable(
    tx: Connection, context: IntakeContext, sight: PersonSight, known_data: UnlinkedData | None
) -> None:
    """Nothing where the person may be erased. Raises `PersonErased`, or `ErasureHeld` with every reason.

    Open cases that the viewer does not see are reasons without a case. `known_data`: from `unlinked_data`.
    """
    stored = people.read_person(tx, context.keys, sight.person_id)
    if stored is None or (stored.personalia is None and stored.lost_key is None):
        raise PersonErased
    reasons = holds(tx, context.keys, sight.person_id, oslo_date(context.now), known_data)
    if reasons:
        seen = {case.case_id for case in sight.cases}
        raise ErasureHeld(tuple(dict.fromkeys(_as_seen(reason, seen) for reason in reasons)))


def erase_person(
    tx: Connection,
    context: IntakeContext,
    viewer: Viewer,
    proposal: PersonProposal,
    journal: ErasureJournal,
    known_data: UnlinkedData | None,
) -> PersonProposal:
    """Erases the person of the proposal, and writes it to the journal; the proposal with what became of its reason.

    The caller has judged that the viewer may decide it, and commits.
    """
    person_id = records.lock_canonical(tx, proposal.person_id)
    line = ErasureLine(
        erasure_id=uuid7(context.now),
        kind=ErasureKind.PERSON,
        rule=REQUEST,
        decided_at=context.now,
        ids=tuple(record_ids_of(tx, person_id)),
        proposal_id=proposal.proposal_id,
    )
    author = ChangeAuthor(subject=viewer.subject, role=viewer.role, konfliktrad=viewer.konfliktrad)
    erase(tx, context.keys, journal, line, context.now, author, known_data)
    return replace(proposal, reason=None)


def _as_seen(hold: ErasureHold, seen: set[UUID]) -> ErasureHold:
    return hold if hold.case_id is None or hold.case_id in seen else replace(hold, case_id=None)
