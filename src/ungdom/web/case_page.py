"""The case at a glance: every answer of the interface about it, read once and drawn on one page."""

from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from ungdom import cases
from ungdom.api.cases.present import deadlines_out, lead_time_out
from ungdom.api.cases.routes import case_detail
from ungdom.api.cases.schemas import CaseOut, DeadlineList, LeadTimeOut
from ungdom.api.delays.present import delay_out
from ungdom.api.delays.schemas import DelayOut
from ungdom.api.events.present import events_out, options_out, redacted_events
from ungdom.api.events.schemas import EventList, OptionList
from ungdom.api.http import inputs as i
from ungdom.api.http.case_reading import read_case, require_stage_dates
from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.redact import redacted
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.schemas import AsOfOut
from ungdom.api.http.time_travel import instant
from ungdom.api.plans.access import access_of
from ungdom.api.plans.present import plan_out
from ungdom.api.plans.provider_names import names_for
from ungdom.api.plans.schemas import PlanOut
from ungdom.api.timeline.present import timeline_out
from ungdom.api.timeline.schemas import Timeline
from ungdom.api.worklist.present import task_out
from ungdom.api.worklist.schemas import TaskList
from ungdom.cases import CaseView, NotVisible
from ungdom.store.session import Connection
from ungdom.texts import Language, fields
from ungdom.web.counterfactual_svg import draw as draw_delay
from ungdom.web.page import answer, data_of, language_of, with_access
from ungdom.web.queries import PageForm
from ungdom.web.receipts import receipt
from ungdom.web.timeline_svg import draw
from ungdom.workflow import redaction
from ungdom.workflow.engine import Option
from ungdom.workflow.events import SHAPE, details_schema
from ungdom.workflow.rules import offices
from ungdom.workflow.rules.permissions import may_read_worklist
from ungdom.workflow.views import tasks
from ungdom.workflow.vocabulary import EventType

router = APIRouter(include_in_schema=False)

BY_OTHER_PAGES = (EventType.CORRECTED, EventType.CASE_REGISTERED)
"""Events that are not recorded by a form of their own: corrections begin at the event that is corrected."""
LATEST = 12
"""Events of the history that are shown at once; the earlier ones are one click away."""
Part = TypeVar("Part", bound=BaseModel)


class CaseAtAGlance(BaseModel):
    """What the page shows of a case. None: what the reader may not learn, or a role has no use of.

    `correctable`: the numbers of the events that the reader may correct.
    """

    case: CaseOut
    tasks: TaskList | None
    deadlines: DeadlineList
    timeline: Timeline | None
    plan: PlanOut | None
    delay: DelayOut | None
    lead_time: LeadTimeOut | None
    events: EventList
    options: OptionList
    correctable: list[int]


class CaseAtAGlanceQuery(PageForm, i.AsOf):
    """Of which day, as known when. `saved`: the number of the event that was just recorded."""

    saved: Annotated[int | None, Query(ge=1, le=1_000_000)] = None


@router.get("/cases/{case_id}", response_model=CaseAtAGlance)
def case_page(
    request: Request, context: ReadContext, case_id: UUID, query: Annotated[CaseAtAGlanceQuery, Query()]
) -> Response:
    """One case."""
    page = data_of(context.read(lambda tx: _page(tx, context, case_id, query)))
    language = language_of(request)
    late_now, late_before = _explained(page)
    clocks = [clock | {"receipt": receipt(language, clock)} for clock in page["deadlines"]["items"]]
    history = page["events"]["items"][::-1]
    options = page["options"]["items"]
    values = {
        **page,
        "saved": query.saved,
        "reads_alerts": context.purpose is None,  # an emergency access opens the case alone
        "then": query.model_dump(mode="json", include={"valid_at", "known_at"}, exclude_none=True),
        "recordable": [str(kind) for kind in EventType if kind not in BY_OTHER_PAGES],
        "clocks": [clock for clock in clocks if not clock["stopped_on"]],
        "stopped_clocks": [clock for clock in clocks if clock["stopped_on"]],
        "late_now": late_now,
        "late_before": late_before,
        "drawings": {(clock["code"], clock["due"]): draw_delay(clock) for clock in (*late_now, *late_before)},
        "history": (history[:LATEST], history[LATEST:]),
        "drawing": _drawing(language, page),
        "open_steps": [option for option in options if option["enabled"]],
        "closed_steps": sorted((x for x in options if not x["enabled"]), key=lambda x: len(x["unmet"])),
        "field_label": lambda kind, name: field_label(language, kind, name),
    }
    return answer(request, "case.html", values)


