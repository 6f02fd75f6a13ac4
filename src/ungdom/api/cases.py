"""Cases: open, list, read."""

from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from ungdom import casework, intake, worklist
from ungdom.api import alert_views, cursors, need_to_know, views
from ungdom.api import inputs as i
from ungdom.api import lead_time_shapes as lt
from ungdom.api import schemas as s
from ungdom.api.authorisation import guarded, needs
from ungdom.api.deps import Answer, Call, ReadCall, WriteCall
from ungdom.api.offices import check_office
from ungdom.api.tokens import WRITE
from ungdom.casework import NewCase, Read
from ungdom.intake import identity
from ungdom.intake.locks import names_of_new
from ungdom.store import alerts as kept
from ungdom.store import current, inbox, people, records
from ungdom.store import identity as questions
from ungdom.store.ids import uuid7
from ungdom.store.people import Person
from ungdom.store.reading import Filters, learnt_by
from ungdom.store.session import Connection
from ungdom.store.tables import NumberKind
from ungdom.workflow import engine
from ungdom.workflow.case import Youth
from ungdom.workflow.daycount import last_moment, oslo_date
from ungdom.workflow.permissions import Fact, acts_for, learns
from ungdom.workflow.vocabulary import EventType, Protection, Role, Sanction

router = APIRouter(tags=["cases"])

AsOf = Annotated[i.AsOf, Query()]

OPENED_BY = engine.actors_of(Sanction.YOUTH_SANCTION, EventType.CASE_REGISTERED)
"""In whose name a case is opened: the same for both sanctions, krl § 13."""


def _may_open(role: Role) -> bool:
    return not acts_for(role).isdisjoint(OPENED_BY)


def answer(body: BaseModel, status: int = 200, **headers: str) -> Answer:
    """The answer with this body."""
    return Answer(status, body.model_dump_json(by_alias=True).encode(), headers)


def instant(known_at: date | datetime | None) -> datetime | None:
    """The instant of knowledge: a date means the end of that day in Norway."""
    if known_at is None or isinstance(known_at, datetime):
        return known_at
    return last_moment(known_at)


def read_case(tx: Connection, call: Call, case_id: UUID, as_of: i.AsOf) -> Read:
    """The case as the request asks for it."""
    return casework.read(tx, call.who.viewer, case_id, call.now, as_of.valid_at, instant(as_of.known_at))


