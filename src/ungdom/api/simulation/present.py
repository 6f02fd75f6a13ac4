"""The result of a simulation as a schema."""

from datetime import date

from ungdom import simulation, texts
from ungdom.api.rules.present import rule_out
from ungdom.api.rules.schemas import RuleOut
from ungdom.api.simulation.schemas import (
    BothOut,
    ClockChangeOut,
    LineOut,
    LookedAtOut,
    MovedOut,
    NoticesOut,
    OfficeDeadlinesOut,
    RuleBasis,
    SimulationOut,
    TriedOut,
    WeekOut,
)
from ungdom.simulation import (
    BeforeAfter,
    SimulatedClock,
    SimulatedDueChange,
    SimulatedOfficeLoad,
    SimulationResult,
    Turn,
)
from ungdom.workflow.rules.escalation import Audience, Level


def simulation_out(result: SimulationResult, language: texts.Language) -> SimulationOut:
    """The report of a simulation."""
    comparison = result.comparison
    offices = sorted(result.offices.items(), key=lambda item: (item[0] is None, item[0] or ""))
    return SimulationOut(
        on=comparison.day,
        rules_before=[rule_out(rule, language) for rule in comparison.before],
        rules_after=[_tried_rule_out(rule_out(rule, language), language) for rule in comparison.after],
        cases=LookedAtOut(
            looked_at=result.cases,
            changed=result.changed,
            unread=result.unread,
            unread_references=[place.reference for place in result.unread_named],
        ),
        clocks=[_clock_change_out(code, clock, language) for code, clock in result.clocks.items()],
        konfliktrad=[_office_deadlines_out(office, load, comparison.day) for office, load in offices],
        notices=[
            NoticesOut(
                level=level,
                told=audience,
                tonight=_both_out(counts.tonight),
                weeks=_weeks_out(counts.weeks, comparison.day),
            )
            for (level, audience), counts in sorted(
                result.notices.items(), key=lambda row: (list(Level).index(row[0][0]), list(Audience).index(row[0][1]))
            )
        ],
        items=[_line_out(line, language) for line in result.lines],
        left_out=result.moved_clocks - len(result.lines),
    )


def _tried_rule_out(rule: RuleOut, language: texts.Language) -> TriedOut:
    standing = RuleBasis.STATUTE if rule.binding else RuleBasis.NORM
    return TriedOut(**rule.model_dump(), standing=standing, standing_label=texts.label(language, standing))


def _clock_change_out(code: str, clock: SimulatedClock, language: texts.Language) -> ClockChangeOut:
    return ClockChangeOut(
        code=code,
        label=texts.text(language, "deadline", code),
        running=clock.live,
        turn_overdue=clock.turned[Turn.OVERDUE],
        turn_green=clock.turned[Turn.GREEN],
        moved=_moved_out(clock),
    )


def _moved_out(clock: SimulatedClock) -> MovedOut | None:
    if clock.days is None:
        return None
    least, median, most = clock.days
    return MovedOut(count=clock.moved.total(), least_days=least, median_days=median, most_days=most)


def _office_deadlines_out(office: str | None, load: SimulatedOfficeLoad, day: date) -> OfficeDeadlinesOut:
    return OfficeDeadlinesOut(
        konfliktrad=office,
        cases=load.cases,
        overdue=_both_out(load.overdue),
        weeks=_weeks_out(load.weeks, day),
        later=_both_out(load.later),
    )


def _weeks_out(weeks: list[BeforeAfter], day: date) -> list[WeekOut]:
    """Counts of consecutive weeks, the first being that of the day."""
    mondays = simulation.mondays(day)
    return [
        WeekOut(week=simulation.week_name(monday), monday=monday, before=both.before, after=both.after)
        for monday, both in zip(mondays, weeks, strict=True)
    ]


def _both_out(both: BeforeAfter) -> BothOut:
    return BothOut(before=both.before, after=both.after)


def _line_out(line: SimulatedDueChange, language: texts.Language) -> LineOut:
    return LineOut(
        case=line.case_ref.case_id,
        reference=line.case_ref.reference,
        konfliktrad=line.case_ref.konfliktrad,
        code=line.code,
        label=texts.text(language, "deadline", line.code),
        due_before=line.before,
        due_after=line.after,
        turns=line.turn,
        turns_label=texts.text(language, "turn", line.turn) if line.turn else None,
    )