def _explained(page: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """The explanations of clocks that were passed: of the start and of those with an alert, and of all others."""
    if not page["delay"]:
        return [], []
    start, alerts = page["delay"]["start"], page["case"]["open_alerts"] or []
    named = {(alert["code"], alert["due"]) for alert in alerts}
    passed = [clock for clock in (start, *page["delay"]["clocks"]) if clock["over_days"]]
    first = [clock for clock in passed if (clock["code"], clock["due"]) in named or clock is start]
    return first[::-1], [clock for clock in passed if clock not in first]


def _drawing(language: Language, page: dict[str, Any]) -> Any:
    if not page["timeline"] or not page["timeline"]["items"]:
        return None
    waits = page["lead_time"]["waits"] if page["lead_time"] else []
    measures = page["plan"]["measures"] if page["plan"] else []
    return draw(language, page["timeline"]["items"], [*waits, *measures], page["case"]["as_of"]["on"])


def _page(tx: Connection, context: RequestContext, case_id: UUID, as_of: i.AsOf) -> ApiResponse:
    """Every part is what the interface answers by itself; the case is read once for all of them."""
    read, options, correctable = _read(tx, context, case_id, as_of)
    known_at = instant(as_of.known_at)
    language, then = context.language, AsOfOut(on=read.on, known_at=known_at)
    access = access_of(read, then)
    page = CaseAtAGlance(
        case=redacted(case_detail(tx, context, read, as_of), read),
        tasks=_tasks(context, read, then),
        deadlines=redacted(deadlines_out(read, language, known_at), read),
        timeline=_if_learnt(timeline_out(read, then, language), read),
        plan=_if_learnt(plan_out(access, names_for(tx, language, [read])), read),
        delay=_delay(read, language, known_at),
        lead_time=_lead_time(read, known_at),
        events=redacted(redacted_events(events_out(read.stored, language, as_of.valid_at), read), read),
        options=_without_schemas(redacted(options_out(options, language), read)),
        correctable=correctable,
    )
    return with_access(json_response(page), read)


def _read(
    tx: Connection, context: RequestContext, case_id: UUID, as_of: i.AsOf
) -> tuple[CaseView, tuple[Option, ...], list[int]]:
    """The case, what may be recorded in it, and which events may be corrected. Raises `NotVisible`.

    By an emergency access, and in a case as it was, nothing is recorded or corrected.
    """
    if as_of.valid_at or as_of.known_at:
        return read_case(tx, context, case_id, as_of), (), []
    try:
        read, options = cases.options(tx, context.recorder, case_id, context.now)
    except NotVisible:
        read, options = read_case(tx, context, case_id, as_of), ()
    return read, options, sorted(cases.correctable_events(context.recorder, read))


def _without_schemas(options: OptionList) -> OptionList:
    """The same without the shapes of details: a form is drawn from one of them, on a page of its own."""
    return OptionList(items=[option.model_copy(update={"details_schema": {}}) for option in options.items])


def _if_learnt(part: Part, read: CaseView) -> Part | None:
    try:
        return redacted(part, read)
    except NotVisible:
        return None


def _tasks(context: RequestContext, read: CaseView, then: AsOfOut) -> TaskList | None:
    """What has to be done, for roles with a worklist."""
    viewer = context.recorder.viewer
    if not may_read_worklist(viewer.role):
        return None
    visible = redaction.visible_tasks(tasks.tasks(read.case, read.on), viewer, offices.transfer_to(read.case))
    ordered = tasks.by_urgency(visible, read.on)
    return _if_learnt(TaskList(as_of=then, items=[task_out(x, read.on, context.language) for x in ordered]), read)


def _delay(read: CaseView, language: Language, known_at: datetime | None) -> DelayOut | None:
    try:
        return redacted(delay_out(require_stage_dates(read), language, known_at), read)
    except NotVisible:
        return None


def _lead_time(read: CaseView, known_at: datetime | None) -> LeadTimeOut | None:
    try:
        return redacted(lead_time_out(require_stage_dates(read), known_at), read)
    except NotVisible:
        return None


def field_label(language: Language, kind: str, name: str) -> str:
    """The label of a field of an event, also of an object inside it; its name where it has none."""
    event = EventType(kind)
    key = fields.key_of(name, (SHAPE[event].__name__, *details_schema(event).get("$defs", ())))
    field = fields.catalogue(language).get(key) if key else None
    return field.label if field and field.label else name
