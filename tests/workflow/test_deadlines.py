"""Every clock as a spec: a history, the day it is asked on, and how the clock must stand. Dates counted by hand."""

import csv
from datetime import date, timedelta
from typing import NamedTuple

import pytest

from tests.data import WORKFLOW
from tests.workflow.build import step
from tests.workflow.roads import case_at, read
from ungdom.workflow import engine
from ungdom.workflow.calendar import Length
from ungdom.workflow.case import Case, Youth
from ungdom.workflow.guards.core import ProposedEvent
from ungdom.workflow.guards.decision import appeal_deadline
from ungdom.workflow.rules.deadlines import (
    RULES,
    Deadline,
    DeadlineRule,
    DeadlineStatus,
    deadlines,
    next_due,
)
from ungdom.workflow.vocabulary import Regime, Sanction

BESIDE = ("complaint_decision", "transfer_accept")
"""Clocks beside the published ones: the other decisions of krl § 22 e (docs/decisions/0022-complaints-undo.md), and the
office norm for the answer to a transfer."""


class Spec(NamedTuple):
    """`road` and `until`: where the history stands, then `more`. `unmoved` None: the day due was not moved."""

    code: str
    road: str
    until: str
    more: tuple[str, ...]
    asked: str
    status: str
    due: str
    late: int | None
    notice: str
    unmoved: str | None = None


HEALTH = (
    "2025-07-01 youth_heard {about: [interruption], how: spoken}",
    "2025-07-01 interrupted {reason: health}",
    "2025-07-11 resumed {reason: cause_gone}",
)
PUM = ("2025-01-24 pum_ordered {wished_by: 2025-02-21}",)
PUM_BACK = ("2025-01-24 pum_ordered", "2025-02-10 pum_returned {carried_out: true}")
APPEAL = ("2025-05-02 appealed", "2025-05-22 appeal_referred")
UPHELD = "{outcome: upheld, served_on: 2025-06-27}"
DEAD = "lapsed {reason: death}"
MOVING = ("2025-05-20 transfer_decided {to: vest, parties_heard: true, prosecution_told_on: 2025-05-20}",)
REFER = "referred_for_breach {to: prosecution, recommendation: serve_prison, consent_police: true, \
consent_correctional_service: true}"
HEARD = "youth_heard {about: [referral], how: spoken}"
WINDOW = "window_closed {outcome: breach_closed}"
OVER = "electronic_control_ended {reason: period_over}"
TRANSFER = "transferred_to_follow_up {length: {days: 120}, guilt_proven: true}"
INDICTED = "indicted {court_received_on: 2025-03-10}"
YOUTH_AND_POLICE = "{present: [youth, guardian, correctional_service, police]}"

