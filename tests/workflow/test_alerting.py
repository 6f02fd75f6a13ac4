"""Who is told of which clock on which day: every rung counted by hand, and what nights may never do to an alert."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from tests.workflow import roads
from tests.workflow.roads import case_at
from ungdom.demo import case_generator
from ungdom.workflow import engine
from ungdom.workflow.calendar import OSLO, oslo_date
from ungdom.workflow.case import Case, Youth
from ungdom.workflow.events import Event
from ungdom.workflow.rules import escalation
from ungdom.workflow.rules.deadlines import HEADLINE, RULES, running
from ungdom.workflow.rules.escalation import (
    ESCALATION,
    AlertChange,
    AlertFlag,
    AlertState,
    AlertStatus,
    AlertTransition,
    Audience,
    ClearedBecause,
    cleared_alerts,
    first_notice_day,
    flags,
    next_review_day,
    next_sending_time,
    recipients,
    reconcile,
)

DAY = timedelta(days=1)
MOST = 500
"""As many days of a history as are lived through."""
A = Audience
Key = tuple[str, date]


def flag_of(case: Case, code: str, day: date) -> AlertFlag | None:
    found = [flag for flag in flags(case, day) if flag.deadline.code == code]
    assert len(found) < 2, found
    return found[0] if found else None


def rungs(case: Case, code: str, *days: str) -> list[int | None]:
    found = (flag_of(case, code, date.fromisoformat(day)) for day in days)
    return [flag.step if flag else None for flag in found]


# --- the ladder, counted by hand ----------------------------------------------------------------------------


def test_a_clock_climbs_on_the_days_that_the_ladder_says() -> None:
    # the charge decision is due on 2025-03-03, six weeks from 2025-01-20; warned of two weeks before
    case = case_at("S R2", "suspect_set")
    days = (
        *("2025-02-16", "2025-02-17", "2025-03-03", "2025-03-04", "2025-03-16", "2025-03-17"),
        *("2025-03-30", "2025-03-31", "2025-04-27", "2025-04-28", "2026-01-20"),
    )

    assert rungs(case, "charge_decision", *days) == [None, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_levels_and_those_who_are_told_follow_the_rung() -> None:
    case = case_at("S R2", "suspect_set")
    days = ("2025-02-17", "2025-03-04", "2025-03-17", "2025-03-31", "2025-04-28")
    found = [flag_of(case, "charge_decision", date.fromisoformat(day)) for day in days]

    assert [(str(flag.level), recipients(flag)) for flag in found if flag] == [
        ("upcoming", (A.COORDINATOR, A.AUTHORITY)),
        ("overdue", (A.COORDINATOR, A.AUTHORITY)),
        ("long_overdue", (A.COORDINATOR, A.TEAM, A.AUTHORITY)),
        ("long_overdue", (A.COORDINATOR, A.LEADER, A.AUTHORITY)),
        ("long_overdue", (A.LEADER, A.SECRETARIAT, A.AUTHORITY)),
    ]


def test_the_group_is_told_of_the_headline_once_the_case_is_reported_and_until_the_start() -> None:
    day = date(2025, 7, 1)
    histories = (
        case_at("F R2", "suspect_set"),
        case_at("F R2", "coordination_requested"),
        case_at("F R2", "dispatched"),
    )
    found = [flag_of(case, HEADLINE, day) for case in histories]
    assert [flag.outside for flag in found if flag] == [(A.AUTHORITY,), (A.GROUP,), (A.AUTHORITY, A.GROUP)]
    started = flags(case_at("F R2", "plan_meeting_held"), date(2025, 4, 20))
    assert started
    assert all(flag.outside == () for flag in started)


def test_each_receiver_has_one_row_with_its_source_and_days_that_are_steps() -> None:
    assert [row.audience for row in escalation.RECEIVERS] == [
        *dict.fromkeys(row.audience for row in escalation.RECEIVERS)
    ]
    assert {row.audience for row in escalation.RECEIVERS} == set(A)
    days = {step.after_due for step in ESCALATION}
    assert all(set(row.after_due) <= days and row.source for row in escalation.RECEIVERS)


def test_the_headline_tells_the_whole_team_from_the_first_warning_and_nobody_twice() -> None:
    case = case_at("S R2", "suspect_set")
    clock = next(x for x in running(case, date(2025, 2, 1)) if x.code == HEADLINE)

    heard = [recipients(AlertFlag(clock, rung)) for rung in range(len(ESCALATION))]

    assert heard
    assert all(A.TEAM in who and len(set(who)) == len(who) for who in heard)
    assert all({*ESCALATION[rung].recipients} <= {*who} for rung, who in enumerate(heard))


def test_what_is_raised_high_up_the_ladder_is_told_to_the_coordinator_too() -> None:
    case = case_at("S R2", "suspect_set")
    clock = next(x for x in running(case, date(2025, 2, 1)) if x.code == "charge_decision")

    assert recipients(AlertFlag(clock, 4), first=True) == (A.COORDINATOR, A.LEADER, A.SECRETARIAT)
    assert recipients(AlertFlag(clock, 0), first=True) == (A.COORDINATOR,)


LATE_BREACH = "2025-06-20/2025-08-20 breach_recorded {kind: plan}"
SHORT_BREACH = "2025-06-20 breach_recorded {kind: plan}"


def test_a_clock_known_late_is_told_of_on_the_day_it_became_known_at_the_rung_it_has_by_then() -> None:
    # suspect since 2025-01-20, recorded on 2025-04-02: due 2025-03-03, thirty days before
    case = roads.walked(
        roads.YOUTH, roads.events("S R2", [roads.lines("S R2")[0], roads.read("2025-01-20/2025-04-02 suspect_set")])
    )

    assert rungs(case, "charge_decision", "2025-02-17", "2025-03-04", "2025-04-01", "2025-04-02") == [
        *(None, None, None),
        3,
    ]
    assert [flag.deadline.known_on for flag in flags(case, date(2025, 4, 2))].count(date(2025, 4, 2)) >= 1


def test_a_breach_recorded_late_counts_from_the_day_it_was_recorded() -> None:
    late = case_at("S R2", "plan_meeting_held", LATE_BREACH)

    assert flag_of(late, "breach_talk", date(2025, 8, 19)) is None
    clock = next(x for x in running(late, date(2025, 8, 20)) if x.code == "breach_talk")
    assert (clock.begun_on, clock.known_on) == (date(2025, 8, 20), date(2025, 8, 20))
    assert flag_of(late, "breach_talk", clock.due - 4 * DAY) is None
    assert rungs(late, "breach_talk", str(clock.due - 3 * DAY), str(clock.due + DAY)) == [0, 1]


def test_two_breaches_due_on_one_day_are_one_flag_and_due_on_two_days_are_two() -> None:
    twice = case_at("S R2", "plan_meeting_held", SHORT_BREACH, SHORT_BREACH.replace("plan}", "duty}"))
    apart = case_at("S R2", "plan_meeting_held", SHORT_BREACH, "2025-06-24 breach_recorded {kind: duty}")
    day = date(2025, 8, 1)

    assert len([flag for flag in flags(twice, day) if flag.deadline.code == "breach_talk"]) == 1
    assert len({flag.key for flag in flags(apart, day) if flag.deadline.code == "breach_talk"}) == 2


HEALTH = ("2025-06-30 youth_heard {about: [interruption], how: spoken}", "2025-07-01 interrupted {reason: health}")


def test_a_term_that_stands_still_tells_nobody_of_its_own_clocks() -> None:
    running_on = case_at("S R2", "plan_meeting_held")
    still = case_at("S R2", "plan_meeting_held", *HEALTH)
    day = date(2026, 6, 20)  # the term was to end on 2026-06-03

    assert flag_of(running_on, "term_end", day) is not None
    assert flag_of(still, "term_end", day) is None
    assert flag_of(still, "team_meeting", day) is not None


def test_mere_rights_that_lapse_are_never_told_of() -> None:
    silent = {"appeal", "complaint_plan", "complaint_follow_up", "complaint_decision"}
    assert silent == {rule.code for rule in RULES if not rule.delay and rule.warn_days == 0}
    for road, until in (("S R2", "judgment_given"), ("F R2", "transferred_to_follow_up"), ("F R2", None)):
        case = case_at(road, until)
        days = (case.entered_on + n * DAY for n in range(-30, 400))
        assert silent.isdisjoint(flag.deadline.code for day in days for flag in flags(case, day)), road


def test_the_eighteenth_birthday_is_announced_and_then_overtaken_and_never_late() -> None:
    case = case_at("S R2", "plan_meeting_held")  # 18 on 2026-03-12, sixty days after 2026-01-11

    days = ("2026-01-10", "2026-01-11", "2026-03-12", "2026-03-13", "2026-12-31")
    assert rungs(case, "turns_18", *days) == [None, 0, 0, None, None]
    standing = AlertStatus("turns_18", date(2026, 3, 12), AlertState.OPEN, 0, None)
    assert next_review_day(case, date(2026, 3, 12), [standing]) == date(2026, 3, 13)
    over = [one for one in reconcile(case, date(2026, 3, 13), [standing]) if one.code == "turns_18"]
    assert [(one.change, one.because) for one in over] == [(AlertChange.CLEARED, ClearedBecause.OVERTAKEN)]


# --- quiet hours --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("local", "first"),
    [
        ("2026-11-24T06:59:59", "2026-11-24T07:00:00"),  # a Tuesday
        ("2026-11-24T07:00:00", "2026-11-24T07:00:00"),
        ("2026-11-24T19:59:59", "2026-11-24T19:59:59"),
        ("2026-11-24T20:00:00", "2026-11-25T07:00:00"),
        ("2026-11-24T03:00:00", "2026-11-24T07:00:00"),
        ("2026-11-24T23:30:00", "2026-11-25T07:00:00"),
        ("2026-11-27T20:00:00", "2026-11-30T07:00:00"),  # Friday evening to Monday
        ("2026-11-28T12:00:00", "2026-11-30T07:00:00"),
        ("2026-11-29T23:59:00", "2026-11-30T07:00:00"),
        ("2026-04-01T20:30:00", "2026-04-07T07:00:00"),  # Easter: Maundy Thursday to Easter Monday
        ("2026-04-05T10:00:00", "2026-04-07T07:00:00"),
        ("2027-05-17T10:00:00", "2027-05-18T07:00:00"),  # Whit Monday and the national day
        ("2024-05-17T10:00:00", "2024-05-21T07:00:00"),  # Friday the 17th, then Whitsun
        ("2026-05-01T08:00:00", "2026-05-04T07:00:00"),
        ("2026-12-24T20:00:00", "2026-12-28T07:00:00"),
        ("2026-03-29T01:30:00", "2026-03-30T07:00:00"),  # the night the clocks go forward, a Sunday
        ("2026-10-25T02:30:00", "2026-10-26T07:00:00"),  # the night they go back
    ],
)
def test_people_are_left_alone_in_the_evening_at_night_and_on_days_off(local: str, first: str) -> None:
    at = datetime.fromisoformat(local).replace(tzinfo=OSLO).astimezone(UTC)

    found = next_sending_time(at)

    assert found == datetime.fromisoformat(first).replace(tzinfo=OSLO)
    assert (found.tzinfo, next_sending_time(found)) == (UTC, found)


def test_the_morning_is_seven_in_oslo_on_both_sides_of_a_change_of_clocks() -> None:
    assert next_sending_time(datetime(2026, 3, 27, 20, tzinfo=UTC)) == datetime(2026, 3, 30, 5, tzinfo=UTC)
    assert next_sending_time(datetime(2026, 10, 23, 20, tzinfo=UTC)) == datetime(2026, 10, 26, 6, tzinfo=UTC)


# --- what happens to an alert -------------------------------------------------------------------------------

DUE = date(2025, 3, 3)
WAITS = case_at("S R2", "suspect_set")
"""The charge decision waits, due on `DUE`."""


def changes(day: str, standing: list[AlertStatus], case: Case = WAITS) -> list[tuple[str, str]]:
    mine = [one for one in reconcile(case, date.fromisoformat(day), standing) if one.code == "charge_decision"]
    return [(str(one.change), str(one.because or (one.flag and one.flag.step))) for one in mine]


def stands(state: AlertState, rung: int = 0, quiet: str | None = None, due: date = DUE) -> list[AlertStatus]:
    return [AlertStatus("charge_decision", due, state, rung, date.fromisoformat(quiet) if quiet else None)]


@pytest.mark.parametrize(
    ("day", "standing", "expected"),
    [
        ("2025-02-16", [], []),
        ("2025-02-17", [], [("raised", "0")]),
        ("2025-03-17", [], [("raised", "2")]),
        ("2025-03-03", stands(AlertState.OPEN), []),
        ("2025-03-04", stands(AlertState.OPEN), [("escalated", "1")]),
        ("2025-03-04", stands(AlertState.ACKNOWLEDGED), [("escalated", "1")]),
        ("2025-04-28", stands(AlertState.OPEN, 1), [("escalated", "4")]),
        ("2025-03-04", stands(AlertState.OPEN, 1), []),
        # quiet until the day has passed, then awake, and told what it has climbed to
        ("2025-03-10", stands(AlertState.SNOOZED, 0, "2025-03-10"), []),
        ("2025-03-11", stands(AlertState.SNOOZED, 0, "2025-03-10"), [("woken", "1"), ("escalated", "1")]),
        ("2025-03-11", stands(AlertState.SNOOZED, 1, "2025-03-10"), [("woken", "1")]),
        ("2025-03-18", stands(AlertState.ANSWERED, 1, "2025-03-20"), []),
        ("2025-03-21", stands(AlertState.ANSWERED, 1, "2025-03-20"), [("woken", "2"), ("escalated", "2")]),
    ],
)
def test_an_alert_is_raised_climbs_is_left_alone_and_wakes(
    day: str, standing: list[AlertStatus], expected: list[tuple[str, str]]
) -> None:
    assert changes(day, standing) == expected


def test_an_alert_is_cleared_with_the_reason_that_ended_it() -> None:
    open_one, day = stands(AlertState.OPEN), "2025-04-28"
    decided = case_at("S R2", "indicted")
    closed = case_at("S R2", "suspect_set", "2025-03-03 other_outcome {outcome: dropped}")
    before = case_at("S R2", "case_registered")

    assert changes(day, open_one, decided) == [("cleared", "cured")]
    assert changes(day, open_one, closed) == [("cleared", "closed")]
    assert changes(day, open_one, before) == [("cleared", "overtaken")]
    assert changes("2025-02-20", stands(AlertState.OPEN, due=date(2025, 3, 4))) == [
        ("cleared", "moved"),
        ("raised", "0"),
    ]
    gone = cleared_alerts(before, date.fromisoformat(day), open_one, corrected=True)
    assert [one.because for one in gone] == [ClearedBecause.CORRECTED]


def test_a_quiet_alert_is_cleared_all_the_same() -> None:
    quiet = stands(AlertState.SNOOZED, 0, "2025-12-31")

    assert changes("2025-04-28", quiet, case_at("S R2", "indicted")) == [("cleared", "cured")]


def test_when_the_term_is_stopped_what_follows_it_has_moved() -> None:
    standing = AlertStatus("term_end", date(2026, 6, 3), AlertState.OPEN, 0, None)
    still = case_at("S R2", "plan_meeting_held", *HEALTH)

    found = [one for one in reconcile(still, date(2026, 5, 10), [standing]) if one.code == "term_end"]

    assert [(one.change, one.because) for one in found] == [(AlertChange.CLEARED, ClearedBecause.MOVED)]


def test_a_clock_that_the_case_has_left_is_overtaken_and_not_corrected() -> None:
    # referred, the petition due three months after the end; declined again: that clock is no more
    until = ("S R2", "referred_for_breach")
    petition = next(x for x in running(case_at(*until), date(2026, 8, 20)) if x.code == "petition")
    standing = AlertStatus("petition", petition.due, AlertState.OPEN, 0, None)
    back = case_at(*until, "2025-10-20 petition_declined")

    found = [one for one in reconcile(back, date(2026, 8, 20), [standing]) if one.code == "petition"]

    assert [one.because for one in found] == [ClearedBecause.OVERTAKEN]


def test_what_is_told_of_stays_told_of_when_a_correction_makes_it_known_later() -> None:
    corrected = roads.walked(
        roads.YOUTH, roads.events("S R2", [roads.lines("S R2")[0], roads.read("2025-01-20/2025-02-25 suspect_set")])
    )
    open_one, eve = stands(AlertState.OPEN), date(2025, 2, 20)

    assert flag_of(corrected, "charge_decision", eve) is None
    assert changes(str(eve), open_one, corrected) == []


def test_a_night_that_is_caught_up_counts_the_term_as_it_stands_now() -> None:
    # stopped from 1 July 2025 to 20 June 2026, 354 days; the nights of June are caught up afterwards
    case = case_at("S R2", "plan_meeting_held", *HEALTH, "2026-06-20 resumed {reason: cause_gone}")
    end = date(2026, 6, 3) + 354 * DAY
    assert [x.due for x in running(case, date(2026, 6, 20)) if x.code == "term_end"] == [end]

    for day in (date(2026, 6, 1) + n * DAY for n in range(20)):
        assert flag_of(case, "term_end", day) is None, day
    assert flag_of(case, "term_end", end - 30 * DAY) is not None


# --- properties over whole histories ------------------------------------------------------------------------


@dataclass
class Diary:
    """The alerts of one case as nights and moves leave them, and everything that happened to them."""

    look_every_day: bool
    standing: dict[Key, AlertStatus] = field(default_factory=dict)
    look_on: date | None = None
    happened: list[tuple[date, str, Key, int | None, str]] = field(default_factory=list)
    looks: int = 0

    def moved(self, case: Case, day: date) -> None:
        """As the store does with a move."""
        self._write(cleared_alerts(case, day, list(self.standing.values())), day)
        self.look_on = first_notice_day(running(case, case.entered_on))

    def night(self, case: Case, day: date) -> None:
        """As the night's round does."""
        if not self.look_every_day and (self.look_on is None or self.look_on > day):
            return
        self.looks += 1
        self._write(reconcile(case, day, list(self.standing.values())), day)
        assert reconcile(case, day, list(self.standing.values())) == []
        self.look_on = next_review_day(case, day, list(self.standing.values()))

    def quiet(self, key: Key, until: date) -> None:
        """Somebody puts it off."""
        self.standing[key] = replace(self.standing[key], state=AlertState.SNOOZED, quiet_until=until)
        self.look_on = min(self.look_on or date.max, until + DAY)

    def _write(self, found: list[AlertTransition], day: date) -> None:
        for one in found:
            key = (one.code, one.due)
            rung = one.flag.step if one.flag else None
            self.happened.append((day, str(one.change), key, rung, str(one.because)))
            if one.change is AlertChange.CLEARED:
                del self.standing[key]
                continue
            assert rung is not None
            old = self.standing.get(key)
            kept = old.step if old and one.change is AlertChange.WOKEN else rung
            assert (old is None) == (one.change is AlertChange.RAISED)
            self.standing[key] = AlertStatus(*key, AlertState.OPEN, kept, None)


