"""What is in the archive of a closed case. The same case gives the same bytes: nothing says when the file was made.

How youth and guardians are reached is left out: an archive does not need it, and it may say where a youth is.
frl § 10-4.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from ungdom.api.events.present import events_out
from ungdom.audit import archive
from ungdom.audit.seals import proof_of
from ungdom.cases import CaseNotClosed, CaseView
from ungdom.retention.rules import EffectiveRule, effective
from ungdom.store import chain_rows, chain_seals, journal, notes, people, retention, subject_data
from ungdom.store.chain_tables import CHAINED
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.session import Connection
from ungdom.texts import Language
from ungdom.workflow.derived import team
from ungdom.workflow.events import Event, plain_details
from ungdom.workflow.vocabulary import EventType

Json = dict[str, Any]

LANGUAGE: Language = "nb"
"""The language of the labels: that of the archives."""
EVENTS = next(chain for chain in CHAINED if chain.name == archive.EVENT_CHAIN)
DOCUMENT_FIELDS = {"note": "notes.json", "form_version": "office"}
"""Fields of events that refer to a document, and where it is: a file of the archive, or the archive of the office."""
NUMBER_PLACES = {"police": "police", "court": "court"}
"""Who keeps the documents that a case number stands for."""


def archive_of(tx: Connection, keys: EncryptionKeys, read: CaseView, schema: str | None) -> bytes:
    """The archive of this case as a ZIP. `schema`: the version of the database. Raises CaseNotClosed."""
    stored, closed_on = read.stored, read.case.closed_on
    if closed_on is None:
        raise CaseNotClosed
    rows = list(chain_rows.chained_rows(tx, EVENTS, [str(stored.case_id)]))
    files = {
        archive.EVENTS: archive.as_json(events_out(stored, LANGUAGE).model_dump(mode="json")),
        archive.CHAIN: archive.chain_lines(rows),
        "parties.json": archive.as_json(_parties(tx, keys, read)),
        "notes.json": archive.as_json(list(_notes(tx, keys, read))),
        "documents.json": archive.as_json([*_documents_of_events(stored.events), *_documents_elsewhere(tx, read)]),
        "retention.json": archive.as_json(_retention(tx, closed_on)),
    }
    _, position, link, _ = rows[-1]
    about = {
        "case": str(stored.case_id),
        "reference": stored.reference,
        "closed_on": closed_on.isoformat(),
        "versions": {"table": stored.table, "schema": schema},
        "chain": {"stream": str(stored.case_id), "rows": position, "link": link.hex() if link else None},
        "seal": _seal(tx, str(stored.case_id), position),
    }
    return archive.pack(about, files)


def _seal(tx: Connection, stream: str, position: int) -> Json | None:
    """The seal that covers the last event; None until the next seal is made."""
    covering = chain_seals.covering(tx, archive.EVENT_CHAIN, stream, position)
    if covering is None:
        return None
    seal, heads = covering
    head = next(head for head in heads if (head.chain, head.stream) == (archive.EVENT_CHAIN, stream))
    return archive.seal_part(seal, head, proof_of(head, heads))


def _parties(tx: Connection, keys: EncryptionKeys, read: CaseView) -> Json:
    """Who takes part, by role. Names and numbers are null once the person is erased."""
    record = people.read_person(tx, keys, read.stored.person_id)
    known = record.personalia if record else None
    return {
        "youth": {
            "person": str(read.stored.person_id),
            "given_name": known.given_name if known else None,
            "family_name": known.family_name if known else None,
            "born": read.stored.youth.born.isoformat(),
            "national_id": known.national_id if known else None,
        },
        "guardians": [
            {"name": guardian.name, "kind": guardian.kind, "since": _day(guardian.since), "until": _day(guardian.until)}
            for guardian in (known.guardians if known else ())
        ],
        "konfliktrad": read.case.konfliktrad,
        "coordinators": [
            {"coordinator": plain_details(event.type, event.details)["coordinator"], "since": _day(event.occurred_on)}
            for event in read.case.all(EventType.ASSIGNED)
        ],
        "team": [
            {
                "member": member.member,
                "agency": member.agency,
                "role": member.role,
                "joined": _day(member.joined),
                "left": _day(member.left),
            }
            for member in team.members(read.case)
        ],
    }


def _notes(tx: Connection, keys: EncryptionKeys, read: CaseView) -> Iterator[Json]:
    for note in notes.notes_of(tx, keys, read.stored.case_id):
        yield {
            "note": str(note.note_id),
            "created_at": note.created_at.isoformat(),
            "created_by": note.created_by,
            "text": note.text,
        }


def _documents_of_events(events: list[Event]) -> Iterator[Json]:
    """The references to documents that events carry."""
    for event in events:
        details = plain_details(event.type, event.details)
        for field, place in DOCUMENT_FIELDS.items():
            if details.get(field) is not None:
                yield {"event": event.seq, "kind": field, "reference": details[field], "place": place}


def _documents_elsewhere(tx: Connection, read: CaseView) -> Iterator[Json]:
    """What police, court and other systems keep: case numbers, and messages that are in the case."""
    for kind, number in journal.numbers_of(tx, read.stored.case_id):
        yield {"event": None, "kind": f"{kind}_number", "reference": number, "place": NUMBER_PLACES[kind]}
    for message in subject_data.messages_in(tx, read.stored.case_id):
        reference = f"{message.decision_id} {message.version}"
        yield {"event": None, "kind": message.kind, "reference": reference, "place": message.source}


def _retention(tx: Connection, closed_on: date) -> list[Json]:
    """The rules of retention that are counted from the closing of a case."""
    rules = effective(retention.bases(tx)).values()
    return [_rule(rule, closed_on) for rule in rules if rule.rule.counted_from.endswith("case_closed")]


def _rule(rule: EffectiveRule, closed_on: date) -> Json:
    return {
        "rule": rule.rule.code,
        "keep": str(rule.keep),
        "counted_from": rule.rule.counted_from,
        "source": rule.confirmed.source if rule.confirmed else rule.rule.source,
        "verified": rule.rule.verified,
        "applies": rule.applies,
        "until": _day(rule.kept_until(closed_on)),
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