# A table is read across: code, road, until, more, asked on; status, due, days late, nobody told before, unmoved.
# fmt: off
SPECS: tuple[Spec, ...] = (
    Spec("charge_decision", "S R2", "suspect_set", (), "2025-03-03", "running", "2025-03-03", 0, "2025-02-17"),
    Spec("charge_decision", "S R2", "suspect_set", (), "2025-03-04", "overdue", "2025-03-03", 1, "2025-02-17"),
    Spec("charge_decision", "S R2", "indicted", (), "2025-06-01", "met", "2025-03-03", 0, "2025-02-17"),
    Spec("charge_decision", "S R2", "suspect_set", (f"2025-03-10 {INDICTED}",), "2025-06-01",
         "late", "2025-03-03", 7, "2025-02-17"),
    Spec("charge_decision", "S R2", "suspect_set", ("2025-02-03 other_outcome {outcome: dropped}",), "2025-06-01",
         "met", "2025-03-03", 0, "2025-02-17"),
    Spec("charge_decision", "S R2", "suspect_set", (f"2025-02-03 {DEAD}",), "2025-06-01",
         "ended", "2025-03-03", None, "2025-02-17"),
    Spec("charge_decision", "S R0", "suspect_set", (), "2022-10-27", "overdue", "2022-10-26", 1, "2022-10-12"),
    Spec("charge_decision", "F R2", "transferred_to_follow_up", (), "2025-06-01",
         "met", "2025-03-03", 0, "2025-02-17"),
    Spec("charge_decision", "F R1", "suspect_set", (), "2024-09-01", "running", "2024-09-18", 0, "2024-09-04"),

    Spec("pum_wished", "S R2", "suspect_set", PUM, "2025-02-21", "running", "2025-02-21", 0, "2025-02-14"),
    Spec("pum_wished", "S R2", "suspect_set", PUM, "2025-02-22", "overdue", "2025-02-21", 1, "2025-02-14"),
    Spec("pum_wished", "S R2", "suspect_set", (*PUM, "2025-02-20 pum_returned {carried_out: true}"), "2025-03-01",
         "met", "2025-02-21", 0, "2025-02-14"),
    Spec("pum_wished", "S R2", "suspect_set", (*PUM, "2025-02-28 pum_returned {carried_out: false}"), "2025-03-01",
         "late", "2025-02-21", 7, "2025-02-14"),
    Spec("pum_wished", "F R2", "suspect_set", (*PUM, "2025-02-03 coordination_requested",
         "2025-02-11 consent_given {by: youth}", "2025-02-11 consent_given {by: guardian}", f"2025-02-12 {TRANSFER}"),
         "2025-03-01", "not_recorded", "2025-02-21", None, "2025-02-14"),
    Spec("pum_wished", "S R2", "suspect_set", (*PUM, f"2025-02-03 {DEAD}"), "2025-03-01",
         "ended", "2025-02-21", None, "2025-02-14"),

    Spec("hearing_scheduled", "S R2", "indicted", (), "2025-03-18", "running", "2025-03-18", 0, "2025-03-15"),
    Spec("hearing_scheduled", "S R2", "indicted", (), "2025-03-20", "overdue", "2025-03-18", 2, "2025-03-15"),
    Spec("hearing_scheduled", "S R2", "indicted", ("2025-03-18 hearing_scheduled",), "2025-06-01",
         "met", "2025-03-18", 0, "2025-03-15"),
    Spec("hearing_scheduled", "S R2", "indicted", ("2025-03-19 hearing_scheduled",), "2025-06-01",
         "late", "2025-03-18", 1, "2025-03-15"),
    Spec("hearing_scheduled", "S R2", "judgment_given", (), "2025-06-01",
         "not_recorded", "2025-03-18", None, "2025-03-15"),
    Spec("hearing_scheduled", "S R2", "indicted", (f"2025-03-10 {DEAD}",), "2025-06-01",
         "ended", "2025-03-18", None, "2025-03-15"),

    Spec("hearing_started", "S R2", "indicted", (), "2025-04-16", "overdue", "2025-04-15", 1, "2025-04-08"),
    Spec("hearing_started", "S R2", "indicted", ("2025-04-15 hearing_started",), "2025-06-01",
         "met", "2025-04-15", 0, "2025-04-08"),
    Spec("hearing_started", "S R2", "indicted", ("2025-04-22 hearing_started",), "2025-06-01",
         "late", "2025-04-15", 7, "2025-04-08"),
    Spec("hearing_started", "S R2", "judgment_given", (), "2025-06-01",
         "not_recorded", "2025-04-15", None, "2025-04-08"),
    Spec("hearing_started", "S R2", "indicted", (f"2025-03-10 {DEAD}",), "2025-06-01",
         "ended", "2025-04-15", None, "2025-04-08"),
    Spec("hearing_started", "S R0", "indicted", (), "2023-03-01", "running", "2023-03-06", 0, "2023-02-27"),

    Spec("appeal", "S R2", "judgment_given", (), "2025-05-08", "running", "2025-05-08", 0, "2025-05-08"),
    Spec("appeal", "S R2", "judgment_given", (), "2025-05-09", "met", "2025-05-08", 0, "2025-05-08"),
    Spec("appeal", "S R2", "judgment_given", ("2025-05-08 appealed",), "2025-06-01",
         "met", "2025-05-08", 0, "2025-05-08"),
    Spec("appeal", "S R2", "became_final", (), "2025-06-01", "met", "2025-05-08", 0, "2025-05-08"),
    Spec("appeal", "S R2", "judgment_given", (f"2025-04-28 {DEAD}",), "2025-05-01",
         "ended", "2025-05-08", None, "2025-05-08"),
    Spec("appeal", "S R2", "indicted", ("2025-12-01 judgment_given {length: {years: 1}, subsidiary_prison: "
         "{months: 6}, suitable_reaction: true, lives_in_norway: true}", "2025-12-11 judgment_served"), "2025-12-25",
         "running", "2025-12-29", 0, "2025-12-29", "2025-12-25"),

    Spec("appeal_hearing_started", "S R2", "judgment_given", APPEAL, "2025-07-17",
         "running", "2025-07-17", 0, "2025-07-10"),
    Spec("appeal_hearing_started", "S R2", "judgment_given", APPEAL, "2025-07-24",
         "overdue", "2025-07-17", 7, "2025-07-10"),
    Spec("appeal_hearing_started", "S R2", "judgment_given", (*APPEAL, "2025-06-25 appeal_hearing_started"),
         "2025-07-24", "met", "2025-07-17", 0, "2025-07-10"),
    Spec("appeal_hearing_started", "S R2", "judgment_given", (*APPEAL, "2025-07-18 appeal_hearing_started"),
         "2025-07-24", "late", "2025-07-17", 1, "2025-07-10"),
    Spec("appeal_hearing_started", "S R2", "judgment_given", (*APPEAL, f"2025-06-27 appeal_decided {UPHELD}"),
         "2025-07-24", "not_recorded", "2025-07-17", None, "2025-07-10"),
    Spec("appeal_hearing_started", "S R2", "judgment_given", (*APPEAL, f"2025-06-02 {DEAD}"),
         "2025-07-24", "ended", "2025-07-17", None, "2025-07-10"),

    Spec("dispatch", "S R2", "became_final", (), "2025-05-16", "running", "2025-05-16", 0, "2025-05-14"),
    Spec("dispatch", "S R2", "became_final", (), "2025-05-17", "overdue", "2025-05-16", 1, "2025-05-14"),
    Spec("dispatch", "S R2", "dispatched", (), "2025-05-17", "met", "2025-05-16", 0, "2025-05-14"),
    Spec("dispatch", "S R2", "judgment_given", ("2025-05-10 became_final",), "2025-05-19",
         "running", "2025-05-19", 0, "2025-05-17", "2025-05-17"),
    Spec("dispatch", "F R2", "transferred_to_follow_up", ("2025-02-21 received",), "2025-06-01",
         "late", "2025-02-19", 2, "2025-02-17"),
    Spec("dispatch", "F R1", "transferred_to_follow_up", (), "2024-09-23", "running", "2024-09-23", 0, "2024-09-21"),
    Spec("dispatch", "S R1", "became_final", (), "2024-10-03", "overdue", "2024-10-02", 1, "2024-09-30"),
    Spec("dispatch", "S R0", "received", (), "2023-06-01", "late", "2023-05-04", 21, "2023-05-02"),
    Spec("dispatch", "S R0", "judgment_given", ("2023-04-29 became_final",), "2023-05-06",
         "running", "2023-05-06", 0, "2023-05-04", "2023-05-06"),
    Spec("dispatch", "S R2", "became_final", (f"2025-05-12 {DEAD}",), "2025-06-01",
         "ended", "2025-05-16", None, "2025-05-14"),

    Spec("first_contact", "S R2", "received", (), "2025-05-21", "running", "2025-05-21", 0, "2025-05-19"),
    Spec("first_contact", "S R2", "received", (), "2025-05-22", "overdue", "2025-05-21", 1, "2025-05-19"),
    Spec("first_contact", "S R2", "received", ("2025-05-21 first_contact",), "2025-06-01",
         "met", "2025-05-21", 0, "2025-05-19"),
    Spec("first_contact", "S R2", "received", ("2025-05-28 first_contact",), "2025-06-01",
         "late", "2025-05-21", 7, "2025-05-19"),
    Spec("first_contact", "S R2", "plan_meeting_held", (), "2025-07-01",
         "not_recorded", "2025-05-21", None, "2025-05-19"),
    Spec("first_contact", "S R2", "received", (f"2025-05-15 {DEAD}",), "2025-07-01",
         "ended", "2025-05-21", None, "2025-05-19"),

    Spec("plan_meeting", "S R2", "assigned", (), "2025-07-13", "running", "2025-07-13", 0, "2025-06-29"),
    Spec("plan_meeting", "S R2", "assigned", (), "2025-07-14", "overdue", "2025-07-13", 1, "2025-06-29"),
    Spec("plan_meeting", "S R2", "plan_meeting_held", (), "2025-08-01", "met", "2025-07-13", 0, "2025-06-29"),
    Spec("plan_meeting", "S R2", "assigned", (f"2025-07-21 plan_meeting_held {YOUTH_AND_POLICE}",), "2025-08-01",
         "late", "2025-07-13", 8, "2025-06-29"),
    Spec("plan_meeting", "S R0", "plan_signed", (), "2024-01-01", "late", "2023-07-24", 15, "2023-07-10"),
    Spec("plan_meeting", "F R2", "assigned", ("2025-03-03 plan_failed {reason: did_not_meet}",), "2025-08-01",
         "ended", "2025-04-18", None, "2025-04-04"),

    Spec("lead_time", "S R2", "assigned", (), "2025-07-17", "running", "2025-07-17", 0, "2025-06-17"),
    Spec("lead_time", "S R2", "assigned", (), "2025-07-18", "overdue", "2025-07-17", 1, "2025-06-17"),
    Spec("lead_time", "S R2", "plan_meeting_held", (), "2026-01-01", "met", "2025-07-17", 0, "2025-06-17"),
    Spec("lead_time", "S R2 interim", "interim_conditions_started", (), "2026-01-01",
         "met", "2025-07-17", 0, "2025-06-17"),
    Spec("lead_time", "S R0", "plan_signed", (), "2026-01-01", "late", "2023-03-09", 152, "2023-02-07"),
    Spec("lead_time", "F R2", "investigation_closed", ("2025-02-11 other_outcome {outcome: mediation}",), "2025-08-01",
         "ended", "2025-07-17", None, "2025-06-17"),
    Spec("lead_time", "S R2", "suspect_set", ("2025-02-10/2025-07-01 offence_added {offence: {on: 2025-02-08}}",),
         "2025-07-02", "running", "2025-08-07", 0, "2025-07-08"),

    Spec("complaint_plan", "S R2", "plan_meeting_held", ("2025-06-04 plan_approved",), "2025-06-25",
         "running", "2025-06-25", 0, "2025-06-25"),
    Spec("complaint_plan", "S R2", "plan_meeting_held", ("2025-06-04 plan_approved",), "2025-06-26",
         "met", "2025-06-25", 0, "2025-06-25"),
    Spec("complaint_plan", "F R2", "plan_meeting_held", ("2025-03-27 plan_approved",
         "2025-04-22 complaint_filed {about: plan}"), "2025-05-01", "met", "2025-04-22", 0, "2025-04-22",
         "2025-04-17"),
    Spec("complaint_plan", "S R2", "plan_meeting_held", ("2025-06-04 plan_approved", f"2025-06-06 {DEAD}"),
         "2025-06-10", "ended", "2025-06-25", None, "2025-06-25"),

    Spec("complaint_decision", "S R2", "plan_meeting_held", ("2025-06-16 plan_changed {load: equal}",), "2025-07-07",
         "running", "2025-07-07", 0, "2025-07-07"),
    Spec("complaint_decision", "S R2", "plan_meeting_held", ("2025-06-16 plan_changed {load: equal}",
         "2025-06-20 complaint_filed {about: plan_change}"), "2025-07-20", "met", "2025-07-07", 0, "2025-07-07"),
    # three weeks from Friday 28 March 2025 end on Good Friday: Tuesday after Easter
    Spec("complaint_decision", "F R2", "assigned", ("2025-03-28 postponed {reason: health}",), "2025-04-22",
         "running", "2025-04-22", 0, "2025-04-22", "2025-04-18"),
    Spec("complaint_decision", "S R2", "breach_talk_held", (f"2025-09-11 {DEAD}",), "2025-09-20",
         "ended", "2025-10-01", None, "2025-10-01"),
    Spec("complaint_follow_up", "F R2", "transferred_to_follow_up", (), "2025-03-06",
         "running", "2025-03-06", 0, "2025-03-06"),
    Spec("complaint_follow_up", "F R2", "transferred_to_follow_up", (), "2025-03-07",
         "met", "2025-03-06", 0, "2025-03-06"),
    Spec("complaint_follow_up", "F R2", "transferred_to_follow_up",
         ("2025-02-20 complaint_filed {about: transfer_to_follow_up}",), "2025-03-01",
         "met", "2025-03-06", 0, "2025-03-06"),
    Spec("complaint_follow_up", "F R1", "consent_given", ("2024-09-09 consent_given {by: guardian}",
         "2024-09-16 transferred_to_follow_up {length: {days: 120}, guilt_proven: true}"), "2024-09-20",
         "running", "2024-10-07", 0, "2024-10-07"),

    Spec("breach_talk", "S R2", "breach_recorded", (), "2025-09-15", "running", "2025-09-15", 0, "2025-09-12"),
    Spec("breach_talk", "S R2", "breach_recorded", (), "2025-09-16", "overdue", "2025-09-15", 1, "2025-09-12"),
    Spec("breach_talk", "S R2", "breach_talk_ordered", (), "2025-10-01", "met", "2025-09-15", 0, "2025-09-12"),
    Spec("breach_talk", "S R2", "breach_recorded", ("2025-09-22 breach_talk_ordered",), "2025-10-01",
         "late", "2025-09-15", 7, "2025-09-12"),
    Spec("breach_talk", "S R2", "plan_meeting_held", ("2025-09-01/2025-09-20 breach_recorded {kind: duty}",),
         "2025-10-04", "running", "2025-10-04", 0, "2025-10-01"),
    Spec("breach_talk", "F R2", "breach_recorded", ("2025-03-20 consent_withdrawn {by: youth}",), "2025-06-01",
         "ended", "2025-03-31", None, "2025-03-28"),

    Spec("breach_talk_held", "S R2", "breach_talk_ordered", (), "2025-09-17", "running", "2025-09-17", 0, "2025-09-14"),
    Spec("breach_talk_held", "S R2", "breach_talk_ordered", (), "2025-09-18", "overdue", "2025-09-17", 1, "2025-09-14"),
    Spec("breach_talk_held", "S R2", "breach_talk_held", (), "2025-09-18", "met", "2025-09-17", 0, "2025-09-14"),
    Spec("breach_talk_held", "S R2", "breach_talk_ordered", ("2025-09-24 breach_talk_held "
         "{consequences_explained: true}",), "2025-10-01", "late", "2025-09-17", 7, "2025-09-14"),
    Spec("breach_talk_held", "S R2", "breach_talk_ordered", ("2025-09-10 breach_talk_missed",
         f"2025-09-12 {HEARD}", f"2025-09-12 {REFER}"),
         "2025-10-01", "not_recorded", "2025-09-17", None, "2025-09-14"),
    Spec("breach_talk_held", "F R2", "breach_talk_ordered", (f"2025-03-20 {DEAD}",), "2025-06-01",
         "ended", "2025-04-01", None, "2025-03-29"),

    Spec("petition", "S R2", "referred_for_breach", (), "2025-10-10", "running", "2026-09-03", 0, "2026-08-04"),
    Spec("petition", "S R2", "petition_sent", (), "2025-10-21", "met", "2026-09-03", 0, "2026-08-04"),
    Spec("petition", "S R2", "referred_for_breach", ("2026-06-03 term_expired",), "2026-09-10",
         "overdue", "2026-09-03", 7, "2026-08-04"),
    Spec("petition", "S R2", "referred_for_breach", ("2026-06-03 term_expired", f"2026-09-04 {WINDOW}"), "2026-09-10",
         "ended", "2026-09-03", None, "2026-08-04"),
    Spec("petition", "S R0", "referred_for_breach", (), "2024-01-01", "running", "2025-05-08", 0, "2025-04-08"),
    Spec("petition", "S R2", "plan_meeting_held", (*HEALTH, "2025-09-01 breach_recorded {kind: plan}",
         "2025-09-03 breach_talk_ordered", "2025-09-05 breach_talk_missed", f"2025-09-12 {HEARD}",
         f"2025-09-12 {REFER}"), "2025-10-01",
         "running", "2026-09-14", 0, "2026-08-15", "2026-09-13"),
    Spec("petition", "S R1", "plan_meeting_held", ("2024-10-21 breach_recorded {kind: plan}",
         "2024-10-22 breach_talk_ordered", "2024-10-25 breach_talk_missed", f"2024-10-28 {HEARD}",
         "2024-10-28 referred_for_breach {to: correctional_service, recommendation: community_sentence, "
         "consent_police: true, consent_correctional_service: true}"), "2024-11-01",
         "running", "2026-01-15", 0, "2025-12-16"),

    Spec("ec_petition", "S R2", "referred_for_breach", (), "2026-06-03", "running", "2026-06-03", 0, "2026-05-04"),
    Spec("ec_petition", "S R2", "referred_for_breach", (), "2026-06-05", "overdue", "2026-06-03", 2, "2026-05-04"),
    Spec("ec_petition", "S R2", "petition_sent", (), "2025-11-01", "met", "2026-06-03", 0, "2026-05-04"),
    Spec("ec_petition", "S R2", "referred_for_breach", (f"2025-10-10 {DEAD}",), "2025-11-01",
         "ended", "2026-06-03", None, "2026-05-04"),

    Spec("ec_review", "S R2", "electronic_control_ordered", (), "2026-02-03", "running", "2026-02-03", 0, "2026-01-20"),
    Spec("ec_review", "S R2", "electronic_control_ordered", (), "2026-02-10", "overdue", "2026-02-03", 7, "2026-01-20"),
    Spec("ec_review", "S R2", "electronic_control_ordered", ("2026-01-30 petition_sent {for: electronic_control}",),
         "2026-02-10", "met", "2026-02-03", 0, "2026-01-20"),
    Spec("ec_review", "S R2", "electronic_control_ordered", (f"2026-04-01 {OVER}",), "2026-05-01",
         "late", "2026-02-03", 57, "2026-01-20"),
    Spec("ec_review", "S R2", "electronic_control_ordered",
         ("2026-01-05 youth_heard {about: [interruption], how: spoken}", "2026-01-05 interrupted {reason: health}"),
         "2026-02-10", "overdue", "2026-02-03", 7, "2026-01-20"),
    Spec("ec_review", "S R2", "electronic_control_ordered", ("2026-01-05 breach_talk_ordered",), "2026-02-01",
         "running", "2026-02-03", 0, "2026-01-20"),
    Spec("ec_review", "S R2", "electronic_control_ordered", (f"2026-01-05 {DEAD}",), "2026-02-01",
         "ended", "2026-02-03", None, "2026-01-20"),

    Spec("ec_end", "S R2", "electronic_control_ordered", (), "2026-04-01", "running", "2026-04-01", 0, "2026-03-18"),
    Spec("ec_end", "S R2", "electronic_control_ordered", (), "2026-04-02", "overdue", "2026-04-01", 1, "2026-03-18"),
    Spec("ec_end", "S R2", "electronic_control_ordered", (f"2026-04-01 {OVER}",), "2026-05-01",
         "met", "2026-04-01", 0, "2026-03-18"),
    Spec("ec_end", "S R2", "electronic_control_ordered", (f"2026-04-08 {OVER}",), "2026-05-01",
         "late", "2026-04-01", 7, "2026-03-18"),
    Spec("ec_end", "S R2", "electronic_control_ordered",
         ("2026-01-05 youth_heard {about: [interruption], how: spoken}", "2026-01-05 interrupted {reason: health}"),
         "2026-05-01", "overdue", "2026-04-01", 30, "2026-03-18"),
    Spec("ec_end", "S R2", "electronic_control_ordered", (f"2026-01-05 {DEAD}",), "2026-05-01",
         "ended", "2026-04-01", None, "2026-03-18"),

    Spec("team_meeting", "S R2", "plan_meeting_held", (), "2025-07-15", "running", "2025-07-15", 0, "2025-07-08"),
    Spec("team_meeting", "S R2", "plan_meeting_held", (), "2025-07-16", "overdue", "2025-07-15", 1, "2025-07-08"),
    Spec("team_meeting", "S R2", "plan_meeting_held", ("2025-07-15 team_meeting_held",), "2025-07-16",
         "met", "2025-07-15", 0, "2025-07-08"),
    Spec("team_meeting", "S R2", "plan_meeting_held", ("2025-07-22 team_meeting_held",), "2025-07-23",
         "late", "2025-07-15", 7, "2025-07-08"),
    Spec("team_meeting", "S R0", "plan_signed", (f"2023-08-20 {DEAD}",), "2024-01-01",
         "ended", "2023-09-19", None, "2023-09-12"),

    Spec("term_end", "S R2", "plan_meeting_held", (), "2026-06-03", "running", "2026-06-03", 0, "2026-05-04"),
    Spec("term_end", "S R2", "plan_meeting_held", (), "2026-06-04", "overdue", "2026-06-03", 1, "2026-05-04"),
    Spec("term_end", "S R2", "plan_meeting_held", ("2026-06-03 completed",), "2026-07-01",
         "met", "2026-06-03", 0, "2026-05-04"),
    Spec("term_end", "S R2", "plan_meeting_held", ("2026-06-10 completed",), "2026-07-01",
         "late", "2026-06-03", 7, "2026-05-04"),
    Spec("term_end", "S R2", "plan_meeting_held", (f"2025-10-01 {DEAD}",), "2026-07-01",
         "ended", "2026-06-03", None, "2026-05-04"),
    Spec("term_end", "S R2", "plan_meeting_held", HEALTH, "2026-06-13", "running", "2026-06-13", 0, "2026-05-14"),
    Spec("term_end", "S R2", "plan_meeting_held", ("2025-07-01 youth_heard {about: [interruption], how: spoken}",
                                                   "2025-07-01 interrupted {reason: health}",), "2025-07-31",
         "running", "2026-07-03", 0, "2026-06-03"),
    Spec("term_end", "S R0", "plan_signed", (), "2025-02-08", "running", "2025-02-08", 0, "2025-01-09"),
    Spec("term_end", "F R0", "plan_signed", (), "2023-12-02", "overdue", "2023-12-01", 1, "2023-11-01"),
    Spec("term_end", "F R1", "plan_meeting_held", (), "2025-04-14", "running", "2025-04-14", 0, "2025-03-15"),

    Spec("turns_18", "S R2", "received", (), "2026-03-12", "running", "2026-03-12", 0, "2026-01-11"),
    Spec("turns_18", "S R2", "received", (), "2026-03-13", "met", "2026-03-12", 0, "2026-01-11"),
    Spec("turns_18", "S R2", "received", (f"2025-05-15 {DEAD}",), "2025-06-01",
         "ended", "2026-03-12", None, "2026-01-11"),
    Spec("turns_18", "S R0", "received", (), "2024-01-01", "running", "2024-02-03", 0, "2023-12-05"),

    Spec("transfer_accept", "S R2", "assigned", MOVING, "2025-05-27", "running", "2025-05-27", 0, "2025-05-25"),
    Spec("transfer_accept", "S R2", "assigned", MOVING, "2025-05-30", "overdue", "2025-05-27", 3, "2025-05-25"),
    Spec("transfer_accept", "S R2", "assigned", (*MOVING, "2025-05-27 transfer_accepted"), "2025-06-30",
         "met", "2025-05-27", 0, "2025-05-25"),
    Spec("transfer_accept", "S R2", "assigned", (*MOVING, "2025-05-29 transfer_declined"), "2025-06-30",
         "late", "2025-05-27", 2, "2025-05-25"),
    Spec("transfer_accept", "S R2", "assigned", (*MOVING, f"2025-05-22 {DEAD}"), "2025-06-30",
         "ended", "2025-05-27", None, "2025-05-25"),

    Spec("pum_renewal", "S R2", "suspect_set", PUM_BACK, "2026-02-10", "running", "2026-02-10", 0, "2026-01-11"),
    Spec("pum_renewal", "S R2", "suspect_set", PUM_BACK, "2026-02-11", "overdue", "2026-02-10", 1, "2026-01-11"),
    Spec("pum_renewal", "S R2", "suspect_set", (*PUM_BACK, "2026-02-17 pum_ordered"), "2026-03-01",
         "late", "2026-02-10", 7, "2026-01-11"),
    Spec("pum_renewal", "S R2", "suspect_set", (*PUM_BACK, "2025-10-01 pum_ordered"), "2026-03-01",
         "met", "2026-02-10", 0, "2026-01-11"),
    Spec("pum_renewal", "S R2", "suspect_set", (PUM_BACK[0], f"2025-03-10 {INDICTED}",
         "2025-04-24 judgment_given {length: {years: 1}, subsidiary_prison: {months: 6}, suitable_reaction: true, "
         "lives_in_norway: true}", "2025-04-28 pum_returned {carried_out: true}"), "2025-05-01",
         "not_recorded", "2026-04-28", None, "2026-03-29"),
    Spec("pum_renewal", "S R2", "suspect_set", (*PUM_BACK, f"2025-10-01 {DEAD}"), "2026-03-01",
         "ended", "2026-02-10", None, "2026-01-11"),
)
# fmt: on


