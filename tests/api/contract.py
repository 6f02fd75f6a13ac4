"""Every answer of a route is held against the OpenAPI document: the status is published, and the body has its shape."""

import json
import re
from functools import cache
from typing import Any

import httpx
from jsonschema_rs import Draft202012, Draft202012Validator, Registry

from tests.service import Service

ANYWHERE = (404, 405)
"""What a path or a method that does not exist answers; no operation can publish it."""

FROM_THE_GATE = (401, 413, 415, 429, 500, 503)
"""What is answered before or around a route, where there is none."""

UNFORESEEN = 500
"""What no operation publishes: a fault of the service."""

ROOT = "urn:openapi"

_asked: list[Service] = []


@cache
def document() -> dict[str, Any]:
    """The document; every service has the same, so that the first to be asked answers for all."""
    return json.loads(json.dumps(_asked[0].app.openapi()).replace('"#/', f'"{ROOT}#/'))


@cache
def registry() -> Registry:
    return Registry([(ROOT, document())], draft=Draft202012)


@cache
def validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema), registry=registry(), validate_formats=True)


def operation(method: str, path: str, strict: bool = True) -> dict[str, Any] | None:
    """The operation at this address. `strict`: its parameters are as their patterns have them."""
    return next((published for address, published in addresses(method, strict) if address.fullmatch(path)), None)


@cache
def addresses(method: str, strict: bool) -> list[tuple[re.Pattern[str], dict[str, Any] | None]]:
    """Every address of the document, and what it publishes for this method, if anything."""
    operations = [(template, methods.get(method.lower())) for template, methods in document()["paths"].items()]
    return [(re.compile(_address(template, found or {}, strict)), found) for template, found in operations]


def _address(template: str, published: dict[str, Any], strict: bool) -> str:
    """The addresses of an operation as a regular expression. `strict`: parameters are as their patterns have them."""
    parameters = published.get("parameters", ()) if strict else ()
    patterns = {one["name"]: one["schema"].get("pattern", "").strip("^$") for one in parameters}
    return re.sub(r"\{(\w+)\}", lambda name: patterns.get(name[1]) or "[^/]+", template)


def response_of(found: dict[str, Any], answer: httpx.Response) -> dict[str, Any]:
    """The published response of this status, with the component that it refers to."""
    where = f"{answer.request.method} {answer.request.url}"
    published = found["responses"].get(str(answer.status_code))
    assert published is not None, f"{where}: {answer.status_code} is not published"
    name = published.get("$ref", "").rpartition("/")[2]
    return document()["components"]["responses"][name] if name else published


def hold_headers(found: dict[str, Any], answer: httpx.Response) -> None:
    """Of the headers that the document knows, those are sent that this response publishes.

    A problem is one of several for its status, and a repeat is not what is answered at first: theirs may be missing.
    """
    published = {name.lower() for name in response_of(found, answer).get("headers", {})}
    known = {name.lower() for name in document()["components"]["headers"]}
    sent = known & {name.lower() for name in answer.headers}
    where = f"{answer.request.method} {answer.request.url} {answer.status_code}"
    assert sent <= published, f"{where}: {sorted(sent - published)} is not published"
    if answer.is_success:
        missing = published - sent - {"idempotency-replayed"}
        assert not missing, f"{where}: {sorted(missing)} is published and not sent"


def schema_of(found: dict[str, Any] | None, answer: httpx.Response) -> dict[str, Any] | None:
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if kind == "application/problem+json" and (found is None or answer.status_code == UNFORESEEN):
        return {"$ref": f"{ROOT}#/components/schemas/ProblemOut"}
    assert found is not None, f"{answer.request.url}: no such operation is published"
    published = response_of(found, answer)
    if "content" not in published:
        assert not answer.content, f"{answer.request.url}: content is not published"
        return None
    assert kind in published["content"], f"{answer.request.url}: {kind} is not published"
    return published["content"][kind].get("schema")


def hold(service: Service, answer: httpx.Response) -> None:
    """Raises AssertionError or ValidationError when the answer is not as published."""
    _asked.append(service) if not _asked else None
    path = answer.request.url.path
    found = operation(answer.request.method, path)
    if found is None and answer.status_code not in (
        *ANYWHERE,
        *FROM_THE_GATE,
    ):  # a parameter that is refused for itself
        found = operation(answer.request.method, path, strict=False)
    if found is None and "json" not in answer.headers.get("content-type", ""):
        return
    if path == "/openapi.json" or answer.is_redirect:
        return
    if answer.request.method == "HEAD":  # what GET of the same address answers, without its content
        assert not answer.content, f"HEAD {path}: content"
        return
    if found is None:
        assert answer.status_code in (*ANYWHERE, *FROM_THE_GATE), f"{path}: not published"
    if found is not None and answer.status_code != UNFORESEEN:
        hold_headers(found, answer)
    schema = schema_of(found, answer)
    if schema is not None and "json" in answer.headers.get("content-type", ""):
        validator(json.dumps(schema)).validate(answer.json())
