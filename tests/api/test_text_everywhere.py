"""Every string that can come in, in every operation, with what no text may hold: refused, never a crash, never kept."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import LargeBinary, select

from tests.api.build import HIDDEN, assert_problem, places
from tests.api.contract import ROOT
from tests.service import Client, Service
from ungdom.message.text import is_printable
from ungdom.store.schema import metadata

BAD = {
    "NUL": "a\x00b",
    "escape": "a\x1bb",
    "right to left": "a\u202eb",
    "zero width": "a\u200bb",
    "noncharacter": "a\ufffeb",
    "private use": "a\ue000b",
    "line separator": "a\u2028b",
    "too long": "x" * 5000,
}
ROLES = (
    ("coordinator", "oslo"), ("leader", "oslo"), ("prosecution", "oslo"), ("analyst", None), ("auditor", None),
    ("admin", None), ("secretariat", None),
)  # fmt: skip
Json = dict[str, Any]


# --- where strings come in, as the OpenAPI document has it ------------------------------------------------------


class Contract:
    """The document of a service, its references followed."""

    def __init__(self, service: Service) -> None:
        self.document = service.app.openapi()

    def operations(self) -> Iterator[tuple[str, str, Json]]:
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                yield method.upper(), path, operation

    def resolved(self, schema: Json) -> Json:
        """The schema behind a reference; of several alternatives the first that is not null."""
        while "$ref" in schema or "anyOf" in schema or "oneOf" in schema or "allOf" in schema:
            if "$ref" in schema:
                schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2].removeprefix(ROOT)]
            else:
                several = next(schema[word] for word in ("anyOf", "oneOf", "allOf") if word in schema)
                schema = next(one for one in several if one.get("type") != "null")
        return schema

    def strings(self, schema: Json, place: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Json]]:
        """Every string in a value of this schema, with where it stands."""
        schema = self.resolved(schema)
        if schema.get("type") == "string":
            yield place, schema
        elif schema.get("type") == "array":
            yield from self.strings(schema["items"], (*place, 0))
        elif schema.get("type") == "object":
            for name, inner in schema.get("properties", {}).items():
                yield from self.strings(inner, (*place, name))

    def example(self, schema: Json) -> Any:
        """A value of this schema, as far as its words say what one is."""
        schema = self.resolved(schema)
        if "const" in schema or "enum" in schema or "default" in schema:
            return schema.get("const", (schema.get("enum") or [schema.get("default")])[0])
        match schema.get("type"):
            case "object":
                given = {name: schema["properties"][name] for name in schema.get("required", ())}
                return {name: self.example(inner) for name, inner in given.items()}
            case "array":
                return [self.example(schema["items"])] * schema.get("minItems", 0)
            case "integer" | "number":
                return schema.get("minimum", 1)
            case "boolean":
                return False
        return _text(schema)


def _text(schema: Json) -> str:
    by_format = {"uuid": HIDDEN, "date": "2026-01-04", "date-time": "2026-01-04T10:00:00Z"}
    by_pattern = {r"^[0-9]{4}$": "0301", r"^[0-9]{11}$": "17850998027"}
    return by_format.get(schema.get("format", "")) or by_pattern.get(schema.get("pattern", ""), "abc")


def put(value: Any, place: tuple[Any, ...], text: str, contract: Contract, schema: Json) -> Any:
    """The value with this text at that place; what is not there on the way is made up."""
    if not place:
        return text
    schema = contract.resolved(schema)
    if isinstance(place[0], int):
        return [
            put(value[0] if value else contract.example(schema["items"]), place[1:], text, contract, schema["items"])
        ]
    inner = schema["properties"][place[0]]
    there = value.get(place[0])
    return {
        **value,
        place[0]: put(contract.example(inner) if there is None else there, place[1:], text, contract, inner),
    }


def is_free(schema: Json) -> bool:
    """Whether the schema alone lets any characters in, so that only the kind of text can keep them out."""
    return not {"pattern", "enum", "const", "format"} & set(schema)


# --- asking -----------------------------------------------------------------------------------------------------


def client_for(service: Service, method: str, path: str) -> Client:
    """Somebody whose token may use this route."""
    clients = [service.as_(role, office) for role, office in ROLES]
    return next(one for one in clients if ask(one, method, path).status_code != 403)


def ask(client: Client, method: str, path: str, **given: Any) -> httpx.Response:
    return client._send(method, re.sub(r"\{\w+\}", HIDDEN, path), **given)


def probes(contract: Contract, seen: set[str]) -> Iterator[tuple[str, str, str, Json, str, bool]]:
    """Method, path, what to send, and where a free text stands: a probe for each string and each bad text.

    A header is tried once, whichever operation reads it.
    """
    for method, path, operation in contract.operations():
        for parameter in operation.get("parameters", ()):
            place, name = parameter["in"], parameter["name"]
            strings = list(contract.strings(parameter["schema"]))
            if not strings or (place == "header" and name in seen):
                continue
            seen |= {name} if place == "header" else set()
            for text in BAD.values():
                yield method, path, place, {name: text}, f"({place})/{name}", is_free(strings[0][1])
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None or path in ("/v1/esas/messages",):
            continue
        schema = content["schema"]
        for at, inner in contract.strings(schema):
            for text in BAD.values():
                body = put(contract.example(schema), at, text, contract, schema)
                yield method, path, "body", body, "".join(f"/{part}" for part in at), is_free(inner)


def sent(service: Service, clients: dict[str, Client], probe: tuple[str, str, str, Json, str, bool]) -> httpx.Response:
    method, path, place, what, _, _ = probe
    route = f"{method} {path}"
    if route not in clients:
        clients[route] = client_for(service, method, path)
    client = clients[route]
    if place == "query":
        return ask(client, method, path, params=what)
    if place == "header":
        return ask(client, method, path, headers={name: text.encode("utf-8") for name, text in what.items()})
    if place == "path":
        [(name, text)] = what.items()
        escaped = "".join(f"%{byte:02x}" for byte in text.encode())
        return ask(client, method, path.replace(f"{{{name}}}", escaped))
    return ask(client, method, path, json=what)


def unprintable(service: Service) -> list[str]:
    """Every text in the database that holds what no text may hold."""
    found = []
    with service.db.reading() as tx:
        for table in metadata.sorted_tables:
            for row in tx.execute(select(*(c for c in table.c if not isinstance(c.type, LargeBinary)))).mappings():
                found += [
                    f"{table.name}.{name}"
                    for name, value in row.items()
                    if isinstance(value, str) and not is_printable(value, multiline=True)
                ]
    return found


def test_no_string_anywhere_takes_what_no_text_may_hold(served: Service, figure: Any) -> None:
    contract, clients = Contract(served), dict[str, Client]()
    wrong, count, free_places = [], 0, set()
    for probe in probes(contract, set()):
        method, path, place, _, where, free = probe
        answer = sent(served, clients, probe)
        count += 1
        told = f"{method} {path} {where}: {answer.status_code}"
        if answer.status_code >= 500:
            wrong.append(told)
        elif free and place != "header":
            free_places.add(f"{method} {path} {where}")
            if answer.status_code != 422 or where not in {one["pointer"] for one in answer.json().get("errors", ())}:
                wrong.append(f"{told}, not 422 there")
    assert wrong == []
    assert unprintable(served) == []
    assert count > 500
    assert len(free_places) > 50
    figure(f"texts that no text may be: {count} requests, {len(free_places)} places, 0 × 5xx, 0 kept")


def test_half_of_a_character_is_refused_in_a_body_and_replaced_in_an_address(served: Service) -> None:
    client = served.as_("coordinator", "oslo")
    headers = {"Content-Type": "application/json"}
    for escape in (rb"\ud800", rb"\udfff", rb"\udfff\ud800"):
        body = b'{"language": "' + escape + b'"}'
        assert_problem(client._send("PUT", "/v1/contacts/me", content=body, headers=headers), 400, "malformed_json")
    for escape in ("%ed%a0%80", "%ff", "%c0%80"):
        assert client.get(f"/v1/cases?q={escape}").status_code < 500


@pytest.mark.parametrize("text", ["a\nb", "a\tb"])
def test_only_a_note_may_have_several_lines(served: Service, text: str) -> None:
    client = served.as_("coordinator", "oslo")
    found = assert_problem(client.get("/v1/cases", q=text), 422, "invalid_input")
    assert places(found) == {"(query)/q": "control_characters"}