def clocks(case: Case, code: str, day: str) -> list[Deadline]:
    return [found for found in deadlines(case, date.fromisoformat(day)) if found.code == code]


def name(spec: Spec) -> str:
    return f"{spec.code}-{spec.road}-{spec.status}-{spec.asked}"


def _case(spec: Spec) -> Case:
    return case_at(spec.road, spec.until, *spec.more)


@pytest.mark.parametrize("spec", SPECS, ids=name)
def test_clock_stands_as_written(spec: Spec) -> None:
    found = clocks(_case(spec), spec.code, spec.asked)[0]

    assert (found.due, found.unmoved, found.status, found.late_days, found.notice_from) == (
        date.fromisoformat(spec.due),
        date.fromisoformat(spec.unmoved or spec.due),
        spec.status,
        spec.late,
        date.fromisoformat(spec.notice),
    ), "lengths are in src/ungdom/workflow/law.py, starts and stops in src/ungdom/workflow/rules/deadlines.py"


def test_every_rule_has_its_specs() -> None:
    assert {spec.code for spec in SPECS} == {rule.code for rule in RULES}, "a row in SPECS per rule"


def test_every_length_in_law_has_a_spec_that_begins_while_it_is_in_force() -> None:
    begun = {(spec.code, clocks(_case(spec), spec.code, spec.asked)[0].begun_on) for spec in SPECS}
    untried = []
    for rule in RULES:
        lengths = rule.length.values if rule.length else ()
        days = [date.min, *(since for since, _ in lengths[1:]), date.max]
        for (_, length), since, until in zip(lengths, days, days[1:], strict=False):
            if not any(code == rule.code and since <= day < until for code, day in begun):
                untried.append(f"{rule.code}: {length} from {since}")

    assert len(RULES) > len(BESIDE)
    assert untried == [], "each needs a row in SPECS of tests/workflow/test_deadlines.py, due date counted by hand"


