"""Problem responses that need no more than a status and a code, and what all error handlers build responses with.

`FIXED` has one row per error. Errors whose response depends on the case or the request are in `handlers`.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from fastapi import Request
from starlette.responses import Response

from ungdom import alerts, texts
from ungdom import cases as c
from ungdom.analytics.case_cache import TooManyCases
from ungdom.analytics.surveys import inviting
from ungdom.api.http.errors import (
    BadCursor,
    BadIfMatch,
    ContactIsStaff,
    ContactNamedTwice,
    ContactOfOthers,
    IdempotencyMismatch,
    NoFeed,
    NotASystem,
    ResponseWithheld,
)
from ungdom.api.http.problems import problem_response
from ungdom.extracts import errors as extracts
from ungdom.intake.confirmations import AlreadyAnswered, RejectedBefore
from ungdom.jobs.nightly import DayToCome
from ungdom.notices.address import Forbidden
from ungdom.notices.subscriptions import TooManyWebhooks
from ungdom.persons import errors as persons
from ungdom.staff import errors as staff
from ungdom.store import errors as store
from ungdom.texts.places import field_problem
from ungdom.workflow.errors import UnknownMachine

Handler = Callable[[Request, Any], Awaitable[Response]]


def problem_to(
    request: Request,
    status: int,
    code: str,
    extra: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
    part: str = "detail",
    **values: str | int,
) -> Response:
    """The response with this problem, in the language of the request. `values`: those of the texts."""
    language = request.headers.get("accept-language")
    return problem_response(status, code, language, request.state.trace_id, extra, headers, part, **values)


def language_of(request: Request) -> texts.Language:
    """The language that the request prefers, of those that there are texts in."""
    return texts.negotiate(request.headers.get("accept-language"))


def field_errors(request: Request, pointer: str, kind: str, allowed: Sequence[str] = ()) -> dict[str, Any]:
    """The member `errors` of a problem with one wrong field. `allowed`: the values that it may have."""
    return {"errors": [field_problem(language_of(request), pointer, kind, allowed)]}


def _nothing(_error: Exception) -> dict[str, Any]:
    return {}


def _fixed_problem(
    status: int,
    code: str,
    headers: dict[str, str] | None = None,
    *,
    field: tuple[str, str] | None = None,
    extra: Callable[[Any], dict[str, Any]] = _nothing,
    values: Callable[[Any], dict[str, Any]] = _nothing,
) -> Handler:
    """A handler that answers with this status and code.

    `field`: pointer and kind of the one field that is wrong. `extra`: members of the body; `values`: of the texts.
    """

    async def handle(request: Request, error: Exception) -> Response:
        wrong = field_errors(request, *field) if field else {}
        return problem_to(request, status, code, wrong | extra(error), headers, **values(error))

    return handle


FIXED: dict[type[Exception], Handler] = {
    c.NotVisible: _fixed_problem(404, "not_found"),
    c.CaseNotClosed: _fixed_problem(409, "case_not_closed"),
    c.VersionRequired: _fixed_problem(428, "precondition_required"),
    c.NotCorrectable: _fixed_problem(
        422, "not_correctable", field=("/seq", "value_error"), values=lambda error: {"seq": error.seq}
    ),
    c.WrongPlace: _fixed_problem(
        422, "wrong_place", field=("/after_seq", "value_error"), values=lambda error: {"seq": error.seq}
    ),
    c.ChangesNothing: _fixed_problem(
        409,
        "correction_changes_nothing",
        extra=lambda error: {"seq": error.seq},
        values=lambda error: {"seq": error.seq},
    ),
    alerts.NoSuchAlert: _fixed_problem(404, "not_found"),
    alerts.AlreadyCleared: _fixed_problem(409, "alert_cleared"),
    alerts.NotWaitedFor: _fixed_problem(403, "not_waited_for"),
    AlreadyAnswered: _fixed_problem(409, "identity_answered"),
    RejectedBefore: _fixed_problem(
        409,
        "identity_rejected",
        extra=lambda error: {"question_id": str(error.question_id)},
        values=lambda error: {"question": str(error.question_id)},
    ),
    persons.NotCleared: _fixed_problem(403, "not_cleared"),
    persons.PersonUnchanged: _fixed_problem(409, "person_unchanged"),
    persons.UnknownGuardian: _fixed_problem(422, "unknown_guardian", field=("/guardians", "value_error")),
    persons.BornAfterOffence: _fixed_problem(422, "invalid_input", field=("/born", "born_after_offence")),
    persons.SamePerson: _fixed_problem(409, "same_person"),
    persons.CasesDoNotSplit: _fixed_problem(422, "cases_do_not_split", field=("/cases", "value_error")),
    persons.NotAMerge: _fixed_problem(422, "not_a_merge", field=("/merge", "value_error")),
    persons.ProposalDecided: _fixed_problem(409, "proposal_decided"),
    persons.SecondPersonNeeded: _fixed_problem(403, "second_person_needed"),
    persons.PopulationEventDiffers: _fixed_problem(409, "population_event_differs"),
    persons.PersonNotOfEvent: _fixed_problem(422, "person_not_of_event", field=("/person", "value_error")),
    persons.PersonErased: _fixed_problem(409, "person_erased"),
    persons.EventOvertaken: _fixed_problem(409, "population_event_overtaken"),
    persons.NoQuestion: _fixed_problem(409, "population_event_decided"),
    DayToCome: _fixed_problem(422, "day_to_come", field=("/on", "value_error")),
    IdempotencyMismatch: _fixed_problem(422, "idempotency_mismatch"),
    ResponseWithheld: _fixed_problem(409, "response_withheld"),
    NoFeed: _fixed_problem(403, "feed_not_for_role"),
    BadCursor: _fixed_problem(400, "bad_cursor"),
    staff.NoSuchMember: _fixed_problem(404, "not_found"),
    staff.NoSuchAbsence: _fixed_problem(404, "not_found"),
    staff.MemberExists: _fixed_problem(
        409, "staff_exists", field=("/subject", "value_error"), values=lambda error: {"subject": error.subject}
    ),
    staff.AbsenceOverlaps: _fixed_problem(409, "absence_overlaps"),
    staff.AbsenceOver: _fixed_problem(409, "absence_over"),
    staff.SubstituteNotAvailable: _fixed_problem(
        422,
        "substitute_not_available",
        field=("/substitute", "value_error"),
        values=lambda error: {"substitute": error.substitute},
    ),
    staff.EmergencyNotNeeded: _fixed_problem(409, "emergency_not_needed"),
    staff.EmergencyIsOpen: _fixed_problem(
        409, "emergency_is_open", extra=lambda error: {"until": error.until.isoformat()}
    ),
    staff.EmergencyReviewed: _fixed_problem(409, "emergency_reviewed"),
    staff.OwnEmergencyAccess: _fixed_problem(403, "own_emergency_access"),
    staff.ContactIsTheirOwn: _fixed_problem(409, "contact_is_their_own"),
    ContactOfOthers: _fixed_problem(
        409,
        "contact_of_others",
        field=("/contacts", "value_error"),
        values=lambda error: {"subject": error.subject},
    ),
    ContactNamedTwice: _fixed_problem(422, "contact_named_twice", field=("/contacts", "value_error")),
    ContactIsStaff: _fixed_problem(
        422,
        "contact_is_staff",
        field=("/contacts", "value_error"),
        values=lambda error: {"subjects": ", ".join(error.subjects)},
    ),
    TooManyWebhooks: _fixed_problem(409, "too_many_webhooks", values=lambda error: {"limit": error.limit}),
    NotASystem: _fixed_problem(403, "systems_only"),
    BadIfMatch: _fixed_problem(400, "bad_if_match"),
    Forbidden: _fixed_problem(422, "invalid_input", field=("/url", "webhook_url")),
    TooManyCases: _fixed_problem(422, "too_many_cases", values=lambda error: {"limit": error.limit}),
    extracts.NoExtract: _fixed_problem(404, "not_found"),
    extracts.NoPurpose: _fixed_problem(
        422, "unknown_purpose", field=("(query)/purpose", "enum"), values=lambda error: {"purpose": error.name}
    ),
    extracts.NotForPurpose: _fixed_problem(
        422, "purpose_without_extract", values=lambda error: {"purpose": error.purpose, "extract": error.extract}
    ),
    extracts.NotYet: _fixed_problem(
        422,
        "not_settled",
        extra=lambda error: {"latest": error.latest.isoformat()},
        values=lambda error: {"latest": error.latest.isoformat()},
    ),
    extracts.ProtectionRaised: _fixed_problem(409, "extract_outdated"),
    extracts.NoKey: _fixed_problem(503, "extracts_not_ready"),
    inviting.NotDue: _fixed_problem(409, "survey_not_due"),
    inviting.NoSuchInvitation: _fixed_problem(404, "survey_token"),
    inviting.DoesNotFit: _fixed_problem(422, "invalid_input", field=("/answers", "value_error")),
    UnknownMachine: _fixed_problem(404, "not_found"),
    store.KeyLost: _fixed_problem(410, "key_lost"),
    store.InFlight: _fixed_problem(409, "idempotency_in_flight", {"Retry-After": "1"}),
}
"""The handler of each error whose response is a status and a code."""