def days_of(history: list[Event], more: int = 90) -> Iterator[tuple[date, list[Event]]]:
    """Every day from the first recording on, with all that was known on it."""
    first, last = (oslo_date(history[n].recorded_at) for n in (0, -1))
    for n in range(min((last - first).days, MOST) + more):
        day = first + n * DAY
        yield day, [one for one in history if oslo_date(one.recorded_at) <= day]


def lived(youth: Youth, history: list[Event]) -> Iterator[tuple[date, Case, bool]]:
    """The case on every day, and whether something was recorded in it that day."""
    known, case = 0, None
    for day, events in days_of(history):
        if len(events) != known or case is None:
            case = engine.fold(youth, events)
        yield day, case, len(events) != known
        known = len(events)


def histories() -> Iterator[tuple[str, Youth, list[Event]]]:
    late = "2025-08-04/2025-09-30 breach_recorded {kind: duty}"
    for road in roads.ROADS:
        yield road, roads.youth_of(road), roads.events(road, roads.lines(road))
    told_late = [*roads.lines("S R2", "plan_meeting_held"), *map(roads.read, HEALTH)]
    resumed = [roads.read("2025-07-31/2025-08-03 resumed {reason: cause_gone}"), roads.read(late)]
    yield "recorded late", roads.YOUTH, roads.events("S R2", [*told_late, *resumed])
    for n in (0, 100, 200, 350):
        one = case_generator.generate_case(n, Random(f"7:{n}"), date(2026, 11, 20), 400)  # noqa: S311 - a story, not a secret
        yield f"demo {n}", one.case.youth, list(one.events)


