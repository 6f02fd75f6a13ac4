"""The restorative track: beside the main one, seen where it was waited for, and from R1 on never in the way."""

from datetime import date

import pytest

from tests.workflow.build import Told, step
from tests.workflow.roads import case_at
from ungdom.workflow.case import Case, Youth
from ungdom.workflow.engine import decide, options
from ungdom.workflow.payloads import By
from ungdom.workflow.rules import deadlines, waits
from ungdom.workflow.views import lead_time, restorative
from ungdom.workflow.views.restorative import LEADS_TO, TrackState
from ungdom.workflow.vocabulary import CLOSED, EventType, Party, Role, State

E = EventType
DAY = date(2025, 5, 28)
TRACK = (
    "2025-05-19 victim_invited",
    "2025-05-20 victim_accepted",
    "2025-05-21 victim_withdrew {victim: 2}",
    "2025-05-22 victim_declined {victim: 3}",
    "2025-05-23 other_restorative_process_held",
    "2025-05-24 restorative_meeting_held",
)


def iota() -> Case:
    """Youth sanction under R0: the start held up while the victim decides, who then withdraws."""
    told = Told("youth_sanction", date(2023, 2, 11), Youth(date(2006, 10, 10), 1), repeated_or_serious=True)
    told.then("suspect_set", date(2023, 2, 15))
    told.then("consent_given", date(2023, 3, 20), by=str(By.YOUTH))
    told.then("consent_given", date(2023, 3, 20), by=str(By.GUARDIAN))
    told.then("indicted", date(2023, 5, 2), court_received_on="2023-05-03")
    told.then("judgment_given", date(2023, 11, 15), length={"years": 1}, subsidiary_prison={"months": 6},
              lives_in_norway=True, served_on="2023-11-15")  # fmt: skip
    told.then("became_final", date(2023, 11, 30))
    told.then("received", date(2024, 2, 15))
    told.then("assigned", date(2024, 2, 16), coordinator="anna")
    told.then("wait_started", date(2024, 2, 16), party="victim", reason="youth_conference")
    told.then("victim_accepted", date(2024, 3, 4))
    told.then("victim_withdrew", date(2024, 4, 26))
    told.then("wait_ended", date(2024, 4, 26))
    told.then("youth_conference_held", date(2024, 5, 22))
    return told.then("plan_signed", date(2024, 5, 22), by=["youth", "guardian"]).case


@pytest.mark.parametrize(
    ("lines", "state", "settled"),
    [
        (0, TrackState.NOT_BEGUN, None),
        (1, TrackState.INVITED, None),
        (2, TrackState.ACCEPTED, None),
        (3, TrackState.WITHDREW, date(2025, 5, 21)),
        (4, TrackState.DECLINED, date(2025, 5, 22)),
        (5, TrackState.OTHER_PROCESS, date(2025, 5, 23)),
        (6, TrackState.MET, date(2025, 5, 24)),
    ],
)
def test_what_happened_last_says_where_the_track_stands(lines: int, state: TrackState, settled: date | None) -> None:
    found = restorative.track(case_at("S R2", "assigned", *TRACK[:lines]), DAY)

    assert (found.state, found.settled_on, len(found.events)) == (state, settled, lines)
    assert found.days_open == (settled or DAY).toordinal() - date(2025, 5, 14).toordinal()


def test_the_track_is_told_as_it_stood_on_the_day() -> None:
    case = case_at("S R2", "assigned", *TRACK)

    assert restorative.track(case, date(2025, 5, 20)).state is TrackState.ACCEPTED
    assert restorative.track(case_at("S R2", "became_final"), DAY).days_open is None


def test_in_the_first_regime_the_days_that_the_start_waited_for_the_victim_are_seen() -> None:
    found = restorative.track(iota(), date(2024, 6, 30))

    assert found.state is TrackState.WITHDREW
    assert found.days_before_start == 70  # 16 February to 26 April
    assert found.days_open == 71  # from receipt on 15 February
    assert [wait.days for wait in found.waits] == [70]


# --- from R1 on it never holds up the start ---------------------------------------------------------------------

