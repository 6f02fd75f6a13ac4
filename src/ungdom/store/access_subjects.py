"""Whose data an answer contains: the cases, persons and messages that it names by id."""

from collections.abc import Collection, Iterator
from uuid import UUID

from sqlalchemy import Connection, Uuid, bindparam, null, select, union_all

from ungdom.store.access_log import AccessEntry
from ungdom.store.schema.cases import case_file
from ungdom.store.schema.identity import identity_question
from ungdom.store.schema.inbox import decision, exchange_message
from ungdom.store.schema.persons import person, population_event

_IDS = bindparam("ids", expanding=True, type_=Uuid())
_NOBODY = null().cast(Uuid())

_SUBJECTS = union_all(
    select(case_file.c.case_id, case_file.c.person_id, _NOBODY.label("message_id")).where(
        case_file.c.case_id.in_(_IDS)
    ),
    select(_NOBODY, person.c.person_id, _NOBODY).where(person.c.person_id.in_(_IDS)),
    select(decision.c.case_id, decision.c.person_id, decision.c.message_id).where(decision.c.message_id.in_(_IDS)),
    select(_NOBODY, identity_question.c.record_id, _NOBODY).where(identity_question.c.question_id.in_(_IDS)),
    select(_NOBODY, population_event.c.person_id, population_event.c.event_id).where(
        population_event.c.event_id.in_(_IDS)
    ),
    select(_NOBODY, _NOBODY, exchange_message.c.exchange_id).where(exchange_message.c.exchange_id.in_(_IDS)),
)
"""Every kind of id in one query: the case, the person, and the message where there is no case."""


def subjects_of(tx: Connection, ids: Collection[UUID]) -> tuple[AccessEntry, ...]:
    """The cases and persons that these ids name, each once, in a fixed order. Other ids name nobody.

    A person whose case is among them has no entry of its own, nor has a message.
    """
    if not ids:
        return ()
    rows = [AccessEntry(*row) for row in tx.execute(_SUBJECTS, {"ids": sorted(ids)})]
    cases = {row.case_id: row for row in rows if row.case_id is not None and row.message_id is None}
    return tuple(_each_once(cases, rows))


def _each_once(cases: dict[UUID, AccessEntry], rows: list[AccessEntry]) -> Iterator[AccessEntry]:
    yield from cases.values()
    known = {entry.person_id for entry in cases.values()}
    for row in dict.fromkeys(rows):
        if row.case_id in cases:
            continue
        if row.message_id is None:
            if row.person_id not in known:
                known.add(row.person_id)
                yield row
        elif row.person_id is None or row.person_id not in known or row.case_id is not None:
            yield row
