"""Answers about a case without the fields that the viewer may not learn, by `workflow.redaction`."""

import hashlib
from dataclasses import replace
from functools import cache
from types import NoneType
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel

from ungdom.api.http.responses import AccessNote, ApiResponse, etag, json_response
from ungdom.cases import CaseView, NotVisible
from ungdom.workflow import redaction
from ungdom.workflow.redaction import Knowledge
from ungdom.workflow.redaction.fields import gates_of

B = TypeVar("B", bound=BaseModel)
KEPT = object()


def redacted(body: B, knowledge: Knowledge) -> B:
    """The answer as far as the viewer may learn of it. Raises `NotVisible` where nothing of it may be learnt."""
    if redaction.learns_everything(knowledge):
        return body
    learnt = _learnt(body, knowledge)
    if learnt is None:
        raise NotVisible
    return learnt


def case_answer(body: BaseModel, read: CaseView) -> ApiResponse:
    """The answer about a case, redacted, with the entity tag of the case.

    A reader who counts events by their own numbers gets a tag of these events and of the matters shared with them: that
    of the case would change with events that they may not learn of.
    """
    tag = _tag_for(read) if read.by_own_numbers else etag(read.version)
    return replace(json_response(redacted(body, read), ETag=tag), access=AccessNote(knowledge=read))


def _tag_for(read: CaseView) -> str:
    matters = " ".join(sorted(read.shared_matters or ()))
    return f'"{read.version}-{hashlib.sha256(matters.encode()).hexdigest()[:12]}"'


def _learnt(body: B, knowledge: Knowledge) -> B | None:
    gates = gates_of(type(body).__name__)
    if gates is None:
        return body
    changes: dict[str, Any] = {}
    for name, value in body:
        if redaction.may_learn(knowledge, *gates[name]):
            inner = _inside(value, knowledge)
        else:
            inner = _empty_values(type(body))[name]
        if inner is KEPT:
            return None
        if inner is not value:
            changes[name] = inner
    return body.model_copy(update=changes) if changes else body


def _inside(value: Any, knowledge: Knowledge) -> Any:
    if isinstance(value, BaseModel):
        return _learnt(value, knowledge)
    if isinstance(value, list) and value and isinstance(value[0], BaseModel):
        return [learnt for item in value if (learnt := _learnt(item, knowledge)) is not None]
    return value


@cache
def _empty_values(schema: type[BaseModel]) -> dict[str, Any]:
    """Per field the value that says nothing: None, an empty list or mapping, or `KEPT` for a field that has none."""
    return {name: _empty_value(field.annotation) for name, field in schema.model_fields.items()}


def _empty_value(annotation: Any) -> Any:
    if NoneType in get_args(annotation):
        return None
    return {list: [], dict: {}}.get(get_origin(annotation) or annotation, KEPT)
