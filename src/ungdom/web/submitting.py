"""Forms that were sent: their key, what was typed, and what the interface answers to them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from anyio import from_thread
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException

from ungdom.api.http.context import RequestContext
from ungdom.api.http.handlers import HANDLERS, response_for
from ungdom.cases import NotVisible
from ungdom.web.forms import entered_in
from ungdom.web.page import answer, browser_of, data_of, language_of, sent_fields

REFUSALS = tuple(kind for kind in HANDLERS if kind not in (Exception, HTTPException, NotVisible))
"""What may be wrong with a form: it comes back with the sentence for it."""

Body = TypeVar("Body", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class SentForm:
    """A form as it was sent, or is shown for the first time, and what came of it."""

    entered: dict[str, list[str]] = field(default_factory=dict)
    problem: dict[str, Any] | None = None
    preview: dict[str, Any] | None = None

    def values(self, *names: str) -> dict[str, str]:
        """What was typed in these controls, without those that were left empty."""
        return {name: value for name in names if (value := self.first(name)) is not None}

    def first(self, name: str) -> str | None:
        """What was typed in this control; None for nothing."""
        return next((value for value in self.entered.get(name, ()) if value.strip()), None)


@dataclass(frozen=True, slots=True)
class RefusedForm:
    """The interface has refused what a form asked for: its problem, and the status."""

    problem: dict[str, Any]
    status: int


def sent_form(request: Request) -> SentForm:
    """The form of the request. Raises `RequestValidationError` for a body that is no form."""
    return SentForm(entered_in(sent_fields(request)))


def write_context(request: Request, sent: SentForm) -> RequestContext | None:
    """The context in which the form is saved: its key is the idempotency key. None for a key of another session."""
    browser, key = browser_of(request), sent.first("key") or ""
    if browser is None or not browser.gave(key):
        return None
    return RequestContext(request, sent.first("version"), key, language_of(request))


def key_refused(request: Request) -> Response:
    """The page for a form that was made for another session."""
    return answer(request, "refused.html", {"code": "form_key"}, 403)


def attempt(request: Request, operation: Callable[[], Response]) -> Response | RefusedForm:
    """The answer of the interface, or what it says of a form that it refuses. Raises what is wrong with no form."""
    try:
        return operation()
    except REFUSALS as error:
        refusal = from_thread.run(response_for, request, error)
        return RefusedForm(data_of(refusal), refusal.status_code)


def submitted(
    request: Request,
    operation: Callable[[RequestContext, SentForm], Response],
    again: Callable[[RequestContext, SentForm, int], Response],
    done: Callable[[RequestContext, SentForm, Response], Response],
) -> Response:
    """The page after a form: `done` of the answer of the interface, or `again` with what was typed where it refuses."""
    sent = sent_form(request)
    context = write_context(request, sent)
    if context is None:
        return key_refused(request)
    result = attempt(request, lambda: operation(context, sent))
    if isinstance(result, RefusedForm):
        return again(context, SentForm(sent.entered, result.problem), result.status)
    return done(context, sent, result)


def validated(schema: type[Body], body: Mapping[str, Any], place: str = "body") -> Body:
    """The body or the query as the interface takes it. Raises `RequestValidationError`, as for what a program sends."""
    try:
        return schema.model_validate(body)
    except ValidationError as error:
        raise RequestValidationError([{**fault, "loc": (place, *fault["loc"])} for fault in error.errors()]) from None
