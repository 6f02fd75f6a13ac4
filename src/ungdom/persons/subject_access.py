"""Subject access: everything that is stored about one person, for that person. GDPR art. 15, pol § 16.

What is withheld is named with a code, whose text says the ground: data about other persons, an investigation, internal
notes, what an authority has sent, what whoever makes the file is not cleared for or does not see, and what nobody can
read any more.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from ungdom import cases
from ungdom.cases import CaseView
from ungdom.intake import IntakeContext
from ungdom.persons import read as reading
from ungdom.persons.read import PersonRecord
from ungdom.persons.sight import PersonSight, working_sight
from ungdom.retention.rules import EffectiveRule, effective
from ungdom.store import (
    access_queries,
    access_withholdings,
    case_queries,
    journal,
    notes,
    observations,
    retention,
    subject_data,
)
from ungdom.store.access_queries import AccessFilters
from ungdom.store.access_withholdings import Withholding
from ungdom.store.person_history import PersonChange
from ungdom.store.personalia import ContactDetails, Personalia, PersonGuardian
from ungdom.store.records import record_ids_of
from ungdom.store.session import Connection
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.derived.consents import sharing_consents
from ungdom.workflow.events import Event, plain_details
from ungdom.workflow.rules.permissions import Disclosure, Viewer
from ungdom.workflow.vocabulary import PHASE, Phase, Role

Json = dict[str, Any]

STAFF_FIELDS = frozenset({"coordinator", "member", "keeps", "explained_by", "provider"})
"""Fields of events that name somebody who works with the case, by a sign-in or a reference."""
ACCESSES = 10_000
"""Largest number of accesses that are listed, the newest."""


class WithheldCode(StrEnum):
    """Why a part of what is stored is not in the file."""

    NOT_CLEARED = "not_cleared"  # whoever makes the file may not know how the person is reached. frl § 10-4
    NOT_SEEN = "not_seen"  # cases of other offices, which whoever makes the file does not see
    OTHER_PERSONS = "other_persons"  # GDPR art. 15 (4)
    INVESTIGATION = "investigation"  # pol § 16 first paragraph b
    ACCESS_HELD_BACK = "access_held_back"  # which accesses, until somebody decides again. pol § 16 first paragraph b
    INTERNAL_NOTE = "internal_note"  # pol § 16 first paragraph e
    KEY_LOST = "key_lost"  # what is encrypted with a key that is lost for good; nobody can read it
    FROM_AUTHORITY = "from_authority"  # politiregisterloven § 49: asked of the authority that sent it


class DataCategory(StrEnum):
    """A kind of data about a person, with one purpose."""

    PERSON = "person"
    HISTORY = "history"
    CASES = "cases"
    MESSAGES = "messages"
    REGISTER_EVENTS = "register_events"
    OBSERVATIONS = "observations"
    ACCESSES = "accesses"


@dataclass(frozen=True, slots=True)
class SubjectAccess:
    """Everything that is stored about a person, as JSON values. `person_id`: the canonical id."""

    person_id: UUID
    made_at: datetime
    content: Json

    @property
    def case_ids(self) -> frozenset[UUID]:
        """The cases that the content names."""
        return frozenset(UUID(case["id"]) for case in self.content["cases"])


PLACES = frozenset({"konfliktrad", "to", "municipality"})
"""Fields of events that say where a youth belongs."""


def gather(tx: Connection, context: IntakeContext, viewer: Viewer, person_id: UUID) -> SubjectAccess:
    """What is stored about the person, as far as the viewer may hand it out. Writes nothing. Raises NotVisible."""
    sight = working_sight(tx, viewer, person_id)
    record_ids = record_ids_of(tx, sight.person_id)
    today, case_ids = oslo_date(context.now), journal.cases_of_person(tx, sight.person_id)
    record = reading.read_rest(tx, context.keys, viewer, sight)
    views = [cases.read(tx, viewer, case.case_id, context.now, None, None) for case in sight.cases]
    unseen = len(case_ids) - len(sight.cases)
    accesses, held = _accesses(tx, sight.person_id, case_ids)
    lost = [{"part": DataCategory.PERSON, "code": WithheldCode.KEY_LOST}] if record.person.lost_key is not None else []
    content: Json = {
        "person": _person(record, sight, today),
        "cases": [_case(tx, context, view) for view in views],
        "messages": list(_messages(tx, record_ids)),
        "register_events": list(_register_events(tx, record_ids)),
        "observations": _observations(tx, sight.person_id),
        "accesses": accesses,
        "retention": [_term(rule, views) for rule in effective(retention.bases(tx)).values()],
        "purposes": [str(category) for category in DataCategory],
        "withheld": [*lost, *_withheld(sight, views, unseen, bool(record_ids)), *_held_back(held)],
    }
    return SubjectAccess(sight.person_id, context.now, content)


# --- the person ---------------------------------------------------------------------------------------------


def _person(record: PersonRecord, sight: PersonSight, today: date) -> Json:
    known, reach = record.person.personalia or Personalia(), Disclosure.REACH in sight.disclosures
    identity = {
        "id": str(sight.person_id),
        "given_name": known.given_name,
        "family_name": known.family_name,
        "born": str(record.person.youth.born),
        "died_on": _text(known.died_on),
        "sex": known.sex,
        "interpreter": known.interpreter,
        "protection": str(record.person.protection),
        "erased_at": _text(record.person.erased_at),
        "guardians_in_office": record.person.youth.guardians_on(today),
        "guardians": [_guardian(guardian) for guardian in known.guardians],
        "history": [_change(change) for change in record.history],
    }
    reached = {
        "national_id": known.national_id,
        "former_numbers": [{"number": old.number, "until": str(old.until)} for old in known.former_numbers],
        "municipality": known.municipality,
        "contact": _contact(known.contact),
    }
    return identity | (reached if reach else {})


def _guardian(guardian: PersonGuardian) -> Json:
    """A guardian without how they are reached, which is data about them."""
    return {
        "reference": guardian.reference,
        "name": guardian.name,
        "kind": str(guardian.kind),
        "since": _text(guardian.since),
        "until": _text(guardian.until),
    }


def _contact(contact: ContactDetails) -> Json:
    return {
        "telephone": contact.telephone,
        "email": contact.email,
        "address": contact.address,
        "language": contact.language,
    }


def _change(change: PersonChange) -> Json:
    return {
        "at": _text(change.changed_at),
        "kind": str(change.kind),
        "fields": list(change.fields),
        "by": _text(change.author.role),
        "reason": change.before.reason if change.before else None,
    }


# --- cases --------------------------------------------------------------------------------------------------


def _case(tx: Connection, context: IntakeContext, view: CaseView) -> Json:
    """One case. While it is investigated, that there is one and nothing else."""
    stored, case = view.stored, view.case
    named: Json = {"id": str(stored.case_id), "reference": stored.reference}
    if _under_investigation(view):
        return named
    row = case_queries.read_cases(tx, [stored.case_id])[stored.case_id]
    return named | {
        "sanction": str(row.sanction),
        "state": str(row.state),
        "office": row.konfliktrad if Disclosure.LISTED in view.disclosures else None,
        "registered_on": str(row.registered_on),
        "received_on": _text(row.received_on),
        "started_on": _text(row.started_on),
        "closed_on": _text(row.closed_on),
        "events": [_event(event, Disclosure.LISTED in view.disclosures) for event in view.events],
        "notes": [
            {"at": _text(note.created_at), "text": note.text}
            for note in notes.notes_of(tx, context.keys, stored.case_id)
            if note.youth_may_read
        ],
        "notes_withheld": sum(not note.youth_may_read for note in notes.notes_of(tx, context.keys, stored.case_id)),
        "shared_with": [
            {"agency": str(consent.recipient), "scope": str(consent.scope), "status": str(consent.status)}
            for consent in sharing_consents(case, oslo_date(context.now))
        ],
        "sent_to_authorities": [
            {"kind": row.kind, "at": _text(row.created_at), "delivered_at": _text(row.delivered_at)}
            for row in subject_data.official_messages_about(tx, stored.case_id)
        ],
    }


def _under_investigation(view: CaseView) -> bool:
    return PHASE[view.case.state] is Phase.INVESTIGATION


def _event(event: Event, placed: bool) -> Json:
    """One event. `placed`: whether its office and places may be told."""
    details = plain_details(event.type, event.details)
    details = details if placed else {name: value for name, value in details.items() if name not in PLACES}
    return {
        "number": event.seq,
        "type": str(event.type),
        "on": str(event.occurred_on),
        "recorded_at": _text(event.recorded_at),
        "by": str(event.actor),
        "source": event.source,
        "details": {name: value for name, value in details.items() if name not in STAFF_FIELDS},
    }


# --- what came in, and who has looked -----------------------------------------------------------------------


def _messages(tx: Connection, record_ids: list[UUID]) -> Iterator[Json]:
    for row in subject_data.messages_of(tx, record_ids):
        yield {
            "source": row.source,
            "kind": row.kind,
            "version": row.version,
            "at": _text(row.received_at),
            "outcome": row.outcome,
        }


def _register_events(tx: Connection, record_ids: list[UUID]) -> Iterator[Json]:
    for row in subject_data.register_events_of(tx, record_ids):
        yield {
            "source": row.source,
            "kind": row.kind,
            "on": str(row.occurred_on),
            "at": _text(row.received_at),
            "outcome": str(row.outcome),
        }


def _observations(tx: Connection, person_id: UUID) -> list[Json]:
    known = observations.of_people(tx, [person_id]).get(person_id, [])
    return [
        {"kind": str(seen.kind), "on": str(seen.occurred_on), "at": _text(seen.recorded_at), "source": seen.source}
        for seen in known
    ]


def _accesses(tx: Connection, person_id: UUID, case_ids: list[UUID]) -> tuple[list[Json], list[Withholding]]:
    """Who was given the data, by role and purpose: no name of anybody who works with the case.

    Beside it what is held back from the youth, which is left out.
    """
    withheld = {
        access: held for case_id in case_ids for access, held in access_withholdings.of_case(tx, case_id).items()
    }
    page = list(access_queries.page(tx, AccessFilters(person_id=person_id), None, ACCESSES))
    given = [
        {"at": _text(access.at), "role": str(access.role), "purpose": str(access.purpose)}
        for access in page
        if access.access_id not in withheld
    ]
    return given, [withheld[access.access_id] for access in page if access.access_id in withheld]


def _held_back(held: list[Withholding]) -> Iterator[Json]:
    """How many accesses are held back, by the reason and the day until which somebody decides again."""
    counts = Counter((entry.review_on, entry.code) for entry in held)
    for (review_on, code), count in sorted(counts.items(), key=str):
        values = {"count": count, "reason": str(code), "review_on": _text(review_on)}
        yield {"part": DataCategory.ACCESSES, "code": WithheldCode.ACCESS_HELD_BACK, **values}


def _term(rule: EffectiveRule, views: list[CaseView]) -> Json:
    """How long data is kept under a rule; `until` where it is counted from the last closing and the basis is known."""
    closings = [view.case.closed_on for view in views if view.case.closed_on is not None]
    counted = rule.rule.counted_from.endswith("case_closed") and closings and len(closings) == len(views)
    return {
        "rule": str(rule.rule.code),
        "keep": str(rule.keep),
        "counted_from": str(rule.rule.counted_from),
        "source": rule.confirmed.source if rule.confirmed else rule.rule.source,
        "applies": rule.applies,
        "until": _text(rule.kept_until(max(closings))) if counted else None,
    }


def _withheld(sight: PersonSight, views: list[CaseView], unseen: int, has_messages: bool) -> Iterator[Json]:
    """What is not in the file, by part and code."""
    if Disclosure.REACH not in sight.disclosures:
        yield {"part": DataCategory.PERSON, "code": WithheldCode.NOT_CLEARED}
    yield {"part": DataCategory.PERSON, "code": WithheldCode.OTHER_PERSONS}
    if unseen:
        yield {"part": DataCategory.CASES, "code": WithheldCode.NOT_SEEN}
    if any(map(_under_investigation, views)):
        yield {"part": DataCategory.CASES, "code": WithheldCode.INVESTIGATION}
    yield {"part": DataCategory.CASES, "code": WithheldCode.INTERNAL_NOTE}
    if has_messages:
        yield {"part": DataCategory.MESSAGES, "code": WithheldCode.FROM_AUTHORITY}


def _text(value: date | Role | None) -> str | None:
    if value is None:
        return None
    return value.isoformat() if isinstance(value, date) else str(value)
