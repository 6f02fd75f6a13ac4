"""The rights of the youth, told over HTTP: consent, hearing, complaint; and what is said when one is missing."""

from datetime import date
from typing import Any

import httpx

from tests.service import Service
from tests.stories.places import OFFICE, brought

HEARD = {"about": ["interruption", "referral", "new_plan"], "how": "did_not_use"}
CONSENTS = {"consent_police": True, "consent_correctional_service": True}


class Office:
    """One case, and the people around it."""

    def __init__(self, service: Service, road: str, until: str, *more: str) -> None:
        self.service = service
        self.case, self.day = brought(service, road, until, *more)

    def records(
        self, day: str, kind: str, /, role: str = "coordinator", dry: bool = False, **said: Any
    ) -> httpx.Response:
        """Somebody records that, that day."""
        self.service.clock.turn_to(date.fromisoformat(day))
        client = self.service.as_(role, None if role == "secretariat" else OFFICE)
        etag = client.get(f"/v1/cases/{self.case}").headers["ETag"]
        path = f"/v1/cases/{self.case}/events" + ("?dry_run=true" if dry else "")
        return client.post(path, {"type": kind, "occurred_on": day, "details": said}, etag)

    def taken(self, day: str, kind: str, /, role: str = "coordinator", **said: Any) -> dict[str, Any]:
        """It is taken."""
        done = self.records(day, kind, role, **said)
        assert done.status_code == 201, done.text
        return dict(done.json())

    def refused(self, day: str, kind: str, /, role: str = "coordinator", **said: Any) -> list[dict[str, Any]]:
        """It is refused: everything that is unmet."""
        done = self.records(day, kind, role, **said)
        assert done.status_code == 409, done.text
        return list(done.json()["unmet"])

    def view(self, name: str = "", role: str = "coordinator", **asked: Any) -> dict[str, Any]:
        """The case, or a view of it."""
        client = self.service.as_(role, None if role == "secretariat" else OFFICE)
        found = client.get(f"/v1/cases/{self.case}{name}", **asked)
        assert found.status_code == 200, found.text
        return dict(found.json())


# --- complaints -------------------------------------------------------------------------------------------------


def test_an_interruption_that_falls_by_complaint_is_as_if_it_had_never_been(served: Service) -> None:
    """One year from 3 June 2025. Interrupted on 20 October, complained on the 24th, upheld on 20 November."""
    office = Office(served, "S R2", "youth_heard")
    office.taken("2025-10-20", "interrupted", reason="new_breach_after_talk")
    office.taken("2025-10-24", "complaint_filed", about="interruption")
    before = office.view()
    said = {"about": "interruption", "outcome": "upheld"}

    tried = office.records("2025-11-20", "complaint_decided", "secretariat", dry=True, **said)
    done = office.records("2025-11-20", "complaint_decided", "secretariat", **said)

    assert (tried.status_code, done.status_code) == (200, 201)
    assert tried.json()["followed_by"] == done.json()["followed_by"]
    [followed] = done.json()["followed_by"]
    assert (followed["type"], followed["label"]) == ("resumed", "Gjennomføring satt i gang igjen")
    assert done.json()["undoing"]["outcome"] == "undone"
    assert done.headers["ETag"] == f'"{followed["seq"]}"'
    after = office.view()
    assert (before["state"], after["state"]) == ("interrupted", "executing")
    assert (after["version"], after["adjusted_end"], after["interrupted_days"]) == (followed["seq"], "2026-06-03", 0)
    shown = office.view("/complaints")["items"][0]
    assert (shown["outcome"], shown["late"], shown["undone_by"]) == ("upheld", False, followed["seq"])
    *_, last = office.view("/events")["items"]
    assert (last["type"], last["actor"], last["official_status"][0]["part"]) == (
        "resumed", "secretariat", "oppstartEtterStans",
    )  # fmt: skip