@pytest.mark.parametrize("code", sorted({rule.code for rule in RULES}))
def test_every_rule_is_tried_running_met_and_closed_over(code: str) -> None:
    tried = {spec.status for spec in SPECS if spec.code == code}

    assert "running" in tried
    assert tried & {"met", "late"}
    if code != "complaint_follow_up":
        assert "ended" in tried


@pytest.mark.parametrize("code", sorted({rule.code for rule in RULES if rule.delay} - {"petition", "ec_petition"}))
def test_every_delay_is_tried_overdue_and_late(code: str) -> None:
    tried = {spec.status for spec in SPECS if spec.code == code}

    assert {"overdue", "late"} <= tried


# --- what the table cannot say ----------------------------------------------------------------------------------


def test_dispatch_is_law_from_september_2024_and_an_office_norm_before() -> None:
    before = clocks(case_at("S R0", "became_final"), "dispatch", "2023-05-01")
    since = clocks(case_at("S R1", "became_final"), "dispatch", "2024-10-01")

    assert [(one.binding, one.law) for one in before] == [(False, "office norm")]
    assert [(one.binding, one.law) for one in since] == [(True, "strpl § 452 third paragraph")]


@pytest.mark.parametrize(
    ("code", "road", "until", "more", "day"),
    [
        ("complaint_plan", "S R0", "plan_signed", ("2023-08-09 plan_approved",), "2023-08-20"),
        ("pum_renewal", "S R0", "suspect_set", ("2022-10-01 pum_ordered",
         "2022-11-01 pum_returned {carried_out: true}"), "2022-12-01"),
        ("pum_renewal", "F R2", "suspect_set", PUM_BACK, "2025-03-01"),
        ("pum_renewal", "S R2", "suspect_set", (*PUM, "2025-02-10 pum_returned {carried_out: false}"), "2025-03-01"),
        ("pum_wished", "S R2", "suspect_set", ("2025-01-24 pum_ordered",), "2025-03-01"),
        ("hearing_scheduled", "F R0", "indicted", (), "2023-02-01"),
        ("appeal", "F R0", "follow_up_by_judgment", (), "2023-04-20"),
        ("petition", "S R2", "petition_sent", ("2025-10-27 petition_rejected",), "2025-11-01"),
        ("petition", "F R2", "referred_for_resumption", (), "2025-05-01"),
        ("ec_petition", "S R0", "petition_sent", (), "2024-02-01"),
        ("term_end", "S R2", "assigned", (), "2025-06-01"),
        ("team_meeting", "S R2", "assigned", (), "2025-06-01"),
        ("breach_talk", "S R2", "breach_talk_ordered", (), "2025-08-01"),
    ],
)  # fmt: skip
def test_a_clock_begins_only_where_its_law_says(
    code: str, road: str, until: str, more: tuple[str, ...], day: str
) -> None:
    found = clocks(case_at(road, until, *more), code, day)

    assert min((one.begun_on for one in found), default=date.max) > date.fromisoformat(day)


