"""Signing in and out, and the language. In development a person of the staff is picked; elsewhere OpenID Connect."""

from datetime import datetime
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ungdom import texts
from ungdom.api.http.auth.principal import SCOPES, AccessError, Principal
from ungdom.api.http.authorisation import allows_anybody, guarded
from ungdom.observability.logger import EventLogger
from ungdom.web.oidc import OpenIdClient, SignInFailed
from ungdom.web.page import answer, browser_of, is_safe_target, language_of, sent_fields
from ungdom.web.people_to_pick import PersonToPick, by_office, examples, people_to_pick
from ungdom.web.places import first_place
from ungdom.web.sessions import LANGUAGE_COOKIE, LANGUAGE_SECONDS, Sessions
from ungdom.workflow.calendar import oslo_date

log = EventLogger("ungdom.access")
router = APIRouter(include_in_schema=False)

ANY_PLACE = "/"
"""The target of whoever came from no page: the first page of the role."""
ATTEMPT_SECONDS = 600
Target = Annotated[str, Query(alias="next", max_length=2_000)]


@router.get("/sign-in", name="sign-in")
def sign_in_page(request: Request, target: Target = ANY_PLACE) -> Response:
    """Where to sign in, or as whom."""
    return sign_in_answer(request, "sign_in.html", target)


def sign_in_answer(request: Request, template: str, target: str = ANY_PLACE) -> Response:
    """The page on which somebody is picked in development, or the issuer is gone to."""
    people = _people(request) if request.app.state.pick_person else []
    values = {
        "target": target if is_safe_target(target) else ANY_PLACE,
        "picks": request.app.state.pick_person,
        "provider": request.app.state.openid is not None,
        "examples": examples(people),
        "offices": by_office(people, language_of(request)),
    }
    return answer(request, template, values)


@router.post("/sign-in")
@guarded(allows_anybody)
def pick_person(request: Request) -> Response:
    """Sign in as a person of the staff: in development only."""
    fields = dict(sent_fields(request))
    people = _people(request) if request.app.state.pick_person else ()
    person = next((x for x in people if x.viewer.subject == fields.get("subject")), None)
    if person is None:
        return answer(request, "refused.html", {"code": "not_signed_in"}, 403)
    viewer = person.viewer
    principal = Principal(viewer, frozenset(SCOPES[viewer.role]), 0)
    go = RedirectResponse(_destination(fields.get("next", ""), principal), 303)
    return _sessions(request).begin(principal, _now(request), go, _secret_of(request))


@router.get("/sign-in/start")
def start_sign_in(request: Request, target: Target = ANY_PLACE) -> Response:
    """To the issuer, with what the browser keeps until it comes back."""
    client: OpenIdClient | None = request.app.state.openid
    try:
        if client is None:
            raise SignInFailed("no issuer is set")
        address, sealed = client.begin(target, _now(request), _secret_of(request))
    except SignInFailed as failure:
        return _failed(request, failure.reason)
    response = RedirectResponse(address, 303)
    sessions = _sessions(request)
    response.set_cookie(
        sessions.attempt_cookie,
        sealed,
        ATTEMPT_SECONDS,
        path="/",
        secure=sessions.secure,
        httponly=True,
        samesite="lax",
    )
    return response


@router.get("/sign-in/return")
async def end_sign_in(
    request: Request,
    state: Annotated[str, Query(max_length=500)] = "",
    code: Annotated[str, Query(max_length=4_000)] = "",
) -> Response:
    """Back from the issuer: signed in, and on to where the browser was going."""
    client: OpenIdClient | None = request.app.state.openid
    now, sessions = _now(request), _sessions(request)
    sealed = request.cookies.get(sessions.attempt_cookie, "")
    try:
        if client is None:
            raise SignInFailed("no issuer is set")
        token, attempt = await to_thread.run_sync(client.redeem, sealed, state, code, now)
        principal = await client.judge(token, attempt, now)
    except (SignInFailed, AccessError) as failure:
        return await to_thread.run_sync(_failed, request, failure.reason)
    values = {"target": _destination(attempt.target, principal)}
    response = await to_thread.run_sync(answer, request, "continue.html", values)
    await to_thread.run_sync(sessions.begin, principal, now, response, attempt.earlier)
    response.delete_cookie(sessions.attempt_cookie, path="/", secure=sessions.secure, httponly=True, samesite="lax")
    return response


@router.post("/sign-out")
@guarded(allows_anybody)
def sign_out(request: Request) -> Response:
    """Sign this browser out, or every browser of the person."""
    browser, fields = browser_of(request), dict(sent_fields(request))
    response: Response = RedirectResponse("/sign-in", 303)
    if browser is None or not browser.gave(fields.get("key", "")):
        return answer(request, "refused.html", {"code": "form_key"}, 403)
    return _sessions(request).end(browser, "everywhere" in fields, response)


@router.post("/language")
@guarded(allows_anybody)
def choose_language(request: Request) -> Response:
    """The language from now on, for whoever uses this browser."""
    fields = dict(sent_fields(request))
    target, chosen = fields.get("next", "/"), fields.get("language", "")
    response = RedirectResponse(target if is_safe_target(target, signed_in=False) else "/sign-in", 303)
    if chosen in texts.languages():
        secure = _sessions(request).secure
        response.set_cookie(
            LANGUAGE_COOKIE, chosen, LANGUAGE_SECONDS, path="/", secure=secure, httponly=True, samesite="lax"
        )
    return response


def _destination(target: str, principal: Principal) -> str:
    """The page that the browser was going to; the first one of the role where it was going to none of ours."""
    return target if is_safe_target(target) else first_place(principal.viewer.role).path


def _failed(request: Request, reason: str) -> HTMLResponse | Response:
    log.warning("sign_in.refused", reason=reason)
    return answer(request, "refused.html", {"code": "not_signed_in"}, 403)


def _people(request: Request) -> list[PersonToPick]:
    """Whom one may sign in as, today."""
    with request.app.state.db.reading() as tx:
        return people_to_pick(tx, oslo_date(_now(request)))


def _secret_of(request: Request) -> str | None:
    """The secret of the session that this browser has, over or not."""
    return request.cookies.get(_sessions(request).cookie)


def _sessions(request: Request) -> Sessions:
    sessions: Sessions = request.app.state.sessions
    return sessions


def _now(request: Request) -> datetime:
    now: datetime = request.app.state.clock()
    return now
