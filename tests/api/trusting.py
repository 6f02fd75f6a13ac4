"""The service with two trusted issuers, and the tokens that they make: of a court's system, and of a coordinator."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from tests.api.build import assert_problem
from tests.api.issuing import (
    AUDIENCE,
    COURT,
    LOGIN,
    MASKINPORTEN,
    PEOPLE,
    POLICE,
    STRANGER,
    SUPPLIER,
    SYSTEMS,
    FakeIssuer,
    access_file,
    consumer,
    ec,
    issuer_of,
    rsa,
)
from tests.service import Service, sqlite_copy
from ungdom.api.http.tokens import DECISIONS, READ, WRITE

NOW = datetime(2026, 1, 5, 11, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
PID = "12928312345"
"""Shaped as a synthetic identity number (month + 80)."""
LEEWAY = 10
GONE = object()

MACHINE, STAFF = rsa("machine"), ec("staff")

SYSTEM: dict[str, Any] = {
    "iss": MASKINPORTEN,
    "aud": AUDIENCE,
    "client_id": "5f7b1f54-client",
    "client_amr": "private_key_jwt",
    "token_type": "Bearer",
    "consumer": consumer(COURT),
    "scope": f"{READ} {DECISIONS}",
    "iat": SECONDS - 60,
    "exp": SECONDS + 600,
    "jti": "jti-of-a-system",
}
PERSON: dict[str, Any] = {
    "iss": LOGIN,
    "aud": [AUDIENCE, "account"],
    "sub": "coordinator-oslo",
    "azp": "staff-portal",
    "acr": "high",
    "realm_access": {"roles": ["offline_access", "koordinator"]},
    "office": "Konfliktrådet Oslo",
    "scope": f"openid {READ} {WRITE}",
    "authorization_details": [
        {"type": "ansattporten:altinn:service", "resource": "urn:altinn:resource:5867:1", "reportees": []},
        {
            "type": "ansattporten:altinn:service",
            "resource": "urn:altinn:resource:5867:1",
            "reportees": [{"Rights": ["Read"], "Authority": "iso6523-actorid-upis", "ID": f"0192:{COURT}"}],
        },
    ],
    "iat": SECONDS - 60,
    "exp": SECONDS + 600,
    "jti": "jti-of-a-person",
}


NO_PLACE: dict[str, tuple[dict[str, Any], str]] = {
    "an organisation that is not listed": ({"consumer": consumer(STRANGER)}, "organisation_not_let_in"),
    "a supplier in its own name": ({"consumer": consumer(SUPPLIER)}, "organisation_not_let_in"),
    "a supplier without permission": ({"supplier": consumer(SUPPLIER)}, "supplier_not_let_in"),
    "a supplier that is listed for nobody": (
        {"consumer": consumer(POLICE), "supplier": consumer(STRANGER)},
        "supplier_not_let_in",
    ),
    "an organisation as its own supplier": ({"supplier": consumer(COURT)}, "supplier_not_let_in"),
}
DETAIL = PERSON["authorization_details"][1]
REPORTEE = DETAIL["reportees"][0]
NO_ROLE: dict[str, tuple[dict[str, Any], str]] = {
    "acr too low": ({"acr": "low"}, "login_level_too_low"),
    "acr of another issuer": ({"acr": "idporten-loa-high"}, "login_level_too_low"),
    "acr a list": ({"acr": ["high"]}, "login_level_too_low"),
    "no acr": ({"acr": GONE}, "login_level_too_low"),
    "no authorization": ({"authorization_details": GONE}, "person_not_let_in"),
    "authorization empty": ({"authorization_details": []}, "person_not_let_in"),
    "authorization an object": ({"authorization_details": DETAIL}, "person_not_let_in"),
    "authorization of strings": ({"authorization_details": ["a", None, 1]}, "person_not_let_in"),
    "authorization of another type": ({"authorization_details": [{**DETAIL, "type": "x"}]}, "person_not_let_in"),
    "another resource": ({"authorization_details": [{**DETAIL, "resource": "x"}]}, "person_not_let_in"),
    "for nobody": ({"authorization_details": [{**DETAIL, "reportees": []}]}, "person_not_let_in"),
    "reportees an object": ({"authorization_details": [{**DETAIL, "reportees": REPORTEE}]}, "person_not_let_in"),
    "reportee a string": ({"authorization_details": [{**DETAIL, "reportees": ["x"]}]}, "person_not_let_in"),
    "another organisation": (
        {"authorization_details": [{**DETAIL, "reportees": [{**REPORTEE, "ID": f"0192:{STRANGER}"}]}]},
        "person_not_let_in",
    ),
    "another authority": (
        {"authorization_details": [{**DETAIL, "reportees": [{**REPORTEE, "Authority": "x"}]}]},
        "person_not_let_in",
    ),
    "no roles": ({"realm_access": GONE}, "person_not_let_in"),
    "no role of ours": ({"realm_access": {"roles": ["offline_access"]}}, "person_not_let_in"),
    "our word for the role": ({"realm_access": {"roles": ["coordinator"]}}, "person_not_let_in"),
    "the role of the system": ({"realm_access": {"roles": ["system"]}}, "person_not_let_in"),
    "roles in another place": ({"realm_access": ["koordinator"]}, "person_not_let_in"),
    "no office": ({"office": GONE}, "person_not_let_in"),
    "an office that is none": ({"office": "Konfliktrådet Atlantis"}, "person_not_let_in"),
    "two offices": ({"office": ["oslo", "vest"]}, "person_not_let_in"),
}
"""What a person says without having a place here, and the code of the answer."""


@dataclass
class Place:
    """The service, and the two issuers that it trusts."""

    service: Service
    machines: FakeIssuer
    login: FakeIssuer

    def ask(self, token: str | bytes | None, path: str = "/v1/cases", **headers: str) -> httpx.Response:
        given: dict[str, Any] = dict(headers)
        if token is not None:
            given["Authorization"] = b"Bearer " + (token if isinstance(token, bytes) else token.encode())
        return self.service.send("GET", path, headers=given)


@contextmanager
def place(folder: Path, template: Path) -> Iterator[Place]:
    with FakeIssuer(MACHINE).running() as machines, FakeIssuer(STAFF).running() as login:
        path = access_file(
            folder,
            issuer_of("maskinporten", MASKINPORTEN, jwks_uri=machines.url, leeway_seconds=LEEWAY),
            issuer_of("openid", LOGIN, jwks_uri=login.url),
            PEOPLE,
            SYSTEMS,
        )
        with Service(sqlite_copy(template, folder), folder, access_file=path) as service:
            yield Place(service, machines, login)


def system(**changed: Any) -> dict[str, Any]:
    return {name: value for name, value in (SYSTEM | changed).items() if value is not GONE}


def person(**changed: Any) -> dict[str, Any]:
    return {name: value for name, value in (PERSON | changed).items() if value is not GONE}


def shape(answer: httpx.Response) -> tuple[Any, ...]:
    """Everything of a 401 but its trace id."""
    found = assert_problem(answer, 401, "unauthenticated")
    return answer.headers["WWW-Authenticate"], found | {"trace_id": ""}, sorted(answer.headers)
