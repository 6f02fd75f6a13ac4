"""Searching for a person: by a form that is sent, so that no name is in an address, and logged with a reason."""

from typing import Any

from fastapi import APIRouter, Request, Response

from ungdom.api.http.authorisation import guarded, requires
from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.tokens import READ
from ungdom.api.persons.record_routes import person_hits
from ungdom.api.persons.record_schemas import PersonHitList, PersonSearchIn
from ungdom.web.page import answer, data_of, language_of
from ungdom.web.places import SEARCH
from ungdom.web.submitting import RefusedForm, SentForm, attempt, key_refused, sent_form, validated, write_context
from ungdom.workflow.rules.access import SearchReason
from ungdom.workflow.rules.permissions import may_read_persons

router = APIRouter(include_in_schema=False)

FIELDS = ("name", "born", "national_id", "reason")


class SearchForm(PersonSearchIn):
    """What the form of the page sends: a search with its reason."""

    reason: SearchReason


@router.get(SEARCH.path)
def search_form(request: Request, context: ReadContext) -> Response:
    """The form."""
    context.require(READ, SEARCH.may)
    return _page(request, SentForm(), None)


@router.post(SEARCH.path, response_model=PersonHitList)
@guarded(requires(READ, may_read_persons))
def search(request: Request) -> Response:
    """The persons who fit, and their cases that the viewer may see."""
    sent = sent_form(request)
    if write_context(request, sent) is None:
        return key_refused(request)
    context = RequestContext(request, None, None, language_of(request))  # without a key: no result is stored
    done = attempt(request, lambda: _hits(context, sent))
    if isinstance(done, RefusedForm):
        return _page(request, SentForm(sent.entered, done.problem), None, done.status)
    return _page(request, sent, data_of(done))


def _hits(context: RequestContext, sent: SentForm) -> Response:
    body = validated(SearchForm, sent.values(*FIELDS))
    return context.write(lambda tx: person_hits(tx, context, body))


def _page(request: Request, sent: SentForm, hits: dict[str, Any] | None, status: int = 200) -> Response:
    values = {
        "found": hits,
        "problem": sent.problem,
        "entered": {name: sent.first(name) or "" for name in FIELDS},
        "reasons": [str(reason) for reason in SearchReason],
    }
    return answer(request, "search.html", values, status)
