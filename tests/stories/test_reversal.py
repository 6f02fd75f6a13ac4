"""What is taken back, told over HTTP: closed in error, a judgment overturned, an old event corrected during a breach.

The rows of `docs/reversal.md`, each shown.
"""

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.service import Service
from tests.stories.places import OFFICE, brought
from tests.stories.test_endings import Story
from ungdom.alerts.sweep import sweep
from ungdom.store import alerts
from ungdom.workflow.table import MOVES
from ungdom.workflow.vocabulary import EventType, Sanction
from ungdom.worklist import checks

TEXT = (Path(__file__).parents[2] / "docs" / "reversal.md").read_text(encoding="utf-8")
SAME = ("start", "planned_end", "coordinator", "team", "breaches", "received_on", "length")


def night(service: Service, case: str, day: str) -> set[str]:
    """The alerts on the case after the round of that night."""
    service.clock.turn_to(date.fromisoformat(day))
    sweep(service.db, date.fromisoformat(day), service.clock)
    return live(service, case)


def live(service: Service, case: str) -> set[str]:
    with service.db.reading() as tx:
        return {alert.code for alert in alerts.live(tx, [UUID(case)])}


def running(story: Story) -> set[str]:
    items = story.coordinator.get(f"/v1/cases/{story.id}/deadlines").json()["items"]
    return {item["code"] for item in items if item["status"] in ("running", "overdue")}


def reopened(story: Story, approved: str, on: str) -> Story:
    return story.on(approved, "reopening_approved").on(on, "reopened", reason="closed_in_error")


# --- closed in error --------------------------------------------------------------------------------------------


def test_a_term_that_ran_runs_on_as_if_nothing_had_been_closed(one: Service) -> None:
    story = Story(one, "S R2", "plan_meeting_held")
    before = story.shown("2025-09-01")

    closed = story.on("2025-09-01", "lapsed", reason="limitation").shown("2025-09-20")
    after = reopened(story, "2025-09-22", "2025-09-25").shown("2025-09-25")

    assert (closed["served_days"], closed["closed_on"], closed["next_deadline"]) == (90, "2025-09-01", None)
    assert (after["state"], after["closed_on"], after["served_days"]) == ("executing", None, 114)
    assert [after[name] for name in (*SAME, "adjusted_end")] == [before[name] for name in (*SAME, "adjusted_end")]


def test_a_term_that_stood_still_stood_still_all_along(one: Service) -> None:
    story = Story(one, "S R2", "plan_meeting_held").on(
        "2025-06-30", "youth_heard", about=["interruption"], how="spoken"
    )
    story.on("2025-07-01", "interrupted", reason="health")

    story.on("2025-07-11", "lapsed", reason="limitation")
    reopened(story, "2025-07-15", "2025-07-21").on("2025-07-31", "resumed", reason="cause_gone")

    shown = story.shown("2025-08-10")
    assert (shown["interrupted_days"], shown["adjusted_end"]) == (30, "2026-07-03")
    assert shown["served_days"] == 38  # 28 before, 10 since


def test_the_days_it_lay_closed_are_the_offices_own_and_add_up(one: Service) -> None:
    story = Story(one, "S R2", "plan_meeting_held").on("2025-09-01", "lapsed", reason="limitation")
    reopened(story, "2025-09-22", "2025-09-25")

    time = story.coordinator.get(f"/v1/cases/{story.id}/lead-time").json()
    [lain] = [one for one in time["waits"] if one["state"] == "lapsed"]

    assert (time["stage_days"]["lapsed"], lain["party"], lain["days"]) == (24, "konfliktrad", 24)
    assert sum(time["stage_days"].values()) == sum(time["wait_days"].values()) == time["total_days"]


def test_alerts_end_with_the_closing_and_are_raised_again_the_night_after_the_reopening(one: Service) -> None:
    story = Story(one, "S R2", "plan_meeting_held")
    assert "team_meeting" in night(one, story.id, "2025-07-16")

    story.on("2025-07-17", "lapsed", reason="limitation")
    assert (night(one, story.id, "2025-07-18"), running(story)) == (set(), set())

    reopened(story, "2025-07-21", "2025-07-22")
    assert live(one, story.id) == set()
    assert "team_meeting" in night(one, story.id, "2025-07-23")
    assert "team_meeting" in running(story)


