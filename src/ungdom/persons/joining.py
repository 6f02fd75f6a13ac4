"""Merging, splitting and erasing persons: a leader and the secretariat decide, one proposes and the other approves.

Merges and splits can be undone in the same way: a merge by a split that names it, a split by a merge. Neither widens
what anybody sees: cases keep their offices, and the address keeps the stricter protection until somebody has reviewed
it. An erasure cannot be undone.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from uuid import UUID

from ungdom import cases
from ungdom.cases import youth as youths
from ungdom.intake import IntakeContext, retry_parked
from ungdom.intake.wait_keys import person_wait_keys, wait_key
from ungdom.persons import erasure
from ungdom.persons.errors import (
    CasesDoNotSplit,
    NotAMerge,
    NotCleared,
    ProposalDecided,
    SamePerson,
    SecondPersonNeeded,
)
from ungdom.persons.sight import PersonSight, sight_of, working_sight
from ungdom.retention.journal import ErasureJournal
from ungdom.store import (
    emergency_access,
    identity,
    journal,
    named_locks,
    people,
    person_history,
    person_proposals,
    person_split,
    records,
)
from ungdom.store.erasing import UnlinkedData
from ungdom.store.ids import uuid7
from ungdom.store.people import StoredPerson
from ungdom.store.person_history import ChangeAuthor, PersonChange
from ungdom.store.person_proposals import PersonProposal
from ungdom.store.schema.persons import PersonChangeKind, ProposalKind, ProposalStatus
from ungdom.store.session import Connection
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.rules.permissions import Viewer


@dataclass(frozen=True, slots=True)
class SplitRequest:
    """What to split: `cases` that belong to the other person, or `merge`: the proposal of a merge to undo."""

    cases: tuple[UUID, ...] = ()
    merge: UUID | None = None


def propose_merge(
    tx: Connection, context: IntakeContext, viewer: Viewer, person_id: UUID, other_id: UUID, reason: str
) -> PersonProposal:
    """Proposes that the two are one person. The proposer sees both. Raises NotVisible, NotCleared or SamePerson."""
    first, second = (_cleared_sight(tx, context, viewer, named_id) for named_id in (person_id, other_id))
    if first.person_id == second.person_id:
        raise SamePerson
    proposal = _new(context, viewer, ProposalKind.MERGE, first.person_id, reason)
    return _add(tx, context, replace(proposal, other_id=second.person_id))


def propose_split(
    tx: Connection, context: IntakeContext, viewer: Viewer, person_id: UUID, wanted: SplitRequest, reason: str
) -> PersonProposal:
    """Proposes that these cases are of another person.

    Raises NotVisible, NotCleared, NotAMerge or CasesDoNotSplit.
    """
    sight = _cleared_sight(tx, context, viewer, person_id)
    proposal = _new(context, viewer, ProposalKind.SPLIT, sight.person_id, reason)
    if wanted.merge is not None:
        merge = person_proposals.find(tx, context.keys, viewer, wanted.merge)
        if merge is None or not _is_merge_of(tx, merge, sight.person_id):
            raise NotAMerge
        by_case = records.records_by_case(tx, sight.person_id)
        moved = tuple(case_id for case_id, record_id in by_case.items() if record_id in merge.joined)
        proposal = replace(proposal, cases=moved, messages=merge.messages)
    else:
        proposal = replace(proposal, cases=tuple(dict.fromkeys(wanted.cases)))
        if not {case.case_id for case in sight.cases}.issuperset(proposal.cases):
            raise CasesDoNotSplit
    _require_split(tx, sight.person_id, proposal.cases)
    return _add(tx, context, proposal)


def propose_erasure(
    tx: Connection,
    context: IntakeContext,
    viewer: Viewer,
    person_id: UUID,
    reason: str,
    known_data: UnlinkedData | None,
) -> PersonProposal:
    """Proposes to erase the person. `known_data`: what was decrypted before this transaction.

    Raises NotVisible, NotCleared, PersonErased or ErasureHeld.
    """
    sight = _cleared_sight(tx, context, viewer, person_id)
    erasure.require_erasable(tx, context, sight, known_data)
    return _add(tx, context, _new(context, viewer, ProposalKind.ERASE, sight.person_id, reason))


def approve(
    tx: Connection,
    context: IntakeContext,
    viewer: Viewer,
    proposal_id: UUID,
    journal: ErasureJournal,
    known_data: UnlinkedData | None,
) -> PersonProposal:
    """The second person approves, and it is done. `journal`: of erasures.

    `known_data`: of whom an erasure is about, decrypted before this transaction.

    Raises NotVisible, ProposalDecided, SecondPersonNeeded, NotCleared, SamePerson, CasesDoNotSplit, PersonErased or
    ErasureHeld.
    """
    proposal = _to_decide(tx, context, viewer, proposal_id)
    if proposal.kind is ProposalKind.ERASE:
        erasure.require_erasable(tx, context, sight_of(tx, viewer, proposal.person_id), known_data)
        decided = _decided(tx, context, viewer, proposal, ProposalStatus.APPROVED)
        return erasure.erase_person(tx, context, viewer, decided, journal, known_data)
    merging = proposal.kind is ProposalKind.MERGE
    decided = _merged(tx, context, viewer, proposal) if merging else _split(tx, context, viewer, proposal)
    return _decided(tx, context, viewer, decided, ProposalStatus.APPROVED)


def reject(tx: Connection, context: IntakeContext, viewer: Viewer, proposal_id: UUID) -> PersonProposal:
    """The second person rejects it. Raises NotVisible, ProposalDecided or SecondPersonNeeded."""
    proposal = _to_decide(tx, context, viewer, proposal_id)
    return _decided(tx, context, viewer, proposal, ProposalStatus.REJECTED)


# --- proposals ----------------------------------------------------------------------------------------------


def _cleared_sight(tx: Connection, context: IntakeContext, viewer: Viewer, person_id: UUID) -> PersonSight:
    sight = working_sight(tx, viewer, person_id)
    if not sight.may_correct(viewer, _person(tx, context, sight.person_id)):
        raise NotCleared
    return sight


def _new(context: IntakeContext, viewer: Viewer, kind: ProposalKind, person_id: UUID, reason: str) -> PersonProposal:
    return PersonProposal(
        proposal_id=uuid7(context.now),
        kind=kind,
        person_id=person_id,
        reason=reason,
        proposed_at=context.now,
        proposed_by=viewer.subject,
        proposed_role=viewer.role,
        konfliktrad=viewer.konfliktrad,
    )


def _add(tx: Connection, context: IntakeContext, proposal: PersonProposal) -> PersonProposal:
    person_proposals.add(tx, context.keys, proposal)
    return proposal


def _to_decide(tx: Connection, context: IntakeContext, viewer: Viewer, proposal_id: UUID) -> PersonProposal:
    """The proposal, for the second person. Locks out other answers about identity until the transaction ends."""
    named_locks.lock(tx, [wait_key("identity", "answer")])
    proposal = person_proposals.find(tx, context.keys, viewer, proposal_id)
    if proposal is None:
        raise cases.NotVisible
    if proposal.status is not ProposalStatus.PROPOSED:
        raise ProposalDecided
    if viewer.role is proposal.proposed_role or viewer.subject == proposal.proposed_by:
        raise SecondPersonNeeded
    sights = visible_persons(tx, viewer, proposal)
    if not any(sight.works for sight in sights.values()):
        raise cases.NotVisible
    for sight in sights.values():
        if not sight.may_correct(viewer, _person(tx, context, sight.person_id)):
            raise NotCleared
    return proposal


def visible_persons(tx: Connection, viewer: Viewer, proposal: PersonProposal) -> dict[UUID, PersonSight]:
    """What the viewer may learn of the persons of the proposal, by the id in the proposal; others are left out."""
    visible = {}
    for person_id in filter(None, (proposal.person_id, proposal.other_id)):
        with suppress(cases.NotVisible):
            visible[person_id] = sight_of(tx, viewer, person_id)
    return visible


def _decided(
    tx: Connection, context: IntakeContext, viewer: Viewer, proposal: PersonProposal, status: ProposalStatus
) -> PersonProposal:
    decided = replace(
        proposal, status=status, decided_at=context.now, decided_by=viewer.subject, decided_role=viewer.role
    )
    person_proposals.decide(tx, decided)
    return decided


# --- what is done -------------------------------------------------------------------------------------------


def _merged(tx: Connection, context: IntakeContext, viewer: Viewer, proposal: PersonProposal) -> PersonProposal:
    ids = [records.lock_canonical(tx, named_id) for named_id in (proposal.person_id, proposal.other_id) if named_id]
    first, second = (_person(tx, context, person_id) for person_id in ids)
    if first.person_id == second.person_id:
        raise SamePerson
    done = records.merge(tx, ids, context.now)
    emergency_access.end_protected(tx, context.now)
    identity.confirm_merged(tx, viewer.subject, context.now)
    before = first if first.person_id == done.person_id else second
    _write_history(tx, context, viewer, PersonChangeKind.MERGED, proposal, before)
    _retry(tx, context, done.cases, [first, second])
    return replace(proposal, joined=done.records, messages=done.messages)


def _split(tx: Connection, context: IntakeContext, viewer: Viewer, proposal: PersonProposal) -> PersonProposal:
    person_id = records.lock_canonical(tx, proposal.person_id)
    _require_split(tx, person_id, proposal.cases)
    before = _person(tx, context, person_id)
    done = person_split.split(tx, context.keys, person_id, proposal.cases, proposal.messages, context.now)
    youths.recompute(tx, list(done.cases), context.now)
    for after_id in (done.person_id, done.other_id):
        after = _person(tx, context, after_id)
        _write_history(tx, context, viewer, PersonChangeKind.SPLIT, proposal, after)
    _retry(tx, context, done.cases, [before])
    return replace(proposal, person_id=done.person_id, other_id=done.other_id)


def _write_history(
    tx: Connection,
    context: IntakeContext,
    viewer: Viewer,
    kind: PersonChangeKind,
    proposal: PersonProposal,
    before: StoredPerson,
) -> None:
    after = _person(tx, context, before.person_id)
    change = PersonChange(
        person_id=after.person_id,
        revision=after.revision,
        kind=kind,
        fields=("protection",) if after.protection is not before.protection else (),
        changed_at=context.now,
        author=ChangeAuthor(subject=viewer.subject, role=viewer.role, konfliktrad=viewer.konfliktrad),
        before=person_history.snapshot(before, proposal.reason, oslo_date(context.now)),
    )
    person_history.add(tx, context.keys, change)


def _retry(tx: Connection, context: IntakeContext, case_ids: tuple[UUID, ...], persons: list[StoredPerson]) -> None:
    """Retries the parked messages that wait for these cases or persons."""
    numbers = (person.personalia.national_id for person in persons if person.personalia)
    keys = [key for number in numbers for key in person_wait_keys(context.keys, number)]
    retry_parked(tx, context, [*(wait_key("case", case_id) for case_id in case_ids), *dict.fromkeys(keys)])


def _is_merge_of(tx: Connection, merge: PersonProposal, person_id: UUID) -> bool:
    approved = merge.kind is ProposalKind.MERGE and merge.status is ProposalStatus.APPROVED
    return approved and records.canonical_id(tx, merge.person_id) == person_id and bool(merge.joined)


def _require_split(tx: Connection, person_id: UUID, moved: tuple[UUID, ...]) -> None:
    every = set(journal.cases_of_person(tx, person_id))
    if not moved or not set(moved) < every:
        raise CasesDoNotSplit


def _person(tx: Connection, context: IntakeContext, person_id: UUID) -> StoredPerson:
    stored = people.read_person(tx, context.keys, person_id)
    if stored is None:
        raise cases.NotVisible
    return stored