def test_conditions_after_a_breach_fall_and_a_late_complaint_takes_a_reason(one: Service) -> None:
    """Conditions set on Wednesday 10 September 2025: until and with Wednesday 1 October."""
    office = Office(one, "S R2", "breach_talk_held")
    assert [
        (d["about"], d["last_day"], d["open"]) for d in office.view("/complaints", valid_at="2025-10-01")["decisions"]
    ] == [("breach_conditions", "2025-10-01", True)]
    office.taken("2025-10-06", "complaint_filed", about="breach_conditions")

    [no] = office.refused("2025-10-20", "complaint_decided", "secretariat", about="breach_conditions", outcome="upheld")
    assert no["code"] == "late_complaint_is_dismissed_or_reinstated"
    assert (no["current"], no["needed"]) == ("2025-10-06", "2025-10-01")

    done = office.taken(
        "2025-10-20", "complaint_decided", "secretariat", about="breach_conditions", outcome="upheld",
        reinstated="not_to_blame",
    )  # fmt: skip
    assert [one["type"] for one in done["followed_by"]] == ["breach_conditions_lifted"]
    assert office.view()["state"] == "executing"


def test_what_is_over_already_is_not_undone_and_the_answer_says_so(one: Service) -> None:
    office = Office(one, "S R2", "youth_heard")
    office.taken("2025-10-20", "interrupted", reason="new_breach_after_talk")
    office.taken("2025-10-24", "complaint_filed", about="interruption")
    office.taken("2025-11-10", "resumed", reason="cause_gone")

    done = office.taken("2025-11-20", "complaint_decided", "secretariat", about="interruption", outcome="upheld")

    assert done["followed_by"] == []
    assert done["undoing"]["outcome"] == "nothing_left"
    assert done["undoing"]["message"].startswith("Virkningen av avgjørelsen var alt over.")


def test_a_plan_that_falls_takes_a_new_plan_meeting(one: Service) -> None:
    office = Office(one, "S R2", "plan_meeting_held", "2025-06-04 plan_approved")
    office.taken("2025-06-10", "complaint_filed", about="plan")
    [no] = office.refused("2025-06-30", "complaint_decided", "leader", about="plan", outcome="upheld")
    assert no["code"] == "decided_by_the_right_authority"

    done = office.taken("2025-06-30", "complaint_decided", "secretariat", about="plan", outcome="upheld")

    assert (done["followed_by"], done["undoing"]["outcome"]) == ([], "by_hand")
    assert office.view("/complaints")["items"][0]["advice"].startswith("Kontoret må følge opp")
    office.taken("2025-07-07", "replan_meeting_held", present=["youth", "guardian"], after_complaint=True)
    assert office.view("/complaints")["items"][0]["advice"] is None


def test_a_transfer_that_falls_ends_the_follow_up(one: Service) -> None:
    """The superior prosecutor decides, and the case is closed with the same decision."""
    office = Office(one, "F R2", "assigned")
    office.taken("2025-03-03", "complaint_filed", about="transfer_to_follow_up")

    done = office.taken("2025-03-20", "complaint_decided", about="transfer_to_follow_up", outcome="upheld")

    assert [one["type"] for one in done["followed_by"]] == ["decision_set_aside"]
    assert office.view()["state"] == "other_decision"


# --- hearing ----------------------------------------------------------------------------------------------------


def test_a_youth_who_was_not_heard_is_not_interrupted_and_the_answer_says_what_to_do(one: Service) -> None:
    """The talk of 10 September is missed. That is no hearing; an opportunity that was not used is one."""
    office = Office(one, "S R2", "breach_talk_ordered", "2025-09-10 breach_talk_missed")

    [no] = office.refused("2025-09-12", "interrupted", reason="missed_talk")

    assert (no["code"], no["current"], no["needed"]) == ("youth_was_heard", "2025-09-10", "interruption")
    assert no["message"] == (
        "Ungdommen er ikke hørt om dette: avbruddet. Det som ligger til grunn, er datert 10. september 2025. La "
        "ungdommen uttale seg, og registrer «Ungdommen hørt» etter den dagen, også når anledningen ikke ble brukt."
    )
    heard = {one["about"]: one["heard_on"] for one in office.view("/breaches")["heard"]}
    assert heard == {"interruption": None, "new_plan": None, "referral": None}
    office.taken("2025-09-12", "youth_heard", **HEARD)
    office.taken("2025-09-12", "interrupted", reason="missed_talk")
    assert {one["how"] for one in office.view("/breaches")["heard"]} == {"did_not_use"}