def test_a_wait_and_a_complaint_that_were_open_are_open_again(one: Service) -> None:
    story = Story(one, "S R2", "plan_meeting_held").on("2025-06-05", "plan_approved")
    story.on("2025-06-10", "complaint_filed", about="plan")
    story.on("2025-06-11", "wait_started", party="measure_provider", reason="measure")
    story.on("2025-06-20", "lapsed", reason="limitation")
    assert story.shown()["waiting_for"] is None

    [wait] = [ended["seq"] for ended in story.shown()["ended_by_closing"]]
    story.on("2025-06-23", "reopening_approved", goes_on=[wait]).on("2025-06-24", "reopened", goes_on=[wait])

    assert story.shown()["waiting_for"] == "measure_provider"
    assert "complaint_decided" in story.offered("secretariat")
    story.on("2025-06-25", "wait_ended", party="measure_provider")


def test_a_term_that_ended_meanwhile_can_be_completed_at_once(one: Service) -> None:
    story = Story(one, "F R2", "plan_meeting_held").on("2025-06-20", "consent_withdrawn", by="youth")

    reopened(story, "2025-07-08", "2025-07-10").on("2025-07-10", "completed")

    assert (story.shown()["state"], story.shown()["closed_on"]) == ("completed", "2025-07-10")


def test_a_breach_case_that_was_open_is_open_again(one: Service) -> None:
    story = Story(one, "S R2", "referred_for_breach").on("2025-10-13", "lapsed", reason="limitation")
    assert running(story) == set()

    reopened(story, "2025-10-14", "2025-10-15")

    assert story.shown()["state"] == "referred"
    assert {"petition", "ec_petition"} <= running(story)
    assert (
        story.on("2025-10-20", "petition_sent", **{"for": "electronic_control"}).shown()["state"] == "breach_in_court"
    )


# --- the decision set aside -------------------------------------------------------------------------------------

HEALTH = "{reason: health}"
TALKED = "2025-03-25 breach_talk_held {consequences_explained: true, conditions: [reporting]}"
OVERTURNED: dict[str, dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "judgment_overturned": {
        "final": ("S R2", "became_final", ()),
        "dispatched": ("S R2", "dispatched", ()),
        "received": ("S R2", "received", ()),
        "preparing": ("S R2", "assigned", ()),
        "interim_conditions": ("S R2 interim", "assigned", ()),
        "postponed": ("S R2", "assigned", (f"2025-05-20 postponed {HEALTH}",)),
        "referred": ("S R2", "referred_for_breach", ()),
        "breach_in_court": ("S R2", "petition_sent", ()),
        "term_expired": ("S R2", "referred_for_breach", ("2026-06-03 term_expired",)),
        "executing": ("S R2", "plan_meeting_held", ()),
        "electronic_control": ("S R2", "electronic_control_ordered", ()),
        "breach_talk": ("S R2", "breach_talk_ordered", ()),
        "tightened": ("S R2", "breach_talk_held", ()),
        "interrupted": (
            "S R2",
            "plan_meeting_held",
            (
                "2025-07-01 youth_heard {about: [interruption], how: spoken}",
                f"2025-07-01 interrupted {HEALTH}",
            ),
        ),
    },
    "complaint_upheld": {
        "final": ("F R2", "transferred_to_follow_up", ()),
        "dispatched": ("F R2", "dispatched", ()),
        "received": ("F R2", "received", ()),
        "preparing": ("F R2", "assigned", ()),
        "postponed": ("F R2", "assigned", (f"2025-02-20 postponed {HEALTH}",)),
        "executing": ("F R2", "plan_meeting_held", ()),
        "breach_talk": ("F R2", "breach_talk_ordered", ()),
        "tightened": ("F R2", "breach_talk_ordered", (TALKED,)),
        "resumption_review": ("F R2", "referred_for_resumption", ()),
        "term_expired": ("F R2", "referred_for_resumption", ("2025-07-01 term_expired",)),
        "interrupted": (
            "F R2",
            "plan_meeting_held",
            (
                "2025-03-17 youth_heard {about: [interruption], how: spoken}",
                f"2025-03-17 interrupted {HEALTH}",
            ),
        ),
    },
}


@pytest.mark.parametrize("reason", OVERTURNED)
def test_in_every_state_what_had_run_is_kept_and_nothing_runs_on(
    one: Service, reason: str, figure: Callable[[str], None]
) -> None:
    leader = one.as_("leader", OFFICE)
    assert OVERTURNED[reason]
    for state, (road, until, more) in OVERTURNED[reason].items():
        case, last = brought(one, road, until, *more)
        day = last + timedelta(days=10)
        one.clock.turn_to(day)
        before = leader.get(f"/v1/cases/{case}").json()
        assert before["state"] == state

        assert leader.record(case, "decision_set_aside", day, {"reason": reason}).status_code == 201
        one.clock.turn_to(day + timedelta(days=60))
        after = leader.get(f"/v1/cases/{case}").json()

        assert (after["state"], after["closed_on"], after["waiting_for"]) == ("other_decision", str(day), None), state
        kept = (*SAME, "adjusted_end", "served_days", "interrupted_days")
        assert [after[name] for name in kept] == [before[name] for name in kept], state
        items = leader.get(f"/v1/cases/{case}/deadlines").json()["items"]
        assert [item for item in items if item["status"] in ("running", "overdue")] == [], state
        assert night(one, case, str(day + timedelta(days=61))) == set(), state
        refused = leader.record(case, "petition_sent", day, {"for": "serve_prison"})
        assert refused.status_code == 409, state
    figure(f"set aside, {reason}: in {len(OVERTURNED[reason])} states, what had run kept and nothing left running")