@router.post("/v1/cases", status_code=201, response_model=s.CaseOut, summary="Open a case")
@guarded(needs(WRITE, _may_open))
def open_case(call: WriteCall, body: i.NewCaseIn, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Open a youth sanction or youth follow-up case. The municipality of residence decides the konfliktråd."""
    return call.write(lambda tx: _opened(tx, call, body))


@router.get("/v1/cases", response_model=s.CaseList, summary="List cases")
def list_cases(call: ReadCall, query: Annotated[i.ListQuery, Query()]) -> Response:
    """The cases this viewer may see, a page at a time; as they stand now, or as they stood on another day."""
    return call.read(lambda tx: _listed(tx, call, query))


@router.get("/v1/cases/{case_id}", response_model=s.CaseOut, summary="Read a case")
def get_case(call: ReadCall, case_id: UUID, as_of: AsOf) -> Response:
    """One case: where it stands, its dates, start and the rule that gave it, ends, lead time, next deadline."""
    return call.read(lambda tx: _read(tx, call, case_id, as_of))


@router.get("/v1/cases/{case_id}/lead-time", response_model=lt.LeadTimeOut, summary="Where the days went")
def get_lead_time(call: ReadCall, case_id: UUID, as_of: AsOf) -> Response:
    """Stage intervals, wait ledger, P1 to P3; both ledgers add up to the total exactly."""
    known = instant(as_of.known_at)

    def asked(tx: Connection) -> Answer:
        return answer(views.lead_time_out(need_to_know.of_stages(read_case(tx, call, case_id, as_of)), known))

    return call.read(asked)


@router.get("/v1/cases/{case_id}/deadlines", response_model=s.DeadlineList, summary="Every clock of a case")
def get_deadlines(call: ReadCall, case_id: UUID, as_of: AsOf) -> Response:
    """Each clock: from, due (moved and unmoved), stopped, days late, law or norm."""
    known = instant(as_of.known_at)

    def asked(tx: Connection) -> Answer:
        read = read_case(tx, call, case_id, as_of)
        return answer(need_to_know.deadlines(read, views.deadlines_out(read, call.language, known)))

    return call.read(asked)


def _read(tx: Connection, call: Call, case_id: UUID, as_of: i.AsOf) -> Answer:
    read = read_case(tx, call, case_id, as_of)
    person = people.read_person(tx, call.keys, read.stored.person_id) if Fact.PERSON in read.learns else None
    known = instant(as_of.known_at)
    live = kept.live_then(tx, case_id, known) if known else kept.live(tx, [case_id]) if read.stored.alerted else []
    told = alert_views.briefs(live, call.language, read.on) if as_of.valid_at is None else None
    body = views.case_out(read, person, call.language, known, told)
    return answer(need_to_know.case(read, body), ETag=views.etag(read.stored.version))


def _opened(tx: Connection, call: Call, body: i.NewCaseIn) -> Answer:
    inbox.lock(tx, names_of_new(body.police_case_numbers, body.person.national_id))
    sees = learnt_by(call.who.viewer, Fact.PERSON)
    match = identity.match_person(tx, call.keys, body.person.told, body.police_case_numbers, sees)
    person = _youth(tx, call, body, match.known)
    case_id = uuid7(call.now)
    done = casework.open_case(tx, call.who, case_id, _new_case(body, person.person_id, person.youth), call.now)
    subject = call.who.viewer.subject
    questions.raise_questions(tx, person.person_id, match.doubts, case_id, subject, call.now)
    intake.stir_for_case(tx, call.desk, case_id, body.police_case_numbers, body.person.national_id)
    told = learns(call.who.viewer, current.seen(done.after, person.protection))
    read = Read(replace(done.stored, version=done.version), done.after, oslo_date(call.now), told)
    shown = views.case_out(read, person, call.language, None, [])
    return answer(shown, 201, ETag=views.etag(done.version), Location=f"/v1/cases/{case_id}")


def _youth(tx: Connection, call: Call, body: i.NewCaseIn, found: UUID | None) -> Person:
    """Who the case is about. Somebody known is who they were, their address kept at least as closely as is said now.

    `found`: a known person whom the viewer may see; to everybody else a known person is a new one.
    """
    given, level = body.person, Protection(body.person.protection)
    found = records.hold(tx, found) if found else None
    if found:
        people.protect(tx, found, level, call.now)
    youth = Youth(given.born, len(given.guardians))
    who = people.personalia_of(given.told, body.municipality)
    person_id = found or people.create_person(tx, call.keys, who, youth, call.now, level)
    return cast(Person, people.read_person(tx, call.keys, person_id))  # found or made in this transaction


def _new_case(body: i.NewCaseIn, person: UUID, youth: Youth) -> NewCase:
    day, moment = i.day_of(body.occurred_on)
    numbers = [(NumberKind.POLICE, number) for number in body.police_case_numbers]
    court = [(NumberKind.COURT, body.court_case_number)] if body.court_case_number else []
    return NewCase(
        sanction=body.sanction,
        occurred_on=day,
        occurred_at=moment,
        person=person,
        youth=youth,
        offences=tuple(offence.told for offence in body.offences),
        municipality=body.municipality,
        konfliktrad=body.konfliktrad,
        repeated_or_serious=body.repeated_or_serious,
        numbers=tuple(dict.fromkeys(numbers + court)),
        on_behalf_of=body.on_behalf_of,
    )


def _listed(tx: Connection, call: Call, query: i.ListQuery) -> Answer:
    check_office(tx, call, query.konfliktrad)
    of = query.model_dump_json(exclude={"cursor", "limit"})
    asked = worklist.Asked(
        filters=replace(filters(query, call), q=query.q),
        sort=query.sort or "-registered_on",
        after=cursors.read(call.cursor_key, of, query.cursor) if query.cursor else None,
        limit=query.limit,
        valid_at=query.valid_at,
        known_at=instant(query.known_at),
    )
    rows, last = worklist.page(tx, call.who.viewer, asked)
    following = cursors.write(call.cursor_key, of, last) if last else None
    shown = [s.CaseRow.model_validate(row) for row in rows]
    if call.who.viewer.role is Role.TEAM_MEMBER:
        shown = [need_to_know.row(one) for one in shown]
    return answer(s.CaseList(items=shown, next=following))


def filters(query: i.Narrowed, call: Call) -> Filters:
    """The cases that are asked for; overdue on the day asked about."""
    day = query.valid_at or oslo_date(call.now)
    return Filters(
        state=query.state,
        phase=query.phase,
        sanction=query.sanction,
        konfliktrad=query.konfliktrad,
        coordinator=query.coordinator,
        waiting_for=query.waiting_for,
        overdue_on=day if query.overdue is True else None,
        not_overdue_on=day if query.overdue is False else None,
    )
