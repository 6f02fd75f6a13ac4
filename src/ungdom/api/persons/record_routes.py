"""Person records: read, correct, search, and who has read them. Every access is written to the log of access."""

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.exceptions import RequestValidationError

from ungdom import cases
from ungdom.api.http import inputs as i
from ungdom.api.http.authorisation import guarded, requires
from ungdom.api.http.context import CaseWriteContext, ReadContext, RequestContext, WriteContext
from ungdom.api.http.pagination import PageQuery, page_and_cursor, start_after
from ungdom.api.http.responses import PRIVATE_HEADERS, AccessNote, ApiResponse, etag, json_response
from ungdom.api.http.tokens import READ, STATUS, WRITE
from ungdom.api.persons.record_present import correction_out, person_access_out, person_hit_out, person_record_out
from ungdom.api.persons.record_schemas import (
    PersonAccessList,
    PersonCorrectionOut,
    PersonHitList,
    PersonPatchIn,
    PersonRecordOut,
    PersonSearchIn,
)
from ungdom.persons import correct, read, search, subject_access, subject_access_file
from ungdom.persons.correct import CorrectedPerson, PersonCorrection
from ungdom.persons.search import PersonCriteria
from ungdom.persons.sight import PersonSight, access_scope, sight_after, sight_of, working_sight
from ungdom.persons.subject_access_file import MEDIA_TYPE
from ungdom.store import access_queries, people, records, reference
from ungdom.store.access_queries import AccessFilters, OfficeScope
from ungdom.store.personalia import ContactDetails
from ungdom.store.schema.access import AccessKind
from ungdom.store.session import Connection
from ungdom.workflow.rules.permissions import may_read_person_access, may_read_persons
from ungdom.workflow.vocabulary import Protection, Role

router = APIRouter(tags=["people"])


