"""What was recorded wrongly is corrected by a new event: nothing is taken away, and the history reads anew."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.workflow.build import event
from tests.workflow.roads import YOUTH, Line, events, lines, read, registration
from ungdom.workflow import engine, legality
from ungdom.workflow.answers import IllegalStep
from ungdom.workflow.case import Case
from ungdom.workflow.errors import BadDetails, IllegalHistory
from ungdom.workflow.events import Corrected, Event, Replacement, read_details
from ungdom.workflow.payloads import PlanMeetingHeld
from ungdom.workflow.vocabulary import EventType, State

E = EventType
ROAD = "S R2"
MEETING = {"present": ["youth", "guardian", "correctional_service", "police"]}


def fixed(seq: int, on: str, kind: str, occurred: str, /, **details: Any) -> Line:
    """Event `seq` should have said this."""
    new = {"type": kind, "occurred_on": occurred, "details": details}
    said = {"corrects": seq, "reason": "wrong_details", "replacement": new}
    return Line("corrected", date.fromisoformat(on), date.fromisoformat(on), said)


def annulled(seq: int, on: str) -> Line:
    """Event `seq` never happened."""
    said = {"corrects": seq, "reason": "never_happened"}
    return Line("corrected", date.fromisoformat(on), date.fromisoformat(on), said)


def history(until: str, *more: Line) -> list[Event]:
    return events(ROAD, [*lines(ROAD, until), *more])


def broken(until: str, *more: Line) -> IllegalStep | None:
    return legality.first_illegal_step(YOUTH, history(until, *more))


def case_of(until: str, *more: Line) -> Case:
    told = history(until, *more)
    assert legality.first_illegal_step(YOUTH, told) is None
    return engine.fold(YOUTH, told)


# --- how the history reads --------------------------------------------------------------------------------------


def test_a_history_without_corrections_reads_as_it_was_recorded() -> None:
    told = history("plan_meeting_held")

    assert engine.effective(told) == told


def test_a_replacement_stands_where_the_event_stood_and_was_known_when_it_was_corrected() -> None:
    told = history("plan_meeting_held", fixed(11, "2025-06-10", "plan_meeting_held", "2025-06-05", **MEETING))

    read_anew = engine.effective(told)[10]

    assert (read_anew.seq, read_anew.type, read_anew.occurred_on) == (11, E.PLAN_MEETING_HELD, date(2025, 6, 5))
    assert read_anew.recorded_at == told[11].recorded_at
    assert read_anew.corrected_by == 12
    assert read_anew.details == PlanMeetingHeld(present=read_details(E.PLAN_MEETING_HELD, MEETING).present)  # type: ignore[attr-defined]
    assert len(engine.effective(told)) == 11


def test_an_annulled_event_is_left_out_and_so_are_corrections() -> None:
    told = history("plan_meeting_held", annulled(11, "2025-06-10"))

    assert [e.seq for e in engine.effective(told)] == list(range(1, 11))


def test_what_is_derived_follows_the_correction() -> None:
    before = case_of("plan_meeting_held")
    after = case_of("plan_meeting_held", fixed(11, "2025-06-10", "plan_meeting_held", "2025-06-05", **MEETING))

    assert before.start is not None
    assert after.start is not None
    assert (before.start.on, before.planned_end) == (date(2025, 6, 3), date(2026, 6, 3))
    assert (after.start.on, after.planned_end) == (date(2025, 6, 5), date(2026, 6, 5))


def test_annulling_the_last_move_takes_the_case_back() -> None:
    case = case_of("plan_meeting_held", annulled(11, "2025-06-10"))

    assert (case.state, case.start) == (State.PREPARING, None)


def test_the_last_of_two_corrections_of_one_event_counts() -> None:
    first = fixed(11, "2025-06-10", "plan_meeting_held", "2025-06-05", **MEETING)
    again = fixed(11, "2025-06-11", "plan_meeting_held", "2025-06-06", **MEETING)

    twice, taken_back = (
        case_of("plan_meeting_held", first, again),
        case_of("plan_meeting_held", first, annulled(11, "2025-06-11")),
    )
    restored = case_of("plan_meeting_held", annulled(11, "2025-06-10"), again)

    assert twice.entered_on == restored.entered_on == date(2025, 6, 6)
    assert taken_back.state is State.PREPARING


def test_an_event_may_turn_out_to_have_been_of_another_type() -> None:
    case = case_of("breach_recorded", fixed(12, "2025-09-02", "team_meeting_held", "2025-09-01"))

    assert not case.has(E.BREACH_RECORDED)
    assert case.has(E.TEAM_MEETING_HELD)


def test_a_replacement_with_details_of_another_shape_cannot_be_read() -> None:
    with pytest.raises(BadDetails) as caught:
        engine.fold(
            YOUTH, history("breach_recorded", fixed(12, "2025-09-02", "breach_recorded", "2025-09-01", kind="x"))
        )

    assert [problem.pointer for problem in caught.value.problems] == ["/kind"]


# --- only what leaves a legal walk ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("until", "correction", "seq", "code"),
    [
        ("breach_talk_ordered", annulled(12, "2025-09-04"), 13, "breach_is_recorded"),
        ("plan_meeting_held", annulled(10, "2025-06-10"), 11, "wrong_state"),
        ("plan_meeting_held", annulled(2, "2025-06-10"), 3, "wrong_state"),
        ("plan_meeting_held", fixed(11, "2025-06-10", "plan_meeting_held", "2025-05-14", **MEETING), 11,
         "follows_the_last_move"),
        ("plan_meeting_held", fixed(9, "2025-06-10", "received", "2025-06-04"), 10, "follows_the_last_move"),
        ("plan_meeting_held", fixed(11, "2025-06-10", "plan_meeting_held", "2025-06-11", **MEETING), 11,
         "day_has_come"),
        ("plan_meeting_held", fixed(11, "2025-06-10", "plan_meeting_held", "2025-06-03", present=["youth"]), 11,
         "guardian_was_present"),
        ("became_final", fixed(6, "2025-05-10", "judgment_given", "2025-04-24", length={"days": 100}), 6,
         "sanction_length_within_law"),
        ("suspect_set", fixed(1, "2025-01-21", "case_registered", "2025-01-18",
                              **registration(ROAD, read("2025-01-18 case_registered {offences: [{on: 2025-01-19}]}"))),
         1, "acts_lie_in_the_past"),
        ("suspect_set", fixed(1, "2025-01-21", "case_registered", "2025-01-21",
                              **registration(ROAD, read("2025-01-21 case_registered"))), 2, "follows_the_last_move"),
    ],
)  # fmt: skip
def test_a_correction_is_refused_where_the_rest_would_not_be_a_legal_walk(
    until: str, correction: Line, seq: int, code: str
) -> None:
    found = broken(until, correction)

    assert found is not None
    assert found.seq == seq
    assert found.event is history(until)[seq - 1].type
    assert code in [no.code for no in found.unmet]


def test_the_registration_cannot_be_annulled() -> None:
    found = broken("suspect_set", annulled(1, "2025-01-21"))

    assert found is not None
    assert (found.seq, found.event, found.unmet[0].code) == (1, E.SUSPECT_SET, "case_begins_with_registration")


def test_a_registration_corrected_to_something_else_is_no_case() -> None:
    told = history("suspect_set", fixed(1, "2025-01-21", "suspect_set", "2025-01-18"))

    assert legality.first_illegal_step(YOUTH, told) is not None
    with pytest.raises(IllegalHistory) as caught:
        engine.fold(YOUTH, told)
    assert (caught.value.seq, caught.value.state) == (1, None)


def test_no_events_at_all_are_no_case() -> None:
    found = legality.first_illegal_step(YOUTH, [])

    assert found is not None
    assert (found.seq, found.event) == (1, E.CASE_REGISTERED)
    with pytest.raises(IllegalHistory):
        engine.fold(YOUTH, [])


def test_a_correction_of_a_correction_changes_nothing() -> None:
    first = fixed(11, "2025-06-10", "plan_meeting_held", "2025-06-05", **MEETING)

    case = case_of("plan_meeting_held", first, annulled(12, "2025-06-11"))

    assert case.entered_on == date(2025, 6, 5)


def test_a_case_that_no_longer_reached_where_a_later_event_stood_is_an_illegal_history() -> None:
    told = history("plan_meeting_held", annulled(10, "2025-06-10"))

    with pytest.raises(IllegalHistory) as caught:
        engine.fold(YOUTH, told)
    assert (caught.value.seq, caught.value.event_type, caught.value.state) == (11, E.PLAN_MEETING_HELD, "received")


def test_a_registration_whose_details_are_of_another_type_is_an_illegal_history() -> None:
    wrong = event(1, "suspect_set", date(2025, 1, 18))
    told = [Event(**{name: getattr(wrong, name) for name in Event.__slots__} | {"type": E.CASE_REGISTERED})]

    with pytest.raises(IllegalHistory):
        engine.fold(YOUTH, told)


def test_a_corrected_registration_changes_what_the_case_is_about() -> None:
    said = registration(ROAD, read("2025-01-18 case_registered {konfliktrad: vest, offences: [{on: 2025-01-02}]}"))

    case = case_of("suspect_set", fixed(1, "2025-01-21", "case_registered", "2025-01-18", **said))

    assert (case.konfliktrad, case.last_offence) == ("vest", date(2025, 1, 2))


def test_a_corrected_event_is_judged_by_who_recorded_it_first() -> None:
    told = history("plan_meeting_held", fixed(11, "2025-06-10", "plan_meeting_held", "2025-06-05", **MEETING))

    kept = engine.effective(told)[10]

    assert (kept.role, kept.subject, kept.actor) == (told[10].role, told[10].subject, told[10].actor)


# --- as it was known --------------------------------------------------------------------------------------------


def test_every_beginning_of_the_record_is_a_legal_walk_of_its_own() -> None:
    told = history("plan_meeting_held",
                   read("2025-06-20 breach_recorded {kind: duty}"),
                   fixed(11, "2025-06-21", "plan_meeting_held", "2025-06-05", **MEETING),
                   annulled(12, "2025-06-22"),
                   read("2025-06-23 team_meeting_held"))  # fmt: skip

    for known in range(1, len(told) + 1):
        assert legality.first_illegal_step(YOUTH, told[:known]) is None


@pytest.mark.parametrize(
    ("known_on", "start", "breaches"),
    [
        (date(2025, 6, 2), None, 0),
        (date(2025, 6, 3), date(2025, 6, 3), 0),
        (date(2025, 6, 20), date(2025, 6, 3), 1),
        (date(2025, 6, 21), date(2025, 6, 5), 1),
        (date(2025, 6, 22), date(2025, 6, 5), 0),
    ],
)
def test_a_case_reads_as_it_was_known_on_a_day(known_on: date, start: date | None, breaches: int) -> None:
    told = history("plan_meeting_held",
                   read("2025-06-20 breach_recorded {kind: duty}"),
                   fixed(11, "2025-06-21", "plan_meeting_held", "2025-06-05", **MEETING),
                   annulled(12, "2025-06-22"))  # fmt: skip
    end_of_day = datetime(known_on.year, known_on.month, known_on.day, tzinfo=UTC) + timedelta(days=1)

    case = engine.fold(YOUTH, [e for e in told if e.recorded_at < end_of_day])

    assert (case.start.on if case.start else None) == start
    assert sum(1 for _ in case.all(E.BREACH_RECORDED)) == breaches


def test_a_correction_is_read_and_written_like_any_other_event() -> None:
    said = read_details(E.CORRECTED, {"corrects": 3, "reason": "wrong_date", "replacement": {
        "type": "suspect_set", "occurred_on": "2025-01-20", "details": {}}})  # fmt: skip

    assert isinstance(said, Corrected)
    assert said.replacement == Replacement(type=E.SUSPECT_SET, occurred_on=date(2025, 1, 20), details={})