def test_the_states_are_those_of_the_table() -> None:
    rows = [row for row in MOVES if row.event is EventType.DECISION_SET_ASIDE]
    states = {str(state) for row in rows if Sanction.YOUTH_SANCTION in row.sanctions for state in row.sources}
    of_a_sanction = {"interim_conditions", "electronic_control", "referred", "breach_in_court"}

    assert states == set(OVERTURNED["judgment_overturned"]) | set(OVERTURNED["complaint_upheld"])
    assert states - set(OVERTURNED["judgment_overturned"]) == {"resumption_review"}
    assert states - set(OVERTURNED["complaint_upheld"]) == of_a_sanction


def test_what_was_open_when_it_fell_is_settled_afterwards(one: Service) -> None:
    story = Story(one, "S R2", "breach_talk_held").on("2025-09-11", "plan_approved")
    story.on("2025-09-12", "complaint_filed", about="plan")
    story.on("2025-09-15", "measure_started", measure="t1", code="abstinence_testing")
    story.on("2025-09-20", "decision_set_aside", reason="judgment_overturned")
    one.clock.turn_to(date(2025, 9, 25))
    with one.db.reading() as tx:
        tonight = checks.CheckDay(date(2025, 9, 25), one.clock())
        assert list(checks.measure_without_outcome(tx, tonight, "measure_without_outcome")) == []

    [ended] = story.shown()["ended_by_closing"]
    [event] = [event for event in story.events() if event["seq"] == ended["seq"]]
    assert (event["type"], event["details"]) == ("measure_ended", {"measure": "t1", "reason": "case_closed"})
    dismissed = {"about": "plan", "outcome": "dismissed"}
    assert one.as_("secretariat").record(story.id, "complaint_decided", "2025-09-25", dismissed).status_code == 201
    assert story.shown()["breaches"] == 1


@pytest.mark.parametrize(
    ("road", "until", "reason"),
    [
        ("S R2", "referred_for_breach", "judgment_overturned"),
        ("S R2", "petition_sent", "judgment_overturned"),
        ("F R2", "referred_for_resumption", "complaint_upheld"),
    ],
)
def test_a_breach_case_before_another_authority_ends_with_the_decision(
    one: Service, road: str, until: str, reason: str
) -> None:
    case, last = brought(one, road, until)
    day = last + timedelta(days=1)
    one.clock.turn_to(day)
    leader = one.as_("leader", OFFICE)

    assert leader.record(case, "decision_set_aside", day, {"reason": reason}).status_code == 201
    assert leader.get(f"/v1/cases/{case}").json()["state"] == "other_decision"


# --- a correction while a breach is open ------------------------------------------------------------------------


class Correcting:
    """A case with an open breach, whose past is corrected."""

    def __init__(self, service: Service, until: str, day: str, road: str = "S R2", *more: str) -> None:
        self.case, _ = brought(service, road, until, *more)
        service.clock.turn_to(date.fromisoformat(day))
        self.leader = service.as_("leader", OFFICE)

    def seq(self, kind: str, nth: int = 0) -> int:
        items = self.leader.get(f"/v1/cases/{self.case}/events").json()["items"]
        return [int(item["seq"]) for item in items if item["type"] == kind][nth]

    def corrected(self, seq: int, on: str | None = None) -> Any:
        """The answer to a correction of that event to another day; without one it is annulled."""
        etag = self.leader.get(f"/v1/cases/{self.case}").headers["ETag"]
        wish = {"replacement": {"occurred_on": on}, "reason": "wrong_date"} if on else {"replacement": None}
        body = {"seq": seq, "reason": "never_happened"} | wish
        return self.leader.post(f"/v1/cases/{self.case}/corrections", body, etag)

    def due(self) -> dict[str, str]:
        items = self.leader.get(f"/v1/cases/{self.case}/deadlines").json()["items"]
        return {item["code"]: item["due"] for item in items if item["status"] in ("running", "overdue")}

    def shown(self) -> dict[str, Any]:
        return dict(self.leader.get(f"/v1/cases/{self.case}").json())


