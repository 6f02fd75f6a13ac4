"""Erasure of everything that is stored about persons, in every table that holds it. Events are not touched.

What refers to a person by id is found by it. Kept answers, and messages that nobody was found for, refer to nobody:
they are decrypted, and erased where they name the person. `find_unlinked` does so before the writer is taken; in the
transaction that erases only what has come since is decrypted. What only a lost key opens counts as erased already.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Connection, delete, or_, select, update

from ungdom.message.national_id import normalise
from ungdom.store import (
    bulk,
    case_imports,
    chain_changes,
    emergency_access,
    exchanges,
    idempotency,
    inbox,
    person_erasure,
    person_history,
    web_drafts,
)
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.people import StoredPerson, read_person
from ungdom.store.person_history import ChangeAuthor, PersonChange
from ungdom.store.personalia import Personalia
from ungdom.store.schema.cases import case_file, case_team, event, note
from ungdom.store.schema.idempotency import idempotency as answers
from ungdom.store.schema.inbox import decision, exchange_decision, exchange_message
from ungdom.store.schema.notices import contact
from ungdom.store.schema.persons import PersonChangeKind, person
from ungdom.workflow.payloads import Attendee
from ungdom.workflow.vocabulary import EventType, Role

BATCH = 500
"""Rows that are read or deleted at a time."""

Id = TypeVar("Id", UUID, bytes)


@dataclass(frozen=True, slots=True)
class PersonTraces:
    """What names a person in a text that refers to nobody.

    `ids`: of records and cases, and case references. `numbers`: identity numbers, present and former. `names`: born,
    given and family name of each record, which count only together.
    """

    ids: frozenset[bytes]
    numbers: frozenset[bytes]
    names: frozenset[tuple[bytes, ...]]

    def name_somebody(self, text: bytes) -> bool:
        """Whether a text that may be about anybody names the person."""
        return any(number in text for number in self.numbers) or any(
            all(part in text for part in parts) for parts in self.names
        )

    def are_in(self, text: bytes) -> bool:
        """Whether a text names the person, or a record or case of the person."""
        return self.name_somebody(text) or any(identifier in text for identifier in self.ids)


@dataclass(frozen=True, slots=True)
class UnlinkedData:
    """What refers to nobody and names the person with these traces. `messages`: pushed ones, with their outcome.

    `answers`: kept ones, by key hash. `decrypted`: the ids of everything that was looked at.
    """

    traces: PersonTraces
    messages: Mapping[UUID, str] = field(default_factory=dict)
    official: frozenset[UUID] = frozenset()
    answers: frozenset[bytes] = frozenset()
    decrypted: frozenset[UUID | bytes] = frozenset()


def traces_of(tx: Connection, keys: EncryptionKeys, record_ids: Collection[UUID]) -> PersonTraces:
    """What names the person of these records. Read before they are erased."""
    stored = [record for person_id in record_ids if (record := read_person(tx, keys, person_id)) is not None]
    rows = tx.execute(select(*case_file.c["case_id", "reference"]).where(case_file.c.person_id.in_(record_ids))).all()
    ids = [*(str(person_id) for person_id in record_ids), *(str(row.case_id) for row in rows)]
    ids += [row.reference for row in rows]
    return PersonTraces(
        frozenset(identifier.encode() for identifier in ids),
        frozenset(number.encode() for record in stored for number in _numbers_of(record.personalia or Personalia())),
        frozenset(names for record in stored for names in _names_of(record)),
    )


def _numbers_of(known: Personalia) -> Iterator[str]:
    for number in (known.national_id, *(former.number for former in known.former_numbers)):
        if number:
            yield number
            yield normalise(number)


def _names_of(record: StoredPerson) -> Iterator[tuple[bytes, ...]]:
    """Given name, family name and day of birth, as UTF-8 and with the escapes of ASCII JSON."""
    known = record.personalia or Personalia()
    if known.given_name and known.family_name:
        parts = (known.given_name, known.family_name, record.youth.born.isoformat())
        yield tuple(part.encode() for part in parts)
        yield tuple(json.dumps(part)[1:-1].encode() for part in parts)


# --- a person -----------------------------------------------------------------------------------------------


def erase_person(
    tx: Connection,
    keys: EncryptionKeys,
    record_ids: Collection[UUID],
    at: datetime,
    author: ChangeAuthor,
    known_data: UnlinkedData | None = None,
) -> Counter[str]:
    """Erases all personal data of the person of these records; how many rows of which table.

    `known_data`: what was found before this transaction. Raises `CannotOpen` where a value cannot be decrypted, and
    then nothing is erased.
    """
    unlinked = find_unlinked(tx, keys, record_ids, known_data)
    known = select(person.c.person_id).where(person.c.person_id.in_(record_ids), person.c.sealed.is_not(None))
    erased = list(tx.scalars(known.order_by(person.c.person_id)))
    counts = person_erasure.erase_records(tx, keys, record_ids, at)
    for person_id in erased:
        _write_history(tx, keys, person_id, at, author)
    of_person = select(case_file.c.case_id).where(case_file.c.person_id.in_(record_ids))
    case_ids = list(tx.scalars(of_person))
    about = or_(decision.c.person_id.in_(record_ids), decision.c.case_id.in_(case_ids))
    message_ids = list(tx.scalars(select(decision.c.message_id).where(about)))
    message_ids += unlinked.messages
    counts["note"] += tx.execute(
        update(note).where(note.c.case_id.in_(case_ids), note.c.sealed.is_not(None)).values(sealed=None)
    ).rowcount
    counts["web_draft"] += web_drafts.erase(tx, case_ids)
    counts["emergency_access"] += emergency_access.erase_texts(tx, case_ids)
    linked = select(exchange_decision.c.exchange_id).where(exchange_decision.c.message_id.in_(message_ids))
    exchange_ids = [*tx.scalars(linked), *unlinked.official]
    counts["decision"] += erase_messages(tx, message_ids)
    counts["exchange_message"] += erase_official(tx, exchange_ids)
    counts["case_import"] += case_imports.erase_fingerprints(tx, case_ids)
    counts["idempotency"] += _erase_answers(tx, sorted(unlinked.answers))
    counts["contact"] += _erase_family_contacts(tx, case_ids)
    return +counts


def _erase_family_contacts(tx: Connection, case_ids: Collection[UUID]) -> int:
    """Deletes how youth and guardians of these cases wanted to be notified, unless they are on another team."""
    joined = (event.c.type == EventType.TEAM_MEMBER_JOINED) & event.c.case_id.in_(case_ids)
    details = [json.loads(stored) for stored in tx.scalars(select(event.c.details).where(joined))]
    family = {member["member"] for member in details if member.get("agency") in (Attendee.YOUTH, Attendee.GUARDIAN)}
    elsewhere = select(case_team.c.member).where(case_team.c.case_id.not_in(case_ids))
    known = (contact.c.subject.in_(family), contact.c.role == Role.TEAM_MEMBER, contact.c.subject.not_in(elsewhere))
    subjects = list(tx.scalars(select(contact.c.subject).where(*known)))
    tx.execute(delete(contact).where(contact.c.subject.in_(subjects)))
    chain_changes.record(tx, contact, *({"subject": subject} for subject in subjects))
    return len(subjects)


def _write_history(tx: Connection, keys: EncryptionKeys, person_id: UUID, at: datetime, author: ChangeAuthor) -> None:
    revision = tx.scalar(select(person.c.revision).where(person.c.person_id == person_id)) or 1
    change = PersonChange(
        person_id=person_id,
        revision=revision,
        kind=PersonChangeKind.ERASED,
        fields=(),
        changed_at=at,
        author=author,
        before=None,
    )
    person_history.add(tx, keys, change)


# --- messages and answers -----------------------------------------------------------------------------------


def erase_messages(tx: Connection, message_ids: Collection[UUID]) -> int:
    """Erases the content of these pushed messages; the number changed. Receipts and outcomes stay."""
    named = decision.c.message_id.in_(message_ids) & decision.c.sealed.is_not(None)
    return tx.execute(update(decision).where(named).values(sealed=None)).rowcount


def erase_official(tx: Connection, exchange_ids: Collection[UUID]) -> int:
    """Erases the content of these official messages; the number changed."""
    named = exchange_message.c.exchange_id.in_(exchange_ids) & exchange_message.c.sealed.is_not(None)
    return tx.execute(update(exchange_message).where(named).values(sealed=None)).rowcount


def find_unlinked(
    tx: Connection, keys: EncryptionKeys, record_ids: Collection[UUID], before: UnlinkedData | None = None
) -> UnlinkedData:
    """Kept answers and messages that refer to nobody, and name the person of these records. Raises `CannotOpen`.

    `before`: of an earlier transaction; what was decrypted then is not decrypted again.
    """
    traces = traces_of(tx, keys, record_ids)
    if before is None or before.traces != traces:
        before = UnlinkedData(traces)
    outcomes = {row.message_id: row.outcome for row in tx.execute(_UNLINKED_MESSAGES)}
    received, stored = set(tx.scalars(_UNLINKED_OFFICIAL)), set(tx.scalars(select(answers.c.key_hash)))
    seen, named = before.decrypted, traces.name_somebody
    naming_messages = _naming(
        outcomes, seen, named, lambda ids: ((each, inbox.content(tx, keys, each)) for each in ids)
    )
    official = _naming(received, seen, named, lambda ids: ((each, exchanges.content(tx, keys, each)) for each in ids))
    naming_answers = _naming(stored, seen, traces.are_in, lambda ids: idempotency.plain_texts(tx, keys, ids))
    named_messages = naming_messages.union(before.messages)
    return UnlinkedData(
        traces,
        {message_id: outcome for message_id, outcome in outcomes.items() if message_id in named_messages},
        frozenset(official | (before.official & received)),
        frozenset(naming_answers | (before.answers & stored)),
        frozenset({*outcomes, *received, *stored}),
    )


_UNLINKED_MESSAGES = select(*decision.c["message_id", "outcome"]).where(
    decision.c.person_id.is_(None), decision.c.case_id.is_(None), decision.c.sealed.is_not(None)
)
_UNLINKED_OFFICIAL = select(exchange_message.c.exchange_id).where(
    exchange_message.c.exchange_id.not_in(select(exchange_decision.c.exchange_id)),
    exchange_message.c.sealed.is_not(None),
)


def _naming(
    ids: Iterable[Id],
    seen: Collection[UUID | bytes],
    names: Callable[[bytes], bool],
    contents: Callable[[Sequence[Id]], Iterable[tuple[Id, bytes | None]]],
) -> set[Id]:
    """Those of the ids not seen before whose content names the person."""
    new = (each for each in ids if each not in seen)
    return {
        each
        for batch in bulk.batches(new, BATCH)
        for each, content in contents(batch)
        if content is not None and names(content)
    }


def _erase_answers(tx: Connection, named: Sequence[bytes]) -> int:
    """Deletes these kept answers; the number deleted."""
    batches = (named[start : start + BATCH] for start in range(0, len(named), BATCH))
    return sum(tx.execute(delete(answers).where(answers.c.key_hash.in_(batch))).rowcount for batch in batches)
