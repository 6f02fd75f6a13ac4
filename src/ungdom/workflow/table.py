"""The law as a table: every move and every fact, from which states, under which regime, on which conditions.

One row per move, in the order of a case. Read a row as a sentence: "`suspect_set` takes a `registered` case to
`investigation`, in both sanctions and every regime, if the youth was 15 to 17 at an act; police record it; § 249".
A row whose target is None is a fact: it does not change the state. Where several rows fit, the first whose `condition`
holds applies.
"""

from dataclasses import replace

from ungdom.workflow import law
from ungdom.workflow.guards import (
    breach,
    closing,
    complaints,
    consents,
    control,
    decision,
    finality,
    hearing,
    measures,
    plan,
    restorative,
    transfer,
)
from ungdom.workflow.guards.core import Guard, from_version, until_version

# fmt: off
# isort: off
from ungdom.workflow.table_rows import (
    ALL, APP, ASM, AWD, BCL, BEFORE_DECISION, BIC, BOTH, CMP, CNV, COR, COU, CRD, CRT, CWD, DSP, ELC, ENDED, EXE,
    EXECUTION, EXP, FIN, IN_BREACH, IN_PLAN, INT, INV, ITM, JUD, LDR, LPS, NPL, OPEN, OTH, POL, PRE, PRO, PST, PTY,
    R0, R1_ON, R2, RCV, REG, RFD, RSM, SEC, STOPPED, SYS, TGT, TLK, WITH_THE_OFFICE, E, F, S, after_breach,
    after_complaint, new_sentence, rest_continues, sets_conditions, tried_again,
)
from ungdom.workflow.table_rows import FIRST_VERSION as FIRST_VERSION  # noqa: PLC0414  # as below
from ungdom.workflow.table_rows import Move as Move  # noqa: PLC0414  # part of the interface of this module
from ungdom.workflow.table_rows import PreviousState as PreviousState  # noqa: PLC0414  # as above

# fmt: on
# isort: on
from ungdom.workflow.vocabulary import EventType

VERSIONS = (
    FIRST_VERSION,
    "2026-11-25",
    "2026-11-30",
)
"""Every version of this table, in order. A case runs under the one it began with, until it is moved to a newer.

A row or condition that came later says so (`since`); one that is gone says from which version on (`until`). None is
ever taken out: what was recorded under it must stay readable. docs/migrate-cases.md
"""
VERSION = VERSIONS[-1]


HEARD = from_version("2026-11-25", hearing.youth_was_heard)
CONSENTS_HOLD = tuple(
    from_version("2026-11-25", guard)
    for guard in (
        consents.youth_consent_has_not_run_out,
        consents.guardian_consents_have_not_run_out,
        consents.youth_was_informed,
        consents.guardians_were_informed,
    )
)

# The conditions that came with the version of 30 November 2026.
APPEAL_TERMS = tuple(
    from_version("2026-11-30", guard) for guard in (decision.terms_only_when_changed, decision.changed_terms_as_judged)
)
ON_RECORD = from_version("2026-11-30", consents.guardian_is_on_record)
CONTINUES = from_version("2026-11-30", finality.interim_conditions_run)
ENDS_AS_CLOSED = from_version("2026-11-30", closing.only_a_closing_ends_it_as_closed)
REOPENING = tuple(
    from_version("2026-11-30", guard)
    for guard in (closing.reopening_says_what_goes_on, closing.reopeners_agree_on_what_goes_on)
)

