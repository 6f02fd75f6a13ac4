"""A request is compared with the routes of its own address only, and reaches the same route as if with all."""

import re
from unittest.mock import Mock

import pytest
from fastapi import APIRouter
from starlette.routing import Match

from ungdom.api.http.routing import RoutesByPrefix
from ungdom.app import ROUTERS
from ungdom.web.install import ROUTERS as PAGES

HIDDEN = "019b8dd0-0000-7000-8000-000000000000"
ROUTES = [(router, route) for router in (*ROUTERS, *PAGES) for route in router.routes]


def scope(path: str, method: str = "GET", root: str = "") -> dict[str, object]:
    return {"type": "http", "path": root + path, "root_path": root, "method": method, "headers": []}


@pytest.mark.parametrize("root", ["", "/behind/a/proxy"])
def test_every_route_is_found_among_those_of_its_prefix(root: str) -> None:
    for router, route in ROUTES:
        path = re.sub(r"\{[^}]*\}", HIDDEN, str(route.path))  # type: ignore[attr-defined]
        (method, *_) = sorted(route.methods)  # type: ignore[attr-defined]
        whole = APIRouter()
        whole.include_router(RoutesByPrefix(router.routes))
        assert whole.routes[0].matches(scope(path, method, root))[0] is Match.FULL, (path, method)
    assert len(ROUTES) > 200


def test_no_route_is_looked_at_for_an_address_that_begins_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    router = APIRouter()
    for path in ("/v1/cases/{case_id}/plan", "/v1/cases", "/v1/worklist/{view}"):
        router.add_api_route(path, lambda: None)
    routes = RoutesByPrefix(router.routes)
    assert routes.prefixes == ("/v1/cases", "/v1/worklist/")
    monkeypatch.setattr(APIRouter, "matches", Mock(return_value=(Match.FULL, {})))
    compared = {path: routes.matches(scope(path))[0] for path in ("/v1/cases/x", "/v1/worklist/", "/v1/worklist", "/")}
    assert list(compared.values()) == [Match.FULL, Match.FULL, Match.NONE, Match.NONE]