def test_a_start_that_is_corrected_moves_the_end_and_the_window_of_the_open_breach(one: Service) -> None:
    told = Correcting(one, "referred_for_breach", "2025-10-10")
    assert (told.due()["petition"], told.due()["ec_petition"]) == ("2026-09-03", "2026-06-03")

    assert told.corrected(told.seq("plan_meeting_held"), "2025-06-10").status_code == 201

    assert (told.shown()["state"], told.shown()["adjusted_end"]) == ("referred", "2026-06-10")
    assert (told.due()["petition"], told.due()["ec_petition"]) == ("2026-09-10", "2026-06-10")


def test_an_interruption_that_is_corrected_moves_them_too(one: Service) -> None:
    health = (
        "2025-09-12 youth_heard {about: [interruption], how: spoken}",
        f"2025-09-12 interrupted {HEALTH}",
        "2025-09-22 resumed {reason: cause_gone}",
    )
    again = ("2025-10-01 breach_recorded {kind: plan}", "2025-10-02 youth_heard {about: [referral], how: spoken}",
             "2025-10-08 referred_for_breach {to: correctional_service, "
             "recommendation: serve_prison, consent_police: true, consent_correctional_service: true}")  # fmt: skip
    told = Correcting(one, "breach_talk_held", "2025-10-10", "S R2", *health, *again)
    assert (told.shown()["adjusted_end"], told.due()["petition"]) == ("2026-06-13", "2026-09-14")  # the 13th: a Sunday

    assert told.corrected(told.seq("interrupted"), "2025-09-18").status_code == 201

    assert (told.shown()["adjusted_end"], told.due()["petition"]) == ("2026-06-07", "2026-09-07")


def test_a_breach_that_the_chain_rests_on_cannot_be_taken_out_and_the_latest_goes_first(one: Service) -> None:
    told = Correcting(one, "referred_for_breach", "2025-10-10")
    breach, referral = told.seq("breach_recorded", 1), told.seq("referred_for_breach")

    refused = told.corrected(breach)
    assert (refused.status_code, refused.json()["code"]) == (409, "correction_refused")
    assert (refused.json()["seq"], refused.json()["event"]) == (referral, "referred_for_breach")
    assert [no["code"] for no in refused.json()["unmet"]] == ["new_breach_after_a_talk"]
    assert told.shown()["state"] == "referred"

    assert told.corrected(referral).status_code == 201
    assert told.corrected(breach).status_code == 201
    assert (told.shown()["state"], told.shown()["breaches"]) == ("tightened", 1)
    assert "petition" not in told.due()


def test_a_refusal_names_every_event_that_would_not_be_allowed_with_its_reasons(one: Service) -> None:
    told = Correcting(one, "referred_for_breach", "2025-10-10")

    refused = told.corrected(told.seq("plan_meeting_held"), "2025-09-15").json()

    named = [(refused["event"], refused["unmet"]), *((x["event"], x["unmet"]) for x in refused["also"])]
    assert [event for event, _ in named] == ["breach_recorded", "breach_talk_ordered"]
    assert all(no["message"] and no["law"] for _, unmet in named for no in unmet)
    assert [no["code"] for no in named[1][1]] == ["follows_the_last_move"]


def test_alerts_on_a_window_that_moves_end_and_are_raised_on_the_new_day(one: Service) -> None:
    told = Correcting(one, "referred_for_breach", "2025-10-10")
    assert "ec_petition" in night(one, told.case, "2026-05-05")

    assert told.corrected(told.seq("plan_meeting_held"), "2025-06-24").status_code == 201

    assert "ec_petition" not in live(one, told.case)
    assert "ec_petition" not in night(one, told.case, "2026-05-06")
    assert "ec_petition" in night(one, told.case, "2026-05-26")


# --- the page ---------------------------------------------------------------------------------------------------


def test_every_row_of_the_page_names_a_test_that_shows_it() -> None:
    named = set(re.findall(r"`(test_\w+)`", TEXT))
    here = {name for name in globals() if name.startswith("test_")}
    others = (
        Path(__file__).parents[1] / "exchange" / "test_told_anew.py",
        Path(__file__).parent / "test_second_version.py",
    )
    elsewhere = "".join(path.read_text(encoding="utf-8") for path in others)

    assert {name for name in named - here if f"def {name}(" not in elsewhere} == set()
    assert here - named == {
        "test_every_row_of_the_page_names_a_test_that_shows_it",
        "test_the_states_are_those_of_the_table",
    }
