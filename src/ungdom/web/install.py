"""The pages as a part of the service: their routes, their files, and what a request passes through."""

from functools import cache

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response
from starlette.types import ASGIApp

from ungdom.api.docs.routes import takes_gzip
from ungdom.api.http.routing import RoutesByPrefix
from ungdom.settings import Settings
from ungdom.web import (
    administration_page,
    case_page,
    comparison_page,
    contacts_page,
    country_page,
    delays_page,
    explanation_page,
    home,
    jobs_page,
    my_cases_page,
    office_page,
    outcome_pages,
    reassign_page,
    record_page,
    rules_page,
    saved_views,
    search_page,
    sign_in,
    simulation_page,
    survey_page,
    today,
    webhooks_page,
)
from ungdom.web.assets import PREFIX, assets
from ungdom.web.middleware import PageAnswers, PageSessions
from ungdom.web.oidc import OpenIdClient
from ungdom.web.sessions import Sessions
from ungdom.web.staff_names import StaffNames

router = APIRouter(include_in_schema=False)
ROUTERS = (
    home.router,
    sign_in.router,
    today.router,
    saved_views.router,
    my_cases_page.router,
    delays_page.router,
    search_page.router,
    reassign_page.router,
    office_page.router,
    comparison_page.router,
    outcome_pages.router,
    explanation_page.router,
    country_page.router,
    rules_page.router,
    simulation_page.router,
    administration_page.router,
    jobs_page.router,
    contacts_page.router,
    webhooks_page.router,
    survey_page.router,
    case_page.router,
    record_page.router,
    router,
)
"""Every page, in the order in which their addresses are looked at."""

KEPT = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}


@router.get(PREFIX + "{name}")
def asset_file(request: Request, name: str) -> Response:
    """A style sheet, script or font, for good: its name has the hash of its content."""
    asset = assets().by_published_name.get(name)
    if asset is None:
        return Response(status_code=404)
    if asset.compressed is not None and takes_gzip(request.headers.get("Accept-Encoding", "")):
        return Response(asset.compressed, headers={**KEPT, "Content-Encoding": "gzip"}, media_type=asset.media_type)
    return Response(asset.plain, headers=KEPT, media_type=asset.media_type)


@cache
def _pages() -> APIRouter:
    """The routes of every page, shared by all apps of a process."""
    pages = APIRouter()
    for part in ROUTERS:
        pages.include_router(RoutesByPrefix(part.routes))
    return pages


def add_routes(app: FastAPI, settings: Settings) -> None:
    """Add the pages and their files. Raises `BadSettings` for an issuer that is not trusted."""
    app.state.sessions = Sessions(settings, app.state.db)
    app.state.open_streams = jobs_page.OpenStreams()
    app.state.staff_names = StaffNames(app.state.db)
    app.state.pick_person = settings.development
    app.state.openid = OpenIdClient(settings, app.state.keys) if settings.login_issuer else None
    app.router.routes.extend(_pages().routes)


def add_sessions(app: FastAPI) -> None:
    """Add what finds out who has signed in: before the access to the route is judged."""
    app.add_middleware(PageSessions, sessions=app.state.sessions)


def draw_problems(app: FastAPI) -> None:
    """Draw every problem of a page as a page, also that of the outermost error handler."""
    plain = app.build_middleware_stack

    def build_middleware_stack() -> ASGIApp:
        return PageAnswers(plain())

    app.build_middleware_stack = build_middleware_stack  # type: ignore[method-assign]  # no hook is around the outermost
