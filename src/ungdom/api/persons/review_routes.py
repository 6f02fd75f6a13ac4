"""Persons whose protection level was taken over by a merge that has been undone, until somebody has reviewed it."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.pagination import PageQuery, page_and_cursor, start_after
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.tokens import READ
from ungdom.api.persons.record_present import person_hit_out
from ungdom.api.persons.record_schemas import ProtectionReviewList
from ungdom.persons.sight import sight_of
from ungdom.store import people, person_search
from ungdom.store.session import Connection
from ungdom.workflow.rules.permissions import may_lower_protection

router = APIRouter(tags=["people"])


@router.get(
    "/v1/persons/protection-reviews",
    response_model=ProtectionReviewList,
    summary="Persons whose protection is to be reviewed",
)
def list_protection_reviews(context: ReadContext, query: Annotated[PageQuery, Query()]) -> Response:
    """After a split both persons keep the stricter level, until leader or secretariat sets it, to the same or another.

    A level is set with `PATCH /v1/persons/{id}`. For leader and secretariat, of persons in cases that they work on.
    """
    return context.read(lambda tx: _page_of_reviews(tx, context, query), READ, may_lower_protection)


def _page_of_reviews(tx: Connection, context: RequestContext, query: PageQuery) -> ApiResponse:
    viewer, name = context.recorder.viewer, "protection reviews"
    after = start_after(context, name, query)
    rows = person_search.to_review(tx, viewer, after, query.limit + 1)
    page, following = page_and_cursor(context, name, query, rows, lambda row: row)
    stored = [people.read_person(tx, context.keys, person_id) for _, person_id in page]
    items = [person_hit_out(person, sight_of(tx, viewer, person.person_id)) for person in stored if person is not None]
    return json_response(ProtectionReviewList(items=items, next=following))
