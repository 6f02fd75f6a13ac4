"""Cases, lead time and deadlines as schemas."""

from datetime import date, datetime

from ungdom import texts
from ungdom.api.alerts.schemas import AlertBrief
from ungdom.api.cases import schemas as s
from ungdom.api.cases.schemas import LeadTimeOut, OfficeDays, StageOut, WaitIntervalOut
from ungdom.api.http.present import from_source
from ungdom.api.http.schemas import AsOfOut
from ungdom.api.persons.present import person_out
from ungdom.cases import CaseView
from ungdom.store import projection
from ungdom.store.people import StoredPerson
from ungdom.workflow import payloads as d
from ungdom.workflow import redaction
from ungdom.workflow.calendar import days_between
from ungdom.workflow.case import Case
from ungdom.workflow.derived.endings import ended_by_closing
from ungdom.workflow.guards.decision import appeal_deadline
from ungdom.workflow.rules import offices
from ungdom.workflow.rules.deadlines import Deadline, deadlines
from ungdom.workflow.rules.permissions import Disclosure
from ungdom.workflow.rules.waits import waiting_for
from ungdom.workflow.views.lead_time import lead_time, measures
from ungdom.workflow.vocabulary import PHASE, EventType, State


def case_out(
    read: CaseView,
    person: StoredPerson | None,
    language: texts.Language,
    known_at: datetime | None,
    alerts: list[AlertBrief] | None = None,
) -> s.CaseOut:
    """The case as read, as far as the reader may learn of it.

    `alerts`: those that are live and may be learnt; None of one day only.
    """
    case, stored, day = read.case, read.stored, read.on
    received, due = case.first(EventType.RECEIVED), redaction.next_due(read, case)
    return s.CaseOut(
        id=stored.case_id,
        reference=stored.reference,
        version=read.version,
        as_of=AsOfOut(on=day, known_at=known_at),
        sanction=case.sanction,
        sanction_label=texts.label(language, case.sanction),
        state=case.state,
        state_label=texts.label(language, case.state),
        phase=PHASE[case.state],
        waiting_for=waiting_for(case),
        regimes=_regimes_out(case, day),
        person=person_out(person, frozenset(Disclosure), read.on) if person else None,
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
        set_aside_judgments=_set_aside_judgments(case),
        ended_by_closing=_ended_out(case, language),
        lead_time_days=_lead_time_days(case),
        completion=_completion_out(case),
        breaches=sum(1 for _ in case.all(EventType.BREACH_RECORDED)),
        open_alerts=alerts,
        next_deadline=deadline_out(due, language) if due else None,
        table_version=case.table,
        konfliktrad=case.konfliktrad,
        coordinator=projection.coordinator(case),
        transfer_to=offices.transfer_to(case),
        team=sorted(case.team),
    )


def lead_time_out(read: CaseView, known_at: datetime | None) -> LeadTimeOut:
    """Where the days went."""
    case, time = read.case, lead_time(read.case, read.on)
    return from_source(
        LeadTimeOut,
        time,
        as_of=AsOfOut(on=read.on, known_at=known_at),
        first_offence=case.first_offence,
        last_offence=case.last_offence,
        lead_time_days=_lead_time_days(case),
        start=_start_out(case),
        planned_end=case.planned_end,
        adjusted_end=case.adjusted_end(read.on),
        interrupted_days=case.interrupted_days(read.on),
        offices=[
            from_source(OfficeDays, share.tenure, stage_days=share.stage_days, wait_days=share.wait_days)
            for share in offices.shares(case, read.on)
        ],
        stages=[StageOut.model_validate(stage) for stage in time.stages],
        waits=[WaitIntervalOut.model_validate(wait) for wait in time.waits],
    )


def deadlines_out(read: CaseView, language: texts.Language, known_at: datetime | None) -> s.DeadlineList:
    """Every deadline of the case that the reader may learn of."""
    visible = (x for x in deadlines(read.case, read.on) if redaction.may_learn_deadline(read, x.code))
    items = [deadline_out(deadline, language) for deadline in visible]
    return s.DeadlineList(as_of=AsOfOut(on=read.on, known_at=known_at), items=items)


def deadline_out(deadline: Deadline, language: texts.Language) -> s.DeadlineOut:
    """One clock."""
    return from_source(
        s.DeadlineOut,
        deadline,
        label=texts.text(language, "deadline", deadline.code),
        length=deadline.length.iso if deadline.length else None,
        who_is_late=list(deadline.who),
        is_delay=deadline.delay,
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
        plan_meeting=first(EventType.PLAN_MEETING_HELD),
        plan_signed=first(EventType.PLAN_SIGNED),
        interim_conditions=first(EventType.INTERIM_CONDITIONS_STARTED),
        first_measure=first(EventType.MEASURE_STARTED),
    )


def _completion_out(case: Case) -> s.CompletionOut:
    return s.CompletionOut(
        received=case.has(EventType.RECEIVED),
        started=case.start is not None,
        completed=case.state is State.COMPLETED,
    )


def _ended_out(case: Case, language: texts.Language) -> list[s.EndedOut]:
    return [from_source(s.EndedOut, event, label=texts.label(language, event.type)) for event in ended_by_closing(case)]


def _set_aside_judgments(case: Case) -> list[s.SetAsideJudgment]:
    judged: date | None = None
    fallen: list[s.SetAsideJudgment] = []
    for event in case.all(EventType.JUDGMENT_GIVEN, EventType.FOLLOW_UP_BY_JUDGMENT, EventType.APPEAL_DECIDED):
        if isinstance(event.details, d.AppealDecided):
            if judged and event.details.outcome is d.AppealOutcome.SENT_BACK:
                fallen.append(s.SetAsideJudgment(judged_on=judged, set_aside_on=event.occurred_on))
        else:
            judged = event.occurred_on
    return fallen


def _regimes_out(case: Case, day: date) -> s.RegimesOut:
    decision = case.sanction_in_force.regime if case.sanction_in_force else None
    return s.RegimesOut(decision=decision, execution=case.execution_regime(day), pinned=case.regime_override(day))


def _finality_out(case: Case) -> s.Finality:
    final = case.last(EventType.BECAME_FINAL)
    last = appeal_deadline(case)
    computed = date.fromordinal(last.toordinal() + 1) if last else None
    given_up = case.last(EventType.APPEAL_DECIDED) if case.appeal_given_up else None
    computed = max(computed, given_up.occurred_on) if computed and given_up else computed
    difference = days_between(computed, final.occurred_on) if final and computed else None
    return s.Finality(date=final.occurred_on if final else None, computed=computed, difference_days=difference)
