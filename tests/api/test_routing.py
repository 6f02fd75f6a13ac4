"""A request is compared with the routes of its own address only, and reaches the same route as if with all."""

import re
from collections import Counter
from itertools import product
from unittest.mock import Mock

import pytest
from fastapi import APIRouter
from starlette.routing import BaseRoute, Match

from ungdom.api.http.routing import RoutesByPrefix
from ungdom.app import ROUTERS
from ungdom.web.install import ROUTERS as PAGES

HIDDEN = "019b8dd0-0000-7000-8000-000000000000"
ROUTES = [(router, route) for router in (*ROUTERS, *PAGES) for route in router.routes]


def scope(path: str, method: str = "GET", root: str = "") -> dict[str, object]:
    return {"type": "http", "path": root + path, "root_path": root, "method": method, "headers": []}


METHODS = ("GET", "HEAD", "POST", "DELETE", "OPTIONS")
ODD = ("", "/", "/v1", "/v1/", "/v1/case", "/v1/cases/", "/v1/casesx", "/v1%2Fcases", "//v1/cases", "/nothing")


def included(router: APIRouter) -> BaseRoute:
    """The router as an app has it."""
    whole = APIRouter()
    whole.include_router(router)
    return whole.routes[0]


@pytest.mark.parametrize("root", ["", "/behind/a/proxy", "/v", "/v1/"])
def test_every_address_is_found_as_without_a_look_at_the_prefix(root: str) -> None:
    compared: Counter[Match] = Counter()
    for router in {id(router): router for router, _ in ROUTES}.values():
        paths = [re.sub(r"\{[^}]*\}", HIDDEN, str(route.path)) for route in router.routes]  # type: ignore[attr-defined]
        plain, by_prefix = included(router), included(RoutesByPrefix(router.routes))
        for path, method in product((*paths, *ODD), METHODS):
            (expected, _), (kind, _) = (each.matches(scope(path, method, root)) for each in (plain, by_prefix))
            assert kind is expected, (path, method)
            compared[kind] += 1
    assert min(compared[kind] for kind in (Match.FULL, Match.PARTIAL, Match.NONE)) > 200 or root == "/v1/"


def test_no_route_is_looked_at_for_an_address_that_begins_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    router = APIRouter()
    for path in ("/v1/cases/{case_id}/plan", "/v1/cases", "/v1/worklist/{view}"):
        router.add_api_route(path, lambda: None)
    routes = RoutesByPrefix(router.routes)
    assert routes.prefixes == ("/v1/cases", "/v1/worklist/")
    monkeypatch.setattr(APIRouter, "matches", Mock(return_value=(Match.FULL, {})))
    compared = {path: routes.matches(scope(path))[0] for path in ("/v1/cases/x", "/v1/worklist/", "/v1/worklist", "/")}
    assert list(compared.values()) == [Match.FULL, Match.FULL, Match.NONE, Match.NONE]