def test_the_chain_of_a_breach_is_told_with_its_days(one: Service) -> None:
    office = Office(one, "S R2", "electronic_control_ordered")

    shown = office.view("/breaches")

    first, second = shown["items"]
    assert [step["type"] for step in first["steps"]] == ["breach_recorded", "breach_talk_ordered", "breach_talk_held"]
    assert [(step["type"], step["days"]) for step in second["steps"]][1:] == [
        ("youth_heard", 1), ("referred_for_breach", 6), ("petition_sent", 12), ("electronic_control_ordered", 14),
    ]  # fmt: skip
    assert shown["control_periods"][0]["longest"] == "2026-05-03"
    assert (shown["window"]["last"], shown["window"]["control_last"]) == ("2026-09-03", "2026-06-03")


# --- consent ----------------------------------------------------------------------------------------------------


def test_a_consent_that_has_run_out_stops_the_transfer_and_says_whose(one: Service) -> None:
    office = Office(
        one, "F R2", "investigation_closed", "2025-02-10 consent_given {by: youth, until: 2025-02-11}",
        "2025-02-10 consent_given {by: guardian, guardian: g1, explained_by: anna, explained_on: 2025-02-09}",
    )  # fmt: skip
    transfer = {"length": {"days": 120}, "guilt_proven": True}

    [no] = office.refused("2025-02-12", "transferred_to_follow_up", "prosecution", **transfer)

    assert (no["code"], no["current"]) == ("youth_consent_has_not_run_out", ["youth"])
    [unmet] = office.view("/consents")["unmet"]
    assert (unmet["by"], unmet["why"], unmet["since"]) == ("youth", "expired", "2025-02-11")
    assert unmet["advice"].startswith("Innhent et nytt samtykke og registrer det.")
    guardian = office.view("/consents")["sanction"][1]
    assert [one["code"] for one in guardian["informed"]["missing"]] == ["form_version", "language"]
    office.taken("2025-02-12", "consent_given", by="youth")
    office.taken("2025-02-12", "transferred_to_follow_up", "prosecution", **transfer)


def test_a_consent_that_runs_out_while_the_follow_up_runs_is_renewed_or_withdrawn(one: Service) -> None:
    office = Office(
        one, "F R2", "investigation_closed", "2025-02-11 consent_given {by: youth, until: 2025-03-31}",
        "2025-02-11 consent_given {by: guardian}",
        "2025-02-12 transferred_to_follow_up {length: {days: 120}, guilt_proven: true}", "2025-02-17 received",
        "2025-02-18 assigned {coordinator: anna}", "2025-03-03 plan_meeting_held {present: [youth, guardian]}",
    )  # fmt: skip
    assert office.view("/consents", valid_at="2025-03-31")["unmet"] == []
    one.clock.turn_to(date(2025, 4, 1))
    assert [no["why"] for no in office.view("/consents")["unmet"]] == ["expired"]

    office.taken("2025-04-02", "consent_given", by="youth", until="2025-07-01")
    assert office.view("/consents")["unmet"] == []

    office.taken("2025-05-02", "consent_withdrawn", by="guardian")
    found = office.view("/consents")
    assert [(one["by"], one["status"], one["ended_on"]) for one in found["sanction"]] == [
        ("youth", "valid", None), ("guardian", "withdrawn", "2025-05-02"),
    ]  # fmt: skip
    assert office.view()["state"] == "consent_withdrawn"


