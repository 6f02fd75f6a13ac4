"""What a viewer may learn of many cases, for lists, alerts, notices and webhooks: `workflow.redaction` per case."""

from collections.abc import Collection, Iterator
from datetime import date
from uuid import UUID

from sqlalchemy import select

from ungdom.store.case_queries import disclosable_to
from ungdom.store.journal import StoredCase
from ungdom.store.replaying import readable_cases
from ungdom.store.schema.cases import case_current
from ungdom.store.session import Connection
from ungdom.workflow import redaction
from ungdom.workflow.case import Case
from ungdom.workflow.redaction import ViewerKnowledge
from ungdom.workflow.rules.permissions import NATIONAL, OF_THE_OFFICE, Disclosure, Viewer


def knowledge_of(tx: Connection, viewer: Viewer, case_ids: Collection[UUID], day: date) -> dict[UUID, ViewerKnowledge]:
    """What the viewer, who may see these cases, may learn of each on that day.

    Cases of which they may learn nothing are left out. For a viewer of the office the disclosures hold
    `Disclosure.PERSON` alone, where it applies: rows of lists need no other. For everybody else the cases are loaded,
    because consents are in their events.
    """
    if viewer.role in OF_THE_OFFICE | NATIONAL:
        return _of_the_office(tx, viewer, case_ids)
    return {stored.case_id: knowledge for stored, _, knowledge in learnt_cases(tx, viewer, case_ids, day)}


def learnt_cases(
    tx: Connection, viewer: Viewer, case_ids: Collection[UUID], day: date
) -> Iterator[tuple[StoredCase, Case, ViewerKnowledge]]:
    """Each of these cases, which the viewer may see, as it stands now, with what they may learn of it on that day.

    Cases that cannot be read are left out.
    """
    for stored, case in readable_cases(tx, sorted(case_ids)):
        knowledge = redaction.viewer_knowledge(viewer, case, stored.access_facts(case), day)
        if not redaction.may_learn_nothing(knowledge):
            yield stored, case, knowledge


def _of_the_office(tx: Connection, viewer: Viewer, case_ids: Collection[UUID]) -> dict[UUID, ViewerKnowledge]:
    column = case_current.c.case_id
    named = set(tx.scalars(select(column).where(column.in_(case_ids), disclosable_to(viewer, Disclosure.PERSON))))
    return {
        case_id: ViewerKnowledge(frozenset({Disclosure.PERSON}) if case_id in named else frozenset())
        for case_id in case_ids
    }
