"""Error handlers: status, code and text of each error. No personal data, SQL or stack trace is sent."""

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import compile_path

from ungdom import alerts, texts
from ungdom import cases as c
from ungdom.api.http.errors import (
    LacksScope,
    NothingReleased,
    Unreleased,
)
from ungdom.api.http.fixed_problems import FIXED, Handler, field_errors, language_of, problem_to
from ungdom.api.http.present import broken_out, event_line, holds_out, in_the_way_out, unmet_out
from ungdom.api.http.responses import etag
from ungdom.esas.envelope import NotSigned
from ungdom.exchange.inbound import Unreadable
from ungdom.extracts import errors as extracts
from ungdom.message import BadMessage
from ungdom.observability.logger import EventLogger
from ungdom.persons import errors as persons
from ungdom.staff import errors as staff
from ungdom.store import errors as store
from ungdom.store import reference
from ungdom.texts.places import field_problem
from ungdom.workflow import engine
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.errors import (
    BadChanges,
    BadDetails,
    IllegalHistory,
    NotInService,
    UnreadableHistory,
    allowed_values,
    named_values,
    place_of,
)
from ungdom.workflow.events import escaped
from ungdom.workflow.rules.access import NotTheYouth
from ungdom.workflow.rules.permissions import OtherOffice, RoleNotAllowed, acts_for, roles_that
from ungdom.workflow.vocabulary import EventType, Role

log = EventLogger("ungdom.api")

MAX_PLACES = 50
"""Maximum number of invalid fields that one response lists."""


async def _outdated(request: Request, error: c.Outdated) -> Response:
    stored, viewer = error.stored, request.state.principal.viewer
    tag = etag(stored.version)
    read = c.view_for(viewer, stored, engine.fold(stored.youth, stored.events), oslo_date(request.app.state.clock()))
    since = [event_line(event) for event in read.events if event.seq > error.since]
    passed = 0 < error.since < stored.version
    extra = {"current_etag": tag, "events_since": since}
    return problem_to(request, 412, "stale", extra, {"ETag": tag}, "detail" if passed else "no_version")


async def _member_outdated(request: Request, error: staff.MemberOutdated) -> Response:
    tag = etag(error.version)
    return problem_to(request, 412, "stale", {"current_etag": tag}, {"ETag": tag}, "entry")


async def _not_permitted(request: Request, error: c.NotPermitted) -> Response:
    roles = roles_that(lambda role: bool(acts_for(role) & set(error.actors)))
    extra = {"event": error.event, "who_can": [str(actor) for actor in error.actors]}
    return _forbidden(request, roles, extra)


async def _role_not_allowed(request: Request, error: RoleNotAllowed) -> Response:
    return _forbidden(request, error.roles, {})


async def _not_the_youth(request: Request, error: NotTheYouth) -> Response:
    return _forbidden(request, error.roles, {}, "youth")


def _forbidden(request: Request, allowed: Iterable[Role], extra: dict[str, Any], part: str = "detail") -> Response:
    """What the role may not do, and the roles that may. Without any: what the service alone does."""
    language, own, others = language_of(request), request.state.principal.viewer.role, list(allowed)
    if not others:
        return problem_to(request, 403, "done_by_service", extra)
    role, roles = texts.render(language, own), texts.render(language, others)
    members = {**extra, "role": own, "roles": others}
    return problem_to(request, 403, "forbidden_role", members, None, part, role=role, roles=roles)


async def _not_in_service(request: Request, error: NotInService) -> Response:
    """What is wrong with the service of the caller, with its days."""
    language = language_of(request)
    known = {"reason": error.gap, "first_day": error.first_day, "last_day": error.last_day}
    extra = {name: str(value) for name, value in known.items() if value is not None}
    first, last = (texts.render(language, day) for day in (error.first_day, error.last_day))
    return problem_to(request, 403, "not_in_service", extra, None, error.gap.value, first=first, last=last)


async def _other_office(request: Request, error: OtherOffice) -> Response:
    language, extra = language_of(request), {"konfliktrad": error.own}
    own = reference.office_name(error.own, language) if error.own else texts.render(language, None)
    if error.municipality is None:
        return problem_to(request, 403, "other_office", extra, own=own)
    serving = reference.office_name(error.serving, language)
    given: dict[str, str | int] = {"municipality": error.municipality, "serving": serving, "own": own}
    return problem_to(request, 403, "other_office", extra, None, "municipality", **given)


async def _refused(request: Request, error: c.Refused) -> Response:
    language = language_of(request)
    unmet = [unmet_out(language, condition) for condition in error.decision.unmet]
    event = texts.label(language, error.decision.event)
    return problem_to(request, 409, "refused", {"unmet": unmet}, event=event)


