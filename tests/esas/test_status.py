"""Which part of the status message each event gives: every row of the mapping, from a history in which it happens."""

import pytest

from tests.workflow.roads import case_at
from ungdom.esas import outbound
from ungdom.esas.status import CLOSE, RESUME, STOP, official_status

BREACH, OFFENCE = "BRUDD_PGA_VILKÅR", "BRUDD_PGA_STRAFFBARE_FORHOLD"
BOTH = "BRUDD_PGA_VILKÅR_OG_STRAFFBARE_FORHOLD"

NEW_BREACH = ("2025-10-20 interrupted {reason: new_breach_after_talk}",)
HEALTH = (
    "2025-07-01 youth_heard {about: [interruption], how: spoken}",
    "2025-07-01 interrupted {reason: health}",
)
NEW_OFFENCE = ("2025-07-08/2025-07-11 new_offence_recorded {offence_on: 2025-07-05, charged_on: 2025-07-11}",)
OFFENCE_LATER = "2025-10-10 new_offence_recorded {offence_on: 2025-10-09, charged_on: 2025-10-10}"
PETITION = "2025-10-20 petition_sent {for: serve_prison}"
CHARGED = (*NEW_OFFENCE, "2025-07-14 interrupted {reason: charged_with_new_offence, decided_by: prosecution}")

Rows = list[tuple[str, str, tuple[str, ...], list[tuple[str, str | None]]]]

