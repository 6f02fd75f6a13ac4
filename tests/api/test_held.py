"""What every answer in these tests is held against finds an answer that is not as it is published."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from jsonschema_rs import ValidationError

from tests.api import contract
from tests.service import Client, Service, new_case

Change = Callable[[dict[str, Any]], Any]
WRONG: dict[str, tuple[Change, str]] = {
    "something is missing": (lambda body: body.pop("state"), "required"),
    "another word": (lambda body: body.update(state="elsewhere"), "enum"),
    "no day": (lambda body: body.update(registered_on="2026-02-30"), "anyOf"),  # neither a date nor null
}


@pytest.fixture
def answer(oslo: Client) -> httpx.Response:
    """A case, as it is answered."""
    opened: dict[str, Any] = oslo.post("/v1/cases", new_case()).json()
    return oslo.get(f"/v1/cases/{opened['id']}")


@pytest.mark.parametrize("change", WRONG)
def test_a_body_that_is_not_as_published_is_found(shared: Service, answer: httpx.Response, change: str) -> None:
    body = answer.json()
    WRONG[change][0](body)
    other = httpx.Response(200, json=body, headers=kept(answer), request=answer.request)

    with pytest.raises(ValidationError) as found:
        contract.hold(shared, other)
    assert found.value.kind.name == WRONG[change][1]


def test_a_status_that_is_not_published_is_found(shared: Service, answer: httpx.Response) -> None:
    with pytest.raises(AssertionError, match="418 is not published"):
        contract.hold(shared, httpx.Response(418, headers=kept(answer), request=answer.request))


def kept(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "content-length"}