async def _walk_broken(request: Request, error: c.WalkBroken) -> Response:
    language = language_of(request)
    unmet = [unmet_out(language, condition) for condition in error.broken.unmet]
    extra = {"unmet": unmet, "seq": error.broken.seq, "event": str(error.broken.event)}
    extra["also"] = [broken_out(language, step) for step in error.also]
    event = texts.label(language, error.broken.event)
    return problem_to(request, 409, "correction_refused", extra, seq=error.broken.seq, event=event)


async def _events_in_the_way(request: Request, error: persons.EventsInTheWay) -> Response:
    extra = {"in_the_way": in_the_way_out(language_of(request), error.impacts), "elsewhere": error.hidden}
    events = sum(len(impact.broken) for impact in error.impacts)
    return problem_to(request, 409, "person_correction_refused", extra, None, "detail" if events else "elsewhere")


async def _erasure_held(request: Request, error: persons.ErasureHeld) -> Response:
    return problem_to(request, 409, "erasure_held", {"reasons": holds_out(language_of(request), error.reasons)})


async def _person_outdated(request: Request, error: persons.PersonOutdated) -> Response:
    tag = etag(error.revision)
    return problem_to(request, 412, "person_stale", {"current_etag": tag}, {"ETag": tag})


async def _use_corrections(request: Request, error: c.UseCorrections) -> Response:
    extra = {"event": error.event, **field_errors(request, "/type", "enum")}
    code = "use_corrections" if error.event == EventType.CORRECTED else "use_opening"
    return problem_to(request, 422, code, extra)


async def _not_insertable(request: Request, error: c.NotInsertable) -> Response:
    extra = {"event": error.event, **field_errors(request, "/insert/type", "enum")}
    return problem_to(request, 422, "not_insertable", extra, event=texts.label(language_of(request), error.event))


async def _unknown(request: Request, error: c.UnknownReferenceValue) -> Response:
    code = error.kind if error.kind == "office_mismatch" else f"unknown_{error.kind}"
    known = sorted(error.known)
    opening = request.url.path.endswith("/cases")
    field = "/municipality" if error.kind == "municipality" else "/konfliktrad"
    detail = "keeps" if error.kind == "member" else "to"
    place = field if opening else f"{_details_pointer(request)}/{detail}"
    extra = {"given": error.given, "known": known, **field_errors(request, place, "enum", known)}
    return problem_to(request, 422, code, extra, given=error.given, konfliktrad=", ".join(known))


async def _nothing_released(request: Request, error: NothingReleased | extracts.NoRelease) -> Response:
    reason = error if isinstance(error, NothingReleased) else NothingReleased(Unreleased.NO_RELEASE)
    why = texts.text(language_of(request), texts.section_of(Unreleased), reason.why)
    extra = {"released": reason.released, "reason": reason.why, "message": why}
    return problem_to(request, 422, "nothing_released", extra)


async def _day_out_of_range(request: Request, error: alerts.DayOutOfRange) -> Response:
    language = language_of(request)
    first, last = (texts.render(language, day) for day in (error.first, error.last))
    extra = {
        "first": str(error.first),
        "last": str(error.last),
        **field_errors(request, f"/{error.field}", "value_error"),
    }
    return problem_to(request, 422, "day_out_of_range", extra, first=first, last=last)


async def _lacks_scope(request: Request, error: LacksScope) -> Response:
    headers = {"WWW-Authenticate": f'Bearer realm="ungdom", error="insufficient_scope", scope="{error.scope}"'}
    return problem_to(request, 403, "insufficient_scope", {"scope": error.scope}, headers, scope=error.scope)


async def _bad_input(request: Request, error: BadDetails | BadMessage | BadChanges) -> Response:
    language = language_of(request)
    where = _details_pointer(request) if isinstance(error, BadDetails) else ""
    places = [
        field_problem(language, f"{where}{problem.pointer}", problem.kind, problem.allowed, problem.values)
        for problem in error.problems[:MAX_PLACES]
    ]
    return problem_to(request, 422, "invalid_input", {"errors": places})


async def _purpose_over(request: Request, error: extracts.PurposeOver) -> Response:
    until = texts.render(language_of(request), error.until)
    return problem_to(request, 422, "purpose_over", {"until": str(error.until)}, purpose=error.name, until=until)


async def _unreadable(request: Request, error: NotSigned | Unreadable) -> Response:
    fault = error.reason.value if isinstance(error, NotSigned) else "json"
    reason = texts.text(language_of(request), "exchange_fault", fault)
    return problem_to(request, 422, "unreadable_message", {"fault": fault}, fault=reason)


async def _invalid(request: Request, error: RequestValidationError) -> Response:
    language = language_of(request)
    places = [_input_place(language, problem) for problem in list(error.errors())[:MAX_PLACES]]
    return problem_to(request, 422, "invalid_input", {"errors": places})


async def _overtaken(request: Request, _error: store.Stale) -> Response:
    """Others were faster at every try: `stale` for a write that named a version, otherwise to be sent again."""
    if request.headers.get("if-match") is not None:
        return problem_to(request, 412, "stale")
    return problem_to(request, 503, "unavailable", None, {"Retry-After": "1"})