# A table is read across: one row a move.
# fmt: off
MOVES: tuple[Move, ...] = (
    # investigation
    Move(E.CASE_REGISTERED, (), REG, BOTH, ALL, (decision.acts_lie_in_the_past,), (POL, CRD), "krl § 13"),
    Move(E.SUSPECT_SET, (REG,), INV, BOTH, ALL, (decision.aged_15_to_17_at_an_act,), (POL,),
         "strpl § 249, strl § 52 a"),
    Move(E.COORDINATION_REQUESTED, (INV,), ASM, BOTH, ALL, (), (PRO,), "krl § 22 d"),
    Move(E.INVESTIGATION_CLOSED, (INV, ASM), AWD, BOTH, ALL, (), (POL,), "strpl § 226"),
    # decision
    Move(E.TRANSFERRED_TO_FOLLOW_UP, (ASM, AWD), FIN, F, ALL, (decision.youth_consents, decision.guardians_consent,
         *CONSENTS_HOLD, decision.guilt_is_proven, decision.follow_up_length_within_law), (PRO,),
         "strpl § 71 a, krl §§ 11, 23"),
    Move(E.INDICTED, (INV, ASM, AWD), CRT, S, ALL, (decision.court_received_after_indictment,), (PRO,),
         "strpl § 262"),
    Move(E.INDICTED, (INV, ASM, AWD), CRT, F, R0, (decision.court_received_after_indictment,), (PRO,), "strpl § 262"),
    Move(E.JUDGMENT_GIVEN, (CRT,), JUD, S, R0, (decision.acts_before_18, decision.repeated_or_serious_crime,
         decision.youth_consents, decision.guardians_consent, *CONSENTS_HOLD, decision.sanction_length_within_law,
         decision.subsidiary_prison_is_fixed, decision.lives_in_norway, decision.interim_conditions_allowed,
         decision.unconditional_prison_allowed), (COU,), "strl §§ 52 a-52 c as first in force"),
    Move(E.JUDGMENT_GIVEN, (CRT,), JUD, S, R1_ON, (decision.acts_before_18, decision.found_a_suitable_reaction,
         decision.lives_in_norway, decision.sanction_length_within_law, decision.subsidiary_prison_is_fixed,
         decision.interim_conditions_allowed, decision.unconditional_prison_allowed), (COU,), "strl §§ 52 a-52 d"),
    Move(E.FOLLOW_UP_BY_JUDGMENT, (CRT,), JUD, F, R0, (decision.youth_consents, decision.guardians_consent,
         *CONSENTS_HOLD, decision.condition_of_a_suspended_sentence, decision.judged_follow_up_length_within_law),
         (COU,), "former strl § 37 j"),
    Move(E.APPEALED, (JUD,), APP, S, ALL, (decision.appeal_in_time_or_reinstated, CONTINUES), (PTY, PRO),
         "strpl § 310"),
    Move(E.APPEALED, (JUD,), APP, F, R0, (decision.appeal_in_time_or_reinstated, CONTINUES), (PTY, PRO),
         "strpl § 310"),
    Move(E.APPEALED, (ITM,), APP, S, ALL, (finality.judgment_is_not_final_yet, decision.appeal_in_time_or_reinstated),
         (PTY, PRO), "strpl § 310", since="2026-11-30"),
    Move(E.APPEALED, (FIN, DSP, RCV, PRE, PST), APP, S, ALL, (decision.appeal_in_time_or_reinstated, CONTINUES),
         (PTY, PRO), "strpl §§ 310, 453", since="2026-11-30", only_for=finality.executes_before_finality),
    Move(E.APPEAL_DECIDED, (APP,), CRT, S, ALL, (decision.terms_only_when_changed,), (COU,), "strpl § 348",
         tried_again, since="2026-11-30"),
    Move(E.APPEAL_DECIDED, (APP,), CRT, F, R0, (decision.terms_only_when_changed,), (COU,), "strpl § 348",
         tried_again, since="2026-11-30"),
    Move(E.APPEAL_DECIDED, (APP,), OTH, S, ALL, APPEAL_TERMS[:1], (COU,), "strpl § 345", new_sentence),
    Move(E.APPEAL_DECIDED, (APP,), JUD, S, ALL, (decision.changed_judgment_has_terms,
         decision.changed_terms_within_law, *APPEAL_TERMS), (COU,), "strpl § 345"),
    Move(E.APPEAL_DECIDED, (APP,), OTH, F, R0, APPEAL_TERMS[:1], (COU,), "strpl § 345", new_sentence),
    Move(E.APPEAL_DECIDED, (APP,), JUD, F, R0, (decision.changed_judgment_has_terms,
         decision.changed_terms_within_law, *APPEAL_TERMS), (COU,), "strpl § 345"),
    Move(E.BECAME_FINAL, (JUD,), FIN, S, ALL, (decision.accepted_or_appeal_time_over,), (PRO, SYS), "strpl § 50"),
    Move(E.BECAME_FINAL, (JUD,), FIN, F, R0, (decision.accepted_or_appeal_time_over,), (PRO, SYS), "strpl § 50"),
    Move(E.EARLY_EXECUTION_ALLOWED, (JUD,), FIN, S, ALL, (finality.convicted_asked_after_the_judgment,), (PRO,),
         "strpl § 453", since="2026-11-30"),
    Move(E.OTHER_OUTCOME, (REG, INV, ASM, AWD, CRT, JUD, APP), OTH, BOTH, ALL, (), (PRO, COU), "strpl §§ 69-75, 38"),
    Move(E.OTHER_OUTCOME, (ITM,), OTH, BOTH, ALL, (plan.plan_was_not_made,), (PRO, COU), "strpl §§ 69-75, 38",
         since="2026-11-30"),
    # to the konfliktråd
    Move(E.DISPATCHED, (FIN,), DSP, BOTH, ALL, (), (PRO,), "strpl § 452"),
    Move(E.RECEIVED, (FIN, DSP), RCV, BOTH, ALL, (plan.is_not_a_duplicate,), (CRD, SYS), "strpl § 455"),
    Move(E.ASSIGNED, (RCV,), PRE, BOTH, ALL, (plan.coordinator_of_the_office,), (LDR, CRD), "krl § 3"),
    Move(E.INTERIM_CONDITIONS_STARTED, (JUD, FIN, DSP, RCV, PRE), ITM, S, R2, (plan.judgment_holds_interim_conditions,
         plan.not_before_the_court_fixed_it), (COU,), "strl § 52 b second paragraph"),
    Move(E.BECAME_FINAL, (ITM,), ITM, S, R2, (plan.not_recorded_yet, decision.accepted_or_appeal_time_over),
         (PRO, SYS), "strpl § 50, krl § 22"),
    Move(E.DISPATCHED, (ITM,), ITM, S, R2, (plan.not_recorded_yet, plan.judgment_is_final,
         plan.case_is_not_received), (PRO,), "strpl § 452, krl § 22"),
    Move(E.RECEIVED, (ITM,), ITM, S, R2, (plan.not_recorded_yet, plan.judgment_is_final, plan.is_not_a_duplicate),
         (CRD, SYS), "strpl § 455, krl § 22"),
    Move(E.ASSIGNED, (ITM,), ITM, S, R2, (until_version("2026-11-25", plan.not_recorded_yet),
         from_version("2026-11-25", transfer.office_has_not_assigned), plan.case_is_received,
         plan.coordinator_of_the_office), (LDR, CRD), "krl §§ 3, 22", until="2026-11-30"),
    Move(E.ASSIGNED, (ITM,), ITM, S, R2, (plan.case_is_received, plan.coordinator_of_the_office), (LDR, CRD),
         "krl §§ 3, 22", since="2026-11-30", only_for=transfer.awaits_a_coordinator),
    # plan
    Move(E.POSTPONED, (RCV, PRE), PST, BOTH, ALL, (), (CRD,), "strpl § 459"),
    Move(E.POSTPONEMENT_ENDED, (PST,), PRE, BOTH, ALL, (), (CRD,), "strpl § 459"),
    Move(E.PLAN_MEETING_HELD, (PRE,), EXE, F, R1_ON, (plan.youth_was_present, plan.guardian_was_present), (CRD,),
         "krl §§ 23, 24"),
    Move(E.PLAN_MEETING_HELD, (PRE,), EXE, S, R1_ON, (plan.youth_was_present, plan.guardian_was_present,
         plan.correctional_service_was_present, plan.police_were_present), (CRD,), "krl §§ 23, 24"),
    Move(E.PLAN_MEETING_HELD, (ITM, TGT), EXE, S, R1_ON, (plan.plan_was_not_made, plan.case_is_received,
         plan.youth_was_present, plan.guardian_was_present, plan.correctional_service_was_present,
         plan.police_were_present), (CRD,), "krl §§ 22, 23, 24"),
    Move(E.PLAN_SIGNED, (PRE,), EXE, BOTH, R0, (plan.youth_conference_was_held, plan.youth_signed,
         plan.guardian_signed), (CRD,), "krl § 25 as first in force"),
    Move(E.PLAN_FAILED, (PRE,), NPL, F, ALL, (), (CRD,), "krl § 25 fifth paragraph"),
    Move(E.PLAN_FAILED, (PRE, ITM), NPL, S, ALL, (plan.failed_plan_has_a_recommendation,
         plan.failed_plan_recommendation_allowed, HEARD), (CRD,),
         "krl § 25 fourth paragraph"),
    Move(E.CONSENT_WITHDRAWN, (RCV, PRE, PST, EXE, ELC, TLK, TGT, INT), CWD, F, ALL,
         (plan.guardian_speaks_only_under_18,), (CRD,), "krl § 11"),
    Move(E.CONSENT_WITHDRAWN, (RCV, PRE, PST, EXE, ELC, TLK, TGT, INT), CWD, S, R0,
         (plan.guardian_speaks_only_under_18,), (CRD,), "krl § 11 as first in force"),
    # breach
    Move(E.BREACH_TALK_ORDERED, (EXE, TGT, ELC, ITM), TLK, S, ALL, (breach.breach_is_recorded,), (CRD,),
         "krl §§ 22, 31"),
    Move(E.BREACH_TALK_ORDERED, (EXE, TGT, ELC), TLK, F, ALL, (breach.breach_is_recorded,), (CRD,), "krl § 33"),
    Move(E.BREACH_TALK_HELD, (TLK,), TGT, BOTH, ALL, (breach.consequences_were_explained,), (CRD,), "krl §§ 31, 33",
         sets_conditions),
    Move(E.BREACH_TALK_HELD, (TLK,), EXE, BOTH, ALL, (breach.consequences_were_explained,), (CRD,), "krl §§ 31, 33"),
    Move(E.BREACH_CONDITIONS_LIFTED, (TGT,), EXE, BOTH, ALL, (), (CRD,), "krl §§ 22 e, 31, 33", since="2026-11-25"),
    Move(E.INTERRUPTED, (EXE, ELC, TLK, TGT, RFD, ITM), INT, S, ALL, (breach.interruption_has_its_ground,
         breach.prosecution_decides_on_a_charge, HEARD), (CRD, PRO), "krl §§ 22, 30-32"),
    Move(E.INTERRUPTED, (EXE, ELC, TLK, TGT, RFD), INT, F, ALL, (breach.interruption_has_its_ground,
         breach.prosecution_decides_on_a_charge, HEARD), (CRD, PRO), "krl §§ 30, 33, 34"),
    Move(E.RESUMED, (INT,), EXE, BOTH, ALL, (from_version("2026-11-25", complaints.interruption_fell_by_complaint),),
         (CRD,), "krl § 30"),
    Move(E.REPLAN_MEETING_HELD, (EXE, TGT), EXE, BOTH, R1_ON, (complaints.plan_fell_by_complaint,), (CRD,),
         "krl §§ 22 e, 24", after_complaint, since="2026-11-25"),
    Move(E.REPLAN_MEETING_HELD, (EXE, ELC, TLK, TGT, INT, ITM), EXE, S, ALL, (plan.plan_was_made,
         breach.new_breach_after_a_talk, breach.police_consent_to_replan,
         breach.correctional_service_consents_to_replan, from_version("2026-11-30", hearing.youth_was_heard)), (CRD,),
         "krl § 31 third paragraph"),
    Move(E.REPLAN_MEETING_HELD, (EXE, ELC, TLK, TGT, INT), EXE, F, ALL, (breach.new_breach_after_a_talk,
         from_version("2026-11-30", hearing.youth_was_heard)), (CRD,), "krl § 33 third paragraph"),
    Move(E.REFERRED_FOR_BREACH, (EXE, ELC, TLK, TGT, INT, ITM), RFD, S, ALL, (breach.new_breach_after_a_talk,
         breach.police_consent_to_referral, breach.correctional_service_consents_to_referral,
         breach.recipient_allowed, breach.recommendation_allowed, HEARD), (CRD,), "krl § 31 third paragraph"),
    Move(E.PETITION_SENT, (RFD, INT, EXE, ELC, TLK, TGT, EXP, ITM), BIC, S, ALL, (breach.petition_has_its_ground,
         breach.petition_in_time, breach.petition_allowed, breach.brought_by_the_right_authority), (COR, PRO),
         "strl § 52 c, krl §§ 31, 32"),
    Move(E.PETITION_DECLINED, (RFD,), EXE, S, ALL, (), (COR, PRO), "krl § 31"),
    Move(E.ELECTRONIC_CONTROL_ORDERED, (BIC,), ELC, S, R1_ON,
         (control.control_at_most_six_months, control.control_within_the_term), (COU,), "strl § 52 c fifth paragraph"),
    Move(E.ELECTRONIC_CONTROL_ENDED, (ELC,), EXE, S, R1_ON, (control.control_period_is_over, ENDS_AS_CLOSED), (COU,),
         "strl § 52 c fifth paragraph"),
    Move(E.PETITION_REJECTED, (BIC,), EXE, S, ALL, (), (COU,), "strl § 52 c"),
    Move(E.CONVERSION_FINAL, (BIC,), EXE, S, ALL, (breach.conversion_allowed, breach.rest_continues_only_of_a_part),
         (COU,), "strl § 52 c", rest_continues),
    Move(E.CONVERSION_FINAL, (BIC,), CNV, S, ALL, (breach.conversion_allowed,), (COU,), "strl § 52 c"),
    Move(E.REFERRED_FOR_RESUMPTION, (EXE, ELC, TLK, TGT, INT), RSM, F, ALL, (breach.new_breach_or_new_offence,
         breach.resumption_has_its_ground, HEARD),
         (CRD, PRO), "krl §§ 33, 34"),
    Move(E.PROSECUTION_RESUMED, (RSM, INT, EXP), BCL, F, ALL, (), (PRO,), "krl §§ 33, 34"),
    Move(E.PROSECUTION_NOT_RESUMED, (RSM,), EXE, F, ALL, (), (PRO,), "krl §§ 33, 34"),
    Move(E.PROSECUTION_NOT_RESUMED, (EXP,), CMP, F, ALL, (), (PRO,), "krl §§ 33, 34"),
    Move(E.CLOSED_AFTER_NEW_OFFENCE, (RCV, PRE, PST, EXE, ELC, TLK, TGT, INT, BIC), BCL, BOTH, ALL,
         (breach.new_decision_lies_in_the_past,), (PRO, COU), "krl §§ 32, 34"),
    Move(E.CLOSED_AFTER_NEW_OFFENCE, (ITM, RFD, RSM), BCL, BOTH, ALL, (breach.new_decision_lies_in_the_past,),
         (PRO, COU), "krl §§ 32, 34", since="2026-11-30"),
    # completion
    Move(E.DECISION_SET_ASIDE, (FIN, DSP, RCV, PRE, ITM, PST, EXE, ELC, TLK, TGT, INT), OTH, BOTH, ALL,
         (breach.set_aside_fits_the_decision,), (PRO, COU), "strpl § 59 a, ch. 27"),
    Move(E.DECISION_SET_ASIDE, (RFD, BIC, RSM, EXP), OTH, BOTH, ALL, (breach.set_aside_fits_the_decision,), (PRO, COU),
         "strpl § 59 a, ch. 27", since="2026-11-30"),
    Move(E.COMPLETED, (EXE, ELC, TLK, TGT), CMP, BOTH, ALL, (breach.term_has_run,), (CRD, SYS), "krl § 22"),
    Move(E.TERM_EXPIRED, (RFD, BIC, RSM, INT), EXP, BOTH, ALL, (breach.term_has_run,), (SYS,), "strl § 52 c"),
    Move(E.WINDOW_CLOSED, (EXP,), BCL, S, ALL, (breach.petition_window_is_over,), (SYS, CRD), "strl § 52 c",
         after_breach),
    Move(E.WINDOW_CLOSED, (EXP,), CMP, S, ALL, (breach.petition_window_is_over,), (SYS, CRD), "strl § 52 c"),
    Move(E.LAPSED, (REG, INV, ASM, AWD, CRT, JUD, APP, FIN, DSP, RCV, PRE, ITM, PST, EXE, ELC, TLK, TGT, INT, RFD,
         BIC, RSM, EXP), LPS, BOTH, ALL, (), (POL, PRO, COU, COR, CRD), "strl §§ 93-95, 100"),
    Move(E.REOPENED, (CMP, CNV, BCL, CWD, NPL, OTH, LPS), PreviousState(), BOTH, ALL, (closing.another_person_approved,
         *REOPENING), (LDR, SEC), "office norm"),
)