def test_a_breach_recorded_late_counts_from_the_day_it_was_recorded() -> None:
    late = ("2025-09-01/2025-09-20 breach_recorded {kind: duty}",)

    found = clocks(case_at("S R2", "plan_meeting_held", *late), "breach_talk", "2025-09-20")[0]

    assert (found.begun_on, found.known_on, found.due) == (date(2025, 9, 20), date(2025, 9, 20), date(2025, 10, 4))


def test_a_breach_during_a_talk_that_is_ordered_starts_no_new_clock() -> None:
    case = case_at("S R2", "breach_talk_ordered", "2025-09-05 breach_recorded {kind: duty}")

    assert len(clocks(case, "breach_talk", "2025-09-06")) == 1


def test_a_breach_after_the_talk_starts_the_clock_again() -> None:
    case = case_at("S R2", "breach_talk_held", "2025-10-01 breach_recorded {kind: duty}")

    assert [one.due for one in clocks(case, "breach_talk", "2025-10-02")] == [date(2025, 9, 15), date(2025, 10, 15)]


@pytest.mark.parametrize(
    ("code", "road", "until", "line"),
    [
        ("hearing_started", "S R2", "investigation_closed", "2025-03-03/2025-04-20 indicted {court_received_on: "
         "2025-03-04}"),
        ("first_contact", "S R2", "dispatched", "2025-05-14/2025-05-26 received"),
        ("breach_talk_held", "S R2", "breach_recorded", "2025-09-03/2025-10-20 breach_talk_ordered"),
        ("dispatch", "S R2", "judgment_given", "2025-05-09/2025-06-20 became_final"),
        ("term_end", "F R2", "assigned", "2025-03-03/2025-06-20 plan_meeting_held {present: [youth, guardian]}"),
    ],
)  # fmt: skip
def test_recording_late_never_backdates_a_notice(code: str, road: str, until: str, line: str) -> None:
    known = read(line).known

    found = clocks(case_at(road, until, line), code, known.isoformat())[0]

    assert found.known_on == known
    assert found.notice_from == known
    assert found.begun_on < known


