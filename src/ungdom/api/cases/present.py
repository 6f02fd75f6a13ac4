"""Cases and histories as they go out: facts from the layers below, put into the published shapes."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from ungdom import texts
from ungdom.api.alerts.schemas import AlertBrief
from ungdom.api.cases import lead_time_schemas as lt
from ungdom.api.cases import schemas as s
from ungdom.api.cases.consequences import FollowedOut, UndoingOut
from ungdom.api.events.forms import form_of
from ungdom.api.http.present import event_line, unmet_out
from ungdom.api.http.schemas import AsOfOut
from ungdom.api.persons.schemas import person_out
from ungdom.cases import CaseView, RecordResult, replay_events
from ungdom.esas.status import official_status
from ungdom.store import projection
from ungdom.store.journal import StoredCase
from ungdom.store.people import StoredPerson
from ungdom.workflow import table
from ungdom.workflow.calendar import days_between
from ungdom.workflow.case import Case
from ungdom.workflow.derived.complaints import Aftermath
from ungdom.workflow.engine import Option, effective
from ungdom.workflow.events import Corrected, Event, plain_details
from ungdom.workflow.guards.decision import appeal_deadline
from ungdom.workflow.rules import offices
from ungdom.workflow.rules.deadlines import RULES, Deadline, DeadlineRule, deadlines, next_due
from ungdom.workflow.rules.permissions import Disclosure
from ungdom.workflow.rules.waits import waiting_for
from ungdom.workflow.table import Move, PreviousState
from ungdom.workflow.views.lead_time import CaseLeadTime, lead_time, measures
from ungdom.workflow.vocabulary import PHASE, EventType, Regime, Sanction, State

E = EventType


def case_out(
    read: CaseView,
    person: StoredPerson | None,
    language: texts.Language,
    known_at: datetime | None,
    alerts: list[AlertBrief] | None = None,
) -> s.CaseOut:
    """The case as read, as far as the reader may learn of it. `alerts`: those that are live; None of one day only."""
    case, stored, day = read.case, read.stored, read.on
    received, due = case.first(E.RECEIVED), next_due(case)
    return s.CaseOut(
        id=stored.case_id,
        reference=stored.reference,
        version=stored.version,
        as_of=AsOfOut(on=day, known_at=known_at),
        sanction=case.sanction,
        sanction_label=texts.label(language, case.sanction),
        state=case.state,
        state_label=texts.label(language, case.state),
        phase=PHASE[case.state],
        waiting_for=waiting_for(case),
        regimes=_regimes_out(case, day),
        person=person_out(person, read.disclosures) if person else None,
        registered_on=case.registered_on,
        first_offence=case.first_offence,
        last_offence=case.last_offence,
        received_on=received.occurred_on if received else None,
        closed_on=case.closed_on,
        start=_start_out(case),
        start_dates=_start_dates(case),
        length=str(case.sanction_in_force.length) if case.sanction_in_force else None,
        planned_end=case.planned_end,
        adjusted_end=case.adjusted_end(day),
        interrupted_days=case.interrupted_days(day),
        served_days=case.served_days(day),
        served_days_before_interruption=case.served_before_interruption,
        finality=_finality_out(case),
        lead_time_days=_lead_time_days(case),
        completion=_completion_out(case),
        breaches=sum(1 for _ in case.all(E.BREACH_RECORDED)),
        open_alerts=alerts,
        next_deadline=deadline_out(due, language) if due else None,
        table_version=case.table,
        **_assignment_values(case, read.disclosures),
    )


def _assignment_values(case: Case, learns: frozenset[Disclosure]) -> dict[str, Any]:
    """Which office and which people have the case: they give away where the youth lives."""
    if Disclosure.OFFICE not in learns:
        return {"konfliktrad": None, "coordinator": None, "transfer_to": None, "team": []}
    who = {"coordinator": projection.coordinator(case), "transfer_to": offices.transfer_to(case)}
    return {"konfliktrad": case.konfliktrad, **who, "team": sorted(case.team)}


def events_out(stored: StoredCase, language: texts.Language, valid_at: date | None = None) -> s.EventList:
    """The history until a day, corrections included, each event with the state it led to as the history now reads."""
    events = _events_until(stored.events, valid_at) if valid_at else stored.events
    steps_by_seq = {event.seq: (event, case) for event, case in replay_events(stored.youth, events, stored.table)}
    corrected = {e.details.corrects: e.seq for e in events if isinstance(e.details, Corrected)}
    return s.EventList(items=[_event_out(e, steps_by_seq.get(e.seq), corrected, language) for e in events])


def redact_history(history: s.EventList, learns: frozenset[Disclosure]) -> s.EventList:
    """The history as far as it may be learnt: some are told of stages and dates only, or not who recorded them."""
    hidden: dict[str, Any] = {} if Disclosure.PERSON in learns else {"details": {}}
    hidden |= {} if Disclosure.OFFICE in learns else {"subject": None, "source": None}
    return s.EventList(items=[event.model_copy(update=hidden) for event in history.items])


def _events_until(events: list[Event], day: date) -> list[Event]:
    """The events that had happened by that day as the history now reads, and the corrections of these."""
    dates = {event.seq: event.occurred_on for event in [*events, *effective(events)]}
    included = {event.seq for event in events if event.type is not E.CORRECTED and dates[event.seq] <= day}
    return [e for e in events if (e.details.corrects if isinstance(e.details, Corrected) else e.seq) in included]


def _event_out(
    event: Event, step: tuple[Event, Case] | None, corrected: dict[int, int], language: texts.Language
) -> s.EventOut:
    case = step[1] if step else None
    standing = "current" if event.seq not in corrected else ("corrected" if step else "annulled")
    status = official_status(case, step[0]) if step and case else ()
    return s.EventOut(
        **event_line(event),
        label=texts.label(language, event.type),
        occurred_at=event.occurred_at,
        actor=event.actor,
        role=event.role,
        subject=event.subject,
        source=event.source,
        details=plain_details(event.type, event.details),
        standing=standing,
        corrected_by=corrected.get(event.seq),
        state_after=case.state if case else None,
        official_status=[s.OfficialStatusOut(part=part.part, code=part.code) for part in status],
    )


def recorded_out(case_id: UUID, result: RecordResult, dry_run: bool, language: texts.Language) -> s.RecordedOut:
    """What an event did."""
    return s.RecordedOut(
        case=case_id,
        seq=result.event.seq,
        type=result.event.type,
        dry_run=dry_run,
        regime=result.decision.regime,
        law=result.decision.law,
        before=_snapshot_out(result.before, result.stored.version) if result.before else None,
        after=_snapshot_out(result.after, result.version),
        followed_by=[_followed_out(event, language) for event in result.followed_by],
        undoing=_undoing_out(result.undoing.aftermath, language) if result.undoing else None,
    )


def _followed_out(event: Event, language: texts.Language) -> FollowedOut:
    label = texts.label(language, event.type)
    return FollowedOut(seq=event.seq, type=event.type, label=label, occurred_on=event.occurred_on)


def _undoing_out(aftermath: Aftermath, language: texts.Language) -> UndoingOut:
    return UndoingOut(outcome=aftermath, message=texts.label(language, aftermath))


def _snapshot_out(case: Case, version: int) -> s.CaseSnapshotOut:
    due = next_due(case)
    return s.CaseSnapshotOut(
        version=version,
        state=case.state,
        phase=PHASE[case.state],
        waiting_for=waiting_for(case),
        started_on=case.start.on if case.start else None,
        planned_end=case.planned_end,
        adjusted_end=case.adjusted_end(case.entered_on),
        next_due_on=due.due if due else None,
        next_due_code=due.code if due else None,
    )


def options_out(options: tuple[Option, ...], language: texts.Language) -> s.OptionList:
    """What may come next, and why not."""
    return s.OptionList(items=[_option_out(option, language) for option in options])


def _option_out(option: Option, language: texts.Language) -> s.OptionOut:
    decision = option.decision
    return s.OptionOut(
        type=option.event,
        label=texts.label(language, option.event),
        enabled=decision.allowed,
        suggested=decision.allowed and decision.after is not None,
        moves_to=decision.after,
        is_fact=decision.allowed and decision.after is None,
        regime=decision.regime,
        law=decision.law,
        actors=list(option.actors),
        unmet=[unmet_out(language, condition) for condition in decision.unmet],
        details_schema=form_of(option.event, language),
    )


def lead_time_out(read: CaseView, known_at: datetime | None) -> lt.LeadTimeOut:
    """Where the days went."""
    case, time = read.case, lead_time(read.case, read.on)
    return lt.LeadTimeOut(
        as_of=AsOfOut(on=read.on, known_at=known_at),
        first_offence=case.first_offence,
        last_offence=case.last_offence,
        lead_time_days=_lead_time_days(case),
        start=_start_out(case),
        planned_end=case.planned_end,
        adjusted_end=case.adjusted_end(read.on),
        interrupted_days=case.interrupted_days(read.on),
        offices=_offices_out(read),
        **_lead_time_values(time),
    )


def _offices_out(read: CaseView) -> list[lt.OfficeDays] | None:
    shares = offices.shares(read.case, read.on) if Disclosure.OFFICE in read.disclosures else None
    return None if shares is None else [_office_days(share) for share in shares]


def _office_days(share: offices.TenureShare) -> lt.OfficeDays:
    tenure = share.tenure
    return lt.OfficeDays(
        konfliktrad=tenure.konfliktrad,
        since=tenure.since,
        until=tenure.until,
        days=tenure.days,
        open=tenure.open,
        stage_days=share.stage_days,
        wait_days=share.wait_days,
    )


def _lead_time_values(time: CaseLeadTime) -> dict[str, Any]:
    return {
        "total_days": time.total_days,
        "unreported_days": time.unreported_days,
        "stages": [lt.StageOut.model_validate(stage) for stage in time.stages],
        "waits": [lt.WaitIntervalOut.model_validate(wait) for wait in time.waits],
        "stage_days": time.stage_days,
        "wait_days": time.wait_days,
        "p3_by_party": time.p3_by_party,
    }


def deadlines_out(read: CaseView, language: texts.Language, known_at: datetime | None) -> s.DeadlineList:
    """Every clock of the case."""
    items = [deadline_out(deadline, language) for deadline in deadlines(read.case, read.on)]
    return s.DeadlineList(as_of=AsOfOut(on=read.on, known_at=known_at), items=items)


def deadline_out(deadline: Deadline, language: texts.Language) -> s.DeadlineOut:
    """One clock."""
    return s.DeadlineOut(
        code=deadline.code,
        label=texts.text(language, "deadline", deadline.code),
        begun_on=deadline.begun_on,
        known_on=deadline.known_on,
        due=deadline.due,
        unmoved=deadline.unmoved,
        stopped_on=deadline.stopped_on,
        status=deadline.status,
        late_days=deadline.late_days,
        notice_from=deadline.notice_from,
        binding=deadline.binding,
        law=deadline.law,
        who_is_late=list(deadline.who),
        is_delay=deadline.delay,
        reasoned=deadline.reasoned,
    )


def rules_out(language: texts.Language) -> s.RuleList:
    """The deadline rules with their law."""
    return s.RuleList(items=[rule_out(rule, language) for rule in RULES])


def rule_out(rule: DeadlineRule, language: texts.Language) -> s.RuleOut:
    """One rule."""
    lengths = rule.length.values if rule.length else ()
    return s.RuleOut(
        code=rule.code,
        label=texts.text(language, "deadline", rule.code),
        lengths=[{"from": since.isoformat(), "length": str(length)} for since, length in lengths],
        sanctions=list(rule.sanctions),
        regimes=list(rule.regimes),
        binding=rule.binding,
        moves_off_holidays=rule.moves_off_holidays,
        law=rule.law,
        who_is_late=list(rule.who),
        warn_days=rule.warn_days,
        is_delay=rule.delay,
    )


def workflow_out(sanction: Sanction, regime: Regime, rows: tuple[Move, ...], language: texts.Language) -> s.WorkflowOut:
    """One workflow as data: the states that its moves reach, and its rows."""
    reached = {row.target for row in rows if isinstance(row.target, State)}
    moves = [_row_out(row, reached, language) for row in rows if row.target is not None]
    facts = [_row_out(row, reached, language) for row in rows if row.target is None]
    return s.WorkflowOut(
        sanction=sanction,
        regime=regime,
        table_version=table.VERSION,
        states=[state for state in State if state in reached],
        moves=moves,
        facts=facts,
    )


def _row_out(row: Move, reached: set[State], language: texts.Language) -> s.RowOut:
    target = row.target.name if isinstance(row.target, PreviousState) else row.target
    return s.RowOut(
        event=row.event,
        label=texts.label(language, row.event),
        sources=[state for state in row.sources if state in reached],
        to=target,
        guards=[s.GuardOut(code=guard.code, law=guard.law) for guard in row.guards],
        actors=list(row.actors),
        law=row.law,
    )


def _lead_time_days(case: Case) -> s.LeadTimeDays:
    p1, p2, p3 = measures(case)
    return s.LeadTimeDays(P1=p1, P2=p2, P3=p3)


def _start_out(case: Case) -> s.StartOut | None:
    return s.StartOut(date=case.start.on, rule=case.start.rule) if case.start else None


def _start_dates(case: Case) -> s.StartDates:
    def first(kind: EventType) -> date | None:
        event = case.first(kind)
        return event.occurred_on if event else None

    return s.StartDates(
        plan_meeting=first(E.PLAN_MEETING_HELD),
        plan_signed=first(E.PLAN_SIGNED),
        interim_conditions=first(E.INTERIM_CONDITIONS_STARTED),
        first_measure=first(E.MEASURE_STARTED),
    )


def _regimes_out(case: Case, day: date) -> s.RegimesOut:
    decision = case.sanction_in_force.regime if case.sanction_in_force else None
    return s.RegimesOut(decision=decision, execution=case.execution_regime(day), pinned=case.regime_override(day))


def _finality_out(case: Case) -> s.Finality:
    final = case.last(E.BECAME_FINAL)
    last = appeal_deadline(case)
    computed = date.fromordinal(last.toordinal() + 1) if last else None
    difference = days_between(computed, final.occurred_on) if final and computed else None
    return s.Finality(date=final.occurred_on if final else None, computed=computed, difference_days=difference)


def _completion_out(case: Case) -> s.CompletionOut:
    return s.CompletionOut(
        received=case.has(E.RECEIVED), started=case.start is not None, completed=case.state is State.COMPLETED
    )