REACHED = {
    ("S R2", "case_registered"): State.REGISTERED,
    ("S R2", "suspect_set"): State.INVESTIGATION,
    ("S R2", "coordination_requested"): State.ASSESSMENT,
    ("S R2", "investigation_closed"): State.AWAITING_DECISION,
    ("S R2", "indicted"): State.IN_COURT,
    ("S R2", "judgment_given"): State.JUDGED,
    ("S R2", "judgment_given", "2025-05-02 appealed"): State.APPEALED,
    ("S R2", "became_final"): State.FINAL,
    ("S R2", "dispatched"): State.DISPATCHED,
    ("S R2", "received"): State.RECEIVED,
    ("S R2", "assigned"): State.PREPARING,
    ("S R2 interim", "interim_conditions_started"): State.INTERIM_CONDITIONS,
    ("S R2", "assigned", "2025-05-16 postponed {reason: health}"): State.POSTPONED,
}
"""The way to every state before the start."""
BEFORE_START = tuple(State)[: tuple(State).index(State.EXECUTING)]
PLAN = (State.RECEIVED, State.PREPARING, State.INTERIM_CONDITIONS, State.POSTPONED)


def test_every_state_before_the_start_is_looked_at() -> None:
    assert set(REACHED.values()) == set(BEFORE_START)
    assert {State(state) for state in PLAN} == {s for s in BEFORE_START if _takes(s, E.VICTIM_INVITED)}
    assert not CLOSED & set(BEFORE_START)


def _takes(state: State, kind: EventType) -> bool:
    road = next(road for road, reached in REACHED.items() if reached is state)
    return decide(case_at(*road), step(kind.value, DAY, {})).allowed


@pytest.mark.parametrize("road", REACHED, ids=[str(state) for state in REACHED.values()])
def test_from_r1_on_nobody_waits_for_the_victim_before_the_start(road: tuple[str, ...]) -> None:
    case = case_at(*road)
    assert case.state is REACHED[road]

    wish = {"party": "victim", "reason": "restorative_meeting"}
    refused = decide(case, step("wait_started", DAY, wish))
    other = decide(case, step("wait_started", DAY, wish | {"party": "prosecution"}))

    assert {no.law for no in refused.unmet} == {"krl § 24 a"}
    assert len(refused.unmet) == 1
    assert other.allowed


@pytest.mark.parametrize("road", [road for road, state in REACHED.items() if state in PLAN], ids=lambda road: road[-1])
@pytest.mark.parametrize("told", range(1, len(TRACK) + 1))
def test_from_r1_on_no_clock_and_no_condition_reads_the_track(road: tuple[str, ...], told: int) -> None:
    case, beside = case_at(*road), case_at(*road, *TRACK[:told])

    assert may(beside) == may(case)
    assert deadlines.deadlines(beside, DAY) == deadlines.deadlines(case, DAY)
    assert waits.ledger(beside, DAY) == waits.ledger(case, DAY)
    assert waits.waiting_for(beside) is waits.waiting_for(case) is not Party.VICTIM
    assert lead_time.measures(beside) == lead_time.measures(case)
    assert restorative.track(beside, DAY).days_before_start == 0


@pytest.mark.parametrize("told", range(1, len(TRACK) + 1))
def test_the_plan_meeting_is_held_whatever_the_track_says(told: int) -> None:
    present = ["youth", "guardian", "correctional_service", "police"]
    case = case_at("S R2", "assigned", *TRACK[:told])

    assert decide(case, step("plan_meeting_held", DAY, {"present": present})).after is State.EXECUTING


def may(case: Case) -> list[tuple[str, object]]:
    """What may come next and what each still lacks, other than the events of the track."""
    found = options(case, Role.SYSTEM, step("note_added", DAY, {"note": "0b0f6a0e-7a4f-4f0e-8f43-5c1b4f3f7e21"}))
    return [(one.event, one.decision) for one in found if one.event not in LEADS_TO]


def test_every_event_about_the_victim_belongs_to_the_track() -> None:
    named = {kind for kind in EventType if "victim" in kind or "restorative" in kind}

    assert set(LEADS_TO) == named