def test_an_interruption_that_still_runs_moves_the_petition_with_the_end() -> None:
    case = case_at(
        "S R2",
        "plan_meeting_held",
        "2026-05-24 youth_heard {about: [interruption], how: spoken}",
        "2026-05-24 interrupted {reason: health}",
    )

    ends = [clocks(case, "term_end", day)[0].due for day in ("2026-05-24", "2026-05-31", "2026-06-30")]

    assert ends == [date(2026, 6, 3), date(2026, 6, 10), date(2026, 7, 10)]


def test_a_petition_keeps_the_end_it_was_sent_before_however_long_the_court_takes() -> None:
    case = case_at("S R2", "petition_sent", "2025-11-03 petition_rejected",
                   "2025-11-10 referred_for_breach {to: correctional_service, recommendation: serve_prison, "
                   "consent_police: true, consent_correctional_service: true}",
                   "2025-11-17 petition_sent {for: serve_prison}")  # fmt: skip

    soon, late = (clocks(case, "petition", day)[0] for day in ("2025-11-18", "2026-03-01"))

    assert soon.due == late.due == date(2026, 9, 3)
    assert case.adjusted_end(date(2026, 3, 1)) == date(2026, 9, 15)  # 104 days later than 3 June


def test_the_end_of_the_term_and_a_birthday_do_not_move_off_a_sunday() -> None:
    sunday = Youth(born=date(2008, 3, 15), guardians=1)
    case = case_at("S R0", "plan_signed")

    assert clocks(case_at("S R2", "received", youth=sunday), "turns_18", "2026-01-01")[0].due == date(2026, 3, 15)
    assert clocks(case, "term_end", "2024-01-01")[0].due == date(2025, 2, 8)  # a Saturday


