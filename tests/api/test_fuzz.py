"""T21: requests made from the OpenAPI document, for every operation and every role, on PostgreSQL.

A request is made once and sent in the name of every role. What comes back must be no 5xx and as the document says:
status, media type, headers and body; a request that the document does not allow must be refused.
`make fuzz` makes more.
"""

import json
import os
import random
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import httpx
import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi import checks

from tests import pg
from tests.api.build import case_at
from tests.service import Client, Service, fill
from ungdom.api.http.tokens import SCOPES
from ungdom.generated import openapi_text
from ungdom.workflow.vocabulary import Role

REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "2"))
"""How many requests of each kind are made for an operation; each is sent once for every role."""
NDJSON = "application/x-ndjson"
"""A batch: each line is answered on a line of its own, a wrong one by `rejected`."""
SEED = int(os.environ.get("FUZZ_SEED", "12"))
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
OFFICES = frozenset({Role.COORDINATOR, Role.LEADER, Role.PROSECUTION})
LIMITS = hypothesis.settings(
    max_examples=REQUESTS,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@cache
def document() -> Any:
    """The document without its tokens: those are this test's to send, of every role in turn."""
    raw = json.loads(openapi_text())
    del raw["security"], raw["components"]["securitySchemes"]
    return schemathesis.openapi.from_dict(raw)


@schemathesis.serializer(NDJSON)
def as_lines(_context: Any, value: Any) -> bytes:
    """A batch of one message."""
    return value if isinstance(value, bytes) else json.dumps(value).encode() + b"\n"


def kinds_of_request() -> list[Any]:
    """Each operation with requests that the document allows, and with others where it reads anything at all."""
    found = [one.ok() for one in document().get_all_operations()]
    reads = [one for one in found if one.definition.raw.get("parameters") or one.body]
    allowed = [(one, GenerationMode.POSITIVE) for one in found]
    return [
        pytest.param(one, mode, id=f"{one.definition.raw['operationId']}-{mode.value}")
        for one, mode in [*allowed, *((one, GenerationMode.NEGATIVE) for one in reads)]
    ]


@pytest.fixture(scope="module")
def fuzzed(pg_databases: pg.Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service on PostgreSQL, with a case that has gone through execution."""
    name = pg_databases.create(fill)
    with Service(pg.sqlalchemy_url(name), tmp_path_factory.mktemp("fuzz")) as running:
        yield running
    pg_databases.drop(name)


@pytest.fixture(scope="module")
def known(fuzzed: Service) -> dict[str, str]:
    """Ids that are there, by the name of the parameter."""
    client = fuzzed.as_("coordinator", "oslo")
    case = case_at(client, "executing")
    return {"case_id": case, "person_id": client.get(f"/v1/cases/{case}").json()["person"]["id"]}


def everybody(service: Service) -> list[Client]:
    return [service.as_(role, "oslo" if role in OFFICES else None) for role in SCOPES]


REJECTED: dict[GenerationMode, list[Any]] = {
    GenerationMode.POSITIVE: [],
    GenerationMode.NEGATIVE: [checks.negative_data_rejection],
}
"""What is held beside `CHECKS`: a request that the document does not allow is refused."""

Ask = Callable[[schemathesis.Case, GenerationMode], None]


def asks(service: Service, known: dict[str, str]) -> Ask:
    clients = everybody(service)

    def ask(case: schemathesis.Case, mode: GenerationMode) -> None:
        for name in set(case.path_parameters) & set(known):
            if mode is GenerationMode.POSITIVE:
                case.path_parameters[name] = known[name]
        for client in clients:
            answer = sent(client, case)
            by_line = answer.headers.get("Content-Type", "").startswith(NDJSON)
            case.validate_response(answer, checks=[*CHECKS, *([] if by_line else REJECTED[mode])])
            if by_line and mode is GenerationMode.NEGATIVE:
                assert {json.loads(line)["outcome"] for line in answer.text.splitlines()} == {"rejected"}

    return ask


def sent(client: Client, case: schemathesis.Case) -> httpx.Response:
    given = case.as_transport_kwargs(base_url="http://ungdom.test")
    headers = {**given.pop("headers", {}), "Authorization": f"Bearer {client.token}"}
    plain = {name: value for name, value in given.items() if name in {"params", "json", "data", "content"}}
    if isinstance(plain.get("data"), str | bytes):
        plain["content"] = plain.pop("data")
    return client.service.send(given["method"], given["url"], headers=headers, **plain)


@pytest.mark.parametrize(("operation", "mode"), kinds_of_request())
def test_every_role_gets_what_the_document_says(
    fuzzed: Service, known: dict[str, str], operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode
) -> None:
    ask = asks(fuzzed, known)
    random.seed(SEED)

    @LIMITS
    @hypothesis.seed(SEED)
    @hypothesis.given(operation.as_strategy(generation_mode=mode))
    def go(case: schemathesis.Case) -> None:
        ask(case, mode)

    go()
