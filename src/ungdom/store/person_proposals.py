"""Proposals to merge, split or erase persons: one person proposes, another one decides."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, insert, or_, select, update

from ungdom.store import chain_changes, keyset
from ungdom.store.case_queries import disclosable_to
from ungdom.store.codec import stored_json
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.keyset import KeysetPosition
from ungdom.store.records import canonical_id_of, is_record_of
from ungdom.store.schema.cases import case_current
from ungdom.store.schema.persons import ProposalKind, ProposalStatus, person, person_proposal
from ungdom.store.sealed import PERSON_PROPOSAL
from ungdom.workflow.rules.permissions import Disclosure, Viewer
from ungdom.workflow.vocabulary import Role

P = person_proposal.c


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonProposal:
    """A proposal. `other_id`: the person to be joined, or after a split the new person.

    `reason`: None after erasure. `cases`: those that a split moves. `joined`: the records that a merge joined to the
    other person; `messages`: the pushed messages about them, which a split that undoes the merge gives back.
    """

    proposal_id: UUID
    kind: ProposalKind
    person_id: UUID
    reason: str | None
    proposed_at: datetime
    proposed_by: str
    proposed_role: Role
    konfliktrad: str | None
    other_id: UUID | None = None
    cases: tuple[UUID, ...] = ()
    status: ProposalStatus = ProposalStatus.PROPOSED
    decided_at: datetime | None = None
    decided_by: str | None = None
    decided_role: Role | None = None
    joined: tuple[UUID, ...] = ()
    messages: tuple[UUID, ...] = ()


def visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """SQL condition: the proposals about a person whom the viewer may know, by either of the two records."""
    of_person = case_current.c.person_id == canonical_id_of(person)
    case = select(case_current.c.case_id).where(of_person, disclosable_to(viewer, Disclosure.PERSON))
    named = or_(person.c.person_id == P.person_id, person.c.person_id == P.other_id)
    query = select(person.c.person_id).where(named, case.correlate(person).exists())
    return query.correlate(person_proposal).exists()


def add(tx: Connection, keys: EncryptionKeys, new: PersonProposal) -> None:
    """Writes a new proposal."""
    row = {
        "proposal_id": new.proposal_id,
        "kind": new.kind,
        "person_id": new.person_id,
        "other_id": new.other_id,
        "cases": json.dumps([str(case_id) for case_id in new.cases]) if new.cases else None,
        "status": new.status,
        "proposed_at": new.proposed_at,
        "proposed_by": new.proposed_by,
        "proposed_role": new.proposed_role,
        "konfliktrad": new.konfliktrad,
        "sealed": keys.encrypt((new.reason or "").encode(), _record(new.proposal_id)),
        "effect": _effect(new),
    }
    tx.execute(insert(person_proposal), row)
    chain_changes.record(tx, person_proposal, row)


def find(tx: Connection, keys: EncryptionKeys, viewer: Viewer, proposal_id: UUID) -> PersonProposal | None:
    """The proposal with this id, if the viewer may see it; locked until the transaction ends."""
    query = select(person_proposal).where(P.proposal_id == proposal_id, visible_to(viewer))
    row = tx.execute(query.with_for_update(of=person_proposal)).one_or_none()
    return None if row is None else _proposal(keys, row)


def person_to_erase(tx: Connection, viewer: Viewer, proposal_id: UUID) -> UUID | None:
    """The person of an open proposal to erase that the viewer may see; None for any other id. Nothing is locked."""
    to_erase = (P.kind == ProposalKind.ERASE) & (P.status == ProposalStatus.PROPOSED)
    return tx.scalar(select(P.person_id).where(P.proposal_id == proposal_id, to_erase, visible_to(viewer)))


def page(
    tx: Connection,
    keys: EncryptionKeys,
    viewer: Viewer,
    status: ProposalStatus | None,
    after: KeysetPosition | None,
    limit: int,
) -> list[PersonProposal]:
    """The proposals that the viewer may see, newest first."""
    visible = select(person_proposal).where(visible_to(viewer))
    query = keyset.page(visible, (P.proposed_at, P.proposal_id), after, limit)
    if status is not None:
        query = query.where(P.status == status)
    return [_proposal(keys, row) for row in tx.execute(query)]


def counterparts(tx: Connection, person_id: UUID) -> set[UUID]:
    """The ids of the persons with whom the person with this canonical id was merged, or from whom it was split."""
    own = select(person.c.person_id).where(is_record_of(person_id))
    query = select(P.person_id, P.other_id).where(P.status == ProposalStatus.APPROVED)
    rows = tx.execute(query.where(or_(P.person_id.in_(own), P.other_id.in_(own))))
    return {named_id for row in rows for named_id in row if named_id is not None}


_DECIDED = ("status", "decided_at", "decided_by", "decided_role", "person_id", "other_id")


def decide(tx: Connection, decided: PersonProposal) -> None:
    """Writes the decision on a proposal that was read in this transaction."""
    values = {name: getattr(decided, name) for name in _DECIDED} | {"effect": _effect(decided)}
    tx.execute(update(person_proposal).where(P.proposal_id == decided.proposal_id).values(values))
    chain_changes.record(tx, person_proposal, {"proposal_id": decided.proposal_id})


def settle(tx: Connection, proposal_id: UUID, at: datetime, by: str) -> None:
    """Approves a proposal that was carried out, if a restored database has it as open."""
    still_open = (P.proposal_id == proposal_id) & (P.status == ProposalStatus.PROPOSED)
    values = {"status": ProposalStatus.APPROVED, "decided_at": at, "decided_by": by}
    if tx.execute(update(person_proposal).where(still_open).values(values)).rowcount:
        chain_changes.record(tx, person_proposal, {"proposal_id": proposal_id})


def _effect(proposal: PersonProposal) -> str | None:
    if not proposal.joined and not proposal.messages:
        return None
    return json.dumps({"joined": list(map(str, proposal.joined)), "messages": list(map(str, proposal.messages))})


def _proposal(keys: EncryptionKeys, row: Row[*tuple[Any, ...]]) -> PersonProposal:
    columns = dict(row._mapping)
    effect, cases = stored_json(columns.pop("effect") or "{}"), stored_json(columns.pop("cases") or "[]")
    reason = keys.decrypt_stored(columns.pop("sealed"), _record(row.proposal_id))
    return PersonProposal(
        **columns,
        reason=reason.decode() if reason else None,
        cases=tuple(map(UUID, cases)),
        joined=tuple(map(UUID, effect.get("joined", []))),
        messages=tuple(map(UUID, effect.get("messages", []))),
    )


def _record(proposal_id: UUID) -> str:
    return PERSON_PROPOSAL.record_of(proposal_id=proposal_id)