async def _unavailable(request: Request, error: store.Unavailable) -> Response:
    log.warning("request.unavailable", reason=error.reason)
    return problem_to(request, 503, "unavailable", None, {"Retry-After": "2"})


async def _http(request: Request, error: HTTPException) -> Response:
    codes = {400: "malformed_json", 404: "not_found", 405: "method_not_allowed", 406: "not_acceptable"}
    headers = {name.title(): value for name, value in (error.headers or {}).items()}
    allowed = headers.get("Allow", "")
    if allowed:
        allowed = headers["Allow"] = _allowed(request) or allowed
    code = codes.get(error.status_code, "internal")
    available = str(error.detail) if "/" in str(error.detail) else "application/json"
    fault = texts.invalid(language_of(request), "json_invalid")
    values = {"method": request.method, "allowed": allowed, "available": available, "fault": fault}
    return problem_to(request, error.status_code, code, None, headers, **values)


def _allowed(request: Request) -> str:
    """Every method of this address; the router itself names only those of the first route that fits."""
    published = request.app.openapi()["paths"].items()
    fitting = (methods for path, methods in published if compile_path(path)[0].match(request.url.path))
    return ", ".join(sorted(method.upper() for methods in fitting for method in methods))


async def _internal(request: Request, error: Exception) -> Response:
    log.error("request.failed", error=error)
    return problem_to(request, 500, "internal")


async def _unreadable_history(request: Request, error: IllegalHistory) -> Response:
    """A stored case that does not replay: named only where it is known that the viewer may see it."""
    log.error("request.failed", error=error)
    if not isinstance(error, UnreadableHistory) or not error.visible:
        return problem_to(request, 500, "history_unreadable", None, None, "unnamed")
    extra = {"case": str(error.case_id), "reference": error.reference, "seq": error.seq or None}
    part = "detail" if error.seq else "event_unknown"
    return problem_to(request, 500, "history_unreadable", extra, None, part, reference=error.reference, seq=error.seq)


async def _unreadable_value(request: Request, error: store.CannotOpen | store.DamagedValue) -> Response:
    """What is stored was changed past the service, or its key is missing; nothing of it is named."""
    log.error("request.failed", error=error)
    return problem_to(request, 500, "value_unreadable")


def _details_pointer(request: Request) -> str:
    """Where the details of an event stand in the body."""
    if not request.url.path.endswith("/corrections"):
        return "/details"
    return "/insert/details" if b'"insert"' in request.state.body else "/replacement/details"


def _input_place(language: texts.Language, problem: dict[str, Any]) -> dict[str, Any]:
    """The place of an error of pydantic, as the answer names it."""
    where = [str(part) for part in place_of(problem)]
    inside = where[1:] if where[0] in ("body", "query", "path", "header") else where
    place = "" if where[0] == "body" else f"({where[0]})"
    pointer = place + "".join(f"/{escaped(part)}" for part in inside)
    return field_problem(language, pointer, problem["type"], allowed_values(problem), named_values(problem))


HANDLERS: dict[type[Exception], Handler] = FIXED | {
    c.Outdated: _outdated,
    c.NotPermitted: _not_permitted,
    c.Refused: _refused,
    c.WalkBroken: _walk_broken,
    c.NotInsertable: _not_insertable,
    c.UseCorrections: _use_corrections,
    c.UnknownReferenceValue: _unknown,
    persons.EventsInTheWay: _events_in_the_way,
    persons.PersonOutdated: _person_outdated,
    persons.ErasureHeld: _erasure_held,
    alerts.DayOutOfRange: _day_out_of_range,
    LacksScope: _lacks_scope,
    staff.MemberOutdated: _member_outdated,
    RoleNotAllowed: _role_not_allowed,
    NotTheYouth: _not_the_youth,
    OtherOffice: _other_office,
    NotInService: _not_in_service,
    NothingReleased: _nothing_released,
    BadDetails: _bad_input,
    BadMessage: _bad_input,
    BadChanges: _bad_input,
    extracts.PurposeOver: _purpose_over,
    extracts.NoRelease: _nothing_released,
    NotSigned: _unreadable,
    Unreadable: _unreadable,
    store.Stale: _overtaken,
    store.Unavailable: _unavailable,
    store.CannotOpen: _unreadable_value,
    store.DamagedValue: _unreadable_value,
    RequestValidationError: _invalid,
    HTTPException: _http,
    IllegalHistory: _unreadable_history,
    UnreadableHistory: _unreadable_history,
    Exception: _internal,
}
"""A handler for every error that the layers below may raise."""


async def response_for(request: Request, error: Exception) -> Response:
    """The response to this error."""
    return await HANDLERS[type(error)](request, error)


def install(app: FastAPI) -> None:
    """Register a handler for each error."""
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)
