"""Explains a number: its definition, where its rows are, and what changed since the last release. Exact."""

import json
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Query, Response

from ungdom import texts
from ungdom.analytics import definitions
from ungdom.analytics.queries.explanation import (
    Changes,
    ExplainedDefinition,
    Explanation,
    current_definition,
    explain,
)
from ungdom.analytics.queries.statistics import CubeQuery, known_values
from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.offices import check_known, check_office, own_office
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.schemas import AsOfOut
from ungdom.api.http.scopes import figures_scope
from ungdom.api.statistics.explanation_schemas import (
    ChangePartOut,
    ChangeReason,
    ExplainedCountOut,
    ExplanationOut,
    ExplanationQuery,
    Redefinition,
    RowsOut,
)
from ungdom.api.statistics.present import definitions_out
from ungdom.store import releases
from ungdom.store.releases import StoredRelease
from ungdom.store.session import Connection
from ungdom.workflow.rules.permissions import may_read_figures
from ungdom.workflow.vocabulary import State

router = APIRouter(tags=["statistics"])

PERIOD_COLUMN = {
    "p1": "registered_on",
    "p2": "received_on",
    "p3": "registered_on",
    "completion.received": "received_on",
    "completion.started": "started_on",
    "completion.closed": "closed_on",
}
"""The column of the extract of cases that places a case in the period."""


@router.get("/v1/statistics/explanation", response_model=ExplanationOut, summary="What a number is made of")
def get_explanation(context: ReadContext, query: Annotated[ExplanationQuery, Query()]) -> Response:
    """The definition of a figure, its counts by ending, and why they differ from those at the last release.

    The parts add up: late registered, corrected, new, and redefined. Exact, and not to be published. Coordinators and
    leaders: of their own konfliktråd.
    """
    question = query.question(own_office(context))

    def operation(tx: Connection) -> ApiResponse:
        check_office(tx, context, query.konfliktrad)
        check_known(query.konfliktrad, list(known_values(tx)["konfliktrad"]), "query", "konfliktrad")
        release = releases.newest(tx, question.known_at)
        known_at = release.known_at if release else None
        earlier = _earlier_definition(release, question)
        explanation = explain(tx, context.keys, question, context.now, known_at, earlier)
        return json_response(_explanation_out(explanation, question, release, context))

    return context.read_figures(operation, figures_scope, may_read_figures)


def _earlier_definition(release: StoredRelease | None, question: CubeQuery) -> ExplainedDefinition | None:
    """The version by which the release counted; None where it is the current one, or cannot be computed any more."""
    (code,) = question.codes
    version = _released_version(release, code)
    return None if version is None else definitions.EARLIER_DEFINITIONS.get((code, version))


def _redefinition(version: int | None, question: CubeQuery) -> Redefinition:
    (code,) = question.codes
    if version in (None, current_definition(question).version):
        return Redefinition.NONE
    return Redefinition.COUNTED if (code, version) in definitions.EARLIER_DEFINITIONS else Redefinition.IN_WHOLE


def _explanation_out(
    explanation: Explanation, question: CubeQuery, release: StoredRelease | None, context: RequestContext
) -> ExplanationOut:
    (code,), language = question.codes, context.language
    definition = next(item for item in definitions_out(language) if item.code == code)
    version = _released_version(release, code)
    return ExplanationOut(
        definition=definition,
        since=question.since,
        until=question.until,
        where=dict(question.where),
        as_of=AsOfOut(on=explanation.day, known_at=question.known_at),
        published=False,
        note=texts.text(language, "statistic", "note"),
        rows=_rows_out(explanation, question, context),
        release=release.release_id if release else None,
        released_known_at=release.known_at if release else None,
        released_definition=version,
        redefinition=_redefinition(version, question),
        unread=explanation.unread,
        items=[_count_out(explanation, ending, release, language) for ending in explanation.endings],
    )


def _rows_out(explanation: Explanation, question: CubeQuery, context: RequestContext) -> RowsOut:
    """The extract of cases, and the condition on its columns."""
    column = PERIOD_COLUMN[question.codes[0]]
    conditions = [f"{column} between {question.since} and {question.until}"]
    conditions += [f"{name} = {value}" for name, value in question.where.items()]
    return RowsOut(
        extract="cases",
        known_at=question.known_at or context.now,
        valid_at=explanation.day,
        condition=" and ".join(conditions),
    )


def _released_version(release: StoredRelease | None, code: str) -> int | None:
    if release is None:
        return None
    tables = (table for part in json.loads(release.content)["figures"] for table in part["tables"])
    return next((int(table["definition"]) for table in tables if table["figure"] == code), None)


def _count_out(
    explanation: Explanation, ending: str, release: StoredRelease | None, language: texts.Language
) -> ExplainedCountOut:
    return ExplainedCountOut(
        ending=ending,
        label=_ending_label(ending, language),
        then=explanation.then.get(ending, 0) if release else None,
        now=explanation.now.get(ending, 0),
        parts=list(_parts(explanation, ending, language)) if release else [],
    )


def _parts(explanation: Explanation, ending: str, language: texts.Language) -> Iterator[ChangePartOut]:
    parts: dict[ChangeReason, Changes] = {
        ChangeReason.LATE_REGISTERED: explanation.late,
        ChangeReason.CORRECTED: explanation.corrected,
        ChangeReason.NEW: explanation.new,
        ChangeReason.REDEFINED: explanation.redefined,
    }
    for reason, changes in parts.items():
        yield ChangePartOut(
            reason=reason,
            reason_label=texts.label(language, reason),
            joined=changes.joined.get(ending, 0),
            left=changes.left.get(ending, 0),
            net=changes.net(ending),
        )


def _ending_label(ending: str, language: texts.Language) -> str:
    if ending in set(State):
        return texts.label(language, State(ending))
    return texts.text(language, "statistic_number", ending)