HISTORIES = {name: (youth, told) for name, youth, told in histories()}


@pytest.mark.parametrize("name", HISTORIES)
def test_looking_only_on_look_days_tells_the_same_as_looking_every_day(name: str) -> None:
    youth, history = HISTORIES[name]
    chance = Random(name)  # noqa: S311 - the same every time
    daily, rarely = Diary(look_every_day=True), Diary(look_every_day=False)
    days = 0
    for day, case, moved in lived(youth, history):
        for diary in (daily, rarely):
            if moved:
                diary.moved(case, day)
            diary.night(case, day)
        assert daily.standing == rarely.standing, day
        open_ones = [key for key, one in daily.standing.items() if not one.is_quiet(day)]
        if open_ones and chance.random() < 0.05:
            key, until = chance.choice(open_ones), day + chance.randint(0, 30) * DAY
            daily.quiet(key, until)
            rarely.quiet(key, until)
        days += 1
    assert daily.happened == rarely.happened
    assert daily.happened
    assert rarely.looks < days / 3, (rarely.looks, days)


@pytest.mark.parametrize("name", HISTORIES)
def test_between_two_looks_no_flag_changes_and_none_is_there_before_the_first_or_before_its_event_was_known(
    name: str,
) -> None:
    youth, history = HISTORIES[name]
    between = 0
    look: date | None = None
    before: set[tuple[Key, int]] | None = None
    for day, case, moved in lived(youth, history):
        found = flags(case, day)
        assert all(flag.deadline.known_on <= day for flag in found)
        now = {(flag.key, flag.step) for flag in found}
        if moved:
            look, before = first_notice_day(running(case, case.entered_on)), None
        if look is not None and day >= look:
            look, before = next_review_day(case, day), now
        else:
            assert now == (before or set()), (day, look)
            between += 1
    assert between > 100


def test_a_night_caught_up_with_all_that_is_known_today_tells_of_nothing_that_was_not_known_then() -> None:
    youth, history = HISTORIES["recorded late"]
    case = engine.fold(youth, history)

    found = [(day, flag) for day, _, _ in lived(youth, history) for flag in flags(case, day)]

    assert found
    assert all(flag.deadline.known_on <= day for day, flag in found)


def test_the_first_look_is_the_first_day_with_a_flag() -> None:
    case = case_at("S R2", "suspect_set")
    look = first_notice_day(running(case, case.entered_on))
    assert look is not None

    days = [case.entered_on + n * DAY for n in range(400)]
    assert next(day for day in days if flags(case, day)) == look
    assert first_notice_day([]) is None


def test_the_ladder_climbs_and_begins_with_the_warning() -> None:
    after = [rung.after_due for rung in ESCALATION]

    assert after == [None, 1, 14, 28, 56]
    assert [rung.level for rung in ESCALATION] == sorted(
        (rung.level for rung in ESCALATION), key=list(escalation.Level).index
    )
    assert all(rung.recipients for rung in ESCALATION)