def test_a_youth_born_on_a_leap_day_is_18_on_the_last_of_february() -> None:
    leap = Youth(born=date(2008, 2, 29), guardians=1)

    assert clocks(case_at("S R2", "received", youth=leap), "turns_18", "2026-01-01")[0].due == date(2026, 2, 28)


@pytest.mark.parametrize(
    ("road", "until", "more", "last_day"),
    [
        ("S R2", "judgment_given", (), date(2025, 5, 8)),
        ("S R0", "judgment_given", (), date(2023, 4, 26)),
        ("F R0", "follow_up_by_judgment", (), date(2023, 4, 26)),
        ("S R2", "judgment_given", (*APPEAL, f"2025-06-27 appeal_decided {UPHELD}"), date(2025, 7, 11)),
        ("S R2", "judgment_given", (*APPEAL, "2025-06-27 appeal_decided {outcome: upheld}"), None),
        ("S R2", "judgment_given", ("2025-04-25 judgment_served",), date(2025, 5, 9)),
        ("S R2", "indicted", (), None),
    ],
)
def test_the_appeal_clock_gives_the_day_of_finality(
    road: str, until: str, more: tuple[str, ...], last_day: date | None
) -> None:
    case = case_at(road, until, *more)

    assert appeal_deadline(case) == last_day
    if last_day:
        eve, day = last_day, last_day + timedelta(days=1)
        assert not engine.decide(case, _final(eve)).allowed
        assert engine.decide(case, _final(day)).allowed


def _final(day: date) -> ProposedEvent:
    return step("became_final", day, {})


def test_a_recorded_wait_over_the_day_it_was_due_makes_the_delay_reasoned() -> None:
    wait = "2025-02-25 wait_started {party: police, reason: documents}"

    plain = clocks(case_at("S R2", "suspect_set"), "charge_decision", "2025-03-10")[0]
    reasoned = clocks(case_at("S R2", "suspect_set", wait), "charge_decision", "2025-03-10")[0]

    assert (plain.reasoned, reasoned.reasoned) == (False, True)
    assert plain.status == reasoned.status == DeadlineStatus.OVERDUE