ROWS: Rows = [
    ("S R2", "assigned", (), [("tildeltSaksansvarlig", None)]),
    ("S R2", "plan_meeting_held", (), []),
    ("S R2", "plan_meeting_held", ("2025-06-03 plan_signed {by: [youth, guardian]}",), [("ungdomsplanSignert", None)]),
    ("F R0", "plan_signed", (), [("ungdomsplanSignert", None)]),
    ("S R2", "assigned", ("2025-05-16 postponed {reason: health}",), [(STOP, "UTSATT_GJENNOMFOERING")]),
    ("S R2", "plan_meeting_held", HEALTH, [(STOP, "UTSATT_GJENNOMFOERING")]),
    ("S R2", "plan_meeting_held", CHARGED, [(STOP, OFFENCE)]),
    ("S R2", "youth_heard", NEW_BREACH, [(STOP, BREACH)]),
    ("S R2", "petition_sent", (), []),
    ("S R2", "referred_for_breach", (PETITION,), [(STOP, BREACH)]),
    (
        "S R2",
        "referred_for_breach",
        (OFFENCE_LATER, "2025-10-20 petition_sent {for: serve_prison, ground: new_offence, by: prosecution}"),
        [(STOP, OFFENCE)],
    ),
    (
        "S R2",
        "referred_for_breach",
        (
            OFFENCE_LATER,
            "2025-10-20 petition_sent {for: serve_prison, ground: breach_and_new_offence, by: prosecution}",
        ),
        [(STOP, BOTH)],
    ),
    *[
        ("S R2", "plan_meeting_held", (*HEALTH, f"2025-07-10 resumed {{reason: {reason}}}"), [(RESUME, code)])
        for reason, code in (
            ("cause_gone", "AARSAK_TIL_BRUDD_IKKE_LENGER_TIL_STEDE"),
            ("conversion_not_wanted", "OENSKER_IKKE_OMGJOERE"),
            ("new_case_dropped", "NYTT_STRAFFBART_FORHOLD_HENLAGT"),
            ("separate_sentence", "SAERSKILT_DOM_I_NY_SAK"),
        )
    ],
    ("S R2", "referred_for_breach", ("2025-10-20 petition_declined",), [(RESUME, "OENSKER_IKKE_OMGJOERE")]),
    ("S R2", "petition_sent", ("2025-11-03 petition_rejected",), [(RESUME, "AARSAK_TIL_BRUDD_IKKE_LENGER_TIL_STEDE")]),
    (
        "F R2",
        "referred_for_resumption",
        ("2025-04-20 prosecution_not_resumed",),
        [(RESUME, "OENSKER_IKKE_OMGJOERE")],
    ),
    (
        "F R2",
        "referred_for_resumption",
        ("2025-04-20 prosecution_resumed",),
        [(STOP, BREACH), (CLOSE, "BRUDD_PAA_VILKAAR")],
    ),
    (
        "S R2",
        "assigned",
        (
            "2025-05-16 transfer_decided {to: agder, parties_heard: true, prosecution_told_on: 2025-05-16}",
            "2025-05-19 transfer_accepted",
        ),
        [("overfoertAnnetKonfliktraad", None)],
    ),
    ("F R2", "plan_meeting_held", ("2025-07-01 completed",), [(CLOSE, "FULLFOERT")]),
    (
        "F R2",
        "assigned",
        ("2025-02-20 consent_withdrawn {by: youth}",),
        [(CLOSE, "SAMTYKKE_TRUKKET_FOER_SIGNERT_UNGDOMSPLAN")],
    ),
    (
        "F R2",
        "plan_meeting_held",
        ("2025-03-10 plan_signed {by: [youth, guardian]}", "2025-04-01 consent_withdrawn {by: guardian}"),
        [(CLOSE, "SAMTYKKE_TRUKKET_ETTER_SIGNERT_UNGDOMSPLAN")],
    ),
    ("F R2", "assigned", ("2025-02-20 plan_failed {reason: did_not_meet}",), [(CLOSE, "ANNEN_AARSAK")]),
    ("S R2", "plan_meeting_held", ("2025-11-03 lapsed {reason: death}",), [(CLOSE, "ANNEN_AARSAK")]),
    (
        "S R2",
        "assigned",
        ("2025-05-30 closed_after_new_offence {decision: joint_sentence, decided_on: 2025-05-30}",),
        [(CLOSE, "BRUDD_NYE_LOVBRUDD_FOER_IVERKSETTELSE")],
    ),
    (
        "S R2",
        "plan_meeting_held",
        ("2025-09-30 closed_after_new_offence {decision: joint_sentence, decided_on: 2025-09-30}",),
        [(CLOSE, "BRUDD_NYE_LOVBRUDD")],
    ),
    (
        "S R2",
        "breach_recorded",
        ("2025-09-30 closed_after_new_offence {decision: final_decision, decided_on: 2025-09-30}",),
        [(CLOSE, "BRUDD_NYE_LOVBRUDD_OG_VILKAAR")],
    ),
    (
        "S R2",
        "referred_for_breach",
        (PETITION, "2025-12-01 conversion_final {to: prison, extent: whole}"),
        [(CLOSE, "BRUDD_PAA_VILKAAR")],
    ),
    (
        "S R2",
        "referred_for_breach",
        ("2026-06-03 term_expired", "2026-09-04 window_closed {outcome: breach_closed}"),
        [(CLOSE, "BRUDD_PAA_VILKAAR")],
    ),
    (
        "S R2",
        "plan_meeting_held",
        ("2025-09-01 decision_set_aside {reason: judgment_overturned}",),
        [(CLOSE, "ANNEN_AARSAK")],
    ),
    # the konfliktråd never had it: the sector is told nothing
    ("S R2", "indicted", ("2025-04-24 other_outcome {outcome: acquitted}",), []),
    ("S R2", "dispatched", (), []),
    ("S R2", "breach_talk_held", (), []),
]


@pytest.mark.parametrize(
    ("road", "until", "more", "told"), ROWS, ids=[f"{place}-{row[0]}-{row[1]}" for place, row in enumerate(ROWS)]
)
def test_what_the_sector_is_told_of_an_event(
    road: str, until: str, more: tuple[str, ...], told: list[tuple[str, str | None]]
) -> None:
    case = case_at(road, until, *more)

    assert [(one.part, one.code) for one in official_status(case, case.events[-1])] == told


def test_every_part_and_code_of_the_message_comes_of_some_event() -> None:
    produced = {status for *_, told in ROWS for status in told}

    assert produced == {(part, code) for part, codes in outbound.CODES.items() for code in codes}
