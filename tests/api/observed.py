"""What the tests of logs, metrics and traces send: a request of each kind, and what no line may hold of them."""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.api.build import case_at
from tests.service import Service
from ungdom.api.cases import routes as case_routes

NUMBER = "01819912345"
"""Eleven digits as an identity number has them; of nobody: the month is above 80."""
NAMES = ("Vimsete", "Vaffelpresse", "Sindig")
QUERY = "planted-query-value"


@dataclass(frozen=True)
class Sent:
    """The answers by what was asked, and every text that must stand nowhere."""

    answers: dict[str, httpx.Response]
    secrets: tuple[str, ...]


def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the list of cases fails from now on, with an exception that holds an identity number and a name."""

    def fail(*_: Any, **__: Any) -> None:
        try:
            {}[NUMBER]  # type: ignore[index]
        except KeyError as error:
            raise ValueError(f"{NAMES[0]} {NUMBER} {QUERY}") from error

    monkeypatch.setattr(case_routes, "page_of_cases", fail)


def send_each_kind(service: Service, monkeypatch: pytest.MonkeyPatch) -> Sent:
    """A request of each kind: secrets in addresses, query strings, refusals, errors."""
    client = service.as_("coordinator", "oslo", subject="kari.saksbehandler")
    case = case_at(client, "executing")
    feed = client.post("/v1/calendar-feeds").json()["address"].partition("8000")[2]
    token = client.post(f"/v1/cases/{case}/surveys", {"kind": "plan", "respondent": "youth"}).json()["token"]
    made_up = "x" * 43
    answers = {
        "calendar": service.send("GET", f"{feed}?from={QUERY}"),
        "calendar head": service.send("HEAD", feed),
        "calendar unknown": service.send("GET", f"/v1/calendar/{made_up}.ics"),
        "survey": service.send("GET", f"/v1/surveys/{token}?a={QUERY}"),
        "survey bad": service.send("POST", f"/v1/surveys/{token}", json={"answers": {NUMBER: NAMES[0]}}),
        "cases": client.get("/v1/cases", limit=1),
        "cases bad": client.get("/v1/cases", limit=QUERY, cursor=NUMBER),
        "case": client.get(f"/v1/cases/{case}"),
        "no route": client.get(f"/v1/{QUERY}/{NUMBER}", q=QUERY),
        "no token": service.send("GET", "/v1/cases"),
        "bad token": service.send("GET", "/v1/cases", headers={"Authorization": f"Bearer {client.token}x"}),
        "odd method": service.send("BREW", f"/v1/cases/{case}", headers={"Authorization": f"Bearer {client.token}"}),
        "health": service.send("GET", "/health/live"),
    }
    broken(monkeypatch)
    answers["broken"] = client.get("/v1/cases", limit=2)
    secret = feed.rpartition("/")[2].removesuffix(".ics")
    texts = (secret, token, made_up, QUERY, NUMBER, "kari.saksbehandler", case, client.token, *NAMES)
    return Sent(answers, texts)


STATUS = {
    "calendar": 200, "calendar head": 200, "calendar unknown": 404, "survey": 200, "survey bad": 422, "cases": 200,
    "cases bad": 422, "case": 200, "no route": 404, "no token": 401, "bad token": 401, "odd method": 405, "health": 200,
    "broken": 500,
}  # fmt: skip
ROUTES = {
    "calendar": "/v1/calendar/{secret}.ics",
    "calendar head": "/v1/calendar/{secret}.ics",
    "calendar unknown": "/v1/calendar/{secret}.ics",
    "survey": "/v1/surveys/{token}",
    "survey bad": "/v1/surveys/{token}",
    "cases": "/v1/cases",
    "cases bad": "/v1/cases",
    "case": "/v1/cases/{case_id}",
    "no route": "unmatched",
    "no token": "/v1/cases",
    "bad token": "/v1/cases",
    "odd method": "/v1/cases/{case_id}",
    "health": "/health/live",
    "broken": "/v1/cases",
}
