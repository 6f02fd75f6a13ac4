"""`ungdom conformance`: our own service passes, and each planted deviation is found by the case that is about it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from tests.service import Service
from ungdom import conformance
from ungdom.cli import app

Change = Callable[[httpx.Request, httpx.Response], httpx.Response]
Before = Callable[[httpx.Request], httpx.Request]


def same(request: httpx.Request) -> httpx.Request:
    return request


def client_of(service: Service, change: Change | None = None, before: Before = same) -> httpx.Client:
    """The service over HTTP as the tests have it, each answer changed so."""
    token = service.as_("prosecution").token

    def answered(request: httpx.Request) -> httpx.Response:
        sent = before(request)
        given = {"content": sent.read(), "headers": dict(sent.headers)}
        answer = service.send(sent.method, str(sent.url), **given)
        headers = {name: value for name, value in answer.headers.items() if name != "content-encoding"}
        plain = httpx.Response(answer.status_code, headers=headers, content=answer.content)
        return change(sent, plain) if change else plain

    headers = {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url="http://ungdom.test", headers=headers, transport=httpx.MockTransport(answered))


def found(client: httpx.Client) -> dict[str, tuple[str, ...]]:
    """The cases with deviations."""
    return {result.case: result.deviations for result in conformance.run(client) if result.deviations}


def status(old: int, new: int, where: str = "/v1/decisions") -> Change:
    """Another status in the place of this one."""

    def change(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        wrong = request.url.path == where and answer.status_code == old
        return httpx.Response(new, headers=answer.headers, content=answer.content) if wrong else answer

    return change


def without(header: str) -> Change:
    def change(_: httpx.Request, answer: httpx.Response) -> httpx.Response:
        kept = {name: value for name, value in answer.headers.items() if name != header}
        return httpx.Response(answer.status_code, headers=kept, content=answer.content)

    return change


def body(edit: Callable[[Any], object], where: str = "/v1/decisions") -> Change:
    """The JSON of each answer, edited."""

    def change(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.url.path != where or not answer.content:
            return answer
        said = json.loads(answer.content)
        edit(said)
        return httpx.Response(answer.status_code, headers=answer.headers, json=said)

    return change


def numbered() -> Change:
    """Receipts that differ each time."""
    count = iter(range(1_000))
    return body(lambda said: said.update(n=next(count)))


def reversed_lines(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
    if not request.url.path.endswith("/batch"):
        return answer
    lines = answer.content.splitlines(keepends=True)
    return httpx.Response(answer.status_code, headers=answer.headers, content=b"".join(reversed(lines)))


def wet(request: httpx.Request) -> httpx.Request:
    """A dry run that is none."""
    return httpx.Request(
        request.method, request.url.copy_remove_param("dry_run"), headers=request.headers, content=request.read()
    )


def as_json(request: httpx.Request) -> httpx.Request:
    """A service that does not look at the media type."""
    if request.headers.get("Content-Type") == "text/plain":
        request.headers["Content-Type"] = "application/json"
    return request


def bokmal(request: httpx.Request) -> httpx.Request:
    request.headers["Accept-Language"] = "nb"
    return request


PLANTED: dict[str, tuple[Change | None, Before, str]] = {
    "applied is 200": (status(201, 200), same, "a_decision_opens_a_case"),
    "a receipt without events": (body(lambda d: d.update(events=[])), same, "a_decision_opens_a_case"),
    "a receipt that changes": (numbered(), same, "a_repeated_message_gets_the_first_receipt"),
    "a repeat that is not said": (without("idempotency-replayed"), same, "a_repeated_message_gets_the_first_receipt"),
    "parked is 201": (status(202, 201), same, "a_decision_that_comes_too_soon_waits"),
    "parked without a reason": (body(lambda d: d.update(reason=None)), same, "a_decision_that_comes_too_soon_waits"),
    "places that are not named": (body(lambda d: d.pop("errors", None)), same, "every_wrong_place_is_named"),
    "a dry run that stores": (None, wet, "a_dry_run_stores_nothing"),
    "403 without a token": (status(401, 403), same, "nobody_sends_without_a_token"),
    "any media type": (None, as_json, "other_media_are_refused"),
    "lines in another order": (reversed_lines, same, "a_batch_has_a_receipt_for_each_line"),
    "one language": (None, bokmal, "three_languages_are_spoken"),
    "refused is 409": (status(422, 409), same, "other_content_of_a_version_is_refused"),
    "a problem without a page": (status(200, 404, "/v1/problems/invalid_input"), same, "a_problem_has_a_page"),
}
"""What is wrong with a copy of the service: what is answered, or done, and the case that has to find it."""


def test_our_own_service_is_as_documented_and_stays_so_when_it_is_tried_again(one: Service) -> None:
    with client_of(one) as client:
        assert [found(client), found(client)] == [{}, {}]


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_deviation_is_found(one: Service, name: str) -> None:
    change, before, case = PLANTED[name]
    with client_of(one, change, before) as client:
        assert case in found(client)


def test_the_command_says_who_does_not_answer(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("t\n")
    done = CliRunner().invoke(app, ["conformance", "--url", "http://127.0.0.1:1", "--token-file", str(token)])
    assert str(done.exception) == "http://127.0.0.1:1 does not answer: ConnectError"