@pytest.mark.parametrize(
    ("until", "more", "who"),
    [
        ("assigned", (), ["konfliktrad"]),
        ("judgment_given", ("2025-05-02 appealed",), ["court"]),
        ("assigned", ("2025-05-20 wait_started {party: youth, reason: illness}",), ["youth"]),
        ("assigned", (f"2025-05-20 {DEAD}",), []),
    ],
)
def test_the_lead_time_is_late_by_whoever_the_case_waits_for(until: str, more: tuple[str, ...], who: list[str]) -> None:
    found = clocks(case_at("S R2", until, *more), "lead_time", "2025-06-01")[0]

    assert list(found.who) == who


def test_the_clock_due_next_is_the_first_that_still_runs() -> None:
    open_, closed = case_at("S R2", "received"), case_at("S R2", "received", f"2025-05-15 {DEAD}")

    due = next_due(open_)

    assert due is not None
    assert (due.code, due.due) == ("first_contact", date(2025, 5, 21))
    assert next_due(closed) is None


@pytest.mark.parametrize(
    ("more", "stopped"),
    [
        (("2025-05-02 appealed", "2025-04-25/2025-05-05 judgment_served"), date(2025, 5, 2)),
        (("2025-05-02 appealed", "2025-05-02/2025-05-05 judgment_served"), date(2025, 5, 2)),
        (("2025-05-05 judgment_served", "2025-05-02/2025-05-06 appealed"), date(2025, 5, 2)),
        ((*APPEAL, f"2025-06-27 appeal_decided {UPHELD}"), None),
    ],
    ids=["service known later", "service known later, same day", "appeal recorded after it", "a new judgment"],
)
def test_the_clock_of_a_service_is_stopped_by_the_appeal_against_that_judgment(
    more: tuple[str, ...], stopped: date | None
) -> None:
    *_, newest = clocks(case_at("S R2", "judgment_given", *more), "appeal", "2025-07-01")

    assert newest.stopped_on == stopped


def test_a_complaint_stops_the_clock_of_the_decision_before_it_and_of_no_other() -> None:
    first, second = "2025-06-16 plan_changed {load: equal}", "2025-06-17 plan_changed {load: equal}"
    case = case_at("S R2", "plan_meeting_held", first, second, "2025-06-20 complaint_filed {about: plan_change}")

    stopped = [clock.stopped_on for clock in clocks(case, "complaint_decision", "2025-06-30")]

    assert stopped == [None, date(2025, 6, 20)]


def test_a_team_meeting_begins_the_clock_again_and_what_began_it_gives_the_first_notice() -> None:
    held = "2025-07-01 team_meeting_held {invited: [police], present: [police]}"
    late = case_at("S R2", "assigned", "2025-06-03/2025-07-20 plan_meeting_held {present: [youth, guardian, "
                   "correctional_service, police]}")  # fmt: skip

    found = clocks(case_at("S R2", "plan_meeting_held", held), "team_meeting", "2025-07-02")
    recorded_late = clocks(late, "team_meeting", "2025-07-21")[0]

    assert [clock.begun_on for clock in found] == [date(2025, 6, 3), date(2025, 7, 1)]
    assert (recorded_late.begun_on, recorded_late.known_on) == (date(2025, 6, 3), date(2025, 7, 20))


def test_a_pinned_regime_takes_its_clocks_along() -> None:
    pinned = "2025-06-03 execution_regime_pinned {regime: R0, reason: more_lenient_law}"

    assert clocks(case_at("S R2", "plan_meeting_held", "2025-06-04 plan_approved"), "complaint_plan", "2025-06-05")
    assert not clocks(
        case_at("S R2", "plan_meeting_held", pinned, "2025-06-04 plan_approved"), "complaint_plan", "2025-06-05"
    )


# --- the published list -----------------------------------------------------------------------------------------


def published() -> list[dict[str, str]]:
    with (WORKFLOW / "deadlines.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


WHO = {"shared": "", "coordinator": "konfliktrad"}
SCOPE = {"both": set(Sanction), "S": {Sanction.YOUTH_SANCTION}, "F": {Sanction.YOUTH_FOLLOW_UP}}


def binding_rule(code: str) -> DeadlineRule:
    """The row of that code; of two, the one that is law."""
    return max((rule for rule in RULES if rule.code == code), key=lambda rule: rule.binding)


def test_the_published_list_and_the_rules_hold_the_same_clocks() -> None:
    codes = list(dict.fromkeys(rule.code for rule in RULES))

    assert [row["code"] for row in published()] == [code for code in codes if code not in BESIDE]
    assert set(BESIDE) <= set(codes)


@pytest.mark.parametrize("row", published(), ids=lambda row: row["code"])
def test_the_rule_says_what_is_published(row: dict[str, str]) -> None:
    rule = binding_rule(row["code"])
    regimes = set(Regime) if row["regimes"] == "all" else set(row["regimes"].split("|"))

    assert rule.binding == (row["binding"] == "yes")
    assert rule.law == row["law"].split(" (")[0]
    assert rule.warn_days == int(row["warn_days_before"])
    assert "|".join(rule.who) == WHO.get(row["who_is_late"], row["who_is_late"])
    assert set(rule.sanctions) == SCOPE[row["sanctions"]]
    assert set(rule.regimes) == regimes
    assert rule.delay == (not row["note"].startswith("not a delay") and row["code"] != "turns_18")


@pytest.mark.parametrize("row", published(), ids=lambda row: row["code"])
def test_the_length_is_what_is_published(row: dict[str, str]) -> None:
    rule = binding_rule(row["code"])

    expected = Length(**{row["unit"]: int(row["length"])}) if row["length"].isdigit() else None

    assert (rule.length and rule.length.on(date(2025, 1, 1))) == expected


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.code}-{rule.regimes[0]}")
def test_only_law_moves_off_weekends_and_only_clocks_for_an_act(rule: DeadlineRule) -> None:
    for_no_act = {"term_end", "turns_18", "ec_petition", "ec_end"}

    assert rule.moves_off_holidays == (rule.binding and rule.code not in for_no_act)