@router.post("/v1/persons/search", response_model=PersonHitList, summary="Search persons")
@guarded(requires(READ, may_read_persons))
def search_persons(context: WriteContext, body: PersonSearchIn, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """By name, birth date or identity number, among those whose identity the caller may know. The search is logged."""
    return context.write(lambda tx: person_hits(tx, context, body))


@router.get("/v1/persons/{person_id}", response_model=PersonRecordOut, summary="Read a person")
def get_person(context: ReadContext, person_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """The record with its history: for those who may know who the youth of one of the cases is. The read is logged."""

    def operation(tx: Connection) -> ApiResponse:
        body = _record_out(tx, context, sight_of(tx, context.recorder.viewer, person_id))
        return json_response(body, ETag=etag(body.revision))

    return context.read(operation, READ, may_read_persons)


@router.patch("/v1/persons/{person_id}", response_model=PersonCorrectionOut, summary="Correct a person")
@guarded(requires(WRITE, may_read_persons))
def correct_person(
    context: CaseWriteContext, person_id: UUID, body: PersonPatchIn, query: Annotated[i.DryRun, Query()]
) -> Response:
    """Correct a record, with a reason. Needs `If-Match` with the ETag of the person.

    A birth date and guardians are judged in every case of the person: events that would not be legal any more stand in
    the way, and with `dry_run` they are named and the record stays as it is. That it was read is logged.
    """
    if query.dry_run:
        return context.read(lambda tx: _tried_correction(tx, context, person_id, body), WRITE, may_read_persons)
    return context.write(lambda tx: _corrected_record(tx, context, person_id, body))


@router.post(
    "/v1/persons/{person_id}/subject-access",
    summary="Export everything that is stored about a person",
    response_class=Response,
    responses={200: {"content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}}},
)
@guarded(requires(READ, may_read_persons))
def export_person(context: ReadContext, person_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """One ZIP for the person: the data as JSON, and as a page in each language. That it was made is logged.

    For those who work on a case of the person. What is left out is named with its ground.
    """

    def operation(tx: Connection) -> ApiResponse:
        access = subject_access.gather(tx, context.intake, context.recorder.viewer, person_id)
        headers = {"Content-Disposition": f'attachment; filename="{access.person_id}.zip"', **PRIVATE_HEADERS}
        note = AccessNote(named=access.case_ids)
        return ApiResponse(200, subject_access_file.build(access), headers, media_type=MEDIA_TYPE, access=note)

    return context.read(operation, READ, may_read_persons)


@router.get("/v1/persons/{person_id}/access-log", response_model=PersonAccessList, summary="Who has read a person")
def list_person_accesses(context: ReadContext, person_id: UUID, query: Annotated[PageQuery, Query()]) -> Response:
    """Who read, searched for or changed the record, and when. For leader, secretariat and auditor.

    A leader sees the accesses of the own office and of the secretariat.
    """
    return context.read(lambda tx: _page_of_accesses(tx, context, person_id, query), STATUS, may_read_person_access)


def person_hits(tx: Connection, context: RequestContext, body: PersonSearchIn) -> ApiResponse:
    """The persons who fit, with the search for the access log: the fields searched by, and the reason given for it."""
    criteria = PersonCriteria(body.name, body.born, body.national_id, body.limit)
    hits = search.search(tx, context.keys, context.recorder.viewer, criteria)
    items = [person_hit_out(person, sight) for person, sight in hits.people]
    note = AccessNote(AccessKind.SEARCHED, " ".join(filter(None, (criteria.names, body.reason))), len(items))
    return replace(json_response(PersonHitList(items=items, more=hits.more)), access=note)


def _record_out(tx: Connection, context: RequestContext, sight: PersonSight) -> PersonRecordOut:
    viewer = context.recorder.viewer
    record = read.read(tx, context.keys, viewer, sight)
    return person_record_out(record.person, sight, record.history, viewer, context.today)


def _tried_correction(tx: Connection, context: RequestContext, person_id: UUID, body: PersonPatchIn) -> ApiResponse:
    result = _correct(tx, context, person_id, body, True)
    record = person_record_out(result.after, result.sight, (), context.recorder.viewer, context.today)
    return replace(_correction_response(context, result, record, True), access=AccessNote(AccessKind.READ))


def _corrected_record(tx: Connection, context: RequestContext, person_id: UUID, body: PersonPatchIn) -> ApiResponse:
    result = _correct(tx, context, person_id, body, False)
    sight = sight_after(tx, context.recorder.viewer, result.sight)
    response = _correction_response(context, result, _record_out(tx, context, sight), False)
    return replace(response, access=AccessNote(AccessKind.CORRECTED))


def _correct(
    tx: Connection, context: RequestContext, person_id: UUID, body: PersonPatchIn, dry_run: bool
) -> CorrectedPerson:
    if body.born is not None and body.born > context.today:
        raise RequestValidationError([{"loc": ("body", "born"), "type": "day_in_future"}])
    if body.municipality is not None and reference.konfliktrad_of(tx, body.municipality) is None:
        raise RequestValidationError([{"loc": ("body", "municipality"), "type": "value_error"}])
    correction = PersonCorrection(body.reason, _new_values(body), body.number_was_wrong)
    viewer = context.recorder.viewer
    return correct.correct(tx, context.intake, viewer, person_id, context.expected, correction, dry_run)


def _correction_response(
    context: RequestContext, result: CorrectedPerson, record: PersonRecordOut, dry_run: bool
) -> ApiResponse:
    return json_response(correction_out(result, record, dry_run, context.language), ETag=etag(record.revision))


def _new_values(body: PersonPatchIn) -> dict[str, Any]:
    """The corrected fields, as they are stored."""
    given = body.model_fields_set - {"reason", "number_was_wrong"}
    values = {name: getattr(body, name) for name in given}
    values = {name: value for name, value in values.items() if value is not None or name not in ("born", "protection")}
    if "contact" in values:
        values["contact"] = body.contact.as_contact if body.contact else ContactDetails()
    if "guardians" in values:
        values["guardians"] = tuple(guardian.as_guardian for guardian in body.guardians or [])
    return values


def _page_of_accesses(tx: Connection, context: RequestContext, person_id: UUID, query: PageQuery) -> ApiResponse:
    canonical_id, scope = _accesses_shown(tx, context, person_id)
    name, filters = f"person accesses {canonical_id}", AccessFilters(person_id=canonical_id)
    after = start_after(context, name, query)
    rows = access_queries.page(tx, filters, after[1] if after else None, query.limit + 1, scope)
    page, following = page_and_cursor(context, name, query, rows, lambda entry: (entry.at, entry.access_id))
    person = people.read_person(tx, context.keys, canonical_id)
    shows_office = scope is not None or (person is not None and person.protection is Protection.NONE)
    items = [person_access_out(entry, shows_office) for entry in page]
    return json_response(PersonAccessList(items=items, next=following))


def _accesses_shown(tx: Connection, context: RequestContext, person_id: UUID) -> tuple[UUID, OfficeScope | None]:
    """The canonical id of the person, and which accesses the viewer is shown; None: all."""
    viewer = context.recorder.viewer
    if viewer.role is Role.AUDITOR:
        canonical_id = records.canonical_id(tx, person_id)
        if people.read_person(tx, context.keys, canonical_id) is None:
            raise cases.NotVisible
        return canonical_id, None
    sight = working_sight(tx, viewer, person_id)
    return sight.person_id, access_scope(tx, viewer, sight)