FACTS: tuple[Move, ...] = (
    # case
    Move(E.OFFENCE_ADDED, (REG, *BEFORE_DECISION), None, BOTH, ALL, (decision.added_act_lies_in_the_past,),
         (POL, CRD), "krl § 13"),
    Move(E.CHARGED, BEFORE_DECISION, None, BOTH, ALL, (), (POL, PRO), "strpl § 82"),
    Move(E.NOTE_ADDED, OPEN + ENDED, None, BOTH, ALL, (), (CRD, LDR), "krl § 9"),
    Move(E.TRANSFER_DECIDED, WITH_THE_OFFICE, None, BOTH, ALL, (transfer.parties_were_heard,
         transfer.prosecution_was_told_at_once, transfer.goes_to_another_office,
         from_version("2026-11-25", transfer.transfer_goes_in_order)), (LDR,), "krl § 13"),
    Move(E.TRANSFER_ACCEPTED, WITH_THE_OFFICE, None, BOTH, ALL, (transfer.transfer_is_pending,
         from_version("2026-11-25", transfer.transfer_goes_in_order),
         from_version("2026-11-25", transfer.receiving_office_answers)), (LDR, SEC), "krl § 13"),
    Move(E.TRANSFER_DECLINED, WITH_THE_OFFICE, None, BOTH, ALL, (transfer.transfer_is_pending,
         transfer.transfer_goes_in_order, transfer.receiving_office_answers), (LDR, SEC), "krl § 13",
         since="2026-11-25"),
    Move(E.EXECUTION_REGIME_PINNED, OPEN, None, BOTH, ALL, (), (LDR, SEC), "strl § 3"),
    Move(E.RULES_MIGRATED, OPEN, None, BOTH, ALL, (), (SYS,), "office norm", since="2026-11-25"),
    Move(E.CORRECTED, OPEN + ENDED, None, BOTH, ALL, (), (CRD, LDR, SYS), "arkivlova § 9"),
    Move(E.REOPENING_APPROVED, ENDED, None, BOTH, ALL, (closing.leader_or_secretariat_approves, REOPENING[0]),
         (LDR, SEC), "office norm"),
    # assessment
    Move(E.PUM_ORDERED, BEFORE_DECISION, None, BOTH, ALL, (), (PRO, COU), "strpl § 161 a"),
    Move(E.PUM_RETURNED, (*BEFORE_DECISION, JUD), None, BOTH, ALL, (plan.pum_is_out,), (COR,), "strpl § 161 a"),
    Move(E.COORDINATION_MEETING_HELD, (ASM, AWD, CRT, *EXECUTION), None, BOTH, ALL, (), (CRD,), "krl § 22 d"),
    Move(E.CONSENT_GIVEN, BEFORE_DECISION, None, BOTH, ALL, (plan.guardian_consents_only_under_18, ON_RECORD),
         (CRD, POL, PRO), "krl § 11"),
    Move(E.CONSENT_GIVEN, (FIN, DSP, *WITH_THE_OFFICE), None, BOTH, ALL, (plan.guardian_consents_only_under_18,
         ON_RECORD), (CRD,), "krl § 11", since="2026-11-25"),
    Move(E.CONSENT_REFUSED, BEFORE_DECISION, None, BOTH, ALL, (plan.guardian_speaks_only_under_18,), (CRD, POL, PRO),
         "krl § 11"),
    Move(E.CONSENT_REVOKED, BEFORE_DECISION, None, BOTH, ALL,
         (plan.a_consent_was_given, plan.guardian_speaks_only_under_18), (CRD, POL, PRO), "krl § 11"),
    Move(E.SHARING_CONSENT_GIVEN, OPEN, None, BOTH, ALL, (plan.guardian_shares_only_under_18,
         plan.consent_has_not_run_out), (CRD,), "krl § 22 c"),
    Move(E.SHARING_CONSENT_WITHDRAWN, OPEN, None, BOTH, ALL, (plan.a_sharing_consent_was_given,
         plan.guardian_withdraws_only_under_18), (CRD,),
         "krl § 22 c"),
    # court
    Move(E.HEARING_SCHEDULED, (CRT,), None, BOTH, ALL, (), (COU,), "strpl § 275"),
    Move(E.HEARING_STARTED, (CRT,), None, BOTH, ALL, (), (COU,), "strpl § 275"),
    Move(E.JUDGMENT_SERVED, (JUD, APP, ITM), None, BOTH, ALL, (), (COU, POL), "strpl § 42"),
    Move(E.BECAME_FINAL, (FIN, DSP, RCV, PRE, PST, *EXECUTION, *IN_BREACH), None, S, ALL,
         (decision.accepted_or_appeal_time_over,), (PRO, SYS), "strpl §§ 50, 453", since="2026-11-30",
         only_for=finality.executes_before_finality),
    Move(E.APPEAL_REFERRED, (APP,), None, BOTH, ALL, (), (COU,), "strpl § 325"),
    Move(E.APPEAL_HEARING_STARTED, (APP,), None, BOTH, ALL, (plan.appeal_is_referred,), (COU,), "strpl § 275"),
    # plan
    Move(E.ASSIGNED, (PRE, PST, *EXECUTION, *IN_BREACH), None, BOTH, ALL, (plan.case_is_received,
         plan.coordinator_of_the_office), (LDR, CRD), "krl § 3"),
    Move(E.ASSIGNED, (ITM,), None, S, R2, (plan.case_is_received, plan.coordinator_of_the_office), (LDR, CRD),
         "krl § 3", since="2026-11-30", only_for=transfer.has_a_coordinator),
    Move(E.FIRST_CONTACT, IN_PLAN, None, BOTH, ALL, (), (CRD,), "strpl § 461"),
    Move(E.TEAM_MEMBER_JOINED, WITH_THE_OFFICE, None, BOTH, ALL, (plan.is_not_on_the_team, plan.role_fits_the_agency),
         (CRD,), "krl § 26"),
    Move(E.TEAM_MEMBER_LEFT, WITH_THE_OFFICE, None, BOTH, ALL, (plan.was_a_team_member, plan.left_after_joining),
         (CRD,), "krl § 26"),
    Move(E.TEAM_MEMBER_LEFT, STOPPED[:5], None, BOTH, ALL, (plan.was_a_team_member, plan.left_after_joining), (CRD,),
         "krl § 26", since="2026-11-30"),
    Move(E.TEAM_MEMBER_LEFT, ENDED, None, BOTH, ALL, (closing.case_is_closed, plan.was_a_team_member,
         plan.left_after_joining), (SYS,), "krl § 26", since="2026-11-30"),
    Move(E.YOUTH_CONFERENCE_HELD, (PRE,), None, BOTH, R0, (), (CRD,), "krl § 24 as first in force"),
    Move(E.PLAN_APPROVED, EXECUTION, None, BOTH, ALL, (plan.plan_was_made,
         from_version("2026-11-25", measures.planned_measures_are_listed),
         from_version("2026-11-25", measures.plan_is_not_heavier)), (CRD,), "krl § 25"),
    Move(E.PLAN_SIGNED, EXECUTION, None, BOTH, R1_ON, (plan.plan_was_made,), (CRD,), "krl § 25"),
    Move(E.PLAN_CHANGED, EXECUTION, None, BOTH, R0, (plan.plan_was_made, plan.plan_load_not_higher,
         from_version("2026-11-25", measures.youth_agreed_to_the_change),
         from_version("2026-11-25", measures.planned_measures_are_listed),
         from_version("2026-11-25", measures.change_says_its_measures),
         from_version("2026-11-25", measures.plan_is_not_heavier),
         from_version("2026-11-25", measures.lower_load_weighs_less)), (CRD,), "krl § 25 as first in force"),
    Move(E.PLAN_CHANGED, EXECUTION, None, BOTH, R1_ON, (plan.plan_was_made, plan.plan_load_not_higher,
         from_version("2026-11-25", measures.planned_measures_are_listed),
         from_version("2026-11-25", measures.change_says_its_measures),
         from_version("2026-11-25", measures.plan_is_not_heavier),
         from_version("2026-11-25", measures.lower_load_weighs_less)), (CRD,), "krl § 25 last paragraph"),
    Move(E.MEASURE_REQUESTED, IN_PLAN + EXECUTION, None, BOTH, ALL,
         (from_version("2026-11-25", measures.measure_is_listed),), (CRD,), "krl § 25"),
    Move(E.MEASURE_ANSWERED, IN_PLAN + EXECUTION, None, BOTH, ALL, (plan.measure_was_requested,), (CRD,), "krl § 25"),
    Move(E.MEASURE_STARTED, (ITM, *EXECUTION), None, BOTH, ALL,
         (from_version("2026-11-25", measures.measure_is_listed),), (CRD,), "krl § 25"),
    Move(E.MEASURE_ATTENDED, (ITM, *EXECUTION, *IN_BREACH), None, BOTH, ALL, (measures.measure_was_running,), (CRD,),
         "krl § 25", since="2026-11-25"),
    Move(E.MEASURE_ENDED, (ITM, *EXECUTION, *IN_BREACH), None, BOTH, ALL, (plan.measure_was_started, ENDS_AS_CLOSED),
         (CRD,), "krl § 25"),
    Move(E.MEASURE_ENDED, STOPPED, None, BOTH, ALL, (plan.measure_was_started,
         closing.only_a_closing_ends_it_as_closed), (CRD,), "krl § 25", since="2026-11-30"),
    Move(E.MEASURE_ENDED, ENDED, None, BOTH, ALL, (closing.case_is_closed, plan.measure_was_started), (SYS,),
         "krl §§ 22, 25", since="2026-11-30"),
    # restorative track
    Move(E.VICTIM_INVITED, (*IN_PLAN, *EXECUTION), None, BOTH, ALL, (), (CRD,), "krl § 24 a"),
    Move(E.VICTIM_ACCEPTED, (*IN_PLAN, *EXECUTION), None, BOTH, ALL, (), (CRD,), "krl § 24 a"),
    Move(E.VICTIM_DECLINED, (*IN_PLAN, *EXECUTION), None, BOTH, ALL, (), (CRD,), "krl § 24 a"),
    Move(E.VICTIM_WITHDREW, (*IN_PLAN, *EXECUTION), None, BOTH, ALL, (), (CRD,), "krl § 24 a"),
    Move(E.RESTORATIVE_MEETING_HELD, (*IN_PLAN, *EXECUTION), None, BOTH, ALL,
         (from_version("2026-11-30", restorative.each_victim_accepted),), (CRD,), "krl § 24 a"),
    Move(E.OTHER_RESTORATIVE_PROCESS_HELD, (*IN_PLAN, *EXECUTION), None, BOTH, ALL, (), (CRD,), "krl § 24 a"),
    # execution
    Move(E.TEAM_MEETING_HELD, (ITM, *EXECUTION, *IN_BREACH), None, BOTH, ALL, (), (CRD,), "krl § 22"),
    Move(E.DRUG_TEST_HELD, (ITM, *EXECUTION), None, BOTH, ALL, (), (CRD,), "krl § 29"),
    Move(E.DRUG_BAN_IMPOSED, (ITM, *EXECUTION), None, BOTH, R1_ON, (HEARD,), (CRD,), "krl § 28"),
    Move(E.DRUG_BAN_LIFTED, (ITM, *EXECUTION, *IN_BREACH), None, BOTH, R1_ON, (breach.a_drug_ban_is_in_force,),
         (CRD,), "krl § 28"),
    Move(E.STAY_ABROAD_PERMITTED, (ITM, *EXECUTION), None, BOTH, ALL, (), (CRD,), "krl § 27"),
    Move(E.STAY_ABROAD_REFUSED, (ITM, *EXECUTION), None, BOTH, ALL, (), (CRD,), "krl § 27", since="2026-11-25"),
    Move(E.SURVEY_ANSWERED, WITH_THE_OFFICE + ENDED, None, BOTH, ALL, (), (CRD, SYS), "office norm"),
    # breach
    Move(E.BREACH_RECORDED, (ITM, *EXECUTION, *IN_BREACH), None, BOTH, ALL,
         (from_version("2026-11-30", breach.breach_is_not_told_already),), (CRD,), "krl §§ 25, 27, 28, 31, 33"),
    Move(E.BREACH_TALK_MISSED, (TLK,), None, BOTH, ALL, (), (CRD,), "krl §§ 31 fifth, 33 fourth paragraph"),
    Move(E.FETCH_REQUESTED, (TLK,), None, S, R1_ON, (), (CRD,), "krl § 31 last paragraph, strpl § 461"),
    Move(E.YOUTH_HEARD, WITH_THE_OFFICE, None, BOTH, ALL, (), (CRD,), "Grunnloven § 104, fvl §§ 16, 17",
         since="2026-11-25"),
    Move(E.ELECTRONIC_CONTROL_ENDED, (TLK, TGT, RFD, BIC, INT), None, S, R1_ON, (control.control_runs,
         control.control_period_is_over, closing.only_a_closing_ends_it_as_closed), (COU,),
         "strl § 52 c fifth paragraph", since="2026-11-30"),
    Move(E.ELECTRONIC_CONTROL_ENDED, ENDED, None, S, R1_ON, (closing.case_is_closed, control.control_runs), (SYS,),
         "strl § 52 c fifth paragraph", since="2026-11-30"),
    Move(E.NEW_OFFENCE_RECORDED, WITH_THE_OFFICE, None, BOTH, ALL, (breach.new_offence_before_the_end,
         from_version("2026-11-30", breach.new_offence_from_the_age_of_15),
         from_version("2026-11-30", breach.charge_follows_the_offence)), (POL, PRO, CRD), "krl §§ 32, 34"),
    # complaints
    Move(E.COMPLAINT_FILED, (FIN, DSP, *WITH_THE_OFFICE), None, BOTH, ALL, (breach.decision_can_be_complained_about,
         from_version("2026-11-25", complaints.that_decision_was_made)), (PTY, CRD), "krl § 22 e, strpl § 59 a"),
    Move(E.COMPLAINT_DECIDED, (FIN, DSP, *WITH_THE_OFFICE, *ENDED), None, BOTH, ALL, (breach.complaint_is_open,
         from_version("2026-11-25", complaints.decided_by_the_right_authority),
         from_version("2026-11-25", complaints.late_complaint_is_dismissed_or_reinstated)), (SEC, PRO),
         "krl § 22 e, strpl § 59 a"),
    # waiting
    Move(E.WAIT_STARTED, OPEN, None, BOTH, ALL, (plan.waits_for_one_party, plan.victim_never_holds_up_the_start,
         from_version("2026-11-25", measures.victim_is_asked_after_receipt)), (CRD, SYS), "office norm"),
    Move(E.WAIT_ENDED, OPEN, None, BOTH, ALL, (plan.a_wait_is_open, plan.that_wait_is_open), (CRD, SYS), "office norm"),
    Move(E.WAIT_ENDED, ENDED, None, BOTH, ALL, (closing.case_is_closed, plan.a_wait_is_open,
         plan.that_wait_is_open), (SYS,), "office norm", since="2026-11-30"),
)

ROWS: tuple[Move, ...] = MOVES + FACTS
"""Every row of every version."""

BY_DECISION: frozenset[EventType] = frozenset(
    {
        E.TRANSFERRED_TO_FOLLOW_UP,
        E.INDICTED,
        E.JUDGMENT_GIVEN,
        E.FOLLOW_UP_BY_JUDGMENT,
        E.APPEALED,
        E.APPEAL_DECIDED,
        E.BECAME_FINAL,
        E.EARLY_EXECUTION_ALLOWED,
        E.DISPATCHED,
        E.RECEIVED,
        E.ASSIGNED,
        E.INTERIM_CONDITIONS_STARTED,
        E.CONSENT_WITHDRAWN,
    }
)
"""Conditions and terms of the sanction: judged by the regime of the decision. Every other step: by that of its date."""


def rows(version: str) -> tuple[Move, ...]:
    """The table of this version, each row with the conditions that it had then."""
    return tuple(
        replace(row, guards=tuple(guard for guard in row.guards if _in_force(guard, version)))
        for row in MOVES + FACTS
        if _in_force(row, version)
    )


def _in_force(item: Move | Guard, version: str) -> bool:
    return law.holds(version, item.since, item.until)