def test_at_18_the_guardians_part_is_handed_over(one: Service) -> None:
    """The youth is 18 on 12 March 2026."""
    office = Office(one, "F R2", "plan_meeting_held")
    one.clock.turn_to(date(2026, 3, 11))
    eve = office.view("/consents")
    one.clock.turn_to(date(2026, 3, 12))
    day = office.view("/consents")

    assert [one["status"] for one in eve["sanction"]] == ["valid", "valid"]
    assert [one["status"] for one in day["sanction"]] == ["valid", "ended_at_18"]
    assert (eve["hand_over"]["passed"], day["hand_over"]["passed"]) == (False, True)
    assert day["hand_over"]["advice"].startswith("Ungdommen er 18 år og bestemmer alene.")
    assert day["unmet"] == []


def test_views_are_told_as_they_were_known(one: Service) -> None:
    office = Office(one, "F R2", "plan_meeting_held")
    office.taken("2025-04-01", "breach_recorded", kind="plan")

    assert len(office.view("/breaches")["items"]) == 1
    assert office.view("/breaches", known_at="2025-03-20")["items"] == []
    assert office.view("/breaches", valid_at="2025-03-20")["items"] == []


# --- what the team is told ----------------------------------------------------------------------------------------


def test_a_teacher_is_shown_of_the_case_what_law_and_consent_let_them_learn(one: Service) -> None:
    """Without consent: where it stands and the meetings. With the youth's and the guardian's: which sanction it is."""
    office = Office(one, "F R2", "plan_meeting_held", "2025-03-04 team_member_joined {member: m1, agency: school}",
                    "2025-03-17 breach_recorded {kind: plan}",
                    "2025-03-18 drug_test_held {result: positive}")  # fmt: skip
    teacher = one.as_("team_member", OFFICE, "m1")
    path = f"/v1/cases/{office.case}"

    shown = teacher.get(path).json()
    listed = teacher.get("/v1/cases").json()["items"][0]
    events = {item["type"] for item in teacher.get(f"{path}/events").json()["items"]}

    assert (shown["state"], shown["sanction"], shown["breaches"], shown["last_offence"]) == ("executing", *[None] * 3)
    assert (shown["start"], shown["adjusted_end"]) == (None, None)
    assert (listed["state"], listed["sanction"], listed["received_on"]) == ("executing", None, None)
    assert events == {"plan_meeting_held", "team_member_joined"}
    assert {item["code"] for item in teacher.get(f"{path}/deadlines").json()["items"]} <= {
        "plan_meeting",
        "team_meeting",
    }
    assert [teacher.get(f"{path}/{view}").status_code for view in ("lead-time", "delay", "forecast")] == [404] * 3
    assert [teacher.get(f"{path}/{view}").status_code for view in ("consents", "breaches", "complaints")] == [403] * 3

    shares = {"scope": ["progress"], "recipients": ["school"], "purpose": "schooling"}
    office.taken("2025-03-20", "sharing_consent_given", by="youth", **shares)
    assert teacher.get(path).json()["sanction"] is None  # the guardian has not consented
    office.taken("2025-03-20", "sharing_consent_given", by="guardian", **shares)
    told = teacher.get(path).json()
    assert (told["sanction"], told["breaches"], told["adjusted_end"]) == ("youth_follow_up", 1, None)
    office.taken("2025-03-21", "sharing_consent_withdrawn", by="youth")
    assert teacher.get(path).json()["sanction"] is None


def test_the_police_on_the_team_of_a_youth_sanction_learn_by_law(one: Service) -> None:
    office = Office(one, "S R2", "breach_talk_held", "2025-09-11 team_member_joined {member: p1, agency: police}")
    police = one.as_("team_member", OFFICE, "p1")

    shown = police.get(f"/v1/cases/{office.case}").json()

    assert (shown["sanction"], shown["breaches"]) == ("youth_sanction", 1)
    assert police.get(f"/v1/cases/{office.case}/lead-time").status_code == 200
    events = {item["type"] for item in police.get(f"/v1/cases/{office.case}/events").json()["items"]}
    assert "breach_recorded" in events
